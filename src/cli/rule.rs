//! `netpol-lint rule [ID]`.

use std::io::Write;

use anstyle::{AnsiColor, Style};
use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag, TagEnd};

use super::args::Rule;
use super::settings::{self, Output};
use super::{CLEAN, Stop};
use crate::lint::{self, RULES};

/// Shows the page of a rule, or the table of all.
pub(super) fn run(args: &Rule, output: &Output) -> Result<u8, Stop> {
    let mut out = output.stdout();
    let paint = Paint {
        color: output.is_colored(),
        width: settings::width(),
    };
    match &args.id {
        None => table(&mut out, &paint)?,
        Some(id) => match lint::rule(id) {
            Some(rule) => page(&mut out, rule.page, &paint)?,
            None => settings::known_rule(id)?,
        },
    }
    out.flush()?;
    Ok(CLEAN)
}

struct Paint {
    color: bool,
    width: usize,
}

impl Paint {
    fn with(&self, style: Style, text: &str) -> String {
        if self.color {
            format!("{style}{text}{style:#}")
        } else {
            text.to_owned()
        }
    }
}

const BOLD: Style = Style::new().bold();
const CODE: Style = Style::new().fg_color(Some(anstyle::Color::Ansi(AnsiColor::Cyan)));

fn table(out: &mut dyn Write, paint: &Paint) -> Result<(), Stop> {
    let longest = RULES.iter().map(|rule| rule.id.len()).max().unwrap_or(0);
    for rule in RULES {
        let severity = rule.severity.word();
        let taste = if rule.pedantic { "pedantic" } else { "" };
        let lead = longest + 2 + 9 + if taste.is_empty() { 0 } else { taste.len() + 2 };
        let summary = first_line(&plain(rule.summary()), paint.width.saturating_sub(lead));
        let id = paint.with(BOLD, &format!("{:longest$}", rule.id));
        let gap = if taste.is_empty() { "" } else { "  " };
        writeln!(out, "{id}  {severity:<7}  {taste}{gap}{summary}")?;
    }
    Ok(())
}

/// A summary without its marks.
fn plain(markdown: &str) -> String {
    markdown.replace('\n', " ").replace('`', "")
}

fn first_line(text: &str, width: usize) -> String {
    if text.chars().count() <= width || width < 20 {
        return text.to_owned();
    }
    let cut: String = text.chars().take(width - 1).collect();
    let at = cut.rfind(' ').unwrap_or(cut.len());
    format!("{}…", &cut[..at])
}

/// A page of Markdown for a terminal.
fn page(out: &mut dyn Write, markdown: &str, paint: &Paint) -> Result<(), Stop> {
    let mut writer = PageWriter {
        paint,
        line: String::new(),
        indent: 0,
        text: String::new(),
    };
    for event in Parser::new_ext(markdown, Options::ENABLE_TABLES) {
        writer.take(event);
    }
    out.write_all(writer.text.trim_end().as_bytes())?;
    writeln!(out)?;
    Ok(())
}

/// Collects the words of a paragraph and breaks them at the terminal's width.
struct PageWriter<'a> {
    paint: &'a Paint,
    /// The paragraph so far.
    line: String,
    indent: usize,
    text: String,
}

impl PageWriter<'_> {
    fn take(&mut self, event: Event<'_>) {
        match event {
            Event::Start(Tag::CodeBlock(kind)) => self.open_code(&kind),
            Event::Start(Tag::Item) => {
                self.flush();
                self.indent += 2;
                self.line.push_str("- ");
            }
            Event::Text(text) => self.line.push_str(&text),
            Event::Code(code) => self.line.push_str(&self.paint.with(CODE, &code)),
            Event::SoftBreak => self.line.push(' '),
            Event::HardBreak => self.flush(),
            Event::End(TagEnd::Heading(level)) => self.heading(level),
            Event::End(TagEnd::CodeBlock) => self.close_code(),
            Event::End(TagEnd::Item) => {
                self.flush();
                self.indent = self.indent.saturating_sub(2);
            }
            Event::End(TagEnd::Paragraph | TagEnd::List(_)) => {
                self.flush();
                self.text.push('\n');
            }
            _ => {}
        }
    }

    fn heading(&mut self, level: HeadingLevel) {
        let words = std::mem::take(&mut self.line);
        let words = if level == HeadingLevel::H1 {
            words
        } else {
            words.to_uppercase()
        };
        self.text.push_str(&self.paint.with(BOLD, &words));
        self.text.push('\n');
        if level == HeadingLevel::H1 {
            self.text.push('\n');
        }
    }

    fn open_code(&mut self, kind: &CodeBlockKind<'_>) {
        if let CodeBlockKind::Fenced(info) = kind
            && let Some((_, verdict)) = info.split_once(' ')
        {
            self.text
                .push_str(&format!("    {}:\n", self.paint.with(BOLD, verdict)));
        }
    }

    fn close_code(&mut self) {
        for line in std::mem::take(&mut self.line).lines() {
            self.text
                .push_str(&format!("    {}\n", self.paint.with(CODE, line)));
        }
        self.text.push('\n');
    }

    /// Writes the paragraph out, broken at the width.
    fn flush(&mut self) {
        const WIDEST: usize = 100;
        let words = std::mem::take(&mut self.line);
        let width = self
            .paint
            .width
            .min(WIDEST)
            .saturating_sub(self.indent)
            .max(20);
        let mut column = 0;
        for word in words.split(' ').filter(|word| !word.is_empty()) {
            let length = anstream::adapter::strip_str(word)
                .to_string()
                .chars()
                .count();
            if column > 0 && column + 1 + length > width {
                self.text.push('\n');
                self.text.push_str(&" ".repeat(self.indent));
                column = 0;
            } else if column > 0 {
                self.text.push(' ');
                column += 1;
            }
            self.text.push_str(word);
            column += length;
        }
        if column > 0 {
            self.text.push('\n');
        }
    }
}
