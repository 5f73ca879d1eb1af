//! What a set of policies allows its pods, in one direction: for each class of pods at the other
//! end, and for addresses outside the cluster. It is computed once for all pods that the same
//! policies select.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;

use ipnet::IpNet;

use super::classes::{ClassId, Classes};
use super::ports::{Allowed, PortSet};
use super::rules::exceptions;
use crate::model::{
    At, Direction, Field, IpBlock, Peer, PolicyId, PortEntry, PortRef, Spot, TrafficRule,
};
use crate::resolve::{Cluster, Tri, Why, WorkloadId, World};

/// What the policies that select some pods allow in one direction.
#[derive(Debug)]
pub struct Allowance {
    /// Whether they isolate the pods in that direction.
    pub isolated: Tri,
    /// The policies that do, or may.
    pub isolating: Vec<PolicyId>,
    /// Rules for everyone, inside and outside the cluster.
    everyone: Vec<Grant>,
    /// The rules that match a class of pods.
    classes: HashMap<ClassId, Vec<(Grant, Tri)>>,
    /// The rules that match addresses.
    blocks: Vec<(Grant, IpNet, Vec<IpNet>)>,
    /// Part of a policy is invalid, so what else is allowed is unknown.
    unsure: bool,
}

/// A rule, as far as its ports matter.
#[derive(Clone, Debug)]
pub struct Grant {
    /// The rule.
    pub at: At,
    /// Whether its policy selects the pods.
    pub(super) selects: Tri,
    /// The ports by number.
    ports: Allowed,
    /// The ports by name, which are looked up in the destination pods.
    pub(super) has_names: bool,
}

/// What is allowed, and by which rules.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// The ports.
    pub allowed: Allowed,
    /// The rules that allow some of them, or may.
    pub by: Vec<At>,
}

impl Allowance {
    /// The allowance of those policies.
    pub fn of(
        cluster: &Cluster,
        classes: &Classes,
        policies: &[(PolicyId, Tri)],
        direction: Direction,
    ) -> Self {
        let mut allowance = Self {
            isolated: Tri::No,
            isolating: Vec::new(),
            everyone: Vec::new(),
            classes: HashMap::new(),
            blocks: Vec::new(),
            unsure: false,
        };
        for &(id, selects) in policies {
            let policy = cluster.policy(id);
            let unsure = policy.is_unsure(direction);
            if !policy.isolates(direction) && !unsure {
                continue;
            }
            let isolates = if unsure { selects.at_most_unknown(Why::Refused) } else { selects };
            allowance.isolated = allowance.isolated | isolates;
            allowance.isolating.push(id);
            allowance.unsure |= unsure;
            for (index, rule) in (0u32..).zip(policy.rules(direction)) {
                let at = At { policy: id, spot: Spot::Rule(direction, index) };
                allowance.enter(cluster, classes, rule, at, selects);
            }
        }
        allowance
    }

    fn enter(
        &mut self,
        cluster: &Cluster,
        classes: &Classes,
        rule: &TrafficRule,
        at: At,
        selects: Tri,
    ) {
        if rule.wrong || rule.peers.is_wrong() {
            self.unsure = true;
            return;
        }
        let grant = Grant::of(rule, at, selects);
        if rule.is_for_everyone() {
            self.everyone.push(grant);
            return;
        }
        let mut met: BTreeMap<ClassId, Tri> = BTreeMap::new();
        for peer in rule.peer_list() {
            self.enter_peer(cluster, classes, peer, &grant, &mut met);
        }
        for (class, held) in met {
            self.classes.entry(class).or_default().push((grant.clone(), held));
        }
    }

    fn enter_peer(
        &mut self,
        cluster: &Cluster,
        classes: &Classes,
        peer: &Peer,
        grant: &Grant,
        met: &mut BTreeMap<ClassId, Tri>,
    ) {
        match &peer.ip_block {
            Field::Given(block, _) => self.enter_block(block, grant),
            Field::Wrong(..) => self.unsure = true,
            Field::Absent => {
                let is_refused = peer.wrong
                    || peer.pod_selector.is_wrong()
                    || peer.namespace_selector.is_wrong();
                self.unsure |= is_refused;
                let pods = cluster.peer_pods(grant.at.policy, peer).pods;
                for (class, held) in classes.of_pods(&pods) {
                    let before = met.entry(class).or_insert(Tri::No);
                    *before = *before | held;
                }
            }
        }
    }

    fn enter_block(&mut self, block: &IpBlock, grant: &Grant) {
        match block.cidr.get() {
            Some(cidr) => self.blocks.push((grant.clone(), *cidr, exceptions(block))),
            None => self.unsure = true,
        }
    }

