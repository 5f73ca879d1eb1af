//! Pods that are almost never in a repository, and where they run in each kind of cluster: the
//! cluster's DNS.

use std::net::{IpAddr, Ipv4Addr};

use compact_str::CompactString;
use ipnet::IpNet;

use super::openshift;
use super::select::Labelled;
use super::tri::{Tri, Why};
use crate::model::{Object, Operator, Requirement, Selector, is_placeholder};

/// A pod that is not in the repository, but in the user's configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WellKnown {
    /// The user's name for it.
    pub name: String,
    /// Its namespace.
    pub namespace: CompactString,
    /// All of its labels.
    pub labels: Vec<(CompactString, CompactString)>,
    /// The ports it listens on.
    pub ports: Vec<u16>,
}

impl WellKnown {
    /// Whether it listens on a port that a DNS server listens on.
    pub fn is_resolver(&self) -> bool {
        self.ports.iter().any(|&port| is_dns_port(port))
    }
}

impl Labelled for WellKnown {
    fn value(&self, key: &str) -> Option<&str> {
        self.labels.iter().find(|(known, _)| known == key).map(|(_, value)| value.as_str())
    }

    fn may_have(&self, _key: &str) -> Option<Why> {
        None
    }
}

/// Whether DNS servers listen on that port, in some kind of cluster.
pub fn is_dns_port(port: u16) -> bool {
    matches!(port, 53 | 5353)
}

/// A kind of cluster, as far as its DNS differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Profile {
    /// kubeadm and similar: CoreDNS with the label `k8s-app: kube-dns` in `kube-system`.
    #[default]
    Kubernetes,
    /// OpenShift: a DaemonSet in `openshift-dns` that listens on 5353
    /// (github.com/openshift/cluster-dns-operator, assets/dns/daemonset.yaml).
    OpenShift,
    /// GKE: kube-dns, or Cloud DNS at 169.254.169.254.
    Gke,
    /// EKS: CoreDNS, or in Auto Mode a resolver on each node.
    Eks,
    /// AKS: CoreDNS, with LocalDNS at 169.254.10.10 and .11.
    Aks,
    /// K3s: CoreDNS.
    K3s,
    /// RKE2: CoreDNS from the chart `rke2-coredns`.
    Rke2,
}

impl Profile {
    /// Its name in configurations.
    pub fn name(self) -> &'static str {
        match self {
            Self::Kubernetes => "kubernetes",
            Self::OpenShift => "openshift",
            Self::Gke => "gke",
            Self::Eks => "eks",
            Self::Aks => "aks",
            Self::K3s => "k3s",
            Self::Rke2 => "rke2",
        }
    }

    /// The kind of cluster that the manifests are for: OpenShift where they show it, plain Kubernetes
    /// otherwise (the others differ in addresses only, and those are known for all of them).
    pub fn detect<'a>(objects: impl IntoIterator<Item = &'a Object>) -> Self {
        if openshift::is_shown(objects) { Self::OpenShift } else { Self::Kubernetes }
    }

    /// The port that the DNS pods listen on.
    pub fn dns_port(self) -> u16 {
        match self {
            Self::OpenShift => 5353,
            _ => 53,
        }
    }

    /// The namespace of the DNS pods.
    pub fn dns_namespace(self) -> &'static str {
        match self {
            Self::OpenShift => OPENSHIFT_DNS,
            _ => "kube-system",
        }
    }

    /// The label that selects the DNS pods.
    pub fn dns_label(self) -> (&'static str, &'static str) {
        match self {
            Self::OpenShift => (OPENSHIFT_DNS_KEY, "default"),
            _ => ("k8s-app", "kube-dns"),
        }
    }

    /// The number of a named port of its DNS pods, by name and protocol (the manifests of
    /// CoreDNS: `dns` is UDP, `dns-tcp` is TCP; on OpenShift both with their protocol).
    pub fn dns_named_port(self, name: &str, is_tcp: bool) -> Option<u16> {
        let fits = match name {
            "dns" => !is_tcp,
            "dns-tcp" => is_tcp,
            _ => false,
        };
        fits.then(|| self.dns_port())
    }
}

