//! The events of a text as libyaml reads it, for texts that the first parser rejects. kubectl, helm
//! and kustomize read YAML with Go ports of libyaml, which is laxer than the specification: a
//! quoted scalar or a collection in brackets may continue, and close, at any indentation.
//!
//! `libyaml-safer` follows the C code line by line, with a few bugs: it panics at the end of some
//! texts and at a comma right after a tag, and it skips byte order marks within a text.
//! [`Events::new`] keeps such texts away from it.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::{BufReader, Chain, Read};
use std::ops::Range;

use libyaml_safer as libyaml;
use memchr::memmem;

use super::events::{Event, Failure, Properties, Style, Why};
use super::scalar::Tag;
use super::token;

/// How many bytes are decoded at a time: the parser allocates four for each of them.
const CHUNK: usize = 8 << 10;

/// The events of one text, with their bytes.
pub(super) struct Events<'t> {
    parser: libyaml::Parser<BufReader<Chain<&'t [u8], &'t [u8]>>>,
    length: usize,
    /// Whether the text's last line had no line break.
    is_ended: bool,
    /// The number of the last anchor of each name.
    anchors: HashMap<String, usize>,
    count: usize,
}

impl<'t> Events<'t> {
    /// The events of `text`; `None` if the parser would panic on it or misread it.
    pub(super) fn new(text: &'t str) -> Option<Self> {
        let holds_mark = memmem::find(text.as_bytes(), token::BYTE_ORDER_MARK).is_some();
        if holds_mark || has_tag_before_comma(text.as_bytes()) || has_break_in_property(text) {
            return None;
        }
        // A text must not end with a block scalar, or with a backslash in quotes. Blanks alone on
        // the last line are not part of a scalar.
        let filled = text.trim_end_matches(' ');
        let is_ended = !filled.is_empty() && !filled.ends_with(is_break);
        let (text, end) = if is_ended { (text, "\n") } else { (filled, "") };
        let mut parser = libyaml::Parser::new();
        parser.set_encoding(libyaml::Encoding::Utf8);
        let bytes = text.as_bytes().chain(end.as_bytes());
        parser.set_input(BufReader::with_capacity(CHUNK, bytes));
        Some(Self { parser, length: text.len(), is_ended, anchors: HashMap::new(), count: 0 })
    }

    fn event(&mut self, event: libyaml::Event) -> Result<Option<Placed<'t>>, Failure> {
        let mut place = self.byte(event.start_mark)..self.byte(event.end_mark);
        let is_last = event.end_mark.index > self.length as u64;
        let event = match event.data {
            libyaml::EventData::StreamStart { .. } | libyaml::EventData::StreamEnd => {
                return Ok(None);
            }
            libyaml::EventData::DocumentStart { implicit, .. } => {
                // Directives count as part of the marker here.
                if !implicit {
                    place.start = place.end.saturating_sub("---".len());
                }
                Event::DocumentStart
            }
            libyaml::EventData::DocumentEnd { .. } => Event::DocumentEnd,
            libyaml::EventData::Alias { anchor } => match self.anchors.get(&anchor) {
                Some(number) => Event::Alias(*number),
                None => return Err(syntax(place.start, "unknown anchor")),
            },
            libyaml::EventData::Scalar { anchor, tag, mut value, style, .. } => {
                let style = self::style(style);
                if style == Style::Block && self.is_ended && is_last && value.ends_with('\n') {
                    value.pop();
                }
                Event::Scalar(Cow::Owned(value), style, self.properties(anchor, tag))
            }
            libyaml::EventData::SequenceStart { anchor, tag, .. } => {
                Event::SequenceStart(self.properties(anchor, tag))
            }
            libyaml::EventData::MappingStart { anchor, tag, .. } => {
                Event::MappingStart(self.properties(anchor, tag))
            }
            libyaml::EventData::SequenceEnd | libyaml::EventData::MappingEnd => {
                Event::CollectionEnd
            }
        };
        Ok(Some((event, place)))
    }

    fn byte(&self, mark: libyaml::Mark) -> usize {
        usize::try_from(mark.index).unwrap_or(usize::MAX).min(self.length)
    }

    fn properties(&mut self, anchor: Option<String>, tag: Option<String>) -> Properties {
        let anchor = anchor.map(|name| {
            self.count += 1;
            self.anchors.insert(name, self.count);
            self.count
        });
        Properties { anchor, tag: tag.map(|name| Tag::named(&name)) }
    }
}

