//! One connection: may this party send that to the other?

use super::Endpoint;
use super::flows;
use super::rules::{Destination, peer_matches, ports_allow};
use super::stack::{Selecting, Stack, Stacks, Statement};
use super::traffic::{Matched, Packet, Traffic};
use super::weigh::Weighed;
use crate::model::tiered::{Ends, Entity};
use crate::model::{Direction, PolicyId, Spot};
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
    let stack = Stacks::new(cluster, direction).of(&Selecting { policies: Vec::new(), specs });
    let asked = Asked { cluster, direction, workload: None, subject, other, packet, stack: &stack };
    let own_node = match direction {
        Direction::Ingress => cluster.is_own_node(None, other),
        Direction::Egress => Tri::No,
    };
    // A health endpoint that is asked about is that of another node than the one that asks.
    let own_node = if matches!(other, Party::Node(_)) { Tri::No } else { own_node };
    asked.side(own_node)
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
    let subject = Subject::Workload(workload);
    let selecting = Selecting::of(cluster, workload);
    let stack = Stacks::new(cluster, direction).of(&selecting);
    let own_node = match direction {
        Direction::Ingress => cluster.is_own_node(Some(workload), other),
        Direction::Egress => Tri::No,
    };
    let party = Party::Workload(workload);
    let (workload, subject_party) = (Some(workload), &party);
    let asked = Asked {
        cluster,
        direction,
        workload,
        subject: subject_party,
        other,
        packet,
        stack: &stack,
    };
    let mut side = asked.side(own_node);
    // What policies of another bundle would change is not known.
    let foreign = match cluster.world {
        World::Open => workload.map_or_else(Vec::new, |number| cluster.foreign_specs(number)),
        World::Closed => Vec::new(),
    };
    if !foreign.is_empty() {
        let specs = selecting.specs.iter().copied().chain(foreign).collect();
        let all = Selecting { policies: selecting.policies, specs };
        let stack = Stacks::new(cluster, direction).of(&all);
        if (Asked { stack: &stack, ..asked }).side(own_node).allowed != side.allowed {
            side.allowed = Tri::Unknown(Why::OtherPolicyKind);
        }
    }
    if cluster.has_unevaluated_policies(cluster.namespace_of(subject)) {
        side.allowed = Tri::Unknown(Why::OtherPolicyKind);
    }
    side
}

/// A question about one packet.
struct Asked<'a> {
    cluster: &'a Cluster,
    direction: Direction,
    /// The subject, where it is a workload.
    workload: Option<WorkloadId>,
    subject: &'a Party,
    other: &'a Party,
    packet: Packet,
    stack: &'a Stack,
}

impl Asked<'_> {
    fn side(&self, own_node: Tri) -> Side {
        let evidence = self.stack.weigh(own_node, &|statement| self.matches(statement));
        let allowed = if evidence.allowed.sure.contains(self.packet) {
            Tri::Yes
        } else if evidence.allowed.possible.contains(self.packet) {
            Tri::Unknown(Why::SelectorOnly)
        } else {
            Tri::No
        };
        Side { allowed, evidence, isolating: self.stack.isolating.clone() }
    }

    fn matches(&self, statement: &Statement) -> Matched {
        if let Some(answer) = self.of_kubernetes_to_dns(statement) {
            return Matched::exactly(Traffic::all()).if_so(answer);
        }
        let rule = statement.rule();
        let asker = crate::resolve::Asker { subject: self.workload, ..statement.asker };
        let own = self.cluster.ends_hold(asker, &rule.own, self.subject);
        if own.is_no() {
            return Matched::default();
        }
        let mut peer = self.cluster.ends_hold(asker, &rule.peer, self.other);
        if peer.is_no() {
            return Matched::default();
        }
        if let Party::Name(name) = self.other
            && rule.peer.terms().iter().any(|end| matches!(end, Ends::Name(_)))
        {
            peer = peer & self.learns(name);
        }
        let destination = self.destination();
        let mut flow = flows::matched(self.cluster, &rule.flow, destination);
        let home = statement.asker.home;
        if let Some(targets) = flows::of_services(self.cluster, home, &rule.peer, destination) {
            flow = &flow & &targets;
        }
        flow.if_so(own & peer)
    }

    /// Kubernetes' own policies know more ways to reach the cluster's DNS.
    fn of_kubernetes_to_dns(&self, statement: &Statement) -> Option<Tri> {
        let (Party::ClusterDns, None) = (self.other, statement.asker.kind) else {
            return None;
        };
        let (Spot::Rule(direction, index), Packet::Port(port)) = (statement.at.spot, self.packet)
        else {
            return None;
        };
        let policy = statement.at.policy;
        let rule = self.cluster.policy(policy).rule(direction, index)?;
        let ports = ports_allow(self.cluster, rule, port, Destination::ClusterDns);
        let peers = peer_matches(self.cluster, policy, rule, Endpoint::ClusterDns, port);
        Some(ports & peers)
    }

    /// The pods that are connected to, where names of ports are looked up.
    fn destination(&self) -> Destination {
        match (self.direction, self.other) {
            (Direction::Ingress, _) => {
                self.workload.map_or(Destination::Outside, Destination::Workload)
            }
            (_, Party::Workload(number)) => {
                match self.cluster.workload(*number).workload.host_network {
                    true => Destination::Outside,
                    false => Destination::Workload(*number),
                }
            }
            (_, Party::ClusterDns) => Destination::ClusterDns,
            _ => Destination::Outside,
        }
    }

    /// Whether Cilium learns the addresses of a name: only from answers to lookups that pass its
    /// DNS proxy, which a rule of any policy of the pods asks for and lets through.
    fn learns(&self, name: &str) -> Tri {
        let statements = self.stack.statements();
        Tri::any(statements.map(|statement| {
            let rule = statement.rule();
            let admits = |patterns: &Vec<_>| {
                patterns
                    .iter()
                    .any(|pattern: &crate::model::tiered::NamePattern| pattern.fits(name))
            };
            match rule.dns.as_ref().is_some_and(admits) {
                true => statement.applies & dns_peer(self.cluster, statement, self.workload),
                false => Tri::No,
            }
        }))
    }
}

/// Whether a rule with DNS patterns is one for a resolver: the cluster's DNS, or anything else in
/// the cluster that may be one.
fn dns_peer(cluster: &Cluster, statement: &Statement, workload: Option<WorkloadId>) -> Tri {
    let asker = crate::resolve::Asker { subject: workload, ..statement.asker };
    let peer = &statement.rule().peer;
    let shown = cluster.workload_ids().filter(|number| {
        cluster.workload(*number).workload.ports.iter().any(|port| matches!(port.number, 53 | 5353))
    });
    let holds = |party: Party| cluster.ends_hold(asker, peer, &party);
    Tri::any(
        std::iter::once(holds(Party::ClusterDns))
            .chain(shown.map(|number| holds(Party::Workload(number))))
            .chain(std::iter::once(holds(Party::Entity(Entity::World)))),
    )
}
