//! An index of workloads by pieces of their names and labels, to find similar ones without
//! comparing all.

use std::collections::HashMap;

use super::workload_id::WorkloadId;
use crate::model::{Operator, Selector};

/// The most workloads that are compared for a near miss: all those of most namespaces.
pub(super) const COMPARED: usize = 128;

/// How many values of a requirement are looked up.
const VALUES: usize = 8;

/// Three adjacent bytes; zeros pad the beginning and the end.
type Trigram = [u8; 3];

/// The workloads of a namespace by the trigrams of their names and label values.
#[derive(Debug, Default)]
pub(super) struct Trigrams {
    by_trigram: HashMap<Trigram, Vec<WorkloadId>>,
}

impl Trigrams {
    /// Adds a workload's name or one of its label values; numbers must ascend.
    pub(super) fn add(&mut self, text: &str, workload: WorkloadId) {
        for trigram in trigrams(text) {
            let list = self.by_trigram.entry(trigram).or_default();
            if list.last() != Some(&workload) {
                list.push(workload);
            }
        }
    }

    /// Workloads that have the rarest pieces in common with a value of the selector.
    pub(super) fn candidates(&self, selector: &Selector) -> Vec<WorkloadId> {
        let asked = selector.requirements.iter().filter(|r| r.operator == Operator::In);
        let values = asked.flat_map(|r| r.values.iter().take(VALUES));
        let trigrams = values.flat_map(|(value, _)| trigrams(value));
        let mut lists: Vec<&Vec<WorkloadId>> =
            trigrams.filter_map(|trigram| self.by_trigram.get(&trigram)).collect();
        lists.sort_by_key(|list| list.len());
        lists.into_iter().flatten().copied().take(COMPARED).collect()
    }
}

fn trigrams(text: &str) -> impl Iterator<Item = Trigram> {
    let byte = |at: Option<usize>| at.and_then(|at| text.as_bytes().get(at)).copied().unwrap_or(0);
    (0..text.len() + 2)
        .map(move |end| [byte(end.checked_sub(2)), byte(end.checked_sub(1)), byte(Some(end))])
}
