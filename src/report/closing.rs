//! The closing lines: how many findings there are, what was checked, and what was left out.

use std::io::{self, Write};
use std::time::Duration;

use super::paint::{Ink, paint};
use super::{Counts, Look, path, prose};
use crate::lint::{Finding, Safety, Severity};
use crate::text::visible;
use crate::{NotBuilt, Outcome, Summary};

/// Writes the closing line, and one more each for fixes and for what was left out, if any.
///
/// # Errors
/// Any error of `out`.
pub fn write(out: &mut dyn Write, outcome: &Outcome, look: &Look) -> io::Result<()> {
    let summary = &outcome.summary;
    writeln!(out, "{}", total(outcome, look))?;
    if let Some(line) = fixed(summary) {
        writeln!(out, "{line}")?;
    }
    not_fixed(out, outcome, look)?;
    let lines = [
        fixes(&outcome.findings),
        left_out(summary),
        not_built(outcome),
        in_test_directories(summary),
        stale(outcome),
    ];
    for line in lines.into_iter().flatten() {
        let width = if look.wrap { look.width } else { usize::MAX };
        writeln!(out, "{}", prose::wrap(&line, width).join("\n"))?;
    }
    Ok(())
}

/// Writes what fixes would do, if only a diff is requested: `after` is what would remain.
///
/// # Errors
/// Any error of `out`.
pub fn would_fix(out: &mut dyn Write, after: &Outcome, look: &Look) -> io::Result<()> {
    let summary = &after.summary;
    let fixed = count(summary.fixed, "finding", "findings");
    let files = count(summary.fixed_files, "file", "files");
    let remain = after.findings.len();
    writeln!(out, "Would fix {fixed} in {files}; {remain} would remain.")?;
    withheld(out, after, look)?;
    not_fixed(out, after, look)
}

/// Writes a line for each finding whose fix is not offered.
fn withheld(out: &mut dyn Write, outcome: &Outcome, look: &Look) -> io::Result<()> {
    for finding in &outcome.findings {
        if let Some(why) = &finding.withheld {
            let place = path::place(outcome, look, finding.place);
            writeln!(out, "Withheld: {place}: {}: {}.", finding.rule.id, visible(why))?;
        }
    }
    Ok(())
}

/// Writes a line for each file that could not be fixed.
///
/// # Errors
/// Any error of `out`.
pub fn not_fixed(out: &mut dyn Write, outcome: &Outcome, look: &Look) -> io::Result<()> {
    for (path, why) in &outcome.summary.not_fixed {
        let file = path::file(outcome, look, path);
        writeln!(out, "Not fixed: {file}: {}.", visible(why))?;
    }
    Ok(())
}

/// The number of findings, and what was checked; on two lines if the terminal is too narrow for
/// one.
fn total(outcome: &Outcome, look: &Look) -> String {
    let summary = &outcome.summary;
    let and_more = |number, what: &str| match number {
        0 => String::new(),
        number => format!(", {number} {what}"),
    };
    let suppressed = and_more(summary.suppressed, "suppressed");
    let baselined = and_more(summary.baselined, "in the baseline");
    let files = count(summary.files, "file", "files");
    let counts = Counts::of(&outcome.findings);
    let line = |look| format!("{}{suppressed}{baselined} in {files}", found(&counts, look));
    let seen = format!(
        "({}, {}, {}; {})",
        count(summary.documents, "document", "documents"),
        count(summary.policies, "policy", "policies"),
        count(summary.workloads, "workload", "workloads"),
        seconds(summary.time),
    );
    let plain = Look { color: false, ..look.clone() };
    let wide = prose::columns(&line(&plain)) + 1 + seen.len();
    let between = if look.wrap && wide > look.width { '\n' } else { ' ' };
    format!("{}{between}{seen}", line(look))
}

/// `Found 3 errors and 1 warning`.
fn found(counts: &Counts, look: &Look) -> String {
    let parts = [
        (Severity::Error, counts.errors, "error", "errors"),
        (Severity::Warning, counts.warnings, "warning", "warnings"),
        (Severity::Note, counts.notes, "note", "notes"),
    ];
    let counts: Vec<_> = parts
        .into_iter()
        .filter(|&(_, number, ..)| number > 0)
        .map(|(severity, number, one, many)| {
            paint(look, Ink::Severity(severity), &count(number, one, many))
        })
        .collect();
    match counts.is_empty() {
        true => paint(look, Ink::Strong, "No findings"),
        false => format!("Found {}", and(&counts)),
    }
}

