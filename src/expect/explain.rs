//! Why an expectation is not kept: who is at either end, which policies isolate them, which rules
//! allow the connection and which come nearest to it.

use std::net::IpAddr;

use super::end::{End, Named, display_name, is_workload};
use super::judge::{Outcome, Verdict, is_unknown};
use super::read::Expected;
use crate::model::{At, Direction, PolicyId, Protocol, Spot};
use crate::reach::{self, Endpoint, Port, PortSet};
use crate::resolve::{Cluster, Subject, Tri, Why, WorkloadId, dns_labels};
use crate::text::Span;

/// A line, and what it has to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// Where.
    pub span: Span,
    /// What stands there, in a few words.
    pub message: String,
}

/// The most policies of each side that are shown.
const SHOWN: usize = 3;

/// A connection that is not as it is expected to be.
pub(super) struct Asked<'a> {
    pub(super) cluster: &'a Cluster,
    pub(super) expected: Expected,
    pub(super) from: &'a End,
    pub(super) to: &'a End,
    pub(super) ports: &'a PortSet,
    pub(super) address: Option<IpAddr>,
    /// The names of the ends, as they are written.
    pub(super) names: (&'a [Named], &'a [Named]),
}

/// Says what is wrong, for one pair and `more` like it.
pub(super) fn verdict(asked: &Asked<'_>, outcome: Outcome, more: usize) -> Verdict {
    let (from, to) = (asked.name(asked.from, asked.names.0), asked.name(asked.to, asked.names.1));
    let ports = match asked.ports.is_all() {
        true => "any port".to_owned(),
        false => asked.ports.to_string(),
    };
    let more = match more {
        0 => String::new(),
        1 => " (and one more pair)".to_owned(),
        more => format!(" (and {more} more pairs)"),
    };
    let mut sides = Vec::new();
    for direction in [Direction::Egress, Direction::Ingress] {
        sides.extend(asked.side(direction));
    }
    let message = match (outcome, asked.expected) {
        (Outcome::Unknown, _) => format!(
            "whether `{from}` can connect to `{to}` on {ports} depends on what the repository does \
             not show{more}"
        ),
        (_, Expected::Allow) => {
            let who: Vec<&str> = sides
                .iter()
                .filter(|side| side.verdict.allowed.is_no())
                .map(|side| side.who.as_str())
                .collect();
            let why = match who.len() {
                0 => String::new(),
                1 => format!(": {} rejects it", who[0]),
                _ => format!(": {} reject it", who.join(" and ")),
            };
            format!("`{from}` can't connect to `{to}` on {ports}, and is expected to{why}{more}")
        }
        (_, Expected::Deny) => {
            let free = sides.iter().filter(|side| side.verdict.isolating.is_empty());
            let who: Vec<&str> = free.map(|side| side.who.as_str()).collect();
            let why = match who.is_empty() {
                true => String::new(),
                false => format!(": no policy isolates {}", who.join(" or ")),
            };
            format!("`{from}` can connect to `{to}` on {ports}, and is expected not to{why}{more}")
        }
    };
    let help = match (outcome, asked.expected) {
        (Outcome::Unknown, _) => {
            "show what is missing (--inventory, a policy that says it), or drop the expectation"
        }
        (_, Expected::Allow) => "add a rule that allows it on each side that rejects it",
        (_, Expected::Deny) => "narrow a rule on one of the two sides, or isolate one of them",
    };
    let evidence = sides.iter().flat_map(|side| side.evidence(asked)).collect();
    Verdict { outcome, message, help: help.to_owned(), evidence }
}

/// Whether the cluster's DNS takes queries: unknown where policies of its namespace may isolate it.
pub(super) fn dns_takes(cluster: &Cluster) -> Tri {
    let Some(namespace) = cluster.namespace_named(cluster.profile.dns_namespace()) else {
        return Tri::Yes;
    };
    let isolates = |id: &PolicyId| {
        let policy = cluster.policy(*id);
        let selector = policy.pod_selector.get();
        policy.isolates(Direction::Ingress)
            && selector.is_none_or(|it| !dns_labels(it, cluster.profile).is_no())
    };
    match cluster.namespace(namespace).policies.iter().any(isolates) {
        true => Tri::Unknown(Why::SelectorOnly),
        false => Tri::Yes,
    }
}

