//! JSON Lines: one finding per line, in the form of the JSON report, for `grep` and `jq` and for
//! readers that process a stream.

use std::io::{self, Write};

use super::json::{Entry, SuppressedEntry};
use super::{Look, inert};
use crate::Outcome;

/// Writes one line for each finding, then one for each suppressed finding.
///
/// # Errors
/// Any error of `out`.
pub fn write(out: &mut dyn Write, outcome: &Outcome, _look: &Look) -> io::Result<()> {
    for finding in &outcome.findings {
        inert::line(out, &Entry::of(finding, &outcome.sources))?;
    }
    for suppressed in outcome.suppressed.iter().flatten() {
        inert::line(out, &SuppressedEntry::of(suppressed, &outcome.sources))?;
    }
    Ok(())
}
