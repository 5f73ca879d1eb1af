//! Whether the peers and the ports of one rule match.

use ipnet::IpNet;

use super::dns::{dns_peer, everyone_holds_dns};
use super::grant::Grant;
use super::{Allowed, Endpoint, Port};
use crate::model::{At, Field, IpBlock, Peer, PolicyId, PortEntry, PortRef, Protocol, TrafficRule};
use crate::resolve::{Cluster, Tri, Why, WorkloadId, World, selects};

/// Where port names are looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Destination {
    /// In the containers of a workload, by number.
    Workload(WorkloadId),
    /// In the cluster's DNS pods.
    ClusterDns,
    /// Nowhere: an address outside the cluster has no port names.
    Outside,
    /// In pods that no manifest shows.
    Unknown,
}

/// Whether a rule's ports include that port. Absent or empty is every port of every protocol.
pub fn ports_allow(
    cluster: &Cluster,
    rule: &TrafficRule,
    port: Port,
    destination: Destination,
) -> Tri {
    if rule.wrong || rule.ports.is_wrong() {
        return Tri::Unknown(Why::Refused);
    }
    if rule.is_for_all_ports() {
        return Tri::Yes;
    }
    Tri::any(rule.port_list().iter().map(|entry| entry_allows(cluster, entry, port, destination)))
}

/// The ports of a rule on the pods of a workload, or of pods whose ports have no names.
pub fn rule_ports(cluster: &Cluster, at: At, destination: Option<WorkloadId>) -> Allowed {
    let rule = at
        .spot
        .direction()
        .zip(at.spot.rule())
        .and_then(|(direction, index)| cluster.policy(at.policy).rule(direction, index));
    let Some(rule) = rule else { return Allowed::unknown() };
    let spot = at.spot.rule_spot().unwrap_or(at.spot);
    Grant::of(rule, At { spot, ..at }, Tri::Yes).ports_at(cluster, destination)
}

/// Whether one port entry includes that port. A named port is looked up in the destination pod by
/// name and protocol; an entry without `port` is every port of its protocol.
pub fn entry_allows(
    cluster: &Cluster,
    entry: &PortEntry,
    port: Port,
    destination: Destination,
) -> Tri {
    let Some(protocol) = entry.effective_protocol().filter(|_| !entry.wrong) else {
        return Tri::Unknown(Why::Refused);
    };
    if protocol != port.protocol {
        return Tri::No;
    }
    match &entry.port {
        Field::Given(PortRef::Name(name), _) => named_port(cluster, name, port, destination),
        Field::Given(PortRef::Placeholder(_), _) => Tri::Unknown(Why::Placeholder),
        _ => match entry.range() {
            Some((first, last)) => (first..=last).contains(&port.number).into(),
            None => Tri::Unknown(Why::Refused),
        },
    }
}

fn named_port(cluster: &Cluster, name: &str, port: Port, destination: Destination) -> Tri {
    match destination {
        Destination::Outside => Tri::No,
        Destination::Unknown => Tri::Unknown(Why::SelectorOnly),
        Destination::ClusterDns => {
            let number = cluster.profile.dns_named_port(name, port.protocol == Protocol::Tcp);
            (number == Some(port.number)).into()
        }
        Destination::Workload(number) => {
            let declared = &cluster.workload(number).workload.ports;
            let found = declared.iter().find(|declared| {
                declared.name.as_deref() == Some(name) && declared.protocol == port.protocol
            });
            found.is_some_and(|declared| declared.number == port.number).into()
        }
    }
}

/// Whether a rule's peers match the other end. Absent or empty is everyone, inside and outside the
/// cluster; peers are ORed.
pub fn peer_matches(
    cluster: &Cluster,
    policy: PolicyId,
    rule: &TrafficRule,
    other: Endpoint,
    port: Port,
) -> Tri {
    if rule.wrong || rule.peers.is_wrong() {
        return Tri::Unknown(Why::Refused);
    }
    if rule.is_for_everyone() {
        return match other {
            Endpoint::ClusterDns => everyone_holds_dns(cluster, port),
            _ => Tri::Yes,
        };
    }
    Tri::any(rule.peer_list().iter().map(|peer| match other {
        Endpoint::Workload(number) => peer_matches_workload(cluster, policy, peer, number),
        Endpoint::ClusterDns => dns_peer(cluster, policy, rule, peer, port),
        Endpoint::Address(address) => match &peer.ip_block {
            Field::Absent => Tri::No,
            Field::Wrong(..) => Tri::Unknown(Why::Refused),
            Field::Given(block, _) => block_holds(block, address),
        },
    }))
}

fn peer_matches_workload(
    cluster: &Cluster,
    policy: PolicyId,
    peer: &Peer,
    number: WorkloadId,
) -> Tri {
    if peer.wrong || peer.pod_selector.is_wrong() || peer.namespace_selector.is_wrong() {
        return Tri::Unknown(Why::Refused);
    }
    if !peer.ip_block.is_absent() {
        // "ipBlock is meant for addresses outside the cluster": whether it matches a pod's depends
        // on the network plugin (the upstream tests say that it does, Cilium that it does not).
        return match cluster.world {
            World::Open => Tri::Unknown(Why::AddressInCluster),
            World::Closed => Tri::No,
        };
    }
    let target = cluster.workload(number);
    let in_namespace = match peer.namespace_selector.get() {
        None => (cluster.namespace(cluster.home(policy)).name == target.namespace.name).into(),
        Some(selector) => selects(selector, target.namespace),
    };
    let selected = match peer.pod_selector.get() {
        // No selector at all, neither for pods nor for namespaces, is rejected.
        None => Tri::from(!peer.namespace_selector.is_absent()),
        Some(selector) => selects(selector, target.workload),
    };
    let matched = in_namespace & selected;
    if target.workload.host_network && !matched.is_no() {
        // Its packets have the node's address, which no selector matches in most plugins.
        return match cluster.world {
            World::Open => Tri::Unknown(Why::HostNetwork),
            World::Closed => Tri::No,
        };
    }
    matched
}

/// Whether a block surely holds an address.
pub fn peer_holds_address(block: &IpBlock, address: std::net::IpAddr) -> bool {
    block_holds(block, address).is_yes()
}

fn block_holds(block: &IpBlock, address: std::net::IpAddr) -> Tri {
    let Some(cidr) = block.cidr.get() else {
        return Tri::Unknown(Why::Refused);
    };
    let except = exceptions(block);
    (cidr.contains(&address) && !except.iter().any(|hole| hole.contains(&address))).into()
}

/// The valid exceptions of a block.
pub fn exceptions(block: &IpBlock) -> Vec<IpNet> {
    block.except.iter().filter_map(|hole| hole.get().copied()).collect()
}
