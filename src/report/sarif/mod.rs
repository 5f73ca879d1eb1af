//! SARIF 2.1.0, for code scanning: <https://docs.oasis-open.org/sarif/sarif/v2.1.0/>.
//!
//! It stays within GitHub's limits:
//! <https://docs.github.com/code-security/reference/code-scanning/sarif-files/sarif-support-for-code-scanning>.
//! There is no `automationDetails`: whoever uploads the file chooses the category, and one in the
//! file would override it.

mod location;
mod result;
mod rule;

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;

use super::{Look, closing, inert};
use crate::Outcome;
use crate::lint::{Finding, Rule};
use crate::triage::Suppressed;

use location::{BASE, Message};
use result::SarifResult;
use rule::Descriptor;

/// How many results of a run GitHub accepts; it rejects a file with more.
const RESULTS: usize = 25_000;

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// Writes one document. Of more than 25,000 results, the least severe and least confident are
/// omitted, among equals the last ones, and a notification says how many.
///
/// # Errors
/// Any error of `out`.
pub fn write(out: &mut dyn Write, outcome: &Outcome, _look: &Look) -> io::Result<()> {
    let log = Log { schema: SCHEMA, version: "2.1.0", runs: [Run::of(outcome)] };
    inert::document(out, &log)
}

#[derive(Serialize)]
struct Log<'a> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<'a> {
    tool: Tool<'a>,
    invocations: [Invocation; 1],
    /// The root has no address here: the reader has the repository in another place.
    original_uri_base_ids: BTreeMap<&'static str, Base>,
    column_kind: &'static str,
    results: Vec<SarifResult<'a>>,
}

#[derive(Serialize)]
struct Base {
    description: Message,
}

#[derive(Serialize)]
struct Tool<'a> {
    driver: Driver<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver<'a> {
    name: &'static str,
    semantic_version: &'static str,
    information_uri: &'static str,
    rules: Vec<Descriptor<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Invocation {
    execution_successful: bool,
    tool_execution_notifications: Vec<Notification>,
    tool_configuration_notifications: Vec<Notification>,
}

/// A message to the reader of the results.
#[derive(Serialize)]
struct Notification {
    level: &'static str,
    message: Message,
}

/// A finding, and what suppresses it.
type Entry<'a> = (&'a Finding, Option<&'a Suppressed>);

impl<'a> Run<'a> {
    fn of(outcome: &'a Outcome) -> Self {
        let (entries, left_out) = entries(outcome);
        let mut rules: Vec<&'static Rule> = entries.iter().map(|(f, _)| f.rule).collect();
        rules.sort_by_key(|rule| rule.id);
        rules.dedup_by_key(|rule| rule.id);
        let index = |id: &str| rules.binary_search_by_key(&id, |rule| rule.id).unwrap_or_default();
        let results = entries
            .iter()
            .map(|&(finding, suppressed)| {
                SarifResult::of(finding, suppressed, index(finding.rule.id), &outcome.sources)
            })
            .collect();
        let driver = Driver {
            name: env!("CARGO_PKG_NAME"),
            semantic_version: env!("CARGO_PKG_VERSION"),
            information_uri: "https://github.com/netpol-lint/netpol-lint",
            rules: rules.iter().map(|rule| Descriptor::of(rule)).collect(),
        };
        let root = Message::plain("The repository root.");
        Self {
            tool: Tool { driver },
            invocations: [Invocation::of(outcome, left_out)],
            original_uri_base_ids: BTreeMap::from([(BASE, Base { description: root })]),
            column_kind: "unicodeCodePoints",
            results,
        }
    }
}

/// The findings, then the suppressed ones, up to the limit; and how many were omitted.
fn entries(outcome: &Outcome) -> (Vec<Entry<'_>>, usize) {
    let reported = outcome.findings.iter().map(|finding| (finding, None));
    let suppressed = outcome
        .suppressed
        .iter()
        .flatten()
        .map(|suppressed| (&suppressed.finding, Some(suppressed)));
    let all: Vec<Entry<'_>> = reported.chain(suppressed).collect();
    let left_out = all.len().saturating_sub(RESULTS);
    if left_out == 0 {
        return (all, 0);
    }
    let mut order: Vec<usize> = (0..all.len()).collect();
    order.sort_by_key(|&at| {
        let (finding, suppressed) = all[at];
        (suppressed.is_some(), Reverse((finding.severity, finding.confidence)))
    });
    order.truncate(RESULTS);
    order.sort_unstable();
    (order.into_iter().map(|at| all[at]).collect(), left_out)
}

impl Invocation {
    fn of(outcome: &Outcome, left_out: usize) -> Self {
        let note = |level, text: String| Notification { level, message: Message::plain(&text) };
        let mut execution = Vec::new();
        if left_out > 0 {
            let text = format!(
                "{left_out} results omitted, least severe and least confident first: code scanning \
                 accepts {RESULTS} per run."
            );
            execution.push(note("warning", text));
        }
        execution.extend(closing::left_out(&outcome.summary).map(|text| note("note", text)));
        let quiet = [closing::not_built(outcome), closing::in_test_directories(&outcome.summary)];
        execution.extend(quiet.into_iter().flatten().map(|text| note("note", text)));
        let not_fixed = outcome.summary.not_fixed.iter();
        execution.extend(
            not_fixed.map(|(path, why)| note("warning", format!("Not fixed: {path}: {why}."))),
        );
        let configuration = closing::stale(outcome).map(|text| note("note", text));
        Self {
            execution_successful: true,
            tool_execution_notifications: execution,
            tool_configuration_notifications: configuration.into_iter().collect(),
        }
    }
}
