//! For a pull request: tables of what is opened and closed, each with its lines, and a picture
//! where it is small.

use std::fmt::Write as _;
use std::io::{self, Write};

use super::{Counts, ports, sign, word};
use crate::comparison::{Change, ClusterComparison, Kind};
use crate::report::connections::mermaid;
use crate::report::words::{cell, code, prose};

/// What a comment on GitHub may have, and some room for what is put around it.
const BYTES: usize = 60_000;

/// The most connections that are drawn.
const DRAWN: usize = 25;

/// The most lines that are shown for one connection.
const SHOWN: usize = 3;

/// Writes what differs. Beyond the size of a comment, what is left is counted.
///
/// # Errors
/// Those of `out`.
pub fn write(out: &mut dyn Write, clusters: &[ClusterComparison]) -> io::Result<()> {
    let counts = Counts::of(clusters);
    if clusters.is_empty() {
        return writeln!(out, "The policies allow the same connections as before.");
    }
    let mut text = format!("**{}**\n", counts.line());
    let mut left_out = 0;
    for cluster in clusters {
        let mut part = Part::default();
        if clusters.len() > 1 {
            let _ = write!(part.text, "\n### {}\n", code(&cluster.name));
        }
        let room = BYTES.saturating_sub(text.len());
        for kind in [Kind::Opened, Kind::Closed, Kind::Changed] {
            part.table(cluster, kind, room);
        }
        for (title, list) in [("Appeared", &cluster.appeared), ("Vanished", &cluster.vanished)] {
            let names: Vec<String> = list.iter().map(|(name, _)| code(name)).collect();
            part.names(title, &names, room);
        }
        if cluster.changes.len() <= DRAWN && part.left_out == 0 {
            part.picture(cluster, room);
        }
        left_out += part.left_out;
        text.push_str(&part.text);
    }
    if left_out > 0 {
        let _ = write!(text, "\n{left_out} more: run `netpol-lint diff` to see them.\n");
    }
    out.write_all(text.as_bytes())
}

/// What is written of one cluster.
#[derive(Default)]
struct Part {
    text: String,
    left_out: usize,
}

impl Part {
    fn table(&mut self, cluster: &ClusterComparison, kind: Kind, room: usize) {
        let mut changes = cluster.changes.iter().filter(|change| change.kind == kind).peekable();
        if changes.peek().is_none() {
            return;
        }
        let (title, columns) = match kind {
            Kind::Opened => ("Opened", "| from | to | ports | because of |\n|---|---|---|---|\n"),
            Kind::Closed => ("Closed", "| from | to | ports | because of |\n|---|---|---|---|\n"),
            Kind::Changed => (
                "Changed",
                "| from | to | ports before | ports after | because of |\n|---|---|---|---|---|\n",
            ),
        };
        let _ = write!(self.text, "\n#### {title}\n\n{columns}");
        for change in changes {
            let row = row(cluster, change);
            match self.text.len() + row.len() <= room {
                true => self.text.push_str(&row),
                false => self.left_out += 1,
            }
        }
    }

    fn names(&mut self, title: &str, names: &[String], room: usize) {
        if names.is_empty() {
            return;
        }
        let text = format!("\n{title}: {}\n", names.join(", "));
        match self.text.len() + text.len() <= room {
            true => self.text.push_str(&text),
            false => self.left_out += names.len(),
        }
    }

    /// Opened connections are thick, closed ones dotted.
    fn picture(&mut self, cluster: &ClusterComparison, room: usize) {
        if cluster.changes.is_empty() {
            return;
        }
        let mut picture = String::from("\n```mermaid\nflowchart LR\n");
        let mut ends: Vec<&str> =
            cluster.changes.iter().flat_map(|change| [&*change.from, &*change.to]).collect();
        ends.sort_unstable();
        ends.dedup();
        for (nth, end) in ends.iter().enumerate() {
            let _ = writeln!(picture, "  e{nth}[{}]", mermaid::quoted(end));
        }
        let number = |end: &str| ends.partition_point(|known| *known < end);
        for change in &cluster.changes {
            let arrow = match change.kind {
                Kind::Opened => "==>",
                Kind::Closed => "-.->",
                Kind::Changed => "-->",
            };
            let now = match change.kind {
                Kind::Closed => cluster.before(change),
                _ => cluster.after(change),
            };
            let label = mermaid::quoted(&format!("{} {}", word(change.kind), ports(&now)));
            let (from, to) = (number(&change.from), number(&change.to));
            let _ = writeln!(picture, "  e{from} {arrow}|{label}| e{to}");
        }
        picture.push_str("```\n");
        if self.text.len() + picture.len() <= room {
            self.text.push_str(&picture);
        }
    }
}

fn row(cluster: &ClusterComparison, change: &Change) -> String {
    let (before, after) = (ports(&cluster.before(change)), ports(&cluster.after(change)));
    let ports = match change.kind {
        Kind::Opened => after,
        Kind::Closed => before,
        Kind::Changed => format!("{before} | {after}"),
    };
    let reasons = cluster.reasons(change);
    let mut lines: Vec<String> = reasons
        .iter()
        .take(SHOWN)
        .map(|reason| {
            let place = code(&format!("{}:{}", reason.line.path, reason.line.line));
            format!("{} {} ({place})", code(&sign(reason.state).to_string()), prose(&reason.what))
        })
        .collect();
    if reasons.len() > SHOWN {
        lines.push(format!("and {} more", reasons.len() - SHOWN));
    }
    let (from, to) = (cell(&code(&change.from)), cell(&code(&change.to)));
    format!("| {from} | {to} | {ports} | {} |\n", cell(&lines.join("<br>")))
}
