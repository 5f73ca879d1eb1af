//! Namespaces: which there are, what labels they have, and whether things may exist in them that
//! the repository cannot show.

use std::collections::BTreeMap;
use std::ops::Range;

use compact_str::CompactString;

use super::select::Labelled;
use super::tri::Why;
use crate::model::Label;

/// The label that the API server sets on every namespace (KEP-2161).
pub const NAME_LABEL: &str = "kubernetes.io/metadata.name";

/// Why a place is open: things may exist there that the repository cannot show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Open {
    /// Nothing in the repository makes pods there.
    NoWorkloads,
    /// Kustomizations or charts that are not evaluated may put things there: an example.
    NotEvaluated(String),
    /// A custom resource whose operator makes pods: kind and name.
    Operator(String),
    /// The cluster's own components live there.
    System,
    /// Its name is filled in later.
    Placeholder,
}

/// One namespace of a cluster.
#[derive(Clone, Debug)]
pub struct Namespace {
    /// Its name.
    pub name: CompactString,
    /// The Namespace object that shows it: an index among the cluster's objects.
    pub object: Option<u32>,
    /// The labels of that object.
    pub labels: Vec<Label>,
    /// Whether it may have labels that the repository does not show.
    pub labels_unsure: bool,
    /// Its workloads: a range of the cluster's, which are sorted by namespace.
    pub workloads: Range<u32>,
    /// Its policies: indices among the cluster's objects.
    pub policies: Vec<u32>,
    /// Why it is open; none when it is closed.
    pub open: Option<Open>,
    /// Only used by objects that name no namespace.
    pub implicit: bool,
}

impl Namespace {
    /// Whether it is open only since something in the repository is not evaluated (yet).
    pub fn is_not_evaluated(&self) -> bool {
        matches!(self.open, Some(Open::NotEvaluated(_)))
    }
}

impl Labelled for Namespace {
    fn value(&self, key: &str) -> Option<&str> {
        if key == NAME_LABEL {
            return Some(&self.name);
        }
        self.labels.iter().find(|label| label.key == key).map(|label| label.value.as_str())
    }

    fn may_have(&self, _key: &str) -> Option<Why> {
        self.labels_unsure.then_some(Why::NamespaceNotShown)
    }
}

/// Whether the cluster's own components live in a namespace of that name: nobody keeps all of
/// them in a repository.
pub fn is_system(name: &str) -> bool {
    matches!(
        name,
        "kube-system"
            | "kube-public"
            | "kube-node-lease"
            | "calico-system"
            | "tigera-operator"
            | "gatekeeper-system"
    ) || ["openshift-", "gke-", "gmp-", "aks-"].iter().any(|prefix| name.starts_with(prefix))
}

/// What a bundle's surroundings say about places, before the cluster is built.
#[derive(Clone, Debug, Default)]
pub struct Openness {
    /// Everything is open, and why.
    pub everywhere: Option<Open>,
    /// These namespaces are.
    pub namespaces: BTreeMap<CompactString, Open>,
}

impl Openness {
    /// Why the namespace of that name is open, if it is.
    pub fn of(&self, name: &str) -> Option<&Open> {
        self.namespaces.get(name).or(self.everywhere.as_ref())
    }

    /// Whether anything is open because it is not evaluated.
    pub fn leaves_things_out(&self) -> bool {
        let mut reasons = self.everywhere.iter().chain(self.namespaces.values());
        reasons.any(|why| matches!(why, Open::NotEvaluated(_)))
    }

    /// Opens one namespace, or everything where none is known. The first reason stays.
    pub fn open(&mut self, namespace: Option<&str>, why: Open) {
        match namespace {
            Some(name) => {
                self.namespaces.entry(name.into()).or_insert(why);
            }
            None => {
                self.everywhere.get_or_insert(why);
            }
        }
    }
}
