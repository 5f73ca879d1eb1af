//! Decodes label selectors and labels.

use std::collections::HashSet;

use compact_str::CompactString;

use super::field::Why;
use super::placeholder::is_placeholder;
use super::read::{first_token, is_wrong_item, string, wrong_type};
use super::selector::{Fault, Label, Operator, Requirement, Selector};
use super::validate;
use crate::text::Span;
use crate::yaml::{Entry, Map, Node};

/// What a label key must be, or why it is refused.
pub(super) type KeyCheck = fn(&str) -> Result<(), String>;

pub(super) fn label_selector(node: &Node) -> Result<Selector, Why> {
    selector(node, validate::label_key)
}

/// A label selector whose keys `keys` accepts.
pub(super) fn selector(node: &Node, keys: KeyCheck) -> Result<Selector, Why> {
    if node.as_map().is_none() {
        return Err(wrong_type("a mapping", node));
    }
    let mut selector = Selector::default();
    match node.entry("matchLabels").map(|entry| &entry.value) {
        Some(labels) if labels.as_map().is_some() => {
            for entry in labels.as_map().map(Map::effective).unwrap_or_default() {
                match_label(entry, keys, &mut selector);
            }
        }
        Some(other) if !other.is_null() => {
            fault_type(other, "matchLabels", "a mapping", &mut selector)
        }
        _ => {}
    }
    match node.get("matchExpressions") {
        Some(list) if list.as_seq().is_some() => {
            for (index, item) in list.as_seq().unwrap_or_default().iter().enumerate() {
                match_expression(item, index, keys, &mut selector);
            }
        }
        Some(other) if !other.is_null() => {
            fault_type(other, "matchExpressions", "a list", &mut selector);
        }
        _ => {}
    }
    Ok(selector)
}

fn fault_type(node: &Node, field: &str, wanted: &'static str, selector: &mut Selector) {
    selector.faults.push(Fault {
        span: node.span,
        field: field.to_owned(),
        text: node.as_scalar().map(|s| s.text.clone()).unwrap_or_default(),
        why: wrong_type(wanted, node),
        accepted: false,
    });
}

fn match_label(entry: &Entry, keys: KeyCheck, selector: &mut Selector) {
    let field = format!("matchLabels[{}]", entry.key);
    check_key(&entry.key, keys, entry.key_span, &field, selector);
    if let Some(value) = label_value(&entry.value, &field, selector) {
        selector.requirements.push(Requirement {
            key: entry.key.clone(),
            operator: Operator::In,
            values: vec![(value, entry.value.span)],
            key_span: entry.key_span,
            span: Span { end: entry.value.span.end.max(entry.key_span.end), ..entry.key_span },
            is_label: true,
        });
    }
}

fn check_key(key: &str, keys: KeyCheck, span: Span, field: &str, selector: &mut Selector) {
    if is_placeholder(key) {
        return;
    }
    if let Err(reason) = keys(key) {
        selector.faults.push(Fault {
            span,
            field: field.to_owned(),
            text: key.into(),
            why: Why::Refused(reason),
            accepted: false,
        });
    }
}

/// A label value. An invalid one becomes a fault, and null becomes the empty value with a fault
/// that is only a warning.
fn label_value(node: &Node, field: &str, selector: &mut Selector) -> Option<CompactString> {
    let text = node.as_scalar().map(|s| s.text.clone()).unwrap_or_default();
    let mut fault = |why: Why, accepted: bool| {
        let text = text.clone();
        selector.faults.push(Fault { span: node.span, field: field.into(), text, why, accepted });
    };
    match string(node) {
        Err(why) => {
            fault(why, false);
            None
        }
        Ok(value) if node.is_null() => {
            fault(Why::Refused("is read as the empty string".into()), true);
            Some(value)
        }
        Ok(value) => {
            if !is_placeholder(&value)
                && let Err(reason) = validate::label_value(&value)
            {
                fault(Why::Refused(reason), false);
                return None;
            }
            Some(value)
        }
    }
}

fn match_expression(node: &Node, index: usize, keys: KeyCheck, selector: &mut Selector) {
    let base = format!("matchExpressions[{index}]");
    if is_wrong_item(node) {
        return fault_type(node, &base, "a mapping", selector);
    }
    let key_node = node.get("key");
    let key = key_node.map_or(Ok(CompactString::default()), string);
    let key_span = key_node.map_or(first_token(node), |n| n.span);
    match &key {
        Ok(key) => check_key(key, keys, key_span, &format!("{base}.key"), selector),
        Err(why) => selector.faults.push(Fault {
            span: key_span,
            field: format!("{base}.key"),
            text: key_node.and_then(Node::as_scalar).map(|s| s.text.clone()).unwrap_or_default(),
            why: why.clone(),
            accepted: false,
        }),
    }
    let operator = operator(node, &base, selector);
    let values = expression_values(node, operator, &base, selector);
    if let (Ok(key), Some(operator)) = (key, operator) {
        let span = Span { start: first_token(node).start, ..node.span };
        let requirement = Requirement { key, operator, values, key_span, span, is_label: false };
        selector.requirements.push(requirement);
    }
}

