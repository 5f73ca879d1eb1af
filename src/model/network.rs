//! Objects that say whom policies match beside pods, Namespaces and Services: nodes, ServiceAccounts,
//! endpoints, sets of addresses; and how a network plugin is set up.

use std::net::IpAddr;

use compact_str::CompactString;
use ipnet::IpNet;

use super::calico;
use super::cilium::{self, CiliumSettings};
use super::label_selector::label_map;
use super::ports::Protocol;
use super::selector::Label;
use super::tiered::{Refusal, read};
use crate::bundle::Head;
use crate::yaml::Node;

/// One of those objects, and what is rejected of it.
#[derive(Clone, Debug)]
pub struct NetworkEntry {
    /// The object.
    pub object: NetworkObject,
    /// What the API server or a validating client rejects.
    pub refusals: Vec<Refusal>,
}

/// One of those objects.
#[derive(Clone, Debug)]
pub enum NetworkObject {
    /// A Node.
    Node {
        /// Its labels.
        labels: Vec<Label>,
        /// Its addresses.
        addresses: Vec<IpAddr>,
    },
    /// A ServiceAccount.
    Account {
        /// Its labels.
        labels: Vec<Label>,
    },
    /// An EndpointSlice.
    Slice {
        /// The Service whose endpoints it has.
        service: CompactString,
        /// The addresses.
        addresses: Vec<IpAddr>,
        /// The ports.
        ports: Vec<(Protocol, u16)>,
    },
    /// A NetworkSet or GlobalNetworkSet of Calico.
    Set {
        /// Its labels.
        labels: Vec<Label>,
        /// Its addresses.
        nets: Vec<IpNet>,
        /// Whether it has no namespace.
        is_global: bool,
    },
    /// A CiliumCIDRGroup.
    CidrGroup {
        /// Its labels.
        labels: Vec<Label>,
        /// Its addresses.
        nets: Vec<IpNet>,
    },
    /// A Tier of Calico.
    Tier {
        /// Lower first; none last.
        order: Option<f64>,
        /// Whether what its policies do not decide goes on to the next tier.
        passes: bool,
    },
    /// A HostEndpoint of Calico.
    HostEndpoint,
    /// Settings of Cilium.
    Cilium(CiliumSettings),
    /// An object with which Calico is installed.
    CalicoInstallation,
}

/// The object that a manifest is, and what is rejected of it; none for any other kind.
pub(super) fn decode(head: &Head, tree: &Node) -> Option<NetworkEntry> {
    let object = object(head, tree)?;
    let refusals = match object {
        NetworkObject::Set { .. } | NetworkObject::Tier { .. } | NetworkObject::HostEndpoint => {
            calico::refusals(head, tree)
        }
        _ => Vec::new(),
    };
    Some(NetworkEntry { object, refusals })
}

fn object(head: &Head, tree: &Node) -> Option<NetworkObject> {
    let labels = || label_map(tree.at(&["metadata", "labels"])).0;
    let nets = |key: &[&str]| -> Vec<IpNet> {
        let list = tree.at(key).and_then(Node::as_seq).unwrap_or_default();
        list.iter().filter_map(|node| net(node.as_str()?)).collect()
    };
    Some(match (head.group.as_str(), head.kind.as_str()) {
        ("", "Node") => {
            let list = tree.at(&["status", "addresses"]).and_then(Node::as_seq).unwrap_or_default();
            let addresses =
                list.iter().filter_map(|item| item.get("address")?.as_str()?.parse().ok());
            NetworkObject::Node { labels: labels(), addresses: addresses.collect() }
        }
        ("", "ServiceAccount") => NetworkObject::Account { labels: labels() },
        ("discovery.k8s.io", "EndpointSlice") => slice(tree)?,
        (
            "projectcalico.org" | "crd.projectcalico.org",
            kind @ ("NetworkSet" | "GlobalNetworkSet"),
        ) => {
            let is_global = kind == "GlobalNetworkSet";
            NetworkObject::Set { labels: labels(), nets: nets(&["spec", "nets"]), is_global }
        }
        ("cilium.io", "CiliumCIDRGroup") => {
            NetworkObject::CidrGroup { labels: labels(), nets: nets(&["spec", "externalCIDRs"]) }
        }
        ("projectcalico.org" | "crd.projectcalico.org", "Tier") => tier(tree),
        ("projectcalico.org" | "crd.projectcalico.org", "HostEndpoint") => {
            NetworkObject::HostEndpoint
        }
        ("operator.tigera.io", "APIServer") => NetworkObject::CalicoInstallation,
        ("", "ConfigMap") => NetworkObject::Cilium(cilium::of_config_map(&head.name, tree)?),
        _ => return None,
    })
}

/// A block, or an address alone.
fn net(text: &str) -> Option<IpNet> {
    let block = text.parse::<IpNet>().map(|net| net.trunc());
    block.ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
}

fn slice(tree: &Node) -> Option<NetworkObject> {
    let service = tree.at(&["metadata", "labels", "kubernetes.io/service-name"])?.as_str()?;
    let endpoints = read::items(tree, "endpoints").iter();
    let addresses = endpoints.flat_map(|endpoint| read::items(endpoint, "addresses"));
    let ports = read::items(tree, "ports").iter().filter_map(|port| {
        let protocol = match port.get("protocol").filter(|node| !node.is_null()) {
            None => Protocol::Tcp,
            Some(word) => Protocol::parse(word.as_str()?)?,
        };
        Some((protocol, u16::try_from(read::integer(port.get("port")?)?).ok()?))
    });
    Some(NetworkObject::Slice {
        service: service.into(),
        addresses: addresses.filter_map(|node| node.as_str()?.parse().ok()).collect(),
        ports: ports.collect(),
    })
}

fn tier(tree: &Node) -> NetworkObject {
    let order = tree.at(&["spec", "order"]).and_then(read::number);
    let action = tree.at(&["spec", "defaultAction"]).and_then(Node::as_str);
    NetworkObject::Tier { order, passes: action == Some("Pass") }
}
