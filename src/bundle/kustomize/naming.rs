//! `namespace`, `namePrefix` and `nameSuffix`.

use compact_str::format_compact;
use indexmap::IndexSet;

use super::edit;
use super::fault::refused;
use super::field_spec::{self, FieldSpec, FieldSpecs, Leaf};
use super::id::{self, text_at};
use super::maker::Maker;
use crate::bundle::{Opening, Writer};
use crate::text::Span;
use crate::yaml::{Entry, Node};

/// `namespace`, or a `NamespaceTransformer`.
pub(super) struct Namespace<'a> {
    pub name: &'a str,
    pub key_span: Span,
    pub span: Span,
    /// Only for objects without one.
    pub unset_only: bool,
}

/// The longest name of an object (a DNS subdomain, RFC 1123).
const LONGEST: usize = 253;

impl Maker<'_> {
    /// `namespace`, if there is one.
    pub fn namespace(&mut self) {
        let Some(entry) = self.tree.entry("namespace") else { return };
        let Some(name) = entry.value.as_str().filter(|name| !name.is_empty()) else { return };
        let (key_span, span) = (entry.key_span, entry.value.span);
        if self.is_too_long(&entry.value, name) {
            return;
        }
        self.set_namespace(&Namespace { name, key_span, span, unset_only: false });
        let openings = std::mem::take(&mut self.layer.openings);
        let moved = |opening: Opening| Opening { namespace: Some(name.into()), ..opening };
        self.layer.openings = openings.into_iter().map(moved).collect();
    }

    /// Moves every object, and renames every Namespace.
    pub fn set_namespace(&mut self, namespace: &Namespace<'_>) {
        let beyond = |spec: &&FieldSpec| spec.path != ["metadata", "namespace"];
        let specs: FieldSpecs = self.layer.specs.namespace.iter().filter(beyond).cloned().collect();
        self.layer.complete_for(&specs, &self.library.disk);
        self.layer.objects.change_all(|object| {
            object.remember();
            let concerned = specs.concerning(&object.tree);
            let (tree, mut pen) = object.pen(Writer::Namespace);
            let (version, kind) = (text_at(tree, &["apiVersion"]), text_at(tree, &["kind"]));
            let is_namespace = version == "v1" && kind == "Namespace";
            let key = match id::is_cluster_scoped(version, kind) {
                _ if is_namespace => Some("name"),
                true => None,
                false => Some("namespace"),
            };
            if let Some(key) = key {
                let unset = text_at(tree, &["metadata", key]).is_empty();
                if (!namespace.unset_only || unset)
                    && let Some(metadata) = edit::get_mut(tree, "metadata")
                {
                    let before = edit::put(metadata, namespace.entry(key));
                    pen.note("metadata", key, namespace.span, before.filter(|it| !it.is_null()));
                }
            }
            for spec in concerned {
                let mut set = |node: &mut Node, _: &str| {
                    if node.as_scalar().is_some() {
                        *node = edit::string(namespace.span, namespace.name);
                    }
                };
                let _ = field_spec::visit(tree, spec, Leaf::Text, namespace.span, &mut set);
            }
        });
        self.refuse_conflicts(namespace);
    }

    /// Reports two objects that get the same identity from a namespace; the first one stays.
    fn refuse_conflicts(&mut self, namespace: &Namespace<'_>) {
        let mut seen = std::collections::HashMap::new();
        let mut conflicts = Vec::new();
        for (at, object) in self.layer.objects.numbered() {
            let (id, here) = (object.id(), object.head.kind_span);
            match seen.entry(id.clone()) {
                std::collections::hash_map::Entry::Vacant(vacant) => {
                    vacant.insert(here);
                }
                std::collections::hash_map::Entry::Occupied(first) => {
                    conflicts.push((at, id.clone(), *first.get(), here));
                }
            }
        }
        for (at, id, first, second) in conflicts {
            self.layer.objects.remove(at);
            let mut fault = refused(
                namespace.span,
                format!("this namespace gives two objects the same name: {}", id.words()),
                "remove or rename one of the two",
            );
            fault.related.push((first, "the first one".to_owned()));
            fault.related.push((second, "the second one".to_owned()));
            self.fault(fault);
        }
    }

    /// `namePrefix`, then `nameSuffix`.
    pub fn names(&mut self) {
        for key in ["namePrefix", "nameSuffix"] {
            let value = self.tree.get(key);
            if let Some(value) = value.filter(|it| it.as_str().is_some_and(|it| !it.is_empty())) {
                let custom = match key {
                    "namePrefix" => self.layer.specs.name_prefix.clone(),
                    _ => self.layer.specs.name_suffix.clone(),
                };
                self.affix(value, key == "namePrefix", &custom);
            }
        }
    }

    /// Whether a word is longer than any valid name: every object would get a copy of it.
    pub fn is_too_long(&mut self, written: &Node, word: &str) -> bool {
        let is_long = word.len() > LONGEST;
        if is_long {
            let message = format!("this name is too long (at most {LONGEST} characters)");
            let place = Span { end: written.span.start, ..written.span };
            self.fault(refused(place, message, "shorten it"));
        }
        is_long
    }

    /// Adds a prefix or suffix to every name that may have one.
    pub fn affix(&mut self, affix: &Node, is_prefix: bool, custom: &IndexSet<FieldSpec>) {
        let word = affix.as_str().unwrap_or_default();
        if self.is_too_long(affix, word) {
            return;
        }
        let joined = |name: &str| match is_prefix {
            true => format_compact!("{word}{name}"),
            false => format_compact!("{name}{word}"),
        };
        let beyond = |spec: &&FieldSpec| spec.path != ["metadata", "name"];
        let specs: FieldSpecs = custom.iter().filter(beyond).cloned().collect();
        self.layer.complete_for(&specs, &self.library.disk);
        self.layer.objects.change_all(|object| {
            let first = object.original();
            if matches!(first.kind.as_str(), "CustomResourceDefinition" | "Namespace")
                || (first.group == "apiregistration.k8s.io" && first.kind == "APIService")
            {
                return;
            }
            object.remember();
            let concerned = specs.concerning(&object.tree);
            let (tree, mut pen) = object.pen(Writer::Name);
            let name = text_at(tree, &["metadata", "name"]).to_owned();
            let value = edit::string(affix.span, joined(&name));
            let key_span = tree.get("metadata").and_then(|it| it.entry("name"));
            let key_span = key_span.map_or(affix.span, |entry| entry.key_span);
            if let Some(metadata) = edit::get_mut(tree, "metadata") {
                let entry = Entry { key: "name".into(), key_span, value };
                let before = edit::put(metadata, entry);
                pen.note("metadata", "name", affix.span, before);
            }
            for spec in concerned {
                let mut set = |node: &mut Node, _: &str| {
                    if let Some(scalar) = node.as_scalar() {
                        *node = edit::string(affix.span, joined(&scalar.text));
                    }
                };
                let _ = field_spec::visit(tree, spec, Leaf::Text, affix.span, &mut set);
            }
        });
    }
}

impl Namespace<'_> {
    fn entry(&self, key: &str) -> Entry {
        let value = edit::string(self.span, self.name);
        Entry { key: key.into(), key_span: self.key_span, value }
    }
}
