//! Ports of these kinds that are not ports of the pods that are connected to.

use super::super::{Context, Finding, Rule, words};
use super::selectors::destinations;
use super::{Statement, Tiered};
use crate::bundle::ObjectId;
use crate::model::PortRef;
use crate::model::tiered::PortTerm;
use crate::resolve::WorkloadId;

/// `service-port-not-pod-port`: the port of a Service, which translates it to another.
pub(crate) fn service_ports(
    cx: &Context<'_>,
    id: ObjectId,
    rule: &'static Rule,
    findings: &mut Vec<Finding>,
) {
    let Some(of) = Tiered::of(cx, id) else { return };
    for statement in of.rules().filter(Statement::allows) {
        let ports = numbers(&statement);
        if ports.is_empty() {
            continue;
        }
        let Some(pods) = destinations(cx, &of, &statement) else { continue };
        for (term, number) in ports {
            let Some((service, target)) = translated(cx, &pods, term, number) else { continue };
            let message = format!(
                "port {number} is the port of Service {}, which sends to port {target} of {}: \
                 policies see the port of the pod",
                words::quoted(&service),
                words::workloads(cx, &pods)
            );
            let help = format!("write port {target}");
            let made = Finding::new(rule, term.span, message, help);
            findings.push(of.finding_in(cx, &statement, made));
        }
    }
}

/// The single numbers among the ports of a rule.
fn numbers<'a>(statement: &Statement<'a>) -> Vec<(&'a PortTerm, u16)> {
    let ports = statement.rule.flow.ports().into_iter();
    ports
        .filter_map(|term| match (&term.port, term.last) {
            (Some(PortRef::Number(number)), None) => Some((term, *number)),
            _ => None,
        })
        .collect()
}

/// The Service that translates a number to another one for some of the pods, where none of them
/// listens on it and no Service sends to it.
fn translated(
    cx: &Context<'_>,
    pods: &[WorkloadId],
    term: &PortTerm,
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
            for port in service.ports.iter().filter(|port| term.protocols.has(port.protocol)) {
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
    id: ObjectId,
    rule: &'static Rule,
    findings: &mut Vec<Finding>,
) {
    let Some(of) = Tiered::of(cx, id) else { return };
    for statement in of.rules().filter(Statement::allows) {
        let ports = statement.rule.flow.ports();
        let named: Vec<(&PortTerm, &str)> = ports
            .into_iter()
            .filter_map(|term| match &term.port {
                Some(PortRef::Name(name)) => Some((term, name.as_str())),
                _ => None,
            })
            .collect();
        if named.is_empty() {
            continue;
        }
        let Some(pods) = destinations(cx, &of, &statement) else { continue };
        for (term, name) in named {
            let has = |pod: &WorkloadId| {
                let declared = &cx.cluster.workload(*pod).workload.ports;
                declared.iter().any(|port| {
                    term.protocols.has(port.protocol)
                        && port.name.as_ref().is_some_and(|own| own.eq_ignore_ascii_case(name))
                })
            };
            if pods.iter().any(has) {
                continue;
            }
            let message = format!(
                "no container of {} has a port named {}: the entry allows nothing",
                words::workloads(cx, &pods),
                words::quoted(name)
            );
            let help = "write the number of the port, or name it in the container";
            let made = Finding::new(rule, term.span, message, help);
            findings.push(of.finding_in(cx, &statement, made));
        }
    }
}