type Placed<'t> = (Event<'t>, Range<usize>);

impl<'t> Iterator for Events<'t> {
    type Item = Result<Placed<'t>, Failure>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let event = match self.parser.next()? {
                Ok(event) => self.event(event),
                Err(error) => {
                    let at = error.problem_mark().map_or(0, |mark| self.byte(mark));
                    Err(syntax(at, error.problem()))
                }
            };
            if let Some(event) = event.transpose() {
                return Some(event);
            }
        }
    }
}

fn syntax(at: usize, message: &'static str) -> Failure {
    Failure { at, why: Why::Syntax(Cow::Borrowed(message)) }
}

fn style(style: libyaml::ScalarStyle) -> Style {
    match style {
        libyaml::ScalarStyle::SingleQuoted | libyaml::ScalarStyle::DoubleQuoted => Style::Quoted,
        libyaml::ScalarStyle::Literal | libyaml::ScalarStyle::Folded => Style::Block,
        _ => Style::Plain,
    }
}

/// Whether libyaml treats it as a line break.
fn is_break(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// Whether a comma may follow a tag directly (`[!a, b]`): Go's ports reject that, this one panics.
/// A `!` within a word does not begin a tag; one in a comment or in quotes may be mistaken for a
/// tag, which only costs the second parse.
fn has_tag_before_comma(bytes: &[u8]) -> bool {
    enum In {
        Text,
        Tag,
        /// Between `!<` and `>`, where commas may be.
        Verbatim,
    }
    let mut now = In::Text;
    let mut before = b' ';
    for byte in bytes.iter().copied() {
        now = match (now, byte) {
            (_, b'!') if !before.is_ascii_alphanumeric() => In::Tag,
            (In::Tag, b',') => return true,
            (In::Tag, b'<') if before == b'!' => In::Verbatim,
            (In::Verbatim, b'>') => In::Tag,
            (In::Verbatim, b',' | b'[' | b']') => In::Verbatim,
            (now, byte) if byte.is_ascii_alphanumeric() => now,
            (now, byte) if b"-_;/?:@&=+$.%!~*'()".contains(&byte) => now,
            _ => In::Text,
        };
        before = byte;
    }
    false
}

/// Whether an anchor or a tag may end at a line break that only libyaml knows (U+0085 and the like):
/// the tree's builder would take what follows for a part of it, and span the wrong bytes.
fn has_break_in_property(text: &str) -> bool {
    let is_rare_break = |c| is_break(c) && !c.is_ascii();
    text.split([' ', '\t', '\n', '\r'])
        .any(|word| word.contains(['!', '&']) && word.contains(is_rare_break))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comma_after_a_tag_is_detected() {
        for text in
            ["[!a, b]", "{a: !!str, b}", "[\"a\"!b,]", "[!<x,y[]>, b]", "[!a!%20,]", "['!<'!b, c]"]
        {
            assert!(has_tag_before_comma(text.as_bytes()), "{text}");
        }
        for text in
            ["[Hello!, b]", "[!<x,y> b, c]", "[\"!\", b]", "!a [b, c]", "[!a b, c]", "[\"!=\", b]"]
        {
            assert!(!has_tag_before_comma(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn a_property_before_a_rare_break_is_detected() {
        for text in ["!x\u{85}\\: ", "a: &b\u{2028}c", "[!!str\u{2029}d]"] {
            assert!(has_break_in_property(text), "{text:?}");
            assert!(Events::new(text).is_none());
        }
        for text in ["!x \u{85}a", "a\u{85}b", "&a b: 'c\u{2028}d'", "!x\n\u{85}"] {
            assert!(!has_break_in_property(text), "{text:?}");
        }
    }
}
