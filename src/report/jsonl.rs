//! JSON Lines: one finding per line, of the same form as in the JSON report, for `grep` and `jq`
//! and for readers that do not wait for the end.

use std::io::{self, Write};

use super::json::{Entry, SuppressedEntry};
use super::{Look, inert};
use crate::Outcome;

/// Writes one line for each finding, then for each that is suppressed.
///
/// # Errors
/// Those of `out`.
pub fn write(out: &mut dyn Write, outcome: &Outcome, _look: &Look) -> io::Result<()> {
    for finding in &outcome.findings {
        inert::line(out, &Entry::of(finding, &outcome.sources))?;
    }
    for suppressed in outcome.suppressed.iter().flatten() {
        inert::line(out, &SuppressedEntry::of(suppressed, &outcome.sources))?;
    }
    Ok(())
}
