//! Typed objects: what a tree means to Kubernetes, decoded tolerantly and one object at a time.
//!
//! Decoding never fails: every part is a [`Field`], so a policy with one wrong field still gets
//! its other diagnostics. No object here knows another one; that is for [`crate::resolve`].

mod address;
mod caller;
mod cluster_config;
mod containers;
mod decode;
mod duplicate;
mod field;
mod inventory;
pub mod kinds;
mod load;
mod memory;
mod namespace;
mod placeholder;
mod policy;
mod ports;
mod rbac;
mod relevance;
mod selector;
mod service;
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
pub use decode::{decode, string};
pub use duplicate::{Duplicate, DuplicateKey, DuplicateObject, in_order, of_rendered};
pub use field::{Field, Place, Why};
pub use inventory::{InventoryFile, inventory, without_own};
pub use load::{Loaded, MARK, decoded, load, matters};
pub use memory::Budget;
pub use namespace::NamespaceObject;
pub use placeholder::is_placeholder;
pub use policy::{Direction, IpBlock, Peer, Policy, TrafficRule};
pub use ports::{PortEntry, PortRef, Protocol};
pub use rbac::{Binding, Role};
pub use relevance::Relevance;
pub use selector::{Fault, Label, Operator, Requirement, Selector, labels};
pub use service::{Outside, Service, ServicePort};
pub use unread::{Seeming, seeming};
pub use workload::{ContainerPort, DnsPolicy, JOB_LABELS, Workload, WorkloadKind};

use crate::bundle::{Head, Write};
use crate::yaml::Node;

/// One manifest, decoded as far as this linter needs it.
#[derive(Clone, Debug)]
pub struct Object {
    /// Who it is and where it stands.
    pub head: Head,
    /// What it says.
    pub body: Body,
    /// What made it; none for a manifest that stands for itself.
    pub made: Option<Box<Made>>,
}

/// How a kustomization or a chart has made an object.
#[derive(Clone, Debug)]
pub struct Made {
    /// The number of the [`Built`](crate::bundle::Built) it is part of.
    pub built: usize,
    /// What overlays have written into it.
    pub writes: Vec<Write>,
}

/// What a manifest says, by group and kind.
#[derive(Clone, Debug)]
pub enum Body {
    /// A `NetworkPolicy` of `networking.k8s.io` (or of the removed `extensions/v1beta1`).
    Policy(Box<Policy>),
    /// Anything that makes pods from a pod template, and pods themselves. One but for custom
    /// resources that carry several templates (a PyTorchJob has one for each role).
    Workloads(Vec<Workload>),
    /// A Service.
    Service(Service),
    /// A Namespace.
    Namespace(NamespaceObject),
    /// A policy of another kind, which the engine does not evaluate: the pods it may select are
    /// unknown in both directions.
    OtherPolicy(OtherPolicy),
    /// A custom resource whose operator makes pods that no manifest shows.
    PodMaker,
    /// An object that has a chart or a directory deployed, which no manifest here shows.
    Deployer(Deployer),
    /// A role.
    Role(Role),
    /// What gives a role to ServiceAccounts.
    Binding(Binding),
    /// A ServiceAccount whose pods get no token for the API server.
    NoToken,
    /// What has Services called from outside the pods' own code.
    Caller(Caller),
    /// What has metrics scraped.
    Monitor(Monitor),
    /// Pods that something may make at run time: the templates that a ConfigMap holds.
    Templates(Vec<Workload>),
    /// A document that can't be read and names a kind that makes pods: its path.
    Unread(Box<str>),
    /// How a cluster is set up.
    ClusterConfig(ClusterConfig),
    /// Anything else.
    Other,
}

/// A network policy of a kind that the engine does not evaluate.
#[derive(Clone, Debug)]
pub struct OtherPolicy {
    /// Whether it selects pods in every namespace, or in its own only.
    pub cluster_wide: bool,
}

/// An object that has something else deployed (a Flux HelmRelease, an Argo CD Application).
#[derive(Clone, Debug)]
pub struct Deployer {
    /// The namespace it deploys to, where it says so.
    pub namespace: Option<compact_str::CompactString>,
    /// All of it.
    pub tree: Node,
    /// Whether what it deploys lies in this repository, and is there beside it.
    pub is_here: bool,
}
