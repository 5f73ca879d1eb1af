//! Labels and label selectors.

use compact_str::CompactString;

use super::field::Why;
use crate::text::Span;

/// One label as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// Its key.
    pub key: CompactString,
    /// Its value.
    pub value: CompactString,
    /// The place of the key.
    pub key_span: Span,
    /// The place of the value.
    pub value_span: Span,
}

/// A label selector: all requirements are ANDed, and an empty one selects everything.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Selector {
    /// `matchLabels`, then `matchExpressions`, in order.
    pub requirements: Vec<Requirement>,
    /// Parts that the API server rejects. What a selector with faults selects is unknown.
    pub faults: Vec<Fault>,
}

/// A part of a selector that the API server rejects.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// The invalid token.
    pub span: Span,
    /// The field under the selector (`matchLabels.app`, `matchExpressions[0].values[1]`).
    pub field: String,
    /// Its text, for the message.
    pub text: CompactString,
    /// Why it is rejected.
    pub why: Why,
    /// Only worth a warning: accepted as the empty value.
    pub accepted: bool,
}

/// How a requirement compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operator {
    /// The label is one of the values. `matchLabels` is this with one value.
    In,
    /// The label is none of the values, or absent.
    NotIn,
    /// The label is there.
    Exists,
    /// The label is absent.
    DoesNotExist,
}

impl Operator {
    /// The one that is true where this one is not.
    #[must_use]
    pub fn negated(self) -> Self {
        match self {
            Self::In => Self::NotIn,
            Self::NotIn => Self::In,
            Self::Exists => Self::DoesNotExist,
            Self::DoesNotExist => Self::Exists,
        }
    }
}

/// One requirement.
#[derive(Clone, Debug, PartialEq)]
pub struct Requirement {
    /// The label's key.
    pub key: CompactString,
    /// How it compares.
    pub operator: Operator,
    /// The values, with their places; empty for `Exists` and `DoesNotExist`.
    pub values: Vec<(CompactString, Span)>,
    /// The place of the key: the label's key, or the value of `key:`.
    pub key_span: Span,
    /// The whole requirement: from the label's key to its value, or the whole expression.
    pub span: Span,
    /// Whether it is written under `matchLabels`.
    pub is_label: bool,
}

impl Selector {
    /// The selector that asks for those labels.
    pub fn of_labels(labels: &[Label]) -> Self {
        let requirement = |label: &Label| Requirement {
            key: label.key.clone(),
            operator: Operator::In,
            values: vec![(label.value.clone(), label.value_span)],
            key_span: label.key_span,
            span: label.key_span,
            is_label: true,
        };
        Self { requirements: labels.iter().map(requirement).collect(), faults: Vec::new() }
    }

    /// Whether it selects everything (`{}`).
    pub fn is_empty(&self) -> bool {
        self.requirements.is_empty() && self.faults.iter().all(|fault| fault.accepted)
    }

    /// Whether the API server rejects it.
    pub fn is_refused(&self) -> bool {
        self.faults.iter().any(|fault| !fault.accepted)
    }
}

/// The selector in words for a message: `app: backend, tier in (a, b), !debug`. Empty for `{}`.
pub fn labels(selector: &Selector) -> String {
    let words: Vec<String> = selector.requirements.iter().map(Requirement::words).collect();
    words.join(", ")
}

impl Requirement {
    /// The requirement in words for a message: `app: backend`, `tier in (a, b)`, `!debug`.
    pub fn words(&self) -> String {
        let values = || {
            let values: Vec<&str> = self.values.iter().map(|(value, _)| value.as_str()).collect();
            values.join(", ")
        };
        match self.operator {
            Operator::In if self.is_label => format!("{}: {}", self.key, values()),
            Operator::In => format!("{} in ({})", self.key, values()),
            Operator::NotIn => format!("{} not in ({})", self.key, values()),
            Operator::Exists => self.key.to_string(),
            Operator::DoesNotExist => format!("!{}", self.key),
        }
    }
}
