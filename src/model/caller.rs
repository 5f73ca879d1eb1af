//! Objects that have Services or pods called from outside the pods' own code: Ingresses and
//! routes, webhooks of the API server, monitors that scrape metrics.

use compact_str::CompactString;

use super::label_selector::label_selector;
use super::placeholder::is_placeholder;
use super::ports::PortRef;
use super::ports::port_ref;
use super::selector::Selector;
use crate::text::Span;
use crate::yaml::Node;

/// Who calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CallerKind {
    /// What is outside the cluster, through an ingress controller, a gateway or a router.
    Entry,
    /// The API server: an admission or conversion webhook, an aggregated API.
    ApiServer,
}

/// What calls Services.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Who calls.
    pub kind: CallerKind,
    /// The Services that are called.
    pub backends: Vec<Backend>,
}

/// A Service that is called.
#[derive(Clone, Debug)]
pub struct Backend {
    /// Its namespace; none for the object's own.
    pub namespace: Option<CompactString>,
    /// Its name.
    pub service: CompactString,
    /// Which of its ports.
    pub port: BackendPort,
    /// Where its name is written (the value).
    pub place: Span,
}

/// A port of a Service, as a caller names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BackendPort {
    /// Any of them: none is named.
    Any,
    /// By its number in the Service.
    Number(u16),
    /// By its name in the Service.
    Name(CompactString),
    /// By what it is on the pod (an OpenShift Route).
    Target(PortRef),
    /// It is filled in later.
    Unknown,
}

/// A ServiceMonitor or a PodMonitor: what Prometheus scrapes.
#[derive(Clone, Debug)]
pub struct Monitor {
    /// Whether it selects pods, and not Services.
    pub of_pods: bool,
    /// What it selects; none where that can't be read.
    pub selector: Option<Selector>,
    /// In which namespaces.
    pub namespaces: MonitoredNamespaces,
    /// The ports that are scraped.
    pub ports: Vec<MonitoredPort>,
}

/// The namespaces that a monitor looks in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MonitoredNamespaces {
    /// Its own.
    Own,
    /// All.
    Any,
    /// These.
    Named(Vec<CompactString>),
}

/// A port that is scraped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MonitoredPort {
    /// By the name of the Service's port (or the pod's), else by what it is on the pod.
    pub port: BackendPort,
    /// Where it is written (the value).
    pub place: Span,
}

/// What the annotations `prometheus.io/scrape` and `prometheus.io/port` ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scrape {
    /// `prometheus.io/port`; none for whatever is declared.
    pub port: Option<u16>,
    /// Where the port is written, else `scrape` (the value).
    pub place: Span,
}

/// The kinds of [`Caller`] and [`Monitor`], by group.
pub const CALLERS: &[(&str, &[&str])] = &[
    ("admissionregistration.k8s.io", &WEBHOOKS),
    ("apiextensions.k8s.io", &["CustomResourceDefinition"]),
    ("apiregistration.k8s.io", &["APIService"]),
    ("extensions", &["Ingress"]),
    ("gateway.networking.k8s.io", &GATEWAY_ROUTES),
    ("monitoring.coreos.com", &["ServiceMonitor", "PodMonitor"]),
    ("networking.k8s.io", &["Ingress"]),
    ("route.openshift.io", &["Route"]),
    ("traefik.containo.us", &TRAEFIK_ROUTES),
    ("traefik.io", &TRAEFIK_ROUTES),
];

