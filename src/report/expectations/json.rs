//! One document, for programs: version 1, see `docs/test-report.schema.json`.

use std::io::{self, Write};

use serde::Serialize;

use crate::expect::{Outcome, TestResult, Tested};
use crate::report::inert;
use crate::text::{Sources, Span};

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    summary: Summary,
    expectations: Vec<Entry<'a>>,
}

#[derive(Serialize)]
struct Summary {
    passed: usize,
    failed: usize,
    unknown: usize,
    invalid: usize,
}

#[derive(Serialize)]
struct Entry<'a> {
    outcome: &'static str,
    expected: Option<&'static str>,
    from: &'a [String],
    to: &'a [String],
    ports: &'a str,
    reason: &'a str,
    message: &'a str,
    help: &'a str,
    clusters: &'a [String],
    location: Location<'a>,
    evidence: Vec<Evidence<'a>>,
}

#[derive(Serialize)]
struct Evidence<'a> {
    message: &'a str,
    #[serde(flatten)]
    location: Location<'a>,
}

#[derive(Serialize)]
struct Location<'a> {
    path: &'a str,
    line: usize,
    column: usize,
}

/// Writes every expectation, also those that passed.
///
/// # Errors
/// Those of `out`.
pub fn write(out: &mut dyn Write, tested: &Tested) -> io::Result<()> {
    let document = Document {
        version: 1,
        summary: Summary {
            passed: tested.count(Outcome::Passed),
            failed: tested.count(Outcome::Failed),
            unknown: tested.count(Outcome::Unknown),
            invalid: tested.count(Outcome::Invalid),
        },
        expectations: tested.results.iter().map(|it| entry(it, &tested.sources)).collect(),
    };
    inert::document(out, &document)
}

fn entry<'a>(result: &'a TestResult, sources: &'a Sources) -> Entry<'a> {
    let evidence = result.evidence.iter().map(|evidence| Evidence {
        message: &evidence.message,
        location: location(evidence.span, sources),
    });
    Entry {
        outcome: result.outcome.word(),
        expected: result.expected.map(crate::expect::Expected::word),
        from: &result.from,
        to: &result.to,
        ports: &result.ports,
        reason: &result.reason,
        message: &result.message,
        help: &result.help,
        clusters: &result.clusters,
        location: location(result.place, sources),
        evidence: evidence.collect(),
    }
}

fn location(span: Span, sources: &Sources) -> Location<'_> {
    let at = sources.start(span);
    Location { path: &sources.get(span.source).path, line: at.line, column: at.column }
}
