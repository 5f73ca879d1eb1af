//! A Service that is offered to the outside, whose pods let nobody from there in.

use std::collections::HashSet;

use super::outsiders::{self, Insiders, pod_port, pods_behind};
use super::{Check, Confidence, Context, Finding, Rule, Severity, words};
use crate::bundle::ObjectId;
use crate::model::{Backend, Body, CallerKind, Service, ServicePort};
use crate::reach::PortSet;
use crate::resolve::{NamespaceId, WorkloadId, ports_meant};
use crate::text::Span;

/// The rule.
pub static RULE: Rule = Rule {
    id: "unreachable-service",
    severity: Severity::Warning,
    confidence: Confidence::Medium,
    pedantic: false,
    page: include_str!("../../rules/unreachable-service.md"),
    check: Check::Cluster(check),
};

/// What ingress controllers and gateways are called.
const CONTROLLERS: &[&str] = &[
    "ambassador",
    "contour",
    "envoy",
    "gateway",
    "haproxy",
    "ingress",
    "istio",
    "kong",
    "nginx",
    "proxy",
    "router",
    "traefik",
];

fn check(cx: &Context<'_>, findings: &mut Vec<Finding>) {
    let mut insiders = Insiders::new(CONTROLLERS);
    for (id, object) in cx.cluster.callers().filter(|(id, _)| cx.cluster.is_reported(*id)) {
        let Body::Caller(caller) = &object.body else { continue };
        if caller.kind != CallerKind::Entry {
            continue;
        }
        let mut met = HashSet::new();
        for backend in &caller.backends {
            if met.insert((&backend.namespace, &backend.service, format!("{:?}", backend.port))) {
                findings.extend(of_backend(cx, &mut insiders, id, backend));
            }
        }
    }
    for (namespace, id, service) in cx.cluster.services() {
        if cx.cluster.is_reported(id) && service.outside.is_some() {
            of_service(cx, &mut insiders, namespace, id, service, findings);
        }
    }
}

/// The ports of a Service that let nobody from outside in, each with a workload that doesn't.
fn closed<'a>(
    cx: &Context<'_>,
    insiders: &mut Insiders,
    namespace: NamespaceId,
    service: &Service,
    ports: &[&'a ServicePort],
) -> Vec<(&'a ServicePort, WorkloadId)> {
    let pods = pods_behind(cx, namespace, service);
    let Some(&first) = pods.first() else { return Vec::new() };
    let mut is_closed = |port: &ServicePort| {
        pods.iter().all(|&number| {
            let on_pod = pod_port(port, cx.cluster.workload(number).workload);
            on_pod.is_some_and(|on_pod| insiders.find_closed(cx, number, &on_pod))
        })
    };
    ports.iter().filter(|port| is_closed(port)).map(|port| (*port, first)).collect()
}

fn of_backend(
    cx: &Context<'_>,
    insiders: &mut Insiders,
    id: ObjectId,
    backend: &Backend,
) -> Option<Finding> {
    let head = cx.cluster.head(id);
    let own = cx.cluster.namespace_name_of(head);
    let namespace = cx.cluster.namespace_named(backend.namespace.as_deref().unwrap_or(own))?;
    let (_, service) = cx.cluster.service_named(namespace, &backend.service)?;
    let meant = ports_meant(service, &backend.port);
    let closed = closed(cx, insiders, namespace, service, &meant);
    // Where several may be meant, one that is open is enough.
    let &(port, workload) = closed.first().filter(|_| closed.len() == meant.len())?;
    let kind = &head.kind;
    let what = format!("{kind} {} sends traffic here", words::quoted(&head.name));
    let finding = finding(cx, backend.place, &backend.service, &[port], workload, &what)?;
    Some(finish(cx, finding, id, &backend.service, port, workload))
}

fn of_service(
    cx: &Context<'_>,
    insiders: &mut Insiders,
    namespace: NamespaceId,
    id: ObjectId,
    service: &Service,
    findings: &mut Vec<Finding>,
) {
    let head = cx.cluster.head(id);
    let all: Vec<&ServicePort> = service.ports.iter().collect();
    let closed = closed(cx, insiders, namespace, service, &all);
    let Some(&(_, workload)) = closed.first() else { return };
    let what = format!(
        "Service {} is of type {}",
        words::quoted(&head.name),
        service.outside.map_or("", |outside| outside.word())
    );
    let ports: Vec<&ServicePort> = closed.iter().map(|(port, _)| *port).collect();
    if closed.len() == all.len() {
        let found = finding(cx, head.name_span, &head.name, &ports, workload, &what);
        let found = found.map(|it| finish(cx, it, id, &head.name, ports[0], workload));
        findings.extend(found);
        return;
    }
    for port in ports {
        let found = finding(cx, port.port_span, &head.name, &[port], workload, &what);
        findings.extend(found.map(|it| finish(cx, it, id, &head.name, port, workload)));
    }
}

fn finding(
    cx: &Context<'_>,
    place: Span,
    service: &str,
    ports: &[&ServicePort],
    workload: WorkloadId,
    what: &str,
) -> Option<Finding> {
    let it = cx.cluster.workload(workload);
    let on_pods = ports.iter().filter_map(|port| pod_port(port, it.workload));
    let on_pods = on_pods.fold(PortSet::default(), |all, ports| &all | &ports);
    let who = words::workload(&it);
    let message = format!(
        "{what}, but {who} lets nobody from outside its namespace in on {on_pods}: Service {} can't \
         be reached",
        words::quoted(service)
    );
    let help = format!(
        "add an `ingress` rule for {on_pods} to a policy of {who}, for the namespace of the ingress \
         controller or for the addresses of the clients"
    );
    Some(Finding::new(&RULE, place, message, help))
}

fn finish(
    cx: &Context<'_>,
    finding: Finding,
    id: ObjectId,
    service: &str,
    port: &ServicePort,
    workload: WorkloadId,
) -> Finding {
    let mut finding = finding.of_object(cx, id, "");
    if let Some(on_pod) = pod_port(port, cx.cluster.workload(workload).workload) {
        outsiders::add_mapping(&mut finding, service, port, &on_pod);
    }
    outsiders::explain(cx, &mut finding, workload);
    finding
}
