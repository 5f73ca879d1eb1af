//! One line per connection, and below it the lines that change it.

use std::io::{self, Write};

use super::{Counts, ports, sign, word};
use crate::comparison::{Change, ClusterComparison, Kind};
use crate::text::visible;

/// The most lines that are shown for one connection.
const SHOWN: usize = 6;

/// Writes every change, and a closing line.
///
/// # Errors
/// Those of `out`.
pub fn write(out: &mut dyn Write, clusters: &[ClusterComparison]) -> io::Result<()> {
    for cluster in clusters {
        if clusters.len() > 1 {
            writeln!(out, "# {}", visible(&cluster.name))?;
        }
        for change in &cluster.changes {
            write_change(out, cluster, change)?;
        }
        for (word, list) in [("appeared", &cluster.appeared), ("vanished", &cluster.vanished)] {
            for (name, line) in list {
                let (name, path) = (visible(name), visible(&line.path));
                writeln!(out, "{word}: {name} ({path}:{})", line.line)?;
            }
        }
        writeln!(out)?;
    }
    writeln!(out, "{}", Counts::of(clusters).line())
}

fn write_change(
    out: &mut dyn Write,
    cluster: &ClusterComparison,
    change: &Change,
) -> io::Result<()> {
    let (before, after) = (ports(&cluster.before(change)), ports(&cluster.after(change)));
    let ports = match change.kind {
        Kind::Opened => after,
        Kind::Closed => before,
        Kind::Changed => format!("{before} -> {after}"),
    };
    let (from, to) = (visible(&change.from), visible(&change.to));
    writeln!(out, "{}: {from} => {to} : {ports}", word(change.kind))?;
    let reasons = cluster.reasons(change);
    for reason in reasons.iter().take(SHOWN) {
        let (what, path) = (visible(&reason.what), visible(&reason.line.path));
        writeln!(out, "    {} {what} ({path}:{})", sign(reason.state), reason.line.line)?;
    }
    if let Some(more) = reasons.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        writeln!(out, "    … and {more} more")?;
    }
    Ok(())
}
