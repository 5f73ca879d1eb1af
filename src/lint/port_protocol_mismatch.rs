//! The right port with the wrong protocol.

use super::edits::{self, New, Site, quoted_like};
use super::tiered::ports::each;
use super::tiered::{Statement, Tiered};
use super::{Check, Confidence, Context, Finding, Fix, Rule, Severity, words};
use crate::model::tiered::{Action, Entry};
use crate::model::{
    At, ContainerPort, Field, PolicyId, PortEntry, PortRef, Protocol, Spot, TrafficRule,
};
use crate::resolve::WorkloadId;

/// The rule.
pub static RULE: Rule = Rule {
    id: "port-protocol-mismatch",
    severity: Severity::Warning,
    confidence: Confidence::High,
    pedantic: false,
    page: include_str!("../../rules/port-protocol-mismatch.md"),
    check: Check::EachKind(check, check_tiered),
};

fn check(cx: &Context<'_>, id: PolicyId, findings: &mut Vec<Finding>) {
    for destinations in cx.rules_with_destinations(id) {
        let (direction, index) = (destinations.direction, destinations.index);
        let (Some(pods), Some(rule)) =
            (destinations.closed_destinations(), cx.cluster.policy(id).rule(direction, index))
        else {
            continue;
        };
        for (nth, entry) in (0u32..).zip(rule.port_list()) {
            let Some((number, protocol)) = one_port(entry) else {
                continue;
            };
            let Some(declared) = declared_otherwise(cx, pods, number, protocol) else {
                continue;
            };
            if !allows_declared_too(rule, declared) {
                let at = At { policy: id, spot: Spot::Port(direction, index, nth) };
                findings.extend(finding(cx, at, entry, protocol, declared, pods));
            }
        }
        for (nth, entry) in (0u32..).zip(rule.port_list()) {
            if let Some(declared) = declared_beside(cx, pods, rule, nth as usize) {
                let at = At { policy: id, spot: Spot::Port(direction, index, nth) };
                findings.extend(twice(cx, at, entry, declared));
            }
        }
    }
}

/// The same in policies of other kinds.
fn check_tiered(
    cx: &Context<'_>,
    of: &Tiered<'_>,
    rule: &'static Rule,
    findings: &mut Vec<Finding>,
) {
    each(cx, of, findings, |allowed| {
        let (number, protocol) = single(&allowed.entry)?;
        let declared = declared_otherwise(cx, allowed.pods, number, protocol)?;
        if is_allowed_beside(of, &allowed.statement, declared) {
            return None;
        }
        let other = declared.protocol;
        let message = format!(
            "{} declares port {number} over {other}, but this entry is for {protocol}: {other} is \
             not allowed",
            words::workloads(cx, allowed.pods)
        );
        let help =
            format!("allow {number} over {other}, over {protocol} too if the pods listen on both");
        let made = Finding::new(rule, allowed.entry.term.span, message, help);
        Some(made.related(declared.span, format!("declared as {other} here")))
    });
}

/// The number and the protocol of an entry for one port.
fn single(entry: &Entry<'_>) -> Option<(u16, Protocol)> {
    let mut protocols = entry.protocols.iter();
    let protocol = protocols.next().filter(|_| protocols.next().is_none())?;
    Some((entry.number()?, protocol))
}

/// Whether the policy also lets a port as it is declared through to the same pods: Calico's rules
/// have one protocol each.
fn is_allowed_beside(of: &Tiered<'_>, statement: &Statement<'_>, declared: &ContainerPort) -> bool {
    let fits = |entry: &Entry<'_>| {
        let range = entry.term.range();
        entry.protocols.has(declared.protocol)
            && range.is_none_or(|(first, last)| (first..=last).contains(&declared.number))
    };
    of.policy.rules_of(statement.rule.spec, statement.rule.direction).any(|(_, rule)| {
        rule.action == Action::Allow
            && (rule.flow.is_everything() || rule.flow.entries().iter().any(fits))
    })
}

/// The number and protocol of an entry for one port.
pub(super) fn one_port(entry: &PortEntry) -> Option<(u16, Protocol)> {
    match (&entry.port, entry.effective_protocol(), entry.end_port.is_absent()) {
        (Field::Given(PortRef::Number(number), _), Some(protocol), true) => {
            Some((*number, protocol))
        }
        _ => None,
    }
}

