//! The parser's events, with byte offsets and readable errors. Only this file knows which crate
//! parses: `saphyr-parser`, because it passes the whole YAML test suite, is safe Rust, and produces
//! events one by one, so that no input can make it recurse. `libyaml.rs` tries what it rejects
//! again.

use std::borrow::Cow;
use std::ops::Range;

use saphyr_parser as saphyr;

use super::scalar::Tag;

/// How a scalar is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    Plain,
    Quoted,
    Block,
}

/// The anchor and tag before a node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Properties {
    /// Numbers the anchors of a text from 1; a name that is used again gets a new number.
    pub(super) anchor: Option<usize>,
    pub(super) tag: Option<Tag>,
}

impl Properties {
    /// How many of the two are present.
    pub(super) fn count(self) -> usize {
        usize::from(self.anchor.is_some()) + usize::from(self.tag.is_some())
    }
}

/// What the parser reports.
#[derive(Debug)]
pub(super) enum Event<'t> {
    DocumentStart,
    DocumentEnd,
    Alias(usize),
    Scalar(Cow<'t, str>, Style, Properties),
    SequenceStart(Properties),
    MappingStart(Properties),
    CollectionEnd,
}

/// Why the parser stopped, and at which byte.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) at: usize,
    pub(super) why: Why,
}

/// Why the parser stopped.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Why {
    /// A readable message.
    Syntax(Cow<'static, str>),
    /// `\u` with a surrogate, which JSON allows.
    Surrogate,
    /// More brackets than the parser can count.
    Depth,
}

/// How many characters at the start of a text differ from its original.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Lead {
    pub(super) parsed: usize,
    pub(super) original: usize,
}

/// The events of one text, with their bytes.
pub(super) struct Events<'t> {
    parser: saphyr::Parser<'t, saphyr::StrInput<'t>>,
    offsets: Offsets<'t>,
}

impl<'t> Events<'t> {
    /// Parses `text`.
    pub(super) fn new(text: &'t str) -> Self {
        Self::replaced(text, text, Lead::default())
    }

    /// Parses `text`, which has as many characters as `original` except at its start: `lead` has
    /// the number of characters there in both. The reported bytes are those of `original`.
    pub(super) fn replaced(text: &'t str, original: &'t str, lead: Lead) -> Self {
        let parser = saphyr::Parser::new_from_str(text);
        Self { parser, offsets: Offsets::new(original, lead) }
    }

    fn failure(&self, error: &saphyr::ScanError) -> Failure {
        let why = match error.info() {
            "recursion limit exceeded" => Why::Depth,
            "while parsing a quoted scalar, found invalid Unicode character escape code" => {
                Why::Surrogate
            }
            info => Why::Syntax(in_plain_words(info)),
        };
        let at = self.offsets.byte(error.marker().index());
        // Here the parser marks the start of the value, not the tab further down.
        let at = match error.info() {
            "while scanning a plain scalar, found a tab"
            | "a block scalar content cannot start with a tab" => {
                indenting_tab(self.offsets.text, at).unwrap_or(at)
            }
            _ => at,
        };
        Failure { at, why }
    }
}

impl<'t> Iterator for Events<'t> {
    type Item = Result<(Event<'t>, Range<usize>), Failure>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let (event, span) = match self.parser.next_event()? {
                Ok(event) => event,
                Err(error) => return Some(Err(self.failure(&error))),
            };
            let event = match event {
                saphyr::Event::Nothing | saphyr::Event::StreamStart => continue,
                saphyr::Event::StreamEnd => return None,
                saphyr::Event::DocumentStart(_) => Event::DocumentStart,
                saphyr::Event::DocumentEnd => Event::DocumentEnd,
                saphyr::Event::Alias(anchor) => Event::Alias(anchor),
                saphyr::Event::Scalar(text, style, anchor, tag) => {
                    Event::Scalar(text, self::style(style), properties(anchor, tag))
                }
                saphyr::Event::SequenceStart(anchor, tag) => {
                    Event::SequenceStart(properties(anchor, tag))
                }
                saphyr::Event::MappingStart(anchor, tag) => {
                    Event::MappingStart(properties(anchor, tag))
                }
                saphyr::Event::SequenceEnd | saphyr::Event::MappingEnd => Event::CollectionEnd,
            };
            let bytes = self.offsets.byte(span.start.index())..self.offsets.byte(span.end.index());
            return Some(Ok((event, bytes)));
        }
    }
}

/// The first tab after `at` that is part of a line's indentation.
fn indenting_tab(text: &str, at: usize) -> Option<usize> {
    let is_break = |c: char| matches!(c, '\n' | '\r');
    let rest = text.get(at..)?;
    rest.match_indices('\t').map(|(tab, _)| tab).find_map(|tab| {
        let indent = rest.get(..tab)?.trim_end_matches([' ', '\t']);
        indent.ends_with(is_break).then_some(at + tab)
    })
}

fn style(style: saphyr::ScalarStyle) -> Style {
    match style {
        saphyr::ScalarStyle::Plain => Style::Plain,
        saphyr::ScalarStyle::SingleQuoted | saphyr::ScalarStyle::DoubleQuoted => Style::Quoted,
        saphyr::ScalarStyle::Literal | saphyr::ScalarStyle::Folded => Style::Block,
    }
}

fn properties(anchor: usize, tag: Option<Cow<'_, saphyr::Tag>>) -> Properties {
    Properties { anchor: (anchor > 0).then_some(anchor), tag: tag.map(|tag| self::tag(&tag)) }
}

