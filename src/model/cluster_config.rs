//! The configuration of a cluster, as far as it matters to policies: the address ranges of its pods
//! and its Services.

use ipnet::IpNet;

use crate::text::Span;
use crate::yaml::Node;

/// The address ranges in a cluster's configuration.
#[derive(Clone, Debug, Default)]
pub struct ClusterConfig {
    /// The ranges.
    pub ranges: Vec<AddressRange>,
}

/// A range of addresses in a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddressRange {
    /// The addresses.
    pub net: IpNet,
    /// What the addresses are for.
    pub of: AddressOwner,
    /// Where the range is written, or the kind that implies it by default.
    pub place: Span,
}

/// What has an address in a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressOwner {
    /// Its pods.
    Pods,
    /// Its Services.
    Services,
}

/// Where a kind has its ranges, and its defaults.
struct Layout {
    group: &'static str,
    kind: &'static str,
    pods: &'static [&'static str],
    services: &'static [&'static str],
    default_pods: Option<&'static str>,
    default_services: Option<&'static str>,
}

/// kubeadm has no default pod range; kind (pkg/apis/config/v1alpha4), k3s and RKE2 do. The last two
/// are recognized by their own controller for charts.
const LAYOUTS: &[Layout] = &[
    Layout {
        group: "kubeadm.k8s.io",
        kind: "ClusterConfiguration",
        pods: &["networking", "podSubnet"],
        services: &["networking", "serviceSubnet"],
        default_pods: None,
        default_services: Some("10.96.0.0/12"),
    },
    Layout {
        group: "kubeproxy.config.k8s.io",
        kind: "KubeProxyConfiguration",
        pods: &["clusterCIDR"],
        services: &[],
        default_pods: None,
        default_services: None,
    },
    Layout {
        group: "kind.x-k8s.io",
        kind: "Cluster",
        pods: &["networking", "podSubnet"],
        services: &["networking", "serviceSubnet"],
        default_pods: Some("10.244.0.0/16"),
        default_services: Some("10.96.0.0/16"),
    },
    Layout {
        group: "cluster.x-k8s.io",
        kind: "Cluster",
        pods: &["spec", "clusterNetwork", "pods", "cidrBlocks"],
        services: &["spec", "clusterNetwork", "services", "cidrBlocks"],
        default_pods: None,
        default_services: None,
    },
    Layout {
        group: "k3d.io",
        kind: "Simple",
        pods: &[],
        services: &[],
        default_pods: Some("10.42.0.0/16"),
        default_services: Some("10.43.0.0/16"),
    },
    Layout {
        group: "helm.cattle.io",
        kind: "HelmChartConfig",
        pods: &[],
        services: &[],
        default_pods: Some("10.42.0.0/16"),
        default_services: Some("10.43.0.0/16"),
    },
    Layout {
        group: "crd.projectcalico.org",
        kind: "IPPool",
        pods: &["spec", "cidr"],
        services: &[],
        default_pods: None,
        default_services: None,
    },
    Layout {
        group: "projectcalico.org",
        kind: "IPPool",
        pods: &["spec", "cidr"],
        services: &[],
        default_pods: None,
        default_services: None,
    },
    Layout {
        group: "operator.tigera.io",
        kind: "Installation",
        pods: &["spec", "calicoNetwork", "ipPools"],
        services: &[],
        default_pods: Some("192.168.0.0/16"),
        default_services: None,
    },
];

/// The kinds, for the filter before parsing.
pub(super) fn kinds() -> impl Iterator<Item = &'static str> {
    LAYOUTS.iter().map(|layout| layout.kind)
}

/// The address ranges of an object; `None` if it does not configure a cluster.
pub(super) fn decode(
    group: &str,
    kind: &str,
    kind_span: Span,
    tree: &Node,
) -> Option<ClusterConfig> {
    let layout = LAYOUTS.iter().find(|layout| layout.group == group && layout.kind == kind)?;
    let mut ranges = Vec::new();
    let parts = [
        (AddressOwner::Pods, layout.pods, layout.default_pods),
        (AddressOwner::Services, layout.services, layout.default_services),
    ];
    for (of, route, default) in parts {
        let written = if route.is_empty() { None } else { tree.at(route) };
        match written.filter(|node| !node.is_null()) {
            Some(node) => {
                let nets = nets(node).into_iter();
                ranges.extend(nets.map(|(net, place)| AddressRange { net, of, place }));
            }
            None => {
                let net = default.and_then(|net| net.parse().ok());
                ranges.extend(net.map(|net| AddressRange { net, of, place: kind_span }));
            }
        }
    }
    Some(ClusterConfig { ranges })
}

/// One range, several separated by commas (two address families), or a list of ranges or of pools.
fn nets(node: &Node) -> Vec<(IpNet, Span)> {
    let one = |node: &Node| -> Vec<(IpNet, Span)> {
        let text = node.as_str().unwrap_or_default();
        let nets = text.split(',').filter_map(|net| net.trim().parse::<IpNet>().ok());
        nets.map(|net| (net.trunc(), node.span)).collect()
    };
    match node.as_seq() {
        Some(items) => {
            items.iter().flat_map(|item| one(item.get("cidr").unwrap_or(item))).collect()
        }
        None => one(node),
    }
}
