//! `replacements`: a value of one object, copied into others.

use compact_str::CompactString;

use crate::bundle::{Write, Writer};
use crate::text::Span;
use crate::yaml::{Node, Scalar, ScalarKind, Value};

use super::layer::Layer;
use super::target::Select;
use super::{edit, kustomization};

/// How part of a value is taken or replaced.
#[derive(Clone, Debug, Default)]
struct Options {
    delimiter: String,
    index: i64,
    create: bool,
}

impl Options {
    fn read(node: Option<&Node>) -> Self {
        let Some(node) = node else { return Self::default() };
        let index = node.get("index").and_then(Node::as_scalar).map(|scalar| scalar.kind);
        Self {
            delimiter: node.get("delimiter").and_then(edit::text).unwrap_or_default().to_owned(),
            index: if let Some(ScalarKind::Int(index)) = index { index } else { 0 },
            create: kustomization::is_true(node, "create"),
        }
    }
}

/// Makes one replacement.
///
/// # Errors
/// What kustomize refuses, and where it is written.
pub(super) fn apply(layer: &mut Layer, item: &Node) -> Result<(), (Span, String)> {
    let place = edit::first_line(item);
    let source = item.get("source").filter(|source| !source.is_null());
    let targets = item.get("targets").and_then(Node::as_seq);
    let (Some(source), Some(targets)) = (source, targets) else {
        return Err((place, "a replacement has a `source` and `targets`".to_owned()));
    };
    let Some(value) = value(layer, source)? else { return Ok(()) };
    for target in targets {
        let Some(select) = target.get("select").filter(|select| !select.is_null()) else {
            let place = edit::first_line(target);
            return Err((place, "a target has `select`, which says what it is".to_owned()));
        };
        write(layer, target, &Select::read(select), &value)?;
    }
    Ok(())
}

/// The value to be copied; none where it is not in the repository.
fn value(layer: &Layer, source: &Node) -> Result<Option<Node>, (Span, String)> {
    let select = Select::read(source);
    let place = edit::first_line(source);
    let mut found = layer.resources.iter().filter(|resource| select.selects(resource));
    let Some(object) = found.next() else {
        if layer.is_open() {
            return Ok(None);
        }
        return Err((place, format!("no object is the source {}", select.words())));
    };
    if found.next().is_some() {
        return Err((place, format!("several objects are the source {}", select.words())));
    }
    let path = source.get("fieldPath").and_then(edit::text).unwrap_or("metadata.name");
    let place = source.get("fieldPath").map_or(place, |node| node.span);
    let shown = crate::text::visible(path).into_owned();
    let missing = || (place, format!("{} has no `{shown}`", object.id().words()));
    let value = match look(&object.tree, &split(path)) {
        Some(value) => value,
        None if object.has_more_data => return Ok(None),
        None => return Err(missing()),
    };
    let is_nothing = value.is_null() || edit::text(value) == Some("");
    if is_nothing {
        return Err(missing());
    }
    let options = Options::read(source.get("options"));
    if options.delimiter.is_empty() {
        return Ok(Some(value.clone()));
    }
    let text = edit::text(value).ok_or_else(missing)?;
    let parts: Vec<&str> = text.split(options.delimiter.as_str()).collect();
    let part = usize::try_from(options.index).ok().and_then(|index| parts.get(index));
    let part = part.ok_or_else(|| (place, format!("`{shown}` has no part {}", options.index)))?;
    Ok(Some(edit::string(part, value.span)))
}

fn look<'n>(tree: &'n Node, path: &[CompactString]) -> Option<&'n Node> {
    path.iter().try_fold(tree, |node, part| match &node.value {
        Value::Seq(items) => items
            .iter()
            .enumerate()
            .find_map(|(index, item)| is_item(part, index, item).then_some(item)),
        _ => node.get(part),
    })
}

/// Whether a part of a path (`3`, `[name=web]`, `*`) names that item.
fn is_item(part: &str, index: usize, item: &Node) -> bool {
    if part == "*" || part.parse::<usize>() == Ok(index) {
        return true;
    }
    let Some(inside) = part.strip_prefix('[').and_then(|part| part.strip_suffix(']')) else {
        return false;
    };
    match inside.split_once('=') {
        Some(("", value)) => edit::text(item) == Some(value),
        Some((key, value)) => item.get(key).and_then(edit::text) == Some(value),
        None => false,
    }
}

/// `a.b.[name=x.y].c\.d` is `a`, `b`, `[name=x.y]`, `c.d` (kyaml's SmarterPathSplitter).
fn split(path: &str) -> Vec<CompactString> {
    let mut parts = vec![CompactString::default()];
    let mut brackets = 0u32;
    let mut characters = path.chars().peekable();
    while let Some(character) = characters.next() {
        let last = parts.len() - 1;
        match character {
            '\\' if characters.peek() == Some(&'.') => {
                characters.next();
                parts[last].push('.');
            }
            '.' if brackets == 0 => parts.push(CompactString::default()),
            other => {
                brackets = match other {
                    '[' => brackets + 1,
                    ']' => brackets.saturating_sub(1),
                    _ => brackets,
                };
                parts[last].push(other);
            }
        }
    }
    parts.retain(|part| !part.is_empty());
    parts
}

