//! Services, as far as they translate ports.

use std::net::IpAddr;

use compact_str::CompactString;

use super::caller::Scrape;
use super::ports::{PortRef, Protocol};
use super::selector::Label;
use super::workload::{ContainerPort, Workload};
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
