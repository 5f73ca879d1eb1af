//! What most policies omit is reported once, however many policies there are.

use super::{Context, words};
use crate::model::PolicyId;

/// A policy to report, and others with the same omission that its finding covers.
pub(super) struct Omission {
    /// The policy that the finding is about.
    pub policy: PolicyId,
    /// The others.
    pub others: Vec<PolicyId>,
}

/// The policies to report, of the reported ones that lack something. If most policies have it, each
/// one without it is an exception, and is reported. If most lack it, that is this repository's
/// practice: only the first is reported, for all of them.
pub(super) fn reported_omissions(
    cx: &Context<'_>,
    lacks: impl Fn(PolicyId) -> bool,
) -> Vec<Omission> {
    let policies = cx.cluster.policies().iter().copied();
    let reported: Vec<PolicyId> = policies.filter(|id| cx.cluster.is_reported(*id)).collect();
    let lacking: Vec<PolicyId> = reported.iter().copied().filter(|id| lacks(*id)).collect();
    match lacking.as_slice() {
        [first, others @ ..] if lacking.len() * 2 > reported.len() => {
            vec![Omission { policy: *first, others: others.to_vec() }]
        }
        each => each.iter().map(|id| Omission { policy: *id, others: Vec::new() }).collect(),
    }
}

impl Omission {
    /// The names of the others, in brackets; empty if there are none.
    pub fn others_in_words(&self, cx: &Context<'_>) -> String {
        let name = |id: &PolicyId| words::quoted(&cx.cluster.head(*id).name);
        let names: Vec<String> = self.others.iter().map(name).collect();
        if names.is_empty() {
            return String::new();
        }
        format!(" (the same applies to {})", words::list(&names, 3))
    }
}
