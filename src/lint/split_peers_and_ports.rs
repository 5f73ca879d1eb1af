//! Peers and ports meant as one rule, written as two.

use super::edits::{self, Site};
use super::{Check, Confidence, Context, Finding, Fix, Rule, Severity, remarks, words};
use crate::model::{At, Direction, PolicyId, PortEntry, PortRef, Spot, TrafficRule};
use crate::resolve::WorkloadId;

/// The rule.
pub static RULE: Rule = Rule {
    id: "split-peers-and-ports",
    severity: Severity::Warning,
    confidence: Confidence::Medium,
    pedantic: false,
    page: include_str!("../../rules/split-peers-and-ports.md"),
    check: Check::EachKind(check, super::tiered::shape::split_rules),
};

fn check(cx: &Context<'_>, id: PolicyId, findings: &mut Vec<Finding>) {
    let policy = cx.cluster.policy(id);
    for direction in Direction::BOTH.into_iter().filter(|d| policy.isolates(*d)) {
        for (first_index, pair) in (0u32..).zip(policy.rules(direction).windows(2)) {
            let [first, second] = pair else { continue };
            let at = At { policy: id, spot: Spot::Rule(direction, first_index + 1) };
            if !are_halves(first, second)
                || is_dns_for_everyone(direction, second)
                || is_explained(cx, second)
            {
                continue;
            }
            if let Some(sure) = confidence(cx, direction, first_index, first, second) {
                findings.push(finding(cx, at, direction, first, second).confidence(sure));
            }
        }
    }
}

/// Whether a comment says what the second rule is for: then it is one.
fn is_explained(cx: &Context<'_>, second: &TrafficRule) -> bool {
    remarks::remarks(cx, second.span).into_iter().any(remarks::is_prose)
}

/// Peers on every port, and then everyone on some ports. Who writes `from: []` means everyone.
fn are_halves(first: &TrafficRule, second: &TrafficRule) -> bool {
    let peers_only = !first.peer_list().is_empty() && first.is_for_all_ports();
    let ports_only = second.peers.is_absent() && !second.port_list().is_empty();
    peers_only && ports_only
}

/// "DNS to anyone" is a usual rule of its own.
fn is_dns_for_everyone(direction: Direction, rule: &TrafficRule) -> bool {
    let is_dns = |entry: &PortEntry| match entry.port.get() {
        Some(PortRef::Number(number)) => matches!(number, 53 | 5353),
        Some(PortRef::Name(name)) => name.starts_with("dns"),
        _ => false,
    };
    direction == Direction::Egress && rule.port_list().iter().all(is_dns)
}

/// The confidence that the two were meant as one; `None` if they certainly were not.
fn confidence(
    cx: &Context<'_>,
    direction: Direction,
    index: u32,
    first: &TrafficRule,
    second: &TrafficRule,
) -> Option<Confidence> {
    let peers = cx.peers_of_rule(direction, index).iter();
    let pods: Vec<WorkloadId> = peers.flat_map(|peer| peer.means.pods.yes.iter()).collect();
    if direction == Direction::Egress && !pods.is_empty() {
        let ports = |pod: &WorkloadId| &cx.cluster.workload(*pod).workload.ports;
        let is_its = |pod: &WorkloadId| ports(pod).iter().any(|port| holds(second, port.number));
        if pods.iter().any(is_its) {
            return Some(RULE.confidence);
        }
        // They declare other ports, so the second rule is for others.
        if pods.iter().all(|pod| !ports(pod).is_empty()) {
            return None;
        }
    }
    let is_guess = is_whole_home(first) || direction == Direction::Egress && is_web(second);
    Some(if is_guess { Confidence::Low } else { RULE.confidence })
}

fn holds(rule: &TrafficRule, number: u16) -> bool {
    let within = |(from, to): (u16, u16)| (from..=to).contains(&number);
    rule.port_list().iter().any(|entry| entry.range().is_none_or(within))
}

/// "Our own namespace on every port, and everyone on this one" is a usual way to open a public
/// server.
fn is_whole_home(rule: &TrafficRule) -> bool {
    rule.peer_list().iter().all(|peer| {
        let everything = peer.pod_selector.get().is_some_and(|selector| selector.is_empty());
        everything && peer.namespace_selector.is_absent()
    })
}

/// The ports of the web and of the API server, to which many policies allow egress anywhere.
fn is_web(rule: &TrafficRule) -> bool {
    rule.port_list().iter().all(|entry| match entry.port.get() {
        Some(PortRef::Number(number)) => matches!(number, 53 | 80 | 443 | 6443),
        Some(PortRef::Name(name)) => name.starts_with("dns") || name.starts_with("http"),
        _ => false,
    })
}

fn finding(
    cx: &Context<'_>,
    at: At,
    direction: Direction,
    first: &TrafficRule,
    second: &TrafficRule,
) -> Finding {
    let list = direction.peers_field();
    let ports: Vec<String> = second.port_list().iter().map(port_words).collect();
    let ports = words::list(&ports, 3);
    let message = match direction {
        Direction::Ingress => format!(
            "`{list}` and `ports` are separate rules, so either is enough: those peers are allowed \
             in on every port, and everyone is allowed in on {ports}"
        ),
        Direction::Egress => format!(
            "`{list}` and `ports` are separate rules, so either is enough: those peers can be \
             reached on every port, and everyone on {ports}"
        ),
    };
    let help = "to allow only those peers on those ports, move `ports` into the rule above (delete \
                its dash); if both rules are intended, suppress this with a comment that says why";
    let mut finding = Finding::new(&RULE, second.span, message, help)
        .about(cx, at)
        .related(first.span, "the peers are a separate rule");
    finding.fixes.extend(join(cx, at));
    finding
}

/// Makes the ports part of the rule before.
fn join(cx: &Context<'_>, at: At) -> Option<Fix> {
    let Spot::Rule(direction, second) = at.spot else {
        return None;
    };
    let site = Site::of(cx, at.policy)?;
    let first = site.node(Spot::Rule(direction, second.checked_sub(1)?))?;
    let effect = "no longer allows other ports to those peers, or these ports to everyone else";
    edits::risky(
        "Merge peers and ports into one rule",
        effect,
        site.join(first, site.node(at.spot)?),
    )
}

fn port_words(entry: &PortEntry) -> String {
    let protocol = entry.effective_protocol().map(|p| format!(" {p}")).unwrap_or_default();
    match entry.port.get() {
        Some(port) => format!("port {}{protocol}", words::quoted(&port.to_string())),
        None => format!("every port{protocol}"),
    }
}
