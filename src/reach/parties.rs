//! One connection: may this party send that to the other?

use super::meanings::Meanings;
use super::stack::{Selecting, Stacks};
use super::tiers::{Asked, Other, Tiers};
use super::traffic::{Packet, Traffic};
use super::weigh::Weighed;
use crate::model::tiered::{Ends, Entity};
use crate::model::{Direction, PolicyId};
use crate::resolve::{Cluster, Party, Plugin, SpecId, Subject, Tri, Why, WorkloadId, World};

/// Whether one party may send a packet to the other, and which rules say so on either side.
#[derive(Clone, Debug)]
pub struct Passage {
    /// Whether it may.
    pub allowed: Tri,
    /// What the source's policies say.
    pub egress: Side,
    /// What the destination's say.
    pub ingress: Side,
}

/// One side of a connection.
#[derive(Clone, Debug)]
pub struct Side {
    /// Whether it is allowed.
    pub allowed: Tri,
    /// The rules that decide, and the policies that close the direction.
    pub evidence: Weighed,
    /// The policies that isolate the pods.
    pub isolating: Vec<PolicyId>,
}

impl Side {
    fn fixed(allowed: Tri) -> Self {
        Self { allowed, evidence: Weighed::default(), isolating: Vec::new() }
    }
}

/// Whether `from` may send `packet` to `to`. A pod may always reach itself.
pub fn passage(cluster: &Cluster, from: &Party, to: &Party, packet: Packet) -> Passage {
    if from == to {
        let open = || Side::fixed(Tri::Yes);
        return Passage { allowed: Tri::Yes, egress: open(), ingress: open() };
    }
    let egress = party_side(cluster, Direction::Egress, from, to, packet);
    let ingress = party_side(cluster, Direction::Ingress, to, from, packet);
    Passage { allowed: egress.allowed & ingress.allowed, egress, ingress }
}

/// What the policies of one party say of a packet from, or to, the other.
pub fn party_side(
    cluster: &Cluster,
    direction: Direction,
    subject: &Party,
    other: &Party,
    packet: Packet,
) -> Side {
    let number = match subject {
        Party::Workload(number) if !cluster.workload(*number).workload.host_network => *number,
        Party::Workload(_) | Party::Node(_) => {
            return Side::fixed(of_node(cluster, direction, subject));
        }
        Party::Entity(Entity::Health | Entity::Init) => {
            return endpoint_side(cluster, direction, subject, other, packet);
        }
        _ => return Side::fixed(Tri::Yes),
    };
    workload_side(cluster, direction, number, other, packet)
}

/// What policies say of an endpoint of Cilium that is no pod: those whose selectors match the
/// identity that is reserved for it.
fn endpoint_side(
    cluster: &Cluster,
    direction: Direction,
    subject: &Party,
    other: &Party,
    packet: Packet,
) -> Side {
    let mut specs = Vec::new();
    for &policy in cluster.tiered() {
        let Some(of) = cluster.tiered_policy(policy) else { continue };
        for (spec, written) in of.specs.iter().enumerate().filter(|(_, spec)| !spec.is_for_nodes) {
            let selector = Ends::Pods(written.subject.clone());
            let selects = cluster.ends_hold(cluster.asker(policy), &selector, subject);
            if !selects.is_no() {
                specs.push((SpecId { policy, spec }, selects));
            }
        }
    }
    let selecting = Selecting { policies: Vec::new(), specs };
    let tiers = Tiers::of(cluster, &Stacks::new(cluster, direction), &selecting, Vec::new());
    side(&tiers, cluster, subject, other, packet)
}

/// What tiers make of one packet.
fn side(tiers: &Tiers, cluster: &Cluster, subject: &Party, other: &Party, packet: Packet) -> Side {
    let (meanings, other, packet) = (&Meanings::default(), Other::Known(other), Some(packet));
    let evidence = tiers.weigh(&Asked { cluster, meanings, subject, other, packet });
    let is_in = |traffic: &Traffic| packet.is_some_and(|packet| traffic.contains(packet));
    let allowed = if is_in(&evidence.allowed.sure) {
        Tri::Yes
    } else if is_in(&evidence.allowed.possible) {
        Tri::Unknown(Why::SelectorOnly)
    } else {
        Tri::No
    };
    Side { allowed, evidence, isolating: tiers.isolating().to_vec() }
}

/// Nodes and pods on their network are outside of policies for pods; policies for nodes may be in
/// force.
pub(super) fn of_node(cluster: &Cluster, direction: Direction, party: &Party) -> Tri {
    let is_policed = || {
        cluster.tiered().iter().filter_map(|id| cluster.tiered_policy(*id)).any(|policy| {
            let for_nodes = policy.specs.iter().enumerate().filter(|(_, spec)| spec.is_for_nodes);
            let mut ruled = for_nodes
                .filter(|(number, _)| policy.rules_of(*number, direction).next().is_some());
            ruled.next().is_some()
        })
    };
    match cluster.plugin {
        Some(Plugin::Cilium) if is_policed() => Tri::Unknown(Why::HostNetwork),
        Some(Plugin::Calico) if cluster.network().has_host_endpoints => {
            Tri::Unknown(Why::HostNetwork)
        }
        None | Some(Plugin::Other)
            if cluster.world == World::Open && matches!(party, Party::Workload(_)) =>
        {
            Tri::Unknown(Why::HostNetwork)
        }
        _ => Tri::Yes,
    }
}

/// What the policies of a workload's pods say.
pub(super) fn workload_side(
    cluster: &Cluster,
    direction: Direction,
    workload: WorkloadId,
    other: &Party,
    packet: Packet,
) -> Side {
    let stacks = Stacks::new(cluster, direction);
    let selecting = Selecting::of(cluster, workload);
    let tiers = Tiers::of(cluster, &stacks, &selecting, cluster.foreign_specs(workload));
    let mut side = side(&tiers, cluster, &Party::Workload(workload), other, packet);
    if cluster.has_unevaluated_policies(cluster.namespace_of(Subject::Workload(workload))) {
        side.allowed = Tri::Unknown(Why::OtherPolicyKind);
    }
    side
}
