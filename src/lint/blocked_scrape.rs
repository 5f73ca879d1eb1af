//! Metrics that are to be scraped on a port that no other namespace may enter.

use std::collections::HashMap;

use super::outsiders::{self, Insiders, own_port, pod_port};
use super::{Check, Confidence, Context, Finding, Related, Rule, Severity, words};
use crate::bundle::ObjectId;
use crate::model::{
    BackendPort, Body, Direction, Label, Monitor, MonitoredNamespaces, MonitoredPort, Operator,
    PolicyId, PortRef, Scrape, Selector, Service,
};
use crate::reach::PortSet;
use crate::resolve::{Labelled, NamespaceId, Why, WorkloadId, ports_meant, selects};
use crate::text::Span;

/// The rule.
pub static RULE: Rule = Rule {
    id: "blocked-scrape",
    severity: Severity::Warning,
    confidence: Confidence::Medium,
    pedantic: false,
    page: include_str!("../../rules/blocked-scrape.md"),
    check: Check::Cluster(check),
};

/// What scrapes metrics is called.
const SCRAPERS: &[&str] = &[
    "alloy",
    "datadog",
    "grafana-agent",
    "monitoring",
    "opentelemetry",
    "otel",
    "prometheus",
    "telegraf",
    "victoria",
    "vmagent",
    "vmsingle",
];

/// Services by a label of their own: namespace, and index among the objects.
type Services = HashMap<(String, String), Vec<(NamespaceId, ObjectId)>>;

/// A workload, and the port of it that is scraped.
type Target = (WorkloadId, PortSet);

fn check(cx: &Context<'_>, findings: &mut Vec<Finding>) {
    let mut insiders = Insiders::new(SCRAPERS);
    let mut services: Option<Services> = None;
    let mut first = HashMap::new();
    for (id, object) in cx.cluster.callers().filter(|(id, _)| cx.cluster.is_reported(*id)) {
        let Body::Monitor(monitor) = &object.body else { continue };
        let services = services.get_or_insert_with(|| by_label(cx));
        for port in &monitor.ports {
            let targets = targets(cx, services, id, monitor, port);
            let asks =
                format!("{} {} asks for it", object.head.kind, words::quoted(&object.head.name));
            if let Some(found) = finding(cx, &mut insiders, id, port.place, &targets, &asks) {
                first.entry(cause(cx, &targets)).or_insert(findings.len());
                findings.push(found);
            }
        }
    }
    of_annotations(cx, &mut insiders, first, findings);
}

/// What pods and Services ask for by annotations, which are often copied with everything else: told
/// of once for all pods that the same policies close.
fn of_annotations(
    cx: &Context<'_>,
    insiders: &mut Insiders,
    mut first: HashMap<Option<PolicyId>, usize>,
    findings: &mut Vec<Finding>,
) {
    let mut asked: Vec<(ObjectId, Span, Vec<Target>)> = Vec::new();
    for number in cx.cluster.workload_ids() {
        let it = cx.cluster.workload(number);
        let Some(scrape) = &it.workload.scrape else { continue };
        asked.push((
            cx.cluster.object_id_of(number),
            scrape.place,
            annotated(cx, &[number], scrape),
        ));
    }
    for (namespace, id, service) in cx.cluster.services() {
        let Some(scrape) = &service.scrape else { continue };
        let pods = outsiders::pods_behind(cx, namespace, service);
        let targets = match scrape.port {
            Some(_) => annotated(cx, &pods, scrape),
            None => behind(cx, &pods, service, &BackendPort::Any),
        };
        asked.push((id, scrape.place, targets));
    }
    asked.retain(|(id, ..)| cx.cluster.is_reported(*id));
    asked.sort_by_key(|(_, place, _)| *place);
    for (id, place, targets) in asked {
        let asks = "`prometheus.io/scrape` asks for it";
        let Some(found) = finding(cx, insiders, id, place, &targets, asks) else { continue };
        let cause = cause(cx, &targets);
        match first.get(&cause) {
            None => {
                first.insert(cause, findings.len());
                findings.push(found);
            }
            Some(&first) => {
                let message = "the same is true here".to_owned();
                findings[first].related.push(Related { span: place, message });
            }
        }
    }
}

/// The policy that closes the pods.
fn cause(cx: &Context<'_>, targets: &[Target]) -> Option<PolicyId> {
    let (number, _) = targets.first()?;
    cx.reach.isolating(Direction::Ingress, *number).first().copied()
}

