//! Protocols and ports of a rule as sets of traffic.

use super::ports::PortSet;
use super::rules::Destination;
use super::traffic::{Matched, Traffic};
use crate::model::tiered::{Ends, Flow, PortTerm, ServiceTerm};
use crate::model::{PortRef, Protocol};
use crate::resolve::{Cluster, NamespaceId, Tri, Why};

/// The traffic to a destination that meets a condition.
pub(super) fn matched(cluster: &Cluster, flow: &Flow, destination: Destination) -> Matched {
    match flow {
        Flow::Everything => Matched::exactly(Traffic::all()),
        Flow::Nothing => Matched::default(),
        Flow::Unknown => Matched::at_most(Traffic::all()),
        Flow::Port(term) => ports(cluster, term, destination),
        Flow::Icmp { family, types: (first, last) } => {
            Matched::exactly(Traffic::icmp(*family, *first, *last))
        }
        Flow::Not(one) => matched(cluster, one, destination).complement(),
        Flow::All(list) => {
            let all = Matched::exactly(Traffic::all());
            list.iter().fold(all, |met, one| &met & &matched(cluster, one, destination))
        }
        Flow::Any(list) => {
            let none = Matched::default();
            list.iter().fold(none, |met, one| &met | &matched(cluster, one, destination))
        }
    }
}

/// Whether a packet to a port may meet a condition.
pub fn flow_may_have(
    cluster: &Cluster,
    flow: &Flow,
    destination: Destination,
    port: super::Port,
) -> bool {
    matched(cluster, flow, destination).possible.contains(super::Packet::Port(port))
}

/// Whether all packets that meet one condition meet the other, whatever pods they go to.
pub fn flow_covers(cluster: &Cluster, wide: &Flow, narrow: &Flow) -> bool {
    let of = |flow| matched(cluster, flow, Destination::Unknown);
    wide.is_everything() || of(narrow).possible.without(&of(wide).sure).is_empty()
}

fn ports(cluster: &Cluster, term: &PortTerm, destination: Destination) -> Matched {
    let mut set = PortSet::default();
    match (&term.port, term.range()) {
        (_, Some((first, last))) => {
            term.protocols.iter().for_each(|protocol| set.insert(protocol, first, last));
        }
        (Some(PortRef::Name(name)), _) => return named(cluster, name, term, destination),
        _ => {
            term.protocols.iter().for_each(|protocol| set.insert(protocol, 1, u16::MAX));
            return Matched::at_most(Traffic::ports(set));
        }
    }
    Matched::exactly(Traffic::ports(set))
}

/// A name is looked up in the pods that are connected to, by name and protocol; addresses have no
/// names for their ports.
fn named(cluster: &Cluster, name: &str, term: &PortTerm, destination: Destination) -> Matched {
    let mut set = PortSet::default();
    match destination {
        Destination::Outside => {}
        Destination::Unknown => {
            term.protocols.iter().for_each(|protocol| set.insert(protocol, 1, u16::MAX));
            return Matched::at_most(Traffic::ports(set)).if_so(Tri::Unknown(Why::SelectorOnly));
        }
        Destination::ClusterDns => {
            for protocol in term.protocols.iter() {
                let number = cluster.profile.dns_named_port(name, protocol == Protocol::Tcp);
                if let Some(number) = number {
                    set.insert(protocol, number, number);
                }
            }
        }
        Destination::Workload(number) => {
            let declared = &cluster.workload(number).workload.ports;
            for protocol in term.protocols.iter() {
                let fits = declared.iter().find(|port| {
                    port.protocol == protocol
                        && port.name.as_ref().is_some_and(|own| own.eq_ignore_ascii_case(name))
                });
                if let Some(port) = fits {
                    set.insert(protocol, port.number, port.number);
                }
            }
        }
    }
    Matched::exactly(Traffic::ports(set))
}

/// The ports that a Service's endpoints have, for rules that name it and mean its ports too.
pub(super) fn of_services(
    cluster: &Cluster,
    home: NamespaceId,
    peer: &Ends,
    destination: Destination,
) -> Option<Matched> {
    let term = peer.terms().into_iter().find_map(|end| match end {
        Ends::Service(term) if term.with_ports == Some(true) => Some(term),
        _ => None,
    })?;
    Some(targets(cluster, home, term, destination))
}

fn targets(
    cluster: &Cluster,
    home: NamespaceId,
    term: &ServiceTerm,
    destination: Destination,
) -> Matched {
    let mut found = Matched::default();
    let mut any = false;
    for (namespace, name, service) in cluster.meant_services(home, term) {
        any = true;
        for port in &service.ports {
            let flow = Flow::Port(PortTerm {
                protocols: crate::model::tiered::Protocols::one(port.protocol),
                port: Some(port.target.clone().unwrap_or(PortRef::Number(port.port))),
                last: None,
                span: term.place.key,
            });
            found = &found | &matched(cluster, &flow, destination);
        }
        for (protocol, number) in cluster.endpoints(namespace, name).flat_map(|(_, ports)| ports) {
            let set = PortSet::range(*protocol, *number, *number);
            found = &found | &Matched::exactly(Traffic::ports(set));
        }
    }
    if any { found } else { Matched::at_most(Traffic::all()) }
}
