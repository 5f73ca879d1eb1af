//! For people: a header that terminals and editors can click, the lines that it is about, and the
//! help.
//!
//! ```text
//! policies/frontend.yaml:12:3: error[missing-dns-egress]: pods of `frontend` can't ask for names
//!  11 │   policyTypes: [Egress]
//!  12 │   egress:
//!     ·   ──────
//!  13 │     - to:
//!     ├─ apps/frontend.yaml:4:9
//!   4 │   name: frontend
//!     ·         ───┬────
//!     ·            ╰── this Deployment
//!     ╰─ help: allow port 53
//! ```
//!
//! miette draws the lines with their marks; the frame around them, which connects the places of one
//! finding, is drawn here.

use std::io::{self, Write};
use std::ops::RangeInclusive;

use miette::{GraphicalReportHandler, GraphicalTheme, ThemeCharacters, ThemeStyles};

use super::excerpt::{Excerpt, Mark, is_border};
use super::paint::{Ink, paint, verdict};
use super::prose::{self, columns, lay, wrap};
use super::{Look, details, path};
use crate::Outcome;
use crate::lint::{Confidence, Finding, Safety, Severity};
use crate::text::{Source, SourceId, visible};
use crate::triage::Suppressed;

/// How many related places are drawn; the others are listed in a line each.
const DRAWN: usize = 5;

/// The narrowest column for a source line, however narrow the terminal.
const NARROWEST: usize = 40;

/// The widest column for a help, however wide the terminal: longer lines are hard to read.
const WIDEST: usize = 100;

/// The indentation of a header's continuation lines.
const INDENT: usize = 4;

/// How many bundles are listed; the others are counted.
const NAMED: usize = 6;

/// Writes every finding, then the suppressed ones, with a blank line after each.
///
/// # Errors
/// Any error of `out`.
pub fn write(out: &mut dyn Write, outcome: &Outcome, look: &Look) -> io::Result<()> {
    for finding in &outcome.findings {
        Drawing::of(finding, outcome, look).write(out)?;
    }
    for suppressed in outcome.suppressed.iter().flatten() {
        let drawing = Drawing::of(&suppressed.finding, outcome, look);
        Drawing { suppressed: Some(suppressed), ..drawing }.write(out)?;
    }
    Ok(())
}

/// One finding, laid out.
struct Drawing<'a> {
    finding: &'a Finding,
    outcome: &'a Outcome,
    look: &'a Look,
    /// What suppresses it, if anything.
    suppressed: Option<&'a Suppressed>,
    snippets: Vec<Snippet<'a>>,
    /// Related places that are listed and not drawn.
    listed: Vec<Mark<'a>>,
    /// The columns of the widest line number.
    gutter: usize,
}

/// The drawn places of one file, in parts that do not touch.
struct Snippet<'a> {
    /// The place in its heading; `None` for the primary one, which is in the header.
    heading: Option<Mark<'a>>,
    parts: Vec<Excerpt<'a>>,
}

