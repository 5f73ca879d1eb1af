//! A selector that matches no pod, as it is reported.

use super::{Confidence, Related};
use crate::text::Span;

/// A selector without pods, described.
pub(super) struct Orphan {
    /// The label that no candidate has, if it is a single one; otherwise the selector's key.
    pub place: Span,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: String,
    /// The nearest workload's label.
    pub related: Vec<Related>,
    /// Low if another part of the repository has such pods.
    pub confidence: Confidence,
    /// The labels that no pod has.
    pub absent: Vec<(String, String)>,
}
