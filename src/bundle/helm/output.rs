//! What a template makes, read as manifests.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use super::faults::{self, Trouble};
use super::places::Places;
use super::template::Budget;
use crate::bundle::{Manifest, heads};
use crate::text::SourceId;
use crate::yaml::{self, Entry, Extent, Limits, Map, Node, Partial, Value};

/// What a document of the output is read as, before its places are those of its template.
const OUTPUT: SourceId = SourceId(u32::MAX);
/// The bytes that a node of a manifest takes, about.
const NODE: usize = 128;
/// What the kinds of all policies end with.
pub(super) const POLICY: &str = "NetworkPolicy";
/// Nothing that belongs to a test is part of what runs.
const HOOK: &str = "helm.sh/hook";

/// What a text is read as.
#[derive(Default)]
pub(super) struct Output {
    pub(super) manifests: Vec<Manifest>,
    pub(super) problems: Vec<Trouble>,
    /// How many nodes the manifests have.
    pub(super) nodes: usize,
}

/// The manifests of a text, and what is wrong with it. `relevance` says of which of them the head is
/// enough.
pub(super) fn read(
    places: &Places<'_>,
    limits: &Limits,
    relevance: Option<&dyn Partial>,
    budget: &Budget,
) -> Output {
    let mut output = Output::default();
    for range in documents(places.text) {
        let stream = yaml::read(OUTPUT, places.text, range.clone(), None, limits);
        output.problems.extend(stream.problems.iter().map(|problem| {
            Trouble::of_output(places.place(problem.span), &faults::in_words(&problem.kind))
        }));
        let text = places.text.get(range).unwrap_or("");
        for document in stream.documents.iter().filter(|document| !is_test(&document.root)) {
            let root = relevant(&document.root, text, relevance);
            // Aliases make much of little.
            let nodes = nodes(&root);
            if let Err(limit) = budget.room(nodes.saturating_mul(NODE)) {
                output.problems.push(Trouble::from(limit).at(places.fallback));
                return output;
            }
            output.nodes += nodes;
            let mut writes = Vec::new();
            let wanted = text.contains(POLICY).then_some(&mut writes);
            let tree = places.rewritten(&root, wanted);
            for (head, tree) in heads(&tree) {
                let is_policy = head.kind.ends_with(POLICY);
                let writes = if is_policy { writes.clone() } else { Vec::new() };
                output.manifests.push(Manifest { head, tree, writes });
            }
        }
    }
    output
}

/// Of a manifest of which that is enough, the head.
fn relevant<'n>(root: &'n Node, text: &str, relevance: Option<&dyn Partial>) -> Cow<'n, Node> {
    let (Some(relevance), Value::Map(map)) = (relevance, &root.value) else {
        return Cow::Borrowed(root);
    };
    if relevance.extent(root, text) != Extent::Head {
        return Cow::Borrowed(root);
    }
    let is_head = |entry: &&Entry| relevance.head().contains(&&*entry.key);
    let entries = map.entries.iter().filter(is_head).cloned().collect();
    Cow::Owned(Node { span: root.span, value: Value::Map(Arc::new(Map { entries })) })
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
        Value::Scalar(_) => 1,
        Value::Seq(items) => 1 + items.iter().map(nodes).sum::<usize>(),
        Value::Map(map) => {
            1 + map.entries.iter().map(|entry| 1 + nodes(&entry.value)).sum::<usize>()
        }
    }
}

/// Whether a manifest is only run by `helm test`.
fn is_test(root: &Node) -> bool {
    let hook = root.at(&["metadata", "annotations", HOOK]).and_then(Node::as_str);
    hook.is_some_and(|hook| hook.split(',').any(|it| it.trim().starts_with("test")))
}