impl<'a> Drawing<'a> {
    fn of(finding: &'a Finding, outcome: &'a Outcome, look: &'a Look) -> Self {
        let line = |span| outcome.sources.start(span).line;
        let primary = Mark { line: line(finding.place), span: finding.place, words: None };
        let mut marks = vec![primary];
        marks.extend(finding.related.iter().map(|related| Mark {
            line: line(related.span),
            span: related.span,
            words: Some(related.message.as_str()),
        }));
        let mut listed = marks.split_off(marks.len().min(DRAWN + 1));
        let last = marks.iter().map(|mark| mark.line + 1).max().unwrap_or(1);
        let gutter = last.to_string().len();
        let mut snippets: Vec<_> = by_file(marks)
            .into_iter()
            .map(|(file, marks)| Snippet::of(outcome.sources.get(file), marks, look, gutter))
            .collect();
        let parts = || snippets.iter().flat_map(|snippet| &snippet.parts);
        let gutter = parts().map(|part| digits(part.last() + 1)).max().unwrap_or(1);
        for part in snippets.iter_mut().flat_map(|snippet| &mut snippet.parts) {
            listed.append(&mut part.left_over);
        }
        listed.sort_by_key(|mark| mark.span);
        Self { finding, outcome, look, suppressed: None, snippets, listed, gutter }
    }

    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "{}", self.header())?;
        self.write_snippets(out)?;
        self.write_trailers(out)?;
        writeln!(out)
    }

    /// `path:line:col: severity[rule]: message`: on one line of any length for editors and `grep`,
    /// or wrapped at words for a person.
    fn header(&self) -> String {
        let Self { finding, outcome, look, .. } = self;
        let place = format!("{}:", path::place(outcome, look, finding.place));
        let prefix = if self.suppressed.is_some() { "suppressed " } else { "" };
        let title = paint(look, Ink::Strong, prefix) + &verdict(look, finding);
        let wide = prefix.len() + finding.severity.word().len() + finding.rule.id.len() + 3;
        let mut words =
            vec![(place.clone(), columns(&place)), (title + &paint(look, Ink::Strong, ":"), wide)];
        let mut say = |ink, word: &str| words.push((paint(look, ink, word), columns(word)));
        let message = visible(&finding.message);
        match look.wrap {
            true => prose::words(&message).for_each(|word| say(Ink::Strong, word)),
            false => say(Ink::Strong, &message),
        }
        if finding.confidence != Confidence::High {
            say(Ink::Faint, &format!("({} confidence)", finding.confidence.word()));
        }
        let width = if look.wrap { look.width.max(NARROWEST) } else { usize::MAX };
        lay(words, width, width - INDENT).join(&format!("\n{}", " ".repeat(INDENT)))
    }

    fn write_snippets(&self, out: &mut dyn Write) -> io::Result<()> {
        let frame = Frame::of(self.look);
        let indent = " ".repeat(self.gutter + 2);
        for snippet in &self.snippets {
            if let Some(mark) = snippet.heading {
                let place = path::place(self.outcome, self.look, mark.span);
                writeln!(out, "{indent}{} {place}", frame.branch)?;
            }
            for (i, part) in snippet.parts.iter().enumerate() {
                if i > 0 {
                    writeln!(out, "{indent}{}", frame.gap)?;
                }
                let pad = self.gutter - digits(part.last() + 1);
                for line in draw(part, self.finding.severity, self.look) {
                    writeln!(out, "{}{}", " ".repeat(pad), line.trim_end())?;
                }
            }
        }
        Ok(())
    }

    /// What follows the lines, as the last branches of the frame.
    fn write_trailers(&self, out: &mut dyn Write) -> io::Result<()> {
        let frame = Frame::of(self.look);
        let indent = " ".repeat(self.gutter + 2);
        let trailers = self.trailers();
        for (i, (label, words)) in trailers.iter().enumerate() {
            let last = i + 1 == trailers.len();
            let (branch, below) = match last {
                true => (frame.last_branch, ' '),
                false => (frame.branch, frame.trunk),
            };
            // The branch and a space, the label, a colon and a space.
            let hanging = 3 + label.len() + 2;
            let width = self.look.width.min(WIDEST);
            let room = width.saturating_sub(indent.len() + hanging).max(NARROWEST);
            let mut lines = wrap(words, room).into_iter();
            let first = lines.next().unwrap_or_default();
            let label = paint(self.look, Ink::Label, &format!("{label}:"));
            writeln!(out, "{indent}{branch} {label} {first}")?;
            for line in lines {
                writeln!(out, "{indent}{below}{}{line}", " ".repeat(hanging - 1))?;
            }
        }
        Ok(())
    }

    fn trailers(&self) -> Vec<(&'static str, String)> {
        let finding = self.finding;
        let mut trailers = Vec::new();
        for mark in &self.listed {
            let place = path::place(self.outcome, self.look, mark.span);
            trailers.push(("note", format!("{place}: {}", mark.words.unwrap_or_default())));
        }
        if let Some(suppressed) = self.suppressed {
            let place = path::place(self.outcome, self.look, suppressed.place);
            let reason = match suppressed.reason.as_str() {
                "" => "no reason given",
                reason => reason,
            };
            trailers.push(("suppressed", format!("{reason} ({place})")));
            return inert(trailers);
        }
        if !finding.help.is_empty() {
            trailers.push(("help", finding.help.clone()));
        }
        for fix in &finding.fixes {
            let unsafe_one = if fix.safety == Safety::Unsafe { " (unsafe)" } else { "" };
            trailers.push(("fix available", format!("{}{unsafe_one}", fix.title)));
        }
        if let Some(why) = &finding.withheld {
            trailers.push(("fix withheld", why.clone()));
        }
        if let Some(names) = details::seen_in(finding, &self.outcome.sources) {
            trailers.push(("seen in", first(names)));
        }
        inert(trailers)
    }
}

