//! JSON patches (RFC 6902) on trees.

use compact_str::CompactString;

use crate::bundle::{Write, Writer};
use crate::text::Span;
use crate::yaml::{Entry, Node, Value};

use super::edit;

/// Why an operation does not apply, and where it is written.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) place: Span,
    pub(super) message: String,
}

/// One operation, as written.
#[derive(Debug)]
struct Operation<'p> {
    op: &'p str,
    path: &'p Node,
    value: Option<&'p Node>,
    from: Option<&'p Node>,
}

/// Whether a patch's tree is a JSON patch: a list of operations.
pub(super) fn is_one(patch: &Node) -> bool {
    let items = patch.as_seq().unwrap_or_default();
    !items.is_empty() && items.iter().all(|item| item.get("op").is_some())
}

/// Applies all operations in order.
///
/// # Errors
/// The first that does not apply; those before it have been applied.
pub(super) fn apply(tree: &mut Node, patch: &Node, writes: &mut Vec<Write>) -> Result<(), Refusal> {
    for item in patch.as_seq().unwrap_or_default() {
        let operation = Operation::read(item)?;
        operation
            .apply(tree, writes)
            .map_err(|message| Refusal { place: operation.path.span, message })?;
    }
    Ok(())
}

impl<'p> Operation<'p> {
    fn read(item: &'p Node) -> Result<Self, Refusal> {
        let place = edit::first_line(item);
        let refuse = |message: &str| Refusal { place, message: message.to_owned() };
        let op = item.get("op").and_then(edit::text).ok_or_else(|| refuse("has no `op`"))?;
        let path = item.get("path").filter(|path| edit::text(path).is_some());
        let path = path.ok_or_else(|| refuse("has no `path`"))?;
        Ok(Self { op, path, value: item.get("value"), from: item.get("from") })
    }

    fn apply(&self, tree: &mut Node, writes: &mut Vec<Write>) -> Result<(), String> {
        let route = pointer(self.path)?;
        let value = || self.value.cloned().ok_or_else(|| "has no `value`".to_owned());
        match self.op {
            "add" => put(tree, &route, value()?, true, writes),
            "replace" => put(tree, &route, value()?, false, writes),
            "remove" => take(tree, &route, self.path.span, writes).map(drop),
            "test" => {
                let found = find(tree, &route).ok_or_else(|| missing(&route))?;
                let same = equal(found, &value()?);
                if same { Ok(()) } else { Err(format!("`{}` has another value", shown(&route))) }
            }
            "move" | "copy" => {
                let from = pointer(self.from.ok_or_else(|| "has no `from`".to_owned())?)?;
                let found = find(tree, &from).cloned().ok_or_else(|| missing(&from))?;
                if self.op == "move" {
                    take(tree, &from, self.path.span, writes)?;
                }
                put(tree, &route, found, true, writes)
            }
            other => Err(format!("`{}` is no operation", crate::text::visible(other))),
        }
    }
}

/// The parts of a JSON pointer (RFC 6901).
fn pointer(node: &Node) -> Result<Vec<CompactString>, String> {
    let text = edit::text(node).unwrap_or_default();
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let Some(rest) = text.strip_prefix('/') else {
        return Err(format!("`{}` is no path: it begins with `/`", crate::text::visible(text)));
    };
    let part = |part: &str| CompactString::new(part.replace("~1", "/").replace("~0", "~"));
    Ok(rest.split('/').map(part).collect())
}

fn shown(route: &[CompactString]) -> String {
    let path: String = route.iter().map(|part| format!("/{part}")).collect();
    crate::text::visible(&path).into_owned()
}

fn missing(route: &[CompactString]) -> String {
    format!("there is nothing at `{}`", shown(route))
}

/// The item that a part names: an index, from the end where it is negative (as the library that
/// kustomize uses allows).
fn index(part: &str, length: usize) -> Option<usize> {
    let number: i64 = part.parse().ok()?;
    let at = if number < 0 { number + length as i64 } else { number };
    usize::try_from(at).ok().filter(|at| *at < length)
}

