//! What policies lack by habit: one cause, however many policies there are.

use super::{Context, words};

/// A policy to tell of, and others that lack the same and are told of with it.
pub(super) struct Told {
    /// The policy that the finding is about.
    pub policy: u32,
    /// The others.
    pub others: Vec<u32>,
}

/// The policies to tell of, of those to report on that lack something. Where most have it, each
/// one without it is an exception, and told of. Where most lack it, that is how it is done here:
/// the first one is told of, for all of them.
pub(super) fn exceptions_or_habit(cx: &Context<'_>, lacks: impl Fn(u32) -> bool) -> Vec<Told> {
    let policies = cx.cluster.policies().iter().copied();
    let reported: Vec<u32> = policies.filter(|id| cx.cluster.is_reported(*id)).collect();
    let lacking: Vec<u32> = reported.iter().copied().filter(|id| lacks(*id)).collect();
    match lacking.as_slice() {
        [first, others @ ..] if lacking.len() * 2 > reported.len() => {
            vec![Told { policy: *first, others: others.to_vec() }]
        }
        each => each.iter().map(|id| Told { policy: *id, others: Vec::new() }).collect(),
    }
}

impl Told {
    /// The others by name, in brackets; nothing where there are none.
    pub fn others_in_words(&self, cx: &Context<'_>) -> String {
        let name = |id: &u32| words::quoted(&cx.cluster.head(*id).name);
        let names: Vec<String> = self.others.iter().map(name).collect();
        if names.is_empty() {
            return String::new();
        }
        format!(" (the same applies to {})", words::list(&names, 3))
    }
}
