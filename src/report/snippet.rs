//! A few lines of a source with marks under them, drawn by miette.
//!
//! miette is only the renderer: its own named sources scan the whole file for every diagnostic,
//! so it is given an excerpt, cut by our line index and with everything inert that could steer a
//! terminal.

use std::fmt;

use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError,
    MietteSpanContents, Severity as MietteSeverity, SourceCode, SourceSpan, SpanContents,
};

use super::Look;
use crate::lint::Severity;
use crate::text::{LineIndex, Source, Span, visible};

/// A mark in a snippet: where, and what it says (nothing for the place of the finding itself).
pub(super) struct Mark {
    pub span: Span,
    pub message: Option<String>,
}

/// Lines shown before and after the marked ones.
const CONTEXT: usize = 1;
/// Characters of a line that are shown around its marks.
const WINDOW: usize = 160;
/// Characters shown before the first mark of a line that is too long to show whole.
const BEFORE: usize = 40;

/// Draws the marks, which lie in one source near one another.
pub(super) fn draw(source: &Source, marks: &[Mark], severity: Severity, look: &Look) -> String {
    let Some(excerpt) = Excerpt::cut(source, marks) else {
        return String::new();
    };
    let handler = GraphicalReportHandler::new_themed(theme(look))
        .with_width(look.width.max(40))
        .with_context_lines(CONTEXT)
        .with_links(false);
    let mut drawn = String::new();
    let picture = Picture { excerpt, severity };
    if handler.render_report(&mut drawn, &picture).is_err() {
        return String::new();
    }
    // Above the frame miette puts the message, which stands in our own header line.
    let is_frame = |line: &&str| line.contains('╭') || line.contains(",-");
    let from = drawn.lines().position(|line| is_frame(&line)).unwrap_or(0);
    let mut lines: Vec<String> = drawn
        .lines()
        .skip(from)
        .map(|line| line.trim_end().to_owned())
        .collect();
    if let Some(frame) = lines.first_mut() {
        close_frame(frame);
    }
    lines.join("\n").trim_end().to_owned()
}

/// Takes the place out of the frame's first line: it stands in our header line.
fn close_frame(frame: &mut String) {
    let Some(open) = frame
        .find('[')
        .filter(|at| !frame[..*at].ends_with('\u{1b}'))
    else {
        return;
    };
    let Some(close) = frame[open..].find(']').map(|at| open + at) else {
        return;
    };
    let rule = if frame.contains('╭') {
        "───"
    } else {
        "---"
    };
    frame.replace_range(open..=close, rule);
}

fn theme(look: &Look) -> GraphicalTheme {
    match (look.unicode, look.color) {
        (true, true) => GraphicalTheme::unicode(),
        (true, false) => GraphicalTheme::unicode_nocolor(),
        (false, true) => GraphicalTheme {
            styles: miette::ThemeStyles::ansi(),
            ..GraphicalTheme::ascii()
        },
        (false, false) => GraphicalTheme::none(),
    }
}

/// Some lines of a source, inert, with the marks at their places in them.
struct Excerpt {
    text: String,
    /// 0-based number of the first line.
    first: usize,
    labels: Vec<LabeledSpan>,
}

impl Excerpt {
    fn cut(source: &Source, marks: &[Mark]) -> Option<Self> {
        let (text, index) = (source.text(), source.lines());
        let line = |span: Span| index.line(span.start as usize);
        let first = marks
            .iter()
            .map(|mark| line(mark.span))
            .min()?
            .saturating_sub(CONTEXT)
            .max(1);
        let last = marks.iter().map(|mark| line(mark.span)).max()? + CONTEXT;
        let mut excerpt = Self {
            text: String::new(),
            first: first - 1,
            labels: Vec::new(),
        };
        // A text that ends with a line break has an empty last line, which shows nothing.
        let ends = text.ends_with('\n') && index.len() > 1;
        let until = if ends { index.len() - 1 } else { index.len() };
        let marked = marks
            .iter()
            .map(|mark| line(mark.span))
            .max()
            .unwrap_or(until);
        for number in first..=last.min(until.max(marked)) {
            let here: Vec<&Mark> = marks
                .iter()
                .filter(|mark| line(mark.span) == number)
                .collect();
            excerpt.add_line(text, index, number, &here);
        }
        Some(excerpt)
    }

