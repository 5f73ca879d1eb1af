//! Texts and places in them: sources, byte spans, and lines and columns for people.
//!
//! This module does not know YAML. A [`Span`] is the only name for a place in every later stage; it
//! becomes a line and a column only when a report asks [`Sources`] for them.

mod lines;
pub mod markdown;
mod visible;

pub use lines::{LineIndex, Position};
pub use visible::visible;

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use crate::repo::{Repo, Role};

/// Identifies one source of a run. Ids follow the order of the sorted paths, so they are the same
/// whatever the thread count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId(pub u32);

/// A byte range in one source: 12 bytes, `Copy`. `start <= end`; both are on character boundaries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The source.
    pub source: SourceId,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// A span of `source` from byte `start` up to `end`, exclusive.
    pub fn new(source: SourceId, start: usize, end: usize) -> Self {
        let start = u32::try_from(start).unwrap_or(u32::MAX);
        let end = u32::try_from(end).unwrap_or(u32::MAX);
        Self { source, start, end }
    }

    /// The empty span at the start of this one.
    pub fn at_start(self) -> Self {
        Self { end: self.start, ..self }
    }

    /// Whether this span contains `other`, in the same source.
    pub fn contains(self, other: Span) -> bool {
        self.source == other.source && self.start <= other.start && other.end <= self.end
    }
}

/// Where a text comes from. Fixes edit only files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A file; the path to open it with.
    File(PathBuf),
    /// Standard input.
    Stdin,
}

/// One text of a run and the path it is reported under.
#[derive(Debug)]
pub struct Source {
    /// The path in reports: relative to the repository root, with `/` on every platform.
    pub path: String,
    /// Where the text comes from.
    pub origin: Origin,
    text: OnceLock<Arc<str>>,
    lines: OnceLock<LineIndex>,
}

impl Source {
    /// A file whose text is read when it is first asked for.
    pub fn file(path: String, open: PathBuf) -> Self {
        Self { path, origin: Origin::File(open), text: OnceLock::new(), lines: OnceLock::new() }
    }

    /// Standard input, whose text is kept once it is read.
    pub fn stdin(path: String) -> Self {
        Self { path, origin: Origin::Stdin, text: OnceLock::new(), lines: OnceLock::new() }
    }

    /// A text that is already in memory.
    pub fn with_text(path: String, origin: Origin, text: Arc<str>) -> Self {
        let cell = OnceLock::new();
        let _ = cell.set(text);
        Self { path, origin, text: cell, lines: OnceLock::new() }
    }

    /// Keeps the text, so that it is not read again. Later calls have no effect.
    pub fn keep_text(&self, text: Arc<str>) {
        let _ = self.text.set(text);
    }

    /// The text. A file whose text was dropped after the search is read again; if it is gone by
    /// then, the text is empty.
    pub fn text(&self) -> &Arc<str> {
        self.text.get_or_init(|| match &self.origin {
            Origin::File(path) => {
                let mut bytes = Vec::new();
                // Spans are 32-bit.
                match crate::repo::read_met(path, u64::from(u32::MAX), &mut bytes) {
                    Ok(()) => Arc::from(String::from_utf8_lossy(&bytes)),
                    Err(_) => Arc::from(""),
                }
            }
            Origin::Stdin => Arc::from(""),
        })
    }

    /// The index of line starts of [`Source::text`], built once.
    pub fn lines(&self) -> &LineIndex {
        self.lines.get_or_init(|| LineIndex::new(self.text()))
    }
}

/// All sources of a run.
#[derive(Debug, Default)]
pub struct Sources {
    sources: Vec<Source>,
}

impl Sources {
    /// One source for each file of a repository, in their order: the id of a file's source is the
    /// file's position.
    pub fn of(repo: &Repo) -> Self {
        let mut sources = Self::default();
        for file in &repo.files {
            sources.add(match file.role {
                Role::Stdin => Source::stdin(file.path.clone()),
                _ => Source::file(file.path.clone(), file.open.clone()),
            });
        }
        sources
    }

    /// Adds a source and returns its id.
    pub fn add(&mut self, source: Source) -> SourceId {
        let id = SourceId(u32::try_from(self.sources.len()).unwrap_or(u32::MAX));
        self.sources.push(source);
        id
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.sources.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.sources.is_empty()
    }

    /// Every source with its id, in order.
    pub fn iter(&self) -> impl Iterator<Item = (SourceId, &Source)> {
        self.sources.iter().enumerate().map(|(i, s)| (SourceId(i as u32), s))
    }

    /// The source with that id. Only [`Sources::add`] creates ids, so it exists.
    pub fn get(&self, id: SourceId) -> &Source {
        &self.sources[id.0 as usize]
    }

    /// Where `span` begins, for people: 1-based line and column.
    pub fn start(&self, span: Span) -> Position {
        let source = self.get(span.source);
        source.lines().position(source.text(), span.start as usize)
    }

    /// Where `span` ends (exclusive), for people: 1-based line and column.
    pub fn end(&self, span: Span) -> Position {
        let source = self.get(span.source);
        source.lines().position(source.text(), span.end as usize)
    }

    /// The text of `span`; empty if the file has changed since it was read.
    pub fn slice(&self, span: Span) -> &str {
        self.get(span.source).text().get(span.start as usize..span.end as usize).unwrap_or("")
    }
}
