//! What a template makes, read as manifests.

use std::ops::Range;

use super::faults::{self, Trouble};
use super::places::Places;
use super::template::Budget;
use crate::bundle::{Manifest, heads};
use crate::text::SourceId;
use crate::yaml::{self, Limits, Node};

/// What a document of the output is read as, before its places are those of its template.
const OUTPUT: SourceId = SourceId(u32::MAX);
/// The bytes that a node of a manifest takes, about.
const NODE: usize = 64;
/// What the kinds of all policies end with.
pub(super) const POLICY: &str = "NetworkPolicy";
/// Nothing that belongs to a test is part of what runs.
const HOOK: &str = "helm.sh/hook";

/// The manifests of a text, and what is wrong with it.
pub(super) fn read(
    places: &Places<'_>,
    limits: &Limits,
    budget: &Budget,
) -> (Vec<Manifest>, Vec<Trouble>) {
    let (mut manifests, mut problems) = (Vec::new(), Vec::new());
    for range in documents(places.text) {
        let may_be_policy = places.text.get(range.clone()).is_some_and(|it| it.contains(POLICY));
        let stream = yaml::read(OUTPUT, places.text, range, None, limits);
        problems.extend(stream.problems.iter().map(|problem| {
            Trouble::of_output(places.place(problem.span), &faults::in_words(&problem.kind))
        }));
        for document in stream.documents.iter().filter(|document| !is_test(&document.root)) {
            // Aliases make much of little.
            if let Err(limit) = budget.room(nodes(&document.root).saturating_mul(NODE)) {
                problems.push(Trouble::from(limit).at(places.fallback));
                return (manifests, problems);
            }
            let mut writes = Vec::new();
            let tree = places.rewritten(&document.root, may_be_policy.then_some(&mut writes));
            for (head, tree) in heads(&tree) {
                let is_policy = head.kind.ends_with(POLICY);
                let writes = if is_policy { writes.clone() } else { Vec::new() };
                manifests.push(Manifest { head, tree, writes });
            }
        }
    }
    (manifests, problems)
}

/// The documents of what a template makes, as helm parts them: at each line that begins with `---`,
/// without the space around them.
fn documents(text: &str) -> Vec<Range<usize>> {
    let is_space = |c: char| c.is_ascii_whitespace();
    let mut starts = vec![(0, 0)];
    for (at, _) in text.match_indices("---") {
        if at == 0 || text.get(..at).is_some_and(|before| before.ends_with('\n')) {
            starts.push((at, at + 3));
        }
    }
    let ends = starts.iter().skip(1).map(|(at, _)| *at).chain([text.len()]);
    let trimmed = starts.iter().zip(ends).map(|((_, start), end)| {
        let all = text.get(*start..end).unwrap_or("");
        let head = all.len() - all.trim_start_matches(is_space).len();
        start + head..start + all.trim_end_matches(is_space).len().max(head)
    });
    trimmed.filter(|range| !range.is_empty()).collect()
}

/// How many nodes a tree has.
fn nodes(node: &Node) -> usize {
    match &node.value {
        yaml::Value::Scalar(_) => 1,
        yaml::Value::Seq(items) => 1 + items.iter().map(nodes).sum::<usize>(),
        yaml::Value::Map(map) => {
            1 + map.entries.iter().map(|entry| 1 + nodes(&entry.value)).sum::<usize>()
        }
    }
}

/// Whether a manifest is only run by `helm test`.
fn is_test(root: &Node) -> bool {
    let hook = root.at(&["metadata", "annotations", HOOK]).and_then(Node::as_str);
    hook.is_some_and(|hook| hook.split(',').any(|it| it.trim().starts_with("test")))
}
