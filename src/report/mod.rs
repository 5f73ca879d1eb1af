//! Findings to text: one file per format, each writing only through the writer it is given.

pub mod closing;
pub mod concise;
pub mod json;
#[cfg(feature = "cli")]
mod snippet;
#[cfg(feature = "cli")]
pub mod text;

use std::path::{Path, PathBuf};

use crate::Outcome;
use crate::lint::Severity;
use crate::text::visible;

/// How a report for people looks.
#[derive(Clone, Debug)]
pub struct Look {
    /// With colours.
    pub color: bool,
    /// Columns of the terminal.
    pub width: usize,
    /// With characters beyond ASCII for lines and marks.
    pub unicode: bool,
    /// The directory that paths are shown relative to.
    pub cwd: PathBuf,
}

impl Look {
    /// A reported path as it is typed from the working directory, inert.
    pub fn path(&self, root: &Path, path: &str) -> String {
        if path.starts_with('<') {
            return path.to_owned();
        }
        let absolute = root.join(path);
        let shown = match absolute.strip_prefix(&self.cwd) {
            Ok(below) => below.to_string_lossy().into_owned(),
            Err(_) => match above(&self.cwd, root) {
                Some(up) => format!("{up}{path}"),
                None => absolute.to_string_lossy().into_owned(),
            },
        };
        visible(&shown).into_owned()
    }
}

/// The way from a directory up to the root it lies in: `../../`.
fn above(cwd: &Path, root: &Path) -> Option<String> {
    let below = cwd.strip_prefix(root).ok()?;
    Some("../".repeat(below.components().count()))
}

/// How many findings there are of each severity.
pub(crate) fn count(outcome: &Outcome, severity: Severity) -> usize {
    outcome
        .findings
        .iter()
        .filter(|finding| finding.severity == severity)
        .count()
}
