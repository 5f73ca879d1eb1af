//! Adjacent lines of a source as they are drawn: escaped, cut to the available width, with the
//! marked places adjusted.
//!
//! The drawing only ever sees the excerpt, so its cost does not depend on the size of the file; the
//! source's index finds the lines.

use std::ops::{Range, RangeInclusive};

use miette::{
    Diagnostic, LabeledSpan, MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents,
};

use super::prose;
use crate::text::{Source, Span, visible};

/// The columns of a tab.
const TAB: usize = 4;

/// The columns of the hook before the words under a mark.
const HOOK: usize = 4;

/// The narrowest space for words under a mark; with less, they are listed below.
const NARROWEST_WORDS: usize = 24;

/// A place to mark in a drawing.
#[derive(Clone, Copy, Debug)]
pub struct Mark<'a> {
    /// The line it begins on, counted from 1.
    pub line: usize,
    /// Where it is.
    pub span: Span,
    /// The words under it; `None` for the primary place, whose message is in the header.
    pub words: Option<&'a str>,
}

/// Some lines, ready to draw.
#[derive(Debug, Default)]
pub struct Excerpt<'a> {
    text: String,
    /// The number of the first line, counted from 0.
    first: usize,
    lines: usize,
    labels: Vec<LabeledSpan>,
    /// The marks without room for themselves or their words: too far away on a long line,
    /// overlapping, or at its end.
    pub left_over: Vec<Mark<'a>>,
}

/// The part of a line that is shown, and its width.
struct Cut<'a> {
    line: &'a str,
    shown: Range<usize>,
    dots: &'static str,
    width: usize,
}

impl<'a> Excerpt<'a> {
    /// The `lines` of `source`, counted from 1, with `marks`, each line at most `width` columns
    /// wide.
    pub fn new(
        source: &Source,
        lines: RangeInclusive<usize>,
        marks: &[Mark<'a>],
        width: usize,
        dots: &'static str,
    ) -> Self {
        let mut excerpt = Self { first: lines.start() - 1, ..Self::default() };
        for number in lines {
            let (start, line) = line_of(source, number);
            let here: Vec<_> = marks
                .iter()
                .filter(|mark| mark.line == number)
                .map(|mark| (*mark, within(line, start, mark.span)))
                .collect();
            let shown = window(line, focus(&here), width, dots.chars().count());
            excerpt.push(&Cut { line, shown, dots, width }, here);
        }
        excerpt
    }

    /// The number of the last line, counted from 0.
    pub fn last(&self) -> usize {
        self.first + self.lines.saturating_sub(1)
    }

    /// For each label, in the order of the text, whether it is the primary one.
    pub fn are_primary(&self) -> impl Iterator<Item = bool> {
        self.labels.iter().map(|label| label.primary())
    }

    fn push(&mut self, cut: &Cut<'_>, mut marks: Vec<(Mark<'a>, Range<usize>)>) {
        marks.sort_by_key(|(mark, range)| (range.start, range.end, mark.words.is_some()));
        let mut column = 0;
        if cut.shown.start > 0 {
            self.push_inert(cut.dots, &mut column);
        }
        let mut at = cut.shown.start;
        for (mark, range) in self.with_room(&cut.shown, marks) {
            self.push_inert(&cut.line[at..range.start], &mut column);
            let (start, from) = (self.text.len(), column);
            self.push_inert(&cut.line[range.clone()], &mut column);
            // Words hang from the middle of their mark.
            let hook = (from + column.max(from + 1)) / 2 + HOOK;
            self.label(mark, start..self.text.len(), cut.width.saturating_sub(hook));
            at = range.end;
        }
        self.push_inert(&cut.line[at..cut.shown.end], &mut column);
        if cut.shown.end < cut.line.len() {
            self.push_inert(cut.dots, &mut column);
        }
        self.text.push('\n');
        self.lines += 1;
    }