fn tag(tag: &saphyr::Tag) -> Tag {
    // In a verbatim tag (`!<tag:…>`), the suffix is the whole tag.
    Tag::named(&format!("{}{}", tag.handle, tag.suffix))
}

/// From the parser's character counts to bytes: identical in ASCII, otherwise by a table with the
/// byte of every 64th character.
struct Offsets<'t> {
    text: &'t str,
    lead: Lead,
    table: Option<Vec<usize>>,
}

const STRIDE: usize = 64;

impl<'t> Offsets<'t> {
    fn new(text: &'t str, lead: Lead) -> Self {
        let every = || text.char_indices().map(|(at, _)| at).step_by(STRIDE).collect();
        Self { text, lead, table: (!text.is_ascii()).then(every) }
    }

    fn byte(&self, index: usize) -> usize {
        let index = index.saturating_sub(self.lead.parsed) + self.lead.original;
        let Some(table) = &self.table else {
            return index.min(self.text.len());
        };
        let found = table.get(index / STRIDE).and_then(|near| {
            let (further, _) = self.text.get(*near..)?.char_indices().nth(index % STRIDE)?;
            Some(near + further)
        });
        found.unwrap_or(self.text.len())
    }
}

/// The parser's message in readable words.
fn in_plain_words(info: &str) -> Cow<'static, str> {
    let words = match info {
        "mapping values are not allowed in this context" | "illegal placement of ':' indicator" => {
            "a `:` is not expected here: the line is indented wrongly, or a value that contains \
             `: ` needs quotes"
        }
        "mapping keys are not allowed in this context" => "a key is not expected here",
        "simple key expect ':'" | "simple key expected" => "expected a `:` after the key",
        "while parsing a block mapping, did not find expected key" => {
            "expected a key here, indented like the keys before it"
        }
        "while parsing a block collection, did not find expected '-' indicator" => {
            "expected a list item (`- `) here, indented like the items before it"
        }
        "block sequence entries are not allowed in this context"
        | "\"-\" is only valid inside a block" => "a list item (`- `) is not expected here",
        "invalid indentation" => "this line is indented less than its parent",
        "invalid indentation in flow construct" => {
            "the lines of this value must be indented more than its key"
        }
        "invalid indentation in quoted scalar" => {
            "this quote is not closed before a line that is indented less"
        }
        "wrongly indented line in block scalar" => {
            "this line is indented less than the first line of its text"
        }
        "did not find expected <document start>" => {
            "the document has ended before this line: it is indented less than what comes before"
        }
        "while parsing a flow mapping, did not find expected ',' or '}'" => "expected `,` or `}`",
        "while parsing a flow sequence, expected ',' or ']'" => "expected `,` or `]`",
        "while parsing a node, did not find expected node content" => "expected a value here",
        "misplaced bracket" => "this bracket has no opening bracket",
        "while scanning a quoted scalar, found unexpected end of stream"
        | "while scanning a quoted scalar, found unexpected document indicator" => {
            "this quote is never closed"
        }
        "invalid trailing content after double-quoted scalar" => {
            "unexpected text after the closing quote"
        }
        "while parsing a quoted scalar, found unknown escape character"
        | "while parsing a quoted scalar, did not find expected hexadecimal number" => {
            "unknown escape in these double quotes: write the backslash twice, or use single quotes"
        }
        "while parsing node, found unknown anchor" => {
            "no anchor with this name is defined before it"
        }
        "comment intercepting the multiline text" => "a comment can't be inside a value",
        "comments must be separated from other tokens by whitespace" => {
            "a comment needs a space before its `#`"
        }
        "found unprintable character" => "a NUL character",
        "a byte order mark must not appear inside a document" => {
            "a byte order mark inside a document"
        }
        "the handle wasn't declared" => "no `%TAG` directive declares this tag's handle",
        "expected whitespace" => "expected a space here",
        _ => return unlisted(info),
    };
    Cow::Borrowed(words)
}

/// A message that is not listed above, without the parser's own position.
fn unlisted(info: &str) -> Cow<'static, str> {
    if info.contains("tab") {
        return Cow::Borrowed("a tab can't be used to indent");
    }
    if let Some(character) = info.strip_prefix("unexpected character: `") {
        let character = character.trim_end_matches('\'');
        return Cow::Owned(format!("a value can't start with `{character}`: it needs quotes"));
    }
    let message = match info.split_once(", ") {
        Some((place, message)) if place.starts_with("while ") => message,
        _ => info,
    };
    Cow::Owned(message.replace("scalar", "value").replace('\'', "`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_become_bytes() {
        let text = "é\r\n😀b".repeat(100);
        let offsets = Offsets::new(&text, Lead::default());
        let expected: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
        let found: Vec<usize> = (0..expected.len()).map(|index| offsets.byte(index)).collect();
        assert_eq!(found, expected);
        assert_eq!(offsets.byte(expected.len()), text.len());
        assert_eq!(offsets.byte(usize::MAX), text.len());
        assert_eq!(Offsets::new("ascii", Lead::default()).byte(9), 5);
    }

    #[test]
    fn messages_mention_no_internals() {
        assert_eq!(
            unlisted("unexpected character: `@'"),
            "a value can't start with `@`: it needs quotes"
        );
        assert_eq!(
            unlisted("while scanning a plain scalar, found a tab"),
            "a tab can't be used to indent"
        );
        assert_eq!(unlisted("while scanning a TAG, found it"), "found it");
    }
}
