//! What has labels, as conditions of policies see it.

use super::cluster::{Cluster, WorkloadRef, World};
use super::known::dns_label;
use super::places::{NAME_LABEL, Namespace};
use super::select::{Labelled, meets};
use super::tri::{Tri, Why};
use crate::model::tiered::{Expr, LabelOf, TextOperator, TextTest};
use crate::model::{Label, Requirement, is_placeholder};

/// The label by which Calico knows Namespaces and ServiceAccounts by name.
pub const CALICO_NAME: &str = "projectcalico.org/name";

/// Something with labels: a pod, a set of addresses, an address of a kind of its own.
pub(crate) trait Identity {
    /// What is known of a label.
    fn value(&self, of: LabelOf, key: &str) -> Value<'_>;

    /// Whether it meets a requirement.
    fn meets(&self, of: LabelOf, requirement: &Requirement) -> Tri {
        meets(requirement, &Labels { identity: self, of })
    }

    /// Whether it can't have that value of a label of which nothing else is known.
    fn never(&self, _of: LabelOf, _key: &str, _value: &str) -> bool {
        false
    }
}

/// What is known of a label.
pub(crate) enum Value<'a> {
    /// It has this value.
    Is(&'a str),
    /// It is not there.
    Absent,
    /// Nobody knows.
    Unknown(Why),
}

/// The labels of one kind that an identity has.
struct Labels<'a, I: ?Sized> {
    identity: &'a I,
    of: LabelOf,
}

impl<I: Identity + ?Sized> Labelled for Labels<'_, I> {
    fn value(&self, key: &str) -> Option<&str> {
        match self.identity.value(self.of, key) {
            Value::Is(value) => Some(value),
            _ => None,
        }
    }

    fn may_have(&self, key: &str) -> Option<Why> {
        match self.identity.value(self.of, key) {
            Value::Unknown(why) => Some(why),
            _ => None,
        }
    }

    fn never(&self, key: &str, value: &str) -> bool {
        self.identity.never(self.of, key, value)
    }
}

/// Whether a condition holds of an identity.
pub(crate) fn holds(expr: &Expr, identity: &(impl Identity + ?Sized)) -> Tri {
    match expr {
        Expr::Always => Tri::Yes,
        Expr::Never => Tri::No,
        Expr::Unknown => Tri::Unknown(Why::Refused),
        Expr::Is(of, requirement) => identity.meets(*of, requirement),
        Expr::Text(of, test) => match identity.value(*of, &test.key) {
            Value::Is(value) if is_placeholder(value) => Tri::Unknown(Why::Placeholder),
            Value::Is(value) => text_fits(test, value).into(),
            Value::Absent => Tri::No,
            Value::Unknown(why) => Tri::Unknown(why),
        },
        Expr::Not(one) => !holds(one, identity),
        Expr::All(list) => Tri::all(list.iter().map(|one| holds(one, identity))),
        Expr::Any(list) => Tri::any(list.iter().map(|one| holds(one, identity))),
    }
}

fn text_fits(test: &TextTest, value: &str) -> bool {
    let text = test.text.as_str();
    match test.operator {
        TextOperator::Contains => value.contains(text),
        TextOperator::StartsWith => value.starts_with(text),
        TextOperator::EndsWith => value.ends_with(text),
    }
}

/// The pods of a workload.
pub(crate) struct PodIdentity<'a> {
    pub(crate) cluster: &'a Cluster,
    pub(crate) pod: WorkloadRef<'a>,
}

