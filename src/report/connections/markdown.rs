//! A table per cluster, for a comment or a wiki.

use std::io::{self, Write};

use super::{is_titled, ports};
use crate::connectivity::ClusterConnectivity;
use crate::report::words::{cell, code};

/// Writes a table per cluster.
///
/// # Errors
/// Any error of `out`.
pub fn write(out: &mut dyn Write, clusters: &[ClusterConnectivity]) -> io::Result<()> {
    for (nth, cluster) in clusters.iter().enumerate() {
        if is_titled(clusters) {
            let gap = if nth > 0 { "\n" } else { "" };
            writeln!(out, "{gap}## {}\n", code(&cluster.name))?;
        }
        writeln!(out, "| from | to | ports |\n|---|---|---|")?;
        for row in &cluster.rows {
            let cells = [
                cell(&code(cluster.end(row.from))),
                cell(&code(cluster.end(row.to))),
                ports(cluster.detail(row.detail)),
            ];
            writeln!(out, "| {} |", cells.join(" | "))?;
        }
    }
    Ok(())
}
