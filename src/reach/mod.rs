//! Whether one end may connect to another. Only this module knows how policies combine: the union
//! of all that select the pods, in three values, with the evidence. Rules query it and never derive
//! the answer themselves.

pub mod addresses;
mod by_workload;
mod classes;
mod connections;
mod dns;
mod elsewhere;
mod entries;
mod flows;
mod grant;
mod known_sides;
mod lower;
mod meanings;
mod misses;
mod parties;
mod party;
mod ports;
mod potential;
mod queries;
mod rules;
mod sides;
mod stack;
mod tiers;
mod traffic;
mod union;
mod unshown;
mod weigh;

pub use classes::{Class, ClassId, Classes};
pub use connections::{Connection, Connections, End, Evidence, connections};
pub use dns::{
    Answer, Dns, Half, block_may_be_dns, names_dns_port, peer_is_own_dns, peer_may_be_dns,
};
pub use entries::{WayIn, entries};
pub use flows::{flow_covers, flow_may_have};
pub use grant::Answer as PortAnswer;
pub use misses::{Mismatch, NearMiss};
pub use parties::{Passage, Side as PartySide, party_side, passage};
pub use party::Party;
pub use ports::{Allowed, PortSet};
pub use potential::{NamedPorts, Potential, PotentialPeer, exposure};
pub use rules::{
    Destination, entry_allows, exceptions, peer_holds_address, peer_matches, ports_allow,
    rule_ports,
};
pub use sides::Side;
pub use stack::{Selecting, Stack, Stacks, Statement, Tier};
pub use traffic::{Matched, Packet, Traffic};
pub use weigh::Weighed;

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, OnceLock, RwLock};

use crate::model::{At, Direction, Policy, PolicyId, Protocol, Spot};
use crate::resolve::{
    self, Cluster, GroupId, NamespaceId, SelectorIndex, Subject, Tri, Why, WorkloadId, World,
};
use dns::DnsTable;
use elsewhere::PoliciesElsewhere;
use known_sides::KnownSides;
use union::Union;

/// A port of the destination pods.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Port {
    /// Its protocol.
    pub protocol: Protocol,
    /// Its number on the pod, after a Service's translation.
    pub number: u16,
}

/// The other end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// The pods of a workload, by number.
    Workload(WorkloadId),
    /// The pods of the cluster's DNS, or a resolver's address on the node.
    ClusterDns,
    /// An address outside the cluster.
    Address(IpAddr),
}

/// Whether a connection is allowed in one direction, and why.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Verdict {
    /// Whether it is allowed.
    pub allowed: Tri,
    /// The rules that allow it, or may.
    pub by: Vec<At>,
    /// The rules of policies of other kinds that deny it, or may.
    pub denied_by: Vec<At>,
    /// The policies that isolate the pods in that direction.
    pub isolating: Vec<PolicyId>,
    /// If it is denied, the rule that comes closest to allowing it.
    pub nearest: Option<Miss>,
}

/// A rule that almost allows a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Miss {
    /// The rule.
    pub at: At,
    /// Whether only its ports do not match; otherwise only its peers do not.
    pub only_ports: bool,
}

/// A cluster, and what many rules ask about many pods: computed once, on first use.
#[derive(Debug)]
pub struct Reach {
    cluster: Cluster,
    dns: OnceLock<DnsTable>,
    /// Of policies with ingress rules or the Ingress type.
    ingress: OnceLock<Union>,
    /// Of policies that allow some egress.
    egress: OnceLock<Union>,
    /// The selectors of policies that restrict egress, by namespace.
    restricting: OnceLock<Vec<SelectorIndex<GroupId>>>,
    sides: KnownSides,
    /// Policies of other parts of the repository, by namespace.
    elsewhere: RwLock<HashMap<NamespaceId, Arc<PoliciesElsewhere>>>,
    /// Of policies that isolate for ingress, and for egress.
    isolating: [OnceLock<Union>; 2],
}

impl Reach {
    /// Nothing is computed yet.
    pub fn new(cluster: Cluster) -> Self {
        Self {
            cluster,
            dns: OnceLock::new(),
            ingress: OnceLock::new(),
            egress: OnceLock::new(),
            restricting: OnceLock::new(),
            sides: KnownSides::default(),
            elsewhere: RwLock::default(),
            isolating: [OnceLock::new(), OnceLock::new()],
        }
    }

    /// The cluster.
    pub fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    /// Whether a policy that lists Ingress, or has ingress rules, may select pods of that policy.
    pub fn is_ingress_settled(&self, policy: PolicyId) -> bool {
        let settles = |id| {
            let policy = self.cluster.policy(id);
            let explicit =
                policy.has_policy_types() || !policy.rules(Direction::Ingress).is_empty();
            (policy.isolates(Direction::Ingress) && explicit).into()
        };
        let ingress = self.ingress.get_or_init(|| Union::new(&self.cluster, settles));
        ingress.of_any(&self.cluster, policy)
    }

