//! Field specifications: which fields of which kinds a transformer changes, and whether it creates
//! them if they are absent (upstream: `api/internal/konfig/builtinpluginconsts`).

use std::collections::HashMap;

use compact_str::CompactString;
use indexmap::IndexSet;

use super::edit;
use super::id::text_at;
use crate::text::Span;
use crate::yaml::{Entry, Node, Value};

/// One field of some kinds.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct FieldSpec {
    pub group: CompactString,
    pub version: CompactString,
    pub kind: CompactString,
    pub path: Vec<CompactString>,
    pub create: bool,
}

/// What to create at the end of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Leaf {
    Map,
    Text,
}

/// Group, version, kind, path, whether it is created; empty means any.
type Row = (&'static str, &'static str, &'static str, &'static str, bool);

pub(super) const METADATA_LABELS: Row = ("", "", "", "metadata/labels", true);

/// Labels of objects and of the pods that they create.
pub(super) const TEMPLATE_LABELS: &[Row] = &[
    METADATA_LABELS,
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

const POD_AFFINITY: &str = "spec/template/spec/affinity/podAffinity";
const POD_ANTI_AFFINITY: &str = "spec/template/spec/affinity/podAntiAffinity";
const SPREAD: &str = "spec/template/spec/topologySpreadConstraints/labelSelector/matchLabels";

/// Selectors. Those of affinity and topology spread constraints come from [`affinity`].
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

/// The fields in which kustomize expands `vars`; the kinds whose containers it expands.
pub(super) const VAR_CONTAINERS: &[(&str, &str)] = &[
    ("CronJob", "spec/jobTemplate/spec/template/spec"),
    ("DaemonSet", "spec/template/spec"),
    ("Deployment", "spec/template/spec"),
    ("Job", "spec/template/spec"),
    ("Pod", "spec"),
    ("ReplicaSet", "spec/template/spec"),
    ("StatefulSet", "spec/template/spec"),
];

fn affinity() -> impl Iterator<Item = FieldSpec> {
    let terms = [
        ("preferredDuringSchedulingIgnoredDuringExecution", "/podAffinityTerm"),
        ("requiredDuringSchedulingIgnoredDuringExecution", ""),
    ];
    ["Deployment", "StatefulSet"].into_iter().flat_map(move |kind| {
        let rules = [POD_AFFINITY, POD_ANTI_AFFINITY].into_iter().flat_map(move |rule| {
            terms.map(|(when, term)| format!("{rule}/{when}{term}/labelSelector/matchLabels"))
        });
        let paths = rules.chain(std::iter::once(SPREAD.to_owned()));
        paths.map(move |path| FieldSpec::new(("apps", "", kind), &path, false))
    })
}

/// What `commonLabels`, and `labels` with selectors, change.
pub(super) fn common_labels() -> Vec<FieldSpec> {
    rows(SELECTORS).chain(affinity()).chain(rows(TEMPLATE_LABELS)).collect()
}

/// Rows as specifications.
pub(super) fn rows(rows: &[Row]) -> impl Iterator<Item = FieldSpec> + '_ {
    rows.iter().map(|(group, version, kind, path, create)| {
        FieldSpec::new((group, version, kind), path, *create)
    })
}

/// What `vars` are expanded in.
pub(super) fn var_references() -> Vec<FieldSpec> {
    let mut specs = Vec::new();
    for (kind, pod) in VAR_CONTAINERS {
        for list in ["containers", "initContainers"] {
            for field in ["args", "command", "env/value", "volumeMounts/mountPath"] {
                specs.push(FieldSpec::new(("", "", kind), &format!("{pod}/{list}/{field}"), false));
            }
        }
    }
    let others = [
        ("Deployment", "spec/template/metadata/annotations"),
        ("Ingress", "spec/rules/host"),
        ("Ingress", "spec/tls/hosts"),
        ("Ingress", "spec/tls/secretName"),
        ("Service", "spec/ports/port"),
        ("Service", "spec/ports/targetPort"),
        ("", "metadata/labels"),
        ("", "metadata/annotations"),
    ];
    specs.extend(others.map(|(kind, path)| FieldSpec::new(("", "", kind), path, false)));
    specs
}

/// The most parts of a path.
const DEEPEST_PATH: usize = 100;

impl FieldSpec {
    pub fn new(gvk: (&str, &str, &str), path: &str, create: bool) -> Self {
        Self {
            group: gvk.0.into(),
            version: gvk.1.into(),
            kind: gvk.2.into(),
            path: split(path, '/').into_iter().map(CompactString::from).collect(),
            create,
        }
    }

    /// One entry of a `fields`, `fieldSpecs` or `configurations` list.
    pub fn read(node: &Node) -> Option<Self> {
        let text = |key: &str| node.get(key).and_then(Node::as_str).unwrap_or_default();
        let create =
            node.get("create").and_then(Node::as_scalar).is_some_and(|it| it.text == "true");
        let path = text("path");
        let gvk = (text("group"), text("version"), text("kind"));
        // The path is walked recursively, and `create` creates each step of it: no object is that
        // deep.
        let is_followed = !path.is_empty() && path.split('/').count() <= DEEPEST_PATH;
        is_followed.then(|| Self::new(gvk, path, create))
    }

