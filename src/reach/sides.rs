//! What the policies that select some pods let them do in one direction, worked out once for all
//! pods that the same policies select, and asked many times.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use ipnet::IpNet;
use range_set_blaze::RangeSetBlaze;

use super::Reach;
use super::allowance::{Answer, Grant};
use super::by_workload::ByWorkload;
use super::party::Party;
use super::ports::{Allowed, PortSet};
use super::rules::exceptions;
use crate::model::{At, Direction, Field, Peer, PolicyId, Spot, TrafficRule};
use crate::resolve::{Cluster, NamespaceId, PeerPods, Pods, Tri, Why, WorkloadId, World};

/// The policies of some pods in one direction.
#[derive(Debug)]
pub struct Side {
    /// Whether they isolate the pods.
    pub isolated: Tri,
    /// The policies that do, or may, in the order of their places.
    pub isolating: Vec<PolicyId>,
    /// Part of a policy is refused: nobody knows what else it allows.
    unsure: bool,
    rules: Vec<SideRule>,
    /// The rules for everyone and those with addresses, by position.
    wide: Vec<usize>,
    by_workload: ByWorkload,
    /// Whether a rule has ports by name, which differ from pod to pod.
    has_names: bool,
    /// What is allowed with those who are the same for all pods of the side, where no port is named:
    /// with who is of another namespace, addresses, anybody, and the API server.
    with: [OnceLock<Allowed>; 4],
}

/// One rule that lets something through.
#[derive(Debug)]
pub(super) struct SideRule {
    pub(super) grant: Grant,
    pub(super) peers: Vec<SidePeer>,
}

/// Who a rule is for: an empty list of these is for everyone.
#[derive(Debug)]
pub(super) enum SidePeer {
    /// Pods, by selectors; its index in the rule.
    Pods(u32, PeerPods),
    /// Addresses, with exceptions.
    Block(IpNet, Vec<IpNet>),
}

/// All sides that were asked for.
#[derive(Debug, Default)]
pub(super) struct Sides {
    /// For each workload a number that it shares with those which the same policies select.
    sets: OnceLock<Vec<u32>>,
    known: RwLock<HashMap<(u32, Direction), Arc<Side>>>,
}

impl Reach {
    /// What policies let the pods of a workload do in one direction.
    pub fn side(&self, direction: Direction, workload: WorkloadId) -> Arc<Side> {
        let key = (self.set_of(workload), direction);
        let known = self.sides.known.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(side) = known.get(&key) {
            return Arc::clone(side);
        }
        drop(known);
        let side = Arc::new(Side::of(&self.cluster, workload, direction));
        let mut known = self.sides.known.write().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(known.entry(key).or_insert(side))
    }

    /// A number that a workload shares with those that the same policies select.
    pub fn set_of(&self, workload: WorkloadId) -> u32 {
        self.sides.sets.get_or_init(|| sets(&self.cluster))[workload.position()]
    }

    /// Whether policies let the pods of a workload send to that party on one of those ports
    /// (egress), or be reached by it (ingress).
    pub fn lets(
        &self,
        direction: Direction,
        workload: WorkloadId,
        party: Party<'_>,
        ports: &PortSet,
    ) -> Tri {
        let cluster = &self.cluster;
        let it = cluster.workload(workload);
        if it.workload.host_network {
            return match cluster.world {
                World::Open => Tri::Unknown(Why::HostNetwork),
                World::Closed => Tri::Yes,
            };
        }
        if cluster.is_more_than_network_policies(workload) {
            return Tri::Unknown(Why::OtherPolicyKind);
        }
        let destination = match (direction, party) {
            (Direction::Ingress, _) => Some(workload),
            (Direction::Egress, Party::Workload(other)) => Some(other),
            (Direction::Egress, _) => None,
        };
        self.side(direction, workload).lets(cluster, party, ports, destination)
    }

    /// The ports on which policies let the pods of a workload send to that party (egress), or be
    /// reached by it (ingress), and the rules that do.
    pub fn ports(&self, direction: Direction, workload: WorkloadId, party: Party<'_>) -> Answer {
        let cluster = &self.cluster;
        let fixed = |allowed| Answer { allowed, by: Vec::new() };
        if cluster.workload(workload).workload.host_network {
            return fixed(match cluster.world {
                World::Open => Allowed::unknown(),
                World::Closed => Allowed::everything(),
            });
        }
        if cluster.is_more_than_network_policies(workload) {
            return fixed(Allowed::unknown());
        }
        let destination = match (direction, party) {
            (Direction::Ingress, _) => Some(workload),
            (Direction::Egress, Party::Workload(other)) => Some(other),
            (Direction::Egress, _) => None,
        };
        self.side(direction, workload).ports(cluster, party, destination)
    }

