//! A field as written: absent, given, or wrong.

use crate::text::Span;

/// Where a field is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its key; for an item of a list, the item's first token.
    pub key: Span,
    /// Its value.
    pub value: Span,
}

impl Place {
    /// A place where key and value are the same token (an item of a list).
    pub fn item(span: Span) -> Self {
        Self { key: span, value: span }
    }
}

/// A field of a manifest. `null` counts as absent, as it does for the API server's decoder
/// (k8s.io/apimachinery decodes JSON `null` to the zero value).
#[derive(Clone, Debug, PartialEq)]
pub enum Field<T> {
    /// Not written, or null.
    Absent,
    /// Written, and understood.
    Given(T, Place),
    /// Written, and the API server would refuse it.
    Wrong(Place, Why),
}

impl<T> Field<T> {
    /// The value, if it was given and understood.
    pub fn get(&self) -> Option<&T> {
        match self {
            Self::Given(value, _) => Some(value),
            _ => None,
        }
    }

    /// Where it is written, if it is.
    pub fn place(&self) -> Option<Place> {
        match self {
            Self::Absent => None,
            Self::Given(_, place) | Self::Wrong(place, _) => Some(*place),
        }
    }

    /// Whether nothing is written (or null).
    pub fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }

    /// Whether what is written would be refused.
    pub fn is_wrong(&self) -> bool {
        matches!(self, Self::Wrong(..))
    }
}

/// Why the API server refuses a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// A value of the wrong type: what is wanted ("a mapping", "a list", "a string") and what is
    /// there.
    Type {
        /// What the API wants.
        wanted: &'static str,
        /// What is written.
        found: &'static str,
    },
    /// A plain scalar where a string is wanted that YAML 1.1 reads as something else: quotes
    /// fix it. Holds what it is read as ("a boolean", "a number").
    Unquoted(&'static str),
    /// Anything else the validation refuses; the reason as the end of a sentence whose subject
    /// is the value ("must be at most 63 characters long").
    Refused(String),
}
