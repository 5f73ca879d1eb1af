//! Markdown, for comments on pull requests and for job summaries: a table by rule, then the
//! findings by file.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Write};

use super::closing::count;
use super::words::{cell, code, fence, prose};
use super::{Counts, Look, by_file, details};
use crate::Outcome;
use crate::lint::{Finding, Rule, Severity};
use crate::text::{Sources, Span, visible};
use crate::triage::Suppressed;

/// The size limit of a report, in bytes. GitHub accepts 65,536 characters in a comment, and nobody
/// reads more than that; the findings that do not fit are counted.
const ROOM: usize = 60_000;

/// The most characters of a line that are shown.
const WIDTH: usize = 160;

/// How many lines are shown above and below the place.
const AROUND: usize = 1;

/// Writes the table, then each finding with its lines, as far as they fit.
///
/// # Errors
/// Any error of `out`.
pub fn write(out: &mut dyn Write, outcome: &Outcome, _look: &Look) -> io::Result<()> {
    let mut report = String::new();
    report.push_str(&heading(outcome));
    table(&mut report, outcome);
    let mut left_out = 0;
    for (path, findings) in by_file(&outcome.findings, &outcome.sources) {
        let mut file = format!("\n### {}\n", code(path));
        let mut shown = 0;
        for finding in &findings {
            let section = section(finding, outcome);
            if report.len() + file.len() + section.len() > ROOM {
                break;
            }
            file.push_str(&section);
            shown += 1;
        }
        left_out += findings.len() - shown;
        if shown > 0 {
            report.push_str(&file);
        }
    }
    if left_out > 0 {
        let _ = writeln!(report, "\n{left_out} more not shown, to keep this report short.");
    }
    suppressed(&mut report, outcome);
    out.write_all(report.as_bytes())
}

/// `## netpol-lint: 3 errors, 1 warning`, and what was read.
fn heading(outcome: &Outcome) -> String {
    let counts = Counts::of(&outcome.findings);
    let read = &outcome.summary;
    let parts = [
        (counts.errors, "error", "errors"),
        (counts.warnings, "warning", "warnings"),
        (counts.notes, "note", "notes"),
        (read.suppressed, "suppressed finding", "suppressed findings"),
        (read.baselined, "finding in the baseline", "findings in the baseline"),
    ];
    let totals = parts.into_iter().filter(|(number, ..)| *number > 0);
    let totals: Vec<_> = totals.map(|(number, one, many)| count(number, one, many)).collect();
    let totals = if totals.is_empty() { "no findings".to_owned() } else { totals.join(", ") };
    format!(
        "## netpol-lint: {totals}\n\nIn {}: {}, {}.\n",
        count(read.files, "file", "files"),
        count(read.policies, "policy", "policies"),
        count(read.workloads, "workload", "workloads"),
    )
}

/// How many findings each rule has, and how severe: the most severe first, then the most frequent.
fn table(report: &mut String, outcome: &Outcome) {
    let mut rows: BTreeMap<(Severity, &str), (usize, &Rule)> = BTreeMap::new();
    for finding in &outcome.findings {
        let row = rows.entry((finding.severity, finding.rule.id)).or_insert((0, finding.rule));
        row.0 += 1;
    }
    let mut rows: Vec<_> =
        rows.into_iter().map(|((severity, _), (number, rule))| (severity, number, rule)).collect();
    rows.sort_by(|a, b| (b.0, b.1, a.2.id).cmp(&(a.0, a.1, b.2.id)));
    if rows.is_empty() {
        return;
    }
    report.push_str("\n| findings | severity | rule | what is wrong |\n|--:|---|---|---|\n");
    for (severity, number, rule) in rows {
        let summary = rule.summary().split_whitespace().collect::<Vec<_>>().join(" ");
        let _ = writeln!(
            report,
            "| {number} | {} | [{}]({}) | {} |",
            severity.word(),
            rule.id,
            rule.url(),
            cell(&prose(&summary))
        );
    }
}

