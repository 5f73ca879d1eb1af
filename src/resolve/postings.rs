//! An index of workloads by label, so that a selector is compared with few of them.

use std::collections::HashMap;
use std::ops::Range;

use compact_str::CompactString;

use crate::model::{Operator, Requirement, Selector, Workload, is_placeholder, kinds};

/// The numbers of workloads by label key and value, each list ascending. Those of a cluster are
/// numbered by namespace, so a namespace is a slice of every list.
#[derive(Debug)]
pub struct Postings<Id> {
    keys: HashMap<CompactString, Key<Id>>,
    all: Vec<Id>,
    /// Workloads that may have labels that no list shows: always candidates.
    unsure: Vec<Id>,
}

#[derive(Debug)]
struct Key<Id> {
    any: Vec<Id>,
    values: HashMap<CompactString, Vec<Id>>,
}

/// What a selector excludes.
#[derive(Debug)]
pub struct RuledOut<Id> {
    /// The workloads with a label that it excludes.
    pub workloads: Vec<Id>,
    /// The workloads that must be compared.
    pub unsure: Vec<Id>,
}

impl<Id> Default for Postings<Id> {
    fn default() -> Self {
        Self { keys: HashMap::new(), all: Vec::new(), unsure: Vec::new() }
    }
}

impl<Id> Default for Key<Id> {
    fn default() -> Self {
        Self { any: Vec::new(), values: HashMap::new() }
    }
}

impl<Id: Copy + Ord> Postings<Id> {
    /// Adds a workload; numbers must ascend.
    pub fn add(&mut self, number: Id, workload: &Workload) {
        self.all.push(number);
        let has_placeholder = workload.labels.iter().any(|label| is_placeholder(&label.value));
        if workload.labels_unsure || has_placeholder {
            self.unsure.push(number);
        }
        for label in &workload.labels {
            let key = self.keys.entry(label.key.clone()).or_default();
            key.any.push(number);
            key.values.entry(label.value.clone()).or_default().push(number);
        }
    }

    /// The workloads of `within` that `selector` may select, ascending; it certainly selects no
    /// other.
    pub fn candidates(&self, selector: &Selector, within: &Range<Id>) -> Vec<Id> {
        let narrowing = selector.requirements.iter().filter(|r| narrows(r));
        let best = narrowing.map(|r| self.lists(r, within)).min_by_key(|lists| total(lists));
        let Some(mut lists) = best.filter(|_| !selector.is_refused()) else {
            return slice(&self.all, within).to_vec();
        };
        lists.push(slice(&self.unsure, within));
        let mut found: Vec<Id> = lists.concat();
        found.sort_unstable();
        found.dedup();
        found
    }

    /// The workloads of `within` that may meet a requirement, in no order; no other meets it.
    pub fn may_meet(
        &self,
        requirement: &Requirement,
        within: &Range<Id>,
    ) -> impl Iterator<Item = Id> {
        let narrows = narrows(requirement);
        let mut lists = if narrows { self.lists(requirement, within) } else { Vec::new() };
        lists.push(slice(&self.unsure, within));
        lists.push(if narrows { &[] } else { slice(&self.all, within) });
        lists.into_iter().flatten().copied()
    }

    /// For a selector that only excludes labels: the workloads of `within` that it may not select,
    /// including those that may have labels that no list shows; it selects all others. `None` for
    /// other selectors.
    pub fn ruled_out(&self, selector: &Selector, within: &Range<Id>) -> Option<RuledOut<Id>> {
        let rules_out = |r: &Requirement| {
            matches!(r.operator, Operator::NotIn | Operator::DoesNotExist)
                && !Workload::some_may_get_label(&r.key)
                && !is_placeholder(&r.key)
                && !r.values.iter().any(|(value, _)| is_placeholder(value))
        };
        if selector.is_refused() || !selector.requirements.iter().all(rules_out) {
            return None;
        }
        let mut workloads = Vec::new();
        for requirement in &selector.requirements {
            let Some(key) = self.keys.get(requirement.key.as_str()) else { continue };
            match requirement.operator {
                Operator::DoesNotExist => workloads.extend(slice(&key.any, within)),
                _ => {
                    let values = requirement.values.iter();
                    let lists = values.filter_map(|(value, _)| key.values.get(value.as_str()));
                    workloads.extend(lists.flat_map(|list| slice(list, within)));
                }
            }
        }
        Some(RuledOut { workloads, unsure: slice(&self.unsure, within).to_vec() })
    }

    fn lists(&self, requirement: &Requirement, within: &Range<Id>) -> Vec<&[Id]> {
        let Some(key) = self.keys.get(requirement.key.as_str()) else {
            return Vec::new();
        };
        match requirement.operator {
            Operator::Exists => vec![slice(&key.any, within)],
            _ => {
                let values = requirement.values.iter();
                let lists = values.filter_map(|(value, _)| key.values.get(value.as_str()));
                lists.map(|list| slice(list, within)).collect()
            }
        }
    }
}

/// Whether it rules out pods without the label.
fn narrows(requirement: &Requirement) -> bool {
    matches!(requirement.operator, Operator::In | Operator::Exists)
        && !kinds::is_controller_label(&requirement.key)
        && !is_placeholder(&requirement.key)
        && !requirement.values.iter().any(|(value, _)| is_placeholder(value))
}

fn total<Id>(lists: &[&[Id]]) -> usize {
    lists.iter().map(|list| list.len()).sum()
}

fn slice<'a, Id: Copy + Ord>(list: &'a [Id], within: &Range<Id>) -> &'a [Id] {
    let from = list.partition_point(|number| *number < within.start);
    let to = list.partition_point(|number| *number < within.end);
    &list[from..to.max(from)]
}
