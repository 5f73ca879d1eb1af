//! Where a policy's text can take an item or a key, and in which style: rules decide what to write,
//! this file how.
//!
//! There is an edit only if the style of the surrounding lines can be matched exactly: comments,
//! indentation, dashes, quotes and line endings stay as they are. A policy with an anchor, an alias
//! or a merge key gets none, because one value may be used several times; neither does JSON, nor
//! brackets that span several lines.

use super::{Context, Edit, Fix, Safety};
use crate::model::{Direction, PolicyId, Spot};
use crate::text::{LineIndex, SourceId, Span};
use crate::yaml::{Node, Value};

/// What to write: as blocks or in brackets, like the surrounding lines.
#[derive(Clone, Debug)]
pub(super) enum New {
    Text(String),
    Map(Vec<(&'static str, New)>),
    List(Vec<New>),
}

impl New {
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// A selector with one label.
    pub(super) fn label(key: &'static str, value: impl Into<String>) -> Self {
        Self::Map(vec![("matchLabels", Self::Map(vec![(key, Self::text(value))]))])
    }
}

/// A fix that changes what is allowed, if there is an edit for it: what it does, and what that
/// allows or denies.
pub(super) fn risky(
    title: impl std::fmt::Display,
    effect: impl std::fmt::Display,
    edits: impl IntoIterator<Item = Edit>,
) -> Option<Fix> {
    let edits: Vec<Edit> = edits.into_iter().collect();
    let title = format!("{title}: {effect}");
    (!edits.is_empty()).then_some(Fix { title, safety: Safety::Unsafe, edits })
}

/// A name as a plain scalar, quoted if YAML 1.1 would read it as another type; `None` if it is not
/// a valid name.
pub(super) fn name(name: &str) -> Option<String> {
    const WORDS: [&str; 9] = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"];
    let is_name = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'.');
    if name.is_empty() || !name.bytes().all(is_name) {
        return None;
    }
    let is_plain = name.starts_with(|c: char| c.is_ascii_lowercase()) && !WORDS.contains(&name);
    Some(if is_plain { name.to_owned() } else { format!("\"{name}\"") })
}

/// `new` in the quotes of `old`.
pub(super) fn quoted_like(old: &str, new: &str) -> String {
    match old.chars().next().filter(|c| matches!(c, '"' | '\'')) {
        Some(quote) => format!("{quote}{new}{quote}"),
        None => new.to_owned(),
    }
}

/// The editable text of one policy.
#[derive(Clone, Copy)]
pub(super) struct Site<'a> {
    text: &'a str,
    tree: &'a Node,
    source: SourceId,
    lines: &'a LineIndex,
    /// Whether all of `spec` is written in the policy's own text.
    whole: bool,
}

/// How a policy is written, as far as that decides what can be edited.
#[derive(Clone, Copy, Debug)]
pub(super) struct Written {
    /// Whether no value can be used twice (with an anchor), so that an edit changes one place.
    plain: bool,
    /// Whether all of `spec` is in the policy's own text, and none of it comes from an overlay.
    whole: bool,
}

/// How the lines of a policy are laid out.
#[derive(Clone, Copy)]
struct Style<'a> {
    line_end: &'a str,
    /// How much deeper than its key a mapping is indented.
    step: usize,
    /// How much deeper than its key the dashes of a list are indented.
    dash: usize,
}

impl<'a> Site<'a> {
    /// `None` if a value may be used twice, or comes from elsewhere.
    pub(super) fn of(cx: &Context<'a>, policy: PolicyId) -> Option<Self> {
        let tree = &cx.cluster.policy(policy).tree;
        let source = tree.span.source;
        let text: &'a str = cx.sources.get(source).text();
        let site = Self { text, tree, source, lines: cx.sources.get(source).lines(), whole: false };
        let written = cx.written(policy, || site.written());
        written.plain.then_some(Self { whole: written.whole, ..site })
    }

    fn written(&self) -> Written {
        let own = self.slice(self.tree.span);
        let spec = self.tree.get("spec");
        Written {
            // Empty if the file has changed since it was read.
            plain: !shares_values(own) && !own.is_empty(),
            whole: spec.is_none_or(|spec| lies_within(spec, self.tree.span)),
        }
    }

    /// Whether all of a node is in the policy's own text. An overlay may have written other parts
    /// of the policy.
    fn is_own(&self, node: &Node) -> bool {
        self.whole || lies_within(node, self.tree.span)
    }

