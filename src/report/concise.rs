//! One line a finding, for editors and for grep.

use std::io::{self, Write};

use super::Look;
use crate::Outcome;
use crate::lint::Finding;

/// Writes one line a finding: `path:line:column: severity[rule]: message`.
///
/// # Errors
/// Those of the writer.
pub fn write(out: &mut dyn Write, outcome: &Outcome, look: &Look) -> io::Result<()> {
    for finding in &outcome.findings {
        writeln!(out, "{}", line(outcome, finding, look))?;
    }
    Ok(())
}

/// The line of one finding.
pub(super) fn line(outcome: &Outcome, finding: &Finding, look: &Look) -> String {
    let position = outcome.sources.start(finding.place);
    let path = &outcome.sources.get(finding.place.source).path;
    format!(
        "{}:{}:{}: {}[{}]: {}",
        look.path(&outcome.root, path),
        position.line,
        position.column,
        finding.severity.word(),
        finding.rule.id,
        crate::text::visible(&finding.message)
    )
}
