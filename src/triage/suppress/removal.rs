//! The edits that remove a suppression, or some of its ids.

use super::{Id, Suppression};
use crate::lint::Edit;
use crate::text::{Source, Sources, Span};

/// How a suppression is written.
#[derive(Debug)]
pub(super) enum Form {
    /// As a comment.
    Comment,
    /// As an annotation; `parent` is the key `annotations` if this is the only one.
    Annotation { key: Span, value: Span, parent: Option<Span> },
    /// As an annotation that can't be edited on its own.
    Fixed,
}

/// The edits that keep only the ids that are `needed`; `None` if its form makes that unsafe.
pub(super) fn edits(suppression: &Suppression, needed: &[&Id], sources: &Sources) -> Vec<Edit> {
    let source = sources.get(suppression.place.source);
    let rest: Vec<&str> = needed.iter().map(|id| id.text.as_str()).collect();
    let edit = match (&suppression.form, rest.is_empty()) {
        (Form::Fixed, _) => None,
        (Form::Comment, true) => Some(comment(suppression.place, source)),
        (Form::Comment, false) => replaced_ids(suppression, &rest),
        (Form::Annotation { key, value, parent }, true) => {
            annotation(*key, *value, *parent, source)
        }
        (Form::Annotation { key, value, .. }, false) => {
            annotation(*key, *value, None, source).and_then(|_| replaced_ids(suppression, &rest))
        }
    };
    edit.into_iter().collect()
}

/// Only the remaining ids, from the first one to the last. In an annotation the list may be in a
/// quoted or plain scalar: rule ids and commas are the same in both.
fn replaced_ids(suppression: &Suppression, rest: &[&str]) -> Option<Edit> {
    let (first, last) = (suppression.ids.first()?.span, suppression.ids.last()?.span);
    let is_list = suppression.ids.windows(2).all(|pair| pair[0].span.end < pair[1].span.start);
    let span = Span { end: last.end, ..first };
    is_list.then(|| Edit { span, text: rest.join(", ") })
}

/// A comment with the blanks before it, or with its line if it is alone there.
fn comment(place: Span, source: &Source) -> Edit {
    let text = source.text();
    let (start, end) = (place.start as usize, place.end as usize);
    let line = Line::of(source, start);
    let before = text.get(line.start..start).unwrap_or("");
    let span = match before.trim().is_empty() {
        true => Span::new(place.source, line.start, line.next),
        false => Span::new(place.source, line.start + before.trim_end().len(), end),
    };
    Edit { span, text: String::new() }
}

/// The line of an annotation that has one of its own, in block style; with the line above if that
/// is the key `annotations` and nothing would be left below it.
fn annotation(key: Span, value: Span, parent: Option<Span>, source: &Source) -> Option<Edit> {
    let text = source.text();
    let line = Line::of(source, key.start as usize);
    let before = text.get(line.start..key.start as usize)?;
    let after = text.get((value.end.max(key.end)) as usize..line.next)?.trim_start();
    let alone = before.trim().is_empty() && (after.is_empty() || after.starts_with('#'));
    if !alone {
        return None;
    }
    let start = match parent {
        None => line.start,
        Some(parent) => {
            let above = Line::of(source, parent.start as usize);
            let own = text.get(above.start..parent.start as usize)?.trim().is_empty();
            let bare = text.get(parent.end as usize..above.next)?.trim() == ":";
            if !own || !bare || above.next != line.start {
                return None;
            }
            above.start
        }
    };
    Some(Edit { span: Span::new(key.source, start, line.next), text: String::new() })
}

/// A line of a source: its start, and the start of the next.
struct Line {
    start: usize,
    next: usize,
}

impl Line {
    fn of(source: &Source, offset: usize) -> Self {
        let index = source.lines();
        let number = index.line(offset);
        let is_last = number >= index.len();
        let next = if is_last { source.text().len() } else { index.line_start(number + 1) };
        Self { start: index.line_start(number), next }
    }
}
