//! The fields that a kind has, and their types: what a structural schema refuses or drops.

use strsim::jaro_winkler;

use super::path::Path;
use super::refusal::{Advice, Refusal, RefusalKind};
use crate::model::placeholder::is_placeholder;
use crate::text::Span;
use crate::yaml::{Entry, Node, ScalarKind, Value};

/// What a field holds.
#[derive(Clone, Copy, Debug)]
pub enum Shape {
    /// Those fields, and no others.
    Object(&'static [(&'static str, Shape)]),
    /// A list.
    List(&'static Shape),
    /// Any keys, with strings.
    Strings,
    /// A string.
    Text,
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// A boolean.
    Bool,
    /// A whole number or a string.
    IntOrText,
    /// Anything.
    Any,
}

/// A label selector of the API.
pub const SELECTOR: Shape = Shape::Object(&[
    ("matchLabels", Shape::Strings),
    (
        "matchExpressions",
        Shape::List(&Shape::Object(&[
            ("key", Shape::Text),
            ("operator", Shape::Text),
            ("values", Shape::List(&Shape::Text)),
        ])),
    ),
]);

/// The fields of `metadata` (apimachinery meta/v1/types.go). `clusterName` was one until 1.24.
pub const METADATA: &[&str] = &[
    "annotations",
    "clusterName",
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "finalizers",
    "generateName",
    "generation",
    "labels",
    "managedFields",
    "name",
    "namespace",
    "ownerReferences",
    "resourceVersion",
    "selfLink",
    "uid",
];

/// Where fields that are not known, or of another type, are collected.
pub struct Walk<'a> {
    /// The kind, for messages.
    pub kind: &'a str,
    /// What was found.
    pub refusals: &'a mut Vec<Refusal>,
}

impl Walk<'_> {
    /// Looks at a manifest, whose fields beside `apiVersion`, `kind` and `metadata` are `fields`.
    pub fn manifest(&mut self, tree: &Node, fields: &'static [(&'static str, Shape)]) {
        let entries = tree.as_map().map_or(&[][..], |map| &map.entries);
        for entry in entries {
            match entry.key.as_str() {
                "apiVersion" | "kind" => {}
                "metadata" => self.metadata(&entry.value),
                key => match fields.iter().find(|(name, _)| *name == key) {
                    Some((_, shape)) => self.value(&entry.value, *shape, &Path::Root.field(key)),
                    None => self.stray(entry, entries, &names(fields), &Path::Root),
                },
            }
        }
    }

    fn metadata(&mut self, node: &Node) {
        let entries = node.as_map().map_or(&[][..], |map| &map.entries);
        for entry in entries {
            if !METADATA.contains(&entry.key.as_str()) {
                self.stray(entry, entries, METADATA, &Path::Root.field("metadata"));
            }
        }
    }

    fn value(&mut self, node: &Node, shape: Shape, path: &Path<'_>) {
        if node.is_null() || node.as_str().is_some_and(is_placeholder) {
            return;
        }
        let scalar = node.as_scalar().map(|scalar| scalar.kind);
        let wanted = match shape {
            Shape::Any => return,
            Shape::Object(fields) => match &node.value {
                Value::Map(map) => {
                    for entry in &map.entries {
                        match fields.iter().find(|(name, _)| *name == entry.key) {
                            Some((name, shape)) => {
                                self.value(&entry.value, *shape, &path.field(name));
                            }
                            None => self.stray(entry, &map.entries, &names(fields), path),
                        }
                    }
                    return;
                }
                _ => "a mapping",
            },
            Shape::List(item) => match node.as_seq() {
                Some(items) => {
                    for (index, node) in items.iter().enumerate() {
                        self.value(node, *item, &path.item(index));
                    }
                    return;
                }
                None => "a list",
            },
            Shape::Strings => match node.as_map() {
                Some(map) => {
                    for entry in &map.entries {
                        self.value(&entry.value, Shape::Text, &path.field(&entry.key));
                    }
                    return;
                }
                None => "a mapping",
            },
            Shape::Text if matches!(scalar, Some(ScalarKind::Str)) => return,
            Shape::Text => "a string",
            Shape::Integer if is_integer(scalar) => return,
            Shape::Integer => "a whole number",
            Shape::Number if is_integer(scalar) || matches!(scalar, Some(ScalarKind::Float(_))) => {
                return;
            }
            Shape::Number => "a number",
            Shape::Bool if matches!(scalar, Some(ScalarKind::Bool(_))) => return,
            Shape::Bool => "`true` or `false`",
            Shape::IntOrText if is_integer(scalar) || matches!(scalar, Some(ScalarKind::Str)) => {
                return;
            }
            Shape::IntOrText => "a number or a string",
        };
        self.wrong_type(node, wanted, path);
    }

    fn wrong_type(&mut self, node: &Node, wanted: &str, path: &Path<'_>) {
        let found = found(node);
        let is_unquoted = wanted == "a string" && node.as_scalar().is_some_and(|s| s.plain);
        let written = node.as_scalar().map(|scalar| scalar.text.as_str()).unwrap_or_default();
        let (help, advice) = match is_unquoted {
            true => (
                format!("put it in quotes: `\"{written}\"`"),
                Some(Advice {
                    span: node.span,
                    text: format!("\"{written}\""),
                    title: "Put it in quotes".to_owned(),
                }),
            ),
            false => (format!("write {wanted}"), None),
        };
        self.refusals.push(Refusal {
            kind: kind_of(path),
            span: token(node),
            field: path.to_string(),
            message: format!(
                "`{path}` must be {wanted}, not {found}: the API server rejects the {}",
                self.kind
            ),
            help,
            advice,
        });
    }

    /// A field that is not known at that place.
    fn stray(
        &mut self,
        entry: &Entry,
        siblings: &[Entry],
        names: &[&'static str],
        path: &Path<'_>,
    ) {
        if is_placeholder(&entry.key) {
            return;
        }
        let here = match path {
            Path::Root => format!("a {}", self.kind),
            path => format!("`{path}`"),
        };
        let widens = widens(&entry.key, names, path);
        let near = near(&entry.key, names);
        let help = match near {
            Some(name) => format!("write `{name}` (field names are case-sensitive)"),
            None => format!("the fields here are {}", list(names)),
        };
        self.refusals.push(Refusal {
            kind: RefusalKind::Field,
            span: entry.key_span,
            field: path.field(&entry.key).to_string(),
            message: format!(
                "{here} has no field `{}`: kubectl rejects the {}, and other clients apply it \
                 without this field{widens}",
                entry.key, self.kind
            ),
            help,
            advice: near.filter(|name| !siblings.iter().any(|other| other.key == *name)).map(
                |name| Advice {
                    span: entry.key_span,
                    text: name.to_owned(),
                    title: format!(
                        "Write `{name}`: puts the field into effect, which may allow or deny traffic"
                    ),
                },
            ),
        });
    }
}