fn operator(node: &Node, base: &str, selector: &mut Selector) -> Option<Operator> {
    let written = node.get("operator");
    let text = written.map_or(Ok(CompactString::default()), string);
    let parsed = match text.as_deref() {
        Ok("In") => return Some(Operator::In),
        Ok("NotIn") => return Some(Operator::NotIn),
        Ok("Exists") => return Some(Operator::Exists),
        Ok("DoesNotExist") => return Some(Operator::DoesNotExist),
        Ok(text) if is_placeholder(text) => return None,
        other => other.map(ToOwned::to_owned),
    };
    let why = match parsed {
        Err(why) => why.clone(),
        Ok(text) if text.is_empty() => {
            Why::Refused("is missing: it must be `In`, `NotIn`, `Exists` or `DoesNotExist`".into())
        }
        Ok(_) => Why::Refused(
            "must be `In`, `NotIn`, `Exists` or `DoesNotExist` (case-sensitive)".into(),
        ),
    };
    selector.faults.push(Fault {
        span: written.map_or(first_token(node), |n| n.span),
        field: format!("{base}.operator"),
        text: written.and_then(Node::as_scalar).map(|s| s.text.clone()).unwrap_or_default(),
        why,
        accepted: false,
    });
    None
}

fn expression_values(
    node: &Node,
    operator: Option<Operator>,
    base: &str,
    selector: &mut Selector,
) -> Vec<(CompactString, Span)> {
    let entry = node.entry("values").filter(|entry| !entry.value.is_null());
    let field = format!("{base}.values");
    let items = match entry.map(|entry| (&entry.value, entry.value.as_seq())) {
        None => &[][..],
        Some((_, Some(items))) => items,
        Some((other, None)) => {
            fault_type(other, &field, "a list", selector);
            return Vec::new();
        }
    };
    let mut refuse = |span: Span, reason: &str| {
        selector.faults.push(Fault {
            span,
            field: field.clone(),
            text: CompactString::default(),
            why: Why::Refused(reason.to_owned()),
            accepted: false,
        });
    };
    match operator {
        Some(Operator::In | Operator::NotIn) if items.is_empty() => {
            let span = entry.map_or_else(|| operator_span(node), |entry| entry.key_span);
            refuse(span, "must not be empty with `In` and `NotIn`");
        }
        Some(Operator::Exists | Operator::DoesNotExist) if !items.is_empty() => {
            let span = entry.map_or_else(|| operator_span(node), |entry| entry.key_span);
            refuse(span, "must be absent with `Exists` and `DoesNotExist`");
        }
        _ => {}
    }
    let mut values = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        if let Some(value) = label_value(item, &format!("{base}.values[{index}]"), selector) {
            values.push((value, item.span));
        }
    }
    values
}

fn operator_span(node: &Node) -> Span {
    node.get("operator").map_or(first_token(node), |n| n.span)
}

/// The labels in a mapping of labels, and whether some are unknown (a value of the wrong type, or a
/// placeholder as a key).
pub(super) fn label_map(node: Option<&Node>) -> (Vec<Label>, bool) {
    let Some(node) = node.filter(|node| !node.is_null()) else {
        return (Vec::new(), false);
    };
    let Some(map) = node.as_map() else {
        return (Vec::new(), true);
    };
    let mut unsure = false;
    let mut labels: Vec<Label> = Vec::with_capacity(map.entries.len());
    for entry in &map.entries {
        unsure |= is_placeholder(&entry.key);
        let value = string(&entry.value).ok().or_else(|| {
            // The API server rejects it, and quotes are the fix: the text is what is meant.
            unsure = true;
            entry.value.as_scalar().map(|scalar| scalar.text.clone())
        });
        let Some(value) = value else { continue };
        labels.push(Label {
            key: entry.key.clone(),
            value,
            key_span: entry.key_span,
            value_span: entry.value.span,
        });
    }
    // The last of duplicate keys counts.
    let mut keys = HashSet::with_capacity(labels.len());
    labels.reverse();
    labels.retain(|label| keys.insert(label.key.clone()));
    labels.reverse();
    (labels, unsure)
}
