//! What the policies that select some pods let them do in one direction, worked out once for all
//! pods that the same policies select, and asked many times.

use std::sync::{Arc, OnceLock};

use ipnet::IpNet;
use range_set_blaze::RangeSetBlaze;

use super::by_workload::ByWorkload;
use super::grant::{Answer, Grant};
use super::party::Party;
use super::ports::{Allowed, PortSet};
use super::rules::exceptions;
use crate::model::{At, Direction, Field, Peer, PolicyId, Spot, TrafficRule};
use crate::resolve::{Cluster, PeerPods, Pods, Tri, Why, WorkloadId};

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

impl Side {
    /// What those policies allow.
    pub(super) fn of(
        cluster: &Cluster,
        policies: &[(PolicyId, Tri)],
        direction: Direction,
    ) -> Self {
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
        for &(id, selects) in policies {
            let policy = cluster.policy(id);
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

    /// Whether a rule is for everyone, or it is not known for whom they are.
    pub(super) fn may_be_for_all(&self) -> bool {
        let is_for_everyone = |rule: &SideRule| rule.peers.is_empty();
        !self.isolated.is_yes() || self.unsure || self.rules.iter().any(is_for_everyone)
    }

    /// The workloads that rules name by a selector, surely or perhaps.
    pub(super) fn named(&self) -> &RangeSetBlaze<WorkloadId> {
        self.by_workload.named()
    }

    /// The pods that its rules name by selectors, with the positions of the rules.
    fn named_pods(&self) -> impl Iterator<Item = (usize, Arc<Pods>)> {
        self.rules.iter().enumerate().flat_map(|(position, rule)| {
            rule.peers.iter().filter_map(move |peer| match peer {
                SidePeer::Pods(_, means) => Some((position, Arc::clone(&means.pods))),
                SidePeer::Block(..) => None,
            })
        })
    }

    /// The rules that may be for a workload, by position: all for everyone
    /// and with addresses, and those that name it.
    fn rules_for(&self, party: Party<'_>) -> Vec<usize> {
        let number = match party {
            Party::Workload(number) => number,
            Party::Address(_) | Party::Addresses => return self.wide.clone(),
            _ => return (0..self.rules.len()).collect(),
        };
        let named = self.by_workload.at(number);
        let mut found: Vec<usize> = self.wide.iter().copied().chain(named).collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    /// The rules that may come nearest to letting that party through: those that name it, and some
    /// of all.
    pub(super) fn likely_rules(&self, party: Party<'_>) -> Vec<At> {
        const MOST: usize = 64;
        let named = match party {
            Party::Workload(number) => self.by_workload.at(number),
            _ => Vec::new(),
        };
        let others = 0..self.rules.len().min(MOST.saturating_sub(named.len()));
        let rules = named.into_iter().take(MOST).chain(others);
        let mut found: Vec<At> = rules.map(|rule| self.rules[rule].grant.at).collect();
        found.sort_unstable();
        found.dedup();
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
            let on_port = rule.ports_with(cluster, party, destination).overlaps(ports);
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
            let allowed = rule.ports_with(cluster, party, destination).if_so(held);
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

    /// The addresses that its rules name, and their exceptions.
    pub(super) fn blocks(&self) -> impl Iterator<Item = IpNet> {
        let peers = self.rules.iter().flat_map(|rule| &rule.peers);
        let blocks = peers.filter_map(|peer| match peer {
            SidePeer::Block(cidr, except) => Some(std::iter::once(cidr).chain(except)),
            SidePeer::Pods(..) => None,
        });
        blocks.flatten().copied()
    }

    /// Whether a rule names a workload by a selector.
    pub(super) fn names(&self, workload: WorkloadId) -> bool {
        self.by_workload.has(workload)
    }

    /// The podSelectors by which rules name a workload, whatever their ports.
    pub(super) fn peers_for(&self, workload: WorkloadId) -> Vec<At> {
        let mut rules = self.by_workload.at(workload);
        rules.sort_unstable();
        rules.dedup();
        let mut found = Vec::new();
        for rule in rules.into_iter().map(|rule| &self.rules[rule]) {
            let Spot::Rule(direction, index) = rule.grant.at.spot else { continue };
            let names = |peer: &SidePeer| match peer {
                SidePeer::Pods(nth, means) if means.pods.yes.contains(workload) => {
                    let spot = Spot::PeerPods(direction, index, *nth);
                    Some(At { spot, ..rule.grant.at })
                }
                _ => None,
            };
            found.extend(rule.peers.iter().filter_map(names));
        }
        found
    }

    /// Whether the rule at that place is for a party.
    pub(super) fn rule_is_for(&self, cluster: &Cluster, at: At, party: Party<'_>) -> Tri {
        // In the order of their places.
        match self.rules.binary_search_by_key(&at, |rule| rule.grant.at) {
            Ok(position) => self.rules[position].is_for(cluster, party),
            // Part of it is refused, or of what its policy says of the direction.
            Err(_) => Tri::Unknown(Why::Refused),
        }
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
    /// Its ports with a party. A name may be a port of any of the pods that a party may be.
    fn ports_with(
        &self,
        cluster: &Cluster,
        party: Party<'_>,
        destination: Option<WorkloadId>,
    ) -> Allowed {
        let ports = self.grant.ports_at(cluster, destination);
        match destination.is_none() && self.grant.has_names && party.may_be_pods() {
            true => &ports | &Allowed::unknown(),
            false => ports,
        }
    }

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
