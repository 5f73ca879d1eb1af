//! Errors in a configuration, and where they are.

use std::fmt;
use std::ops::Range;

use crate::text::{LineIndex, visible};

/// An error in a configuration, and where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// The file's path, as shown to users.
    pub path: String,
    /// The line, counted from 1.
    pub line: usize,
    /// The column, counted from 1, in characters.
    pub column: usize,
    /// What is wrong, in a sentence.
    pub message: String,
    /// The line itself, and how many of its characters are marked; `None` if it is not shown.
    excerpt: Option<(String, usize)>,
}

impl Error {
    /// An error at the bytes `span` of `text`.
    pub(super) fn new(path: &str, text: &str, span: Range<usize>, message: String) -> Self {
        let index = LineIndex::new(text);
        let at = index.position(text, span.start);
        let start = index.line_start(at.line);
        let line = text.get(start..).and_then(|rest| rest.lines().next()).unwrap_or_default();
        let marked = text.get(span.start..span.end.min(start + line.len()));
        let width = marked.map_or(1, |marked| marked.chars().count().max(1));
        let excerpt = Some((line.to_owned(), width));
        Self { path: path.to_owned(), line: at.line, column: at.column, message, excerpt }
    }

    /// Shows no line of the file, because it may be outside the repository.
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
        // A tab counts as one column in the position, so it is one column here too: the marks stay
        // aligned.
        let text = text.replace('\t', " ");
        let gutter = line.to_string();
        writeln!(f, "  {gutter} | {}", visible(&text))?;
        let before = " ".repeat(column - 1);
        write!(f, "  {} | {before}{}", " ".repeat(gutter.len()), "^".repeat(*width))
    }
}

impl std::error::Error for Error {}