impl Identity for PodIdentity<'_> {
    fn value(&self, of: LabelOf, key: &str) -> Value<'_> {
        let workload = self.pod.workload;
        match of {
            LabelOf::Pod => match (Labelled::value(workload, key), workload.may_have(key)) {
                (Some(value), _) => Value::Is(value),
                (None, Some(why)) => Value::Unknown(why),
                (None, None) => Value::Absent,
            },
            LabelOf::Namespace => of_namespace(self.pod.namespace, key),
            LabelOf::AccountName => Value::Is(&workload.service_account),
            LabelOf::Account if key == CALICO_NAME => Value::Is(&workload.service_account),
            LabelOf::Account => {
                let name = &workload.service_account;
                let labels = self.cluster.account_labels(&self.pod.namespace.name, name);
                match (labels, self.cluster.world) {
                    (Some(labels), _) => among(labels, key),
                    (None, World::Closed) => Value::Absent,
                    (None, World::Open) => Value::Unknown(Why::LabelsNotShown),
                }
            }
            LabelOf::Cluster => match (&self.cluster.network().cilium, self.cluster.world) {
                (Some(settings), _) => Value::Is(&settings.cluster_name),
                (None, World::Closed) => Value::Is("default"),
                (None, World::Open) => Value::Unknown(Why::Cluster),
            },
            LabelOf::Reserved => Value::Absent,
        }
    }

    fn never(&self, of: LabelOf, key: &str, value: &str) -> bool {
        of == LabelOf::Pod && self.pod.workload.never(key, value)
    }
}

/// The cluster's DNS pods, which no manifest shows.
pub(crate) struct DnsIdentity<'a>(pub(crate) &'a Cluster);

impl Identity for DnsIdentity<'_> {
    fn value(&self, of: LabelOf, key: &str) -> Value<'_> {
        let name = self.0.profile.dns_namespace();
        match of {
            LabelOf::Namespace => match self.0.namespace_named(name) {
                Some(number) => of_namespace(self.0.namespace(number), key),
                None if matches!(key, NAME_LABEL | CALICO_NAME) => Value::Is(name),
                None => Value::Unknown(Why::NamespaceNotShown),
            },
            LabelOf::Reserved => Value::Absent,
            LabelOf::Pod | LabelOf::Account | LabelOf::AccountName | LabelOf::Cluster => {
                Value::Unknown(Why::Cluster)
            }
        }
    }

    fn meets(&self, of: LabelOf, requirement: &Requirement) -> Tri {
        match of {
            LabelOf::Pod => dns_label(requirement, self.0.profile),
            _ => meets(requirement, &Labels { identity: self, of }),
        }
    }
}

/// A Namespace by itself.
pub(crate) struct NamespaceIdentity<'a>(pub(crate) &'a Namespace);

impl Identity for NamespaceIdentity<'_> {
    fn value(&self, of: LabelOf, key: &str) -> Value<'_> {
        match of {
            LabelOf::Namespace => of_namespace(self.0, key),
            LabelOf::Reserved => Value::Absent,
            _ => Value::Unknown(Why::LabelsNotShown),
        }
    }
}

/// A set of addresses: its labels, and its Namespace where it has one.
pub(crate) struct SetIdentity<'a> {
    pub(crate) labels: &'a [Label],
    pub(crate) namespace: Option<&'a Namespace>,
}

impl Identity for SetIdentity<'_> {
    fn value(&self, of: LabelOf, key: &str) -> Value<'_> {
        match (of, self.namespace) {
            (LabelOf::Pod, _) => among(self.labels, key),
            (LabelOf::Namespace, Some(namespace)) => of_namespace(namespace, key),
            _ => Value::Absent,
        }
    }
}

/// An end that has nothing but identities that Cilium reserves.
pub(crate) struct ReservedIdentity<'a>(pub(crate) &'a [&'a str]);

impl Identity for ReservedIdentity<'_> {
    fn value(&self, of: LabelOf, key: &str) -> Value<'_> {
        match of {
            LabelOf::Reserved if self.0.contains(&key) => Value::Is(""),
            _ => Value::Absent,
        }
    }
}

fn of_namespace<'n>(namespace: &'n Namespace, key: &str) -> Value<'n> {
    if key == CALICO_NAME {
        return Value::Is(&namespace.name);
    }
    match (Labelled::value(namespace, key), namespace.may_have(key)) {
        (Some(value), _) => Value::Is(value),
        (None, Some(why)) => Value::Unknown(why),
        (None, None) => Value::Absent,
    }
}

/// What a list of labels says of a key.
pub(crate) fn among<'l>(labels: &'l [Label], key: &str) -> Value<'l> {
    let label = labels.iter().find(|label| label.key == key);
    label.map_or(Value::Absent, |label| Value::Is(&label.value))
}