const OPENSHIFT_DNS: &str = "openshift-dns";
const OPENSHIFT_DNS_KEY: &str = "dns.operator.openshift.io/daemonset-dns";

/// Keys that people mistake for the namespace's name.
pub const NAME_LIKE: &[&str] = &[
    "k8s-namespace",
    "kubernetes.io/name",
    "metadata.name",
    "name",
    "namespace",
    "namespace-name",
    "ns",
];

/// Whether a namespace with that name is one of OpenShift's own.
pub fn is_openshift_namespace(name: &str) -> bool {
    name.starts_with("openshift-")
}

/// Whether the DNS of any kind of cluster runs in a namespace with that name.
pub fn is_dns_namespace(name: &str) -> bool {
    matches!(name, "kube-system" | OPENSHIFT_DNS)
}

/// Whether a pod selector selects the DNS pods of a cluster with that profile. Labels that the DNS
/// of some clusters has (the CoreDNS chart, NodeLocal DNSCache, RKE2) are unknown rather than no.
pub fn dns_labels(selector: &Selector, profile: Profile) -> Tri {
    if selector.is_refused() {
        return Tri::Unknown(Why::Refused);
    }
    Tri::all(selector.requirements.iter().map(|requirement| dns_label(requirement, profile)))
}

/// Whether the DNS pods of a cluster with that profile meet one requirement.
pub fn dns_label(requirement: &Requirement, profile: Profile) -> Tri {
    let has = |value: &str| requirement.values.iter().any(|(v, _)| v == value);
    if is_placeholder(&requirement.key) || requirement.values.iter().any(|(v, _)| is_placeholder(v))
    {
        return Tri::Unknown(Why::Placeholder);
    }
    let (key, value) = profile.dns_label();
    let key_is_profiles = requirement.key == key;
    match requirement.operator {
        Operator::Exists if key_is_profiles => Tri::Yes,
        Operator::DoesNotExist if key_is_profiles => Tri::No,
        Operator::NotIn if key_is_profiles => (!has(value)).into(),
        Operator::NotIn | Operator::DoesNotExist => Tri::Yes,
        Operator::In if key_is_profiles && has(value) => Tri::Yes,
        Operator::In => some_dns_has(requirement),
        Operator::Exists => Tri::Unknown(Why::Cluster),
    }
}

/// Labels that the DNS pods of some cluster are known to have.
fn some_dns_has(requirement: &Requirement) -> Tri {
    let known: &[&str] = match requirement.key.as_str() {
        "k8s-app" => &["kube-dns", "coredns", "node-local-dns"],
        "app.kubernetes.io/name" => &["coredns", "rke2-coredns"],
        OPENSHIFT_DNS_KEY => &["default"],
        "eks.amazonaws.com/component" => &["coredns"],
        _ => &[],
    };
    let any = requirement.values.iter().any(|(value, _)| known.contains(&value.as_str()));
    if any { Tri::Unknown(Why::Cluster) } else { Tri::No }
}

/// Labels that select the pods of ingress controllers: those in their charts and install manifests.
const INGRESS_CONTROLLERS: &[(&str, &[&str])] = &[
    (
        "app",
        &["haproxy-ingress", "ingress-nginx", "istio-ingressgateway", "nginx-ingress", "traefik"],
    ),
    (
        "app.kubernetes.io/name",
        &[
            "contour",
            "envoy",
            "haproxy-ingress",
            "ingress-nginx",
            "kong",
            "kubernetes-ingress",
            "nginx-ingress",
            "nginx-ingress-controller",
            "traefik",
        ],
    ),
    ("ingresscontroller.operator.openshift.io/deployment-ingresscontroller", &["default"]),
    ("istio", &["ingressgateway"]),
];

