//! Policies that other parts of the repository have for the same namespace: before something is called
//! blocked or open there, they are asked too.

use std::sync::{Arc, PoisonError};

use super::Reach;
use crate::bundle::ObjectId;
use crate::model::{Body, Direction, Policy, Selector};
use crate::resolve::{Cluster, NamespaceId, SelectorIndex, Subject, WorkloadId, selects};

/// The policies that other parts of the repository have for one namespace.
#[derive(Debug)]
pub(super) struct PoliciesElsewhere {
    /// Those that isolate for ingress, and for egress, by their selectors.
    isolating: [SelectorIndex<ObjectId>; 2],
    /// One of a kind that is not evaluated.
    unknown: Option<ObjectId>,
}

impl PoliciesElsewhere {
    fn of(cluster: &Cluster, namespace: NamespaceId) -> Self {
        let mut found = Self { isolating: Default::default(), unknown: None };
        let Some(elsewhere) = cluster.elsewhere() else { return found };
        for id in elsewhere.objects_in(&cluster.namespace(namespace).name) {
            match &cluster.object(id).body {
                Body::Policy(policy) => {
                    for direction in Direction::BOTH.into_iter().filter(|d| policy.isolates(*d)) {
                        found.isolating[direction as usize].add(policy.pod_selector.get(), id);
                    }
                }
                Body::OtherPolicy(_) => found.unknown = found.unknown.or(Some(id)),
                _ => {}
            }
        }
        found
    }
}

impl Reach {
    /// A policy of another part of the repository that may isolate the pods of a workload, and for
    /// which `counts` holds; one of a kind that is not evaluated counts in any case.
    pub fn policy_elsewhere(
        &self,
        direction: Direction,
        workload: WorkloadId,
        counts: impl Fn(&Policy) -> bool,
    ) -> Option<ObjectId> {
        let home = self.cluster.namespace_of(Subject::Workload(workload));
        // The lock is not held while the rest of the repository is looked through.
        let known =
            self.elsewhere.read().unwrap_or_else(PoisonError::into_inner).get(&home).cloned();
        let of_home = known.unwrap_or_else(|| {
            let found = Arc::new(PoliciesElsewhere::of(&self.cluster, home));
            let mut all = self.elsewhere.write().unwrap_or_else(PoisonError::into_inner);
            all.insert(home, Arc::clone(&found));
            found
        });
        let pods = self.cluster.workload(workload).workload;
        let labels = Selector::of_labels(&pods.labels);
        let mut isolating = of_home.isolating[direction as usize].covering(Some(&labels));
        let found = isolating.find(|id| match &self.cluster.object(*id).body {
            Body::Policy(policy) => {
                let selector = policy.pod_selector.get();
                counts(policy) && selector.is_none_or(|selector| !selects(selector, pods).is_no())
            }
            _ => false,
        });
        found.or(of_home.unknown)
    }
}