    /// Replaces a token.
    pub(super) fn replace(&self, span: Span, text: impl Into<String>) -> Edit {
        Edit { span, text: text.into() }
    }

    pub(super) fn slice(&self, span: Span) -> &'a str {
        self.text.get(span.start as usize..span.end as usize).unwrap_or("")
    }

    fn insert(&self, at: usize, text: String) -> Edit {
        Edit { span: Span::new(self.source, at, at), text }
    }

    /// The node at a place of the policy.
    pub(super) fn node(&self, spot: Spot) -> Option<&'a Node> {
        let spec = self.tree.get("spec");
        let item = |list: Option<&'a Node>, index: u32| list?.as_seq()?.get(index as usize);
        let rules = |direction: Direction| spec?.get(direction.field());
        let rule = |direction, index| item(rules(direction), index);
        let peer = |direction: Direction, index, nth| {
            item(rule(direction, index)?.get(direction.peers_field()), nth)
        };
        match spot {
            Spot::Statement(_) | Spot::StatementPeer(..) | Spot::StatementPort(..) => None,
            Spot::Metadata => {
                self.tree.get("metadata").filter(|node| lies_within(node, self.tree.span))
            }
            Spot::Spec => spec,
            Spot::PolicyTypes => spec?.get("policyTypes"),
            Spot::PodSelector => spec?.get("podSelector"),
            Spot::Rules(direction) => rules(direction),
            Spot::Rule(direction, index) => rule(direction, index),
            Spot::Peer(direction, index, nth) => peer(direction, index, nth),
            Spot::PeerPods(d, index, nth) => peer(d, index, nth)?.get("podSelector"),
            Spot::PeerNamespaces(d, index, nth) => peer(d, index, nth)?.get("namespaceSelector"),
            Spot::PeerBlock(d, index, nth) => peer(d, index, nth)?.get("ipBlock"),
            Spot::Port(d, index, nth) => item(rule(d, index)?.get("ports"), nth),
        }
    }

    /// A new first item of the list that is the value of `key` in `parent`. It goes right below the
    /// key, so that comments above the current first item stay with that.
    pub(super) fn first_item(&self, parent: &Node, key: &str, new: &New) -> Option<Edit> {
        let entry = parent.entry(key)?;
        let list = &entry.value;
        let first = list.as_seq()?.first().filter(|_| self.is_own(list))?;
        if !self.tree.span.contains(entry.key_span) {
            return None;
        }
        if self.in_brackets(list) {
            let text = format!("{}, ", self.brackets_like(first, new)?);
            return self.on_one_line(list).then(|| self.insert(list.span.start as usize + 1, text));
        }
        let dash = self.dash(first)?;
        let below = self.rest_is_empty(self.after_colon(entry.key_span)?)?;
        let style = self.style(list)?;
        let start = below + style.line_end.len();
        let column = self.column(dash)?;
        let item = style.block(&New::List(vec![new.clone()]), column);
        let text = format!("{}{item}{}", spaces(column), style.line_end);
        (start <= dash).then(|| self.insert(start, text))
    }

    /// A new item of `list` below the item with that index, in the same style.
    pub(super) fn item_below(&self, list: &Node, index: usize, new: &New) -> Option<Edit> {
        let sibling = list.as_seq()?.get(index).filter(|_| self.is_own(list))?;
        let end = sibling.span.end as usize;
        if self.in_brackets(list) {
            let text = format!(", {}", self.brackets_like(sibling, new)?);
            return self.on_one_line(list).then(|| self.insert(end, text));
        }
        let dash = self.dash(sibling)?;
        let column = self.column(dash)?;
        let style = self.style(list)?;
        let at = self.rest_is_empty(end)?;
        let item = if self.in_brackets(sibling) {
            format!("- {}", self.brackets_like(sibling, new)?)
        } else {
            style.block(&New::List(vec![new.clone()]), column)
        };
        Some(self.insert(at, format!("{}{}{item}", style.line_end, spaces(column))))
    }

    /// A new key in `parent` below its key `sibling`.
    pub(super) fn key_below(
        &self,
        parent: &Node,
        sibling: &str,
        key: &'static str,
        new: &New,
    ) -> Option<Edit> {
        let entry = parent.entry(sibling).filter(|_| self.is_own(parent))?;
        let end = entry.value.span.end as usize;
        if self.in_brackets(parent) {
            let text = format!(", {key}: {}", self.brackets_like(parent, new)?);
            return self.on_one_line(parent).then(|| self.insert(end, text));
        }
        let column = self.column(entry.key_span.start as usize)?;
        let at = self.rest_is_empty(end)?;
        let style = self.style(parent)?;
        let is_empty = entry.value.as_map().is_some_and(|map| map.entries.is_empty());
        let line = if self.in_brackets(&entry.value) && !is_empty {
            format!("{key}: {}", self.brackets_like(&entry.value, new)?)
        } else {
            style.block(&New::Map(vec![(key, new.clone())]), column)
        };
        Some(self.insert(at, format!("{}{}{line}", style.line_end, spaces(column))))
    }

    /// Makes the second of two items of a list part of the first: replaces its dash by a space.
    /// Both must be blocks whose keys are in the same column.
    pub(super) fn join(&self, first: &Node, second: &Node) -> Option<Edit> {
        if !self.is_own(first) || !self.is_own(second) {
            return None;
        }
        let (dash, other) = (self.dash(second)?, self.dash(first)?);
        let keys = (first.span.start as usize - other, second.span.start as usize - dash);
        let blocks = !self.in_brackets(first) && !self.in_brackets(second);
        let same = self.column(dash)? == self.column(other)? && keys.0 == keys.1;
        let both_maps = first.as_map().is_some() && second.as_map().is_some();
        let span = Span::new(self.source, dash, dash + 1);
        (blocks && same && both_maps).then(|| Edit { span, text: " ".into() })
    }

    fn in_brackets(&self, node: &Node) -> bool {
        node.as_scalar().is_none() && self.slice(node.span).starts_with(['{', '['])
    }

    fn on_one_line(&self, node: &Node) -> bool {
        !self.slice(node.span).contains(['\n', '\r'])
    }

    /// In brackets, with spaces inside braces if the neighbour has them. `None` in JSON, and if the
    /// neighbour spans several lines.
    fn brackets_like(&self, neighbour: &Node, new: &New) -> Option<String> {
        let written = self.slice(neighbour.span);
        let is_json = neighbour.as_scalar().is_none()
            && written.get(1..).unwrap_or("").trim_start().starts_with('"');
        if is_json || !self.on_one_line(neighbour) {
            return None;
        }
        let pad = if written.starts_with("{ ") { " " } else { "" };
        Some(brackets(new, pad))
    }

    /// The column of a key or dash of a block, if only dashes precede it on its line.
    fn column(&self, at: usize) -> Option<usize> {
        self.after_only(at, |b| matches!(b, b' ' | b'-'))
    }

    /// How many bytes precede `at` on its line, if `is_such` is true for all of them.
    fn after_only(&self, at: usize, is_such: impl Fn(u8) -> bool) -> Option<usize> {
        let before = &self.text.as_bytes()[..at];
        let start = before.iter().rposition(|b| !is_such(*b)).map_or(0, |last| last + 1);
        let begins_line = start == 0 || matches!(before[start - 1], b'\n' | b'\r');
        begins_line.then_some(at - start)
    }

    /// The dash of an item on the same line, if nothing precedes it.
    fn dash(&self, item: &Node) -> Option<usize> {
        let start = item.span.start as usize;
        let before = self.text[..start].trim_end_matches(' ');
        let dash = before.len().checked_sub(1).filter(|_| before.ends_with('-'))?;
        self.after_only(dash, |b| b == b' ').map(|_| dash)
    }

    fn after_colon(&self, key: Span) -> Option<usize> {
        let rest = &self.text[key.end as usize..];
        rest.starts_with(':').then_some(key.end as usize + 1)
    }

    /// The end of the line of `at`, if only blanks and a comment follow.
    fn rest_is_empty(&self, at: usize) -> Option<usize> {
        let rest = &self.text[at..];
        let trimmed = rest.trim_start_matches([' ', '\t']);
        let blanks = rest.len() - trimmed.len();
        if trimmed.is_empty() || trimmed.starts_with(['\n', '\r']) {
            return Some(at + blanks);
        }
        let is_comment = trimmed.starts_with('#') && blanks > 0;
        is_comment.then(|| at + rest.find(['\n', '\r']).unwrap_or(rest.len()))
    }

    /// The style around a node: that of the dashes within it, or else near it.
    fn style(&self, near: &Node) -> Option<Style<'a>> {
        let first_line = self.text.get(..self.lines.line_start(2)).unwrap_or_default();
        let line_end = if first_line.ends_with("\r\n") { "\r\n" } else { "\n" };
        let whole = self.tree.span;
        let spec = self.tree.entry("spec").filter(|spec| whole.contains(spec.key_span))?;
        if !whole.contains(spec.value.span) || self.in_brackets(&spec.value) {
            return None;
        }
        let mut keys = spec.value.as_map()?.entries.iter();
        let first = keys.find(|entry| whole.contains(entry.key_span))?;
        let (outer, inner) = (spec.key_span.start as usize, first.key_span.start as usize);
        let step = self.column(inner)?.checked_sub(self.column(outer)?).filter(|step| *step > 0)?;
        let dash = self.dashes(near).or_else(|| self.dashes(&spec.value));
        Some(Style { line_end, step, dash: dash.unwrap_or(step) })
    }

    /// How much deeper than its key the first list within `node` is indented.
    fn dashes(&self, node: &Node) -> Option<usize> {
        match &node.value {
            Value::Scalar(_) => None,
            Value::Seq(items) => items.iter().find_map(|item| self.dashes(item)),
            Value::Map(map) => {
                map.entries.iter().filter(|entry| self.is_own(&entry.value)).find_map(|entry| {
                    let item = entry.value.as_seq().and_then(|items| items.first());
                    let dash = item.and_then(|item| self.dash(item));
                    let own = dash.and_then(|dash| {
                        let key = self.column(entry.key_span.start as usize)?;
                        self.column(dash)?.checked_sub(key)
                    });
                    own.or_else(|| self.dashes(&entry.value))
                })
            }
        }
    }
}

