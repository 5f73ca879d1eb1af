//! Ports of these kinds that are not ports of the pods that are connected to.

use super::super::{Context, Finding, Rule, words};
use super::selectors::destinations;
use super::{Statement, Tiered};
use crate::model::tiered::Entry;
use crate::model::{ContainerPort, PortRef};
use crate::resolve::WorkloadId;

/// An entry of a rule that allows, and the pods that are connected to: all of them are shown.
pub(in crate::lint) struct Allowed<'a> {
    /// The rule.
    pub statement: Statement<'a>,
    /// The entry.
    pub entry: Entry<'a>,
    /// The pods.
    pub pods: &'a [WorkloadId],
}

/// What `finding` says of each entry of a policy's rules that allow something, where all pods that
/// are connected to are shown.
pub(in crate::lint) fn each(
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
