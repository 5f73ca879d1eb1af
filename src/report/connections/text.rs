//! One line per connection, for people and for `grep`.

use std::io::{self, Write};

use super::{is_titled, ports};
use crate::connectivity::ClusterConnectivity;
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
    }
    Ok(())
}
