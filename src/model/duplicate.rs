//! Duplicate keys and objects in one mapping, recorded while a manifest's tree exists. A tree keeps
//! both entries and lookups take the last, as kubectl does.

use std::collections::{BTreeMap, HashSet};

use compact_str::CompactString;

use super::{Body, decode};
use crate::bundle::{Head, Manifest, heads};
use crate::text::Span;
use crate::yaml::{Entry, Map, Node, Value};

/// Something that occurs more than once in one mapping.
#[derive(Clone, Debug)]
pub enum Duplicate {
    /// A key.
    Key(DuplicateKey),
    /// An object: the part of its document before it is another one.
    Object(DuplicateObject),
}

/// A key that occurs more than once in one mapping.
#[derive(Clone, Debug)]
pub struct DuplicateKey {
    /// The key.
    pub key: CompactString,
    /// Its last place.
    pub place: Span,
    /// Its earlier places, in order; at least one.
    pub earlier: Vec<Span>,
    /// The field path from the manifest's root, the key included.
    pub path: String,
    /// The manifest; `None` for a kustomization.
    pub object: Option<Head>,
    /// Whether a chart's template writes it.
    pub is_rendered: bool,
}

/// Objects in one mapping, because there is no `---` between them.
#[derive(Clone, Debug)]
pub struct DuplicateObject {
    /// The first one, and its start.
    pub first: (Head, Span),
    /// The second one, and its start.
    pub second: (Head, Span),
    /// Those after these two, and their starts.
    pub others: Vec<(Head, Span)>,
    /// Whether a chart's template writes them.
    pub is_rendered: bool,
}

impl Duplicate {
    /// Where it is reported.
    pub fn place(&self) -> Span {
        match self {
            Self::Key(key) => key.place,
            Self::Object(object) => object.second.1,
        }
    }
}

/// Finds the duplicates in a kustomization, in any order.
pub(super) fn of_kustomization(tree: &Node, found: &mut Vec<Duplicate>) {
    look(tree, &mut Vec::new(), None, found);
}

/// Finds the duplicates in a manifest, if its kind matters here.
pub(super) fn of_manifest(head: &Head, tree: &Node, found: &mut Vec<Duplicate>) {
    let parts = objects(tree);
    if !parts.iter().any(|part| matters(&part.head, &part.tree)) {
        let mut keys = Vec::new();
        look(tree, &mut Vec::new(), Some(head), &mut keys);
        if !keys.is_empty() && matters(head, tree) {
            found.append(&mut keys);
        }
        return;
    }
    for part in &parts {
        look(&part.tree, &mut Vec::new(), Some(&part.head), found);
    }
    let mut objects = parts.into_iter().map(|part| (part.head, part.place));
    if let (Some(first), Some(second)) = (objects.next(), objects.next()) {
        let others = objects.collect();
        let object = DuplicateObject { first, second, others, is_rendered: false };
        found.push(Duplicate::Object(object));
    }
}

/// The duplicates in what a chart renders.
pub fn of_rendered(manifests: &[Manifest]) -> Vec<Duplicate> {
    let mut found = Vec::new();
    for Manifest { head, tree, .. } in manifests {
        of_manifest(head, tree, &mut found);
    }
    for duplicate in &mut found {
        match duplicate {
            Duplicate::Key(key) => key.is_rendered = true,
            Duplicate::Object(object) => object.is_rendered = true,
        }
    }
    found
}

/// Sorted by place, each place once: a mapping that an alias or a second rendering repeats is
/// checked each time.
pub fn in_order(duplicates: &mut Vec<Duplicate>) {
    duplicates.sort_by_key(Duplicate::place);
    duplicates.dedup_by_key(|duplicate| duplicate.place());
}

fn matters(head: &Head, tree: &Node) -> bool {
    matches!(
        decode(head.clone(), tree).body,
        Body::Policy(_)
            | Body::Tiered(_)
            | Body::Workloads(_)
            | Body::Service(_)
            | Body::Namespace(_)
    )
}

/// One of several objects in one mapping.
struct Part {
    head: Head,
    tree: Node,
    /// Its first key.
    place: Span,
}