fn write(
    layer: &mut Layer,
    target: &Node,
    select: &Select,
    value: &Node,
) -> Result<(), (Span, String)> {
    let rejects: Vec<Select> = target
        .get("reject")
        .and_then(Node::as_seq)
        .unwrap_or_default()
        .iter()
        .map(Select::read)
        .collect();
    let options = Options::read(target.get("options"));
    let paths = target.get("fieldPaths").and_then(Node::as_seq).unwrap_or_default();
    let place = edit::first_line(target);
    let mut wanted: Vec<(String, Span)> =
        paths.iter().filter_map(|path| Some((edit::text(path)?.to_owned(), path.span))).collect();
    if wanted.is_empty() {
        wanted.push(("metadata.name".to_owned(), place));
    }
    for resource in &mut layer.resources {
        let is_rejected = rejects.iter().any(|reject| reject.selects(resource));
        if !select.selects(resource) || is_rejected {
            continue;
        }
        for (path, place) in &wanted {
            let parts = split(path);
            let mut put = Put { options: &options, value, writes: Vec::new(), count: 0 };
            resource.remember();
            put.go(&mut resource.tree, &parts, &mut String::new());
            let Put { count, writes, .. } = put;
            if count == 0 {
                let shown = crate::text::visible(path);
                return Err((*place, format!("{} has no `{shown}`", resource.id().words())));
            }
            writes.into_iter().for_each(|write| resource.note(write));
        }
    }
    Ok(())
}

/// Writes a value to all places that a path names.
struct Put<'a> {
    options: &'a Options,
    value: &'a Node,
    writes: Vec<Write>,
    count: usize,
}

impl Put<'_> {
    /// The depth of the tree, or the length of the path, bounds the recursion.
    fn go(&mut self, node: &mut Node, path: &[CompactString], at: &mut String) {
        let Some((first, rest)) = path.split_first() else { return };
        let length = at.len();
        if let Some(items) = edit::seq_mut(node) {
            for (index, item) in items.iter_mut().enumerate() {
                if is_item(first, index, item) {
                    at.push_str(&format!("[{index}]"));
                    self.next(item, first, rest, at);
                    at.truncate(length);
                }
            }
            return;
        }
        let create = self.options.create;
        let place = self.value.span;
        let Some(map) = edit::map_mut(node) else { return };
        if create && first != "*" && map.entry(first).is_none() {
            map.entries.push(edit::entry(first, place, edit::mapping(Vec::new(), place)));
        }
        for entry in &mut map.entries {
            if first == "*" || entry.key == *first {
                if !at.is_empty() {
                    at.push('.');
                }
                at.push_str(&entry.key);
                self.next(&mut entry.value, first, rest, at);
                at.truncate(length);
            }
        }
    }

    fn next(&mut self, node: &mut Node, key: &str, rest: &[CompactString], at: &mut String) {
        if !rest.is_empty() {
            return self.go(node, rest, at);
        }
        self.count += 1;
        let new = self.combined(node);
        let holder = at.rsplit_once('.').map_or("", |(holder, _)| holder).to_owned();
        let before = std::mem::replace(node, new);
        self.writes.push(Write {
            holder,
            key: CompactString::new(key),
            writer: Writer::Replacement,
            place: edit::first_line(self.value),
            before: Some(before),
        });
    }

    /// The value, or the old one with a part replaced. A scalar keeps its type.
    fn combined(&self, old: &Node) -> Node {
        let (Some(was), Some(new)) = (old.as_scalar(), self.value.as_scalar()) else {
            return self.value.clone();
        };
        let text = if self.options.delimiter.is_empty() {
            new.text.to_string()
        } else {
            let mut parts: Vec<&str> = was.text.split(self.options.delimiter.as_str()).collect();
            match usize::try_from(self.options.index) {
                Err(_) => parts.insert(0, &new.text),
                Ok(index) => match parts.get_mut(index) {
                    Some(part) => *part = &new.text,
                    None => parts.push(&new.text),
                },
            }
            parts.join(&self.options.delimiter)
        };
        let kind = match was.kind {
            ScalarKind::Int(_) => text.parse().map_or(ScalarKind::Str, ScalarKind::Int),
            ScalarKind::Str => ScalarKind::Str,
            _ => new.kind,
        };
        let scalar = Scalar { text: text.into(), kind, plain: was.plain };
        Node { span: self.value.span, value: Value::Scalar(scalar) }
    }
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn paths_split_at_dots_outside_of_brackets() {
        let parts = split("spec.[name=a.b].metadata.labels.app\\.kubernetes\\.io/name.*");
        let expected = ["spec", "[name=a.b]", "metadata", "labels", "app.kubernetes.io/name", "*"];
        assert_eq!(parts, expected);
    }
}
