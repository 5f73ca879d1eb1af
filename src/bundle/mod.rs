//! What is applied together: manifests, and the bundles they stand in. This module works on
//! trees and knows nothing of policies.

mod head;

pub use head::{Head, heads};
