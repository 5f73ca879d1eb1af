//! Conditions on labels: a label selector, or an expression of Calico's language.

use compact_str::CompactString;

use crate::model::selector::{Operator, Requirement, Selector};
use crate::text::Span;

/// The label that the API server sets to the name of every Namespace (KEP-2161).
pub const NAMESPACE_NAME: &str = "kubernetes.io/metadata.name";

/// Whose label a condition is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LabelOf {
    /// The pod's own.
    Pod,
    /// Its Namespace's.
    Namespace,
    /// Its ServiceAccount's.
    Account,
    /// Not a label: the name of its ServiceAccount.
    AccountName,
    /// Not a label: the name of the cluster.
    Cluster,
    /// Not a pod's: the identity that Cilium reserves for something else (`host`, `world` …).
    Reserved,
}

/// A condition.
#[derive(Clone, Debug, PartialEq)]
pub enum Expr {
    /// Always so.
    Always,
    /// Never so.
    Never,
    /// Refused, or filled in later.
    Unknown,
    /// A label meets a requirement.
    Is(LabelOf, Requirement),
    /// The text of a label.
    Text(LabelOf, TextTest),
    /// Not so.
    Not(Box<Expr>),
    /// All of them.
    All(Vec<Expr>),
    /// Any of them.
    Any(Vec<Expr>),
}

/// A condition on the text of a label, which must be there.
#[derive(Clone, Debug, PartialEq)]
pub struct TextTest {
    /// The label's key.
    pub key: CompactString,
    /// How it compares.
    pub operator: TextOperator,
    /// With what.
    pub text: CompactString,
    /// The whole condition.
    pub span: Span,
}

/// How a text compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextOperator {
    /// It contains the text.
    Contains,
    /// It starts with it.
    StartsWith,
    /// It ends with it.
    EndsWith,
}

impl Expr {
    /// What a label selector requires of the labels of `of`.
    pub fn of_selector(of: LabelOf, selector: &Selector) -> Self {
        if selector.is_refused() {
            return Self::Unknown;
        }
        let all = selector.requirements.iter().map(|requirement| Self::Is(of, requirement.clone()));
        Self::all(all.collect())
    }

    /// All of them.
    pub fn all(all: Vec<Self>) -> Self {
        let mut flat = Vec::with_capacity(all.len());
        for one in all {
            match one {
                Self::Always => {}
                Self::All(inner) => flat.extend(inner),
                one => flat.push(one),
            }
        }
        match flat.len() {
            0 => Self::Always,
            1 => flat.remove(0),
            _ => Self::All(flat),
        }
    }

    /// Not so.
    #[must_use]
    pub fn negated(self) -> Self {
        match self {
            Self::Is(of, requirement) => {
                let operator = requirement.operator.negated();
                Self::Is(of, Requirement { operator, ..requirement })
            }
            Self::Not(one) => *one,
            one => Self::Not(Box::new(one)),
        }
    }

    /// A label has one value.
    pub fn equals(of: LabelOf, key: &str, value: &str, span: Span) -> Self {
        Self::Is(
            of,
            Requirement {
                key: key.into(),
                operator: Operator::In,
                values: vec![(value.into(), span)],
                key_span: span,
                span,
                is_label: true,
            },
        )
    }

    /// A label is there.
    pub fn exists(of: LabelOf, key: &str, span: Span) -> Self {
        Self::Is(
            of,
            Requirement {
                key: key.into(),
                operator: Operator::Exists,
                values: Vec::new(),
                key_span: span,
                span,
                is_label: false,
            },
        )
    }

    /// The conditions that all must hold.
    pub fn conjuncts(&self) -> &[Self] {
        match self {
            Self::All(all) => all,
            one => std::slice::from_ref(one),
        }
    }

    /// Every requirement in it, wherever it is.
    pub fn requirements(&self) -> Vec<(LabelOf, &Requirement)> {
        match self {
            Self::Is(of, requirement) => vec![(*of, requirement)],
            Self::Not(one) => one.requirements(),
            Self::All(list) | Self::Any(list) => list.iter().flat_map(Self::requirements).collect(),
            Self::Always | Self::Never | Self::Unknown | Self::Text(..) => Vec::new(),
        }
    }

    /// The requirements on the labels of `of` that all must hold.
    pub fn required(&self, of: LabelOf) -> impl Iterator<Item = &Requirement> {
        self.conjuncts().iter().filter_map(move |one| match one {
            Self::Is(whose, requirement) if *whose == of => Some(requirement),
            _ => None,
        })
    }
}
