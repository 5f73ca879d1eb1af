//! JSON, version 1: an API. Keys are only ever added.
//!
//! Paths are relative to the repository root, lines and columns count from 1 (columns in Unicode
//! scalar values), edits are byte offsets. Characters that could control a terminal or hide text
//! are written as `\uXXXX`: the decoded value is the original one, and nobody who reads the raw
//! document is fooled.

use std::io::{self, Write};

use serde::Serialize;

use super::{Counts, Look, inert};
use crate::Outcome;
use crate::lint::{Confidence, Edit, Finding, Fix, Safety, Severity};
use crate::text::{Sources, Span};
use crate::triage::Suppressed;

/// Writes one document, indented by two spaces, and a line break.
///
/// # Errors
/// Any error of `out`.
pub fn write(out: &mut dyn Write, outcome: &Outcome, _look: &Look) -> io::Result<()> {
    inert::document(out, &Document::of(outcome))
}

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    tool: Tool,
    summary: Summary,
    findings: Vec<Entry<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    suppressed: Option<Vec<SuppressedEntry<'a>>>,
}

/// A suppressed finding, and the reason.
#[derive(Serialize)]
pub(super) struct SuppressedEntry<'a> {
    #[serde(flatten)]
    finding: Entry<'a>,
    suppression: Suppression<'a>,
}

/// A comment or an annotation.
#[derive(Serialize)]
struct Suppression<'a> {
    reason: &'a str,
    location: Location<'a>,
}

#[derive(Serialize)]
struct Tool {
    name: &'static str,
    version: &'static str,
}

#[derive(Serialize)]
struct Summary {
    files: usize,
    documents: usize,
    policies: usize,
    workloads: usize,
    errors: usize,
    warnings: usize,
    notes: usize,
    suppressed: usize,
    baselined: usize,
    /// What could not be built or read and does not affect a policy.
    unbuilt_kustomizations: usize,
    unbuilt_charts: usize,
    unread_documents: usize,
    /// Findings in directories of tests and examples that are hidden.
    in_test_directories: usize,
}

/// A finding.
#[derive(Serialize)]
pub(super) struct Entry<'a> {
    rule: &'a str,
    severity: Severity,
    confidence: Confidence,
    message: &'a str,
    help: &'a str,
    url: String,
    object: Option<Object<'a>>,
    field: &'a str,
    bundles: &'a [String],
    location: Location<'a>,
    related: Vec<RelatedPlace<'a>>,
    fixes: Vec<FixEntry<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    withheld: Option<&'a str>,
    fingerprint: &'a str,
}

#[derive(Serialize)]
struct Object<'a> {
    kind: &'a str,
    namespace: Option<&'a str>,
    name: &'a str,
}

#[derive(Serialize)]
struct Location<'a> {
    path: &'a str,
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
}

#[derive(Serialize)]
struct RelatedPlace<'a> {
    #[serde(flatten)]
    location: Location<'a>,
    message: &'a str,
}

#[derive(Serialize)]
struct FixEntry<'a> {
    title: &'a str,
    safety: Safety,
    edits: Vec<EditEntry<'a>>,
}

#[derive(Serialize)]
struct EditEntry<'a> {
    path: &'a str,
    start: u32,
    end: u32,
    text: &'a str,
}

impl<'a> Document<'a> {
    fn of(outcome: &'a Outcome) -> Self {
        let sources = &outcome.sources;
        let suppressed = outcome.suppressed.as_ref();
        Self {
            version: 1,
            tool: Tool { name: env!("CARGO_PKG_NAME"), version: env!("CARGO_PKG_VERSION") },
            summary: Summary::of(outcome),
            findings: outcome.findings.iter().map(|f| Entry::of(f, sources)).collect(),
            suppressed: suppressed
                .map(|list| list.iter().map(|s| SuppressedEntry::of(s, sources)).collect()),
        }
    }
}

impl<'a> SuppressedEntry<'a> {
    pub(super) fn of(suppressed: &'a Suppressed, sources: &'a Sources) -> Self {
        let location = Location::of(suppressed.place, sources);
        let suppression = Suppression { reason: &suppressed.reason, location };
        Self { finding: Entry::of(&suppressed.finding, sources), suppression }
    }
}

impl Summary {
    fn of(outcome: &Outcome) -> Self {
        let counts = Counts::of(&outcome.findings);
        let read = &outcome.summary;
        Self {
            files: read.files,
            documents: read.documents,
            policies: read.policies,
            workloads: read.workloads,
            errors: counts.errors,
            warnings: counts.warnings,
            notes: counts.notes,
            suppressed: read.suppressed,
            baselined: read.baselined,
            unbuilt_kustomizations: read.not_built.kustomizations,
            unbuilt_charts: read.not_built.charts,
            unread_documents: read.not_built.documents,
            in_test_directories: read.in_test_directories,
        }
    }
}

impl<'a> Entry<'a> {
    pub(super) fn of(finding: &'a Finding, sources: &'a Sources) -> Self {
        let related = finding.related.iter().map(|related| RelatedPlace {
            location: Location::of(related.span, sources),
            message: &related.message,
        });
        Self {
            rule: finding.rule.id,
            severity: finding.severity,
            confidence: finding.confidence,
            message: &finding.message,
            help: &finding.help,
            url: finding.rule.url(),
            object: finding.subject.as_ref().map(|subject| Object {
                kind: &subject.kind,
                namespace: subject.namespace.as_deref(),
                name: &subject.name,
            }),
            field: &finding.field,
            bundles: &finding.bundles,
            location: Location::of(finding.place, sources),
            related: related.collect(),
            fixes: finding.fixes.iter().map(|fix| FixEntry::of(fix, sources)).collect(),
            withheld: finding.withheld.as_deref(),
            fingerprint: &finding.fingerprint,
        }
    }
}

impl<'a> Location<'a> {
    fn of(span: Span, sources: &'a Sources) -> Self {
        let (start, end) = (sources.start(span), sources.end(span));
        Self {
            path: &sources.get(span.source).path,
            line: start.line,
            column: start.column,
            end_line: end.line,
            end_column: end.column,
        }
    }
}

impl<'a> FixEntry<'a> {
    fn of(fix: &'a Fix, sources: &'a Sources) -> Self {
        let edit = |edit: &'a Edit| EditEntry {
            path: &sources.get(edit.span.source).path,
            start: edit.span.start,
            end: edit.span.end,
            text: &edit.text,
        };
        Self { title: &fix.title, safety: fix.safety, edits: fix.edits.iter().map(edit).collect() }
    }
}
