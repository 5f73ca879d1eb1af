//! The identity of a manifest.

use compact_str::CompactString;

use crate::text::{SourceId, Span};
use crate::yaml::Node;

/// The top-level fields that identify a manifest.
pub const HEAD: &[&str] = &["apiVersion", "kind", "metadata"];

/// The identity of one manifest, and where it is written.
#[derive(Clone, Debug)]
pub struct Head {
    /// Its source.
    pub source: SourceId,
    /// The API group; empty for the core group.
    pub group: CompactString,
    /// The API version within the group.
    pub version: CompactString,
    /// The kind, as written.
    pub kind: CompactString,
    /// `metadata.name`; empty if there is none.
    pub name: CompactString,
    /// `metadata.namespace` as written; `None` if absent or null.
    pub namespace: Option<CompactString>,
    /// Where `apiVersion`'s value is written, or else the document's start.
    pub version_span: Span,
    /// Where `kind`'s value is written.
    pub kind_span: Span,
    /// Where `metadata.name`'s key is written, or else the kind.
    pub name_span: Span,
    /// The first token of the manifest.
    pub start: Span,
}

/// The manifests in one document with their trees: the document itself, or the items of a `List`
/// (one by one, nested lists too). An object without `kind` is not a manifest.
pub fn heads(root: &Node) -> Vec<(Head, Node)> {
    let mut found = Vec::new();
    collect(root, None, &mut found);
    found
}

/// The type of a typed list's items (`PodList`): older servers omit from the items what the list's
/// kind implies.
#[derive(Clone, Copy)]
struct Typed<'a> {
    kind: &'a str,
    api_version: &'a str,
    kind_span: Span,
}

impl<'a> Typed<'a> {
    /// The type that a manifest states.
    fn of(node: &'a Node) -> Option<Self> {
        let kind = node.entry("kind")?;
        Some(Self {
            kind: kind.value.as_str()?,
            api_version: node.get("apiVersion").and_then(Node::as_str).unwrap_or_default(),
            kind_span: kind.value.span,
        })
    }

    /// The type that a list implies for its items; a plain `List` implies none.
    fn of_items(self) -> Option<Self> {
        let kind = self.kind.strip_suffix("List").filter(|kind| !kind.is_empty())?;
        Some(Self { kind, ..self })
    }
}

fn collect(node: &Node, of_list: Option<Typed<'_>>, found: &mut Vec<(Head, Node)>) {
    let Some(typed) = Typed::of(node).or(of_list.filter(|_| node.as_map().is_some())) else {
        return;
    };
    if let Some(items) = list_items(node, typed) {
        for item in items {
            collect(item, typed.of_items(), found);
        }
        return;
    }
    found.push((head(node, typed), node.clone()));
}

/// The items of a `v1` List, or of a typed one (`NetworkPolicyList`) as `kubectl get -o json` of an
/// older server writes it. A custom resource's kind may end in `List` too, but it has no `items`.
fn list_items<'a>(node: &'a Node, typed: Typed<'_>) -> Option<&'a [Node]> {
    let is_list = typed.kind.ends_with("List");
    is_list.then(|| node.get("items").and_then(Node::as_seq)).flatten()
}

fn head(node: &Node, typed: Typed<'_>) -> Head {
    let start = first_token(node);
    let metadata = node.get("metadata");
    let text = |key: &str| {
        metadata.and_then(|m| m.get(key)).filter(|n| !n.is_null()).and_then(Node::as_scalar)
    };
    let (group, version) = typed.api_version.split_once('/').unwrap_or(("", typed.api_version));
    let name_span = metadata.and_then(|m| m.entry("name")).map(|entry| entry.key_span);
    Head {
        source: node.span.source,
        group: CompactString::new(group),
        version: CompactString::new(version),
        kind: CompactString::new(typed.kind),
        name: text("name").map(|s| s.text.clone()).unwrap_or_default(),
        namespace: text("namespace").map(|s| s.text.clone()).filter(|ns| !ns.is_empty()),
        version_span: node.get("apiVersion").map_or(start, |n| n.span),
        kind_span: typed.kind_span,
        name_span: name_span.unwrap_or(typed.kind_span),
        start,
    }
}

/// The first key of a mapping, or else the node's start.
fn first_token(node: &Node) -> Span {
    node.as_map()
        .and_then(|map| map.entries.iter().map(|entry| entry.key_span).min())
        .unwrap_or(node.span.at_start())
}