    /// Adds one line, cut to a window around its marks where it is long.
    fn add_line(&mut self, text: &str, index: &LineIndex, number: usize, marks: &[&Mark]) {
        let start = index.line_start(number);
        let end = if number < index.len() {
            index.line_start(number + 1)
        } else {
            text.len()
        };
        let line = text
            .get(start..end)
            .unwrap_or_default()
            .trim_end_matches(['\n', '\r']);
        let first_mark = marks
            .iter()
            .map(|mark| mark.span.start as usize - start)
            .min();
        let window = window(line, first_mark.unwrap_or(0));
        if window.start > 0 {
            self.text.push('…');
        }
        let mut places: Vec<(usize, usize)> = Vec::new();
        for (at, c) in line[window.clone()].char_indices() {
            places.push((start + window.start + at, self.text.len()));
            let mut bytes = [0; 4];
            match c {
                '\t' => self.text.push_str("    "),
                _ => self.text.push_str(&visible(c.encode_utf8(&mut bytes))),
            }
        }
        places.push((start + window.end, self.text.len()));
        for mark in marks {
            self.mark(mark, &places);
        }
        if window.end < line.len() {
            self.text.push('…');
        }
        self.text.push('\n');
    }

    fn mark(&mut self, mark: &Mark, places: &[(usize, usize)]) {
        let shown = |byte: u32| {
            let at = places.partition_point(|(source, _)| *source < byte as usize);
            places
                .get(at)
                .or(places.last())
                .map_or(0, |(_, shown)| *shown)
        };
        let (from, to) = (shown(mark.span.start), shown(mark.span.end));
        self.labels.push(LabeledSpan::new(
            mark.message.clone(),
            from,
            to.saturating_sub(from).max(1),
        ));
    }
}

/// The part of a line that is shown, in bytes.
fn window(line: &str, mark: usize) -> std::ops::Range<usize> {
    if line.chars().take(WINDOW + 1).count() <= WINDOW {
        return 0..line.len();
    }
    let before = line.get(..mark).unwrap_or_default();
    let start = before
        .char_indices()
        .rev()
        .take(BEFORE)
        .last()
        .map_or(mark, |(at, _)| at);
    let start = if before.chars().take(WINDOW / 2 + 1).count() <= WINDOW / 2 {
        0
    } else {
        start
    };
    let shown = &line[start..];
    let end = shown
        .char_indices()
        .nth(WINDOW)
        .map_or(line.len(), |(at, _)| start + at);
    start..end
}

impl SourceCode for Excerpt {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let contents = self.text.read_span(span, before, after)?;
        Ok(Box::new(MietteSpanContents::new(
            contents.data(),
            *contents.span(),
            contents.line() + self.first,
            contents.column(),
            contents.line_count(),
        )))
    }
}

/// What miette wants to be given.
struct Picture {
    excerpt: Excerpt,
    severity: Severity,
}

impl fmt::Debug for Picture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Picture")
    }
}

impl fmt::Display for Picture {
    fn fmt(&self, _f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ok(())
    }
}

impl std::error::Error for Picture {}

impl Diagnostic for Picture {
    fn severity(&self) -> Option<MietteSeverity> {
        Some(match self.severity {
            Severity::Error => MietteSeverity::Error,
            Severity::Warning => MietteSeverity::Warning,
            Severity::Note => MietteSeverity::Advice,
        })
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.excerpt)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.excerpt.labels.iter().cloned()))
    }
}
