//! The workload that a selector almost selects, for a finding that names it.

use std::sync::{Arc, PoisonError};

use strsim::osa_distance;

use super::cluster::{Cluster, WorkloadRef};
use super::select::{Labelled, meets};
use super::trigrams::{COMPARED, Trigrams};
use super::workload_id::{NamespaceId, WorkloadId};
use crate::model::{Label, Operator, Requirement, Selector};

impl Cluster {
    /// Whether some pod in those namespaces meets a requirement, or may.
    pub fn any_may_meet(&self, namespaces: &[NamespaceId], requirement: &Requirement) -> bool {
        namespaces.iter().any(|number| {
            let within = &self.namespace(*number).workloads;
            let mut candidates = self.postings.may_meet(requirement, within);
            candidates.any(|number| !meets(requirement, self.workload(number).workload).is_no())
        })
    }

    /// The workloads in those namespaces that may be similar to the selector, ascending: all of
    /// them, or in a large namespace those that have something in common with it.
    pub(super) fn nearest_candidates(
        &self,
        namespaces: &[NamespaceId],
        selector: &Selector,
    ) -> Vec<WorkloadId> {
        let of = |number: &NamespaceId| WorkloadId::all(&self.namespace(*number).workloads);
        let count: usize = namespaces.iter().map(|number| of(number).len()).sum();
        if count <= COMPARED {
            return namespaces.iter().flat_map(of).collect();
        }
        let mut found = Vec::new();
        for number in namespaces.iter().filter(|number| of(number).len() > 0) {
            if found.len() >= 2 * COMPARED {
                break;
            }
            found.extend(self.trigrams_of(*number).candidates(selector));
            // With several requirements, a workload that fails only one is near, whatever its
            // value.
            let requirements = selector.requirements.iter();
            let meeting = requirements.flat_map(|r| {
                self.postings
                    .may_meet(r, &self.namespace(*number).workloads)
                    .take(COMPARED)
                    .collect::<Vec<_>>()
            });
            found.extend(meeting.take(COMPARED));
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    fn trigrams_of(&self, namespace: NamespaceId) -> Arc<Trigrams> {
        let known = self.trigrams.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known.get(&namespace) {
            return Arc::clone(known);
        }
        drop(known);
        let mut trigrams = Trigrams::default();
        for number in WorkloadId::all(&self.namespace(namespace).workloads) {
            let WorkloadRef { head, workload, .. } = self.workload(number);
            trigrams.add(&head.name, number);
            workload.labels.iter().for_each(|label| trigrams.add(&label.value, number));
        }
        let trigrams = Arc::new(trigrams);
        let mut known = self.trigrams.write().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(known.entry(namespace).or_insert(trigrams))
    }
}

/// A near miss.
#[derive(Clone, Debug)]
pub struct Nearest<'a> {
    /// The workload.
    pub workload: WorkloadRef<'a>,
    /// The requirements that it fails.
    pub failed: Vec<&'a Requirement>,
}

/// How similar a requirement's value and a workload's label are; later variants are more similar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Likeness {
    /// Not at all.
    None,
    /// One value has a part more than the other: `backend` and `backend-api`.
    Extended,
    /// A part of one value contains the other's: `metrics-bignas` and `metrics-nas`.
    Within,
    /// A part of one value begins with the other's: `acme-postgres` and `acme-postgresql`.
    Begins,
    /// A part has a letter or two wrong, or a dash differs: `ingress-ngnix` and `ingress-nginx`.
    Misspelt,
    /// The same value under another key: `app` and `app.kubernetes.io/name`.
    OtherKey,
    /// Met.
    Met,
}

impl Nearest<'_> {
    /// The label of the workload's pods that a failed requirement was meant for: the same value
    /// under another key, or another value under the same key.
    pub fn counterpart(&self, requirement: &Requirement) -> Option<&Label> {
        let workload = self.workload.workload;
        same_value(requirement, workload).or_else(|| workload.label(&requirement.key))
    }
}

/// The workload in some namespaces with the fewest failed requirements; among equals, the one with
/// the most similar values. `None` if no workload is similar enough to mention.
pub fn nearest<'a>(
    cluster: &'a Cluster,
    namespaces: &[NamespaceId],
    selector: &'a Selector,
) -> Option<Nearest<'a>> {
    let all = selector.requirements.len();
    let mut best: Option<(usize, Likeness, Nearest<'a>)> = None;
    for number in cluster.nearest_candidates(namespaces, selector) {
        let workload = cluster.workload(number);
        let failed: Vec<&Requirement> = selector
            .requirements
            .iter()
            .filter(|requirement| meets(requirement, workload.workload).is_no())
            .collect();
        let alike = failed.iter().map(|r| likeness(r, &workload)).min().unwrap_or(Likeness::Met);
        let is_near = alike > Likeness::None || (failed.len() == 1 && all > 1);
        let is_better = best.as_ref().is_none_or(|(count, likeness, _)| {
            failed.len() < *count || (failed.len() == *count && alike > *likeness)
        });
        if is_near && is_better {
            best = Some((failed.len(), alike, Nearest { workload, failed }));
        }
    }
    best.map(|(.., nearest)| nearest)
}

