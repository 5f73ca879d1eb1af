//! `netpol-lint [check]`.

use std::io::Write;

use super::args::{Check, Format};
use super::progress::Bar;
use super::settings::{self, Output};
use super::{CLEAN, FOUND, Stop};
use crate::report::{self, Look};
use crate::{Outcome, Request};

/// Checks, reports, and says whether anything was found.
pub(super) fn run(check: Check, output: &Output) -> Result<u8, Stop> {
    if let Some(threads) = check.threads {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build_global();
        pool.map_err(|error| Stop::Failed(format!("can't start {threads} threads: {error}")))?;
    }
    let request = settings::request(&check)?;
    let bar = Bar::new(check.quiet == 0);
    let outcome = crate::check(&request, &bar).map_err(|error| Stop::Failed(error.to_string()))?;
    bar.done();
    if check.quiet < 2 || check.timings {
        write(&check, &request, &outcome, output)?;
    }
    let fails = settings::fail_on(check.fail_on).is_some_and(|least| {
        outcome
            .findings
            .iter()
            .any(|finding| finding.severity >= least)
    });
    Ok(if fails && !check.exit_zero {
        FOUND
    } else {
        CLEAN
    })
}

fn write(check: &Check, request: &Request, outcome: &Outcome, output: &Output) -> Result<(), Stop> {
    let look = output.look(&request.cwd);
    let mut out = output.stdout();
    match check.output_format {
        Format::Text => report::text::write(&mut out, outcome, &look)?,
        Format::Concise => report::concise::write(&mut out, outcome, &look)?,
        Format::Json => report::json::write(&mut out, outcome, &look)?,
    }
    let is_for_people = check.output_format != Format::Json;
    if check.verbose && is_for_people {
        details(&mut out, outcome, &look)?;
    }
    if check.timings {
        let mut err = output.stderr();
        for (stage, time) in &outcome.summary.stages {
            writeln!(err, "{stage:>8}: {:8.2} ms", time.as_secs_f64() * 1e3)?;
        }
    }
    if check.quiet == 0 && is_for_people {
        report::closing::write(&mut out, outcome, &look)?;
    }
    out.flush()?;
    Ok(())
}

/// What `--verbose` adds: where the repository begins, and what was not read as manifests.
fn details(out: &mut dyn Write, outcome: &Outcome, look: &Look) -> Result<(), Stop> {
    writeln!(out, "root: {}", outcome.root.display())?;
    for path in &outcome.summary.left_out {
        writeln!(out, "left out: {}", look.path(&outcome.root, path))?;
    }
    Ok(())
}