impl Style<'_> {
    /// In lines; the first begins in that column and is not indented.
    fn block(self, new: &New, column: usize) -> String {
        let lines: Vec<String> = match new {
            New::Text(text) => return text.clone(),
            New::List(items) => {
                items.iter().map(|item| format!("- {}", self.block(item, column + 2))).collect()
            }
            New::Map(entries) => entries
                .iter()
                .map(|(key, value)| {
                    let deeper = match value {
                        New::Text(text) => return format!("{key}: {text}"),
                        New::Map(_) => column + self.step,
                        New::List(_) => column + self.dash,
                    };
                    let value = self.block(value, deeper);
                    format!("{key}:{}{}{value}", self.line_end, spaces(deeper))
                })
                .collect(),
        };
        lines.join(&format!("{}{}", self.line_end, spaces(column)))
    }
}

/// In brackets, on one line.
pub(super) fn brackets(new: &New, pad: &str) -> String {
    let all = |parts: Vec<String>| parts.join(", ");
    match new {
        New::Text(text) => text.clone(),
        New::List(items) => {
            format!("[{}]", all(items.iter().map(|item| brackets(item, pad)).collect()))
        }
        New::Map(entries) => {
            let entry = |(key, value): &(&str, New)| format!("{key}: {}", brackets(value, pad));
            format!("{{{pad}{}{pad}}}", all(entries.iter().map(entry).collect()))
        }
    }
}

