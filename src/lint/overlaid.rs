//! Findings about a policy that an overlay or a chart builds: if the overlay's line replaces one of
//! the base, both are shown; and a fix edits only what is in one file as it will be applied.

use super::{Finding, Fix, Related};
use crate::bundle::{Write, Writer};
use crate::model::Object;
use crate::repo::{Repo, Role};
use crate::text::{SourceId, Span, visible};
use crate::yaml::{Node, Value};

/// Adds the base's line to a finding whose place an overlay wrote, and removes fixes that can't be
/// made in the policy's own file.
pub fn overlaid(finding: &mut Finding, policy: &Object, repo: &Repo) {
    let Some(made) = &policy.made else { return };
    let head = &policy.head;
    value_of(finding, &made.writes);
    if finding.place.source != head.source {
        let is_overlay = |write: &&Write| !matches!(write.writer, Writer::Value | Writer::Include);
        let of_overlays = made.writes.iter().rev().filter(is_overlay);
        let written = of_overlays.into_iter().find(|write| holds(write, finding.place));
        let (span, message) = match written.and_then(|write| write.before.as_ref()) {
            Some(before) => (first_line(before), "it replaces this".to_owned()),
            None => (head.name_span, "the policy is defined here".to_owned()),
        };
        // If the rule already shows a line of the policy itself, that is enough.
        if finding.related.iter().all(|related| related.span.source != head.source) {
            finding.related.push(Related { span, message });
        }
    }
    let is_plain_file = |source: SourceId| {
        repo.files.get(source.0 as usize).is_some_and(|file| file.role == Role::Manifests)
    };
    let before = finding.fixes.len();
    let is_here = |fix: &Fix| fix.edits.iter().all(|edit| edit.span.source == head.source);
    let is_plain = is_plain_file(head.source);
    finding.fixes.retain(|fix| is_plain && is_here(fix));
    if finding.fixes.len() < before {
        finding.withheld = Some(if is_plain {
            "it would edit a value that another file sets".to_owned()
        } else {
            "a template renders the policy, and fixes do not edit templates".to_owned()
        });
    }
}

/// Shows the line of the included template, and that of the values, behind what a chart's template
/// writes at the place of a finding.
fn value_of(finding: &mut Finding, writes: &[Write]) {
    for writer in [Writer::Include, Writer::Value] {
        let is_there = |write: &&Write| write.writer == writer && write.place == finding.place;
        let before = writes.iter().filter(is_there).filter_map(|write| write.before.as_ref());
        let Some(before) = before.into_iter().find(|before| before.span != finding.place) else {
            continue;
        };
        let Value::Scalar(scalar) = &before.value else { continue };
        let message = match writer {
            Writer::Value => format!("it is `{}` because of this value", visible(&scalar.text)),
            _ => "it is written here, in the included template".to_owned(),
        };
        finding.related.push(Related { span: before.span, message });
    }
}

fn holds(write: &Write, place: Span) -> bool {
    write.place.contains(place) || place.contains(write.place)
}

/// The place of a scalar, or the start of a collection.
fn first_line(node: &Node) -> Span {
    match &node.value {
        Value::Scalar(_) => node.span,
        Value::Map(map) => map.entries.first().map_or(node.span.at_start(), |entry| entry.key_span),
        Value::Seq(_) => node.span.at_start(),
    }
}
