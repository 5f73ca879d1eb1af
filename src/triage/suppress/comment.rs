//! `# netpol-lint: ignore[rule-id, rule-id] reason`.

use std::ops::RangeInclusive;

use super::{Scope, Suppression, ids, removal};
use crate::model::MARK;
use crate::text::{Source, SourceId, Sources, Span};
use crate::yaml::Comment;

/// What a comment means.
pub(super) enum Read {
    /// It names rules.
    Suppression(Suppression),
    /// It addresses this linter and names no rule: the part that should.
    Malformed(Span),
    /// It only mentions this linter.
    Prose,
}

/// Reads the comments of a run, in their order.
#[derive(Default)]
pub(super) struct Reader {
    /// The last line below comments, and the comment that it was found from.
    below: Option<(SourceId, usize, RangeInclusive<usize>)>,
}

impl Reader {
    /// Reads a comment. The mark must follow a `#`, the comment's own or a later one in it (`# for
    /// DNS # netpol-lint: …`). Without ids in brackets nothing is suppressed: otherwise, what is
    /// accepted today would hide what goes wrong tomorrow.
    pub(super) fn read(&mut self, comment: &Comment, sources: &Sources) -> Read {
        let text = sources.slice(comment.span);
        let Some((before, after)) = text.split_once(MARK) else {
            return Read::Prose;
        };
        let own = before.trim_end().trim_end_matches('#').len();
        if own == before.trim_end().len() {
            return Read::Prose;
        }
        let (source, start) = (comment.span.source, comment.span.start as usize);
        let place = Span::new(source, start + own, start + text.trim_end().len());
        let Some((list, reason)) = bracketed(after) else {
            return Read::Malformed(place);
        };
        // The list ends at the bracket before the reason.
        let list_start = start + text.len() - reason.len() - 1 - list.len();
        let ids = ids(list, source, list_start);
        if ids.is_empty() {
            return Read::Malformed(place);
        }
        Read::Suppression(Suppression {
            ids,
            reason: reason.trim().to_owned(),
            place,
            scope: Scope::Lines(self.lines(comment, sources.get(source))),
            form: removal::Form::Comment,
            looked_at: comment.parsed,
            subject: None,
        })
    }

    /// The lines that it applies to: its own, or the first one below that is not a comment. A line
    /// with only a dash or a document marker belongs to the line after it.
    fn lines(&mut self, comment: &Comment, source: &Source) -> RangeInclusive<usize> {
        let (index, text) = (source.lines(), source.text());
        let own = index.line(comment.span.start as usize);
        if !comment.alone {
            return own..=own;
        }
        if let Some((of, from, below)) = &self.below
            && (*of, true) == (comment.span.source, (*from..*below.start()).contains(&own))
        {
            return below.clone();
        }
        let line = |number: usize| {
            let end = if number < index.len() { index.line_start(number + 1) } else { text.len() };
            text.get(index.line_start(number)..end).unwrap_or("").trim()
        };
        let mut first = own + 1;
        while first < index.len() && line(first).starts_with('#') {
            first += 1;
        }
        let mut last = first;
        while last < index.len() && matches!(line(last), "-" | "---") {
            last += 1;
        }
        self.below = Some((comment.span.source, own, first..=last));
        first..=last
    }
}

/// The ids and the reason in ` ignore[ids] reason`.
fn bracketed(text: &str) -> Option<(&str, &str)> {
    let rest = text.trim_start().strip_prefix("ignore")?.trim_start();
    rest.strip_prefix('[')?.split_once(']')
}