fn inert(trailers: Vec<(&'static str, String)>) -> Vec<(&'static str, String)> {
    trailers.into_iter().map(|(label, words)| (label, visible(&words).into_owned())).collect()
}

impl<'a> Snippet<'a> {
    fn of(source: &Source, mut marks: Vec<Mark<'a>>, look: &Look, gutter: usize) -> Self {
        let first = marks.first().copied();
        marks.sort_by_key(|mark| mark.span);
        // ` 12 │ ` precedes each line.
        let width = look.width.saturating_sub(gutter + 4).max(NARROWEST);
        let dots = Frame::of(look).dots;
        let parts = line_ranges(source, &marks)
            .into_iter()
            .map(|lines| {
                let here: Vec<_> =
                    marks.iter().copied().filter(|mark| lines.contains(&mark.line)).collect();
                Excerpt::new(source, lines, &here, width, dots)
            })
            .collect();
        Self { heading: first.filter(|mark| mark.words.is_some()), parts }
    }
}

/// The marks of each file, in the order in which the files first occur.
fn by_file(marks: Vec<Mark<'_>>) -> Vec<(SourceId, Vec<Mark<'_>>)> {
    let mut files: Vec<(SourceId, Vec<Mark<'_>>)> = Vec::new();
    for mark in marks {
        match files.iter_mut().find(|(file, _)| *file == mark.span.source) {
            Some((_, marks)) => marks.push(mark),
            None => files.push((mark.span.source, vec![mark])),
        }
    }
    files
}

/// The lines to draw for `marks`, which are in order: the primary one with a line on either side
/// (in the same document), the others alone. A single line between two ranges is drawn rather than
/// skipped.
fn line_ranges(source: &Source, marks: &[Mark<'_>]) -> Vec<RangeInclusive<usize>> {
    let mut ranges: Vec<RangeInclusive<usize>> = Vec::new();
    for mark in marks {
        let (mut start, mut end) = (mark.line, mark.line);
        if mark.words.is_none() {
            start -= usize::from(start > 1 && !is_border(source, start - 1));
            let more = end < source.lines().len() && !is_border(source, end + 1);
            end += usize::from(more);
        }
        match ranges.last_mut() {
            Some(last) if start <= *last.end() + 2 => {
                *last = *last.start()..=end.max(*last.end());
            }
            _ => ranges.push(start..=end),
        }
    }
    ranges
}

/// The lines that miette draws for `excerpt`, without its own frame: a blank line for the absent
/// message, and the two ends of the frame.
fn draw(excerpt: &Excerpt<'_>, severity: Severity, look: &Look) -> Vec<String> {
    let mut drawn = String::new();
    let handler = GraphicalReportHandler::new_themed(theme(excerpt, severity, look))
        .without_syntax_highlighting()
        .with_wrap_lines(false);
    if handler.render_report(&mut drawn, excerpt).is_err() {
        return Vec::new();
    }
    let mut lines: Vec<String> = drawn.lines().skip(2).map(str::to_owned).collect();
    lines.pop();
    lines
}

/// Primary marks in the color of the severity, as in [`Ink`], all others in bright blue: the normal
/// one can't be read on black. miette takes the styles in the order of the labels.
fn theme(excerpt: &Excerpt<'_>, severity: Severity, look: &Look) -> GraphicalTheme {
    let characters = match look.unicode {
        true => ThemeCharacters::unicode(),
        false => ThemeCharacters::ascii(),
    };
    if !look.color {
        return GraphicalTheme { characters, styles: ThemeStyles::none() };
    }
    let mut styles = ThemeStyles::ansi();
    let primary = match severity {
        Severity::Error => styles.error.bold(),
        Severity::Warning => styles.warning,
        Severity::Note => styles.advice,
    };
    let of = |is_primary| {
        if is_primary { primary } else { styles.help.bright_blue().bold() }
    };
    styles.highlights = excerpt.are_primary().map(of).collect();
    GraphicalTheme { characters, styles }
}

/// The characters of the frame.
struct Frame {
    trunk: char,
    branch: &'static str,
    last_branch: &'static str,
    gap: char,
    dots: &'static str,
}

impl Frame {
    fn of(look: &Look) -> Self {
        match look.unicode {
            true => Self {
                trunk: '│', branch: "├─", last_branch: "╰─", gap: '⋮', dots: "…"
            },
            false => Self { trunk: '|', branch: "|-", last_branch: "`-", gap: ':', dots: "..." },
        }
    }
}

/// The first of the bundles, and how many more there are.
fn first(bundles: &[String]) -> String {
    match bundles.len().saturating_sub(NAMED) {
        0 | 1 => bundles.join(", "),
        more => format!("{} and {more} more", bundles[..NAMED].join(", ")),
    }
}

fn digits(number: usize) -> usize {
    number.to_string().len()
}
