//! Texts that record where each piece of them comes from.

use std::rc::Rc;

use super::origin::{Origin, Origins, Trace};

/// Where a text comes from, up to the next mark.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Mark {
    /// The byte of the text at which the piece begins.
    pub(crate) start: u32,
    /// Where it comes from.
    pub(crate) origin: Origin,
    /// How many bytes into its origin it begins; only relevant for literal text.
    pub(crate) offset: u32,
}

/// An immutable text.
#[derive(Clone, Debug)]
pub(crate) struct Text {
    text: Rc<str>,
    marks: Rc<[Mark]>,
}

/// A text under construction.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rope {
    text: String,
    marks: Vec<Mark>,
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self { text: text.into(), marks: Rc::default() }
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self { text: text.into(), marks: Rc::default() }
    }
}

impl std::ops::Deref for Text {
    type Target = str;
    fn deref(&self) -> &str {
        &self.text
    }
}

impl Text {
    /// The origin of its first piece that has one.
    pub(crate) fn origin(&self) -> Origin {
        let known = self.marks.iter().find(|mark| mark.origin != Origin::NONE);
        known.map_or(Origin::NONE, |mark| mark.origin)
    }

    /// The origin of the bytes from `start` to `end`: unknown if one piece is unknown, otherwise
    /// that of the first value, or of the first piece that has one.
    pub(crate) fn origin_of(&self, start: usize, end: usize, origins: &Origins) -> Origin {
        let first = self.marks.partition_point(|mark| mark.start as usize <= start);
        let marks = self.marks.iter().skip(first.saturating_sub(1));
        let inner: Vec<Origin> =
            marks.take_while(|mark| (mark.start as usize) < end).map(|mark| mark.origin).collect();
        let traced =
            |is: fn(&Trace) -> bool| inner.iter().copied().find(|origin| is(&origins.get(*origin)));
        let any = || inner.iter().copied().find(|origin| *origin != Origin::NONE);
        let known = traced(|trace| trace.is_unknown).or_else(|| traced(|t| t.value.is_some()));
        known.or_else(any).unwrap_or(Origin::NONE)
    }

    /// The same bytes, shared.
    pub(crate) fn shared(&self) -> Rc<str> {
        Rc::clone(&self.text)
    }

    /// The bytes from `start` to `end`.
    pub(crate) fn slice(&self, start: usize, end: usize) -> Text {
        let mut rope = Rope::default();
        rope.push_part(self, start, end);
        rope.into_text()
    }

    /// A part of it, given as a slice of it: what trimming and cutting leave.
    pub(crate) fn part(&self, part: &str) -> Text {
        if part.len() == self.text.len() {
            return self.clone();
        }
        let start = (part.as_ptr() as usize).saturating_sub(self.text.as_ptr() as usize);
        self.slice(start, start + part.len())
    }

    /// Its pieces with their marks, in order; the mark of the first may be missing.
    pub(crate) fn pieces(&self) -> impl Iterator<Item = (&str, Option<Mark>)> {
        pieces(&self.text, &self.marks)
    }
}

fn pieces<'t>(text: &'t str, marks: &'t [Mark]) -> impl Iterator<Item = (&'t str, Option<Mark>)> {
    let first = marks.first().map_or(text.len(), |mark| mark.start as usize);
    let head = (first > 0).then(|| (text.get(..first).unwrap_or(""), None));
    let rest = marks.iter().enumerate().map(move |(nth, mark)| {
        let end = marks.get(nth + 1).map_or(text.len(), |next| next.start as usize);
        (text.get(mark.start as usize..end).unwrap_or(""), Some(*mark))
    });
    head.into_iter().chain(rest)
}