    /// Every entry of a list.
    pub fn read_all(list: Option<&Node>) -> Vec<Self> {
        list.and_then(Node::as_seq).unwrap_or_default().iter().filter_map(Self::read).collect()
    }

    /// Whether it applies to objects of that kind.
    pub fn concerns(&self, tree: &Node) -> bool {
        let (group, version) = match text_at(tree, &["apiVersion"]) {
            "" => ("", ""),
            both => both.split_once('/').unwrap_or(("", both)),
        };
        let is = |wanted: &str, there: &str| wanted.is_empty() || wanted == there;
        is(&self.kind, text_at(tree, &["kind"]))
            && is(&self.group, group)
            && is(&self.version, version)
    }
}

/// Specifications in their order, each once, by the kinds that they apply to.
#[derive(Debug, Default)]
pub(super) struct FieldSpecs {
    of_all: Vec<(usize, FieldSpec)>,
    of_kind: HashMap<CompactString, Vec<(usize, FieldSpec)>>,
}

impl FieldSpecs {
    /// Those that apply to this object, in their order.
    pub fn concerning(&self, tree: &Node) -> Vec<&FieldSpec> {
        let of_kind = self.of_kind.get(text_at(tree, &["kind"])).map_or(&[][..], Vec::as_slice);
        let all = self.of_all.iter().chain(of_kind);
        let mut found: Vec<_> = all.filter(|(_, spec)| spec.concerns(tree)).collect();
        found.sort_unstable_by_key(|(nth, _)| *nth);
        found.into_iter().map(|(_, spec)| spec).collect()
    }
}

impl FromIterator<FieldSpec> for FieldSpecs {
    fn from_iter<T: IntoIterator<Item = FieldSpec>>(all: T) -> Self {
        // kustomize merges the lists: a duplicate counts once.
        let once: IndexSet<FieldSpec> = all.into_iter().collect();
        let mut specs = Self::default();
        for (nth, spec) in once.into_iter().enumerate() {
            if spec.kind.is_empty() {
                specs.of_all.push((nth, spec));
            } else {
                specs.of_kind.entry(spec.kind.clone()).or_default().push((nth, spec));
            }
        }
        specs
    }
}

/// Splits a path; a backslash keeps a separator.
pub(super) fn split(path: &str, separator: char) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    let path = path.strip_prefix(separator).unwrap_or(path);
    for part in path.split(separator) {
        match parts.last_mut().filter(|last| last.ends_with('\\')) {
            Some(last) => {
                last.pop();
                last.push(separator);
                last.push_str(part);
            }
            None => parts.push(part.to_owned()),
        }
    }
    parts
}

/// Walks to the ends of a specification's path and calls `set` there with the field path. Nodes
/// that are created on the way have the span `born`.
///
/// # Errors
/// The scalar in the middle of the path.
pub(super) fn visit(
    node: &mut Node,
    spec: &FieldSpec,
    leaf: Leaf,
    born: Span,
    set: &mut dyn FnMut(&mut Node, &str),
) -> Result<(), Span> {
    if !spec.concerns(node) {
        return Ok(());
    }
    Walk { create: spec.create, leaf, born, set }.go(node, &spec.path, String::new())
}

struct Walk<'a> {
    create: bool,
    leaf: Leaf,
    born: Span,
    set: &'a mut dyn FnMut(&mut Node, &str),
}

impl Walk<'_> {
    fn go(&mut self, node: &mut Node, path: &[CompactString], holder: String) -> Result<(), Span> {
        let Some((name, rest)) = path.split_first() else {
            (self.set)(node, &holder);
            return Ok(());
        };
        if node.is_null() {
            return Ok(());
        }
        match &node.value {
            Value::Scalar(_) => return Err(node.span),
            Value::Seq(_) => {
                for (index, item) in edit::items_mut(node).into_iter().flatten().enumerate() {
                    self.go(item, path, format!("{holder}[{index}]"))?;
                }
                return Ok(());
            }
            Value::Map(_) => {}
        }
        let (key, is_list) = match name.strip_suffix("[]") {
            Some(key) => (key, true),
            None => (name.as_str(), false),
        };
        let absent = node.get(key).is_none_or(Node::is_null);
        if absent {
            if !self.create || is_list {
                // A field that is present and null is found too: it stays as it is.
                return Ok(());
            }
            let value = match self.leaf {
                Leaf::Text if rest.is_empty() => edit::string(self.born, ""),
                _ => edit::empty_map(self.born),
            };
            edit::put(node, Entry { key: key.into(), key_span: self.born, value });
        }
        match edit::get_mut(node, key) {
            Some(value) => self.go(value, rest, edit::below(&holder, key)),
            None => Ok(()),
        }
    }
}
