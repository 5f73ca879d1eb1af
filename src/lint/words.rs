//! Phrases for messages: objects by their names, and everything from a manifest escaped.

use super::Context;
use crate::model::{self, PolicyId, Selector};
use crate::resolve::{Namespace, WorkloadId, WorkloadRef};
use crate::text::visible;

/// The longest selector or name that is shown in full.
const LONG: usize = 80;

/// Text from a manifest, in backticks and escaped.
pub(super) fn quoted(text: &str) -> String {
    let text = visible(text);
    if text.chars().count() <= LONG {
        return format!("`{text}`");
    }
    let start: String = text.chars().take(LONG).collect();
    format!("`{start}…`")
}

/// A selector in backticks: `app: backend, tier in (a, b)`.
pub(super) fn selector(selector: &Selector) -> String {
    if selector.is_empty() { "`{}`".into() } else { quoted(&model::labels(selector)) }
}

/// A workload by kind and name: "Deployment `backend`".
pub(super) fn workload(workload: &WorkloadRef<'_>) -> String {
    format!("{} {}", visible(&workload.head.kind), quoted(&workload.head.name))
}

/// A namespace by name, or "its own namespace" if no manifest in it has a name for it.
pub(super) fn namespace(namespace: &Namespace) -> String {
    if namespace.implicit {
        "its own namespace".into()
    } else {
        format!("namespace {}", quoted(&namespace.name))
    }
}

/// The pods of a policy in words: "every pod", or "pods with `app: frontend`".
pub(super) fn pods_of(cx: &Context<'_>, policy: PolicyId) -> String {
    match cx.cluster.policy(policy).pod_selector.get().filter(|s| !s.is_empty()) {
        None => {
            format!("every pod in {}", namespace(cx.cluster.namespace(cx.cluster.home(policy))))
        }
        Some(labels) => format!("pods with {}", selector(labels)),
    }
}

/// A list: "a", "a and b", "a, b and 3 more".
pub(super) fn list(things: &[String], most: usize) -> String {
    first_of(things.iter().cloned(), things.len(), most)
}

/// The same for `count` items, of which only the listed ones are computed.
pub(super) fn first_of(things: impl Iterator<Item = String>, count: usize, most: usize) -> String {
    let named: Vec<String> = things.take(most).collect();
    match named.as_slice() {
        [] => String::new(),
        [one] if count == 1 => one.clone(),
        [rest @ .., last] if count <= most => format!("{} and {last}", rest.join(", ")),
        _ => format!("{} and {} more", named.join(", "), count - most),
    }
}

/// A list of workloads.
pub(super) fn workloads(cx: &Context<'_>, numbers: &[WorkloadId]) -> String {
    let names = numbers.iter().map(|number| workload(&cx.cluster.workload(*number)));
    first_of(names, numbers.len(), 3)
}
