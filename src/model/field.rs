//! A field as written: absent, given, or wrong.

use crate::text::Span;

/// The place of a field.
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

/// A field of a manifest. `null` counts as absent, as in the API server's decoder
/// (k8s.io/apimachinery decodes JSON `null` to the zero value).
#[derive(Clone, Debug, PartialEq)]
pub enum Field<T> {
    /// Absent, or null.
    Absent,
    /// Present and valid.
    Given(T, Place),
    /// Present, but the API server would reject it.
    Wrong(Place, Why),
}

impl<T> Field<T> {
    /// The value, if it is present and valid.
    pub fn get(&self) -> Option<&T> {
        match self {
            Self::Given(value, _) => Some(value),
            _ => None,
        }
    }

    /// Its place, if it is present.
    pub fn place(&self) -> Option<Place> {
        match self {
            Self::Absent => None,
            Self::Given(_, place) | Self::Wrong(place, _) => Some(*place),
        }
    }

    /// Whether it is absent (or null).
    pub fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }

    /// Whether it would be rejected.
    pub fn is_wrong(&self) -> bool {
        matches!(self, Self::Wrong(..))
    }
}

/// Why the API server rejects a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// A value of the wrong type: the required type ("a mapping", "a list", "a string") and the
    /// actual one.
    Type {
        /// The type that the API requires.
        wanted: &'static str,
        /// The type that is written.
        found: &'static str,
    },
    /// A plain scalar in place of a string that YAML 1.1 reads as another type: quotes fix it.
    /// Contains that type ("a boolean", "a number").
    Unquoted(&'static str),
    /// Anything else that validation rejects; the reason as the end of a sentence whose subject is
    /// the value ("must be at most 63 characters long").
    Refused(String),
}
