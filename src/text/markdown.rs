//! Fenced code blocks of Markdown, read in place.

use std::ops::Range;

use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag, TagEnd};

/// One fenced block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fence {
    /// What stands behind the opening fence: the language, then whatever else.
    pub info: String,
    /// The bytes of the content, whole lines, with the indentation they have in the file.
    pub content: Range<usize>,
}

impl Fence {
    /// Whether its language is YAML or JSON.
    pub fn is_manifest(&self) -> bool {
        let language = self.info.split([' ', ',', '{']).next().unwrap_or_default();
        ["yaml", "yml", "json"]
            .iter()
            .any(|known| language.eq_ignore_ascii_case(known))
    }
}

/// The fenced blocks of `text`, in order. Those in block quotes are left out: their lines begin
/// with marks that are no part of the content.
pub fn fences(text: &str) -> Vec<Fence> {
    let mut found = Vec::new();
    let mut open: Option<(String, Option<Range<usize>>)> = None;
    for (event, range) in Parser::new(text).into_offset_iter() {
        match event {
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) => {
                open = Some((info.to_string(), None));
            }
            Event::Text(_) => {
                if let Some((_, content)) = &mut open {
                    let start = content.as_ref().map_or(range.start, |before| before.start);
                    *content = Some(start..range.end);
                }
            }
            Event::End(TagEnd::CodeBlock) => {
                if let Some((info, Some(content))) = open.take() {
                    found.extend(whole_lines(text, content).map(|content| Fence { info, content }));
                }
            }
            _ => {}
        }
    }
    found
}

fn whole_lines(text: &str, content: Range<usize>) -> Option<Range<usize>> {
    let start = text[..content.start].rfind('\n').map_or(0, |at| at + 1);
    let indented = text[start..content.start]
        .chars()
        .all(|c| c == ' ' || c == '\t');
    indented.then_some(start..content.end)
}

#[cfg(test)]
mod tests {
    use super::fences;

    #[test]
    fn fences_are_found_with_their_content_in_place() {
        let text = "# T\n```yaml bad\na: 1\n\nb: 2\n```\n- list\n\n  ~~~yml\n  c: 3\n  d: 4\n  ~~~\n> ```yaml\n> e: 5\n> ```\n";
        let found = fences(text);
        let contents: Vec<&str> = found.iter().map(|f| &text[f.content.clone()]).collect();
        assert_eq!(contents, ["a: 1\n\nb: 2\n", "  c: 3\n  d: 4\n"]);
        assert_eq!(found[0].info, "yaml bad");
        assert!(found[1].is_manifest());
    }
}
