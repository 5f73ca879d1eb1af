//! `netpol-lint check`: runs the pipeline, prints the findings, and returns the exit code.

use std::io::{self, Read, Write};
use std::path::Path;

use crate::report::{self, Look};
use crate::text::visible;
use crate::triage::Baseline;
use crate::{FixOptions, Outcome, Progress, repo};

use super::settings::{Check, Report, Rewrite};
use super::terminal::Terminal;
use super::{CLEAN, FINDINGS, Failure, baseline, outputs, progress};

/// Checks, reports to `out`, and returns the exit code.
pub(super) fn run(
    mut check: Check,
    terminal: &Terminal,
    out: &mut dyn Write,
) -> Result<u8, Failure> {
    if check.request.scope.paths.iter().any(|path| path.as_os_str() == "-") {
        check.request.scope.stdin = Some(standard_input(check.request.limits.file_bytes)?);
    }
    if check.fixing.is_some_and(|fixing| !fixing.write) {
        return diff(&check, &terminal.look(), out);
    }
    let mut outcome = outcome(&check)?;
    match &check.rewrite {
        Some(Rewrite::Findings(file)) => return write_baseline(&check, file, &outcome),
        Some(Rewrite::Pruned(file)) => prune_baseline(&check, file, &mut outcome)?,
        None => {}
    }
    report(&check, &outcome, &terminal.look(), out)?;
    if check.verbose {
        // After the report, if both go to one terminal.
        out.flush()?;
        details(&check, &outcome, terminal, &mut anstream::stderr())?;
    }
    if check.timings {
        out.flush()?;
        timings(&outcome, &mut anstream::stderr())?;
    }
    Ok(code(&check, &outcome))
}

fn code(check: &Check, outcome: &Outcome) -> u8 {
    let failed = check
        .fail_on
        .is_some_and(|least| outcome.findings.iter().any(|finding| finding.severity >= least));
    if failed { FINDINGS } else { CLEAN }
}

/// Prints what fixes would change, for a pipe into `patch`; messages go to standard error. Nothing
/// is changed, so the exit code is that of the check without fixes.
fn diff(check: &Check, look: &Look, out: &mut dyn Write) -> Result<u8, Failure> {
    let found = in_pool(check, |progress| crate::check(&check.request, progress))?;
    let how = FixOptions { risky: check.fixing.is_some_and(|how| how.risky), write: false };
    let (after, draft) = in_pool(check, |_| crate::apply_fixes(&check.request, how, &()))?;
    if check.report != Report::Nothing {
        out.write_all(crate::fix::unified(draft.changes()).as_bytes())?;
    }
    if check.report == Report::Whole {
        out.flush()?;
        report::closing::would_fix(&mut anstream::stderr(), &after, look)?;
    }
    Ok(code(check, &found))
}

/// Accepts the findings: they go to a baseline file instead of a report.
fn write_baseline(check: &Check, file: &Path, outcome: &Outcome) -> Result<u8, Failure> {
    let baseline = Baseline::of(&outcome.findings, &outcome.sources);
    baseline::write(file, &baseline, &outcome.root)?;
    if check.report == Report::Whole {
        let findings = if baseline.len() == 1 { "finding" } else { "findings" };
        let file = file.to_string_lossy();
        // Standard output is for reports, and this is not one.
        writeln!(anstream::stderr(), "Wrote {} {findings} to {}.", baseline.len(), visible(&file))?;
    }
    Ok(CLEAN)
}

/// Removes the entries that no longer match from a baseline file.
fn prune_baseline(check: &Check, file: &Path, outcome: &mut Outcome) -> Result<(), Failure> {
    if let Some(baseline) = &check.request.baseline
        && !outcome.stale.is_empty()
    {
        baseline::write(file, &baseline.without(&outcome.stale), &outcome.root)?;
        outcome.summary.pruned = std::mem::take(&mut outcome.stale).len();
    }
    Ok(())
}

/// Standard input, up to one byte more than the limit of a file: the rest would not be read anyway.
fn standard_input(limit: u64) -> Result<Vec<u8>, Failure> {
    let mut text = Vec::new();
    let read = io::stdin().lock().take(limit + 1).read_to_end(&mut text);
    read.map_err(|error| Failure::Read("standard input", error))?;
    Ok(text)
}

/// Runs the pipeline, and the fixes if requested.
fn outcome(check: &Check) -> Result<Outcome, Failure> {
    in_pool(check, |progress| match check.fixing {
        Some(how) => crate::apply_fixes(&check.request, how, progress).map(|(outcome, _)| outcome),
        None => crate::check(&check.request, progress),
    })
}

/// Runs `work` on the requested number of threads.
fn in_pool<T: Send>(
    check: &Check,
    work: impl Fn(&dyn Progress) -> Result<T, repo::Error> + Sync,
) -> Result<T, Failure> {
    let mut pool = rayon::ThreadPoolBuilder::new();
    if let Some(threads) = check.threads {
        pool = pool.num_threads(threads);
    }
    let pool = pool.build().map_err(|error| {
        Failure::Arguments(format!("can't start threads (see --threads): {error}"))
    })?;
    let quiet = check.report != Report::Whole;
    Ok(progress::during(quiet, |progress| pool.install(|| work(progress)))?)
}

/// Writes every report: files first, so that a closed pipe does not prevent them.
fn report(
    check: &Check,
    outcome: &Outcome,
    look: &Look,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let is_whole = check.report == Report::Whole;
    outputs::write_files(&check.outputs, is_whole, outcome, look)?;
    if let Some(summary) = &check.summary {
        outputs::append_summary(summary, outcome, look)?;
    }
    if check.report == Report::Nothing {
        return Ok(());
    }
    if check.statistics {
        report::by_rule::statistics(out, outcome, look)?;
        if is_whole {
            report::closing::write(out, outcome, look)?;
        }
        return Ok(());
    }
    outputs::write(check.format, is_whole, outcome, look, out)?;
    if is_whole && !check.format.has_closing() {
        // A document has no closing lines.
        out.flush()?;
        report::closing::not_fixed(&mut anstream::stderr(), outcome, look)?;
    }
    Ok(())
}

/// The output of `--verbose`.
fn details(
    check: &Check,
    outcome: &Outcome,
    terminal: &Terminal,
    err: &mut dyn Write,
) -> io::Result<()> {
    let shown = |path: &Path| visible(&path.to_string_lossy()).into_owned();
    let paths: Vec<String> = check.request.scope.paths.iter().map(|path| shown(path)).collect();
    let cwd = shown(terminal.cwd());
    writeln!(err, "repository root: {}", shown(&outcome.root))?;
    let config = check.config.as_deref().map_or("none".into(), visible);
    writeln!(err, "configuration: {config}")?;
    writeln!(err, "reported on: {} (from {cwd})", paths.join(", "))?;
    for (path, why) in &outcome.summary.left_out {
        writeln!(err, "skipped: {} ({why})", visible(path))?;
    }
    for entry in &outcome.stale {
        let object = if entry.object.is_empty() { "" } else { " about " };
        writeln!(
            err,
            "baseline entry no longer matches: {}: {}{object}{}",
            visible(&entry.path),
            visible(&entry.rule),
            visible(&entry.object)
        )?;
    }
    Ok(())
}

/// The output of `--timings`.
fn timings(outcome: &Outcome, err: &mut dyn Write) -> io::Result<()> {
    for (stage, time) in &outcome.summary.stages {
        writeln!(err, "{stage:>8}: {:8.2} ms", time.as_secs_f64() * 1e3)?;
    }
    Ok(())
}
