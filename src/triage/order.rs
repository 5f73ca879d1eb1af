//! The order of a report; merges duplicate findings.

use std::cmp::{Ordering, Reverse};

use crate::lint::Finding;
use crate::text::Sources;

/// By path, position and rule. Findings of the same rule that say the same about the same place
/// become the first of them, with the bundles of all.
pub fn sort_and_unite(mut findings: Vec<Finding>, sources: &Sources) -> Vec<Finding> {
    findings.sort_by(|a, b| compare(a, b, sources));
    findings.dedup_by(|later, kept| {
        let same = same(later, kept);
        if same {
            kept.bundles.append(&mut later.bundles);
        }
        same
    });
    for finding in &mut findings {
        finding.bundles.sort_unstable();
        finding.bundles.dedup();
    }
    findings
}

fn same(a: &Finding, b: &Finding) -> bool {
    a.rule.id == b.rule.id && a.place == b.place && a.message == b.message
}

/// A total order: if path, position, rule and message agree, everything else in a finding decides,
/// so that the order in which threads found them never shows.
fn compare(a: &Finding, b: &Finding, sources: &Sources) -> Ordering {
    let place = |f: &Finding| (f.place.start, f.place.end);
    let path = |f: &Finding| sources.get(f.place.source).path.as_str();
    path(a)
        .cmp(path(b))
        .then_with(|| a.place.source.cmp(&b.place.source))
        .then_with(|| place(a).cmp(&place(b)))
        .then_with(|| a.rule.id.cmp(b.rule.id))
        .then_with(|| a.message.cmp(&b.message))
        .then_with(|| Reverse(a.severity).cmp(&Reverse(b.severity)))
        .then_with(|| Reverse(a.confidence).cmp(&Reverse(b.confidence)))
        .then_with(|| a.subject.cmp(&b.subject))
        .then_with(|| a.at.cmp(&b.at))
        .then_with(|| compare_rest(a, b))
}

/// What distinguishes findings that look the same to a reader.
fn compare_rest(a: &Finding, b: &Finding) -> Ordering {
    let related = |f: &Finding| -> Vec<_> {
        f.related.iter().map(|related| (related.span, related.message.clone())).collect()
    };
    let edits = |f: &Finding| -> Vec<_> {
        let edits = f.fixes.iter().flat_map(|fix| {
            fix.edits.iter().map(|edit| (fix.title.clone(), edit.span, edit.text.clone()))
        });
        edits.collect()
    };
    a.help
        .cmp(&b.help)
        .then_with(|| a.field.cmp(&b.field))
        .then_with(|| related(a).cmp(&related(b)))
        .then_with(|| edits(a).cmp(&edits(b)))
        .then_with(|| a.suppression_spans.cmp(&b.suppression_spans))
        .then_with(|| a.bundles.cmp(&b.bundles))
}