fn spaces(count: usize) -> String {
    " ".repeat(count)
}

/// Whether all of a node is written in one place: aliases add values from elsewhere.
fn lies_within(node: &Node, whole: Span) -> bool {
    let inside = match &node.value {
        Value::Scalar(_) => true,
        Value::Seq(items) => items.iter().all(|item| lies_within(item, whole)),
        Value::Map(map) => map
            .entries
            .iter()
            .all(|entry| whole.contains(entry.key_span) && lies_within(&entry.value, whole)),
    };
    inside && whole.contains(node.span)
}

/// Whether a text may contain an anchor, an alias or a merge key. A false match in a string or a
/// comment only costs a fix.
fn shares_values(text: &str) -> bool {
    text.lines().any(|line| !line.trim_start().starts_with('#') && may_share(line.as_bytes()))
}

fn may_share(bytes: &[u8]) -> bool {
    let begins = |at: usize| at == 0 || b" \t\n\r[{,".contains(&bytes[at - 1]);
    let is_named = |at: usize| bytes.get(at + 1).is_some_and(|b| b.is_ascii_graphic());
    let mark = |(at, byte): (usize, &u8)| match byte {
        b'&' | b'*' => begins(at) && is_named(at),
        b'<' => begins(at) && bytes[at..].starts_with(b"<<"),
        _ => false,
    };
    bytes.iter().enumerate().any(mark)
}