/// What comes of a field that is dropped, where what is left matches more.
fn widens(key: &str, names: &[&str], path: &Path<'_>) -> &'static str {
    let is_selector = names.contains(&"matchLabels") && names.contains(&"matchExpressions");
    let is_rule = names.contains(&"action");
    match (is_selector, path.last_field(), key) {
        (true, "namespaces" | "namespaceSelector", _) => ", which then selects every namespace",
        (true, ..) => ", which then selects every pod",
        (_, _, "namespaces") if path.last_field() == "pods" => {
            ", which then selects pods of every namespace"
        }
        (_, _, "ports" | "protocols") if is_rule => ", which then applies to every port",
        _ => "",
    }
}

fn is_integer(scalar: Option<ScalarKind>) -> bool {
    match scalar {
        Some(ScalarKind::Int(_)) => true,
        // JSON has one type of number.
        Some(ScalarKind::Float(number)) => number.fract() == 0.0,
        _ => false,
    }
}

/// Which rule says that a field is of the wrong type.
fn kind_of(path: &Path<'_>) -> RefusalKind {
    let field = path.last_field();
    let is_port = path.has("ports") && matches!(field, "port" | "endPort" | "ports" | "number");
    if is_port || matches!(field, "start" | "end") {
        RefusalKind::Port
    } else if path.has("matchLabels") || path.has("matchExpressions") {
        RefusalKind::Selector
    } else {
        RefusalKind::Policy
    }
}

fn names(fields: &'static [(&'static str, Shape)]) -> Vec<&'static str> {
    fields.iter().map(|(name, _)| *name).collect()
}

fn list(names: &[&str]) -> String {
    const SHOWN: usize = 8;
    let mut words: Vec<String> = names.iter().take(SHOWN).map(|n| format!("`{n}`")).collect();
    if names.len() > SHOWN {
        words.push("others".to_owned());
    }
    match words.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => words.concat(),
    }
}

/// The one field that `key` nearly spells.
pub fn near<'n>(key: &str, names: &[&'n str]) -> Option<&'n str> {
    const NEAR: f64 = 0.9;
    let key = key.to_lowercase().replace(['-', '_'], "");
    let mut found = names.iter().filter(|name| jaro_winkler(&key, &name.to_lowercase()) >= NEAR);
    let name = found.next()?;
    found.next().is_none().then_some(*name)
}

/// What a node is, in words.
pub fn found(node: &Node) -> &'static str {
    match &node.value {
        Value::Map(_) => "a mapping",
        Value::Seq(_) => "a list",
        Value::Scalar(scalar) => match scalar.kind {
            ScalarKind::Str => "a string",
            ScalarKind::Null => "nothing",
            ScalarKind::Bool(_) => "a boolean",
            ScalarKind::Int(_) | ScalarKind::Float(_) | ScalarKind::NotJson => "a number",
        },
    }
}

/// The token of a node that a finding stands on: a scalar, or the first key of a collection.
pub fn token(node: &Node) -> Span {
    match &node.value {
        Value::Scalar(_) => node.span,
        Value::Map(map) => map.entries.iter().map(|e| e.key_span).min().unwrap_or(node.span),
        Value::Seq(items) => items.first().map_or(node.span, token),
    }
}
