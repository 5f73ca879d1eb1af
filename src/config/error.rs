//! What is wrong with a configuration, and where.

use std::fmt;
use std::ops::Range;

use crate::text::{LineIndex, visible};

/// What is wrong with a configuration, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// The file, as people call it.
    pub path: String,
    /// 1-based.
    pub line: usize,
    /// 1-based, in characters.
    pub column: usize,
    /// What is wrong, in a sentence.
    pub message: String,
    /// The line itself, and how many of its characters are meant; none where it is not shown.
    excerpt: Option<(String, usize)>,
}

impl Error {
    /// What is wrong with the bytes `span` of `text`.
    pub(super) fn new(path: &str, text: &str, span: Range<usize>, message: String) -> Self {
        let index = LineIndex::new(text);
        let at = index.position(text, span.start);
        let start = index.line_start(at.line);
        let line = text.get(start..).and_then(|rest| rest.lines().next()).unwrap_or_default();
        let meant = text.get(span.start..span.end.min(start + line.len()));
        let width = meant.map_or(1, |meant| meant.chars().count().max(1));
        let excerpt = Some((line.to_owned(), width));
        Self { path: path.to_owned(), line: at.line, column: at.column, message, excerpt }
    }

    /// Shows no line of the file: for one that is not the repository's.
    pub fn without_excerpt(self) -> Self {
        Self { excerpt: None, ..self }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, line, column, message, excerpt } = self;
        write!(f, "{}:{line}:{column}: {}", visible(path), visible(message))?;
        let Some((text, width)) = excerpt else { return Ok(()) };
        writeln!(f)?;
        // A tab is one column here as it is in the place above, so that the marks stay below.
        let text = text.replace('\t', " ");
        let gutter = line.to_string();
        writeln!(f, "  {gutter} | {}", visible(&text))?;
        let before = " ".repeat(column - 1);
        write!(f, "  {} | {before}{}", " ".repeat(gutter.len()), "^".repeat(*width))
    }
}

impl std::error::Error for Error {}
