//! Graphviz's DOT language.

use std::io::{self, Write};

use super::ports;
use crate::connectivity::ClusterConnectivity;
use crate::text::visible;

/// Writes one digraph, with a box per cluster if there are several.
///
/// # Errors
/// Any error of `out`.
pub fn write(out: &mut dyn Write, clusters: &[ClusterConnectivity]) -> io::Result<()> {
    writeln!(out, "digraph connections {{\n  rankdir=LR\n  node [shape=box]")?;
    for (nth, cluster) in clusters.iter().enumerate() {
        writeln!(out, "  subgraph cluster_{nth} {{\n    label={}", quoted(&cluster.name))?;
        // A workload may belong to several clusters, and is one node in each.
        let node = |name: &str| quoted(&format!("{nth}:{name}"));
        for end in cluster.named_ends().into_iter().map(|id| cluster.end(id)) {
            writeln!(out, "    {} [label={}]", node(end), quoted(end))?;
        }
        for row in &cluster.rows {
            let (from, to) = (node(cluster.end(row.from)), node(cluster.end(row.to)));
            let label = quoted(&ports(cluster.detail(row.detail)));
            writeln!(out, "    {from} -> {to} [label={label}]")?;
        }
        writeln!(out, "  }}")?;
    }
    writeln!(out, "}}")
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", visible(text).replace('\\', "\\\\").replace('"', "\\\""))
}
