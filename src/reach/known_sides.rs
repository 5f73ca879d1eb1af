//! What was worked out of sides and tiers: once for all pods that the same policies select.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use range_set_blaze::RangeSetBlaze;

use super::meanings::Meanings;
use super::sides::Side;
use super::stack::{Selecting, Stacks, policies_selecting};
use super::tiers::{self, Tiers};
use crate::model::Direction;
use crate::resolve::{Cluster, NamespaceId, WorkloadId, World};

/// All sides that were asked for.
#[derive(Debug, Default)]
pub(super) struct KnownSides {
    /// For each workload a number that it shares with those which the same policies select.
    sets: OnceLock<Vec<u32>>,
    known: RwLock<HashMap<(u32, Direction), Arc<Side>>>,
    /// The tiers, where policies of other kinds may select the pods.
    tiers: RwLock<HashMap<(u32, Direction), Arc<Tiers>>>,
    pub(super) meanings: Meanings,
}

impl KnownSides {
    /// A number that a workload shares with those that the same policies select.
    pub(super) fn set_of(&self, cluster: &Cluster, workload: WorkloadId) -> u32 {
        self.sets.get_or_init(|| sets(cluster))[workload.position()]
    }

    /// What the NetworkPolicies of a workload allow in one direction.
    pub(super) fn of(
        &self,
        cluster: &Cluster,
        direction: Direction,
        workload: WorkloadId,
    ) -> Arc<Side> {
        let key = (self.set_of(cluster, workload), direction);
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(side) = known.get(&key) {
            return Arc::clone(side);
        }
        drop(known);
        let side = Arc::new(Side::of(cluster, &policies_selecting(cluster, workload), direction));
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(known.entry(key).or_insert(side))
    }

    /// The tiers that decide for a workload in one direction; none where only NetworkPolicies do.
    pub(super) fn tiers(
        &self,
        cluster: &Cluster,
        direction: Direction,
        workload: WorkloadId,
    ) -> Option<Arc<Tiers>> {
        let is_in_tiers = match cluster.world {
            World::Open => cluster.has_tiers() && cluster.is_tiered(workload),
            World::Closed => tiers::are_listed(cluster),
        };
        if !is_in_tiers {
            return None;
        }
        let key = (self.set_of(cluster, workload), direction);
        let known = self.tiers.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(tiers) = known.get(&key) {
            return Some(Arc::clone(tiers));
        }
        drop(known);
        let selecting = Selecting::of(cluster, workload);
        let foreign = cluster.foreign_specs(workload);
        let tiers = Tiers::of(cluster, &Stacks::new(cluster, direction), &selecting, foreign);
        let mut known = self.tiers.write().unwrap_or_else(PoisonError::into_inner);
        Some(Arc::clone(known.entry(key).or_insert(Arc::new(tiers))))
    }
}

/// Numbers the sets of policies that select workloads. Sets are told apart by the sum of random
/// numbers, one for each group of policies that may select a workload, in a walk over the ranges of
/// workloads: no list of policies is written down for each workload.
fn sets(cluster: &Cluster) -> Vec<u32> {
    let random = [RandomState::new(), RandomState::new()];
    let number = |group: usize, sure: bool| -> u128 {
        let half = |state: &RandomState| u128::from(state.hash_one((group, sure)));
        half(&random[0]) << 64 | half(&random[1])
    };
    let count = cluster.workload_count();
    let mut change = vec![0u128; count + 1];
    let mut enter = |own: u128, pods: &RangeSetBlaze<WorkloadId>| {
        for range in pods.ranges() {
            change[range.start().position()] ^= own;
            change[range.end().position() + 1] ^= own;
        }
    };
    for (group, of) in cluster.groups().iter().enumerate() {
        for (pods, sure) in [(&of.pods.yes, true), (&of.pods.maybe, false)] {
            enter(number(group, sure), pods);
        }
    }
    if cluster.has_tiers() {
        for (number_of, pods) in (cluster.groups().len()..).zip(cluster.tiered_pods()) {
            for (pods, sure) in [(&pods.yes, true), (&pods.maybe, false)] {
                enter(number(number_of, sure), pods);
            }
        }
    }
    let mut known: HashMap<(NamespaceId, u128), u32> = HashMap::new();
    let mut sum = 0u128;
    let set = |workload: usize| {
        sum ^= change[workload];
        let subject = crate::resolve::Subject::Workload(WorkloadId::at(workload));
        let next = known.len() as u32;
        *known.entry((cluster.namespace_of(subject), sum)).or_insert(next)
    };
    (0..count).map(set).collect()
}