/// How many findings can be fixed, each counted by the safest of its fixes.
fn fixes(findings: &[Finding]) -> Option<String> {
    let fixes = |safety| findings.iter().filter(|f| f.safest_fix() == Some(safety)).count();
    let sentence = match (fixes(Safety::Safe), fixes(Safety::Unsafe)) {
        (0, 0) => return None,
        (safe, 0) => format!("{safe} fixable with `--fix`"),
        (0, risky) => format!("{risky} fixable with `--fix --unsafe-fixes`"),
        (safe, risky) => format!("{safe} fixable with `--fix`, {risky} more with `--unsafe-fixes`"),
    };
    Some(format!("{sentence}."))
}

/// What was fixed.
fn fixed(summary: &Summary) -> Option<String> {
    let findings = count(summary.fixed, "finding", "findings");
    let files = count(summary.fixed_files, "file", "files");
    (summary.fixed > 0).then(|| format!("Fixed {findings} in {files}."))
}

/// How many policy templates of charts render no policy, so they are not checked.
pub(super) fn left_out(summary: &Summary) -> Option<String> {
    match summary.charts {
        0 => None,
        1 => Some(
            "1 policy template of a Helm chart renders no policy and was not checked (--show-run)."
                .to_owned(),
        ),
        many => Some(format!(
            "{many} policy templates of Helm charts render no policy and were not checked \
             (--show-run)."
        )),
    }
}

/// What could not be read or built and is not among the findings.
pub(super) fn not_built(outcome: &Outcome) -> Option<String> {
    let NotBuilt { kustomizations, charts, documents } = outcome.summary.not_built;
    let counted = |number, one, many| (number > 0).then(|| count(number, one, many));
    let built = [
        counted(kustomizations, "kustomization", "kustomizations"),
        counted(charts, "Helm chart", "Helm charts"),
    ];
    let built: Vec<String> = built.into_iter().flatten().collect();
    let mut parts = Vec::new();
    if !built.is_empty() {
        parts.push(format!("{} could not be built", and(&built)));
    }
    if let Some(documents) = counted(documents, "document", "documents") {
        parts.push(format!("{documents} could not be read"));
    }
    if parts.is_empty() || outcome.shows_run {
        return None;
    }
    let many = kustomizations + charts + documents > 1;
    let depends = if many { "no policy depends on them" } else { "no policy depends on it" };
    Some(format!("{}; {depends} (--show-run).", and(&parts)))
}

/// The findings that are hidden because of their directory.
pub(super) fn in_test_directories(summary: &Summary) -> Option<String> {
    let hidden = summary.in_test_directories;
    let findings = count(hidden, "finding", "findings");
    let verb = if hidden == 1 { "is" } else { "are" };
    (hidden > 0).then(|| {
        format!(
            "{findings} in test and example directories {verb} not shown: pass such a directory as a \
             path to see them."
        )
    })
}

/// Baseline entries that match nothing.
pub(super) fn stale(outcome: &Outcome) -> Option<String> {
    let entries = |number| count(number, "baseline entry", "baseline entries");
    match (outcome.stale.len(), outcome.summary.pruned) {
        (0, 0) => None,
        (0, pruned) => Some(format!("Removed {}.", entries(pruned))),
        (1, _) => {
            let line = "1 baseline entry no longer matches; remove it with `--prune-baseline`.";
            Some(line.to_owned())
        }
        (stale, _) => Some(format!(
            "{} no longer match; remove them with `--prune-baseline`.",
            entries(stale)
        )),
    }
}

/// `1 policy`, `6 policies`.
pub(super) fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// `a`, `a and b`, `a, b and c`.
fn and(parts: &[String]) -> String {
    match parts {
        [first @ .., last] if !first.is_empty() => format!("{} and {last}", first.join(", ")),
        _ => parts.concat(),
    }
}

fn seconds(time: Duration) -> String {
    format!("{:.2}s", time.as_secs_f64())
}
