//! `vars`: in some fields, `$(NAME)` is replaced by a field of an object.

use std::collections::{BTreeMap, HashMap};

use compact_str::CompactString;

use super::disk::Disk;
use super::edit;
use super::fault::refused;
use super::field_path::{look_up, smart_split};
use super::field_spec::{self, FieldSpecs, Leaf};
use super::id::{self, text_at};
use super::id::{Part, Sought};
use super::layer::{Layer, Var};
use super::maker::Maker;
use super::object::Object;
use crate::bundle::Writer;
use crate::text::Span;
use crate::yaml::{Node, Value};

/// The longest text after expansion.
const LONGEST: usize = 1 << 16;

impl Maker<'_> {
    /// Reads `vars`, and marks the objects that they take their values from.
    pub fn read_vars(&mut self) {
        let mut known: HashMap<CompactString, Span> =
            self.layer.vars.iter().map(|var| (var.name.clone(), var.place)).collect();
        for entry in self.list("vars") {
            let name = text_at(entry, &["name"]);
            let place = edit::token(entry);
            if let Some(first) = known.get(name).copied() {
                let message = format!("the var `{name}` is defined twice");
                let mut fault = refused(place, message, "give it another name");
                fault.related.push((first, "the first one".to_owned()));
                self.fault(fault);
                continue;
            }
            let reference = |key: &str| text_at(entry, &["objref", key]);
            let (group, version) = match reference("apiVersion") {
                "" => (reference("group"), reference("version")),
                both => both.split_once('/').unwrap_or(("", both)),
            };
            let (kind, namespace) = (reference("kind"), reference("namespace"));
            let whole = id::effective(reference("apiVersion"), kind, namespace);
            let exact = !namespace.is_empty() || whole == id::NO_NAMESPACE;
            let means = |id: &id::Id| {
                (id.group.as_str(), id.version.as_str()) == (group, version)
                    && (id.kind.as_str(), id.name.as_str()) == (kind, reference("name"))
                    && (!exact || id.namespace == whole)
            };
            let exactly = if exact { Part::Word(whole) } else { Part::Any };
            let sought = Sought {
                kind: Part::word(kind),
                name: Part::word(reference("name")),
                namespace: exactly,
            };
            let objects = &mut self.layer.objects;
            let mut meant = objects.candidates(sought);
            meant.retain(|at| objects.get(*at).is_some_and(|it| it.ids().any(|id| means(&id))));
            if let [one] = meant.as_slice() {
                objects.change(*one, |object| object.vars.push(name.into()));
            }
            if meant.len() > 1 {
                let message = format!("the var `{name}` matches several objects");
                self.fault(refused(place, message, "add the namespace to `objref`"));
            }
            let field = match text_at(entry, &["fieldref", "fieldpath"]) {
                "" => text_at(entry, &["fieldref", "fieldPath"]),
                field => field,
            };
            let field = if field.is_empty() { "metadata.name" } else { field };
            known.insert(name.into(), place);
            self.layer.vars.insert(Var { name: name.into(), field: field.to_owned(), place });
        }
    }
}

/// Replaces the variables in the fields, once all layers are built.
pub(super) fn resolve(layer: &mut Layer, disk: &Disk) {
    if layer.vars.is_empty() {
        return;
    }
    let lacking =
        layer.objects.numbered().filter(|(_, it)| it.rest.is_some() && !it.vars.is_empty());
    let sources: Vec<usize> = lacking.map(|(at, _)| at).collect();
    sources.into_iter().for_each(|at| layer.complete(at, disk));
    let mut values: BTreeMap<CompactString, Node> = BTreeMap::new();
    let mut holders: HashMap<&CompactString, &Object> = HashMap::new();
    for object in layer.objects.iter() {
        for var in &object.vars {
            holders.entry(var).or_insert(object);
        }
    }
    for var in std::mem::take(&mut layer.vars) {
        let object = holders.get(&var.name).copied();
        let path = smart_split(&var.field.replace('[', ".[").replace("..[", ".["));
        let value = object.and_then(|object| look_up(&object.tree, &path));
        match value {
            Some(value) => {
                values.insert(var.name, value.clone());
            }
            // Its value is not in the repository.
            None if object.is_some_and(|object| object.has_more_data) => {}
            None if object.is_none() && !layer.openings.is_empty() => {}
            None => layer.faults.push(refused(
                var.place,
                format!("the var `{}` has no value: it matches no object or no field", var.name),
                "fix `objref` and `fieldref`",
            )),
        }
    }
    let mut specs = field_spec::var_references();
    specs.extend(layer.specs.var_reference.iter().cloned());
    let specs: FieldSpecs = specs.into_iter().collect();
    layer.complete_for(&specs, disk);
    layer.objects.change_all(|object| {
        let concerned = specs.concerning(&object.tree);
        let nowhere = Span::new(object.head.source, 0, 0);
        let (tree, mut pen) = object.pen(Writer::Replacement);
        for spec in concerned {
            let mut set = |node: &mut Node, holder: &str| {
                if let Some(span) = expand(node, &values) {
                    let (holder, key) = holder.rsplit_once('.').unwrap_or(("", holder));
                    pen.note(holder, key, span, None);
                }
            };
            let _ = field_spec::visit(tree, spec, Leaf::Text, nowhere, &mut set);
        }
    });
}

/// Expands a scalar, or each scalar of a list or mapping; returns the place of the value.
fn expand(node: &mut Node, values: &BTreeMap<CompactString, Node>) -> Option<Span> {
    match &mut node.value {
        Value::Map(_) => {
            let entries = edit::entries_mut(node)?;
            entries.iter_mut().filter_map(|entry| expand(&mut entry.value, values)).last()
        }
        Value::Seq(_) => {
            edit::items_mut(node)?.iter_mut().filter_map(|it| expand(it, values)).last()
        }
        Value::Scalar(scalar) => {
            if !scalar.text.contains("$(") {
                return None;
            }
            let whole = scalar.text.strip_prefix("$(").and_then(|text| text.strip_suffix(')'));
            if let Some(value) = whole.and_then(|name| values.get(name)) {
                *node = value.clone();
                return Some(value.span);
            }
            let (text, span) = expanded(&scalar.text, values)?;
            *node = edit::string(span, text);
            Some(span)
        }
    }
}

fn expanded(text: &str, values: &BTreeMap<CompactString, Node>) -> Option<(String, Span)> {
    let (mut out, mut rest, mut span) = (String::new(), text, None);
    while let Some(at) = rest.find("$(") {
        let (before, after) = rest.split_at(at);
        out.push_str(before);
        let name = after.get(2..).and_then(|name| name.split_once(')'));
        let value = name.and_then(|(name, _)| values.get(name));
        match (name, value.and_then(|value| Some((value, value.as_scalar()?)))) {
            (Some((_, tail)), Some((value, scalar))) => {
                out.push_str(&scalar.text);
                span = Some(value.span);
                rest = tail;
            }
            _ => {
                out.push_str("$(");
                rest = after.get(2..).unwrap_or("");
            }
        }
        if out.len() > LONGEST {
            return None;
        }
    }
    out.push_str(rest);
    span.map(|span| (out, span))
}
