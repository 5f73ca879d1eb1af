//! Fenced YAML in Markdown.
//!
//! CommonMark defines where a fence may be, what closes it and what only looks like one, so its
//! parser decides; this file only keeps the places.

use std::ops::Range;

use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag, TagEnd};

/// A fenced block of code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fence {
    /// The info string after the opening fence: the language, then anything else (`yaml bad`).
    pub info: String,
    /// The content: whole lines, with their indentation in the Markdown.
    pub content: Range<usize>,
    /// The line of the opening fence, counted from 1.
    pub line: usize,
}

impl Fence {
    /// Whether its language is YAML, or JSON, which is read as YAML.
    pub fn is_manifest(&self) -> bool {
        let language = self.info.split([' ', ',', '{']).next().unwrap_or_default();
        ["yaml", "yml", "json"].iter().any(|known| language.eq_ignore_ascii_case(known))
    }
}

/// The fenced blocks of a Markdown text, in order. Those in block quotes are skipped: their lines
/// begin with `>`, so their content can't be read in place.
pub fn fences(text: &str) -> Vec<Fence> {
    let mut fences = Vec::new();
    let mut quotes = 0_usize;
    let mut line = Lines { text, at: 0, count: 1 };
    for (event, place) in Parser::new(text).into_offset_iter() {
        match event {
            Event::Start(Tag::BlockQuote(_)) => quotes += 1,
            Event::End(TagEnd::BlockQuote(_)) => quotes = quotes.saturating_sub(1),
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) if quotes == 0 => {
                let content = content(text, &place);
                fences.push(Fence { info: info.to_string(), content, line: line.of(place.start) });
            }
            _ => {}
        }
    }
    fences
}

/// The lines between the opening fence and the closing one, which may be missing.
fn content(text: &str, block: &Range<usize>) -> Range<usize> {
    let written = text.get(block.clone()).unwrap_or("");
    let Some(first_line) = written.find('\n') else {
        return block.end..block.end;
    };
    let start = block.start + first_line + 1;
    let fence_char = written.chars().next().unwrap_or('`');
    let opening = written.len() - written.trim_start_matches(fence_char).len();
    let trimmed = written.trim_end();
    let last_line = trimmed.rfind('\n').map_or(0, |end| end + 1);
    let closing = trimmed.get(last_line..).unwrap_or("").trim_start();
    let closes = last_line > 0
        && closing.chars().all(|c| c == fence_char)
        && closing.chars().count() >= opening;
    let end = if closes { block.start + last_line } else { block.end };
    start..end.max(start)
}

/// Counts lines while going forward through a text.
struct Lines<'t> {
    text: &'t str,
    at: usize,
    count: usize,
}

impl Lines<'_> {
    fn of(&mut self, at: usize) -> usize {
        let passed = self.text.get(self.at..at).unwrap_or("");
        self.count += passed.bytes().filter(|byte| *byte == b'\n').count();
        self.at = at;
        self.count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<(String, &str, usize)> {
        fences(text).into_iter().map(|f| (f.info.clone(), &text[f.content], f.line)).collect()
    }

    fn one(text: &str) -> (String, &str) {
        let mut all = found(text);
        assert_eq!(all.len(), 1, "{text:?}: {all:?}");
        let (info, content, _) = all.remove(0);
        (info, content)
    }

    #[test]
    fn info_content_and_line_are_kept() {
        let text = "# é\n\n```yaml bad\na: 1\n\nb: 2\n```\ntext\n~~~json\n{}\n~~~\n";
        assert_eq!(
            found(text),
            [("yaml bad".into(), "a: 1\n\nb: 2\n", 3), ("json".into(), "{}\n", 9)]
        );
        assert!(fences(text).iter().all(Fence::is_manifest));
        assert!(!fences("```rust,yaml\n```\n")[0].is_manifest());
        assert!(fences("``` YAML\n```\n")[0].is_manifest());
    }

    #[test]
    fn a_fence_closes_with_its_own_kind_and_length() {
        assert_eq!(one("````yaml\n```\na\n```\n````\n").1, "```\na\n```\n");
        assert_eq!(one("```yaml\n~~~\na\n`````\nx").1, "~~~\na\n");
        assert_eq!(one("~~~ yaml `x`\na\n~~~"), ("yaml `x`".into(), "a\n"));
        assert_eq!(one("```yaml\na\n``` x\nb\n```").1, "a\n``` x\nb\n");
    }

    #[test]
    fn an_unclosed_fence_runs_to_the_end() {
        assert_eq!(one("```yaml\na\n\nb").1, "a\n\nb");
        assert_eq!(one("```yaml").1, "");
        assert_eq!(one("```yaml\n").1, "");
        assert_eq!(one("```yaml\n```").1, "");
    }

    #[test]
    fn indented_content_stays_as_it_is() {
        assert_eq!(
            one("1. item\n\n   ```yaml\n   a: 1\n   b:\n     - c\n   ```\n").1,
            "   a: 1\n   b:\n     - c\n"
        );
        assert_eq!(one("  ```yaml\n  a: 1\n  ```\n").1, "  a: 1\n");
        assert_eq!(one("```yaml\r\na: 1\r\n```\r\n").1, "a: 1\r\n");
        assert_eq!(one("- x\n  - ```yaml\n    a: 1\n    ```\n- y\n").1, "    a: 1\n");
        assert_eq!(one("- ```yaml\n  a: 1\ntext\n").1, "  a: 1\n");
    }

    #[test]
    fn what_only_looks_like_a_fence_is_not_one() {
        assert!(found("    ```yaml\n    a: 1\n    ```\n").is_empty());
        assert!(found("> ```yaml\n> a: 1\n> ```\n").is_empty());
        assert!(found("`` ```yaml ``\n").is_empty());
        assert!(found("<!--\n```yaml\na: 1\n```\n-->\n").is_empty());
        assert!(found("").is_empty());
    }
}
