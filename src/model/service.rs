//! Services, as far as they translate ports.

use std::net::IpAddr;

use compact_str::CompactString;

use super::caller;
use super::caller::Scrape;
use super::label_selector::label_map;
use super::ports::{PortRef, Protocol};
use super::ports::{port_number, port_ref, protocol};
use super::selector::Label;
use super::workload::{ContainerPort, Workload};
use crate::text::Span;
use crate::yaml::{Node, ScalarKind};

/// A Service.
#[derive(Clone, Debug)]
pub struct Service {
    /// `spec.selector`; empty selects nothing (endpoints are created by hand).
    pub selector: Vec<Label>,
    /// `spec.ports`.
    pub ports: Vec<ServicePort>,
    /// `clusterIP: None`: clients connect to the pods without translation.
    pub headless: bool,
    /// The addresses that it requests: `spec.clusterIP` and `spec.clusterIPs`, each once. Most
    /// Services leave them to the cluster.
    pub cluster_ips: Vec<(IpAddr, Span)>,
    /// `type: ExternalName`: no pods behind it.
    pub external_name: bool,
    /// `metadata.labels`.
    pub own_labels: Vec<Label>,
    /// How it is reached from outside the cluster, where it is.
    pub outside: Option<Outside>,
    /// `externalTrafficPolicy: Local`: clients keep their addresses.
    pub keeps_source: bool,
    /// `publishNotReadyAddresses: true`: its pods find one another before they are ready.
    pub is_for_members: bool,
    /// What `prometheus.io/scrape` asks for.
    pub scrape: Option<Scrape>,
}

/// How a Service is reached from outside the cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outside {
    /// `type: NodePort`.
    NodePort,
    /// `type: LoadBalancer`.
    LoadBalancer,
}

impl Outside {
    /// As it is written.
    pub fn word(self) -> &'static str {
        match self {
            Self::NodePort => "NodePort",
            Self::LoadBalancer => "LoadBalancer",
        }
    }
}

/// One port of a Service.
#[derive(Clone, Debug)]
pub struct ServicePort {
    /// `port`, which clients dial.
    pub port: u16,
    /// `targetPort`, on the pod; absent is the same as `port`.
    pub target: Option<PortRef>,
    /// `protocol`, TCP when absent.
    pub protocol: Protocol,
    /// `name`.
    pub name: Option<CompactString>,
    /// The place of the value of `port`.
    pub port_span: Span,
    /// The place of the value of `targetPort`, or else of `port`.
    pub target_span: Span,
}

impl ServicePort {
    /// The port on the pods of a workload that it becomes; none where that can't be told.
    pub fn on(&self, workload: &Workload) -> Option<u16> {
        match &self.target {
            None => Some(self.port),
            Some(PortRef::Number(number)) => Some(*number),
            Some(PortRef::Placeholder(_)) => None,
            Some(PortRef::Name(name)) => {
                let named = |declared: &&ContainerPort| {
                    declared.name.as_deref() == Some(name) && declared.protocol == self.protocol
                };
                workload.ports.iter().find(named).map(|declared| declared.number)
            }
        }
    }
}

pub(super) fn service(tree: &Node) -> Service {
    let spec = tree.get("spec");
    let get = |key: &str| spec.and_then(|spec| spec.get(key));
    let ports = get("ports").and_then(Node::as_seq).unwrap_or_default();
    Service {
        selector: label_map(get("selector")).0,
        ports: ports.iter().filter_map(service_port).collect(),
        headless: get("clusterIP").and_then(Node::as_str) == Some("None"),
        cluster_ips: cluster_ips(spec),
        external_name: get("type").and_then(Node::as_str) == Some("ExternalName"),
        own_labels: label_map(tree.at(&["metadata", "labels"])).0,
        outside: match get("type").and_then(Node::as_str) {
            Some("LoadBalancer") => Some(Outside::LoadBalancer),
            Some("NodePort") => Some(Outside::NodePort),
            _ => None,
        },
        keeps_source: get("externalTrafficPolicy").and_then(Node::as_str) == Some("Local"),
        is_for_members: get("publishNotReadyAddresses")
            .and_then(Node::as_scalar)
            .is_some_and(|scalar| scalar.kind == ScalarKind::Bool(true)),
        scrape: caller::scrape(tree.at(&["metadata", "annotations"])),
    }
}

/// The addresses of a Service; values that are not addresses (`None`, a placeholder) are skipped.
fn cluster_ips(spec: Option<&Node>) -> Vec<(IpAddr, Span)> {
    let get = |key: &str| spec.and_then(|spec| spec.get(key));
    let list = get("clusterIPs").and_then(Node::as_seq).unwrap_or_default();
    let mut found: Vec<(IpAddr, Span)> = Vec::new();
    for node in get("clusterIP").into_iter().chain(list) {
        if let Some(address) = node.as_str().and_then(|text| text.parse().ok())
            && !found.iter().any(|(known, _)| *known == address)
        {
            found.push((address, node.span));
        }
    }
    found
}

fn service_port(node: &Node) -> Option<ServicePort> {
    let port_node = node.get("port")?;
    let target_node = node.get("targetPort").filter(|n| !n.is_null());
    // The API server rejects a quoted number, but its meaning is clear.
    let target = match target_node {
        None => None,
        Some(target) => Some(port_ref(target).ok().or_else(|| numeric_text(target))?),
    };
    Some(ServicePort {
        port: port_number(port_node.as_scalar()?).ok()?,
        target,
        protocol: node.get("protocol").map_or(Some(Protocol::Tcp), |n| protocol(n).ok())?,
        name: node.get("name").and_then(Node::as_str).map(CompactString::new),
        port_span: port_node.span,
        target_span: target_node.map_or(port_node.span, |n| n.span),
    })
}

fn numeric_text(node: &Node) -> Option<PortRef> {
    let text = node.as_str()?;
    text.parse::<u16>().ok().map(PortRef::Number)
}
