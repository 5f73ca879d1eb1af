//! Which manifests are applied together: manifests, and their bundles. This module works on trees
//! and does not know policies.

mod alternatives;
mod branches;
mod built;
mod directory_source;
pub mod gitops;
mod grouping;
mod head;
pub mod helm;
mod holders;
mod item;
pub mod kustomize;
mod neighbours;
mod object_id;
mod path;
mod plain;

pub use built::{Built, ChartCall, Fault, FaultKind, Manifest, Opening, Write, Writer};
pub use directory_source::DirectorySource;
pub use grouping::Grouped;
pub use head::{HEAD, Head, heads};
pub use item::{Bundle, Grouping, Item, NamedCluster, Origin, Site, TRIAL_DIRECTORIES, Unit};
pub use neighbours::Neighbours;
pub use object_id::ObjectId;
pub use path::{directory, path_from};
