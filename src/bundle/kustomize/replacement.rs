//! `replacements`: values copied from one object into others (upstream:
//! `api/filters/replacement`).

use regex::Regex;

use super::edit;
use super::fault::refused;
use super::field_path::{list_entry, look_up, smart_split};
use super::keys::Keys;
use super::maker::Maker;
use super::object::{Object, Pen};
use super::rest::is_in_head;
use super::select::Selector;
use crate::bundle::Writer;
use crate::text::Span;
use crate::yaml::{Entry, Node, Scalar, ScalarKind, Value};

/// The longest value: each replacement may double one.
const LONGEST: usize = 1 << 16;

/// Which part of a value is meant.
#[derive(Clone, Default)]
struct Options {
    delimiter: String,
    index: i64,
    create: bool,
}

impl Options {
    fn read(node: Option<&Node>) -> Self {
        let text = |key: &str| {
            let scalar = node.and_then(|node| node.get(key)).and_then(Node::as_scalar);
            scalar.map_or("", |scalar| scalar.text.as_str())
        };
        Self {
            delimiter: text("delimiter").to_owned(),
            index: text("index").parse().unwrap_or(0),
            create: text("create") == "true",
        }
    }
}

impl Maker<'_> {
    /// Every entry of `replacements`.
    pub fn replacements(&mut self, entries: &[Node]) {
        for entry in entries {
            let Some(path) = entry.get("path").filter(|it| !it.is_null()) else {
                self.replacement(entry);
                continue;
            };
            if entry.get("source").or(entry.get("targets")).is_some() {
                self.fault(refused(
                    edit::token(entry),
                    "this replacement has both a `path` and its own fields".to_owned(),
                    "keep one of them",
                ));
                continue;
            }
            let Some(reference) = path.as_str() else { continue };
            if let Some(file) = self.locate_file(path, reference)
                && let Some(page) = self.page(path, &file)
            {
                match page.documents.first().map(|root| (root, &root.value)) {
                    Some((_, Value::Seq(items))) => {
                        items.iter().for_each(|item| self.replacement(item));
                    }
                    Some((root, Value::Map(_))) => self.replacement(root),
                    _ => self.fault(refused(
                        path.span,
                        format!("`{reference}` contains no replacement"),
                        "write a list of replacements in it",
                    )),
                }
            }
        }
    }

    fn replacement(&mut self, entry: &Node) {
        let (Some(source), Some(targets)) = (entry.get("source"), entry.get("targets")) else {
            self.fault(refused(
                edit::token(entry),
                "a replacement needs a `source` and at least one entry in `targets`".to_owned(),
                "add what is missing",
            ));
            return;
        };
        let Some(value) = self.source(source) else { return };
        for target in targets.as_seq().unwrap_or_default() {
            self.target(target, &value);
        }
    }

    /// The value that is copied.
    fn source(&mut self, source: &Node) -> Option<Node> {
        let place = edit::token(source);
        let selector = self.selector(source)?;
        let objects = &mut self.layer.objects;
        let mut found = objects.candidates(selector.sought());
        found.retain(|at| objects.get(*at).is_some_and(|object| selector.means(object)));
        let at = match found.as_slice() {
            [one] => *one,
            [] if !self.layer.openings.is_empty() => return None,
            [] => {
                let message = format!("this source matches no object: {}", selector.words());
                self.fault(refused(place, message, "fix the source's fields"));
                return None;
            }
            _ => {
                let message = format!("this source matches several objects: {}", selector.words());
                self.fault(refused(place, message, "add fields to match only one"));
                return None;
            }
        };
        let field = source.get("fieldPath").filter(|it| !it.is_null());
        let path = field.and_then(Node::as_str).unwrap_or("metadata.name");
        let place = field.map_or(place, |field| field.span);
        let parts = smart_split(path);
        if parts.first().is_some_and(|key| !is_in_head(key)) {
            self.layer.complete(at, &self.library.disk);
        }
        let object = self.layer.objects.get(at)?;
        let value = look_up(&object.tree, &parts).filter(|it| !is_empty(it)).cloned();
        let Some(value) = value else {
            if object.has_more_data {
                return None;
            }
            let message = format!("{} has nothing at `{path}`", object.id().words());
            self.fault(refused(place, message, "fix the `fieldPath`"));
            return None;
        };
        match part(&value, &Options::read(source.get("options"))) {
            Ok(value) => Some(value),
            Err(message) => {
                self.fault(refused(place, message, "fix the `options` of the source"));
                None
            }
        }
    }

    fn selector(&mut self, node: &Node) -> Option<Selector> {
        match Selector::read(node) {
            Ok(selector) => Some(selector),
            Err((place, message)) => {
                self.fault(refused(place, message, "write it as in `kubectl get -l`"));
                None
            }
        }
    }

    fn target(&mut self, target: &Node, value: &Node) {
        let Some(select) = target.get("select").filter(|it| !it.is_null()) else {
            self.fault(refused(
                edit::token(target),
                "this target has no `select`".to_owned(),
                "add `select` to choose objects",
            ));
            return;
        };
        let Some(selector) = self.selector(select) else { return };
        let rejects = target.get("reject").and_then(Node::as_seq).unwrap_or_default();
        let rejects: Vec<Selector> =
            rejects.iter().filter_map(|reject| self.selector(reject)).collect();
        let options = Options::read(target.get("options"));
        let fields = target.get("fieldPaths").and_then(Node::as_seq).unwrap_or_default();
        let default = edit::string(edit::token(target), "metadata.name");
        let fields: Vec<&Node> =
            if fields.is_empty() { vec![&default] } else { fields.iter().collect() };
        let limits = self.library.disk.limits;
        let mut faults = Vec::new();
        for at in self.layer.objects.candidates(selector.sought()) {
            let Some(object) = self.layer.objects.get(at) else { continue };
            let rejected = rejects.iter().any(|reject| {
                (reject.asks_for_labels() && reject.fits(&object.tree))
                    || (!reject.is_nameless() && reject.means(object))
            });
            if rejected || !selector.fits(&object.tree) || !selector.means(object) {
                continue;
            }
            if fields.iter().any(|field| leaves_head(field)) {
                self.layer.complete(at, &self.library.disk);
            }
            for field in &fields {
                let made = self.layer.objects.change(at, |object| {
                    object.grown += edit::size(value, limits.nodes);
                    if object.grown > limits.nodes
                        || edit::depth(value, limits.depth) > limits.depth / 2
                    {
                        let message = "this makes the object too large".to_owned();
                        return Err(refused(field.span, message, "copy a smaller value"));
                    }
                    let made = copy(object, field, value, &options);
                    object.follow_links(Writer::Replacement);
                    made.map_err(|message| {
                        let message = format!("{}: {message}", object.id().words());
                        refused(field.span, message, "fix the path, or set `create`")
                    })
                });
                faults.extend(made.and_then(Result::err));
            }
        }
        faults.into_iter().for_each(|fault| self.fault(fault));
    }
}

