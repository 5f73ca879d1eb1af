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
/// one, nested lists too). What has no `kind` is not a manifest.
pub fn heads(root: &Node) -> Vec<(Head, Node)> {
    let mut found = Vec::new();
    collect(root, None, &mut found);
    found
}

/// What the items of a typed list are (`PodList`): older servers leave out of the items what the
/// list's kind says of all of them.
#[derive(Clone, Copy)]
struct Typed<'a> {
    kind: &'a str,
    api_version: &'a str,
    kind_span: Span,
}

impl<'a> Typed<'a> {
    /// What a manifest says of itself.
    fn of(node: &'a Node) -> Option<Self> {
        let kind = node.entry("kind")?;
        Some(Self {
            kind: kind.value.as_str()?,
            api_version: node.get("apiVersion").and_then(Node::as_str).unwrap_or_default(),
            kind_span: kind.value.span,
        })
    }

    /// What a list says of its items; a plain `List` says nothing.
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

/// The items of a `v1` List, or of a typed one (`NetworkPolicyList`) as `kubectl get -o json`
/// of an older server writes it. A custom resource may end in `List` too: it has no `items`.
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

/// The first key of a mapping, else the node's own beginning.
fn first_token(node: &Node) -> Span {
    node.as_map()
        .and_then(|map| map.entries.iter().map(|entry| entry.key_span).min())
        .unwrap_or(node.span.at_start())
}
