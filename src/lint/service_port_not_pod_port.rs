//! The port of a Service in a policy that needs the port of its pods.

use super::edits::{self, Site};
use super::{Check, Confidence, Context, Finding, Fix, Rule, Severity, words};
use crate::bundle::Head;
use crate::model::{
    At, ContainerPort, Field, PolicyId, PortEntry, PortRef, Protocol, Service, ServicePort, Spot,
};
use crate::resolve::WorkloadId;

/// The rule.
pub static RULE: Rule = Rule {
    id: "service-port-not-pod-port",
    severity: Severity::Error,
    confidence: Confidence::High,
    pedantic: false,
    page: include_str!("../../rules/service-port-not-pod-port.md"),
    check: Check::EachKind(check, super::tiered::ports::service_ports),
};

fn check(cx: &Context<'_>, id: PolicyId, findings: &mut Vec<Finding>) {
    for rule in cx.rules_with_destinations(id) {
        let Some(pods) = &rule.shown else {
            continue;
        };
        let ports = cx.cluster.policy(id).rule(rule.direction, rule.index).map(|r| r.port_list());
        for (nth, entry) in (0u32..).zip(ports.unwrap_or_default()) {
            let (Field::Given(PortRef::Number(number), place), Some(protocol), true) =
                (&entry.port, entry.effective_protocol(), entry.end_port.is_absent())
            else {
                continue;
            };
            let asked = Asked { number: *number, protocol };
            if let Some(mapping) = asked.is_only_a_service_port(cx, pods) {
                let at = At { policy: id, spot: Spot::Port(rule.direction, rule.index, nth) };
                // In an open namespace, another pod with the same labels that listens on it is
                // possible, but unlikely.
                let sure = if rule.closed { Confidence::High } else { Confidence::Medium };
                findings.push(finding(cx, at, place.key, entry, &mapping).confidence(sure));
            }
        }
    }
}

/// A port as written in a rule.
struct Asked {
    number: u16,
    protocol: Protocol,
}

/// A Service that maps the rule's port to another one.
struct Mapping<'a> {
    head: &'a Head,
    port: &'a ServicePort,
    target: u16,
    workload: WorkloadId,
    /// Whether the Services of all these pods map it to the same port.
    agreed: bool,
}

impl Asked {
    /// The Service that has the port, if none of those pods has it: each of them is behind such a
    /// Service or declares other ports.
    fn is_only_a_service_port<'a>(
        &self,
        cx: &Context<'a>,
        pods: &[WorkloadId],
    ) -> Option<Mapping<'a>> {
        let mut found = None;
        for &number in pods {
            let workload = cx.cluster.workload(number).workload;
            if workload.ports.iter().any(|port| self.is(port)) {
                return None;
            }
            let mut behind = None;
            for (head, service) in cx.cluster.services_of(number) {
                for port in service.ports.iter().filter(|p| p.protocol == self.protocol) {
                    let target = port.on(workload);
                    if target == Some(self.number) || (target.is_none() && port.port == self.number)
                    {
                        return None;
                    }
                    if let Some(target) = target.filter(|_| self.is_port_of(service, port)) {
                        behind =
                            Some(Mapping { head, port, target, workload: number, agreed: true });
                    }
                }
            }
            if behind.is_none() && workload.ports.is_empty() {
                return None;
            }
            found = Mapping::first(found, behind);
        }
        found
    }

    fn is(&self, declared: &ContainerPort) -> bool {
        declared.number == self.number
    }

    /// Clients of a headless Service connect to the pods directly, so its ports are the pods' own.
    fn is_port_of(&self, service: &Service, port: &ServicePort) -> bool {
        port.port == self.number && !service.headless && !service.external_name
    }
}

impl Mapping<'_> {
    fn first(first: Option<Self>, second: Option<Self>) -> Option<Self> {
        match (first, second) {
            (Some(first), Some(second)) => {
                let agreed = first.agreed && first.target == second.target;
                Some(Self { agreed, ..first })
            }
            (first, second) => first.or(second),
        }
    }
}

fn finding(
    cx: &Context<'_>,
    at: At,
    place: crate::text::Span,
    entry: &PortEntry,
    mapping: &Mapping<'_>,
) -> Finding {
    let port = entry.port.get().map(ToString::to_string).unwrap_or_default();
    let service = words::quoted(&mapping.head.name);
    let workload = words::workload(&cx.cluster.workload(mapping.workload));
    let target = mapping.target;
    let message = format!(
        "policies match pod ports: Service {service} maps {port} to {target} on the pods of \
         {workload}, so port {port} allows nothing"
    );
    let help = format!("write `port: {target}`");
    let mut finding = Finding::new(&RULE, place, message, help).about(cx, at).related(
        mapping.port.target_span,
        format!("Service {service} maps {port} to {target} here"),
    );
    finding.fixes.extend(write_target(cx, at, entry, mapping));
    finding
}

fn write_target(cx: &Context<'_>, at: At, entry: &PortEntry, mapping: &Mapping<'_>) -> Option<Fix> {
    let (target, place) = (mapping.target, entry.port.place()?);
    let rule = cx.cluster.policy(at.policy).rule(at.spot.direction()?, at.spot.rule()?)?;
    let has_it = |other: &PortEntry| {
        other.effective_protocol() == entry.effective_protocol()
            && other.range().is_some_and(|(first, last)| (first..=last).contains(&target))
    };
    if !mapping.agreed || rule.port_list().iter().any(has_it) {
        return None;
    }
    let edit = Site::of(cx, at.policy)?.replace(place.value, target.to_string());
    let effect = format!("allows port {target} to the same peers, and no longer the current port");
    edits::risky(format!("Write port {target}"), effect, Some(edit))
}