/// How similar a workload's labels (or, without a label of that key, its name) are to a
/// requirement.
fn likeness(requirement: &Requirement, workload: &WorkloadRef<'_>) -> Likeness {
    if requirement.operator != Operator::In {
        return Likeness::None;
    }
    if same_value(requirement, workload.workload).is_some() {
        return Likeness::OtherKey;
    }
    let has = workload.workload.value(&requirement.key).unwrap_or(&workload.head.name);
    let wanted = requirement.values.iter().map(|(wanted, _)| alike(wanted, has));
    wanted.max().unwrap_or(Likeness::None)
}

/// A label with another key and a value of the requirement. Common words are ignored.
fn same_value<'a>(
    requirement: &Requirement,
    workload: &'a crate::model::Workload,
) -> Option<&'a Label> {
    let is_distinctive = |value: &str| value.len() > 2 && !matches!(value, "true" | "false");
    let is_asked_for = |label: &&Label| {
        label.key != requirement.key
            && is_distinctive(&label.value)
            && requirement.values.iter().any(|(value, _)| *value == label.value)
    };
    let is_in = requirement.operator == Operator::In;
    workload.labels.iter().find(|label| is_in && is_asked_for(label))
}

/// How similar two values are, judged by the part in which they differ. A common part shows
/// nothing: `acme-postgres` and `acme-prometheus` are two components of acme.
fn alike(wanted: &str, has: &str) -> Likeness {
    if wanted.is_empty() || has.is_empty() {
        return Likeness::None;
    }
    if wanted == has {
        return Likeness::Met;
    }
    let parts = |value: &'_ str| -> Vec<String> {
        value.split(['-', '.', '_', '/']).map(str::to_lowercase).collect()
    };
    let (a, b) = (parts(wanted), parts(has));
    if a.concat() == b.concat() {
        return Likeness::Misspelt;
    }
    if a.len() == b.len() {
        let mut differing = a.iter().zip(&b).filter(|(a, b)| a != b);
        return match (differing.next(), differing.next()) {
            (Some((a, b)), None) => parts_alike(a, b),
            _ => Likeness::None,
        };
    }
    let (short, long) = if a.len() < b.len() { (&a, &b) } else { (&b, &a) };
    let extends =
        long.len() == short.len() + 1 && (long.starts_with(short) || long.ends_with(short));
    if extends { Likeness::Extended } else { Likeness::None }
}

fn parts_alike(a: &str, b: &str) -> Likeness {
    let (short, long) = if a.len() < b.len() { (a, b) } else { (b, a) };
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    if short.len() < 3 || digits(a) != digits(b) {
        // `dev-1` and `dev-2`, or `team-a` and `team-b`, are two names and not a typo.
        return Likeness::None;
    }
    let allowed = if short.len() >= 8 { 2 } else { 1 };
    if short.len() >= 4 && osa_distance(a, b) <= allowed {
        Likeness::Misspelt
    } else if long.starts_with(short) {
        Likeness::Begins
    } else if long.contains(short) {
        Likeness::Within
    } else {
        Likeness::None
    }
}

#[cfg(test)]
mod tests {
    use super::{Likeness, alike};

    #[test]
    fn values_are_compared_by_the_part_in_which_they_differ() {
        for (a, b, wanted) in [
            ("acme-postgres", "acme-postgresql", Likeness::Misspelt),
            ("acme-pg", "acme-pgbouncer", Likeness::None),
            ("acme-post", "acme-postgresql", Likeness::Begins),
            ("acme-postgres", "acme-prometheus", Likeness::None),
            ("metrics-bignas", "metrics-nas", Likeness::Within),
            ("ingress-ngnix", "ingress-nginx", Likeness::Misspelt),
            ("backend-services", "backendservices", Likeness::Misspelt),
            ("cart", "carts", Likeness::Misspelt),
            ("backend", "backend-api", Likeness::Extended),
            ("team-a", "team-b", Likeness::None),
            ("shop-dev", "shop-prod", Likeness::None),
            ("node1", "node2", Likeness::None),
            ("web", "db", Likeness::None),
        ] {
            assert_eq!(alike(a, b), wanted, "{a} {b}");
            assert_eq!(alike(b, a), wanted, "{b} {a}");
        }
    }

    #[test]
    fn a_more_similar_name_comes_first() {
        assert!(alike("acme-postgres", "acme-postgresql") > alike("acme-postgres", "postgres"));
        assert!(Likeness::OtherKey > Likeness::Misspelt);
    }
}