fn leaves_head(field: &Node) -> bool {
    let parts = smart_split(field.as_str().unwrap_or_default());
    parts.first().is_some_and(|key| !is_in_head(key))
}

/// The part of a value that a source's options select.
fn part(value: &Node, options: &Options) -> Result<Node, String> {
    if options.delimiter.is_empty() {
        return Ok(value.clone());
    }
    let Some(scalar) = value.as_scalar() else {
        return Err("only a scalar can be split by a delimiter".to_owned());
    };
    let parts: Vec<&str> = scalar.text.split(options.delimiter.as_str()).collect();
    let at = usize::try_from(options.index).ok();
    match at.and_then(|at| parts.get(at)) {
        Some(part) => Ok(edit::string(value.span, *part)),
        None => Err(format!("the value has no part {}", options.index)),
    }
}

/// Copies a value to one field path of an object.
/// The most parts of a field path: no object is that deep.
const DEEPEST_PATH: usize = 100;

fn copy(object: &mut Object, field: &Node, value: &Node, options: &Options) -> Result<(), String> {
    let path = field.as_str().unwrap_or_default();
    let parts = smart_split(path);
    if parts.len() > DEEPEST_PATH {
        // The path is walked recursively, and `create` creates each step of it.
        return Err(format!("a path can't have more than {DEEPEST_PATH} parts"));
    }
    let (tree, keys, mut pen) = object.parts(Writer::Replacement);
    let mut walk = Walk { options, value, born: field.span, keys, pen: &mut pen, set: 0 };
    walk.go(tree, &parts, ("", ""), true)?;
    if walk.set == 0 {
        return Err(format!("it has nothing to replace at `{path}`"));
    }
    Ok(())
}

struct Walk<'a, 'b> {
    options: &'a Options,
    value: &'a Node,
    born: Span,
    keys: &'a mut Keys,
    pen: &'a mut Pen<'b>,
    set: usize,
}

impl Walk<'_, '_> {
    /// `here`: the holder of this node and its key in it.
    fn go(
        &mut self,
        node: &mut Node,
        path: &[String],
        here: (&str, &str),
        is_root: bool,
    ) -> Result<(), String> {
        let Some((part, rest)) = path.split_first() else {
            return self.put(node, here);
        };
        let holder = if is_root { String::new() } else { edit::below(here.0, here.1) };
        if let Some((key, pattern)) = list_entry(part) {
            return self.matching(node, key, pattern, rest, &holder);
        }
        if part == "*" {
            for (index, item) in edit::items_mut(node).into_iter().flatten().enumerate() {
                self.go(item, rest, (&holder, &format!("[{index}]")), false)?;
            }
            return Ok(());
        }
        if let (Value::Seq(items), Ok(index)) = (&node.value, part.parse::<usize>()) {
            let length = items.len();
            if index == length && self.options.create {
                self.push(node, kind_of(rest.first(), self.value));
            } else if index >= length {
                return Err(format!("index {index} is out of range: there are {length} items"));
            }
            return match edit::items_mut(node).and_then(|items| items.get_mut(index)) {
                Some(item) => self.go(item, rest, (&holder, &format!("[{index}]")), false),
                None => Ok(()),
            };
        }
        if self.options.create
            && node.as_map().is_some()
            && self.keys.get_mut(node, part, &holder).is_none()
        {
            let value = made(kind_of(rest.first(), self.value), self.born);
            let entry = Entry { key: part.as_str().into(), key_span: self.born, value };
            self.keys.put(node, entry, &holder);
        }
        match self.keys.get_mut(node, part, &holder) {
            Some(inner) => self.go(inner, rest, (&holder, part), false),
            None => Ok(()),
        }
    }

