//! Ports of these kinds that are not ports of the pods that are connected to.

use super::super::{Context, Finding, Rule, port_protocol_mismatch, undeclared_port, words};
use super::selectors::destinations;
use super::{Statement, Tiered};
use crate::model::tiered::{Action, Entry};
use crate::model::{ContainerPort, PortRef, Protocol};
use crate::resolve::WorkloadId;

/// An entry of a rule that allows, and the pods that are connected to: all of them are shown.
struct Allowed<'a> {
    statement: Statement<'a>,
    entry: Entry<'a>,
    pods: &'a [WorkloadId],
}

/// What `finding` says of each entry of a policy's rules that allow something, where all pods that
/// are connected to are shown.
fn each(
    cx: &Context<'_>,
    of: &Tiered<'_>,
    findings: &mut Vec<Finding>,
    finding: impl Fn(&Allowed<'_>) -> Option<Finding>,
) {
    for statement in of.rules().filter(Statement::allows) {
        let entries = statement.rule.flow.entries();
        if entries.iter().all(|entry| entry.term.port.is_none()) {
            continue;
        }
        let Some(pods) = destinations(cx, of, &statement) else { continue };
        for (nth, entry) in entries.into_iter().enumerate() {
            let found = finding(&Allowed { statement, entry, pods: &pods });
            findings.extend(found.map(|made| of.finding_on(cx, &statement, nth, made)));
        }
    }
}

/// `service-port-not-pod-port`: the port of a Service, which translates it to another.
pub(crate) fn service_ports(
    cx: &Context<'_>,
    of: &Tiered<'_>,
    rule: &'static Rule,
    findings: &mut Vec<Finding>,
) {
    each(cx, of, findings, |allowed| {
        let number = allowed.entry.number()?;
        let (service, target) = translated(cx, allowed.pods, &allowed.entry, number)?;
        let message = format!(
            "port {number} is the port of Service {}, which sends to port {target} of {}: policies \
             see the port of the pod",
            words::quoted(&service),
            words::workloads(cx, allowed.pods)
        );
        Some(Finding::new(rule, allowed.entry.term.span, message, format!("write port {target}")))
    });
}

/// The Service that translates a number to another one for some of the pods, where none of them
/// listens on it and no Service sends to it.
fn translated(
    cx: &Context<'_>,
    pods: &[WorkloadId],
    entry: &Entry<'_>,
    number: u16,
) -> Option<(String, u16)> {
    let mut found = None;
    for &pod in pods {
        let declared = &cx.cluster.workload(pod).workload.ports;
        if declared.iter().any(|port| port.number == number) {
            return None;
        }
        for (head, service) in cx.cluster.services_of(pod) {
            if service.headless {
                continue;
            }
            for port in service.ports.iter().filter(|port| entry.protocols.has(port.protocol)) {
                let target = match &port.target {
                    None => Some(port.port),
                    Some(PortRef::Number(number)) => Some(*number),
                    Some(PortRef::Name(name)) => {
                        let named = declared.iter().find(|own| own.name.as_ref() == Some(name));
                        named.map(|own| own.number)
                    }
                    Some(PortRef::Placeholder(_)) => None,
                };
                match target {
                    None => return None,
                    Some(target) if target == number => return None,
                    Some(target) if port.port == number => {
                        found.get_or_insert((head.name.to_string(), target));
                    }
                    Some(_) => {}
                }
            }
        }
    }
    found
}

/// `unknown-named-port`: a name that no pod that is connected to has.
pub(crate) fn named_ports(
    cx: &Context<'_>,
    of: &Tiered<'_>,
    rule: &'static Rule,
    findings: &mut Vec<Finding>,
) {
    each(cx, of, findings, |allowed| {
        let Entry { term, protocols } = allowed.entry;
        let Some(PortRef::Name(name)) = &term.port else { return None };
        let fits = |port: &ContainerPort| {
            protocols.has(port.protocol)
                && port.name.as_ref().is_some_and(|own| own.eq_ignore_ascii_case(name))
        };
        let has = |pod: &WorkloadId| cx.cluster.workload(*pod).workload.ports.iter().any(fits);
        if allowed.pods.iter().any(has) {
            return None;
        }
        let message = format!(
            "no container of {} has a port named {}: the entry allows nothing",
            words::workloads(cx, allowed.pods),
            words::quoted(name)
        );
        let help = "write the number of the port, or name it in the container";
        Some(Finding::new(rule, term.span, message, help))
    });
}

/// `port-protocol-mismatch`: the number of a port that the pods declare over another protocol.
pub(crate) fn protocols(
    cx: &Context<'_>,
    of: &Tiered<'_>,
    rule: &'static Rule,
    findings: &mut Vec<Finding>,
) {
    each(cx, of, findings, |allowed| {
        let (number, protocol) = single(&allowed.entry)?;
        let declared =
            port_protocol_mismatch::declared_otherwise(cx, allowed.pods, number, protocol)?;
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

/// `undeclared-port`: a number that none of the pods declares, although they declare others.
pub(crate) fn undeclared(
    cx: &Context<'_>,
    of: &Tiered<'_>,
    _: &'static Rule,
    findings: &mut Vec<Finding>,
) {
    each(cx, of, findings, |allowed| {
        let number = allowed.entry.number()?;
        let place = allowed.entry.term.span;
        undeclared_port::is_declared_nowhere(cx, allowed.pods, number)
            .then(|| undeclared_port::described(cx, place, number, allowed.pods))
    });
}