    /// The marks that fit into the window, in order, cut to it. Of several that overlap, the
    /// primary one is kept, or else the first.
    fn with_room(
        &mut self,
        shown: &Range<usize>,
        marks: Vec<(Mark<'a>, Range<usize>)>,
    ) -> Vec<(Mark<'a>, Range<usize>)> {
        let primary = marks.iter().find(|(mark, _)| mark.words.is_none()).map(|(_, r)| r.clone());
        let mut kept: Vec<(Mark<'a>, Range<usize>)> = Vec::new();
        for (mark, range) in marks {
            let after_last = kept.last().is_none_or(|(_, last)| last.end <= range.start);
            let beside_primary = mark.words.is_none()
                || primary.as_ref().is_none_or(|p| p.end <= range.start || range.end <= p.start);
            let inside = shown.start <= range.start && range.start <= shown.end;
            if after_last && beside_primary && inside {
                let end = range.end.min(shown.end);
                kept.push((mark, range.start..end));
            } else {
                self.left_over.push(mark);
            }
        }
        kept
    }

    /// Marks `range`, with the words of `mark` in lines of at most `room` columns.
    fn label(&mut self, mark: Mark<'a>, range: Range<usize>, room: usize) {
        let span = SourceSpan::from((range.start, range.len()));
        let Some(words) = mark.words.map(visible) else {
            return self.labels.push(LabeledSpan::new_primary_with_span(None, span));
        };
        let lines = prose::wrap(&words, room.max(NARROWEST_WORDS));
        let fits = lines.iter().all(|line| prose::columns(line) <= room);
        if !fits {
            self.left_over.push(mark);
        }
        self.labels.push(LabeledSpan::new_with_span(fits.then(|| lines.join("\n")), span));
    }

    /// Appends `text`, escaped and with its tabs as spaces.
    fn push_inert(&mut self, text: &str, column: &mut usize) {
        for (i, part) in text.split('\t').enumerate() {
            if i > 0 {
                let spaces = TAB - *column % TAB;
                self.text.extend(std::iter::repeat_n(' ', spaces));
                *column += spaces;
            }
            let inert = visible(part);
            *column += prose::columns(&inert);
            self.text.push_str(&inert);
        }
    }
}

/// Line `number` of `source`, counted from 1, without its line break, and the byte it begins at.
fn line_of(source: &Source, number: usize) -> (usize, &str) {
    let (text, index) = (source.text(), source.lines());
    let start = index.line_start(number);
    let end = if number < index.len() { index.line_start(number + 1) } else { text.len() };
    let line = text.get(start..end).unwrap_or("");
    let line = line.strip_suffix('\n').unwrap_or(line);
    (start, line.strip_suffix('\r').unwrap_or(line))
}

/// Whether line `number`, counted from 1, is outside the document.
pub fn is_border(source: &Source, number: usize) -> bool {
    let (_, line) = line_of(source, number);
    line.trim().is_empty() || line.starts_with("---") || line.starts_with("...")
}

/// `span` in bytes of `line`, which begins at byte `start` of its source. A continuation on the
/// next lines is cut off; a file that has changed since it was read is handled.
fn within(line: &str, start: usize, span: Span) -> Range<usize> {
    let from = border(line, (span.start as usize).saturating_sub(start));
    let to = border(line, (span.end as usize).saturating_sub(start));
    from..to.max(from)
}

/// The last character boundary of `line` up to byte `at`.
fn border(line: &str, at: usize) -> usize {
    (0..=at.min(line.len())).rev().find(|&at| line.is_char_boundary(at)).unwrap_or(0)
}

/// The part of a line that must be visible: its primary mark, or its first, or its beginning.
fn focus(marks: &[(Mark<'_>, Range<usize>)]) -> Range<usize> {
    let first = || marks.iter().min_by_key(|(_, range)| range.start);
    let primary = marks.iter().find(|(mark, _)| mark.words.is_none());
    primary.or_else(first).map_or(0..0, |(_, range)| range.clone())
}

/// The part of `line` that is shown: all of it if it fits, otherwise as much around `focus` as fits
/// next to `dots` columns at either end. Only the shown part is looked at.
fn window(line: &str, focus: Range<usize>, width: usize, dots: usize) -> Range<usize> {
    if ahead(line, 0, width) == line.len() {
        return 0..line.len();
    }
    let room = width.saturating_sub(2 * dots).max(1);
    let end = ahead(line, focus.start, room).min(focus.end.max(focus.start));
    let rest = room.saturating_sub(columns(&line[focus.start..end]));
    let start = behind(line, focus.start, rest / 2);
    let end = ahead(line, end, rest - columns(&line[start..focus.start]).min(rest));
    let start = behind(line, start, room.saturating_sub(columns(&line[start..end])));
    start..end
}

/// How far `room` columns reach forward from byte `at`.
fn ahead(line: &str, at: usize, mut room: usize) -> usize {
    for (i, c) in line[at..].char_indices() {
        match room.checked_sub(shown_width(c)) {
            Some(left) => room = left,
            None => return at + i,
        }
    }
    line.len()
}

/// How far `room` columns reach backward from byte `at`.
fn behind(line: &str, at: usize, mut room: usize) -> usize {
    for (i, c) in line[..at].char_indices().rev() {
        match room.checked_sub(shown_width(c)) {
            Some(left) => room = left,
            None => return i + c.len_utf8(),
        }
    }
    0
}

fn columns(text: &str) -> usize {
    text.chars().map(shown_width).sum()
}

/// The most columns that a character takes once it is escaped.
fn shown_width(c: char) -> usize {
    if c == '\t' {
        return TAB;
    }
    prose::columns(&visible(c.encode_utf8(&mut [0; 4])))
}

impl SourceCode for Excerpt<'_> {
    /// Always the whole excerpt: the lines around a place are already chosen.
    fn read_span<'b>(
        &'b self,
        _span: &SourceSpan,
        _before: usize,
        _after: usize,
    ) -> Result<Box<dyn SpanContents<'b> + 'b>, MietteError> {
        let all = SourceSpan::from((0, self.text.len()));
        let bytes = self.text.as_bytes();
        Ok(Box::new(MietteSpanContents::new(bytes, all, self.first, 0, self.lines)))
    }
}

/// The excerpt as a diagnostic without a message of its own.
impl Diagnostic for Excerpt<'_> {
    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(self)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.labels.iter().cloned()))
    }
}

impl std::error::Error for Excerpt<'_> {}

impl std::fmt::Display for Excerpt<'_> {
    fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        Ok(())
    }
}
