//! May this talk to that? The one place that knows how policies combine: the union of all that
//! select the pods, in three values, with the evidence. Rules ask here; none derives it anew.

mod dns;
mod rules;

pub use dns::{Dns, block_may_be_dns, dns, peer_is_own_dns, peer_may_be_dns};
pub use rules::{Destination, entry_allows, peer_matches, ports_allow};

use std::net::IpAddr;

use crate::model::{At, Direction, Policy, Protocol, Spot};
use crate::resolve::{Cluster, Subject, Tri, Why, World};

/// A port of the pods that are connected to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Port {
    /// Its protocol.
    pub protocol: Protocol,
    /// Its number on the pod, after a Service has translated.
    pub number: u16,
}

/// The other end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// The pods of a workload, by number.
    Workload(u32),
    /// The pods of the cluster's DNS, or a resolver's address on the node.
    ClusterDns,
    /// An address outside the cluster.
    Address(IpAddr),
}

/// Whether a connection is allowed in one direction, and why.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// Whether it is.
    pub allowed: Tri,
    /// The rules that allow it, or may.
    pub by: Vec<At>,
    /// The policies that isolate the pods in that direction.
    pub isolating: Vec<u32>,
    /// Where it is refused, the rule that comes nearest to allowing it.
    pub nearest: Option<Miss>,
}

/// A rule that almost allows a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Miss {
    /// The rule.
    pub at: At,
    /// Whether its peers fit and only its ports do not; else it is the other way round.
    pub only_ports: bool,
}

/// Whether policies let `subject` send to `other` (egress), or be reached by it (ingress), on
/// that port. One side of a connection; both must allow it.
///
/// A pod that no policy isolates in that direction may do everything; one that is isolated may do
/// what some rule of some policy that selects it allows (API reference, NetworkPolicySpec).
pub fn side(
    cluster: &Cluster,
    direction: Direction,
    subject: Subject,
    other: Endpoint,
    port: Port,
) -> Verdict {
    let mut verdict =
        Verdict { allowed: Tri::No, by: Vec::new(), isolating: Vec::new(), nearest: None };
    if let Some(decided) = outside_policies(cluster, subject) {
        verdict.allowed = decided;
        return verdict;
    }
    let home = cluster.namespace_of(subject);
    let mut isolated = Tri::No;
    for &id in &cluster.namespace(home).policies {
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
    if cluster.may_have_other_policies(home) {
        verdict.allowed = Tri::Unknown(Why::OtherPolicyKind);
    }
    verdict
}

/// Pods on the node's network carry its address; whether policies apply to them is undefined by
/// the API. In the closed world they are outside every policy.
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
pub fn may(cluster: &Cluster, from: u32, to: u32, port: Port) -> Tri {
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
    fn ask(&self, id: u32, policy: &Policy, selects: Tri, verdict: &mut Verdict) {
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

    /// The pods that are connected to, where names of ports are looked up.
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
