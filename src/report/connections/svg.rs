//! A picture that needs no other program: laid out here.

use std::io::{self, Write};

use super::layout::{Picture, Rect};
use super::ports;
use crate::connectivity::ClusterConnectivity;
use crate::report::xml::inert;

/// The most connections that are drawn one by one; beyond that, one line stands for all between
/// two namespaces.
const DRAWN: usize = 1_500;

/// The most connections whose ports are written beside them.
const LABELLED: usize = 40;

const STYLE: &str = "\
svg{background:#fff;color:#1f2328;font:13px ui-sans-serif,system-ui,'Segoe UI',sans-serif}\
.g{fill:#f6f8fa;stroke:#d0d7de}.n{fill:#fff;stroke:#57606a}.e{fill:none;stroke:#57606a;opacity:.75}\
.u{stroke-dasharray:5 4}text{fill:currentColor}.p{font-size:11px;paint-order:stroke;stroke:#fff;stroke-width:3px}\
.a{fill:#57606a}\
@media(prefers-color-scheme:dark){svg{background:#0d1117;color:#e6edf3}.g{fill:#161b22;stroke:#30363d}\
.n{fill:#0d1117;stroke:#8b949e}.e{stroke:#8b949e}.p{stroke:#0d1117}.a{fill:#8b949e}}";

const MARGIN: f64 = 24.0;
const TITLE: f64 = 30.0;

/// Writes one picture, the clusters below each other.
///
/// # Errors
/// Those of `out`.
pub fn write(out: &mut dyn Write, clusters: &[ClusterConnectivity]) -> io::Result<()> {
    let pictures: Vec<Picture> = clusters.iter().map(Picture::of).collect();
    let title = if clusters.len() > 1 { TITLE } else { 0.0 };
    let width = pictures.iter().map(|picture| picture.width).fold(200.0, f64::max) + 2.0 * MARGIN;
    let height: f64 = pictures.iter().map(|it| it.height + title + MARGIN).sum::<f64>() + MARGIN;
    writeln!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" width=\"{width:.0}\" \
         height=\"{height:.0}\" viewBox=\"0 0 {width:.0} {height:.0}\">\n\
         <title>Which connections the policies allow</title>\n<style>{STYLE}</style>\n\
         <defs><marker id=\"arrow\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"8\" \
         markerHeight=\"8\" orient=\"auto\"><path class=\"a\" d=\"M0 0L8 4L0 8z\"/></marker></defs>"
    )?;
    let mut top = MARGIN;
    for (cluster, picture) in clusters.iter().zip(&pictures) {
        writeln!(out, "<g transform=\"translate({MARGIN} {top:.1})\">")?;
        if clusters.len() > 1 {
            writeln!(out, "<text y=\"14\" font-weight=\"600\">{}</text>", escaped(&cluster.name))?;
        }
        writeln!(out, "<g transform=\"translate(0 {title})\">")?;
        draw(out, cluster, picture)?;
        writeln!(out, "</g></g>")?;
        top += picture.height + title + MARGIN;
    }
    writeln!(out, "</svg>")
}

fn draw(out: &mut dyn Write, cluster: &ClusterConnectivity, picture: &Picture) -> io::Result<()> {
    for group in &picture.groups {
        let Rect { x, y, width, height } = group.rect;
        let (left, top) = (x - width / 2.0, y - height / 2.0);
        writeln!(
            out,
            "<rect class=\"g\" x=\"{left:.1}\" y=\"{top:.1}\" width=\"{width:.1}\" \
             height=\"{height:.1}\" rx=\"8\"/><text x=\"{:.1}\" y=\"{:.1}\" \
             font-weight=\"600\">{}</text>",
            left + 12.0,
            top + 20.0,
            escaped(&group.name)
        )?;
    }
    match cluster.rows.len() <= DRAWN {
        true => draw_rows(out, cluster, picture)?,
        false => draw_groups(out, cluster, picture)?,
    }
    for node in &picture.nodes {
        let Rect { x, y, width, height } = node.rect;
        writeln!(
            out,
            "<rect class=\"n\" x=\"{:.1}\" y=\"{:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" \
             rx=\"5\"/><text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
            x - width / 2.0,
            y - height / 2.0,
            y + 4.5,
            escaped(&shortened(&node.label))
        )?;
    }
    Ok(())
}

