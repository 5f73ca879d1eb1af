//! Where a piece of text, or a value, comes from.

use crate::text::Span;

/// Names one [`Trace`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Origin(u32);

impl Origin {
    /// From nowhere in particular.
    pub(crate) const NONE: Self = Self(0);

    /// This one, or `other` where it says nothing.
    pub(crate) fn or(self, other: Self) -> Self {
        if self == Self::NONE { other } else { self }
    }
}

/// What is known of where something comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Trace {
    /// The text or the action of a template that wrote it.
    pub(crate) template: Option<Span>,
    /// It is text of the template, byte for byte.
    pub(crate) is_literal: bool,
    /// Where the value is written that it was made of.
    pub(crate) value: Option<Span>,
    /// The action that called the template it is in.
    pub(crate) caller: Origin,
    /// It is random, a time, or secret: another one whenever it is rendered.
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
    /// The trace of that name.
    pub(crate) fn get(&self, origin: Origin) -> Trace {
        self.all.get(origin.0 as usize).copied().unwrap_or_default()
    }

    /// Names a trace. The one before it is named again if it is the same.
    pub(crate) fn add(&mut self, trace: Trace) -> Origin {
        if self.all.last() != Some(&trace) {
            self.all.push(trace);
        }
        Origin(u32::try_from(self.all.len() - 1).unwrap_or(0))
    }

    /// A value that is written there.
    pub(crate) fn value(&mut self, span: Span) -> Origin {
        self.add(Trace { value: Some(span), ..Trace::default() })
    }

    /// A value that is another one whenever it is made.
    pub(crate) fn unknown(&mut self) -> Origin {
        self.add(Trace { is_unknown: true, ..Trace::default() })
    }

    /// What was written in the file that is rendered: behind all calls of templates.
    pub(crate) fn outermost(&self, origin: Origin) -> Trace {
        let mut trace = self.get(origin);
        // A caller is always named before what it calls, so this ends.
        while trace.caller != Origin::NONE {
            trace = self.get(trace.caller);
        }
        trace
    }
}
