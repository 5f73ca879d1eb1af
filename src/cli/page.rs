//! A rule's page for a terminal: its Markdown, laid out in lines.

use anstyle::{AnsiColor, Effects, Style};
use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Parser, Tag, TagEnd};
use textwrap::{Options, WordSplitter};

/// Lays out one page.
pub(super) struct Page {
    width: usize,
    color: bool,
    out: String,
    /// The words of the current paragraph, heading or item.
    line: String,
    /// The active styles, the innermost last.
    styles: Vec<Style>,
    /// The prefix of every line: one part per list or quotation around it.
    indents: Vec<String>,
    /// The bullet of an item that has not printed a line yet.
    bullet: Option<String>,
    /// The next number of each list around it; `None` for bullets.
    lists: Vec<Option<u64>>,
    /// Inside a code block.
    code: bool,
    /// The target of the current link.
    link: Option<String>,
}

impl Page {
    pub(super) fn new(width: usize, color: bool) -> Self {
        Self {
            width,
            color,
            out: String::new(),
            line: String::new(),
            styles: Vec::new(),
            indents: Vec::new(),
            bullet: None,
            lists: Vec::new(),
            code: false,
            link: None,
        }
    }

    /// The page as text, without a final line break.
    pub(super) fn render(mut self, markdown: &str) -> String {
        for event in Parser::new(markdown) {
            self.event(event);
        }
        self.flush();
        self.out.truncate(self.out.trim_end().len());
        self.out
    }

    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) if self.code => self.code_lines(&text),
            Event::InlineHtml(text) if text.starts_with("<!--") => {}
            // `<namespace>` and the like.
            Event::Text(text) | Event::InlineHtml(text) => self.words(&text),
            Event::Code(text) => self.inline_code(&text),
            Event::SoftBreak => self.line.push(' '),
            Event::HardBreak => self.line.push('\n'),
            Event::Rule => {
                self.line.push_str(&"-".repeat(self.width.min(40)));
                self.block();
            }
            // Mostly comments; HTML is not shown.
            _ => {}
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::Heading { .. } => self.styles.push(Style::new().bold()),
            Tag::Strong => self.styles.push(Style::new().bold()),
            Tag::Emphasis => self.styles.push(Style::new().italic()),
            Tag::Link { dest_url, .. } => {
                self.styles.push(Style::new().underline());
                self.link = Some(dest_url.into_string());
            }
            Tag::List(first) => {
                self.flush();
                self.lists.push(first);
            }
            Tag::Item => self.item(),
            Tag::BlockQuote(_) => {
                self.flush();
                self.indents.push("  ".to_owned());
            }
            Tag::CodeBlock(kind) => self.code_start(&kind),
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Heading(level) => {
                self.styles.pop();
                self.heading(level);
            }
            TagEnd::Paragraph => self.block(),
            TagEnd::Strong | TagEnd::Emphasis => {
                self.styles.pop();
            }
            TagEnd::Link => self.link_end(),
            TagEnd::List(_) => {
                self.lists.pop();
                self.gap();
            }
            TagEnd::Item => {
                self.flush();
                self.indents.pop();
                self.bullet = None;
            }
            TagEnd::BlockQuote(_) => {
                self.indents.pop();
                self.gap();
            }
            TagEnd::CodeBlock => {
                self.code = false;
                self.gap();
            }
            _ => {}
        }
    }

    fn item(&mut self) {
        self.flush();
        let bullet = match self.lists.last_mut() {
            Some(Some(number)) => {
                *number += 1;
                format!("{}. ", *number - 1)
            }
            _ => "- ".to_owned(),
        };
        self.indents.push(" ".repeat(bullet.len()));
        self.bullet = Some(bullet);
    }

    /// The address of an external link, unless it is its own text. Links between pages are paths in
    /// the repository and useless in a terminal.
    fn link_end(&mut self) {
        self.styles.pop();
        let Some(target) = self.link.take() else {
            return;
        };
        if target.starts_with("http") && !self.line.contains(&target) {
            self.line.push_str(&format!(" ({target})"));
        }
    }

    /// The words after a fence's language (`bad`, `good`) say what the example is.
    fn code_start(&mut self, kind: &CodeBlockKind<'_>) {
        self.flush();
        self.code = true;
        if let CodeBlockKind::Fenced(info) = kind
            && let Some((_, words)) = info.split_once(' ')
        {
            self.words(&format!("{}:", words.trim()));
            self.flush();
        }
    }

    fn code_lines(&mut self, text: &str) {
        let indent = self.indents.concat() + "    ";
        for line in text.lines() {
            if !line.is_empty() {
                let line = self.painted(line, Style::new().dimmed());
                self.out.push_str(&indent);
                self.out.push_str(&line);
            }
            self.out.push('\n');
        }
    }

    /// Without colors the backticks stay: they distinguish names from words.
    fn inline_code(&mut self, text: &str) {
        if self.color {
            self.styles.push(AnsiColor::Cyan.on_default());
            self.words(text);
            self.styles.pop();
        } else {
            self.line.push_str(&format!("`{text}`"));
        }
    }

    /// Adds text in the active styles, word by word: a style that spans a line break would also
    /// apply to the indent of the next line.
    fn words(&mut self, text: &str) {
        let style = self.styles.iter().fold(Style::new(), |all, style| {
            let color = style.get_fg_color().or(all.get_fg_color());
            all.fg_color(color) | style.get_effects()
        });
        for (at, word) in text.split(' ').enumerate() {
            if at > 0 {
                self.line.push(' ');
            }
            if !word.is_empty() {
                let word = self.painted(word, style);
                self.line.push_str(&word);
            }
        }
    }

    fn painted(&self, text: &str, style: Style) -> String {
        let plain = style.get_effects() == Effects::new() && style.get_fg_color().is_none();
        if self.color && !plain { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }

    /// Without colors a heading is underlined.
    fn heading(&mut self, level: HeadingLevel) {
        let width = textwrap::core::display_width(&self.line).min(self.width);
        self.flush();
        if !self.color {
            let stroke = if level == HeadingLevel::H1 { "=" } else { "-" };
            self.out.push_str(&stroke.repeat(width));
            self.out.push('\n');
        }
        self.gap();
    }

    fn block(&mut self) {
        self.flush();
        self.gap();
    }

    /// Prints the words collected so far.
    fn flush(&mut self) {
        if self.line.trim().is_empty() {
            self.line.clear();
            return;
        }
        let rest = self.indents.concat();
        let first = match self.bullet.take() {
            Some(bullet) => {
                let outer = self.indents.len().saturating_sub(1);
                self.indents[..outer].concat() + &bullet
            }
            None => rest.clone(),
        };
        let options = Options::new(self.width)
            .initial_indent(&first)
            .subsequent_indent(&rest)
            .break_words(false)
            .word_splitter(WordSplitter::NoHyphenation);
        let lines = textwrap::fill(self.line.trim(), options);
        self.out.push_str(&lines);
        self.out.push('\n');
        self.line.clear();
    }

    /// One empty line, never two.
    fn gap(&mut self) {
        if !self.out.is_empty() && !self.out.ends_with("\n\n") {
            self.out.push('\n');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "# split-peer\n\nTwo peers that were meant as *one*: `namespaceSelector` \
        and **then** a [selector](https://example.org/s).\n\n## How to fix\n\n- join them\n- or \
        say so:\n  1. first\n  2. second\n\n```yaml bad\nfrom:\n\n  - podSelector: {}\n```\n\n\
        Done. <!-- not for people -->\n";

    #[test]
    fn a_page_is_laid_out_in_lines() {
        assert_eq!(
            Page::new(40, false).render(PAGE),
            "split-peer\n==========\n\n\
             Two peers that were meant as one:\n`namespaceSelector` and then a selector\n\
             (https://example.org/s).\n\n\
             How to fix\n----------\n\n\
             - join them\n- or say so:\n  1. first\n  2. second\n\n\
             bad:\n    from:\n\n      - podSelector: {}\n\n\
             Done."
        );
    }

    #[test]
    fn colors_replace_marks() {
        let page = Page::new(40, true).render(PAGE);
        assert!(page.starts_with("\u{1b}[1msplit-peer\u{1b}[0m\n\nTwo"), "{page:?}");
        assert!(page.contains("\u{1b}[36mnamespaceSelector\u{1b}[0m"), "{page:?}");
        assert!(page.contains("    \u{1b}[2mfrom:\u{1b}[0m\n\n"), "{page:?}");
    }
}