    /// Whether a policy restricts the pods of a workload in that direction.
    pub fn is_restricted(&self, direction: Direction, workload: WorkloadId) -> Tri {
        self.restricted_in_tiers(direction, workload)
            .unwrap_or_else(|| self.is_isolated(direction, workload))
    }

    /// Whether a NetworkPolicy isolates the pods of a workload in that direction.
    pub fn is_isolated(&self, direction: Direction, workload: WorkloadId) -> Tri {
        let isolating = self.isolating[direction as usize]
            .get_or_init(|| Union::new(&self.cluster, |id| isolates(&self.cluster, id, direction)));
        isolating.of(&self.cluster, Subject::Workload(workload))
    }

    /// Whether those pods use the cluster's DNS, and no policy that may select them allows any
    /// egress.
    pub fn is_shut_in(&self, subject: Subject) -> bool {
        let cluster = &self.cluster;
        let opens = |id| {
            let policy = cluster.policy(id);
            let has_rules =
                !policy.rules(Direction::Egress).is_empty() || policy.is_unsure(Direction::Egress);
            (policy.isolates(Direction::Egress) && has_rules).into()
        };
        let egress = self.egress.get_or_init(|| Union::new(cluster, opens));
        dns::asks_cluster_dns(cluster, subject)
            && !cluster.has_unevaluated_policies(cluster.namespace_of(subject))
            && !cluster.may_be_tiered(subject)
            && match subject {
                Subject::Workload(_) => egress.of(cluster, subject).is_no(),
                Subject::PodsOf(policy) => !egress.any_shares_pods(cluster, policy),
            }
    }

    /// The first policies, in the order of their places, that restrict the egress of those pods, or
    /// may.
    pub fn restricting_egress(&self, subject: Subject, most: usize) -> Vec<PolicyId> {
        let cluster = &self.cluster;
        let restricts = |id: &PolicyId| !isolates(cluster, *id, Direction::Egress).is_no();
        let of_group = |group: GroupId| {
            cluster.group(group).policies.iter().copied().filter(restricts).take(most)
        };
        let mut found: Vec<PolicyId> = match subject {
            Subject::Workload(number) => {
                cluster.groups_selecting(number).into_iter().flat_map(of_group).collect()
            }
            Subject::PodsOf(policy) => {
                let index = &self.restricting()[cluster.home(policy).position()];
                let selects = |group: &GroupId| {
                    *group == cluster.group_of(policy) || {
                        let first = cluster.group(*group).policies[0];
                        !cluster.policy_selects(first, subject).is_no()
                    }
                };
                let narrow = cluster.policy(policy).pod_selector.get();
                let groups = index.overlapping(narrow).filter(selects);
                groups.take(most).flat_map(of_group).collect()
            }
        };
        found.sort_unstable();
        found.truncate(most);
        found
    }

    fn restricting(&self) -> &[SelectorIndex<GroupId>] {
        self.restricting.get_or_init(|| {
            let cluster = &self.cluster;
            let restricts = |id: &&PolicyId| !isolates(cluster, **id, Direction::Egress).is_no();
            let mut entered = vec![false; cluster.groups().len()];
            let groups =
                cluster.policies().iter().filter(restricts).map(|id| cluster.group_of(*id));
            let is_new = |group: &GroupId| !std::mem::replace(&mut entered[group.0 as usize], true);
            union::index(cluster, groups.filter(is_new))
        })
    }
}

/// Whether a policy isolates its pods in that direction; unknown if the deciding part is invalid.
fn isolates(cluster: &Cluster, id: PolicyId, direction: Direction) -> Tri {
    let policy = cluster.policy(id);
    if policy.is_unsure(direction) {
        return Tri::Unknown(Why::Refused);
    }
    policy.isolates(direction).into()
}

/// Whether policies allow `subject` to send to `other` (egress), or to be reached by it (ingress),
/// on that port. One side of a connection; both must allow it.
///
/// A pod that no policy isolates in that direction is unrestricted; an isolated one is allowed what
/// some rule of some policy that selects it allows (API reference, NetworkPolicySpec).
pub fn side(
    cluster: &Cluster,
    direction: Direction,
    subject: Subject,
    other: Endpoint,
    port: Port,
) -> Verdict {
    let mut verdict = Verdict::default();
    if let Some(decided) = outside_policies(cluster, subject) {
        verdict.allowed = decided;
        return verdict;
    }
    if let Some(verdict) = tiered_side(cluster, direction, subject, other, port) {
        return verdict;
    }
    let home = cluster.namespace_of(subject);
    let mut isolated = Tri::No;
    for id in policies_of(cluster, subject) {
        let selects = cluster.policy_selects(id, subject);
        let policy = cluster.policy(id);
        if selects.is_no() || !(policy.isolates(direction) || policy.is_unsure(direction)) {
            continue;
        }
        let unsure = policy.is_unsure(direction);
        let isolates = if unsure { selects.at_most_unknown(Why::Refused) } else { selects };
        isolated = isolated | isolates;
        verdict.isolating.push(id);
        if unsure {
            verdict.allowed = verdict.allowed | Tri::Unknown(Why::Refused);
        }
        let question = Question { cluster, direction, subject, other, port };
        question.ask(id, policy, selects, &mut verdict);
    }
    verdict.allowed = !isolated | verdict.allowed;
    if cluster.has_unevaluated_policies(home) {
        verdict.allowed = Tri::Unknown(Why::OtherPolicyKind);
    }
    verdict
}

