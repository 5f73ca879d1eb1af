//! The workload that a selector almost selects, for a finding that names it.

use strsim::jaro_winkler;

use super::cluster::{Cluster, WorkloadRef};
use super::select::{Labelled, meets};
use crate::model::{Operator, Requirement, Selector};

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

/// The workload among `candidates` that comes nearest to being selected: by the number of
/// requirements that it does not meet, then by how alike the values are. None where none is
/// near enough to be worth a word.
pub fn nearest<'a>(
    cluster: &'a Cluster,
    candidates: impl IntoIterator<Item = u32>,
    selector: &'a Selector,
) -> Option<Nearest<'a>> {
    let all = selector.requirements.len();
    let mut best: Option<(usize, f64, Nearest<'a>)> = None;
    for number in candidates {
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
