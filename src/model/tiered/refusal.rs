//! What of a policy is refused.

use crate::text::Span;

/// A part of a policy that is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Which rule reports it.
    pub kind: RefusalKind,
    /// Where.
    pub span: Span,
    /// The field's path from the object's root.
    pub field: String,
    /// What is wrong, in one sentence.
    pub message: String,
    /// What to do about it, in one.
    pub help: String,
    /// What to write instead, where that is certain.
    pub advice: Option<Advice>,
}

/// What to write instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advice {
    /// What is replaced.
    pub span: Span,
    /// By what.
    pub text: String,
    /// As an order (`Quote the port`).
    pub title: String,
}

/// Which rule reports a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RefusalKind {
    /// `unknown-field`: kubectl refuses it, other clients have it dropped.
    Field,
    /// `invalid-port`.
    Port,
    /// `invalid-selector`.
    Selector,
    /// `invalid-ip-block`.
    Block,
    /// `invalid-peer`.
    Peer,
    /// `invalid-peer`, unless the cluster is set up to select nodes by their labels.
    NodeLabels,
    /// `invalid-policy`.
    Policy,
    /// `inert-policy`.
    Inert,
}

impl RefusalKind {
    /// Whether the object as a whole is not enforced because of it. An unknown field is dropped
    /// where it is not refused.
    pub fn is_refused(self) -> bool {
        self != Self::Field
    }
}
