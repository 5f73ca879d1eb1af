//! Annotations on GitHub, as workflow commands in the log:
//! <https://docs.github.com/actions/reference/workflow-commands-for-github-actions>.

use std::io::{self, Write};

use super::{Look, details};
use crate::Outcome;
use crate::lint::{Finding, Severity};
use crate::text::visible;

/// How many annotations of each level GitHub shows per step; it silently drops the rest.
const SHOWN: usize = 10;

/// Writes a command for each of the first findings of each severity, and a line that counts the
/// rest. Suppressed findings are not annotated.
///
/// # Errors
/// Any error of `out`.
pub fn write(out: &mut dyn Write, outcome: &Outcome, _look: &Look) -> io::Result<()> {
    for severity in [Severity::Error, Severity::Warning, Severity::Note] {
        let findings = outcome.findings.iter().filter(|finding| finding.severity == severity);
        let findings: Vec<_> = findings.collect();
        for finding in findings.iter().take(SHOWN) {
            writeln!(out, "{}", command(finding, outcome))?;
        }
        let more = findings.len().saturating_sub(SHOWN);
        if more > 0 {
            let word = severity.word();
            writeln!(
                out,
                "{more} more of severity {word} not shown: GitHub shows {SHOWN} annotations per \
                 level."
            )?;
        }
    }
    Ok(())
}

fn command(finding: &Finding, outcome: &Outcome) -> String {
    let at = details::region(&outcome.sources, finding.place);
    let level = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    };
    let path = &outcome.sources.get(finding.place.source).path;
    let mut lines = vec![details::message(finding)];
    lines.extend(details::lines(finding, outcome));
    lines.push(finding.rule.url());
    format!(
        "::{level} file={},line={},endLine={},col={},endColumn={},title={}::{}",
        property(&visible(path)),
        at.line,
        at.line,
        at.column,
        at.end_column,
        property(&format!("netpol-lint: {}", finding.rule.id)),
        data(&lines.join("\n")),
    )
}

/// As `escapeData` of the Actions toolkit does.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// As `escapeProperty` of the Actions toolkit does.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
