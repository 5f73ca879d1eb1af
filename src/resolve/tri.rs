//! Three-valued truth: what the repository does not show is unknown, and unknown is not an error.

use std::ops::{BitAnd, BitOr, Not};

/// Yes, no, or unknown (Kleene's logic).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tri {
    /// The repository proves that it is false.
    #[default]
    No,
    /// The repository does not show it.
    Unknown(Why),
    /// The repository proves that it is true.
    Yes,
}

/// Why something is unknown.
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
    /// The API server rejects part of the policy.
    Refused,
    /// Whether an `ipBlock` matches addresses inside the cluster: network plugins differ.
    AddressInCluster,
    /// Policies and `hostNetwork` pods: the API leaves it undefined.
    HostNetwork,
    /// A policy of a kind that is not evaluated may select the pods.
    OtherPolicyKind,
    /// Only a selector describes the pods, and it does not decide.
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

    /// Whether any of them is true; stops at the first yes.
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

    /// Whether all of them are true; stops at the first no.
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
