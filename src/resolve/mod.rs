//! Objects to a cluster: which pods a selector selects, in three values, and what the repository
//! does not show. This module does not know rules.

mod access;
mod build;
mod cluster;
mod coverage;
mod elsewhere;
mod ends;
mod group;
mod identity;
mod known;
mod nearest;
mod network;
mod openings;
mod openshift;
mod own_labels;
mod party;
mod peers;
mod places;
mod pods;
mod postings;
mod resolvers;
mod run_time;
mod segments;
mod select;
mod selected;
mod selector_index;
mod services;
mod surroundings;
mod terms;
mod tiered;
mod tri;
mod trigrams;
mod workload_id;

pub use build::{DEFAULT_NAMESPACE, Members, Settings};
pub use cluster::{Cluster, WorkloadRef, World};
pub use coverage::covers;
pub use elsewhere::Elsewhere;
pub use group::{GroupId, PolicyGroup};
pub use identity::CALICO_NAME;
pub use known::{
    NAME_LIKE, Profile, WellKnown, dns_label, dns_labels, is_dns_address, is_dns_namespace,
    is_dns_port, is_ingress_controller, is_openshift_namespace, is_pod_address,
};
pub use nearest::{Nearest, nearest};
pub use network::{Network, Plugin, TierOrder};
pub use party::{Asker, Party};
pub use peers::{Covered, PeerPods};
pub use places::{NAME_LABEL, Namespace, Open, is_system};
pub use pods::{Pods, Subject};
pub use segments::SegmentTree;
pub use select::{Labelled, meets, selects};
pub use selector_index::SelectorIndex;
pub use services::ports_meant;
pub use surroundings::Surroundings;
pub use tiered::SpecId;
pub use tri::{Tri, Why};
pub use workload_id::{NamespaceId, WorkloadId};
