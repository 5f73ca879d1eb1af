//! A table for many findings: how many each rule has, what `--fix` can fix, and where to begin.
//!
//! ```text
//! What to fix first (each with its first location)
//!
//!   40  error[missing-dns-egress]       40 unsafe fixes  apps/frontend/policy.yaml:12:3
//!    3  warning[orphaned-pod-selector]                   apps/backend/policy.yaml:9:3
//! ```

use std::cmp::Reverse;
use std::io::{self, Write};

use super::closing::count;
use super::paint::{Ink, paint, verdict};
use super::prose::columns;
use super::{Look, path};
use crate::Outcome;
use crate::lint::{Check, Finding, Safety, Severity};

/// So few findings need no table.
const FEW: usize = 10;

/// How many rules are listed.
const RULES: usize = 8;

/// The narrowest column for a path; below that it is omitted.
const NARROWEST: usize = 16;

/// The findings of one rule and severity.
struct Row<'a> {
    first: &'a Finding,
    number: usize,
    safe: usize,
    risky: usize,
}

/// Whether the table is printed.
pub fn is_told(outcome: &Outcome) -> bool {
    // If all findings are of one rule, there is no order to show.
    let first = outcome.findings.first();
    let is_other = |finding: &Finding| first.is_some_and(|it| it.rule.id != finding.rule.id);
    outcome.findings.len() > FEW && outcome.findings.iter().any(is_other)
}

/// Writes a line for each rule, the most important first, and a blank line; nothing if there are
/// few findings. At most a dozen lines.
///
/// # Errors
/// Any error of `out`.
pub fn write(out: &mut dyn Write, outcome: &Outcome, look: &Look) -> io::Result<()> {
    if !is_told(outcome) {
        return Ok(());
    }
    let mut rows = rows(&outcome.findings);
    // A line that counts one more rule can list that rule instead.
    let rest = if rows.len() > RULES + 1 { rows.split_off(RULES) } else { Vec::new() };
    writeln!(
        out,
        "{} (each with its first location)\n",
        paint(look, Ink::Strong, "What to fix first")
    )?;
    let number = lines(out, &rows, outcome, look)?;
    if !rest.is_empty() {
        let findings = count(rest.iter().map(|row| row.number).sum(), "finding", "findings");
        writeln!(out, "  {:number$}  {} more rules with {findings}", "", rest.len())?;
    }
    writeln!(out)
}

/// Writes a line for each rule with findings, however many there are, and a blank line.
///
/// # Errors
/// Any error of `out`.
pub fn statistics(out: &mut dyn Write, outcome: &Outcome, look: &Look) -> io::Result<()> {
    if outcome.findings.is_empty() {
        return Ok(());
    }
    lines(out, &rows(&outcome.findings), outcome, look)?;
    writeln!(out)
}

/// Writes a line for each row; returns the columns of the numbers.
fn lines(
    out: &mut dyn Write,
    rows: &[Row<'_>],
    outcome: &Outcome,
    look: &Look,
) -> io::Result<usize> {
    let widest = |of: fn(&Row<'_>) -> usize| rows.iter().map(of).max().unwrap_or(0);
    let (number, verdicts) = (widest(|row| row.number.to_string().len()), widest(title));
    // The column, with the gap to the next.
    let fixes = widest(|row| row.fixes().len() + 2 * usize::from(!row.fixes().is_empty()));
    for row in rows {
        let pad = " ".repeat(verdicts - title(row));
        let verdict = verdict(look, row.first);
        let line = format!("  {:number$}  {verdict}{pad}  {:fixes$}", row.number, row.fixes());
        let used = 2 + number + 2 + verdicts + 2 + fixes;
        let place = place(&path::place(outcome, look, row.first.place), look, used);
        writeln!(out, "{}", format!("{line}{place}").trim_end())?;
    }
    Ok(number)
}

/// What can't be read or built comes first, because it hides other mistakes; then the more severe,
/// then the more frequent.
fn rows(findings: &[Finding]) -> Vec<Row<'_>> {
    let mut rows: Vec<Row<'_>> = Vec::new();
    for finding in findings {
        let is_same = |row: &&mut Row<'_>| {
            (row.first.rule.id, row.first.severity) == (finding.rule.id, finding.severity)
        };
        let row = match rows.iter_mut().find(is_same) {
            Some(row) => row,
            None => {
                rows.push(Row { first: finding, number: 0, safe: 0, risky: 0 });
                let last = rows.len() - 1;
                &mut rows[last]
            }
        };
        row.number += 1;
        match finding.safest_fix() {
            Some(Safety::Safe) => row.safe += 1,
            Some(Safety::Unsafe) => row.risky += 1,
            None => {}
        }
    }
    rows.sort_by_key(|row| {
        let Finding { rule, severity, .. } = row.first;
        let hides = *severity == Severity::Error && matches!(rule.check, Check::Run);
        (!hides, Reverse(*severity), Reverse(row.number), rule.id)
    });
    rows
}

impl Row<'_> {
    /// `3 fixes`, `40 unsafe fixes`, `3 fixes, 40 unsafe`.
    fn fixes(&self) -> String {
        match (self.safe, self.risky) {
            (0, 0) => String::new(),
            (safe, 0) => count(safe, "fix", "fixes"),
            (0, risky) => count(risky, "unsafe fix", "unsafe fixes"),
            (safe, risky) => format!("{}, {risky} unsafe", count(safe, "fix", "fixes")),
        }
    }
}

/// The columns of `error[missing-dns-egress]`.
fn title(row: &Row<'_>) -> usize {
    row.first.severity.word().len() + row.first.rule.id.len() + 2
}

/// The first location; only its end if the terminal is too narrow for all of it.
fn place(place: &str, look: &Look, used: usize) -> String {
    let room = look.width.saturating_sub(used);
    if !look.wrap || columns(place) <= room {
        return place.to_owned();
    }
    if room < NARROWEST {
        return String::new();
    }
    let dots = if look.unicode { "…" } else { "..." };
    let fits = |at: &usize| columns(&place[*at..]) + columns(dots) <= room;
    let at = place.char_indices().map(|(at, _)| at).find(fits).unwrap_or(place.len());
    format!("{dots}{}", &place[at..])
}
