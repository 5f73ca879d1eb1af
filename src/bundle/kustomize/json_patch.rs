//! JSON patches (RFC 6902) on trees with spans.

use super::edit;
use super::keys::Keys;
use super::object::Pen;
use super::rest::is_in_head;
use crate::text::Span;
use crate::yaml::{Entry, Node, Value};

/// One operation.
#[derive(Clone, Debug)]
pub(super) struct Operation {
    verb: Verb,
    path: Vec<String>,
    /// The pointer as written, and its place.
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
    /// Whether it reads or writes annotations.
    pub fn touches_annotations(&self) -> bool {
        let touches =
            |path: &[String]| path.starts_with(&["metadata".into(), "annotations".into()]);
        touches(&self.path) || touches(&self.from)
    }

    /// Whether it reads or writes anything but the object's identity.
    pub fn leaves_head(&self) -> bool {
        let leaves = |path: &[String]| path.first().is_none_or(|key| !is_in_head(key));
        let copies = matches!(self.verb, Verb::Move | Verb::Copy);
        leaves(&self.path) || (copies && leaves(&self.from))
    }
}

/// Why an operation is invalid or fails, and its place.
pub(super) struct Stop {
    pub place: Span,
    pub message: String,
}

/// Reads a patch: a list of operations.
///
/// # Errors
/// The first invalid operation.
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
        Some(other) => return Err(stop(format!("`{other}` is not a JSON patch operation"))),
        None => return Err(stop("this JSON patch operation has no `op`".to_owned())),
    };
    let Some(path) = text("path") else {
        return Err(stop("this JSON patch operation has no `path`".to_owned()));
    };
    let from = text("from");
    if matches!(verb, Verb::Move | Verb::Copy) && from.is_none() {
        return Err(stop("this JSON patch operation has no `from`".to_owned()));
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

/// Limits on what operations may do to one object.
#[derive(Clone, Copy)]
pub(super) struct Bounds {
    pub depth: usize,
    pub nodes: usize,
}

/// The most entries and items that the patches of one build may visit.
pub(super) const MOST_STEPS: usize = 200_000_000;

/// Applies operations to one object.
pub(super) struct Patching<'a, 'b> {
    pub keys: &'a mut Keys,
    pub pen: Pen<'b>,
    pub bounds: Bounds,
    /// How many nodes were added to it.
    pub grown: &'a mut usize,
    /// How many entries and items of the build were visited.
    pub steps: &'a mut usize,
}

impl Patching<'_, '_> {
    /// Applies the operations one by one.
    ///
    /// # Errors
    /// The first one that fails.
    pub fn apply(&mut self, tree: &mut Node, operations: &[Operation]) -> Result<(), Stop> {
        for operation in operations {
            self.make(tree, operation)
                .map_err(|message| Stop { place: operation.pointer.1, message })?;
        }
        Ok(())
    }

    fn make(&mut self, tree: &mut Node, operation: &Operation) -> Result<(), String> {
        let Operation { verb, path, pointer: (pointer, span), from, .. } = operation;
        let absent = || format!("the object has nothing at `{pointer}`");
        let value = self.value(tree, operation)?;
        let null = || Node { span: *span, ..edit::string(*span, "") };
        match verb {
            Verb::Test => {
                let there = find(tree, path, self.steps);
                let equal = match (there, &value) {
                    (Some(there), Some(value)) => same(there, value),
                    (None, None) => true,
                    (Some(there), None) => there.is_null(),
                    (None, Some(value)) => value.is_null(),
                };
                let other = || format!("the object has a different value at `{pointer}`");
                equal.then_some(()).ok_or_else(other)?;
            }
            Verb::Remove => self.remove(tree, path, *span).ok_or_else(absent)?,
            Verb::Replace => {
                self.write(tree, path, value.unwrap_or_else(null), *span, true)
                    .ok_or_else(absent)?;
            }
            Verb::Move => {
                self.remove(tree, from, *span).ok_or_else(absent)?;
                self.write(tree, path, value.unwrap_or_else(null), *span, false)
                    .ok_or_else(absent)?;
            }
            Verb::Add | Verb::Copy => {
                let parent = || format!("the object has no parent to add `{pointer}` to");
                self.write(tree, path, value.unwrap_or_else(null), *span, false)
                    .ok_or_else(parent)?;
            }
        }
        if *self.steps > MOST_STEPS {
            return Err("the patches have too many operations".to_owned());
        }
        Ok(())
    }

    /// What an operation writes or tests for, unless it is too large.
    fn value(&mut self, tree: &Node, operation: &Operation) -> Result<Option<Node>, String> {
        let Operation { verb, path, from, .. } = operation;
        let value = match verb {
            Verb::Move | Verb::Copy => {
                let found = find(tree, from, self.steps).cloned();
                let absent = || format!("the object has nothing at `/{}`", from.join("/"));
                Some(found.ok_or_else(absent)?)
            }
            _ => operation.value.clone(),
        };
        if let Some(value) = value.as_ref().filter(|_| !matches!(verb, Verb::Remove | Verb::Test)) {
            *self.grown += edit::size(value, self.bounds.nodes);
            let deep = path.len() + edit::depth(value, self.bounds.depth);
            if *self.grown > self.bounds.nodes || deep > self.bounds.depth {
                return Err("the patched object is too large or nested too deeply".to_owned());
            }
        }
        Ok(value)
    }

    /// The parent of the node at a path, its own field path, and the last part.
    fn parent<'n, 'p>(
        &mut self,
        tree: &'n mut Node,
        path: &'p [String],
    ) -> Option<(&'n mut Node, String, &'p str)> {
        let (last, route) = path.split_last()?;
        let mut holder = String::new();
        let mut node = tree;
        for part in route {
            if node.as_map().is_some() {
                node = self.keys.get_mut(node, part, &holder)?;
                holder = edit::below(&holder, part);
            } else {
                let at = index(part, node.as_seq()?.len())?;
                holder = format!("{holder}[{at}]");
                node = edit::items_mut(node)?.get_mut(at)?;
            }
        }
        Some((node, holder, last))
    }

    fn write(
        &mut self,
        tree: &mut Node,
        path: &[String],
        value: Node,
        born: Span,
        over: bool,
    ) -> Option<()> {
        if path.is_empty() {
            self.keys.forget();
            *tree = value;
            return Some(());
        }
        let (node, holder, last) = self.parent(tree, path)?;
        let place = value.span;
        if node.as_map().is_some() {
            // The key there is only part of a path, so a finding about the entry is on its value.
            let key_span = if value.as_scalar().is_some() { value.span } else { born };
            let entry = Entry { key: last.into(), key_span, value };
            let before = self.keys.put(node, entry, &holder);
            if before.as_ref().is_some_and(|before| before.as_scalar().is_none()) {
                self.keys.forget();
            }
            self.pen.note(&holder, last, place, before);
            return Some(());
        }
        self.keys.forget();
        let items = edit::items_mut(node)?;
        let end = items.len();
        let at = if last == "-" { end } else { index(last, end + usize::from(!over))? };
        let before = if over {
            Some(std::mem::replace(items.get_mut(at)?, value))
        } else if at <= end {
            *self.steps += end - at;
            items.insert(at, value);
            None
        } else {
            return None;
        };
        self.pen.note(&holder, &at.to_string(), place, before);
        Some(())
    }

    fn remove(&mut self, tree: &mut Node, path: &[String], place: Span) -> Option<()> {
        let (node, holder, last) = self.parent(tree, path)?;
        self.keys.forget();
        let gone = if let Some(map) = node.as_map() {
            *self.steps += map.entries.len();
            edit::remove(node, last)?.value
        } else {
            let items = edit::items_mut(node)?;
            let at = index(last, items.len()).filter(|at| *at < items.len())?;
            *self.steps += items.len() - at;
            items.remove(at)
        };
        self.pen.note(&holder, last, place, Some(gone));
        Some(())
    }
}

fn find<'a>(tree: &'a Node, path: &[String], steps: &mut usize) -> Option<&'a Node> {
    path.iter().try_fold(tree, |node, part| match &node.value {
        Value::Map(map) => {
            *steps += map.entries.len();
            node.get(part)
        }
        Value::Seq(items) => items.get(index(part, items.len())?),
        Value::Scalar(_) => None,
    })
}

/// An index as `evanphx/json-patch` reads it: negative ones count from the end.
fn index(part: &str, length: usize) -> Option<usize> {
    let number: i64 = part.parse().ok()?;
    let length = i64::try_from(length).ok()?;
    let at = if number < 0 { number + length } else { number };
    usize::try_from(at).ok()
}

/// Whether two trees are equal, apart from their spans.
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