    /// What is allowed with pods of that class. `destination` is a workload of the destination
    /// pods, in which port names are looked up.
    pub fn with_class(
        &self,
        cluster: &Cluster,
        classes: &Classes,
        class: ClassId,
        destination: WorkloadId,
    ) -> Answer {
        let other = cluster.workload(classes[class].example()).workload;
        let held = self.classes.get(&class).map_or(&[][..], Vec::as_slice);
        // Packets of pods on the host network have its address, which no selector matches in most
        // plugins: the API leaves it undefined.
        let on_node = |held: Tri| match (other.host_network, cluster.world) {
            (false, _) => held,
            (true, World::Open) => held.at_most_unknown(Why::HostNetwork),
            (true, World::Closed) => Tri::No,
        };
        let named = held.iter().map(|(grant, held)| (grant, on_node(*held)));
        let grants = self.everyone.iter().map(|grant| (grant, Tri::Yes)).chain(named);
        self.answer(grants.map(|(grant, held)| {
            let ports = grant.ports_at(cluster, Some(destination));
            (grant.at, ports.if_so(held & grant.selects))
        }))
    }

    /// The classes that some rule matches, besides the rules for everyone.
    pub fn classes(&self) -> impl Iterator<Item = ClassId> {
        let mut classes: Vec<ClassId> = self.classes.keys().copied().collect();
        classes.sort_unstable();
        classes.into_iter()
    }

    /// Whether some rule is for everyone, or it is unknown for whom it is.
    pub fn may_be_for_all(&self) -> bool {
        !self.isolated.is_yes() || self.unsure || !self.everyone.is_empty()
    }

    /// What is allowed with an address outside the cluster. `destination` is a workload of the
    /// pods, if they are the destination.
    pub fn with_address(
        &self,
        cluster: &Cluster,
        address: IpAddr,
        destination: Option<WorkloadId>,
    ) -> Answer {
        let held = self.blocks.iter().filter(|(_, cidr, except)| {
            cidr.contains(&address) && !except.iter().any(|hole| hole.contains(&address))
        });
        let grants = self.everyone.iter().chain(held.map(|(grant, ..)| grant));
        self.answer(
            grants
                .map(|grant| (grant.at, grant.ports_at(cluster, destination).if_so(grant.selects))),
        )
    }

    /// The blocks in its rules, and their exceptions.
    pub fn blocks(&self) -> impl Iterator<Item = IpNet> {
        self.blocks
            .iter()
            .flat_map(|(_, cidr, except)| std::iter::once(cidr).chain(except))
            .copied()
    }

    fn answer(&self, grants: impl Iterator<Item = (At, Allowed)>) -> Answer {
        let mut answer = Answer::default();
        for (at, allowed) in grants.filter(|(_, allowed)| !allowed.is_nothing()) {
            answer.allowed = &answer.allowed | &allowed;
            answer.by.push(at);
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
}

impl Grant {
    /// Of a rule.
    pub(super) fn of(rule: &TrafficRule, at: At, selects: Tri) -> Self {
        let (ports, has_names) = numbers(rule);
        Self { at, selects, ports, has_names }
    }

    /// Its ports on the pods of `destination`; an address outside the cluster has no port names.
    pub(super) fn ports_at(&self, cluster: &Cluster, destination: Option<WorkloadId>) -> Allowed {
        let Some(workload) = destination.filter(|_| self.has_names) else {
            return self.ports.clone();
        };
        let Spot::Rule(direction, index) = self.at.spot else {
            return self.ports.clone();
        };
        let rule = cluster.policy(self.at.policy).rule(direction, index);
        let mut named = PortSet::default();
        for entry in rule.map_or(&[][..], TrafficRule::port_list) {
            let (Some(PortRef::Name(name)), Some(protocol)) =
                (entry.port.get(), entry.effective_protocol())
            else {
                continue;
            };
            // By name and protocol; the first that fits (API reference, NetworkPolicyPort).
            let declared = &cluster.workload(workload).workload.ports;
            let fits = declared.iter().find(|port| {
                port.name.as_deref() == Some(name.as_str()) && port.protocol == protocol
            });
            if let Some(port) = fits {
                named.insert(protocol, port.number, port.number);
            }
        }
        &self.ports | &Allowed::exactly(named)
    }
}

/// The ports of a rule that are given by number, and whether it has some by name.
fn numbers(rule: &TrafficRule) -> (Allowed, bool) {
    if rule.ports.is_wrong() {
        return (Allowed::unknown(), false);
    }
    if rule.is_for_all_ports() {
        return (Allowed::everything(), false);
    }
    let mut ports = Allowed::default();
    let mut has_names = false;
    for entry in rule.port_list() {
        match number(entry) {
            Some(allowed) => ports = &ports | &allowed,
            None => has_names = true,
        }
    }
    (ports, has_names)
}

/// The ports of one entry; `None` if they are given by name.
fn number(entry: &PortEntry) -> Option<Allowed> {
    let Some(protocol) = entry.effective_protocol().filter(|_| !entry.wrong) else {
        return Some(Allowed::unknown());
    };
    match &entry.port {
        Field::Given(PortRef::Name(_), _) => None,
        Field::Given(PortRef::Placeholder(_), _) => {
            let any = Allowed::exactly(PortSet::range(protocol, 1, u16::MAX));
            Some(any.if_so(Tri::Unknown(Why::Placeholder)))
        }
        _ => Some(match entry.range() {
            Some((first, last)) => Allowed::exactly(PortSet::range(protocol, first, last)),
            None => Allowed::unknown(),
        }),
    }
}
