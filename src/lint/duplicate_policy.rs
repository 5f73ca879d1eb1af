//! The same policy twice: one of the two is lost.

use std::collections::BTreeMap;

use super::{Check, Confidence, Context, Finding, Rule, Severity, words};
use crate::bundle::{self, Head};
use crate::model::{At, Spot, is_placeholder};

/// The rule.
pub static RULE: Rule = Rule {
    id: "duplicate-policy",
    severity: Severity::Warning,
    confidence: Confidence::High,
    pedantic: false,
    page: include_str!("../../rules/duplicate-policy.md"),
    check: Check::Cluster(check),
};

fn check(cx: &Context<'_>, findings: &mut Vec<Finding>) {
    let mut seen: BTreeMap<(&str, Option<&str>, &str), u32> = BTreeMap::new();
    for &id in cx.cluster.policies() {
        let head = cx.cluster.head(id);
        let namespace = head.namespace.as_deref();
        if head.name.is_empty() || is_filled_in(head) || is_in_a_document(cx, head) {
            continue;
        }
        // Policies are in the order of their places, so the first one is the earlier.
        let earlier = *seen.entry((together(cx, head), namespace, &head.name)).or_insert(id);
        if earlier != id && cx.cluster.is_reported(id) {
            findings.push(finding(cx, earlier, id));
        }
    }
}

fn is_filled_in(head: &Head) -> bool {
    is_placeholder(&head.name) || head.namespace.as_deref().is_some_and(is_placeholder)
}

/// The blocks of a Markdown file often show one policy in several ways.
fn is_in_a_document(cx: &Context<'_>, head: &Head) -> bool {
    let path = cx.sources.get(head.source).path.to_lowercase();
    path.ends_with(".md") || path.ends_with(".markdown")
}

/// What is certainly applied together with a policy: the files of its directory. Examples and tests
/// are applied one by one: there it is only the file.
fn together<'a>(cx: &Context<'a>, head: &Head) -> &'a str {
    let path = cx.sources.get(head.source).path.as_str();
    if cx.cluster.is_trial { path } else { bundle::directory(path) }
}

fn finding(cx: &Context<'_>, earlier: u32, id: u32) -> Finding {
    let (first, head) = (cx.cluster.head(earlier), cx.cluster.head(id));
    let place = match &head.namespace {
        Some(namespace) => format!(" in namespace {}", words::quoted(namespace)),
        None => String::new(),
    };
    let message = format!(
        "NetworkPolicy {}{place} is defined twice: with `kubectl apply` this one replaces the \
         other, and kustomize and Helm reject the pair",
        words::quoted(&head.name)
    );
    let at = At { policy: id, spot: Spot::Metadata };
    let help = "rename one of them, or merge their rules into one policy";
    let mut finding = Finding::new(&RULE, head.name_span, message, help).about(cx, at);
    finding.field = "metadata.name".into();
    finding.related(first.name_span, "the other policy with this name")
}
