//! One page that opens offline: the graph, searchable, with the rules and lines behind each
//! connection. The page is in `page/`, with the library that draws it.

use std::io::{self, Write};

use super::layout::{Picture, Rect};
use crate::connectivity::{ClusterConnectivity, Detail};
use crate::report::inert;

const PAGE: &str = include_str!("page/page.html");
const STYLE: &str = include_str!("page/page.css");
const SCRIPT: &str = include_str!("page/page.js");
const LIBRARY: &str = include_str!("page/cytoscape.min.js");

/// The most connections that a browser can be asked to hold.
pub const MOST: usize = 2_000_000;

/// Writes the page.
///
/// # Errors
/// Those of `out`.
pub fn write(out: &mut dyn Write, clusters: &[ClusterConnectivity]) -> io::Result<()> {
    let mut rest = PAGE;
    for mark in ["/* style */", "/* data */", "/* library */", "/* script */"] {
        let (before, after) = rest.split_once(mark).unwrap_or((rest, ""));
        out.write_all(before.as_bytes())?;
        match mark {
            "/* style */" => out.write_all(STYLE.as_bytes())?,
            "/* library */" => out.write_all(LIBRARY.as_bytes())?,
            "/* script */" => out.write_all(SCRIPT.as_bytes())?,
            _ => data(&mut Escaped(out), clusters)?,
        }
        rest = after;
    }
    out.write_all(rest.as_bytes())
}

/// Keeps JSON from ending the element that it is in: `<`, `>` and `&`, which only strings have,
/// become escapes.
struct Escaped<'a>(&'a mut dyn Write);

impl Write for Escaped<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for part in bytes.split_inclusive(|byte| matches!(byte, b'<' | b'>' | b'&')) {
            match part.split_last() {
                Some((last @ (b'<' | b'>' | b'&'), before)) => {
                    self.0.write_all(before)?;
                    write!(self.0, "\\u{last:04x}")?;
                }
                _ => self.0.write_all(part)?,
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

fn data(out: &mut dyn Write, clusters: &[ClusterConnectivity]) -> io::Result<()> {
    write!(out, "[")?;
    for (nth, cluster) in clusters.iter().enumerate() {
        let picture = Picture::of(cluster);
        write!(out, "{}{{\"name\":", if nth > 0 { "," } else { "" })?;
        inert::line(out, &cluster.name)?;
        write!(out, ",\"groups\":")?;
        let groups: Vec<_> = picture
            .groups
            .iter()
            .map(|group| (&group.name, place(group.rect), place(group.collapsed)))
            .collect();
        inert::line(out, &groups)?;
        write!(out, ",\"nodes\":")?;
        let nodes: Vec<_> =
            picture.nodes.iter().map(|it| (&it.label, it.group, place(it.rect))).collect();
        inert::line(out, &nodes)?;
        write!(out, ",\"details\":")?;
        let details: Vec<_> = cluster.details.iter().map(detail).collect();
        inert::line(out, &details)?;
        write!(out, ",\"rows\":[")?;
        for (nth, row) in cluster.rows.iter().enumerate() {
            let comma = if nth > 0 { "," } else { "" };
            let (from, to) = (row.from.position(), row.to.position());
            write!(out, "{comma}[{from},{to},{}]", row.detail.position())?;
        }
        write!(out, "]}}")?;
    }
    write!(out, "]")
}

/// A place, to whole pixels.
fn place(rect: Rect) -> [i64; 4] {
    [rect.x, rect.y, rect.width, rect.height].map(|side| side.round() as i64)
}

/// Ports, unknown ports, the rules behind them, and the policies that isolate either side.
type Told<'a> = (String, String, Vec<(&'a str, &'a str, &'a str, usize)>, &'a [String]);

fn detail(detail: &Detail) -> Told<'_> {
    let rules = detail.rules.iter();
    let rules = rules.map(|it| (it.policy.as_str(), it.field.as_str(), it.path.as_str(), it.line));
    (detail.ports.to_string(), detail.unknown.to_string(), rules.collect(), &detail.isolating)
}
