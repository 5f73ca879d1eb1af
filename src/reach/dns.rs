//! May these pods ask the cluster's DNS?

use super::rules::exceptions;
use super::{Endpoint, Port, Verdict, side};
use crate::model::{Direction, Field, IpBlock, Peer, PortRef, Protocol, TrafficRule};
use crate::resolve::{
    Cluster, NAME_LABEL, Subject, Tri, Why, dns_labels, is_dns_address, is_dns_namespace, meets,
    selects,
};

/// Whether pods may ask the cluster's DNS, by protocol. Resolvers ask by UDP and go over to TCP
/// when an answer is long (RFC 7766), so both are needed.
#[derive(Clone, Debug)]
pub struct Dns {
    /// By UDP.
    pub udp: Verdict,
    /// By TCP.
    pub tcp: Verdict,
}

/// Whether policies let `subject` out to the cluster's DNS.
pub fn dns(cluster: &Cluster, subject: Subject) -> Dns {
    let ask = |protocol| {
        let at = |number| {
            let port = Port { protocol, number };
            side(cluster, Direction::Egress, subject, Endpoint::ClusterDns, port)
        };
        let pods = at(cluster.profile.dns_port());
        if pods.allowed.is_yes() || cluster.profile.dns_port() == SERVICE_PORT {
            return pods;
        }
        // OpenShift's pods listen on 5353 behind a Service on 53, and rules see the pods' port:
        // only a resolver of the repository may listen on 53.
        if !cluster.has_resolver() {
            return pods;
        }
        let service = at(SERVICE_PORT);
        if service.allowed > pods.allowed { service } else { pods }
    };
    Dns { udp: ask(Protocol::Udp), tcp: ask(Protocol::Tcp) }
}

/// The port of every cluster's DNS Service.
const SERVICE_PORT: u16 = 53;

/// Whether a peer holds the cluster's DNS, for a rule that is asked about `port`.
pub(super) fn dns_peer(
    cluster: &Cluster,
    policy: u32,
    rule: &TrafficRule,
    peer: &Peer,
    port: Port,
) -> Tri {
    if peer.wrong {
        return Tri::Unknown(Why::Refused);
    }
    if port.number != cluster.profile.dns_port() {
        return peer_is_own_dns(cluster, policy, peer);
    }
    match &peer.ip_block {
        Field::Wrong(..) => return Tri::Unknown(Why::Refused),
        Field::Given(block, _) => {
            let Some(cidr) = block.cidr.get() else {
                return Tri::Unknown(Why::Refused);
            };
            let holds = block_may_be_dns(cluster, block);
            // An address on the node is meant only by a rule that says 53; a wide block on every
            // port may hold it by accident, and may hold the Service's address too.
            let means_dns = names_dns_port(rule) || cidr.prefix_len() == 0;
            return if means_dns { holds } else { holds.at_most_unknown(Why::AddressInCluster) };
        }
        Field::Absent => {}
    }
    peer_may_be_dns(cluster, policy, peer)
}

/// Whether an address block holds an address of the cluster's DNS, or may.
pub fn block_may_be_dns(cluster: &Cluster, block: &IpBlock) -> Tri {
    let Some(cidr) = block.cidr.get() else {
        return Tri::Unknown(Why::Refused);
    };
    let settings = &cluster.settings;
    let ranges = settings.pod_ranges.iter().chain(&settings.service_ranges);
    is_dns_address(*cidr, &exceptions(block), ranges)
}

/// Whether a rule for everyone holds the cluster's DNS on `port`: its pods listen there, or a
/// resolver of the repository may.
pub(super) fn everyone_holds_dns(cluster: &Cluster, port: Port) -> Tri {
    if port.number == cluster.profile.dns_port() {
        return Tri::Yes;
    }
    if cluster.has_resolver() { Tri::Unknown(Why::Cluster) } else { Tri::No }
}

/// Whether a peer of selectors holds the cluster's DNS pods, whatever the port: those of the
/// cluster's profile, or a workload of the repository that declares port 53.
pub fn peer_may_be_dns(cluster: &Cluster, policy: u32, peer: &Peer) -> Tri {
    if peer.wrong || peer.pod_selector.is_wrong() || peer.namespace_selector.is_wrong() {
        return Tri::Unknown(Why::Refused);
    }
    let in_namespace = dns_namespace(cluster, policy, peer);
    let labelled = match peer.pod_selector.get() {
        None => Tri::from(!peer.namespace_selector.is_absent()),
        Some(selector) => dns_labels(selector, cluster.profile),
    };
    (in_namespace & labelled) | peer_is_own_dns(cluster, policy, peer)
}

fn dns_namespace(cluster: &Cluster, policy: u32, peer: &Peer) -> Tri {
    let name = cluster.profile.dns_namespace();
    let Some(selector) = peer.namespace_selector.get() else {
        let home = &cluster.namespace(cluster.home(policy)).name;
        return is_dns_namespace(home).into();
    };
    if let Some(shown) = cluster.namespace_named(name) {
        return selects(selector, cluster.namespace(shown));
    }
    if selector.is_refused() {
        return Tri::Unknown(Why::Refused);
    }
    // Not shown: its name is known, other labels of it are not.
    Tri::all(selector.requirements.iter().map(|requirement| {
        if requirement.key == NAME_LABEL {
            meets(requirement, &NameOnly(name))
        } else {
            Tri::Unknown(Why::NamespaceNotShown)
        }
    }))
}

struct NameOnly<'a>(&'a str);

impl crate::resolve::Labelled for NameOnly<'_> {
    fn value(&self, key: &str) -> Option<&str> {
        (key == NAME_LABEL).then_some(self.0)
    }
    fn may_have(&self, _key: &str) -> Option<Why> {
        None
    }
}

/// Whether the peer selects a workload of the repository, or a well-known pod, that is a resolver:
/// one that declares port 53 (or the profile's port).
pub fn peer_is_own_dns(cluster: &Cluster, policy: u32, peer: &Peer) -> Tri {
    // Asked of every peer, so the cheap answer first: most repositories hold no resolver.
    if !cluster.has_resolver() {
        return Tri::No;
    }
    let pods = cluster.peer_pods(policy, peer).pods;
    let is_resolver = |number: u32| cluster.is_resolver(number);
    if pods.yes.iter().any(is_resolver) || cluster.has_known_resolver(&pods) {
        Tri::Yes
    } else if pods.maybe.iter().any(is_resolver) {
        Tri::Unknown(Why::LabelsNotShown)
    } else {
        Tri::No
    }
}

/// Whether a rule says port 53 (or the name of it) itself, rather than every port.
fn names_dns_port(rule: &TrafficRule) -> bool {
    rule.port_list().iter().any(|entry| match entry.port.get() {
        Some(PortRef::Number(number)) => matches!(number, 53 | 5353),
        Some(PortRef::Name(name)) => name.starts_with("dns"),
        _ => false,
    })
}
