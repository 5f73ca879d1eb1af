//! Typed objects: what a tree means to Kubernetes, decoded tolerantly, one object at a time.
//!
//! Decoding never fails: every part is a [`Field`], so a policy with one wrong field still gets its
//! other diagnostics. No object here knows another one; that is for [`crate::resolve`].

mod address;
mod admin;
mod calico;
mod caller;
pub mod cilium;
mod cluster_config;
mod containers;
mod decode;
mod duplicate;
mod field;
mod inventory;
pub mod kinds;
mod label_selector;
mod load;
mod memory;
mod namespace;
mod network;
mod network_policy;
mod placeholder;
mod policy;
mod policy_id;
mod ports;
mod rbac;
mod read;
mod relevance;
mod selector;
mod service;
mod test_case;
pub mod tiered;
mod unread;
mod unset;
pub mod validate;
mod workload;

pub use address::{At, Spot};
pub use caller::{
    Backend, BackendPort, Caller, CallerKind, Monitor, MonitoredNamespaces, MonitoredPort, Scrape,
};
pub use cluster_config::{AddressOwner, AddressRange, ClusterConfig};
pub use containers::Host;
pub use decode::decode;
pub use duplicate::{Duplicate, DuplicateKey, DuplicateObject, in_order, of_rendered};
pub use field::{Field, Place, Why};
pub use inventory::{InventoryFile, inventory, without_own};
pub use load::{Loaded, MARK, decoded, load, matters};
pub use namespace::NamespaceObject;
pub use network::{NetworkEntry, NetworkObject};
pub use placeholder::is_placeholder;
pub use policy::{Direction, IpBlock, Peer, Policy, TrafficRule};
pub use policy_id::PolicyId;
pub use ports::{PortEntry, PortRef, Protocol};
pub use rbac::{Binding, Role};
pub use read::string;
pub use relevance::Relevance;
pub use selector::{Fault, Label, Operator, Requirement, Selector, labels};
pub use service::{Outside, Service, ServicePort};
pub use test_case::TestCase;
pub use unread::{Seeming, seeming};
pub use workload::{ContainerPort, DnsPolicy, JOB_LABELS, Workload, WorkloadKind};

use crate::bundle::{Head, Write};
use crate::yaml::Node;
use tiered::TieredPolicy;

/// One manifest, decoded as far as this linter needs it.
#[derive(Clone, Debug)]
pub struct Object {
    /// Its identity and its place.
    pub head: Head,
    /// Its contents.
    pub body: Body,
    /// What built it; `None` for a plain manifest.
    pub made: Option<Box<Made>>,
}

impl Object {
    /// Whether it is a policy that decides connections, of any kind that is decoded.
    pub fn is_policy(&self) -> bool {
        matches!(self.body, Body::Policy(_) | Body::Tiered(_))
    }

    /// The manifest of a policy.
    pub fn policy_tree(&self) -> Option<&Node> {
        match &self.body {
            Body::Policy(policy) => Some(&policy.tree),
            Body::Tiered(policy) => Some(&policy.tree),
            _ => None,
        }
    }

    /// Whether a rule may report it.
    pub fn is_checked(&self) -> bool {
        let is_refused = matches!(&self.body, Body::Network(entry) if !entry.refusals.is_empty());
        self.is_policy() || is_refused
    }
}

/// How a kustomization or a chart built an object.
#[derive(Clone, Debug)]
pub struct Made {
    /// The number of the [`Built`](crate::bundle::Built) that contains it.
    pub built: usize,
    /// What overlays wrote into it.
    pub writes: Vec<Write>,
}

/// The contents of a manifest, by group and kind.
#[derive(Clone, Debug)]
pub enum Body {
    /// A `NetworkPolicy` of `networking.k8s.io` (or of the removed `extensions/v1beta1`).
    Policy(Box<Policy>),
    /// Anything that creates pods from a pod template, and pods themselves. There is one, except
    /// for custom resources with several templates (a PyTorchJob has one for each role).
    Workloads(Vec<Workload>),
    /// A Service.
    Service(Service),
    /// A Namespace.
    Namespace(NamespaceObject),
    /// A policy of another kind that decides connections too.
    Tiered(Box<TieredPolicy>),
    /// A policy of another kind, which the engine does not evaluate: the pods it may select are
    /// unknown in both directions.
    OtherPolicy(OtherPolicy),
    /// A custom resource whose operator creates pods that no manifest shows.
    PodMaker,
    /// An object that deploys a chart or a directory, which no manifest here shows.
    Deployer(Deployer),
    /// A role.
    Role(Role),
    /// A binding of a role to ServiceAccounts.
    Binding(Binding),
    /// A ServiceAccount whose pods get no token for the API server.
    NoToken,
    /// What has Services called from outside the pods' own code.
    Caller(Caller),
    /// What has metrics scraped.
    Monitor(Monitor),
    /// Pods that something may create at run time: the templates in a ConfigMap.
    Templates(Vec<Workload>),
    /// A document that can't be read and mentions a kind that creates pods: its path.
    Unread(Box<str>),
    /// A git repository that Flux fetches, with the lines of `spec.ignore`.
    GitSource(Option<compact_str::CompactString>),
    /// A test, with the files that it expects something in.
    TestCase(TestCase),
    /// The configuration of a cluster.
    ClusterConfig(ClusterConfig),
    /// Whom policies match beside pods and Services.
    Network(Box<NetworkEntry>),
    /// Anything else.
    Other,
}

/// A network policy of a kind that the engine does not evaluate.
#[derive(Clone, Debug)]
pub struct OtherPolicy {
    /// Whether it selects pods in every namespace, or only in its own.
    pub cluster_wide: bool,
}

/// An object that deploys something else (a Flux HelmRelease, an Argo CD Application).
#[derive(Clone, Debug)]
pub struct Deployer {
    /// The namespace that it deploys to, if it says so.
    pub namespace: Option<compact_str::CompactString>,
    /// The whole manifest.
    pub tree: Node,
    /// Whether what it deploys is in this repository, and evaluated.
    pub is_here: bool,
    /// Whether it deploys Cilium, and how that is set up.
    pub cilium: Option<cilium::Installed>,
}
