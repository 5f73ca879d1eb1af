//! One line per finding, for editors, `grep` and build logs.

use std::io::{self, Write};

use super::paint::verdict;
use super::{Look, path};
use crate::Outcome;
use crate::text::visible;

/// Writes `path:line:col: severity[rule]: message` for each finding.
///
/// # Errors
/// Any error of `out`.
pub fn write(out: &mut dyn Write, outcome: &Outcome, look: &Look) -> io::Result<()> {
    for finding in &outcome.findings {
        let place = path::place(outcome, look, finding.place);
        writeln!(out, "{place}: {}: {}", verdict(look, finding), visible(&finding.message))?;
    }
    for suppressed in outcome.suppressed.iter().flatten() {
        let finding = &suppressed.finding;
        let place = path::place(outcome, look, finding.place);
        let reason = match suppressed.reason.as_str() {
            "" => String::new(),
            reason => format!(" ({})", visible(reason)),
        };
        let (verdict, message) = (verdict(look, finding), visible(&finding.message));
        writeln!(out, "{place}: suppressed {verdict}: {message}{reason}")?;
    }
    Ok(())
}