/// One finding: its message, the lines, and the details.
fn section(finding: &Finding, outcome: &Outcome) -> String {
    let sources = &outcome.sources;
    let mut out = format!(
        "\n**{}** [{}]({}), line {}: {}\n\n{}",
        finding.severity.word(),
        finding.rule.id,
        finding.rule.url(),
        sources.start(finding.place).line,
        prose(&finding.message),
        excerpt(sources, finding.place),
    );
    let mut items = Vec::new();
    if !finding.help.is_empty() {
        items.push(format!("Help: {}", prose(&finding.help)));
    }
    for related in &finding.related {
        let at = sources.start(related.span);
        let place = format!("{}:{}:{}", sources.get(related.span.source).path, at.line, at.column);
        items.push(format!("See {}: {}", code(&place), prose(&related.message)));
    }
    items.extend(
        finding.fixes.iter().map(|fix| format!("Fix: {}", prose(&details::fix_words(fix)))),
    );
    items.extend(
        details::bundles(finding, sources).map(|names| format!("Seen in: {}", code(&names))),
    );
    items.extend(details::unsure(finding));
    if !items.is_empty() {
        out.push('\n');
    }
    for item in items {
        let _ = writeln!(out, "- {item}");
    }
    out
}

/// The line of `place` with the lines around it, each with its number, in a fence that its contents
/// can't close.
fn excerpt(sources: &Sources, place: Span) -> String {
    let source = sources.get(place.source);
    let (text, index) = (source.text(), source.lines());
    let line = sources.start(place).line;
    let (first, last) = (line.saturating_sub(AROUND).max(1), (line + AROUND).min(index.len()));
    let digits = last.to_string().len();
    let mut lines = String::new();
    for number in first..=last {
        let start = index.line_start(number);
        let words = text.get(start..).and_then(|rest| rest.lines().next()).unwrap_or_default();
        if number != line && (words.trim().is_empty() || words.starts_with("---")) {
            continue;
        }
        let mark = if number == line { '>' } else { ' ' };
        let words = shown(words, if number == line { sources.start(place).column } else { 1 });
        let _ = writeln!(lines, "{}", format!("{mark} {number:digits$} | {words}").trim_end());
    }
    let fence = fence(&lines);
    format!("{fence}text\n{lines}{fence}\n")
}

/// A line, escaped and with its tabs as spaces; a long one is cut around `column`, counted from 1.
fn shown(line: &str, column: usize) -> String {
    let start = if column > WIDTH - WIDTH / 4 { column - WIDTH / 2 } else { 0 };
    let mut rest = line.chars().skip(start);
    let part: String = rest.by_ref().take(WIDTH).collect();
    let (before, after) =
        (if start > 0 { "…" } else { "" }, if rest.next().is_some() { "…" } else { "" });
    format!("{before}{}{after}", visible(&part.replace('\t', "    ")))
}

/// The suppressed findings with their reasons, if requested.
fn suppressed(report: &mut String, outcome: &Outcome) {
    let Some(list) = outcome.suppressed.as_ref().filter(|list| !list.is_empty()) else {
        return;
    };
    report.push_str("\n### Suppressed\n\n");
    for (i, suppressed) in list.iter().enumerate() {
        let line = suppressed_line(suppressed, &outcome.sources);
        if report.len() + line.len() > ROOM {
            let left = list.len() - i;
            let _ = writeln!(report, "\n{left} more not shown, to keep this report short.");
            return;
        }
        report.push_str(&line);
    }
}

fn suppressed_line(suppressed: &Suppressed, sources: &Sources) -> String {
    let finding = &suppressed.finding;
    let at = sources.start(finding.place);
    let place = format!("{}:{}:{}", sources.get(finding.place.source).path, at.line, at.column);
    let reason = match suppressed.reason.as_str() {
        "" => "no reason given".to_owned(),
        reason => prose(reason),
    };
    let (rule, url) = (finding.rule.id, finding.rule.url());
    format!("- {}: [{rule}]({url}): {} ({reason})\n", code(&place), prose(&finding.message))
}
