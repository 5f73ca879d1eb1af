//! Where a piece of text, or a value, comes from.

use crate::text::Span;

/// Identifies one [`Trace`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Origin(u32);

impl Origin {
    /// An unknown origin.
    pub(crate) const NONE: Self = Self(0);

    /// This one, or `other` if it is unknown.
    pub(crate) fn or(self, other: Self) -> Self {
        if self == Self::NONE { other } else { self }
    }
}

/// What is known about an origin.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Trace {
    /// The text or the action of a template that wrote it.
    pub(crate) template: Option<Span>,
    /// It is text of the template, byte for byte.
    pub(crate) is_literal: bool,
    /// The place of the value behind it.
    pub(crate) value: Option<Span>,
    /// The action that called the template it is in.
    pub(crate) caller: Origin,
    /// It is random, a time, or secret: it differs in every rendering.
    pub(crate) is_unknown: bool,
}

/// All traces of one rendering.
#[derive(Debug)]
pub(crate) struct Origins {
    all: Vec<Trace>,
}

impl Default for Origins {
    fn default() -> Self {
        Self { all: vec![Trace::default()] }
    }
}

impl Origins {
    /// The trace with that id.
    pub(crate) fn get(&self, origin: Origin) -> Trace {
        self.all.get(origin.0 as usize).copied().unwrap_or_default()
    }

    /// Adds a trace. A repetition of the last one gets the same id.
    pub(crate) fn add(&mut self, trace: Trace) -> Origin {
        if self.all.last() != Some(&trace) {
            self.all.push(trace);
        }
        Origin(u32::try_from(self.all.len() - 1).unwrap_or(0))
    }

    /// A value that is written at `span`.
    pub(crate) fn value(&mut self, span: Span) -> Origin {
        self.add(Trace { value: Some(span), ..Trace::default() })
    }

    /// A value that differs in every rendering.
    pub(crate) fn unknown(&mut self) -> Origin {
        self.add(Trace { is_unknown: true, ..Trace::default() })
    }

    /// What wrote it in the rendered file, outside all template calls.
    pub(crate) fn outermost(&self, origin: Origin) -> Trace {
        let mut trace = self.get(origin);
        // A caller always has a lower id than what it calls, so this ends.
        while trace.caller != Origin::NONE {
            trace = self.get(trace.caller);
        }
        trace
    }
}
