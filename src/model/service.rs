//! Services, as far as they translate ports.

use std::net::IpAddr;

use compact_str::CompactString;

use super::ports::{PortRef, Protocol};
use super::selector::Label;
use crate::text::Span;

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
