//! GitLab's Code Quality report: <https://docs.gitlab.com/ci/testing/code_quality/>.
//!
//! GitLab reads the first five fields; `content` and `other_locations` belong to the Code Climate
//! format, of which this is a part.

use std::io::{self, Write};

use serde::Serialize;

use super::{Look, details, inert};
use crate::Outcome;
use crate::lint::{Finding, Severity};
use crate::text::{Sources, Span};

/// Writes one array. Suppressed findings are omitted: the format can't express them.
///
/// # Errors
/// Any error of `out`.
pub fn write(out: &mut dyn Write, outcome: &Outcome, _look: &Look) -> io::Result<()> {
    let entries: Vec<_> = outcome.findings.iter().map(|f| Entry::of(f, outcome)).collect();
    inert::document(out, &entries)
}

#[derive(Serialize)]
struct Entry<'a> {
    description: String,
    check_name: &'a str,
    fingerprint: &'a str,
    severity: &'static str,
    location: Location<'a>,
    content: Content,
    other_locations: Vec<Location<'a>>,
}

#[derive(Serialize)]
struct Location<'a> {
    path: &'a str,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: usize,
    end: usize,
}

#[derive(Serialize)]
struct Content {
    body: String,
}

impl<'a> Entry<'a> {
    fn of(finding: &'a Finding, outcome: &'a Outcome) -> Self {
        let sources = &outcome.sources;
        let mut body = details::lines(finding, outcome);
        body.push(finding.rule.url());
        let others = finding.related.iter().map(|related| Location::of(related.span, sources));
        Self {
            description: details::message(finding),
            check_name: finding.rule.id,
            fingerprint: &finding.fingerprint,
            severity: match finding.severity {
                Severity::Error => "critical",
                Severity::Warning => "major",
                Severity::Note => "info",
            },
            location: Location::of(finding.place, sources),
            content: Content { body: body.join("\n") },
            other_locations: others.collect(),
        }
    }
}

impl<'a> Location<'a> {
    fn of(span: Span, sources: &'a Sources) -> Self {
        let line = sources.start(span).line;
        Self { path: &sources.get(span.source).path, lines: Lines { begin: line, end: line } }
    }
}