    /// An address of each part of the internet that the rules for the pods of a workload tell apart.
    pub fn pieces(&self, direction: Direction, workload: WorkloadId) -> Vec<IpAddr> {
        let side = self.side(direction, workload);
        let peers = side.rules.iter().flat_map(|rule| &rule.peers);
        let blocks = peers.filter_map(|peer| match peer {
            SidePeer::Block(cidr, except) => Some(std::iter::once(cidr).chain(except)),
            SidePeer::Pods(..) => None,
        });
        let blocks = blocks.flatten().copied().collect();
        super::connections::pieces(&blocks).into_iter().map(|(first, _)| first).collect()
    }

    /// Whether no rule at all lets anybody in to the pods of a workload on one of those ports.
    pub fn is_closed_to_all(&self, workload: WorkloadId, ports: &PortSet) -> bool {
        self.lets(Direction::Ingress, workload, Party::Anybody, ports).is_no()
    }

    /// Whether a rule for the pods of a workload names those of another by a selector.
    pub fn names(&self, direction: Direction, workload: WorkloadId, other: WorkloadId) -> bool {
        self.side(direction, workload).by_workload.has(other)
    }

    /// The podSelectors by which rules for the pods of a workload name those of another, whatever
    /// their ports.
    pub fn peers_for(
        &self,
        direction: Direction,
        workload: WorkloadId,
        other: WorkloadId,
    ) -> Vec<At> {
        let side = self.side(direction, workload);
        let mut rules = side.by_workload.at(other);
        rules.sort_unstable();
        rules.dedup();
        let mut found = Vec::new();
        for rule in rules.into_iter().map(|rule| &side.rules[rule]) {
            let Spot::Rule(_, index) = rule.grant.at.spot else { continue };
            let names = |peer: &SidePeer| match peer {
                SidePeer::Pods(nth, means) if means.pods.yes.contains(other) => {
                    let spot = Spot::PeerPods(direction, index, *nth);
                    Some(At { spot, ..rule.grant.at })
                }
                _ => None,
            };
            found.extend(rule.peers.iter().filter_map(names));
        }
        found
    }

    /// Whether one workload may connect to another on one of those ports: the source's egress and
    /// the destination's ingress must both let it.
    pub fn connects(&self, from: WorkloadId, to: WorkloadId, ports: &PortSet) -> Tri {
        if self.cluster.world == World::Closed && from == to {
            return Tri::Yes;
        }
        let egress = self.lets(Direction::Egress, from, Party::Workload(to), ports);
        if egress.is_no() {
            return Tri::No;
        }
        egress & self.lets(Direction::Ingress, to, Party::Workload(from), ports)
    }
}

impl Side {
    fn of(cluster: &Cluster, workload: WorkloadId, direction: Direction) -> Self {
        let mut side = Self {
            isolated: Tri::No,
            isolating: Vec::new(),
            unsure: false,
            rules: Vec::new(),
            wide: Vec::new(),
            by_workload: ByWorkload::default(),
            has_names: false,
            with: Default::default(),
        };
        let subject = crate::resolve::Subject::Workload(workload);
        for id in super::policies_of(cluster, subject) {
            let policy = cluster.policy(id);
            let selects = cluster.policy_selects(id, subject);
            let unsure = policy.is_unsure(direction);
            if selects.is_no() || !(policy.isolates(direction) || unsure) {
                continue;
            }
            let isolates = if unsure { selects.at_most_unknown(Why::Refused) } else { selects };
            side.isolated = side.isolated | isolates;
            side.isolating.push(id);
            side.unsure |= unsure;
            for (index, rule) in (0u32..).zip(policy.rules(direction)) {
                let at = At { policy: id, spot: Spot::Rule(direction, index) };
                side.enter(cluster, rule, at, selects);
            }
        }
        side.by_workload = ByWorkload::of(side.named_pods());
        side
    }

    fn enter(&mut self, cluster: &Cluster, rule: &TrafficRule, at: At, selects: Tri) {
        if rule.wrong || rule.peers.is_wrong() {
            self.unsure = true;
            return;
        }
        let grant = Grant::of(rule, at, selects);
        self.has_names |= grant.has_names;
        let mut peers = Vec::new();
        for (index, peer) in (0u32..).zip(rule.peer_list()) {
            match side_peer(cluster, at.policy, index, peer) {
                Some(peer) => peers.push(peer),
                None => self.unsure = true,
            }
        }
        let has_block = peers.iter().any(|peer| matches!(peer, SidePeer::Block(..)));
        if rule.is_for_everyone() || has_block {
            self.wide.push(self.rules.len());
        }
        if rule.is_for_everyone() || !peers.is_empty() {
            self.rules.push(SideRule { grant, peers });
        }
    }

    /// The rules that may be for a workload, by position: all for everyone, and those that name it.
    /// The pods that its rules name by selectors, with the positions of the rules.
    fn named_pods(&self) -> impl Iterator<Item = (usize, Arc<Pods>)> {
        self.rules.iter().enumerate().flat_map(|(position, rule)| {
            rule.peers.iter().filter_map(move |peer| match peer {
                SidePeer::Pods(_, means) => Some((position, Arc::clone(&means.pods))),
                SidePeer::Block(..) => None,
            })
        })
    }

