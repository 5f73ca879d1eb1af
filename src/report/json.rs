//! JSON, version 1: an API. Its fields are described in docs/json.md.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{CharEscape, Formatter, PrettyFormatter};

use super::{Look, count};
use crate::Outcome;
use crate::lint::{Confidence, Finding, Safety, Severity};
use crate::settle::fingerprints;
use crate::text::{Span, visible};

/// The version of the format. It grows when a field changes its meaning or goes; new fields may
/// come at any time.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    tool: Tool,
    summary: Figures,
    findings: Vec<FindingJson<'a>>,
}

#[derive(Serialize)]
struct Tool {
    name: &'static str,
    version: &'static str,
}

#[derive(Serialize)]
struct Figures {
    files: usize,
    documents: usize,
    policies: usize,
    workloads: usize,
    errors: usize,
    warnings: usize,
    notes: usize,
    suppressed: usize,
}

#[derive(Serialize)]
struct FindingJson<'a> {
    rule: &'static str,
    severity: Severity,
    confidence: Confidence,
    message: &'a str,
    help: &'a str,
    url: String,
    object: Option<ObjectJson<'a>>,
    field: &'a str,
    bundles: &'a [String],
    location: Location<'a>,
    related: Vec<RelatedJson<'a>>,
    fixes: Vec<FixJson<'a>>,
    fingerprint: String,
}

#[derive(Serialize)]
struct ObjectJson<'a> {
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
struct RelatedJson<'a> {
    #[serde(flatten)]
    location: Location<'a>,
    message: &'a str,
}

#[derive(Serialize)]
struct FixJson<'a> {
    title: &'a str,
    safety: Safety,
    edits: Vec<EditJson<'a>>,
}

#[derive(Serialize)]
struct EditJson<'a> {
    path: &'a str,
    start: u32,
    end: u32,
    text: &'a str,
}

/// Writes one JSON document with all findings.
///
/// # Errors
/// Those of the writer.
pub fn write(out: &mut dyn Write, outcome: &Outcome, _look: &Look) -> io::Result<()> {
    let mut serializer = serde_json::Serializer::with_formatter(&mut *out, Inert::default());
    document(outcome).serialize(&mut serializer)?;
    writeln!(out)
}

fn document(outcome: &Outcome) -> Document<'_> {
    let summary = &outcome.summary;
    let names = fingerprints(&outcome.findings, &outcome.sources);
    let findings = outcome.findings.iter().zip(names);
    Document {
        version: VERSION,
        tool: Tool {
            name: "netpol-lint",
            version: env!("CARGO_PKG_VERSION"),
        },
        summary: Figures {
            files: summary.files,
            documents: summary.documents,
            policies: summary.policies,
            workloads: summary.workloads,
            errors: count(outcome, Severity::Error),
            warnings: count(outcome, Severity::Warning),
            notes: count(outcome, Severity::Note),
            suppressed: summary.suppressed,
        },
        findings: findings
            .map(|(finding, name)| entry(outcome, finding, name))
            .collect(),
    }
}

fn entry<'a>(outcome: &'a Outcome, finding: &'a Finding, fingerprint: String) -> FindingJson<'a> {
    FindingJson {
        rule: finding.rule.id,
        severity: finding.severity,
        confidence: finding.confidence,
        message: &finding.message,
        help: &finding.help,
        url: finding.rule.url(),
        object: finding.subject.as_ref().map(|subject| ObjectJson {
            kind: &subject.kind,
            namespace: subject.namespace.as_deref(),
            name: &subject.name,
        }),
        field: &finding.field,
        bundles: &finding.bundles,
        location: location(outcome, finding.place),
        related: finding
            .related
            .iter()
            .map(|related| RelatedJson {
                location: location(outcome, related.span),
                message: &related.message,
            })
            .collect(),
        fixes: finding
            .fixes
            .iter()
            .map(|fix| fix_json(outcome, fix))
            .collect(),
        fingerprint,
    }
}

fn fix_json<'a>(outcome: &'a Outcome, fix: &'a crate::lint::Fix) -> FixJson<'a> {
    let edits = fix.edits.iter().map(|edit| EditJson {
        path: &outcome.sources.get(edit.span.source).path,
        start: edit.span.start,
        end: edit.span.end,
        text: &edit.text,
    });
    FixJson {
        title: &fix.title,
        safety: fix.safety,
        edits: edits.collect(),
    }
}

fn location(outcome: &Outcome, span: Span) -> Location<'_> {
    let (start, end) = (outcome.sources.start(span), outcome.sources.end(span));
    Location {
        path: &outcome.sources.get(span.source).path,
        line: start.line,
        column: start.column,
        end_line: end.line,
        end_column: end.column,
    }
}

/// Pretty JSON in which what could steer a terminal is written as escapes; the value stays.
#[derive(Default)]
struct Inert(PrettyFormatter<'static>);

impl Formatter for Inert {
    fn write_string_fragment<W: ?Sized + Write>(
        &mut self,
        w: &mut W,
        text: &str,
    ) -> io::Result<()> {
        let mut units = [0; 2];
        for c in text.chars() {
            let mut bytes = [0; 4];
            let written = c.encode_utf8(&mut bytes);
            if matches!(visible(written), std::borrow::Cow::Borrowed(_)) {
                w.write_all(written.as_bytes())?;
            } else {
                for unit in c.encode_utf16(&mut units) {
                    write!(w, "\\u{unit:04x}")?;
                }
            }
        }
        Ok(())
    }

    fn write_char_escape<W: ?Sized + Write>(
        &mut self,
        w: &mut W,
        escape: CharEscape,
    ) -> io::Result<()> {
        self.0.write_char_escape(w, escape)
    }

    fn begin_array<W: ?Sized + Write>(&mut self, w: &mut W) -> io::Result<()> {
        self.0.begin_array(w)
    }

    fn end_array<W: ?Sized + Write>(&mut self, w: &mut W) -> io::Result<()> {
        self.0.end_array(w)
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, w: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_array_value(w, first)
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, w: &mut W) -> io::Result<()> {
        self.0.end_array_value(w)
    }

    fn begin_object<W: ?Sized + Write>(&mut self, w: &mut W) -> io::Result<()> {
        self.0.begin_object(w)
    }

    fn end_object<W: ?Sized + Write>(&mut self, w: &mut W) -> io::Result<()> {
        self.0.end_object(w)
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, w: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_object_key(w, first)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, w: &mut W) -> io::Result<()> {
        self.0.begin_object_value(w)
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, w: &mut W) -> io::Result<()> {
        self.0.end_object_value(w)
    }
}
