//! Field specifications: where a transformer writes, by kind and path. The tables are upstream's
//! (api/internal/konfig/builtinpluginconsts of kustomize 5.5).

use compact_str::CompactString;

use crate::text::Span;
use crate::yaml::{Node, ScalarKind};

use super::edit;
use super::resource::Id;

/// Where a transformer writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FieldSpec {
    /// Empty for any.
    pub(super) group: CompactString,
    /// Empty for any.
    pub(super) version: CompactString,
    /// Empty for any.
    pub(super) kind: CompactString,
    /// Its path; lists on the way are walked through.
    pub(super) path: Vec<CompactString>,
    /// Whether what is not there is made.
    pub(super) create: bool,
}

/// Group, version, kind, path, create.
type Row = (&'static str, &'static str, &'static str, &'static str, bool);

/// `metadata.labels`, and those of pod templates.
const TEMPLATE_LABELS: &[Row] = &[
    ("", "", "", "metadata/labels", true),
    ("", "v1", "ReplicationController", "spec/template/metadata/labels", true),
    ("", "", "Deployment", "spec/template/metadata/labels", true),
    ("", "", "ReplicaSet", "spec/template/metadata/labels", true),
    ("", "", "DaemonSet", "spec/template/metadata/labels", true),
    ("apps", "", "StatefulSet", "spec/template/metadata/labels", true),
    ("apps", "", "StatefulSet", "spec/volumeClaimTemplates[]/metadata/labels", true),
    ("batch", "", "Job", "spec/template/metadata/labels", true),
    ("batch", "", "CronJob", "spec/jobTemplate/metadata/labels", true),
    ("batch", "", "CronJob", "spec/jobTemplate/spec/template/metadata/labels", true),
];

/// Selectors. Those of a pod's affinity say nothing to policies and are left out.
const SELECTORS: &[Row] = &[
    ("", "v1", "Service", "spec/selector", true),
    ("", "v1", "ReplicationController", "spec/selector", true),
    ("", "", "Deployment", "spec/selector/matchLabels", true),
    ("", "", "ReplicaSet", "spec/selector/matchLabels", true),
    ("", "", "DaemonSet", "spec/selector/matchLabels", true),
    ("apps", "", "StatefulSet", "spec/selector/matchLabels", true),
    ("batch", "", "Job", "spec/selector/matchLabels", false),
    ("batch", "", "CronJob", "spec/jobTemplate/spec/selector/matchLabels", false),
    ("policy", "", "PodDisruptionBudget", "spec/selector/matchLabels", false),
    ("networking.k8s.io", "", "NetworkPolicy", "spec/podSelector/matchLabels", false),
    ("networking.k8s.io", "", "NetworkPolicy", "spec/ingress/from/podSelector/matchLabels", false),
    ("networking.k8s.io", "", "NetworkPolicy", "spec/egress/to/podSelector/matchLabels", false),
];

fn rows(table: &[Row]) -> Vec<FieldSpec> {
    let spec = |&(group, version, kind, path, create): &Row| FieldSpec {
        group: group.into(),
        version: version.into(),
        kind: kind.into(),
        path: path.split('/').map(CompactString::new).collect(),
        create,
    };
    table.iter().map(spec).collect()
}

/// Where `labels` without more writes.
pub(super) fn metadata_labels() -> Vec<FieldSpec> {
    rows(&TEMPLATE_LABELS[..1])
}

/// Where `includeTemplates` writes.
pub(super) fn template_labels() -> Vec<FieldSpec> {
    rows(TEMPLATE_LABELS)
}

/// Where `commonLabels` and `includeSelectors` write.
pub(super) fn common_labels() -> Vec<FieldSpec> {
    let mut specs = rows(SELECTORS);
    specs.extend(rows(TEMPLATE_LABELS));
    specs
}

/// Reads specifications as `labels[].fields` and `configurations` write them.
pub(super) fn read(list: Option<&Node>) -> Vec<FieldSpec> {
    let items = list.and_then(Node::as_seq).unwrap_or_default();
    let text = |node: &Node, key: &str| {
        node.get(key).and_then(edit::text).map(CompactString::new).unwrap_or_default()
    };
    let spec = |node: &Node| {
        let path = text(node, "path");
        let create = node.get("create").and_then(Node::as_scalar);
        FieldSpec {
            group: text(node, "group"),
            version: text(node, "version"),
            kind: text(node, "kind"),
            path: split(&path),
            create: create.is_some_and(|scalar| scalar.kind == ScalarKind::Bool(true)),
        }
    };
    items.iter().map(spec).filter(|spec| !spec.path.is_empty()).collect()
}

/// `a/b\/c` is `a`, `b/c`.
fn split(path: &str) -> Vec<CompactString> {
    let mut parts = vec![CompactString::default()];
    let mut characters = path.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\\' if characters.peek() == Some(&'/') => {
                characters.next();
                parts.iter_mut().last().into_iter().for_each(|part| part.push('/'));
            }
            '/' => parts.push(CompactString::default()),
            other => parts.iter_mut().last().into_iter().for_each(|part| part.push(other)),
        }
    }
    parts.retain(|part| !part.is_empty());
    parts
}

impl FieldSpec {
    pub(super) fn is_for(&self, id: &Id) -> bool {
        let fits = |wanted: &CompactString, has: &CompactString| wanted.is_empty() || wanted == has;
        fits(&self.kind, &id.kind)
            && fits(&self.group, &id.group)
            && fits(&self.version, &id.version)
    }

    /// Hands every mapping that it names in `tree` to `write`, with its field path; makes those
    /// that are not there at `place`, if it may.
    pub(super) fn visit(
        &self,
        tree: &mut Node,
        place: Span,
        write: &mut dyn FnMut(&mut Node, &str),
    ) {
        let mut walk = Walk { create: self.create, place, write };
        walk.go(tree, &self.path, &mut String::new());
    }
}

struct Walk<'w> {
    create: bool,
    place: Span,
    write: &'w mut dyn FnMut(&mut Node, &str),
}

impl Walk<'_> {
    /// The depth of the tree bounds the recursion.
    fn go(&mut self, node: &mut Node, path: &[CompactString], at: &mut String) {
        let Some((first, rest)) = path.split_first() else {
            return (self.write)(node, at);
        };
        let length = at.len();
        if let Some(items) = edit::seq_mut(node) {
            for (index, item) in items.iter_mut().enumerate() {
                at.push_str(&format!("[{index}]"));
                self.go(item, path, at);
                at.truncate(length);
            }
            return;
        }
        let key = first.strip_suffix("[]");
        let create = self.create && key.is_none();
        let key = key.unwrap_or(first);
        let Some(map) = edit::map_mut(node) else { return };
        let place = self.place;
        let made = || edit::entry(key, place, edit::mapping(Vec::new(), place));
        match map.entry(key) {
            None if create => map.entries.push(made()),
            // Null is made a mapping only where it may be made at all.
            Some(entry) if entry.value.is_null() && create => {
                edit::set(map, made());
            }
            _ => {}
        }
        let Some(next) = map.entries.iter_mut().rev().find(|entry| entry.key == key) else {
            return;
        };
        if next.value.is_null() {
            return;
        }
        if !at.is_empty() {
            at.push('.');
        }
        at.push_str(key);
        self.go(&mut next.value, rest, at);
        at.truncate(length);
    }
}