/// The port that the pods declare, if every one of them declares the number and none declares it
/// with that protocol.
fn declared_otherwise<'a>(
    cx: &Context<'a>,
    pods: &[WorkloadId],
    number: u16,
    protocol: Protocol,
) -> Option<&'a ContainerPort> {
    let cluster = cx.cluster;
    let mut first = None;
    for &pod in pods {
        let ports = &cluster.workload(pod).workload.ports;
        let mut same = ports.iter().filter(|port| port.number == number).peekable();
        let declared = *same.peek()?;
        if same.any(|port| port.protocol == protocol) {
            return None;
        }
        first = first.or(Some(declared));
    }
    first
}

/// The port that the pods also declare with another protocol, if the entry repeats an earlier one:
/// one of the two was meant for that protocol.
fn declared_beside<'a>(
    cx: &Context<'a>,
    pods: &[WorkloadId],
    rule: &TrafficRule,
    nth: usize,
) -> Option<&'a ContainerPort> {
    let (number, protocol) = one_port(rule.port_list().get(nth)?)?;
    let same = |entry: &PortEntry| one_port(entry) == Some((number, protocol));
    let is_second = rule.port_list()[..nth].iter().filter(|entry| same(entry)).count() == 1;
    let mut first = None;
    for &pod in pods.iter().filter(|_| is_second) {
        let ports =
            || cx.cluster.workload(pod).workload.ports.iter().filter(|p| p.number == number);
        // Also with its own protocol: otherwise both entries are wrong, which is the other case.
        ports().find(|port| port.protocol == protocol)?;
        let other = ports().find(|port| port.protocol != protocol)?;
        first = first.or(Some(other));
    }
    first.filter(|declared| !allows_declared_too(rule, declared))
}

fn twice(cx: &Context<'_>, at: At, entry: &PortEntry, declared: &ContainerPort) -> Option<Finding> {
    let place = at.spot.key_span(cx.cluster.policy(at.policy))?;
    let (number, protocol) = one_port(entry)?;
    let other = declared.protocol;
    let message = format!(
        "port {number} over {protocol} is listed twice, but the pods also declare it over {other}: \
         {other} is not allowed"
    );
    let help = format!("write `protocol: {other}` in one of the two entries");
    let mut finding = Finding::new(&RULE, place, message, help).about(cx, at);
    let effect = format!("allows {number} over {other}");
    finding.fixes.extend(write_protocol(cx, at, entry, other, effect));
    Some(finding.related(declared.span, format!("declared as {other} here")))
}

/// Whether the same rule also allows the port with the declared protocol: then this entry is at
/// most redundant, as when DNS is allowed over both and a container declares only UDP.
fn allows_declared_too(rule: &TrafficRule, declared: &ContainerPort) -> bool {
    rule.port_list().iter().any(|entry| {
        let fits = |(from, to): (u16, u16)| (from..=to).contains(&declared.number);
        entry.effective_protocol() == Some(declared.protocol) && entry.range().is_none_or(fits)
    })
}

fn finding(
    cx: &Context<'_>,
    at: At,
    entry: &PortEntry,
    protocol: Protocol,
    declared: &ContainerPort,
    pods: &[WorkloadId],
) -> Option<Finding> {
    let place = at.spot.key_span(cx.cluster.policy(at.policy))?;
    let number = declared.number;
    let means = if entry.protocol.is_absent() {
        format!("is {protocol}, because it has no `protocol`")
    } else {
        format!("is {protocol}")
    };
    let message = format!(
        "{} declares port {number} over {}, but this entry {means}: {} is not allowed",
        words::workloads(cx, pods),
        declared.protocol,
        declared.protocol
    );
    let help = format!(
        "write `protocol: {0}`, or add an entry with `protocol: {0}` if the pods listen on both",
        declared.protocol
    );
    let mut finding = Finding::new(&RULE, place, message, help).about(cx, at);
    let effect =
        format!("allows {number} over {}, and no longer over {protocol}", declared.protocol);
    finding.fixes.extend(write_protocol(cx, at, entry, declared.protocol, effect));
    Some(finding.related(declared.span, format!("declared as {} here", declared.protocol)))
}

/// Writes the declared protocol over the existing one, or below the port.
fn write_protocol(
    cx: &Context<'_>,
    at: At,
    entry: &PortEntry,
    declared: Protocol,
    effect: String,
) -> Option<Fix> {
    let site = Site::of(cx, at.policy)?;
    let declared = declared.to_string();
    let edit = match entry.protocol.place() {
        Some(place) => {
            Some(site.replace(place.value, quoted_like(cx.text(place.value), &declared)))
        }
        None => {
            let written = site.node(at.spot)?;
            site.key_below(written, "port", "protocol", &New::text(&*declared))
        }
    };
    edits::risky(format!("Write `protocol: {declared}`"), effect, edit)
}
