//! A Mermaid flowchart, which GitHub and GitLab draw in Markdown.

use std::io::{self, Write};

use super::ports;
use crate::connectivity::ClusterConnectivity;
use crate::text::visible;

/// Writes one flowchart, with a box per cluster.
///
/// # Errors
/// Any error of `out`.
pub fn write(out: &mut dyn Write, clusters: &[ClusterConnectivity]) -> io::Result<()> {
    writeln!(out, "flowchart LR")?;
    for (nth, cluster) in clusters.iter().enumerate() {
        writeln!(out, "  subgraph c{nth}[{}]", quoted(&cluster.name))?;
        for end in cluster.named_ends() {
            let name = quoted(cluster.end(end));
            writeln!(out, "    c{nth}e{}[{name}]", end.position())?;
        }
        writeln!(out, "  end")?;
        for row in &cluster.rows {
            let label = quoted(&ports(cluster.detail(row.detail)));
            let (from, to) = (row.from.position(), row.to.position());
            writeln!(out, "  c{nth}e{from} -->|{label}| c{nth}e{to}")?;
        }
    }
    Ok(())
}

/// Quoted text; quotes and markup in it become entities, as Mermaid requires.
pub(in crate::report) fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in visible(text).chars() {
        match c {
            '"' => out.push_str("#quot;"),
            '#' => out.push_str("#35;"),
            '<' => out.push_str("#lt;"),
            '>' => out.push_str("#gt;"),
            '`' => out.push_str("#96;"),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
