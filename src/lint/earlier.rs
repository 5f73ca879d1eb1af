//! What earlier findings of a rule are about, so that each pod is reported once.

use std::collections::{HashMap, HashSet};

use range_set_blaze::RangeSetBlaze;

use crate::model::PolicyId;
use crate::resolve::{Cluster, GroupId, NamespaceId, SelectorIndex, Subject, WorkloadId};

/// The pods of earlier findings.
pub(super) struct Earlier<'a> {
    cluster: &'a Cluster,
    /// The workloads of each finding.
    reported: Vec<RangeSetBlaze<WorkloadId>>,
    /// The findings about a workload.
    by_workload: HashMap<WorkloadId, Vec<usize>>,
    /// The groups of policies whose workloads have all been reported.
    groups: HashSet<GroupId>,
    /// The selectors of reported policies whose pods no manifest shows, by namespace.
    selectors: HashMap<NamespaceId, SelectorIndex<PolicyId>>,
}

impl<'a> Earlier<'a> {
    pub(super) fn new(cluster: &'a Cluster) -> Self {
        Self {
            cluster,
            reported: Vec::new(),
            by_workload: HashMap::new(),
            groups: HashSet::new(),
            selectors: HashMap::new(),
        }
    }

    /// Whether the workloads of a policy have been reported for another one that selects the same.
    pub(super) fn covers_group(&self, policy: PolicyId) -> bool {
        self.groups.contains(&self.cluster.group_of(policy))
    }

    /// Whether one earlier finding covers all those pods of a policy.
    pub(super) fn covers(&self, policy: PolicyId, pods: &[Subject]) -> bool {
        let numbers = || pods.iter().filter_map(|subject| subject.workload());
        let Some(rarest) = numbers().min_by_key(|n| self.by_workload.get(n).map_or(0, Vec::len))
        else {
            return self.covers_selector(policy);
        };
        let wanted: RangeSetBlaze<WorkloadId> = numbers().collect();
        let findings = self.by_workload.get(&rarest).into_iter().flatten();
        findings.into_iter().any(|finding| self.reported[*finding].is_superset(&wanted))
    }

    fn covers_selector(&self, policy: PolicyId) -> bool {
        let Some(index) = self.selectors.get(&self.cluster.home(policy)) else {
            return false;
        };
        let selector = self.cluster.policy(policy).pod_selector.get();
        let covers = |earlier: PolicyId| {
            self.cluster.policy_selects(earlier, Subject::PodsOf(policy)).is_yes()
        };
        index.covering(selector).any(covers)
    }

    /// Records that the workloads of a policy, and of all policies that select the same, have been
    /// reported.
    pub(super) fn record_group(&mut self, policy: PolicyId) {
        self.groups.insert(self.cluster.group_of(policy));
    }

    /// Records a finding about those workloads.
    pub(super) fn record(&mut self, pods: &[Subject]) {
        let workloads: RangeSetBlaze<WorkloadId> =
            pods.iter().filter_map(|subject| subject.workload()).collect();
        for number in workloads.iter() {
            self.by_workload.entry(number).or_default().push(self.reported.len());
        }
        self.reported.push(workloads);
    }

    /// Records a finding about all pods that a policy's selector may select.
    pub(super) fn record_selector(&mut self, policy: PolicyId) {
        let selector = self.cluster.policy(policy).pod_selector.get();
        self.selectors.entry(self.cluster.home(policy)).or_default().add(selector, policy);
    }
}
