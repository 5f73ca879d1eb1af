//! One line per connection, for people and for `grep`.

use std::io::{self, Write};

use super::{cell, is_titled, ports};
use crate::connectivity::ClusterConnectivity;
use crate::exposure::Exposure;
use crate::model::Direction;
use crate::text::visible;

/// Writes `from => to : ports`, sorted, below the name of each cluster if there are several.
///
/// # Errors
/// Any error of `out`.
pub fn write(out: &mut dyn Write, clusters: &[ClusterConnectivity]) -> io::Result<()> {
    for (nth, cluster) in clusters.iter().enumerate() {
        if is_titled(clusters) {
            let gap = if nth > 0 { "\n" } else { "" };
            writeln!(out, "{gap}# {}", visible(&cluster.name))?;
        }
        for row in &cluster.rows {
            let (from, to) = (visible(cluster.end(row.from)), visible(cluster.end(row.to)));
            writeln!(out, "{from} => {to} : {}", ports(cluster.detail(row.detail)))?;
        }
        write_entries(out, cluster)?;
        if let Some(exposure) = &cluster.exposure {
            write_exposure(out, cluster, exposure)?;
        }
    }
    Ok(())
}

/// What is offered to the outside.
fn write_entries(out: &mut dyn Write, cluster: &ClusterConnectivity) -> io::Result<()> {
    if !cluster.entries.is_empty() {
        writeln!(out, "\n# ways in from outside the cluster")?;
    }
    for entry in &cluster.entries {
        let to = visible(cluster.end(entry.to));
        let ports = cell(&entry.ports.to_string(), &entry.unknown.to_string());
        writeln!(out, "{} => {to} : {ports}", visible(&entry.entry))?;
    }
    Ok(())
}

/// Who else may be connected with, and what no policy isolates.
fn write_exposure(
    out: &mut dyn Write,
    cluster: &ClusterConnectivity,
    exposure: &Exposure,
) -> io::Result<()> {
    writeln!(out, "\n# with pods that may be there, and with addresses")?;
    for row in &exposure.rows {
        let (end, peer) = (visible(cluster.end(row.workload)), visible(&row.peer));
        let ports = cell(&row.ports_in_words(), &row.unknown.to_string());
        match row.direction {
            Direction::Ingress => writeln!(out, "{peer} => {end} : {}", visible(&ports))?,
            Direction::Egress => writeln!(out, "{end} => {peer} : {}", visible(&ports))?,
        }
    }
    if !exposure.unprotected.is_empty() {
        writeln!(out, "\n# isolated by no policy")?;
    }
    for (end, direction) in &exposure.unprotected {
        writeln!(out, "{} : {}", visible(cluster.end(*end)), direction.field())?;
    }
    Ok(())
}
