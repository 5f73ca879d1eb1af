//! Objects to a cluster: which pods a selector selects, in three values, and what the repository
//! cannot tell. This module knows nothing of rules.

mod build;
mod cluster;
mod coverage;
mod elsewhere;
mod known;
mod nearest;
mod openings;
mod places;
mod postings;
mod run_time;
mod select;
mod surroundings;
mod tri;

pub use build::{DEFAULT_NAMESPACE, Members, Settings};
pub use cluster::{Cluster, Covered, PeerPods, Pods, Subject, WorkloadRef, World};
pub use coverage::covers;
pub use elsewhere::Elsewhere;
pub use known::{
    Profile, WellKnown, dns_label, dns_labels, is_dns_address, is_dns_namespace,
    is_ingress_controller,
};
pub use nearest::{Nearest, nearest};
pub use openings::Unseen;
pub use places::{NAME_LABEL, Namespace, Open, is_system};
pub use select::{Labelled, meets, selects};
pub use surroundings::Surroundings;
pub use tri::{Tri, Why};
