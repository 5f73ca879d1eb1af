//! Sets of pods.

use range_set_blaze::RangeSetBlaze;

use super::tri::Tri;
use super::workload_id::WorkloadId;
use crate::model::PolicyId;

/// Pods, as numbers of workloads: those that are selected, and those that may be.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pods {
    /// Selected.
    pub yes: RangeSetBlaze<WorkloadId>,
    /// Possibly selected.
    pub maybe: RangeSetBlaze<WorkloadId>,
    /// Pods of [`super::Settings::well_known`] that are selected, by their position there.
    pub well_known: Vec<usize>,
}

impl Pods {
    /// Whether no pod is selected, for certain.
    pub fn is_none(&self) -> bool {
        self.yes.is_empty()
            && self.maybe.is_empty()
            && self.well_known.is_empty()
            && self.well_known.is_empty()
    }

    /// Adds a workload with its verdict.
    pub fn add(&mut self, workload: WorkloadId, selected: Tri) {
        match selected {
            Tri::Yes => self.yes.insert(workload),
            Tri::Unknown(_) => self.maybe.insert(workload),
            Tri::No => false,
        };
    }

    /// Removes workloads.
    pub(super) fn remove<'n>(&mut self, workloads: impl Iterator<Item = &'n WorkloadId>) {
        for number in workloads {
            self.yes.remove(*number);
            self.maybe.remove(*number);
        }
    }

    /// Whether the repository shows every pod that may be selected, and each is certainly selected.
    pub fn is_sure(&self) -> bool {
        self.maybe.is_empty() && self.well_known.is_empty()
    }
}

/// The pods whose traffic is in question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Subject {
    /// The pods of a workload, by number.
    Workload(WorkloadId),
    /// The pods that a policy selects (an index among the objects), known only by its selector.
    PodsOf(PolicyId),
}

impl Subject {
    /// The number of the workload, if it is one.
    pub fn workload(self) -> Option<WorkloadId> {
        match self {
            Self::Workload(number) => Some(number),
            Self::PodsOf(_) => None,
        }
    }
}