impl Rope {
    pub(crate) fn len(&self) -> usize {
        self.text.len()
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// Adds text that comes from `origin`, starting at its byte `offset`.
    pub(crate) fn push_from(&mut self, text: &str, origin: Origin, offset: usize) {
        if text.is_empty() {
            return;
        }
        let start = u32::try_from(self.text.len()).unwrap_or(u32::MAX);
        let offset = u32::try_from(offset).unwrap_or(u32::MAX);
        let is_new = match self.marks.last() {
            Some(last) => {
                last.origin != origin
                    || (origin != Origin::NONE
                        && offset != 0
                        && last.offset + (start - last.start) != offset)
            }
            None => origin != Origin::NONE,
        };
        if is_new {
            self.marks.push(Mark { start, origin, offset });
        }
        self.text.push_str(text);
    }

    /// Adds text that comes from `origin`.
    pub(crate) fn push(&mut self, text: &str, origin: Origin) {
        self.push_from(text, origin, 0);
    }

    /// Adds text without an origin.
    pub(crate) fn push_str(&mut self, text: &str) {
        self.push_from(text, Origin::NONE, 0);
    }

    /// Adds a text with its origins.
    pub(crate) fn push_text(&mut self, text: &Text) {
        self.push_part(text, 0, text.len());
    }

    /// Adds the bytes from `start` to `end` of a text with their origins.
    pub(crate) fn push_part(&mut self, text: &Text, start: usize, end: usize) {
        let covering = text.marks.partition_point(|mark| mark.start as usize <= start);
        let mut at = start;
        if covering == 0 {
            let stop = next_start(text, 0).min(end);
            self.push_str(text.get(at..stop).unwrap_or(""));
            at = stop;
        }
        for (nth, mark) in text.marks.iter().enumerate().skip(covering.saturating_sub(1)) {
            if at >= end {
                break;
            }
            let stop = next_start(text, nth + 1).min(end);
            let offset = mark.offset as usize + (at - mark.start as usize);
            self.push_from(text.get(at..stop).unwrap_or(""), mark.origin, offset);
            at = stop;
        }
    }

    /// Removes each occurrence of `word`.
    pub(crate) fn without(self, word: &str) -> Rope {
        if !self.text.contains(word) {
            return self;
        }
        let text = self.into_text();
        let mut rope = Rope::default();
        let mut at = 0;
        while let Some(found) = text.get(at..).and_then(|rest| rest.find(word)) {
            rope.push_part(&text, at, at + found);
            at += found + word.len();
        }
        rope.push_part(&text, at, text.len());
        rope
    }

    pub(crate) fn into_text(self) -> Text {
        Text { text: self.text.into(), marks: self.marks.into() }
    }

    /// The text and its marks, for lookups by byte.
    pub(crate) fn into_parts(self) -> (String, Vec<Mark>) {
        (self.text, self.marks)
    }
}

fn next_start(text: &Text, nth: usize) -> usize {
    text.marks.get(nth).map_or(text.text.len(), |mark| mark.start as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &Text) -> Vec<(String, Option<u32>)> {
        text.pieces().map(|(piece, mark)| (piece.to_owned(), mark.map(|m| m.offset))).collect()
    }

    #[test]
    fn a_part_keeps_what_is_known_about_it() {
        let mut origins = Origins::default();
        let a = origins.add(Trace { is_literal: true, ..Trace::default() });
        let mut rope = Rope::default();
        rope.push_str("01");
        rope.push_from("abcd", a, 10);
        rope.push_str("23");
        let text = rope.into_text();
        let whole = [("01".to_owned(), None), ("abcd".into(), Some(10)), ("23".into(), Some(0))];
        assert_eq!(shown(&text), whole);
        assert_eq!(shown(&text.slice(3, 5)), [("bc".to_owned(), Some(11))]);
        assert_eq!(&*text.slice(1, 7), "1abcd2");
        assert_eq!(shown(&text.slice(1, 3)), [("1".to_owned(), None), ("a".into(), Some(10))]);
        assert_eq!(shown(&text.slice(6, 8)), [("23".to_owned(), None)]);
    }

    #[test]
    fn removing_a_suppression_keeps_the_rest_in_place() {
        let mut origins = Origins::default();
        let a = origins.add(Trace { is_literal: true, ..Trace::default() });
        let mut rope = Rope::default();
        rope.push_from("x<no value>y", a, 0);
        let text = rope.without("<no value>").into_text();
        assert_eq!(shown(&text), [("x".to_owned(), Some(0)), ("y".into(), Some(11))]);
    }
}
