//! What is applied together: manifests, and the bundles they stand in. This module works on
//! trees and knows nothing of policies.

mod built;
pub mod gitops;
mod grouping;
mod head;
pub mod helm;
pub mod kustomize;
mod path;
mod plain;

pub use built::{Built, ChartCall, Fault, FaultKind, Manifest, Opening, Write, Writer};
pub use grouping::{
    Bundle, Grouped, Grouping, Item, NamedCluster, Origin, Site, TRIAL_DIRECTORIES, Unit,
};
pub use head::{Head, heads};
pub use path::{directory, path_from};