fn annotated(cx: &Context<'_>, pods: &[WorkloadId], scrape: &Scrape) -> Vec<Target> {
    let mut targets = Vec::new();
    for &number in pods {
        let workload = cx.cluster.workload(number).workload;
        let declared = workload.ports.iter().map(|port| port.number);
        let numbers: Vec<u16> = scrape.port.map_or_else(|| declared.collect(), |port| vec![port]);
        let ports = numbers.into_iter().filter_map(|n| own_port(&PortRef::Number(n), workload));
        targets.extend(ports.map(|port| (number, port)));
    }
    targets
}

/// The pods of a Service, with their port that a monitor means.
fn behind(
    cx: &Context<'_>,
    pods: &[WorkloadId],
    service: &Service,
    port: &BackendPort,
) -> Vec<Target> {
    let mut targets = Vec::new();
    for &number in pods {
        let workload = cx.cluster.workload(number).workload;
        match port {
            // Prometheus connects to the pods: what the Service offers does not matter.
            BackendPort::Target(target) => {
                targets.extend(own_port(target, workload).map(|port| (number, port)));
            }
            _ => {
                let ports = ports_meant(service, port).into_iter();
                targets.extend(ports.filter_map(|p| Some((number, pod_port(p, workload)?))));
            }
        }
    }
    targets
}

fn by_label(cx: &Context<'_>) -> Services {
    let mut services = Services::new();
    for (namespace, id, service) in cx.cluster.services() {
        for label in &service.own_labels {
            let label = (label.key.to_string(), label.value.to_string());
            services.entry(label).or_default().push((namespace, id));
        }
    }
    services
}

/// The pods that a monitor means by a port.
fn targets(
    cx: &Context<'_>,
    services: &Services,
    id: ObjectId,
    monitor: &Monitor,
    port: &MonitoredPort,
) -> Vec<Target> {
    let Some(selector) = monitor.selector.as_ref().filter(|_| port.port != BackendPort::Unknown)
    else {
        return Vec::new();
    };
    let own = cx.cluster.namespace_named(cx.cluster.namespace_name_of(cx.cluster.head(id)));
    let is_in = |namespace: NamespaceId| match &monitor.namespaces {
        MonitoredNamespaces::Own => Some(namespace) == own,
        MonitoredNamespaces::Any => true,
        MonitoredNamespaces::Named(names) => names.contains(&cx.cluster.namespace(namespace).name),
    };
    if monitor.of_pods {
        let BackendPort::Target(target) = &port.port else { return Vec::new() };
        let namespace =
            |number: WorkloadId| cx.cluster.namespace_of(crate::resolve::Subject::Workload(number));
        let pods = cx.cluster.pods_anywhere(selector).yes;
        let target =
            |number| Some((number, own_port(target, cx.cluster.workload(number).workload)?));
        return pods.iter().filter(|number| is_in(namespace(*number))).filter_map(target).collect();
    }
    // A monitor of everything is for what other tools select.
    let Some(label) = selector.requirements.iter().find(|r| r.operator == Operator::In) else {
        return Vec::new();
    };
    let keys = label.values.iter().map(|(value, _)| (label.key.to_string(), value.to_string()));
    let candidates = keys.filter_map(|label| services.get(&label)).flatten();
    let mut found = Vec::new();
    for &(namespace, service) in candidates.filter(|(namespace, _)| is_in(*namespace)) {
        let Body::Service(service) = &cx.cluster.object(service).body else { continue };
        if is_selected(selector, &service.own_labels) {
            let pods = outsiders::pods_behind(cx, namespace, service);
            found.extend(behind(cx, &pods, service, &port.port));
        }
    }
    found
}

/// The labels of a Service.
struct OwnLabels<'a>(&'a [Label]);

impl Labelled for OwnLabels<'_> {
    fn value(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|label| label.key == key).map(|label| label.value.as_str())
    }

    fn may_have(&self, _key: &str) -> Option<Why> {
        None
    }
}

fn is_selected(selector: &Selector, labels: &[Label]) -> bool {
    selects(selector, &OwnLabels(labels)).is_yes()
}

fn finding(
    cx: &Context<'_>,
    insiders: &mut Insiders,
    id: ObjectId,
    place: Span,
    targets: &[Target],
    asks: &str,
) -> Option<Finding> {
    let (first, port) = targets.first()?;
    if !targets.iter().all(|(number, port)| insiders.find_closed(cx, *number, port)) {
        return None;
    }
    let who = words::workload(&cx.cluster.workload(*first));
    let message = format!(
        "nothing can scrape {port} of {who}: {asks}, but no ingress rule lets another namespace in on \
         that port"
    );
    let help = format!(
        "add an `ingress` rule for {port} from the namespace of Prometheus to a policy of {who}"
    );
    let mut finding = Finding::new(&RULE, place, message, help).of_object(cx, id, "");
    outsiders::explain(cx, &mut finding, *first);
    Some(finding)
}
