//! JSON patches (RFC 6902) on spanned trees.

use super::edit;
use super::object::Pen;
use super::rest::is_in_head;
use crate::text::Span;
use crate::yaml::{Entry, Node, Value};

/// One operation.
#[derive(Clone, Debug)]
pub(super) struct Operation {
    verb: Verb,
    path: Vec<String>,
    /// The pointer as written, and where.
    pointer: (String, Span),
    from: Vec<String>,
    value: Option<Node>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verb {
    Add,
    Remove,
    Replace,
    Move,
    Copy,
    Test,
}

impl Operation {
    /// Whether it reads or writes anything but who an object is.
    pub fn leaves_head(&self) -> bool {
        let leaves = |path: &[String]| path.first().is_none_or(|key| !is_in_head(key));
        let copies = matches!(self.verb, Verb::Move | Verb::Copy);
        leaves(&self.path) || (copies && leaves(&self.from))
    }
}

/// Why an operation can't be read or made, and where it stands.
pub(super) struct Stop {
    pub place: Span,
    pub message: String,
}

/// Reads a patch: a list of operations.
///
/// # Errors
/// The first operation that is none.
pub(super) fn read(root: &Node) -> Result<Vec<Operation>, Stop> {
    root.as_seq().unwrap_or_default().iter().map(operation).collect()
}

fn operation(node: &Node) -> Result<Operation, Stop> {
    let text = |key: &str| node.get(key).and_then(Node::as_scalar).map(|it| it.text.as_str());
    let stop = |message: String| Stop { place: edit::token(node), message };
    let verb = match text("op") {
        Some("add") => Verb::Add,
        Some("remove") => Verb::Remove,
        Some("replace") => Verb::Replace,
        Some("move") => Verb::Move,
        Some("copy") => Verb::Copy,
        Some("test") => Verb::Test,
        Some(other) => return Err(stop(format!("`{other}` is no operation of a JSON patch"))),
        None => return Err(stop("this operation of a JSON patch has no `op`".to_owned())),
    };
    let Some(path) = text("path") else {
        return Err(stop("this operation of a JSON patch has no `path`".to_owned()));
    };
    let from = text("from");
    if matches!(verb, Verb::Move | Verb::Copy) && from.is_none() {
        return Err(stop("this operation of a JSON patch has no `from`".to_owned()));
    }
    let span = node.get("path").map_or(node.span, |path| path.span);
    Ok(Operation {
        verb,
        path: pointer(path),
        pointer: (path.to_owned(), span),
        from: pointer(from.unwrap_or_default()),
        value: node.get("value").cloned(),
    })
}

/// The parts of a JSON pointer.
fn pointer(text: &str) -> Vec<String> {
    let parts = text.split('/').skip(1);
    parts.map(|part| part.replace("~1", "/").replace("~0", "~")).collect()
}

/// Bounds on what operations may make of one object.
#[derive(Clone, Copy)]
pub(super) struct Bounds {
    pub depth: usize,
    pub nodes: usize,
}

/// The most entries and items that the patches of one build may go over on their way.
pub(super) const MOST_STEPS: usize = 200_000_000;

/// Makes the operations one by one; `grown` counts the nodes that were added, `steps` the entries
/// that were gone over.
///
/// # Errors
/// The first one that can't be made.
pub(super) fn apply(
    tree: &mut Node,
    operations: &[Operation],
    grown: &mut usize,
    steps: &mut usize,
    bounds: Bounds,
    pen: &mut Pen<'_>,
) -> Result<(), Stop> {
    for operation in operations {
        *steps += length(tree, &operation.path) + length(tree, &operation.from);
        if *steps > MOST_STEPS {
            let message = "the patches take more steps than are followed".to_owned();
            return Err(Stop { place: operation.pointer.1, message });
        }
        make(tree, operation, grown, bounds, pen)
            .map_err(|message| Stop { place: operation.pointer.1, message })?;
    }
    Ok(())
}

fn make(
    tree: &mut Node,
    operation: &Operation,
    grown: &mut usize,
    bounds: Bounds,
    pen: &mut Pen<'_>,
) -> Result<(), String> {
    let Operation { verb, path, pointer: (pointer, span), from, value } = operation;
    let absent = || format!("the object has nothing at `{pointer}`");
    let null = || Node { span: *span, ..edit::string(*span, "") };
    let value = match verb {
        Verb::Move | Verb::Copy => {
            let found = find(tree, from).cloned();
            Some(found.ok_or_else(|| format!("the object has nothing at `/{}`", from.join("/")))?)
        }
        _ => value.clone(),
    };
    if let Some(value) = value.as_ref().filter(|_| *verb != Verb::Remove && *verb != Verb::Test) {
        *grown += edit::size(value, bounds.nodes);
        let deep = path.len() + edit::depth(value, bounds.depth);
        if *grown > bounds.nodes || deep > bounds.depth {
            return Err("this makes the object too large or too deep to be read".to_owned());
        }
    }
    match verb {
        Verb::Test => {
            let there = find(tree, path);
            let equal = match (there, &value) {
                (Some(there), Some(value)) => same(there, value),
                (None, None) => true,
                (Some(there), None) => there.is_null(),
                (None, Some(value)) => value.is_null(),
            };
            if equal { Ok(()) } else { Err(format!("the object has another value at `{pointer}`")) }
        }
        Verb::Remove => remove(tree, path, *span, pen).ok_or_else(absent),
        Verb::Replace => {
            find(tree, path).ok_or_else(absent)?;
            write(tree, path, value.unwrap_or_else(null), *span, true, pen).ok_or_else(absent)
        }
        Verb::Move => {
            remove(tree, from, *span, pen).ok_or_else(absent)?;
            write(tree, path, value.unwrap_or_else(null), *span, false, pen).ok_or_else(absent)
        }
        Verb::Add | Verb::Copy => {
            let parent = || format!("the object has nothing that `{pointer}` could be added to");
            write(tree, path, value.unwrap_or_else(null), *span, false, pen).ok_or_else(parent)
        }
    }
}

fn find<'a>(tree: &'a Node, path: &[String]) -> Option<&'a Node> {
    path.iter().try_fold(tree, |node, part| match &node.value {
        Value::Map(_) => node.get(part),
        Value::Seq(items) => items.get(index(part, items.len())?),
        Value::Scalar(_) => None,
    })
}

