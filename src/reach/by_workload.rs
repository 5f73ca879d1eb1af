//! Which rules of a side name a workload.

use std::sync::{Arc, OnceLock};

use range_set_blaze::{Integer, RangeSetBlaze};

use crate::resolve::{Pods, SegmentTree, WorkloadId};

/// So many sets of pods are asked one by one: a side has few rules, and many sides have the same
/// peers, which may be thousands of ranges.
const FEW: usize = 16;

/// So many workloads are looked up one by one.
const SOME: u64 = 256;

/// The pods that the rules of a side name.
#[derive(Debug, Default)]
pub(super) struct ByWorkload {
    /// The position of a rule, and pods that it names.
    pods: Vec<(usize, Arc<Pods>)>,
    /// Of many rules.
    index: OnceLock<RangeIndex>,
    named: OnceLock<RangeSetBlaze<WorkloadId>>,
}

/// Rules by ranges of workloads.
#[derive(Debug)]
struct RangeIndex {
    /// Where some range begins or ends, ascending.
    borders: Vec<WorkloadId>,
    /// Positions in the list of pods, by the number of the border before a workload.
    tree: SegmentTree,
}

impl ByWorkload {
    pub(super) fn of(pods: impl Iterator<Item = (usize, Arc<Pods>)>) -> Self {
        Self { pods: pods.collect(), ..Self::default() }
    }

    /// The rules that name a workload, or may; one may be there twice.
    pub(super) fn at(&self, workload: WorkloadId) -> Vec<usize> {
        if self.pods.len() <= FEW {
            let naming = self.pods.iter().filter(|(_, pods)| may_have(pods, workload));
            return naming.map(|(rule, _)| *rule).collect();
        }
        let index = self.index.get_or_init(|| RangeIndex::of(&self.pods));
        index.at(workload).map(|position| self.pods[position].0).collect()
    }

    /// Whether some rule names a workload, or may.
    pub(super) fn has(&self, workload: WorkloadId) -> bool {
        match self.pods.len() {
            0..=FEW => self.pods.iter().any(|(_, pods)| may_have(pods, workload)),
            _ => self.named().contains(workload),
        }
    }

    /// Every workload that some rule names, or may.
    pub(super) fn named(&self) -> &RangeSetBlaze<WorkloadId> {
        self.named.get_or_init(|| {
            let all = self.pods.iter().flat_map(|(_, pods)| [&pods.yes, &pods.maybe]);
            RangeSetBlaze::from_iter(all.flat_map(RangeSetBlaze::ranges))
        })
    }

    /// Those of some workloads that some rule names, or may.
    pub(super) fn among(&self, workloads: &RangeSetBlaze<WorkloadId>) -> RangeSetBlaze<WorkloadId> {
        match workloads.len() {
            0..=SOME => workloads.iter().filter(|workload| self.has(*workload)).collect(),
            _ => workloads & self.named(),
        }
    }
}

fn may_have(pods: &Pods, workload: WorkloadId) -> bool {
    pods.yes.contains(workload) || pods.maybe.contains(workload)
}

impl RangeIndex {
    fn of(pods: &[(usize, Arc<Pods>)]) -> Self {
        let ranges =
            |pods: &'_ Pods| -> Vec<_> { pods.yes.ranges().chain(pods.maybe.ranges()).collect() };
        let all: Vec<_> = pods.iter().map(|(_, pods)| ranges(pods)).collect();
        let borders = all.iter().flatten();
        let mut borders: Vec<WorkloadId> =
            borders.flat_map(|range| [*range.start(), (*range.end()).add_one()]).collect();
        borders.sort_unstable();
        borders.dedup();
        let at = |number: WorkloadId| borders.partition_point(|border| *border <= number) as u32;
        let mut tree = SegmentTree::new(borders.len() as u32 + 1);
        for (position, ranges) in (0u32..).zip(&all) {
            for range in ranges {
                tree.add(at(*range.start())..=at(*range.end()), position);
            }
        }
        Self { borders, tree }
    }

    fn at(&self, number: WorkloadId) -> impl Iterator<Item = usize> {
        let border = self.borders.partition_point(|border| *border <= number) as u32;
        self.tree.at(border).map(|position| position as usize)
    }
}
