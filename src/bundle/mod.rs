//! What is applied together: manifests, and the bundles they stand in. This module works on
//! trees and knows nothing of policies.

mod built;
mod head;
mod kustomize;
mod left_out;
mod plain;

pub use built::{Built, ChartCall, Fault, FaultKind, Manifest, Opening, Write, Writer};
pub use head::{Head, heads};
pub use kustomize::{Kustomizations, ReadFile};
pub use left_out::{Kustomization, LeftOut, directory, left_out};
pub use plain::{Bundle, Grouping, Item, NamedCluster, TRIAL_DIRECTORIES};
