//! Where workloads and connections are drawn: the workloads of a namespace in its box, the boxes
//! side by side, both in layers from left to right. Laid out in process; the same input gives the
//! same picture.

use std::collections::{BTreeMap, BTreeSet};

use rust_sugiyama::configure::{Config, CrossingMinimization, RankingType};

use crate::connectivity::ClusterConnectivity;

/// A place and a size; the place is that of the middle.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Rect {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) width: f64,
    pub(super) height: f64,
}

/// A namespace, or what is outside of the cluster.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) name: String,
    /// Around all its ends.
    pub(super) rect: Rect,
    /// Where it is when no end of any group is shown.
    pub(super) collapsed: Rect,
}

/// One end of connections.
#[derive(Debug)]
pub(super) struct Node {
    /// Its name in its group.
    pub(super) label: String,
    pub(super) group: usize,
    pub(super) rect: Rect,
}

/// A cluster, laid out; nodes are in the order of its ends.
#[derive(Debug)]
pub(super) struct Picture {
    pub(super) groups: Vec<Group>,
    pub(super) nodes: Vec<Node>,
    pub(super) width: f64,
    pub(super) height: f64,
}

/// The name of the group of addresses.
pub(super) const OUTSIDE: &str = "outside the cluster";

/// The most boxes and connections that are put in layers: beyond that, layers take long and show
/// nothing, and boxes are put in rows.
const LAYERED: usize = 150;
const LAYERED_EDGES: usize = 600;
/// The most connections for each box in layers: where everything is connected, there are none.
const DENSEST: usize = 3;

const LINE: f64 = 34.0;
const GAP: f64 = 28.0;
const PADDING: f64 = 18.0;
/// The name of a group.
const TITLE: f64 = 24.0;

impl Picture {
    /// Lays out a cluster.
    pub(super) fn of(cluster: &ClusterConnectivity) -> Self {
        let mut groups: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        let mut labels = Vec::with_capacity(cluster.ends.len());
        for (number, end) in cluster.ends.iter().enumerate() {
            let (group, label) = parts(end);
            groups.entry(group).or_default().push(number);
            labels.push(label);
        }
        let mut nodes: Vec<Node> = labels
            .iter()
            .map(|label| Node { label: (*label).to_owned(), group: 0, rect: size(label) })
            .collect();
        for (at, members) in groups.values().enumerate() {
            members.iter().for_each(|&member| nodes[member].group = at);
        }
        let (mut within, mut between) = (vec![BTreeSet::new(); groups.len()], BTreeSet::new());
        for row in &cluster.rows {
            let (from, to) = (row.from.position(), row.to.position());
            let (of, other) = (nodes[from].group, nodes[to].group);
            match of == other {
                true if within[of].len() <= LAYERED_EDGES => drop(within[of].insert((from, to))),
                true => {}
                false => drop(between.insert((of, other))),
            }
        }
        let mut boxes = Vec::new();
        let mut titles = Vec::new();
        for (members, edges) in groups.values().zip(&within) {
            boxes.push(inside(members, edges, &mut nodes));
        }
        for name in groups.keys() {
            titles.push(size(&format!("{name} (1000)")));
        }
        let (width, height) = arrange(&mut boxes, &between);
        arrange(&mut titles, &between);
        for node in &mut nodes {
            let around = boxes[node.group];
            node.rect.x += around.x - around.width / 2.0 + PADDING;
            node.rect.y += around.y - around.height / 2.0 + PADDING + TITLE;
        }
        let groups = groups.keys().zip(boxes.into_iter().zip(titles));
        let groups = groups.map(|(name, (rect, collapsed))| Group {
            name: (*name).to_owned(),
            rect,
            collapsed,
        });
        Self { groups: groups.collect(), nodes, width, height }
    }
}

