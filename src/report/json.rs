//! JSON, version 1: an API. Keys are only ever added to it.
//!
//! Paths are relative to the repository root, lines and columns count from 1 (columns in Unicode
//! scalar values), edits are byte offsets. Characters that could steer a terminal or hide text
//! are written as `\uXXXX`: the decoded value is the true one, and no reader of the raw document
//! is fooled.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{CharEscape, Formatter, PrettyFormatter, Serializer};

use super::{Counts, Look};
use crate::Outcome;
use crate::lint::{Confidence, Edit, Finding, Fix, Safety, Severity};
use crate::settle::Suppressed;
use crate::text::{Sources, Span, visible};

/// Writes one document, indented by two spaces, and a line break.
///
/// # Errors
/// Those of `out`.
pub fn write(out: &mut dyn Write, outcome: &Outcome, _look: &Look) -> io::Result<()> {
    let document = Document::of(outcome);
    document.serialize(&mut Serializer::with_formatter(&mut *out, Inert::default()))?;
    writeln!(out)
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

/// A finding that is held back, and why.
#[derive(Serialize)]
struct SuppressedEntry<'a> {
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
}

/// A finding.
#[derive(Serialize)]
struct Entry<'a> {
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
    fn of(suppressed: &'a Suppressed, sources: &'a Sources) -> Self {
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
        }
    }
}

impl<'a> Entry<'a> {
    fn of(finding: &'a Finding, sources: &'a Sources) -> Self {
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

/// Pretty-printed, with every character that [`visible`] would write out escaped.
#[derive(Default)]
struct Inert(PrettyFormatter<'static>);

/// Passes what [`Inert`] has no opinion of on to [`PrettyFormatter`].
macro_rules! pretty {
    ($($method:ident($($name:ident: $type:ty),*);)*) => {$(
        fn $method<W: ?Sized + Write>(&mut self, out: &mut W $(, $name: $type)*) -> io::Result<()> {
            self.0.$method(out $(, $name)*)
        }
    )*};
}

impl Formatter for Inert {
    pretty! {
        begin_array();
        end_array();
        begin_array_value(first: bool);
        end_array_value();
        begin_object();
        end_object();
        begin_object_key(first: bool);
        begin_object_value();
        end_object_value();
        write_char_escape(escape: CharEscape);
    }

    fn write_string_fragment<W: ?Sized + Write>(
        &mut self,
        out: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let inert = visible(fragment);
        if inert.len() == fragment.len() {
            return out.write_all(fragment.as_bytes());
        }
        let mut buffer = [0; 4];
        for c in fragment.chars() {
            let text: &str = c.encode_utf8(&mut buffer);
            if visible(text) == text {
                out.write_all(text.as_bytes())?;
                continue;
            }
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(out, "\\u{unit:04x}")?;
            }
        }
        Ok(())
    }
}