/// Whether a pod selector has the labels of an ingress controller.
pub fn is_ingress_controller(selector: &Selector) -> bool {
    let is_one = |requirement: &Requirement| {
        let names = INGRESS_CONTROLLERS.iter().find(|(key, _)| requirement.key == *key);
        requirement.operator == Operator::In
            && names.is_some_and(|(_, names)| {
                requirement.values.iter().any(|(value, _)| names.contains(&value.as_str()))
            })
    };
    selector.requirements.iter().any(is_one)
}

/// Addresses of a resolver on the node, in some kind of cluster: NodeLocal DNSCache (with kubespray
/// the second), GKE Cloud DNS, AKS LocalDNS.
const DNS_ADDRESSES: [Ipv4Addr; 5] = [
    Ipv4Addr::new(169, 254, 20, 10),
    Ipv4Addr::new(169, 254, 25, 10),
    Ipv4Addr::new(169, 254, 169, 254),
    Ipv4Addr::new(169, 254, 10, 10),
    Ipv4Addr::new(169, 254, 10, 11),
];

/// Whether an address block, without its exceptions, contains an address of a cluster's DNS (yes),
/// one that may be such because it is private or in one of `ranges`, those of the cluster's pods
/// and Services (unknown), or neither (no).
pub fn is_dns_address<'a>(
    cidr: IpNet,
    except: &[IpNet],
    ranges: impl IntoIterator<Item = &'a IpNet>,
) -> Tri {
    let left = |address: IpAddr| {
        cidr.contains(&address) && !except.iter().any(|hole| hole.contains(&address))
    };
    let everything = cidr.prefix_len() == 0 && except.is_empty();
    if everything || DNS_ADDRESSES.iter().any(|address| left(IpAddr::V4(*address))) {
        return Tri::Yes;
    }
    // Whether a policy sees a Service's address before or after its translation depends on the
    // network plugin (API reference, NetworkPolicyPeer.ipBlock). The address is usually private,
    // and never in a block whose exceptions contain all of the private range that it overlaps.
    let touches = |range: &IpNet| {
        let overlap = if cidr.contains(range) {
            Some(*range)
        } else if range.contains(&cidr) {
            Some(cidr)
        } else {
            None
        };
        overlap.is_some_and(|net| !except.iter().any(|hole| hole.contains(&net)))
    };
    if private_ranges().iter().any(touches) || ranges.into_iter().any(touches) {
        Tri::Unknown(Why::AddressInCluster)
    } else {
        Tri::No
    }
}

/// Whether an address block, without its exceptions, may hold the addresses of pods: network plugins
/// differ in whether it then matches them. It may where it touches `ranges`, those of the cluster's
/// pods, or a private one where none are known.
pub fn is_pod_address(cidr: IpNet, except: &[IpNet], ranges: &[IpNet]) -> Tri {
    let private = private_ranges();
    let ranges = if ranges.is_empty() { &private[..] } else { ranges };
    let touches = |range: &IpNet| {
        let overlap = match (cidr.contains(range), range.contains(&cidr)) {
            (true, _) => *range,
            (false, true) => cidr,
            (false, false) => return false,
        };
        !except.iter().any(|hole| hole.contains(&overlap))
    };
    match ranges.iter().any(touches) {
        true => Tri::Unknown(Why::AddressInCluster),
        false => Tri::No,
    }
}

/// RFC 1918, RFC 6598 (which clusters use for pods and Services too) and RFC 4193, and GKE's
/// default range for Services.
fn private_ranges() -> [IpNet; 6] {
    let v4 = |a, b, c, d, len| IpNet::new_assert(Ipv4Addr::new(a, b, c, d).into(), len);
    [
        v4(10, 0, 0, 0, 8),
        v4(172, 16, 0, 0, 12),
        v4(192, 168, 0, 0, 16),
        v4(100, 64, 0, 0, 10),
        v4(34, 118, 224, 0, 20),
        IpNet::new_assert(std::net::Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0).into(), 7),
    ]
}