/// The group of an end, and its name in it.
fn parts(end: &str) -> (&str, &str) {
    let is_range = end.split_once('-').is_some_and(|(first, last)| {
        first.parse::<std::net::IpAddr>().is_ok() && last.parse::<std::net::IpAddr>().is_ok()
    });
    match end.split_once('/') {
        Some((namespace, name)) if !is_range => (namespace, name),
        _ => (OUTSIDE, end),
    }
}

/// The room that a label takes, in a common font of 13 pixels.
fn size(label: &str) -> Rect {
    let columns = label.chars().count().min(60) as f64;
    Rect { x: 0.0, y: 0.0, width: columns * 7.6 + 22.0, height: LINE }
}

/// Lays the members of a group out from the origin, and returns the box around them.
fn inside(members: &[usize], edges: &BTreeSet<(usize, usize)>, nodes: &mut [Node]) -> Rect {
    let mut rects: Vec<Rect> = members.iter().map(|&member| nodes[member].rect).collect();
    let position = |member: usize| members.partition_point(|known| *known < member);
    let edges = edges.iter().map(|&(from, to)| (position(from), position(to))).collect();
    let (width, height) = arrange(&mut rects, &edges);
    for (&member, rect) in members.iter().zip(rects) {
        nodes[member].rect = rect;
    }
    let (width, height) = (width + 2.0 * PADDING, height + 2.0 * PADDING + TITLE);
    Rect { x: 0.0, y: 0.0, width: width.max(120.0), height }
}

/// Gives rectangles places from the origin on, and returns the room they take.
fn arrange(rects: &mut [Rect], edges: &BTreeSet<(usize, usize)>) -> (f64, f64) {
    let is_sparse = edges.len() <= DENSEST * rects.len();
    let is_small = is_sparse && rects.len() <= LAYERED && edges.len() <= LAYERED_EDGES;
    let linked: BTreeSet<usize> = edges.iter().flat_map(|&(from, to)| [from, to]).collect();
    let mut blocks: Vec<Block> = Vec::new();
    match is_small {
        true => blocks.extend(layers(rects, edges)),
        false => blocks.extend(linked.iter().map(|&at| Block::single(at, rects[at]))),
    }
    let alone = (0..rects.len()).filter(|at| !linked.contains(at));
    blocks.extend(alone.map(|at| Block::single(at, rects[at])));
    shelve(rects, &blocks)
}

/// Rectangles that are moved together, from the origin on.
struct Block {
    members: Vec<(usize, f64, f64)>,
    width: f64,
    height: f64,
}

impl Block {
    fn single(at: usize, rect: Rect) -> Self {
        let middle = (rect.width / 2.0, rect.height / 2.0);
        Self { members: vec![(at, middle.0, middle.1)], width: rect.width, height: rect.height }
    }
}

/// What is connected, in layers from left to right: a block for each part that is connected.
fn layers(rects: &[Rect], edges: &BTreeSet<(usize, usize)>) -> Vec<Block> {
    let linked: BTreeSet<usize> = edges.iter().flat_map(|&(from, to)| [from, to]).collect();
    // The crate lays out from top to bottom: sides are swapped, and swapped back.
    let vertices: Vec<(u32, (f64, f64))> = linked
        .iter()
        .map(|&at| (at as u32, (rects[at].height + GAP / 2.0, rects[at].width + 2.0 * GAP)))
        .collect();
    // Of two that connect to each other, one direction says as much.
    let edges: Vec<(u32, u32)> = edges
        .iter()
        .filter(|(from, to)| from != to && !(from > to && edges.contains(&(*to, *from))))
        .map(|&(from, to)| (from as u32, to as u32))
        .collect();
    let config = Config {
        minimum_length: 1,
        vertex_spacing: GAP / 2.0,
        dummy_vertices: true,
        dummy_size: 0.5,
        ranking_type: RankingType::MinimizeEdgeLength,
        c_minimization: CrossingMinimization::Barycenter,
        transpose: false,
    };
    let parts = rust_sugiyama::from_vertices_and_edges(&vertices, &edges, &config);
    parts.into_iter().map(|(places, ..)| block(rects, places)).collect()
}

