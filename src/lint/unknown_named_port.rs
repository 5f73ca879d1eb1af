//! A named port that none of the pods has.

use strsim::jaro_winkler;

use super::{Check, Confidence, Context, Finding, Rule, Severity, words};
use crate::model::{At, ContainerPort, Field, PolicyId, PortRef, Protocol, Spot};
use crate::resolve::WorkloadId;
use crate::text::Span;

/// The rule.
pub static RULE: Rule = Rule {
    id: "unknown-named-port",
    severity: Severity::Error,
    confidence: Confidence::High,
    pedantic: false,
    page: include_str!("../../rules/unknown-named-port.md"),
    check: Check::EachKind(check, super::tiered::ports::named_ports),
};

fn check(cx: &Context<'_>, id: PolicyId, findings: &mut Vec<Finding>) {
    for rule in cx.rules_with_destinations(id) {
        let Some(pods) = rule.closed_destinations() else {
            continue;
        };
        let ports = cx.cluster.policy(id).rule(rule.direction, rule.index).map(|r| r.port_list());
        for (nth, entry) in (0u32..).zip(ports.unwrap_or_default()) {
            let (Field::Given(PortRef::Name(name), place), Some(protocol)) =
                (&entry.port, entry.effective_protocol())
            else {
                continue;
            };
            let declared = || pods.iter().flat_map(|n| &cx.cluster.workload(*n).workload.ports);
            let named = |port: &&ContainerPort| port.name.as_deref() == Some(name.as_str());
            if declared().any(|port| named(&port) && port.protocol == protocol) {
                continue;
            }
            let at = At { policy: id, spot: Spot::Port(rule.direction, rule.index, nth) };
            let asked = Asked { name, protocol, place: place.key };
            findings.push(finding(cx, at, &asked, pods, declared().find(named)));
        }
    }
}

struct Asked<'a> {
    name: &'a str,
    protocol: Protocol,
    place: Span,
}

fn finding(
    cx: &Context<'_>,
    at: At,
    asked: &Asked<'_>,
    pods: &[WorkloadId],
    other_protocol: Option<&ContainerPort>,
) -> Finding {
    let who = words::workloads(cx, pods);
    let name = words::quoted(asked.name);
    if let Some(port) = other_protocol {
        let message = format!(
            "port {name} of {who} is {}, but this entry is {}: it allows nothing",
            port.protocol, asked.protocol
        );
        let help = format!("write `protocol: {}`", port.protocol);
        let finding = Finding::new(&RULE, asked.place, message, help).about(cx, at);
        return finding.related(port.span, format!("{name} is declared here"));
    }
    let message =
        format!("no container of {who} has a port named {name}: this entry allows nothing");
    let near = nearest(cx, pods, asked);
    let help = match near {
        Some(port) => format!(
            "write `port: {}` (the name of port {}), or the number",
            port.name.as_deref().unwrap_or_default(),
            port.number
        ),
        None => "write the port number, or add this name to the container's port".to_owned(),
    };
    let finding = Finding::new(&RULE, asked.place, message, help).about(cx, at);
    match near {
        Some(port) => finding.related(
            port.span,
            format!(
                "this port is named {}",
                words::quoted(port.name.as_deref().unwrap_or_default())
            ),
        ),
        None => finding,
    }
}

/// The named port with the most similar name; if there is only one, that one.
fn nearest<'a>(
    cx: &Context<'a>,
    pods: &[WorkloadId],
    asked: &Asked<'_>,
) -> Option<&'a ContainerPort> {
    let cluster = cx.cluster;
    let named: Vec<&ContainerPort> = pods
        .iter()
        .flat_map(|n| &cluster.workload(*n).workload.ports)
        .filter(|port| port.name.is_some() && port.protocol == asked.protocol)
        .collect();
    let likeness = |port: &&ContainerPort| {
        port.name.as_deref().map_or(0.0, |name| jaro_winkler(name, asked.name))
    };
    if let [only] = named.as_slice() {
        return Some(only);
    }
    let best = named.iter().copied().max_by(|a, b| likeness(a).total_cmp(&likeness(b)))?;
    (likeness(&best) > 0.7).then_some(best)
}