fn find<'n>(tree: &'n Node, route: &[CompactString]) -> Option<&'n Node> {
    route.iter().try_fold(tree, |node, part| match &node.value {
        Value::Seq(items) => items.get(index(part, items.len())?),
        _ => node.get(part),
    })
}

/// The node that holds the last part of a route, with its field path.
fn holder<'n>(
    tree: &'n mut Node,
    route: &[CompactString],
) -> Result<(&'n mut Node, String), String> {
    let mut node = tree;
    let mut at = String::new();
    for (nth, part) in route.iter().enumerate() {
        if let Some(length) = node.as_seq().map(<[Node]>::len) {
            let index = index(part, length).ok_or_else(|| missing(&route[..=nth]))?;
            at.push_str(&format!("[{index}]"));
            node = edit::seq_mut(node)
                .and_then(|items| items.get_mut(index))
                .ok_or_else(|| missing(&route[..=nth]))?;
            continue;
        }
        if !at.is_empty() {
            at.push('.');
        }
        at.push_str(part);
        node = edit::get_mut(node, part).ok_or_else(|| missing(&route[..=nth]))?;
    }
    Ok((node, at))
}

fn put(
    tree: &mut Node,
    route: &[CompactString],
    value: Node,
    add: bool,
    writes: &mut Vec<Write>,
) -> Result<(), String> {
    let Some((last, above)) = route.split_last() else {
        *tree = value;
        return Ok(());
    };
    let (node, at) = holder(tree, above)?;
    let note = |key: CompactString, value: &Node, before| Write {
        holder: at.clone(),
        key,
        writer: Writer::Patch,
        place: edit::first_line(value),
        before,
    };
    if let Some(items) = node.as_seq() {
        let mut items = items.to_vec();
        let length = items.len();
        let end = add && (last == "-" || last.parse::<usize>() == Ok(length));
        let slot = if end { Some(length) } else { index(last, length) };
        let slot = slot.ok_or_else(|| missing(route))?;
        let key = CompactString::new(format!("[{slot}]"));
        if add {
            writes.push(note(key, &value, None));
            items.insert(slot, value);
        } else {
            writes.push(note(key, &value, items.get(slot).cloned()));
            items[slot] = value;
        }
        node.value = Value::Seq(items.into());
        return Ok(());
    }
    let Some(map) = edit::map_mut(node) else { return Err(missing(route)) };
    if !add && map.entry(last).is_none() {
        return Err(missing(route));
    }
    // The key is only part of a path there; what is wrong with the entry is shown at its value.
    let key_span = edit::first_line(&value);
    let before = edit::set(map, Entry { key: last.clone(), key_span, value: value.clone() });
    writes.push(note(last.clone(), &value, before));
    Ok(())
}

fn take(
    tree: &mut Node,
    route: &[CompactString],
    place: Span,
    writes: &mut Vec<Write>,
) -> Result<Node, String> {
    let Some((last, above)) = route.split_last() else {
        return Err("the whole object can't be removed".to_owned());
    };
    let (node, at) = holder(tree, above)?;
    let before = if let Some(items) = node.as_seq() {
        let mut items = items.to_vec();
        let slot = index(last, items.len()).ok_or_else(|| missing(route))?;
        let before = items.remove(slot);
        node.value = Value::Seq(items.into());
        before
    } else {
        let removed = edit::map_mut(node).and_then(|map| edit::remove(map, last));
        removed.ok_or_else(|| missing(route))?.value
    };
    writes.push(Write {
        holder: at,
        key: last.clone(),
        writer: Writer::Patch,
        place,
        before: Some(before.clone()),
    });
    Ok(before)
}

/// Whether two trees say the same, wherever they are written.
fn equal(a: &Node, b: &Node) -> bool {
    match (&a.value, &b.value) {
        (Value::Scalar(a), Value::Scalar(b)) => a.text == b.text && a.kind == b.kind,
        (Value::Seq(a), Value::Seq(b)) => {
            a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| equal(a, b))
        }
        (Value::Map(a), Value::Map(b)) => {
            let has =
                |entry: &Entry| b.entry(&entry.key).is_some_and(|o| equal(&entry.value, &o.value));
            a.entries.len() == b.entries.len() && a.entries.iter().all(has)
        }
        _ => false,
    }
}
