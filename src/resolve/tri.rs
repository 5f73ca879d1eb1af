//! Three-valued truth: what the repository cannot tell is unknown, and unknown is not an error.

use std::ops::{BitAnd, BitOr, Not};

/// Yes, no, or unknown (Kleene's logic).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tri {
    /// The repository proves that it is not so.
    #[default]
    No,
    /// The repository cannot tell.
    Unknown(Why),
    /// The repository proves that it is so.
    Yes,
}

/// Why something can't be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Why {
    /// A value that a tool fills in later (`${APP}`).
    Placeholder,
    /// The labels of a namespace that the repository does not show.
    NamespaceNotShown,
    /// A label that a controller or operator sets on pods.
    ControllerLabel,
    /// Pods whose labels the manifest does not show in full.
    LabelsNotShown,
    /// Part of the policy is refused by the API server.
    Refused,
    /// Whether an `ipBlock` matches addresses inside the cluster: network plugins differ.
    AddressInCluster,
    /// Policies and `hostNetwork` pods: the API leaves it undefined.
    HostNetwork,
    /// A policy of a kind that is not evaluated may select the pods.
    OtherPolicyKind,
    /// The pods are only known by a selector, and it doesn't say.
    SelectorOnly,
    /// An address or label that only some clusters have.
    Cluster,
}

impl Tri {
    /// Whether it is proven.
    pub fn is_yes(self) -> bool {
        self == Self::Yes
    }

    /// Whether it is disproven.
    pub fn is_no(self) -> bool {
        self == Self::No
    }

    /// Yes becomes unknown; the rest stays.
    pub fn at_most_unknown(self, why: Why) -> Self {
        if self.is_yes() { Self::Unknown(why) } else { self }
    }

    /// Whether any of them is so; stops at the first yes.
    pub fn any(values: impl IntoIterator<Item = Self>) -> Self {
        let mut result = Self::No;
        for value in values {
            result = result | value;
            if result.is_yes() {
                break;
            }
        }
        result
    }

    /// Whether all of them are so; stops at the first no.
    pub fn all(values: impl IntoIterator<Item = Self>) -> Self {
        let mut result = Self::Yes;
        for value in values {
            result = result & value;
            if result.is_no() {
                break;
            }
        }
        result
    }
}

impl From<bool> for Tri {
    fn from(value: bool) -> Self {
        if value { Self::Yes } else { Self::No }
    }
}

impl BitAnd for Tri {
    type Output = Self;
    fn bitand(self, other: Self) -> Self {
        match (self, other) {
            (Self::No, _) | (_, Self::No) => Self::No,
            (Self::Unknown(why), _) | (_, Self::Unknown(why)) => Self::Unknown(why),
            (Self::Yes, Self::Yes) => Self::Yes,
        }
    }
}

impl BitOr for Tri {
    type Output = Self;
    fn bitor(self, other: Self) -> Self {
        match (self, other) {
            (Self::Yes, _) | (_, Self::Yes) => Self::Yes,
            (Self::Unknown(why), _) | (_, Self::Unknown(why)) => Self::Unknown(why),
            (Self::No, Self::No) => Self::No,
        }
    }
}

impl Not for Tri {
    type Output = Self;
    fn not(self) -> Self {
        match self {
            Self::No => Self::Yes,
            Self::Yes => Self::No,
            unknown => unknown,
        }
    }
}
