//! `netpol-lint test`: whether the policies keep to what people expect of them.

use std::io::Write;
use std::path::Path;

use crate::expect::Outcome as Of;
use crate::expect::Tested;
use crate::report::expectations::{closing, json, junit};
use crate::{Outcome, Summary, expectations, lint, repo, report};

use super::init;
use super::settings::Test;
use super::terminal::Terminal;
use super::values::TestFormat;
use super::{CLEAN, FINDINGS, Failure};

/// The file that `--init` writes where none is named.
const NAME: &str = "netpol-test.yaml";

/// Judges the expectations, and prints what became of them.
pub(super) fn run(test: &Test, terminal: &Terminal, out: &mut dyn Write) -> Result<u8, Failure> {
    if let Some(file) = &test.init {
        return write_today(test, file.as_deref(), terminal, out);
    }
    let tested = expectations::test(&test.request)?;
    if tested.results.is_empty() {
        return Err(Failure::Arguments(format!(
            "there are no expectations under the given paths: no {NAME}, no *.{NAME}; \
             `netpol-lint test --init` writes today's connections as expectations"
        )));
    }
    let worst = tested.results.iter().map(|result| result.outcome).max();
    match test.format {
        TestFormat::Json => json::write(out, &tested)?,
        TestFormat::Junit => junit::write(out, &tested)?,
        TestFormat::Text | TestFormat::Github => {
            let look = terminal.look();
            let counts = closing::counts(&tested);
            let outcome = as_findings(tested);
            match test.format {
                TestFormat::Github => report::github::write(out, &outcome, &look)?,
                _ => report::text::write(out, &outcome, &look)?,
            }
            if !test.is_quiet {
                writeln!(out, "{counts}")?;
            }
        }
    }
    let fails = test.fail_on.is_some_and(|least| worst.is_some_and(|worst| worst >= least));
    // What can't be judged is no good result, whatever is asked for.
    let is_invalid = worst == Some(Of::Invalid);
    Ok(if fails || is_invalid { FINDINGS } else { CLEAN })
}

/// What did not pass, as the formats for findings take it.
fn as_findings(tested: Tested) -> Outcome {
    let findings = tested.results.iter().filter_map(lint::expectation::finding).collect();
    Outcome {
        sources: tested.sources,
        findings,
        suppressed: None,
        stale: Vec::new(),
        shows_run: false,
        summary: Summary::default(),
        root: tested.root,
    }
}

fn write_today(
    test: &Test,
    file: Option<&Path>,
    terminal: &Terminal,
    out: &mut dyn Write,
) -> Result<u8, Failure> {
    let target = match file {
        None => repo::root(&test.request.scope.paths, terminal.cwd())?.join(NAME),
        Some(file) => terminal.cwd().join(file),
    };
    let text = expectations::of_today(&test.request)?;
    let hint = "delete it, or name another file with --init=FILE";
    init::create(&target, &text, hint, terminal, out)
}
