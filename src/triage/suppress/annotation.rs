//! `netpol-lint.dev/ignore: rule-id, rule-id` and `netpol-lint.dev/ignore.<rule-id>: reason`.

use super::{Id, Scope, Suppression, ids, removal};
use crate::bundle::Head;
use crate::lint::Subject;
use crate::text::{Sources, Span};
use crate::yaml::{Entry, Node};

/// The annotation that lists ids; with a dot and an id after it, the one that gives a reason.
const KEY: &str = "netpol-lint.dev/ignore";

/// The suppressions among a policy's annotations, and the places of those that name no rule.
pub(super) fn read(
    head: &Head,
    policy: &Node,
    sources: &Sources,
) -> Vec<Result<Suppression, Span>> {
    let Some(annotations) = policy.at(&["metadata", "annotations"]) else {
        return Vec::new();
    };
    let entries = annotations.as_map().map_or(&[][..], |map| map.entries.as_slice());
    let of_entry = |entry: &Entry| {
        let (ids, reason) = names(entry, sources)?;
        if ids.is_empty() {
            return Some(Err(entry.key_span));
        }
        Some(Ok(Suppression {
            ids,
            reason,
            place: Span { end: entry.value.span.end.max(entry.key_span.end), ..entry.key_span },
            scope: Scope::Object(head.start, policy.span),
            form: form(entry, annotations, policy, sources),
            looked_at: true,
            subject: Some(Subject {
                kind: head.kind.to_string(),
                namespace: head.namespace.as_ref().map(ToString::to_string),
                name: head.name.to_string(),
            }),
        }))
    };
    entries.iter().filter_map(of_entry).collect()
}

/// The ids that an annotation names, and its reason; `None` for other annotations.
fn names(entry: &Entry, sources: &Sources) -> Option<(Vec<Id>, String)> {
    let rest = entry.key.strip_prefix(KEY)?;
    let value = entry.value.as_str().unwrap_or_default();
    let span = entry.value.span;
    if rest.is_empty() {
        let written = sources.slice(span);
        // Skip the quote. If the value is not written literally, the whole value is the place.
        let found = match written.find(value) {
            Some(at) => ids(value, span.source, span.start as usize + at),
            None => ids(value, span.source, 0).into_iter().map(|id| Id { span, ..id }).collect(),
        };
        return Some((found, String::new()));
    }
    let id = rest.strip_prefix('.')?;
    let named = Id { text: id.to_owned(), span: entry.key_span };
    let found = if id.is_empty() { Vec::new() } else { vec![named] };
    Some((found, value.to_owned()))
}

/// An annotation from elsewhere (an anchor, a merge key) may be used by others too, and one in
/// braces has a comma.
fn form(entry: &Entry, annotations: &Node, policy: &Node, sources: &Sources) -> removal::Form {
    let here = policy.span.contains(entry.key_span)
        && annotations.span.contains(entry.key_span)
        && annotations.span.contains(entry.value.span);
    let entries = annotations.as_map().map_or(&[][..], |map| map.entries.as_slice());
    let parent = policy.get("metadata").and_then(|metadata| metadata.entry("annotations"));
    let before = parent.zip(entries.first()).map(|(parent, first)| Span {
        start: parent.key_span.end,
        end: first.key_span.start,
        ..first.key_span
    });
    let in_braces = before.is_none_or(|before| sources.slice(before).contains('{'));
    if !here || in_braces {
        return removal::Form::Fixed;
    }
    let only = entries.len() == 1;
    removal::Form::Annotation {
        key: entry.key_span,
        value: entry.value.span,
        parent: parent.filter(|_| only).map(|parent| parent.key_span),
    }
}
