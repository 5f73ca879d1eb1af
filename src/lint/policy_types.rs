//! The fix that writes explicit `policyTypes`, for the rules about their absence.

use super::{Context, Edit, Fix, Safety};
use crate::model::{Direction, PolicyId};
use crate::text::Span;
use crate::yaml::{Entry, Map};

/// Writes `policyTypes` with those directions: over an empty one, or else as a new field before the
/// rules. `None` if `spec` is not written in this policy itself (an alias).
pub(super) fn write(
    cx: &Context<'_>,
    policy: PolicyId,
    types: &[Direction],
    safety: Safety,
) -> Option<Fix> {
    let spec = cx.cluster.policy(policy).tree.entry("spec")?;
    let map = spec.value.as_map()?;
    if spec.value.span.start < spec.key_span.end {
        return None;
    }
    let anchor = first_rules(map)?;
    let is_json = cx.text(anchor.key_span).starts_with('"');
    let names: Vec<String> = types.iter().map(|it| quoted_if(is_json, it.policy_type())).collect();
    let list = format!("[{}]", names.join(", "));
    let edit = match map.entry("policyTypes") {
        Some(entry) => over(entry, &list),
        None => before(cx, spec, anchor, &quoted_if(is_json, "policyTypes"), &list)?,
    };
    if !spec.value.span.contains(edit.span) {
        return None;
    }
    let effect = match safety {
        Safety::Safe => "",
        Safety::Unsafe => ": denies what no rule of the listed directions allows",
    };
    let title = format!("Write `policyTypes: {list}`{effect}");
    Some(Fix { title, safety, edits: vec![edit] })
}

fn quoted_if(json: bool, word: &str) -> String {
    if json { format!("\"{word}\"") } else { word.to_owned() }
}

/// The first of the fields with rules, or else the first field.
fn first_rules(map: &Map) -> Option<&Entry> {
    let holds_rules = |entry: &&Entry| Direction::BOTH.iter().any(|d| entry.key == d.field());
    map.entries.iter().find(holds_rules).or(map.entries.first())
}

/// The value may be absent, so the edit is right after the colon.
fn over(entry: &Entry, list: &str) -> Edit {
    let span = entry.value.span;
    let blank = if span.start == span.end { " " } else { "" };
    Edit { span, text: format!("{blank}{list}") }
}

fn before(cx: &Context<'_>, spec: &Entry, anchor: &Entry, key: &str, list: &str) -> Option<Edit> {
    let span: Span = anchor.key_span.at_start();
    if cx.text(spec.value.span).starts_with('{') {
        return Some(Edit { span, text: format!("{key}: {list}, ") });
    }
    let text = cx.sources.get(span.source).text();
    let indent = text.get(..span.start as usize)?.rsplit('\n').next()?;
    let is_indent = indent.bytes().all(|b| b == b' ');
    let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
    is_indent.then(|| Edit { span, text: format!("{key}: {list}{end}{indent}") })
}
