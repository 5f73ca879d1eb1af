//! Who a manifest is.

use compact_str::CompactString;

use crate::text::{SourceId, Span};
use crate::yaml::Node;

/// The fields at the top of a manifest that say who it is.
pub const HEAD: &[&str] = &["apiVersion", "kind", "metadata"];

/// The identity of one manifest, and where it is written.
#[derive(Clone, Debug)]
pub struct Head {
    /// The source it stands in.
    pub source: SourceId,
    /// The API group; empty for the core group.
    pub group: CompactString,
    /// The API version within the group.
    pub version: CompactString,
    /// The kind, as written.
    pub kind: CompactString,
    /// `metadata.name`; empty where there is none.
    pub name: CompactString,
    /// `metadata.namespace` as written; none where absent or null.
    pub namespace: Option<CompactString>,
    /// Where `apiVersion`'s value is written, else the document's start.
    pub version_span: Span,
    /// Where `kind`'s value is written.
    pub kind_span: Span,
    /// Where `metadata.name`'s key is written, else the kind.
    pub name_span: Span,
    /// The first token of the manifest.
    pub start: Span,
}

/// The manifests of one document with their trees: itself, or the items of a `List` (read one by
/// one, nested lists too). What has no `kind` is no manifest.
pub fn heads(root: &Node) -> Vec<(Head, Node)> {
    let mut found = Vec::new();
    collect(root, &mut found);
    found
}

fn collect(node: &Node, found: &mut Vec<(Head, Node)>) {
    let Some(kind) = node.get("kind").and_then(Node::as_str) else {
        return;
    };
    let api_version = node.get("apiVersion").and_then(Node::as_str).unwrap_or_default();
    if let Some(items) = list_items(node, kind, api_version) {
        for item in items {
            collect(item, found);
        }
        return;
    }
    if let Some(head) = head(node, kind, api_version) {
        found.push((head, node.clone()));
    }
}

/// The items of a `v1` List, or of a typed one (`NetworkPolicyList`) as `kubectl get -o json`
/// of an older server writes it. A custom resource may end in `List` too: it has no `items`.
fn list_items<'a>(node: &'a Node, kind: &str, api_version: &str) -> Option<&'a [Node]> {
    let is_list = (kind == "List" && api_version == "v1") || kind.ends_with("List");
    is_list.then(|| node.get("items").and_then(Node::as_seq)).flatten()
}

fn head(node: &Node, kind: &str, api_version: &str) -> Option<Head> {
    let kind_entry = node.entry("kind")?;
    let start = first_token(node);
    let metadata = node.get("metadata");
    let text = |key: &str| {
        metadata.and_then(|m| m.get(key)).filter(|n| !n.is_null()).and_then(Node::as_scalar)
    };
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    let name_span = metadata.and_then(|m| m.entry("name")).map(|entry| entry.key_span);
    Some(Head {
        source: node.span.source,
        group: CompactString::new(group),
        version: CompactString::new(version),
        kind: CompactString::new(kind),
        name: text("name").map(|s| s.text.clone()).unwrap_or_default(),
        namespace: text("namespace").map(|s| s.text.clone()).filter(|ns| !ns.is_empty()),
        version_span: node.get("apiVersion").map_or(start, |n| n.span),
        kind_span: kind_entry.value.span,
        name_span: name_span.unwrap_or(kind_entry.value.span),
        start,
    })
}

/// The first key of a mapping, else the node's own beginning.
fn first_token(node: &Node) -> Span {
    node.as_map()
        .and_then(|map| map.entries.iter().map(|entry| entry.key_span).min())
        .unwrap_or(node.span.at_start())
}
