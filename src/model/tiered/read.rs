//! What decoders of these kinds share: fields, items, selectors, and what is refused of them.

use std::net::IpAddr;

use ipnet::IpNet;

use super::expr::{Expr, LabelOf};
use super::path::Path;
use super::refusal::{Advice, Refusal, RefusalKind};
pub use super::schema::token;
use super::schema::{Shape, Walk};
use crate::model::field::{Place, Why};
use crate::model::label_selector::{self, KeyCheck};
use crate::model::placeholder::is_placeholder;
use crate::model::selector::Selector;
use crate::text::Span;
use crate::yaml::{Entry, Node, ScalarKind};

/// Reads one manifest, and collects what is refused of it.
pub struct Reader {
    /// The kind, for messages.
    pub kind: &'static str,
    /// Who refuses what no schema does.
    pub judge: &'static str,
    /// What was found.
    pub refusals: Vec<Refusal>,
}

impl Reader {
    /// Reads a manifest of that kind, whose fields are `fields`.
    pub fn new(
        kind: &'static str,
        judge: &'static str,
        tree: &Node,
        fields: &'static [(&'static str, Shape)],
    ) -> Self {
        let mut refusals = Vec::new();
        Walk { kind, refusals: &mut refusals }.manifest(tree, fields);
        Self { kind, judge, refusals }
    }

    /// Says that a part is refused: `what` is the beginning of a sentence.
    pub fn refuse(
        &mut self,
        kind: RefusalKind,
        span: Span,
        path: &Path<'_>,
        what: impl AsRef<str>,
        help: impl Into<String>,
    ) {
        let (judge, name) = (self.judge, self.kind);
        let refusal = Refusal {
            kind,
            span,
            field: path.to_string(),
            message: format!("{}: {judge} rejects the {name}", what.as_ref()),
            help: help.into(),
            advice: None,
        };
        // Of a value of the wrong type nothing else is said.
        if !self.refusals.iter().any(|known| known.span == span && known.field == refusal.field) {
            self.refusals.push(refusal);
        }
    }

    /// Says what to write instead of what was refused last.
    pub fn advise(&mut self, span: Span, text: impl Into<String>, title: impl Into<String>) {
        if let Some(last) = self.refusals.last_mut() {
            last.advice = Some(Advice { span, text: text.into(), title: title.into() });
        }
    }

    /// A list may have only so many items.
    pub fn at_most(
        &mut self,
        most: usize,
        kind: RefusalKind,
        entry: &Entry,
        path: &Path<'_>,
        help: &str,
    ) {
        let count = entry.value.as_seq().map_or(0, <[Node]>::len);
        if count > most {
            let message = format!("`{path}` has {count} items, {most} at most are allowed");
            self.refuse(kind, entry.key_span, path, message, help);
        }
    }

    /// One word of a few; case counts.
    pub fn word<T: Copy>(
        &mut self,
        node: &Node,
        path: &Path<'_>,
        what: &str,
        known: &[(&'static str, T)],
    ) -> Option<T> {
        let text = node.as_str()?;
        if let Some((_, value)) = known.iter().find(|(word, _)| *word == text) {
            return Some(*value);
        }
        if is_placeholder(text) {
            return None;
        }
        let fitting = known.iter().find(|(word, _)| word.eq_ignore_ascii_case(text));
        let words: Vec<String> = known.iter().map(|(word, _)| format!("`{word}`")).collect();
        let (message, help) = match fitting {
            Some((word, _)) => {
                (format!("{what} `{text}` is misspelled (case counts)"), format!("write `{word}`"))
            }
            None => (
                format!("there is no {what} `{text}`"),
                format!("write one of {}", words.join(", ")),
            ),
        };
        self.refuse(RefusalKind::Policy, node.span, path, message, help);
        if let Some((word, _)) = fitting {
            self.advise(node.span, *word, format!("Write {word}"));
        }
        None
    }

    /// The condition that a label selector is; what the API server refuses of it is kept.
    pub fn selector(&mut self, node: &Node, path: &Path<'_>, of: LabelOf, laxity: Laxity) -> Expr {
        let keys: KeyCheck = match laxity {
            Laxity::Types => |_| Ok(()),
            Laxity::Labels => crate::model::validate::label_key,
        };
        match label_selector::selector(node, keys) {
            Ok(mut selector) => {
                self.faults(&selector, path, laxity);
                if laxity == Laxity::Types {
                    self.expressions(node, path);
                    // The schema of a custom resource drops a null, so that nothing is required.
                    let nulls = selector.faults.iter().filter(|fault| fault.accepted);
                    let nulls: Vec<Span> = nulls.map(|fault| fault.span).collect();
                    selector.requirements.retain(|requirement| {
                        !requirement.values.iter().any(|(_, span)| nulls.contains(span))
                    });
                }
                Expr::of_selector(of, &selector)
            }
            Err(_) => Expr::Unknown,
        }
    }

    /// Whatever else a schema leaves to others, each expression needs its key and its operator.
    fn expressions(&mut self, node: &Node, path: &Path<'_>) {
        let path = path.field("matchExpressions");
        for (index, item) in items(node, "matchExpressions").iter().enumerate() {
            let absent = ["key", "operator"].into_iter().find(|key| entry(item, key).is_none());
            if let Some(key) = absent.filter(|_| item.as_map().is_some()) {
                let message = format!("the expression has no `{key}`");
                let path = path.item(index);
                let help = format!("write `{key}`");
                self.refuse(RefusalKind::Selector, token(item), &path, message, help);
            }
        }
    }

    /// Keeps what is refused of a selector.
    pub fn faults(&mut self, selector: &Selector, path: &Path<'_>, laxity: Laxity) {
        for fault in &selector.faults {
            let refused = match (&fault.why, laxity) {
                // The schema has said it.
                (Why::Type { .. } | Why::Unquoted(_), _) => continue,
                (Why::Refused(_), Laxity::Types) => continue,
                (Why::Refused(why), Laxity::Labels) => why,
            };
            if fault.accepted {
                continue;
            }
            let text = match fault.text.as_str() {
                "" => String::new(),
                text => format!(" `{text}`"),
            };
            let field = format!("{path}.{}", fault.field);
            let message = format!("`{field}`{text} {refused}");
            self.refuse(RefusalKind::Selector, fault.span, path, message, "write what it matches");
            if let Some(last) = self.refusals.last_mut() {
                last.field = field;
            }
        }
    }

    /// An address block.
    pub fn net(&mut self, node: &Node, path: &Path<'_>, strictness: Bits) -> Option<IpNet> {
        let text = node.as_str().filter(|text| !is_placeholder(text))?;
        // As in Go, an octet has no zeros in front.
        let is_address = |text: &str| text.parse::<IpAddr>().is_ok();
        let is_strict = text.split_once('/').is_some_and(|(address, _)| is_address(address));
        let parsed = text.parse::<IpNet>().ok().filter(|_| is_strict);
        if strictness == Bits::Exact && parsed.is_some_and(|net| net.trunc() != net) {
            let right = parsed.map(|net| net.trunc().to_string()).unwrap_or_default();
            let message = format!("`{text}` has bits set behind its prefix length");
            let help = format!("write `{right}`");
            self.refuse(RefusalKind::Block, node.span, path, message, help);
            self.advise(node.span, &*right, format!("Write {right}"));
            return None;
        }
        if parsed.is_none() {
            let (message, help) = match is_address(text) {
                true => (
                    format!("`{text}` is an address without a prefix length"),
                    format!("write `{text}/{}`", if text.contains(':') { 128 } else { 32 }),
                ),
                false => (
                    format!("`{text}` is not an address block"),
                    "write an address with a prefix length, such as `10.0.0.0/8`".to_owned(),
                ),
            };
            self.refuse(RefusalKind::Block, node.span, path, message, help);
            if is_address(text) {
                let whole = format!("{text}/{}", if text.contains(':') { 128 } else { 32 });
                self.advise(node.span, &*whole, format!("Write {whole}"));
            }
        }
        parsed.map(|net| net.trunc())
    }
}

/// How much of a selector is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Laxity {
    /// The types of its values.
    Types,
    /// Keys, values and operators too.
    Labels,
}

