//! Groups policies that select the same pods: those in one namespace with the same selector.

use std::collections::HashMap;

use rayon::prelude::*;

use super::cluster::Cluster;
use super::peers::{Requires, requires};
use super::pods::Pods;
use super::segments::SegmentTree;
use super::workload_id::{NamespaceId, WorkloadId, numbers};
use crate::model::{Field, PolicyId};

/// Identifies a group of policies in a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupId(pub u32);

/// Policies in one namespace whose selectors have the same requirements: any question about the
/// pods that one of them selects has the same answer for all, and is answered once.
#[derive(Debug)]
pub struct PolicyGroup {
    /// The number of their namespace.
    pub namespace: NamespaceId,
    /// The policies, as indices among the objects, ascending.
    pub policies: Vec<PolicyId>,
    /// The pods that each of them selects.
    pub pods: Pods,
}

/// The groups of a cluster's policies.
#[derive(Debug, Default)]
pub(super) struct Groups {
    pub(super) all: Vec<PolicyGroup>,
    /// The group of each policy, parallel to [`Cluster::policies`].
    pub(super) of: Vec<GroupId>,
    /// The groups that select a workload, certainly or possibly.
    selecting: SegmentTree,
}

/// What makes policies select the same pods. An invalid selector may select anything, so such a
/// policy (by its position) is a group of its own.
#[derive(PartialEq, Eq, Hash)]
enum Same {
    Selector(NamespaceId, Option<Vec<Requires>>),
    Alone(usize),
}

impl Groups {
    /// The groups of a cluster whose workloads are numbered, with the pods that each selects. This
    /// runs in parallel: policies in one namespace only look at its workloads.
    pub(super) fn build(cluster: &Cluster) -> Self {
        let mut groups = Self::default();
        let mut known: HashMap<Same, GroupId> = HashMap::new();
        for (position, &id) in cluster.policies().iter().enumerate() {
            let namespace = cluster.home(id);
            let next = GroupId(groups.all.len() as u32);
            let group = *known.entry(same(cluster, position, id, namespace)).or_insert(next);
            if group == next {
                let (policies, pods) = (Vec::new(), Pods::default());
                groups.all.push(PolicyGroup { namespace, policies, pods });
            }
            groups.all[group.0 as usize].policies.push(id);
            groups.of.push(group);
        }
        let select = |group: &mut PolicyGroup| group.pods = select(cluster, group);
        groups.all.par_iter_mut().for_each(select);
        groups.selecting = SegmentTree::new(cluster.workload_count() as u32);
        for (number, group) in (0u32..).zip(&groups.all) {
            for range in group.pods.yes.ranges().chain(group.pods.maybe.ranges()) {
                groups.selecting.add(numbers(range), number);
            }
        }
        groups
    }

    /// The groups that select a workload, certainly or possibly, ascending.
    pub(super) fn selecting(&self, workload: WorkloadId) -> Vec<GroupId> {
        let mut found: Vec<GroupId> = self.selecting.at(workload.number()).map(GroupId).collect();
        found.sort_unstable();
        found
    }
}

fn same(cluster: &Cluster, position: usize, policy: PolicyId, namespace: NamespaceId) -> Same {
    match &cluster.policy(policy).pod_selector {
        Field::Absent => Same::Selector(namespace, None),
        Field::Given(selector, _) if selector.is_refused() => Same::Alone(position),
        Field::Given(selector, _) if selector.is_empty() => Same::Selector(namespace, None),
        Field::Given(selector, _) => Same::Selector(namespace, Some(requires(selector))),
        Field::Wrong(..) => Same::Alone(position),
    }
}

fn select(cluster: &Cluster, group: &PolicyGroup) -> Pods {
    match &cluster.policy(group.policies[0]).pod_selector {
        Field::Absent => cluster.pods_in(group.namespace, None),
        Field::Given(selector, _) => cluster.pods_in(group.namespace, Some(selector)),
        Field::Wrong(..) => {
            let all = cluster.pods_in(group.namespace, None).yes;
            Pods { maybe: all, ..Pods::default() }
        }
    }
}
