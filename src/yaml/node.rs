//! The tree, with spans.

use std::collections::HashSet;
use std::sync::Arc;

use compact_str::CompactString;

use crate::text::Span;

/// An immutable node: cheap to clone, because the children of mappings and sequences are shared. It
/// keeps its original span wherever it is used again (aliases, merge keys, overlays).
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Where it is written. For a scalar the whole token, quotes included; for a collection from
    /// its first token to the end of its last one.
    pub span: Span,
    /// Its value.
    pub value: Value,
}

/// The value of a node.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A scalar.
    Scalar(Scalar),
    /// A mapping.
    Map(Arc<Map>),
    /// A sequence.
    Seq(Arc<Vec<Node>>),
}

/// A scalar: its text after unquoting and unfolding, and its type in YAML 1.1 as `sigs.k8s.io/yaml`
/// reads it.
#[derive(Clone, Debug, PartialEq)]
pub struct Scalar {
    /// The text; for plain scalars as written.
    pub text: CompactString,
    /// Its type.
    pub kind: ScalarKind,
    /// Written plain, without quotes, `|` or `>`.
    pub plain: bool,
}

/// The type that goyaml v2 gives a scalar: quoted and block scalars are always strings.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ScalarKind {
    /// A string (also dates and `12:30`: sigs.k8s.io/yaml keeps those as strings).
    Str,
    /// `null`, `~`, nothing.
    Null,
    /// YAML 1.1 booleans: `true false yes no on off y n`, also capitalized and in upper case.
    Bool(bool),
    /// An integer in any of YAML 1.1's notations (`010` is octal, `0x1F`, `0b11`, `0o7`, `1_000`).
    Int(i64),
    /// A float (`1e3`, `1.0`, `.5`), or an integer outside 64 bits.
    Float(f64),
    /// `.inf`, `.nan`: valid YAML that can't become JSON.
    NotJson,
}

/// A mapping as written: entries in order, with merge keys (`<<`) already replaced by the entries
/// that they add (after the mapping's own, and never overriding them). Duplicate keys are kept;
/// lookups take the last, as kubectl does.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Map {
    /// The entries.
    pub entries: Vec<Entry>,
}

/// One `key: value`.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The key's text. Building the tree rejects a key that is not a scalar.
    pub key: CompactString,
    /// Where the key is written.
    pub key_span: Span,
    /// The value.
    pub value: Node,
}

impl Node {
    /// The mapping, if it is one.
    pub fn as_map(&self) -> Option<&Map> {
        match &self.value {
            Value::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The items, if it is a sequence.
    pub fn as_seq(&self) -> Option<&[Node]> {
        match &self.value {
            Value::Seq(items) => Some(items),
            _ => None,
        }
    }

    /// The scalar, if it is one.
    pub fn as_scalar(&self) -> Option<&Scalar> {
        match &self.value {
            Value::Scalar(scalar) => Some(scalar),
            _ => None,
        }
    }

    /// The text of a scalar whose type is a string.
    pub fn as_str(&self) -> Option<&str> {
        self.as_scalar().filter(|s| s.kind == ScalarKind::Str).map(|s| s.text.as_str())
    }

    /// Whether it is `null`, `~` or nothing.
    pub fn is_null(&self) -> bool {
        self.as_scalar().is_some_and(|s| s.kind == ScalarKind::Null)
    }

    /// The value of `key`, if this is a mapping that has it (the last, if it occurs twice).
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// The entry of `key`, if this is a mapping that has it (the last, if it occurs twice).
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.as_map()?.entry(key)
    }

    /// About how many bytes of memory the tree takes.
    pub fn memory(&self) -> usize {
        /// What the allocation behind a list or a mapping costs beside its items.
        const ALLOCATION: usize = 48;
        let below = match &self.value {
            Value::Scalar(scalar) => spilled(&scalar.text),
            Value::Seq(items) => ALLOCATION + items.iter().map(Self::memory).sum::<usize>(),
            Value::Map(map) => {
                let entry = |entry: &Entry| {
                    size_of::<Entry>() - size_of::<Self>()
                        + spilled(&entry.key)
                        + entry.value.memory()
                };
                ALLOCATION + map.entries.iter().map(entry).sum::<usize>()
            }
        };
        size_of::<Self>() + below
    }

    /// The node at the end of a path of keys.
    pub fn at(&self, route: &[&str]) -> Option<&Node> {
        route.iter().try_fold(self, |node, key| node.get(key))
    }
}

impl Map {
    /// The entries that count: the last one of each key, in their order.
    pub fn effective(&self) -> Vec<&Entry> {
        let mut seen = HashSet::with_capacity(self.entries.len());
        let mut last: Vec<&Entry> =
            self.entries.iter().rev().filter(|entry| seen.insert(entry.key.as_str())).collect();
        last.reverse();
        last
    }

    /// The last entry of that key.
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().rev().find(|entry| entry.key == key)
    }
}

/// The bytes of a text that do not fit into a [`CompactString`] itself.
fn spilled(text: &str) -> usize {
    if text.len() > size_of::<CompactString>() { text.len() } else { 0 }
}