/// Whether a block may have bits set behind its prefix length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bits {
    /// They are masked away.
    Masked,
    /// It must not.
    Exact,
}

/// The entry of a field that is there and not null.
pub fn entry<'n>(node: &'n Node, key: &str) -> Option<&'n Entry> {
    node.entry(key).filter(|entry| !entry.value.is_null())
}

/// The value of a field that is there and not null.
pub fn value<'n>(node: &'n Node, key: &str) -> Option<&'n Node> {
    entry(node, key).map(|entry| &entry.value)
}

/// The items of a list that is there.
pub fn items<'n>(node: &'n Node, key: &str) -> &'n [Node] {
    value(node, key).and_then(Node::as_seq).unwrap_or_default()
}

/// The place of a field.
pub fn place(entry: &Entry) -> Place {
    Place { key: entry.key_span, value: entry.value.span }
}

/// The place of an item.
pub fn item_place(node: &Node) -> Place {
    Place { key: token(node), value: node.span }
}

/// A whole number.
pub fn integer(node: &Node) -> Option<i64> {
    match node.as_scalar()?.kind {
        ScalarKind::Int(number) => Some(number),
        ScalarKind::Float(number) if number.fract() == 0.0 && number.abs() < 1e15 => {
            Some(number as i64)
        }
        _ => None,
    }
}

/// A boolean.
pub fn boolean(node: &Node) -> Option<bool> {
    match node.as_scalar()?.kind {
        ScalarKind::Bool(value) => Some(value),
        _ => None,
    }
}

/// The kinds of a node's written fields among `names`.
pub fn written<'n>(node: &'n Node, names: &[&'static str]) -> Vec<(&'static str, &'n Entry)> {
    names.iter().filter_map(|name| Some((*name, entry(node, name)?))).collect()
}

/// A number.
pub fn number(node: &Node) -> Option<f64> {
    match node.as_scalar()?.kind {
        ScalarKind::Int(number) => Some(number as f64),
        ScalarKind::Float(number) if number.is_finite() => Some(number),
        _ => None,
    }
}