const WEBHOOKS: [&str; 2] = ["ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"];
const GATEWAY_ROUTES: [&str; 5] = ["HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "UDPRoute"];
const TRAEFIK_ROUTES: [&str; 3] = ["IngressRoute", "IngressRouteTCP", "IngressRouteUDP"];

/// The Services that an object of that group and kind has called, and by whom.
pub(super) fn caller(group: &str, kind: &str, tree: &Node) -> Option<Caller> {
    let (kind, backends) = match (group, kind) {
        ("networking.k8s.io" | "extensions", "Ingress") => (CallerKind::Entry, of_ingress(tree)),
        ("gateway.networking.k8s.io", _) if GATEWAY_ROUTES.contains(&kind) => {
            (CallerKind::Entry, of_gateway_route(tree))
        }
        ("route.openshift.io", "Route") => (CallerKind::Entry, of_openshift_route(tree)),
        ("traefik.io" | "traefik.containo.us", _) if TRAEFIK_ROUTES.contains(&kind) => {
            (CallerKind::Entry, of_traefik_route(tree))
        }
        ("admissionregistration.k8s.io", _) if WEBHOOKS.contains(&kind) => {
            let calls = items(tree.get("webhooks"));
            let config = |call: &Node| of_webhook(call.at(&["clientConfig", "service"])?);
            (CallerKind::ApiServer, calls.iter().filter_map(config).collect())
        }
        ("apiextensions.k8s.io", "CustomResourceDefinition") => {
            let route = ["spec", "conversion", "webhook", "clientConfig", "service"];
            (CallerKind::ApiServer, tree.at(&route).and_then(of_webhook).into_iter().collect())
        }
        ("apiregistration.k8s.io", "APIService") => {
            let service = tree.at(&["spec", "service"]).filter(|service| !service.is_null());
            (CallerKind::ApiServer, service.and_then(of_webhook).into_iter().collect())
        }
        _ => return None,
    };
    (!backends.is_empty()).then_some(Caller { kind, backends })
}

/// What a monitor has scraped.
pub(super) fn monitor(group: &str, kind: &str, tree: &Node) -> Option<Monitor> {
    let (of_pods, list) = match (group, kind) {
        ("monitoring.coreos.com", "ServiceMonitor") => (false, "endpoints"),
        ("monitoring.coreos.com", "PodMonitor") => (true, "podMetricsEndpoints"),
        _ => return None,
    };
    let spec = tree.get("spec")?;
    let namespaces = spec.get("namespaceSelector");
    let get = |key: &str| namespaces.and_then(|namespaces| namespaces.get(key));
    let names = items(get("matchNames")).iter().filter_map(Node::as_str);
    let names: Vec<CompactString> = names.map(CompactString::new).collect();
    let is_any = get("any").and_then(Node::as_scalar).is_some_and(|any| any.text == "true");
    Some(Monitor {
        of_pods,
        selector: spec.get("selector").and_then(|node| label_selector(node).ok()),
        namespaces: match (is_any, names.is_empty()) {
            (true, _) => MonitoredNamespaces::Any,
            (false, true) => MonitoredNamespaces::Own,
            (false, false) => MonitoredNamespaces::Named(names),
        },
        ports: items(spec.get(list)).iter().filter_map(|item| monitored(item, of_pods)).collect(),
    })
}

/// A port that is scraped: by name in the Service or the pod, or by what it is on the pod
/// (Prometheus Operator, Endpoint and PodMetricsEndpoint).
fn monitored(item: &Node, of_pods: bool) -> Option<MonitoredPort> {
    let given = |key: &str| item.get(key).filter(|node| !node.is_null());
    let (node, port) = if let Some(node) = given("port") {
        let name = node.as_str()?;
        let port = match (is_placeholder(name), of_pods) {
            (true, _) => BackendPort::Unknown,
            (false, false) => BackendPort::Name(name.into()),
            (false, true) => BackendPort::Target(PortRef::Name(name.into())),
        };
        (node, port)
    } else if let Some(node) = given("portNumber") {
        (node, BackendPort::Target(port_ref(node).ok()?))
    } else {
        let node = given("targetPort")?;
        (node, BackendPort::Target(port_ref(node).ok()?))
    };
    Some(MonitoredPort { port, place: node.span })
}

/// What the annotations of a pod or a Service ask for.
pub(super) fn scrape(annotations: Option<&Node>) -> Option<Scrape> {
    let annotations = annotations?;
    let scrape = annotations.get("prometheus.io/scrape")?;
    if scrape.as_scalar().is_none_or(|wish| wish.text != "true") {
        return None;
    }
    let port = annotations.get("prometheus.io/port").filter(|node| !node.is_null());
    let Some(node) = port else {
        return Some(Scrape { port: None, place: scrape.span });
    };
    let number = node.as_scalar()?.text.parse().ok()?;
    Some(Scrape { port: Some(number), place: node.span })
}

fn items(list: Option<&Node>) -> &[Node] {
    list.and_then(Node::as_seq).unwrap_or_default()
}

/// A Service by name, with what names its port.
fn backend(
    name: &Node,
    namespace: Option<&Node>,
    port: impl FnOnce() -> BackendPort,
) -> Option<Backend> {
    let service = name.as_str().filter(|name| !name.is_empty() && !is_placeholder(name))?;
    let namespace = namespace.and_then(Node::as_str).filter(|name| !name.is_empty());
    if namespace.is_some_and(is_placeholder) {
        return None;
    }
    Some(Backend {
        namespace: namespace.map(CompactString::new),
        service: service.into(),
        port: port(),
        place: name.span,
    })
}

/// A number or a name in the Service.
fn service_port(node: Option<&Node>) -> BackendPort {
    let Some(node) = node.filter(|node| !node.is_null()) else {
        return BackendPort::Any;
    };
    match port_ref(node) {
        Ok(PortRef::Number(number)) => BackendPort::Number(number),
        Ok(PortRef::Name(name)) => BackendPort::Name(name),
        Ok(PortRef::Placeholder(_)) | Err(_) => BackendPort::Unknown,
    }
}

fn of_ingress(tree: &Node) -> Vec<Backend> {
    let Some(spec) = tree.get("spec") else { return Vec::new() };
    let rules = items(spec.get("rules")).iter();
    let paths = rules.flat_map(|rule| items(rule.at(&["http", "paths"])));
    let of_paths = paths.filter_map(|path| path.get("backend"));
    // `backend` is v1beta1's name of `defaultBackend`.
    let default = spec.get("defaultBackend").or_else(|| spec.get("backend"));
    default.into_iter().chain(of_paths).filter_map(ingress_backend).collect()
}

fn ingress_backend(node: &Node) -> Option<Backend> {
    if let Some(service) = node.get("service") {
        let port = |key: &str| service.at(&["port", key]);
        return backend(service.get("name")?, None, || {
            service_port(port("number").or_else(|| port("name")))
        });
    }
    backend(node.get("serviceName")?, None, || service_port(node.get("servicePort")))
}

fn of_gateway_route(tree: &Node) -> Vec<Backend> {
    let rules = items(tree.at(&["spec", "rules"])).iter();
    let refs = rules.flat_map(|rule| items(rule.get("backendRefs")));
    let is_service = |node: &&Node| {
        let text = |key: &str| node.get(key).and_then(Node::as_str).unwrap_or_default();
        text("group").is_empty() && matches!(text("kind"), "" | "Service")
    };
    refs.filter(is_service)
        .filter_map(|node| {
            backend(node.get("name")?, node.get("namespace"), || service_port(node.get("port")))
        })
        .collect()
}

/// A Route names the port on the pod, by number or by the name in the Service.
fn of_openshift_route(tree: &Node) -> Vec<Backend> {
    let Some(spec) = tree.get("spec") else { return Vec::new() };
    let port = || match spec.at(&["port", "targetPort"]).map(port_ref) {
        None => BackendPort::Any,
        Some(Ok(PortRef::Name(name))) => BackendPort::Name(name),
        Some(Ok(number @ PortRef::Number(_))) => BackendPort::Target(number),
        Some(Ok(PortRef::Placeholder(_)) | Err(_)) => BackendPort::Unknown,
    };
    let is_service =
        |node: &&Node| node.get("kind").and_then(Node::as_str).is_none_or(|kind| kind == "Service");
    let all = spec.get("to").into_iter().chain(items(spec.get("alternateBackends")));
    all.filter(is_service).filter_map(|node| backend(node.get("name")?, None, port)).collect()
}

fn of_traefik_route(tree: &Node) -> Vec<Backend> {
    let routes = items(tree.at(&["spec", "routes"])).iter();
    let services = routes.flat_map(|route| items(route.get("services")));
    let is_service =
        |node: &&Node| node.get("kind").and_then(Node::as_str).is_none_or(|kind| kind == "Service");
    services
        .filter(is_service)
        .filter_map(|node| {
            backend(node.get("name")?, node.get("namespace"), || service_port(node.get("port")))
        })
        .collect()
}

/// A ServiceReference; its port is 443 where none is named (API reference, ServiceReference).
fn of_webhook(service: &Node) -> Option<Backend> {
    backend(service.get("name")?, service.get("namespace"), || {
        match service_port(service.get("port")) {
            BackendPort::Any => BackendPort::Number(443),
            port => port,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::SourceId;
    use crate::yaml::{Limits, read};

    fn tree(text: &str) -> Node {
        read(SourceId(0), text, 0..text.len(), None, &Limits::default()).documents[0].root.clone()
    }

    fn backends(group: &str, kind: &str, text: &str) -> Vec<(String, BackendPort)> {
        let found = caller(group, kind, &tree(text));
        let list = found.map(|caller| caller.backends).unwrap_or_default();
        list.into_iter().map(|it| (it.service.to_string(), it.port)).collect()
    }

    #[test]
    fn an_ingress_names_services_in_either_version() {
        let v1 = "spec: {defaultBackend: {service: {name: a, port: {number: 80}}}, rules: [{http: \
                  {paths: [{backend: {service: {name: b, port: {name: web}}}}, {backend: {resource: \
                  {kind: Bucket}}}]}}]}";
        let found = backends("networking.k8s.io", "Ingress", v1);
        let named = BackendPort::Name("web".into());
        assert_eq!(found, [("a".to_owned(), BackendPort::Number(80)), ("b".to_owned(), named)]);
        let v1beta1 = "spec: {backend: {serviceName: a, servicePort: 80}}";
        let found = backends("extensions", "Ingress", v1beta1);
        assert_eq!(found, [("a".to_owned(), BackendPort::Number(80))]);
    }

    #[test]
    fn a_route_names_services_and_nothing_else() {
        let route = "spec: {rules: [{backendRefs: [{name: a, port: 80}, {name: x, kind: Bucket}, \
                     {name: '${APP}', port: 80}]}]}";
        let found = backends("gateway.networking.k8s.io", "HTTPRoute", route);
        assert_eq!(found, [("a".to_owned(), BackendPort::Number(80))]);
        let route = "spec: {to: {kind: Service, name: a}, port: {targetPort: 8443}}";
        let target = BackendPort::Target(PortRef::Number(8443));
        assert_eq!(backends("route.openshift.io", "Route", route), [("a".to_owned(), target)]);
    }

    #[test]
    fn the_api_server_calls_443_where_no_port_is_named() {
        let webhook = "webhooks: [{clientConfig: {service: {name: a, namespace: b}}}, \
                       {clientConfig: {url: 'https://example.com'}}]";
        let group = "admissionregistration.k8s.io";
        let found = backends(group, "ValidatingWebhookConfiguration", webhook);
        assert_eq!(found, [("a".to_owned(), BackendPort::Number(443))]);
        assert!(
            backends("apiregistration.k8s.io", "APIService", "spec: {service: null}").is_empty()
        );
    }
}