/// The same where policies of other kinds may select the pods: the tiers decide.
fn tiered_side(
    cluster: &Cluster,
    direction: Direction,
    subject: Subject,
    other: Endpoint,
    port: Port,
) -> Option<Verdict> {
    let verdict = |allowed| Verdict { allowed, ..Verdict::default() };
    let number = match subject {
        Subject::Workload(number) => number,
        Subject::PodsOf(_) => {
            let is_tiered = cluster.may_be_tiered(subject);
            return is_tiered.then(|| verdict(Tri::Unknown(Why::OtherPolicyKind)));
        }
    };
    if !cluster.is_tiered(number) {
        return None;
    }
    let party = match other {
        Endpoint::Workload(number) => resolve::Party::Workload(number),
        Endpoint::ClusterDns => resolve::Party::ClusterDns,
        Endpoint::Address(address) => resolve::Party::Address(address),
    };
    let side = parties::workload_side(cluster, direction, number, &party, Packet::Port(port));
    let Weighed { by, denied_by, .. } = side.evidence;
    let (allowed, isolating) = (side.allowed, side.isolating);
    Some(Verdict { allowed, by, denied_by, isolating, nearest: None })
}

/// The policies that may select those pods, in the order of their places, possibly with others.
fn policies_of(cluster: &Cluster, subject: Subject) -> Vec<PolicyId> {
    let Subject::Workload(number) = subject else {
        return cluster.namespace(cluster.namespace_of(subject)).policies.clone();
    };
    let groups = cluster.groups_selecting(number).into_iter();
    let mut found: Vec<PolicyId> =
        groups.flat_map(|group| cluster.group(group).policies.iter().copied()).collect();
    found.sort_unstable();
    found
}

/// Pods on the host network have its address; the API leaves undefined whether policies apply to
/// them. In the closed world they are outside every policy.
fn outside_policies(cluster: &Cluster, subject: Subject) -> Option<Tri> {
    let Subject::Workload(number) = subject else {
        return None;
    };
    cluster.workload(number).workload.host_network.then_some(match cluster.world {
        World::Open => Tri::Unknown(Why::HostNetwork),
        World::Closed => Tri::Yes,
    })
}

/// Whether one workload may connect to another on that port: the source's egress and the
/// destination's ingress must both allow it, and traffic to oneself is always allowed.
pub fn may(cluster: &Cluster, from: WorkloadId, to: WorkloadId, port: Port) -> Tri {
    if from == to {
        return Tri::Yes;
    }
    let egress =
        side(cluster, Direction::Egress, Subject::Workload(from), Endpoint::Workload(to), port);
    if egress.allowed.is_no() {
        return Tri::No;
    }
    let ingress =
        side(cluster, Direction::Ingress, Subject::Workload(to), Endpoint::Workload(from), port);
    egress.allowed & ingress.allowed
}

/// One question to the rules of a policy.
struct Question<'a> {
    cluster: &'a Cluster,
    direction: Direction,
    subject: Subject,
    other: Endpoint,
    port: Port,
}

impl Question<'_> {
    fn ask(&self, id: PolicyId, policy: &Policy, selects: Tri, verdict: &mut Verdict) {
        let destination = self.destination();
        for (index, rule) in (0u32..).zip(policy.rules(self.direction)) {
            let at = At { policy: id, spot: Spot::Rule(self.direction, index) };
            let ports = ports_allow(self.cluster, rule, self.port, destination);
            let peers = peer_matches(self.cluster, id, rule, self.other, self.port);
            let allows = ports & peers;
            if !allows.is_no() {
                verdict.by.push(at);
                verdict.allowed = verdict.allowed | (selects & allows);
            } else if peers.is_yes() {
                verdict.nearest = Some(Miss { at, only_ports: true });
            } else if ports.is_yes() && verdict.nearest.is_none() {
                verdict.nearest = Some(Miss { at, only_ports: false });
            }
        }
    }

    /// The destination pods, in which port names are looked up.
    fn destination(&self) -> Destination {
        let pods = |subject| match subject {
            Subject::Workload(number) => Destination::Workload(number),
            Subject::PodsOf(_) => Destination::Unknown,
        };
        match (self.direction, self.other) {
            (Direction::Ingress, _) => pods(self.subject),
            (Direction::Egress, Endpoint::Workload(number)) => Destination::Workload(number),
            (Direction::Egress, Endpoint::ClusterDns) => Destination::ClusterDns,
            (Direction::Egress, Endpoint::Address(_)) => Destination::Outside,
        }
    }
}