    /// `[key=pattern]`: every item of a list that matches.
    fn matching(
        &mut self,
        node: &mut Node,
        key: &str,
        pattern: &str,
        rest: &[String],
        holder: &str,
    ) -> Result<(), String> {
        let regex =
            Regex::new(pattern).map_err(|_| format!("`{pattern}` is not a valid expression"))?;
        let fits = |item: &Node| {
            let scalar = if key.is_empty() {
                item.as_scalar()
            } else {
                item.get(key).and_then(Node::as_scalar)
            };
            scalar.is_some_and(|scalar| regex.is_match(&scalar.text))
        };
        if node.as_seq().is_some_and(|items| !items.iter().any(fits)) && self.options.create {
            let text = edit::string(self.born, pattern);
            self.push(
                node,
                match key {
                    "" => text,
                    key => edit::map(self.born, vec![edit::entry(self.born, key, text)]),
                },
            );
        }
        for (index, item) in edit::items_mut(node).into_iter().flatten().enumerate() {
            if fits(item) {
                let rest = if key.is_empty() { &[] } else { rest };
                self.go(item, rest, (holder, &format!("[{index}]")), false)?;
            }
        }
        Ok(())
    }

    fn push(&self, node: &mut Node, value: Node) {
        if let Some(items) = edit::items_mut(node) {
            items.push(Node { span: self.born, ..value });
        }
    }

    fn put(&mut self, node: &mut Node, here: (&str, &str)) -> Result<(), String> {
        let new = joined(node, self.value, self.options)?;
        let place = new.span;
        let before = std::mem::replace(node, new);
        if before.as_scalar().is_none() {
            self.keys.forget();
        }
        self.pen.note(here.0, here.1, place, Some(before));
        self.set += 1;
        Ok(())
    }
}

/// The new value of a target: a scalar keeps its type if only its text is copied.
fn joined(there: &Node, value: &Node, options: &Options) -> Result<Node, String> {
    let mut new = value.clone();
    if !options.delimiter.is_empty() {
        let Some(scalar) = there.as_scalar() else {
            return Err("only a scalar can be split by a delimiter".to_owned());
        };
        let text = value.as_scalar().map_or("", |scalar| scalar.text.as_str());
        let mut parts: Vec<&str> = scalar.text.split(options.delimiter.as_str()).collect();
        match usize::try_from(options.index) {
            Err(_) => parts.insert(0, text),
            Ok(at) => match parts.get_mut(at) {
                Some(part) => *part = text,
                None => parts.push(text),
            },
        }
        let text = parts.join(&options.delimiter);
        if text.len() > LONGEST {
            return Err("the value becomes too long".to_owned());
        }
        new = edit::string(value.span, text);
    }
    if let (Value::Scalar(there), Value::Scalar(scalar)) = (&there.value, &new.value) {
        let kind = retyped(there, scalar);
        new.value = Value::Scalar(Scalar { kind, ..scalar.clone() });
    }
    Ok(new)
}

/// The type of a text that replaces a scalar: kustomize copies the text and keeps the type.
fn retyped(there: &Scalar, new: &Scalar) -> ScalarKind {
    match there.kind {
        ScalarKind::Int(_) => new.text.parse().map_or(new.kind, ScalarKind::Int),
        ScalarKind::Bool(_) => new.text.parse().map_or(new.kind, ScalarKind::Bool),
        ScalarKind::Str => ScalarKind::Str,
        _ => new.kind,
    }
}

/// What is created on the way to a part of a path.
fn kind_of(next: Option<&String>, value: &Node) -> Node {
    let empty = |value: Value| Node { span: value_span(), value };
    fn value_span() -> Span {
        Span::new(crate::text::SourceId(0), 0, 0)
    }
    match next {
        None => match &value.value {
            // Without a type of its own, so that it takes the value's.
            Value::Scalar(scalar) => {
                let kind = ScalarKind::Null;
                empty(Value::Scalar(Scalar { kind, ..scalar.clone() }))
            }
            Value::Map(_) => edit::empty_map(value.span),
            Value::Seq(_) => empty(Value::Seq(Vec::new().into())),
        },
        Some(part)
            if list_entry(part).is_some() || part == "*" || part.parse::<usize>().is_ok() =>
        {
            empty(Value::Seq(Vec::new().into()))
        }
        Some(_) => edit::empty_map(value.span),
    }
}

fn made(node: Node, born: Span) -> Node {
    Node { span: born, ..node }
}

fn is_empty(node: &Node) -> bool {
    match &node.value {
        Value::Scalar(scalar) => scalar.kind == ScalarKind::Null,
        Value::Map(map) => map.entries.is_empty(),
        Value::Seq(items) => items.is_empty(),
    }
}
