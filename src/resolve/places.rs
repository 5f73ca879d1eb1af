//! Namespaces: which ones exist, their labels, and whether they may contain objects that the
//! repository does not show.

use std::ops::Range;

use compact_str::CompactString;

use super::select::Labelled;
use super::tri::Why;
use super::workload_id::WorkloadId;
use crate::bundle::ObjectId;
use crate::model::{Label, PolicyId};

/// The label that the API server sets on every namespace (KEP-2161).
pub const NAME_LABEL: &str = crate::model::tiered::NAMESPACE_NAME;

/// Why a namespace is open: it may contain objects that the repository does not show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Open {
    /// Nothing in the repository creates pods there.
    NoWorkloads,
    /// A kustomization that is not evaluated may create objects there: an example.
    NotEvaluated(String),
    /// A document that mentions a kind that creates pods, or a path, can't be read: its path.
    Unread(String),
    /// A controller deploys objects there that are not in this repository, or a chart is not
    /// rendered: an example.
    Deployed(String),
    /// A custom resource whose operator creates pods: kind and name.
    Operator(String),
    /// A workload may create pods there: its ServiceAccount, and what gives it that permission.
    RunTime(String),
    /// The cluster's own components run there.
    System,
    /// Its name is filled in later.
    Placeholder,
}

impl Open {
    /// Ranks the reasons: what certainly creates pods is worth more than what may.
    fn rank(&self) -> u8 {
        match self {
            Self::NotEvaluated(_) => 0,
            Self::Unread(_) | Self::Deployed(_) => 1,
            _ => 2,
        }
    }

    /// Whether it outranks another reason.
    pub(super) fn is_surer_than(&self, other: &Self) -> bool {
        self.rank() > other.rank()
    }

    /// Whether no other reason outranks it.
    pub(super) fn is_surest(&self) -> bool {
        self.rank() == 2
    }
}

/// One namespace of a cluster.
#[derive(Clone, Debug)]
pub struct Namespace {
    /// Its name.
    pub name: CompactString,
    /// Its Namespace object: an index among the cluster's objects.
    pub object: Option<ObjectId>,
    /// The labels of that object.
    pub labels: Vec<Label>,
    /// Whether it may have labels that the repository does not show.
    pub labels_unsure: bool,
    /// Its workloads: a range of the cluster's, which are sorted by namespace.
    pub workloads: Range<WorkloadId>,
    /// Its policies: indices among the cluster's objects.
    pub policies: Vec<PolicyId>,
    /// Why it is open; `None` if it is closed.
    pub open: Option<Open>,
    /// Only objects without a namespace use it.
    pub implicit: bool,
}

impl Namespace {
    /// Whether it is open only because something in the repository is not evaluated (yet).
    pub fn is_not_evaluated(&self) -> bool {
        matches!(self.open, Some(Open::NotEvaluated(_) | Open::Unread(_) | Open::Deployed(_)))
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

/// Whether the cluster's own components run in a namespace with that name: no repository contains
/// all of them.
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