/// One side of a connection.
struct Side {
    direction: Direction,
    /// `the egress of shop/api`.
    who: String,
    verdict: reach::Verdict,
}

impl Asked<'_> {
    /// An end, for people: what is written where that names one workload, else an example.
    fn name(&self, end: &End, names: &[Named]) -> String {
        match end {
            End::Pods(_, workloads) => display_name(self.cluster, workloads[0]),
            End::Dns => "dns".to_owned(),
            End::ApiServer => "apiserver".to_owned(),
            End::Addresses(_) => {
                let mut written = names.iter().filter(|name| !is_workload(&name.text));
                match (written.next(), written.next(), self.address) {
                    (Some(only), None, _) => only.text.clone(),
                    (_, _, Some(address)) => address.to_string(),
                    (first, ..) => first.map_or("internet", |name| &name.text).to_owned(),
                }
            }
        }
    }

    /// One of the ports.
    fn port(&self) -> Option<Port> {
        let first = |protocol| {
            let number = self.ports.of(protocol).first()?;
            Some(Port { protocol, number })
        };
        // A port that people know before one that they do not.
        [Protocol::Tcp, Protocol::Udp, Protocol::Sctp].into_iter().find_map(first)
    }

    fn side(&self, direction: Direction) -> Option<Side> {
        let (own, other) = match direction {
            Direction::Egress => (self.from, self.to),
            Direction::Ingress => (self.to, self.from),
        };
        let End::Pods(_, workloads) = own else { return None };
        let own = other_than(workloads, other);
        let other = match other {
            End::Pods(_, others) => Endpoint::Workload(*others.iter().find(|it| **it != own)?),
            End::Dns => Endpoint::ClusterDns,
            End::Addresses(_) | End::ApiServer => Endpoint::Address(self.address?),
        };
        let subject = Subject::Workload(own);
        let verdict = reach::side(self.cluster, direction, subject, other, self.port()?);
        let what = match direction {
            Direction::Egress => "egress",
            Direction::Ingress => "ingress",
        };
        let who = format!("the {what} of `{}`", display_name(self.cluster, own));
        Some(Side { direction, who, verdict })
    }

    fn policy(&self, id: PolicyId) -> String {
        format!("`{}`", self.cluster.policy_name(id))
    }

    /// The place; the policy's name where it is not written, as `podSelector` need not be.
    fn span(&self, at: At) -> Span {
        let written = self.cluster.place_of(at).map(|(span, _)| span);
        written.unwrap_or_else(|| self.cluster.head(at.policy).name_span)
    }
}

/// A workload of a list that is not the only one of the other end.
fn other_than(workloads: &[WorkloadId], other: &End) -> WorkloadId {
    match other {
        End::Pods(_, others) if others.len() == 1 => {
            workloads.iter().copied().find(|it| *it != others[0]).unwrap_or(workloads[0])
        }
        _ => workloads[0],
    }
}

impl Side {
    fn evidence(&self, asked: &Asked<'_>) -> Vec<Evidence> {
        let mut evidence = Vec::new();
        let mut add = |at: At, message: String| {
            evidence.push(Evidence { span: asked.span(at), message });
        };
        let who = &self.who;
        if self.verdict.allowed.is_no() {
            for at in self.verdict.denied_by.iter().take(SHOWN) {
                add(*at, format!("this rule of policy {} denies it", asked.policy(at.policy)));
            }
            for &policy in self.verdict.isolating.iter().take(SHOWN) {
                let name = asked.policy(policy);
                let at = At { policy, spot: Spot::PodSelector };
                add(at, format!("policy {name} isolates {who} here"));
            }
            if let Some(miss) = self.verdict.nearest {
                let name = asked.policy(miss.at.policy);
                let (fits, lacks) = match miss.only_ports {
                    true => ("peers", "ports"),
                    false => ("ports", "peers"),
                };
                let what =
                    format!("the nearest rule of {name}: its {fits} match, its {lacks} do not");
                add(miss.at, what);
            }
            return evidence;
        }
        let may = if is_unknown(self.verdict.allowed) { "may allow" } else { "allows" };
        for at in self.verdict.by.iter().take(SHOWN) {
            let direction = match self.direction {
                Direction::Egress => "egress",
                Direction::Ingress => "ingress",
            };
            let name = asked.policy(at.policy);
            add(*at, format!("this {direction} rule of policy {name} {may} it"));
        }
        evidence
    }
}