/// A part that the crate has laid out, moved to the origin.
fn block(rects: &[Rect], places: Vec<(usize, (f64, f64))>) -> Block {
    let mut members: Vec<(usize, f64, f64)> =
        places.into_iter().map(|(at, (y, x))| (at, x, y)).collect();
    members.sort_unstable_by_key(|(at, ..)| *at);
    let least = |side: &dyn Fn(&(usize, f64, f64)) -> f64| {
        members.iter().map(side).fold(f64::INFINITY, f64::min)
    };
    let left = least(&|(at, x, _)| x - rects[*at].width / 2.0);
    let top = least(&|(at, _, y)| y - rects[*at].height / 2.0);
    for (_, x, y) in &mut members {
        *x -= left;
        *y -= top;
    }
    let most =
        |side: &dyn Fn(&(usize, f64, f64)) -> f64| members.iter().map(side).fold(0.0, f64::max);
    let width = most(&|(at, x, _)| x + rects[*at].width / 2.0);
    let height = most(&|(at, _, y)| y + rects[*at].height / 2.0);
    Block { members, width, height }
}

/// Puts blocks in rows that together are about as wide as high.
fn shelve(rects: &mut [Rect], blocks: &[Block]) -> (f64, f64) {
    let area: f64 = blocks.iter().map(|it| (it.width + GAP) * (it.height + GAP)).sum();
    let widest = blocks.iter().map(|it| it.width).fold(0.0, f64::max);
    let limit = (area.sqrt() * 1.3).max(widest);
    let (mut x, mut y, mut row, mut width) = (0.0, 0.0, 0.0_f64, 0.0_f64);
    for block in blocks {
        if x > 0.0 && x + block.width > limit {
            (x, y, row) = (0.0, y + row + GAP, 0.0);
        }
        for &(at, dx, dy) in &block.members {
            (rects[at].x, rects[at].y) = (x + dx, y + dy);
        }
        x += block.width + GAP;
        width = width.max(x - GAP);
        row = row.max(block.height);
    }
    (width, y + row)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn overlap(one: &Rect, other: &Rect) -> bool {
        (one.x - other.x).abs() < (one.width + other.width) / 2.0 - 0.01
            && (one.y - other.y).abs() < (one.height + other.height) / 2.0 - 0.01
    }

    #[test]
    fn nothing_lies_over_anything_else() {
        let chain: BTreeSet<(usize, usize)> = (0..40).map(|at| (at, at + 1)).collect();
        let circle: BTreeSet<(usize, usize)> = (0..30).map(|at| (at, (at * 7 + 1) % 30)).collect();
        let full: BTreeSet<(usize, usize)> =
            (0..20).flat_map(|a| (0..20).map(move |b| (a, b))).collect();
        let both = BTreeSet::from([(0, 1), (1, 0), (2, 2)]);
        for edges in [BTreeSet::new(), chain, circle, full, both] {
            let mut rects: Vec<Rect> = (0..50).map(|at| size(&"x".repeat(at % 9 + 1))).collect();
            let (width, height) = arrange(&mut rects, &edges);
            for (nth, one) in rects.iter().enumerate() {
                assert!(one.x + one.width / 2.0 <= width + 0.01, "{one:?}");
                assert!(one.y + one.height / 2.0 <= height + 0.01, "{one:?}");
                let over = rects[..nth].iter().find(|other| overlap(one, other));
                assert!(over.is_none(), "{one:?} {over:?} {edges:?}");
            }
            let mut again: Vec<Rect> = (0..50).map(|at| size(&"x".repeat(at % 9 + 1))).collect();
            arrange(&mut again, &edges);
            assert_eq!(rects, again, "the same picture every time");
        }
    }
}
