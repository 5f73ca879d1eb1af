//! The closing lines: what was found, in how much, and what was left out.

use std::io::{self, Write};

use super::{Look, count};
use crate::Outcome;
use crate::lint::{Safety, Severity};

/// Writes the closing lines.
///
/// # Errors
/// Those of the writer.
pub fn write(out: &mut dyn Write, outcome: &Outcome, _look: &Look) -> io::Result<()> {
    let summary = &outcome.summary;
    let read = [
        counted(summary.documents, "document"),
        counted_as(summary.policies, "policy", "policies"),
        counted(summary.workloads, "workload"),
    ];
    writeln!(
        out,
        "{} in {} ({}; {:.2} s)",
        found(outcome),
        counted(summary.files, "file"),
        read.join(", "),
        summary.time.as_secs_f64()
    )?;
    if let Some(line) = left_out(outcome) {
        writeln!(out, "{line}")?;
    }
    if let Some(line) = fixable(outcome) {
        writeln!(out, "{line}")?;
    }
    Ok(())
}

fn found(outcome: &Outcome) -> String {
    let severities = [
        (Severity::Error, "error"),
        (Severity::Warning, "warning"),
        (Severity::Note, "note"),
    ];
    let counts: Vec<String> = severities
        .into_iter()
        .map(|(severity, word)| (count(outcome, severity), word))
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| counted(count, word))
        .collect();
    match counts.split_last() {
        None => "No findings".to_owned(),
        Some((last, [])) => format!("Found {last}"),
        Some((last, others)) => format!("Found {} and {last}", others.join(", ")),
    }
}

/// Kustomizations and charts say nothing else of themselves yet; what they would apply is never
/// called missing.
fn left_out(outcome: &Outcome) -> Option<String> {
    let summary = &outcome.summary;
    let kustomizations =
        (summary.kustomizations > 0).then(|| counted(summary.kustomizations, "kustomization"));
    let charts = (summary.charts > 0).then(|| counted(summary.charts, "Helm chart"));
    let what: Vec<String> = kustomizations.into_iter().chain(charts).collect();
    if what.is_empty() {
        return None;
    }
    let were = if summary.kustomizations + summary.charts == 1 {
        "was"
    } else {
        "were"
    };
    Some(format!(
        "{} {were} left out with the files they refer to: they are not evaluated yet, and nothing \
         that they may apply is called missing",
        what.join(" and ")
    ))
}

fn fixable(outcome: &Outcome) -> Option<String> {
    let fixes = outcome
        .findings
        .iter()
        .filter_map(|finding| finding.fixes.first());
    let (safe, all) = fixes.fold((0, 0), |(safe, all), fix| {
        (safe + usize::from(fix.safety == Safety::Safe), all + 1)
    });
    (all > 0).then(|| format!("{} with a known fix ({safe} safe)", counted(all, "finding")))
}

/// A number and its noun: "1 file", "2 files".
fn counted(number: usize, noun: &str) -> String {
    counted_as(number, noun, &format!("{noun}s"))
}

fn counted_as(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}
