//! A port that none of the pods declares, although they declare others.

use std::collections::BTreeSet;

use super::port_protocol_mismatch::one_port;
use super::tiered::Tiered;
use super::tiered::ports::each;
use super::{Check, Confidence, Context, Finding, Rule, Severity, words};
use crate::model::{At, PolicyId, PortRef, ServicePort, Spot};
use crate::resolve::WorkloadId;
use crate::text::Span;

/// The rule.
pub static RULE: Rule = Rule {
    id: "undeclared-port",
    severity: Severity::Note,
    confidence: Confidence::High,
    pedantic: true,
    page: include_str!("../../rules/undeclared-port.md"),
    check: Check::EachKind(check, check_tiered),
};

fn check(cx: &Context<'_>, id: PolicyId, findings: &mut Vec<Finding>) {
    for rule in cx.rules_with_destinations(id) {
        let Some(pods) = rule.closed_destinations() else {
            continue;
        };
        let ports = cx.cluster.policy(id).rule(rule.direction, rule.index).map(|r| r.port_list());
        for (nth, entry) in (0u32..).zip(ports.unwrap_or_default()) {
            let Some((number, _)) = one_port(entry) else {
                continue;
            };
            let at = At { policy: id, spot: Spot::Port(rule.direction, rule.index, nth) };
            let place = at.spot.key_span(cx.cluster.policy(id));
            let place = place.filter(|_| is_declared_nowhere(cx, pods, number));
            findings.extend(place.map(|it| described(cx, it, number, pods).about(cx, at)));
        }
    }
}

/// The same in policies of other kinds.
fn check_tiered(cx: &Context<'_>, of: &Tiered<'_>, _: &'static Rule, findings: &mut Vec<Finding>) {
    each(cx, of, findings, |allowed| {
        let number = allowed.entry.number()?;
        let place = allowed.entry.term.span;
        is_declared_nowhere(cx, allowed.pods, number)
            .then(|| described(cx, place, number, allowed.pods))
    });
}

/// Whether none of the pods can be meant to listen on a port.
fn is_declared_nowhere(cx: &Context<'_>, pods: &[WorkloadId], number: u16) -> bool {
    !is_sidecar_port(number) && !pods.iter().any(|pod| may_have(cx, *pod, number))
}

/// Whether a pod may listen on it: it declares the port, or none at all (declaring is optional), or
/// a Service sends to it.
fn may_have(cx: &Context<'_>, pod: WorkloadId, number: u16) -> bool {
    let declared = &cx.cluster.workload(pod).workload.ports;
    let sends = |port: &ServicePort| match &port.target {
        None => port.port == number,
        Some(PortRef::Number(target)) => *target == number,
        // A name only matches a declared port.
        Some(PortRef::Name(_)) => false,
        Some(PortRef::Placeholder(_)) => true,
    };
    declared.is_empty()
        || declared.iter().any(|port| port.number == number)
        || cx.cluster.services_of(pod).any(|(_, service)| service.ports.iter().any(sends))
}

/// Ports of the sidecars that Istio and Linkerd inject into pods
/// (istio.io/latest/docs/ops/deployment/application-requirements, linkerd2 charts/partials).
fn is_sidecar_port(number: u16) -> bool {
    matches!(number, 15000..=15099 | 4140 | 4143 | 4190 | 4191)
}

/// What is wrong with a port at `place` that none of the pods declares.
fn described(cx: &Context<'_>, place: Span, number: u16, pods: &[WorkloadId]) -> Finding {
    let declared = || pods.iter().flat_map(|n| &cx.cluster.workload(*n).workload.ports);
    let numbers: BTreeSet<u16> = declared().map(|port| port.number).collect();
    let numbers: Vec<String> = numbers.iter().map(ToString::to_string).collect();
    let word = if numbers.len() == 1 { "port" } else { "ports" };
    let message = format!(
        "{} does not declare port {number}: its containers declare {word} {}",
        words::workloads(cx, pods),
        words::list(&numbers, 5)
    );
    let help = format!(
        "write the intended port, or declare {number} under the container's `ports` if the pods \
         listen on it"
    );
    let finding = Finding::new(&RULE, place, message, help);
    match declared().next() {
        Some(port) => finding.related(port.span, format!("port {} is declared here", port.number)),
        None => finding,
    }
}