/// How many entries and items stand along a path.
fn length(tree: &Node, path: &[String]) -> usize {
    let mut node = Some(tree);
    path.iter().fold(0, |sum, part| {
        let Some(here) = node else { return sum };
        node = find(here, std::slice::from_ref(part));
        sum + match &here.value {
            Value::Map(map) => map.entries.len(),
            Value::Seq(items) => items.len(),
            Value::Scalar(_) => 0,
        }
    })
}

/// An index as `evanphx/json-patch` takes it: negative ones count from the end.
fn index(part: &str, length: usize) -> Option<usize> {
    let number: i64 = part.parse().ok()?;
    let length = i64::try_from(length).ok()?;
    let at = if number < 0 { number + length } else { number };
    usize::try_from(at).ok()
}

/// The parent of what a path names, its own field path, and the last part.
fn parent<'a, 'p>(
    tree: &'a mut Node,
    path: &'p [String],
) -> Option<(&'a mut Node, String, &'p str)> {
    let (last, route) = path.split_last()?;
    let mut holder = String::new();
    let mut node = tree;
    for part in route {
        if node.as_map().is_some() {
            holder = edit::below(&holder, part);
            node = edit::get_mut(node, part)?;
        } else {
            let at = index(part, node.as_seq()?.len())?;
            holder = format!("{holder}[{at}]");
            node = edit::items_mut(node)?.get_mut(at)?;
        }
    }
    Some((node, holder, last))
}

fn write(
    tree: &mut Node,
    path: &[String],
    value: Node,
    born: Span,
    over: bool,
    pen: &mut Pen<'_>,
) -> Option<()> {
    if path.is_empty() {
        *tree = value;
        return Some(());
    }
    let (node, holder, last) = parent(tree, path)?;
    let place = value.span;
    if node.as_map().is_some() {
        // The key is only part of a path there: what is wrong with the entry is shown at its value.
        let key_span = if value.as_scalar().is_some() { value.span } else { born };
        let before = edit::put(node, Entry { key: last.into(), key_span, value });
        pen.note(&holder, last, place, before);
        return Some(());
    }
    let items = edit::items_mut(node)?;
    let at = if last == "-" { items.len() } else { index(last, items.len() + usize::from(!over))? };
    let before = if over {
        Some(std::mem::replace(items.get_mut(at)?, value))
    } else if at <= items.len() {
        items.insert(at, value);
        None
    } else {
        return None;
    };
    pen.note(&holder, &at.to_string(), place, before);
    Some(())
}

fn remove(tree: &mut Node, path: &[String], place: Span, pen: &mut Pen<'_>) -> Option<()> {
    let (node, holder, last) = parent(tree, path)?;
    let gone = if node.as_map().is_some() {
        edit::remove(node, last)?.value
    } else {
        let items = edit::items_mut(node)?;
        let at = index(last, items.len()).filter(|at| *at < items.len())?;
        items.remove(at)
    };
    pen.note(&holder, last, place, Some(gone));
    Some(())
}

/// Whether two trees say the same, wherever they are written.
fn same(a: &Node, b: &Node) -> bool {
    match (&a.value, &b.value) {
        (Value::Scalar(a), Value::Scalar(b)) => a.kind == b.kind && a.text == b.text,
        (Value::Seq(a), Value::Seq(b)) => {
            a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| same(a, b))
        }
        (Value::Map(left), Value::Map(right)) => {
            left.entries.len() == right.entries.len()
                && left.entries.iter().all(|e| b.get(&e.key).is_some_and(|it| same(&e.value, it)))
        }
        _ => false,
    }
}
