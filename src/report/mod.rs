//! Findings to text: one file per format, each of which writes only to the writer it is given.
//!
//! No format decides what is reported; all of them show the same findings in the same order.
//! Everything from a manifest (names, lines, paths) is escaped before it is written.

pub mod by_rule;
pub mod checkstyle;
pub mod closing;
pub mod concise;
pub mod connections;
mod details;
#[cfg(feature = "cli")]
mod excerpt;
pub mod github;
pub mod gitlab;
mod inert;
pub mod inventory;
pub mod json;
pub mod jsonl;
pub mod junit;
pub mod markdown;
mod paint;
pub mod path;
mod prose;
pub mod sarif;
#[cfg(feature = "cli")]
pub mod text;
mod words;
mod xml;

pub use inert::document;

use std::path::PathBuf;

use crate::lint::{Finding, Severity};
use crate::text::Sources;

/// What a report looks like; machine-readable formats ignore it.
#[derive(Clone, Debug)]
pub struct Look {
    /// Whether to use ANSI colors.
    pub color: bool,
    /// The available columns. What must not be broken (paths, messages) may be longer.
    pub width: usize,
    /// Whether a person reads it on a terminal: then lines that programs read as one (headers,
    /// totals) are wrapped at words, before the terminal wraps them anywhere.
    pub wrap: bool,
    /// Whether to draw with more than ASCII.
    pub unicode: bool,
    /// The working directory, to which the paths in text are relative.
    pub cwd: PathBuf,
    /// Whether the terminal supports hyperlinks; rule ids then link to their pages.
    pub links: bool,
}

/// The most important words, styled as the look says.
#[cfg(feature = "cli")]
pub fn strong(look: &Look, text: &str) -> String {
    paint::paint(look, paint::Ink::Strong, text)
}

/// How many findings there are of each severity.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    errors: usize,
    warnings: usize,
    notes: usize,
}

impl Counts {
    fn of(findings: &[Finding]) -> Self {
        let mut counts = Self::default();
        for finding in findings {
            *match finding.severity {
                Severity::Error => &mut counts.errors,
                Severity::Warning => &mut counts.warnings,
                Severity::Note => &mut counts.notes,
            } += 1;
        }
        counts
    }
}

/// The findings of each path, both in the order of the report.
fn by_file<'a>(findings: &'a [Finding], sources: &'a Sources) -> Vec<(&'a str, Vec<&'a Finding>)> {
    let path = |finding: &Finding| sources.get(finding.place.source).path.as_str();
    let files = findings.chunk_by(|a, b| path(a) == path(b));
    files.map(|file| (path(&file[0]), file.iter().collect())).collect()
}
