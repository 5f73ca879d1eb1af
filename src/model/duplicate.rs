//! Keys that stand twice in one mapping, noticed while a manifest's tree is there. A tree keeps
//! both and lookups take the last, as kubectl does.

use std::collections::{BTreeMap, HashSet};

use compact_str::CompactString;

use crate::bundle::Head;
use crate::text::Span;
use crate::yaml::{Entry, Node, Value};

/// A key that stands more than once in one mapping.
#[derive(Clone, Debug)]
pub struct DuplicateKey {
    /// The key.
    pub key: CompactString,
    /// Where it stands last.
    pub place: Span,
    /// Where it stands before that, in order; at least once.
    pub earlier: Vec<Span>,
    /// The field path from the manifest's root, the key included.
    pub path: String,
    /// The manifest; none for a kustomization.
    pub object: Option<Head>,
}

/// The duplicate keys of one manifest, in no order that matters.
pub(super) fn find(tree: &Node, object: Option<&Head>, found: &mut Vec<DuplicateKey>) {
    look(tree, &mut Vec::new(), object, found);
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
    found: &mut Vec<DuplicateKey>,
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

/// Whether any key stands twice. Nearly every mapping is small, and none of them has one.
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
    found: &mut Vec<DuplicateKey>,
) {
    let mut places: BTreeMap<&str, Vec<Span>> = BTreeMap::new();
    for entry in entries {
        places.entry(&entry.key).or_default().push(entry.key_span);
    }
    for (key, mut earlier) in places {
        let Some(place) = earlier.pop().filter(|_| !earlier.is_empty()) else {
            continue;
        };
        found.push(DuplicateKey {
            key: key.into(),
            place,
            earlier,
            path: words(path, key),
            object: object.cloned(),
        });
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
