//! The workload that a selector almost selects, for a finding that names it.

use std::sync::{Arc, PoisonError};

use strsim::jaro_winkler;

use super::cluster::{Cluster, WorkloadRef};
use super::likeness::{COMPARED, Likeness};
use super::select::{Labelled, meets};
use crate::model::{Operator, Requirement, Selector};

impl Cluster {
    /// Whether some pod of those namespaces meets a requirement, or may.
    pub fn any_may_meet(&self, namespaces: &[u32], requirement: &Requirement) -> bool {
        namespaces.iter().any(|number| {
            let within = &self.namespace(*number).workloads;
            let mut candidates = self.postings.may_meet(requirement, within);
            candidates.any(|number| !meets(requirement, self.workload(number).workload).is_no())
        })
    }

    /// The workloads of those namespaces that may come near to being selected, ascending: all, or
    /// in a large namespace those that have something in common with the selector.
    pub(super) fn nearest_candidates(&self, namespaces: &[u32], selector: &Selector) -> Vec<u32> {
        let of = |number: &u32| self.namespace(*number).workloads.clone();
        let count: usize = namespaces.iter().map(|number| of(number).len()).sum();
        if count <= COMPARED {
            return namespaces.iter().flat_map(of).collect();
        }
        let mut found = Vec::new();
        for number in namespaces.iter().filter(|number| !of(number).is_empty()) {
            if found.len() >= 2 * COMPARED {
                break;
            }
            found.extend(self.likeness(*number).candidates(selector));
            // Those that lack one label of several are near, whatever they have instead.
            let requirements = selector.requirements.iter();
            let met = requirements.flat_map(|r| {
                self.postings.may_meet(r, &of(number)).take(COMPARED).collect::<Vec<_>>()
            });
            found.extend(met.take(COMPARED));
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    fn likeness(&self, namespace: u32) -> Arc<Likeness> {
        let known = self.likeness.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known.get(&namespace) {
            return Arc::clone(known);
        }
        drop(known);
        let mut likeness = Likeness::default();
        for number in self.namespace(namespace).workloads.clone() {
            let WorkloadRef { head, workload, .. } = self.workload(number);
            likeness.add(&head.name, number);
            workload.labels.iter().for_each(|label| likeness.add(&label.value, number));
        }
        let likeness = Arc::new(likeness);
        let mut known = self.likeness.write().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(known.entry(namespace).or_insert(likeness))
    }
}

/// A near miss.
#[derive(Clone, Debug)]
pub struct Nearest<'a> {
    /// The workload.
    pub workload: WorkloadRef<'a>,
    /// The requirements that it does not meet.
    pub failed: Vec<&'a Requirement>,
}

/// How alike two label values must be to be called a near miss.
const ALIKE: f64 = 0.8;

/// The workload of some namespaces that comes nearest to being selected: by the number of
/// requirements that it does not meet, then by how alike the values are. None where none is
/// near enough to be worth a word.
pub fn nearest<'a>(
    cluster: &'a Cluster,
    namespaces: &[u32],
    selector: &'a Selector,
) -> Option<Nearest<'a>> {
    let all = selector.requirements.len();
    let mut best: Option<(usize, f64, Nearest<'a>)> = None;
    for number in cluster.nearest_candidates(namespaces, selector) {
        let workload = cluster.workload(number);
        let failed: Vec<&Requirement> = selector
            .requirements
            .iter()
            .filter(|requirement| meets(requirement, workload.workload).is_no())
            .collect();
        let alike = failed.iter().map(|r| likeness(r, &workload)).fold(1.0, f64::min);
        let is_near = alike >= ALIKE || (failed.len() == 1 && all > 1);
        let is_better = best.as_ref().is_none_or(|(count, likeness, _)| {
            failed.len() < *count || (failed.len() == *count && alike > *likeness)
        });
        if is_near && is_better {
            best = Some((failed.len(), alike, Nearest { workload, failed }));
        }
    }
    best.map(|(.., nearest)| nearest)
}

/// How near a workload's label (or, where it has none of that key, its name) is to what a
/// requirement asks for, from 0 to 1.
fn likeness(requirement: &Requirement, workload: &WorkloadRef<'_>) -> f64 {
    if requirement.operator != Operator::In {
        return 0.0;
    }
    let has = workload.workload.value(&requirement.key).unwrap_or(&workload.head.name);
    let alike = |wanted: &str| {
        if has.is_empty() || wanted.is_empty() {
            return 0.0;
        }
        let inside = has.contains(wanted) || wanted.contains(has);
        if inside { 0.9 } else { jaro_winkler(has, wanted) }
    };
    requirement.values.iter().map(|(wanted, _)| alike(wanted)).fold(0.0, f64::max)
}
