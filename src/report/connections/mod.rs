//! Which connections are allowed: one file per format.

pub mod csv;
pub mod dot;
pub mod html;
pub mod json;
mod layout;
pub mod markdown;
pub mod mermaid;
pub mod svg;
pub mod text;

use crate::connectivity::{ClusterConnectivity, Detail};

/// The ports of a connection in one cell: those that are certainly allowed, then those that may be.
fn ports(detail: &Detail) -> String {
    match (detail.ports.is_empty(), detail.unknown.is_empty()) {
        (false, true) => detail.ports.to_string(),
        (true, _) => format!("unknown: {}", detail.unknown),
        (false, false) => format!("{}; unknown: {}", detail.ports, detail.unknown),
    }
}

/// A heading for each cluster, if there are several.
fn is_titled(clusters: &[ClusterConnectivity]) -> bool {
    clusters.len() > 1
}