fn draw_rows(
    out: &mut dyn Write,
    cluster: &ClusterConnectivity,
    picture: &Picture,
) -> io::Result<()> {
    let is_labelled = cluster.rows.len() <= LABELLED;
    for row in &cluster.rows {
        let (from, to) = (row.from.position(), row.to.position());
        let detail = cluster.detail(row.detail);
        let class = if detail.ports.is_empty() { "e u" } else { "e" };
        let label = ports(detail);
        let title = format!("{} => {} : {label}", cluster.end(row.from), cluster.end(row.to));
        let (a, b) = (picture.nodes[from].rect, picture.nodes[to].rect);
        line(out, class, a, b, &title, is_labelled.then_some(label.as_str()))?;
    }
    Ok(())
}

/// One line for all connections between two namespaces.
fn draw_groups(
    out: &mut dyn Write,
    cluster: &ClusterConnectivity,
    picture: &Picture,
) -> io::Result<()> {
    let mut counts = std::collections::BTreeMap::<(usize, usize), usize>::new();
    for row in &cluster.rows {
        let group = |end: usize| picture.nodes[end].group;
        let (from, to) = (group(row.from.position()), group(row.to.position()));
        if from != to {
            *counts.entry((from, to)).or_default() += 1;
        }
    }
    for ((from, to), count) in counts {
        let (from, to) = (&picture.groups[from], &picture.groups[to]);
        let label = format!("{count} connections");
        let title = format!("{} => {} : {label}", from.name, to.name);
        line(out, "e", from.rect, to.rect, &title, Some(&label))?;
    }
    Ok(())
}

/// A line between two rectangles, curved so that the way back does not lie over it.
fn line(
    out: &mut dyn Write,
    class: &str,
    from: Rect,
    to: Rect,
    title: &str,
    label: Option<&str>,
) -> io::Result<()> {
    let middle = ((from.x + to.x) / 2.0, (from.y + to.y) / 2.0);
    let (dx, dy) = (to.x - from.x, to.y - from.y);
    let length = dx.hypot(dy).max(1.0);
    let bend = (length / 8.0).min(40.0);
    let (cx, cy) = (middle.0 - dy / length * bend, middle.1 + dx / length * bend);
    let ((x1, y1), (x2, y2)) = (border(from, cx, cy), border(to, cx, cy));
    writeln!(
        out,
        "<path class=\"{class}\" marker-end=\"url(#arrow)\" \
         d=\"M{x1:.1} {y1:.1}Q{cx:.1} {cy:.1} {x2:.1} {y2:.1}\"><title>{}</title></path>",
        escaped(title)
    )?;
    if let Some(label) = label {
        let (x, y) = ((x1 + 2.0 * cx + x2) / 4.0, (y1 + 2.0 * cy + y2) / 4.0);
        let label = escaped(&shortened(label));
        writeln!(
            out,
            "<text class=\"p\" x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"middle\">{label}</text>"
        )?;
    }
    Ok(())
}

/// Where the line from a rectangle's middle towards a point leaves it.
fn border(rect: Rect, x: f64, y: f64) -> (f64, f64) {
    let (dx, dy) = (x - rect.x, y - rect.y);
    let scale =
        |delta: f64, half: f64| if delta.abs() < 0.01 { f64::INFINITY } else { half / delta.abs() };
    let factor = scale(dx, rect.width / 2.0 + 1.0).min(scale(dy, rect.height / 2.0 + 1.0));
    let factor = factor.min(1.0);
    (rect.x + dx * factor, rect.y + dy * factor)
}

/// As much of a label as has room.
fn shortened(label: &str) -> String {
    match label.chars().nth(60) {
        Some(_) => label.chars().take(59).chain(['…']).collect(),
        None => label.to_owned(),
    }
}

fn escaped(text: &str) -> String {
    quick_xml::escape::escape(inert(text)).into_owned()
}
