//! `netpol-lint rule`: the table of all rules, or the page of one.

use std::io::{self, Write};

use serde_json::{Value, json};
use textwrap::Options;

use crate::lint::Rule;

use super::page::Page;
use super::terminal::Terminal;
use super::{CLEAN, Failure};

const HEADINGS: [&str; 4] = ["rule", "severity", "on", "what it says"];
/// The narrowest column for a summary; below that it goes on the next line.
const NARROW: usize = 30;

/// Prints the page of `rule`.
pub(super) fn page(rule: &Rule, terminal: &Terminal, out: &mut dyn Write) -> Result<u8, Failure> {
    let page = Page::new(terminal.prose(), terminal.color()).render(rule.page);
    writeln!(out, "{page}\n\n{}", rule.url())?;
    Ok(CLEAN)
}

/// Prints `rules` as a JSON document.
pub(super) fn json(rules: &[&Rule], out: &mut dyn Write) -> Result<u8, Failure> {
    let rules: Vec<Value> = rules
        .iter()
        .map(|rule| {
            json!({
                "id": rule.id,
                "severity": rule.severity.word(),
                "confidence": rule.confidence.word(),
                "pedantic": rule.pedantic,
                "summary": summary(rule),
                "page": rule.page,
                "url": rule.url(),
            })
        })
        .collect();
    let document = serde_json::to_string_pretty(&rules).map_err(io::Error::from)?;
    writeln!(out, "{document}")?;
    Ok(CLEAN)
}

/// A rule's summary on one line: in its page it may be wrapped.
fn summary(rule: &Rule) -> String {
    rule.summary().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Prints the table of `rules`.
pub(super) fn table(
    rules: &[&Rule],
    terminal: &Terminal,
    out: &mut dyn Write,
) -> Result<u8, Failure> {
    let width = rules.iter().map(|rule| rule.id.len()).max().unwrap_or(0).max(HEADINGS[0].len());
    let bold = if terminal.color() { anstyle::Style::new().bold() } else { anstyle::Style::new() };
    let [rule, severity, on, says] = HEADINGS;
    writeln!(out, "{bold}{rule:width$}  {severity:8}  {on:8}  {says}{bold:#}")?;
    for rule in rules {
        row(rule, width, terminal.columns(), out)?;
    }
    Ok(CLEAN)
}

fn row(rule: &Rule, width: usize, columns: Option<usize>, out: &mut dyn Write) -> io::Result<()> {
    let on = if rule.pedantic { "pedantic" } else { "default" };
    let start = format!("{:width$}  {:8}  {on:8}", rule.id, rule.severity.word());
    let summary = summary(rule);
    let Some(columns) = columns else {
        // One line per rule, for `grep`.
        return writeln!(out, "{start}  {summary}");
    };
    let room = columns.saturating_sub(start.len() + 2);
    if room < NARROW {
        writeln!(out, "{start}")?;
        let below = Options::new(columns.max(NARROW)).initial_indent("    ");
        return writeln!(out, "{}", textwrap::fill(&summary, below.subsequent_indent("    ")));
    }
    let lines = textwrap::wrap(&summary, room);
    let mut start = start.as_str();
    let blank = " ".repeat(start.len());
    for line in &lines {
        writeln!(out, "{start}  {line}")?;
        start = &blank;
    }
    if lines.is_empty() { writeln!(out, "{start}") } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::{Check, Confidence, Severity};

    fn rules() -> [Rule; 2] {
        let rule = |id, pedantic, page| {
            let (severity, confidence) = (Severity::Warning, Confidence::High);
            Rule { id, severity, confidence, pedantic, page, check: Check::Run }
        };
        [
            rule("split-peer", false, "# split-peer\n\nTwo peers that are\none.\n\nMore."),
            rule("x", true, "# x\n\nSays `y` to whoever may be listening to it, at length.\n"),
        ]
    }

    fn printed(columns: Option<usize>) -> String {
        let [a, b] = rules();
        let mut out = Vec::new();
        table(&[&a, &b], &Terminal::plain(columns), &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn columns_are_aligned_and_a_pipe_gets_one_line_a_rule() {
        assert_eq!(
            printed(None),
            "rule        severity  on        what it says\n\
             split-peer  warning   default   Two peers that are one.\n\
             x           warning   pedantic  Says `y` to whoever may be listening to it, at length.\n"
        );
    }

    #[test]
    fn summaries_fit_the_terminal() {
        for columns in [20, 40, 64, 80] {
            let widest = printed(Some(columns)).lines().skip(1).map(str::len).max();
            assert!(widest <= Some(columns.max(32)), "{columns}: {widest:?}");
        }
    }
}