/// The objects in a mapping that has the keys of several; empty if it is one object. Each has a
/// kind and metadata: a duplicate line does not start a second object.
fn objects(tree: &Node) -> Vec<Part> {
    let entries = tree.as_map().map(|map| map.entries.as_slice()).unwrap_or_default();
    if entries.iter().filter(|entry| entry.key == "kind").count() < 2 {
        return Vec::new();
    }
    let mut starts = vec![0];
    for (at, _) in entries.iter().enumerate().filter(|(_, entry)| entry.key == "kind") {
        let start = starts.last().copied().unwrap_or(0);
        if has_key(&entries[start..at], "kind") {
            starts.push(first_of_head(entries, start, at));
        }
    }
    let ends = starts.iter().skip(1).copied().chain([entries.len()]);
    let parts: Option<Vec<Part>> =
        starts.iter().zip(ends).map(|(start, end)| part(tree, &entries[*start..end])).collect();
    parts.filter(|parts| parts.len() > 1).unwrap_or_default()
}

/// The start of the object whose `kind` is at `kind`: `apiVersion` or `metadata` may come first.
/// The object before it starts at `start`.
fn first_of_head(entries: &[Entry], start: usize, kind: usize) -> usize {
    let mut first = kind;
    let mut left = vec!["apiVersion", "metadata"];
    while let Some(at) = first.checked_sub(1).filter(|at| *at > start) {
        let key = entries[at].key.as_str();
        let Some(nth) = left.iter().position(|left| *left == key) else { break };
        if !has_key(&entries[start..at], key) {
            break;
        }
        left.remove(nth);
        first = at;
    }
    first
}

fn has_key(entries: &[Entry], key: &str) -> bool {
    entries.iter().any(|entry| entry.key == key)
}

fn part(tree: &Node, entries: &[Entry]) -> Option<Part> {
    let place = entries.first()?.key_span;
    let map = Map { entries: entries.to_vec() };
    let tree = Node { span: tree.span, value: Value::Map(map.into()) };
    tree.get("metadata").filter(|metadata| metadata.as_map().is_some())?;
    let (head, _) = heads(&tree).into_iter().next()?;
    Some(Part { head, tree, place })
}

/// One step of a path.
#[derive(Clone, Copy)]
enum Step<'a> {
    Key(&'a str),
    Item(usize),
}

fn look<'a>(
    node: &'a Node,
    path: &mut Vec<Step<'a>>,
    object: Option<&Head>,
    found: &mut Vec<Duplicate>,
) {
    match &node.value {
        Value::Scalar(_) => {}
        Value::Seq(items) => {
            for (index, item) in items.iter().enumerate() {
                path.push(Step::Item(index));
                look(item, path, object, found);
                path.pop();
            }
        }
        Value::Map(map) => {
            if has_twice(&map.entries) {
                collect(&map.entries, path, object, found);
            }
            for entry in &map.entries {
                path.push(Step::Key(&entry.key));
                look(&entry.value, path, object, found);
                path.pop();
            }
        }
    }
}

/// Whether any key occurs twice. Nearly every mapping is small and has no duplicates.
fn has_twice(entries: &[Entry]) -> bool {
    const SMALL: usize = 16;
    if entries.len() > SMALL {
        let mut keys = HashSet::with_capacity(entries.len());
        return !entries.iter().all(|entry| keys.insert(entry.key.as_str()));
    }
    let is_earlier = |(index, entry): (usize, &Entry)| {
        entries.iter().take(index).any(|earlier| earlier.key == entry.key)
    };
    entries.iter().enumerate().any(is_earlier)
}

fn collect(
    entries: &[Entry],
    path: &[Step<'_>],
    object: Option<&Head>,
    found: &mut Vec<Duplicate>,
) {
    let mut places: BTreeMap<&str, Vec<Span>> = BTreeMap::new();
    for entry in entries {
        places.entry(&entry.key).or_default().push(entry.key_span);
    }
    for (key, mut earlier) in places {
        let Some(place) = earlier.pop().filter(|_| !earlier.is_empty()) else {
            continue;
        };
        found.push(Duplicate::Key(DuplicateKey {
            key: key.into(),
            place,
            earlier,
            path: words(path, key),
            object: object.cloned(),
            is_rendered: false,
        }));
    }
}

fn words(path: &[Step<'_>], key: &str) -> String {
    let mut words = String::new();
    for step in path.iter().copied().chain([Step::Key(key)]) {
        match step {
            Step::Item(index) => words.push_str(&format!("[{index}]")),
            Step::Key(key) => {
                if !words.is_empty() {
                    words.push('.');
                }
                words.push_str(key);
            }
        }
    }
    words
}
