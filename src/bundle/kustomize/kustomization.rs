//! The fields of a kustomization.

use crate::text::Span;
use crate::yaml::{Node, ScalarKind};

use super::edit;

/// The names that a kustomization's file can have.
pub(super) const NAMES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// Every field (api/types/kustomization.go of kustomize 5.5); any other is refused.
const FIELDS: &[&str] = &[
    "apiVersion",
    "bases",
    "buildMetadata",
    "commonAnnotations",
    "commonLabels",
    "components",
    "configMapGenerator",
    "configurations",
    "crds",
    "generatorOptions",
    "generators",
    "helmChartInflationGenerator",
    "helmCharts",
    "helmGlobals",
    "imageTags",
    "images",
    "kind",
    "labels",
    "metadata",
    "namePrefix",
    "nameSuffix",
    "namespace",
    "openapi",
    "patches",
    "patchesJson6902",
    "patchesStrategicMerge",
    "replacements",
    "replicas",
    "resources",
    "secretGenerator",
    "sortOptions",
    "transformers",
    "validators",
    "vars",
];

/// The fields that hold nothing to build.
const EMPTY: &[&str] = &["apiVersion", "kind"];

/// The fields whose items are paths (or, for some of them, a text in place).
const PATH_LISTS: &[&str] = &[
    "bases",
    "components",
    "configurations",
    "crds",
    "generators",
    "patchesStrategicMerge",
    "resources",
    "transformers",
    "validators",
];

/// The fields whose items name a file under `path`.
const PATH_ITEMS: &[&str] = &["patches", "patchesJson6902", "replacements"];

/// The value of a field. Go's decoder takes names in any case.
pub(super) fn field<'n>(tree: &'n Node, name: &str) -> Option<&'n Node> {
    tree.get(name).or_else(|| {
        let entries = tree.as_map().map(|map| map.entries.as_slice()).unwrap_or_default();
        entries.iter().rev().find(|e| e.key.eq_ignore_ascii_case(name)).map(|entry| &entry.value)
    })
}

/// The items of a list; none where it is absent or null.
pub(super) fn items<'n>(tree: &'n Node, name: &str) -> &'n [Node] {
    field(tree, name).and_then(Node::as_seq).unwrap_or_default()
}

/// The text of a field.
pub(super) fn string<'n>(tree: &'n Node, name: &str) -> Option<&'n str> {
    field(tree, name).and_then(edit::text).filter(|text| !text.is_empty())
}

/// Whether a field is there and true.
pub(super) fn is_true(tree: &Node, name: &str) -> bool {
    let scalar = field(tree, name).and_then(Node::as_scalar);
    scalar.is_some_and(|scalar| scalar.kind == ScalarKind::Bool(true))
}

/// What is wrong with the kustomization itself, and where.
pub(super) fn faults(tree: &Node) -> Vec<(Span, String)> {
    let Some(map) = tree.as_map() else {
        return vec![(tree.span.at_start(), "this kustomization is no mapping".to_owned())];
    };
    let mut found = Vec::new();
    let is_known = |key: &str| FIELDS.iter().any(|field| field.eq_ignore_ascii_case(key));
    for entry in map.entries.iter().filter(|entry| !is_known(&entry.key)) {
        let key = crate::text::visible(&entry.key);
        let near = FIELDS.iter().min_by_key(|field| strsim::levenshtein(field, &entry.key));
        let near = near.filter(|field| strsim::levenshtein(field, &entry.key) <= 3);
        let hint = near.map(|field| format!(" (did you mean `{field}`?)")).unwrap_or_default();
        found.push((entry.key_span, format!("kustomize knows no field `{key}`{hint}")));
    }
    let says = |entry: &&crate::yaml::Entry| {
        !EMPTY.contains(&entry.key.as_str()) && !is_nothing(&entry.value)
    };
    if !map.entries.iter().any(|entry| says(&entry)) {
        let place = map.entries.first().map_or(tree.span.at_start(), |entry| entry.key_span);
        found.push((place, "this kustomization is empty".to_owned()));
    }
    if let Some(kind) = field(tree, "kind")
        && !matches!(edit::text(kind), None | Some("Kustomization" | "Component"))
    {
        found.push((kind.span, "`kind` must be `Kustomization` or `Component`".to_owned()));
    }
    found
}

/// Null, or a mapping or a list that is empty: Go decodes it into nothing, or into an empty list,
/// which counts as something.
fn is_nothing(node: &Node) -> bool {
    node.is_null() || edit::text(node) == Some("")
}

/// What a kustomization refers to, in whatever field.
pub(super) fn references(tree: &Node) -> Vec<&str> {
    let direct = PATH_LISTS.iter().flat_map(|name| items(tree, name)).filter_map(Node::as_str);
    let below = PATH_ITEMS.iter().flat_map(|name| items(tree, name));
    let below = below.filter_map(|item| item.get("path").and_then(Node::as_str));
    direct.filter(|text| !text.contains('\n')).chain(below).collect()
}

/// What a transformer or a replacement in a file of its own refers to.
pub(super) fn references_of_part(tree: &Node) -> Vec<&str> {
    let is_builtin = tree.get("apiVersion").and_then(Node::as_str) == Some("builtin");
    let path = tree.get("path").filter(|_| is_builtin).and_then(Node::as_str);
    path.into_iter().filter(|text| !text.contains('\n')).collect()
}
