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
    cell(&detail.ports.to_string(), &detail.unknown.to_string())
}

fn cell(ports: &str, unknown: &str) -> String {
    match (ports.is_empty(), unknown.is_empty()) {
        (false, true) => ports.to_owned(),
        (true, _) => format!("unknown: {unknown}"),
        (false, false) => format!("{ports}; unknown: {unknown}"),
    }
}

/// A heading for each cluster, if there are several.
fn is_titled(clusters: &[ClusterConnectivity]) -> bool {
    clusters.len() > 1
}