    fn rules_for(&self, party: Party<'_>) -> Vec<usize> {
        let Party::Workload(number) = party else {
            return (0..self.rules.len()).collect();
        };
        let named = self.by_workload.at(number);
        let mut found: Vec<usize> = self.wide.iter().copied().chain(named).collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    /// The rules that may come nearest to letting that party through: those that name it, if there
    /// are any, else some of all.
    pub(super) fn likely_rules(&self, party: Party<'_>) -> Vec<At> {
        const MOST: usize = 64;
        let named = match party {
            Party::Workload(number) => self.by_workload.at(number),
            _ => Vec::new(),
        };
        let rules: Vec<usize> = match named.is_empty() {
            true => (0..self.rules.len().min(MOST)).collect(),
            false => named.into_iter().take(MOST).collect(),
        };
        let mut found: Vec<At> = rules.into_iter().map(|rule| self.rules[rule].grant.at).collect();
        found.sort_unstable();
        found
    }

    /// Whether they let one of that party through on one of those ports.
    pub fn lets(
        &self,
        cluster: &Cluster,
        party: Party<'_>,
        ports: &PortSet,
        destination: Option<WorkloadId>,
    ) -> Tri {
        if let Some(known) = self.known_with(party) {
            let all = || self.ports(cluster, party, destination).allowed;
            return known.get_or_init(all).overlaps(ports);
        }
        let mut allowed = !self.isolated;
        if self.unsure {
            allowed = allowed | Tri::Unknown(Why::Refused);
        }
        for rule in self.rules_for(party) {
            if allowed.is_yes() {
                break;
            }
            let rule = &self.rules[rule];
            let on_port = rule.grant.ports_at(cluster, destination).overlaps(ports);
            allowed = allowed | (rule.grant.selects & on_port & rule.is_for(cluster, party));
        }
        allowed
    }

    /// Where it is kept what is allowed with a party that is the same for all pods of the side.
    fn known_with(&self, party: Party<'_>) -> Option<&OnceLock<Allowed>> {
        let at = match party {
            Party::NotOf(_) => 0,
            Party::Addresses => 1,
            Party::Anybody => 2,
            Party::ApiServer => 3,
            _ => return None,
        };
        (!self.has_names).then(|| &self.with[at])
    }

    /// The ports on which they let that party through, and the rules that do, or may.
    pub fn ports(
        &self,
        cluster: &Cluster,
        party: Party<'_>,
        destination: Option<WorkloadId>,
    ) -> Answer {
        let mut answer = Answer::default();
        for rule in self.rules_for(party) {
            let rule = &self.rules[rule];
            let held = rule.grant.selects & rule.is_for(cluster, party);
            let allowed = rule.grant.ports_at(cluster, destination).if_so(held);
            if !allowed.is_nothing() {
                answer.allowed = &answer.allowed | &allowed;
                answer.by.push(rule.grant.at);
            }
        }
        if self.unsure {
            answer.allowed = &answer.allowed | &Allowed::unknown();
        }
        let free = Allowed::everything().if_so(!self.isolated);
        answer.allowed = &answer.allowed | &free;
        answer.by.sort_unstable();
        answer.by.dedup();
        answer
    }

    /// Those of some workloads that a rule may be for, whatever its ports; all of them where
    /// nothing is ruled out.
    pub fn candidates(&self, workloads: &RangeSetBlaze<WorkloadId>) -> RangeSetBlaze<WorkloadId> {
        if !self.isolated.is_yes() || self.unsure || !self.wide.is_empty() {
            return workloads.clone();
        }
        self.by_workload.among(workloads)
    }
}

impl SideRule {
    fn is_for(&self, cluster: &Cluster, party: Party<'_>) -> Tri {
        if self.peers.is_empty() {
            return Tri::Yes;
        }
        Tri::any(self.peers.iter().map(|peer| party.is_meant(cluster, self.grant.at, peer)))
    }
}

fn side_peer(cluster: &Cluster, policy: PolicyId, index: u32, peer: &Peer) -> Option<SidePeer> {
    match &peer.ip_block {
        Field::Wrong(..) => None,
        Field::Given(block, _) => {
            let cidr = *block.cidr.get()?;
            Some(SidePeer::Block(cidr, exceptions(block)))
        }
        Field::Absent => {
            let is_refused =
                peer.wrong || peer.pod_selector.is_wrong() || peer.namespace_selector.is_wrong();
            (!is_refused).then(|| SidePeer::Pods(index, cluster.peer_pods(policy, peer)))
        }
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
    for (group, of) in cluster.groups().iter().enumerate() {
        for (ranges, sure) in [(&of.pods.yes, true), (&of.pods.maybe, false)] {
            for range in ranges.ranges() {
                let own = number(group, sure);
                change[range.start().position()] ^= own;
                change[range.end().position() + 1] ^= own;
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
