//! Peers and ports meant as one rule, written as two.

use super::{Check, Confidence, Context, Finding, Rule, SelectorPeer, Severity, words};
use crate::model::{At, Direction, PortEntry, PortRef, Spot, TrafficRule};

/// The rule.
pub static RULE: Rule = Rule {
    id: "split-peers-and-ports",
    severity: Severity::Warning,
    confidence: Confidence::Medium,
    pedantic: false,
    page: include_str!("../../rules/split-peers-and-ports.md"),
    check: Check::Policy(check),
};

fn check(cx: &Context<'_>, id: u32, findings: &mut Vec<Finding>) {
    let policy = cx.cluster.policy(id);
    for direction in Direction::BOTH.into_iter().filter(|d| policy.isolates(*d)) {
        for (first_index, pair) in (0u32..).zip(policy.rules(direction).windows(2)) {
            let [first, second] = pair else { continue };
            let at = At { policy: id, spot: Spot::Rule(direction, first_index + 1) };
            if are_halves(first, second)
                && !is_dns_for_everyone(direction, second)
                && !is_other_port_than_the_peers(cx, direction, first_index, second)
            {
                findings.push(finding(cx, at, direction, first, second));
            }
        }
    }
}

/// Peers on every port, and then everyone on some ports.
fn are_halves(first: &TrafficRule, second: &TrafficRule) -> bool {
    let peers_only = !first.peer_list().is_empty() && first.is_for_all_ports();
    let ports_only = second.is_for_everyone() && !second.port_list().is_empty();
    peers_only && ports_only
}

/// "Names may be asked of anyone" is a usual rule of its own.
fn is_dns_for_everyone(direction: Direction, rule: &TrafficRule) -> bool {
    let is_dns = |entry: &PortEntry| match entry.port.get() {
        Some(PortRef::Number(number)) => matches!(number, 53 | 5353),
        Some(PortRef::Name(name)) => name.starts_with("dns"),
        _ => false,
    };
    direction == Direction::Egress && rule.port_list().iter().all(is_dns)
}

/// Whether the pods that the peers select declare their ports, and none is among those of the
/// second rule: then it is not about these pods, and the two were never one.
fn is_other_port_than_the_peers(
    cx: &Context<'_>,
    direction: Direction,
    first: u32,
    second: &TrafficRule,
) -> bool {
    let of_rule = |peer: &&SelectorPeer<'_>| peer.direction == direction && peer.rule == first;
    let peers = cx.selector_peers().iter().filter(of_rule);
    let mut pods = peers.flat_map(|peer| peer.means.pods.yes.iter()).peekable();
    let is_theirs = |number: u16| {
        let within = |(from, to): (u16, u16)| (from..=to).contains(&number);
        second.port_list().iter().any(|entry| entry.range().is_none_or(within))
    };
    direction == Direction::Egress
        && pods.peek().is_some()
        && pods.all(|pod| {
            let ports = &cx.cluster.workload(pod).workload.ports;
            !ports.is_empty() && !ports.iter().any(|port| is_theirs(port.number))
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
            "`{list}` and `ports` are two rules, so either is enough: those peers get in on every \
             port, and everyone gets in on {ports}"
        ),
        Direction::Egress => format!(
            "`{list}` and `ports` are two rules, so either is enough: those peers are reached on \
             every port, and everyone is reached on {ports}"
        ),
    };
    let help = "to mean those peers on those ports, write `ports` into the rule before (delete \
                its dash); if both are meant, a comment above saves the next reader the question";
    Finding::new(&RULE, second.span, message, help)
        .about(cx, at)
        .related(first.span, "the peers stand in a rule of their own")
}

fn port_words(entry: &PortEntry) -> String {
    let protocol = entry.effective_protocol().map(|p| format!(" {p}")).unwrap_or_default();
    match entry.port.get() {
        Some(port) => format!("port {}{protocol}", words::quoted(&port.to_string())),
        None => format!("every port{protocol}"),
    }
}
