//! The same policy twice: one of the two is lost.

use std::collections::BTreeMap;

use super::{Check, Confidence, Context, Finding, Rule, Severity, words};
use crate::bundle::{self, Head};
use crate::model::tiered::PolicyKind;
use crate::model::{At, PolicyId, Spot, is_placeholder};
use crate::yaml::Node;

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
    let mut seen: BTreeMap<Identity<'_>, PolicyId> = BTreeMap::new();
    let others = cx.cluster.checked_policies();
    for id in cx.cluster.policies().iter().copied().chain(others) {
        let head = cx.cluster.head(id);
        if head.name.is_empty() || is_filled_in(head) || is_in_a_document(cx, head) {
            continue;
        }
        // Policies are in the order of their places, so the first one is the earlier.
        let earlier = *seen.entry(Identity::of(cx, id)).or_insert(id);
        let is_lost =
            || !is_same(cx, earlier, id) && !is_generated(cx, earlier) && !is_generated(cx, id);
        if earlier != id && cx.cluster.is_reported(id) && is_lost() {
            findings.push(finding(cx, earlier, id));
        }
    }
}

/// What two policies have in common that replace each other.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Identity<'a> {
    /// None for Kubernetes' own NetworkPolicies.
    kind: Option<(&'a str, &'a str)>,
    /// What they are applied together with.
    together: &'a str,
    namespace: Option<&'a str>,
    name: &'a str,
}

impl<'a> Identity<'a> {
    fn of(cx: &Context<'a>, id: PolicyId) -> Self {
        let head = cx.cluster.head(id);
        let other = cx.cluster.tiered_policy(id).map(|policy| policy.kind);
        let has_namespace = !other.is_some_and(PolicyKind::is_cluster_wide);
        Self {
            kind: other.map(|_| (head.group.as_str(), head.kind.as_str())),
            together: together(cx, head),
            namespace: head.namespace.as_deref().filter(|_| has_namespace),
            name: &head.name,
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

/// Whether two policies say the same, so that nothing is lost whichever counts.
fn is_same(cx: &Context<'_>, one: PolicyId, other: PolicyId) -> bool {
    ["spec", "specs"].iter().all(|field| {
        match (tree(cx, one).get(field), tree(cx, other).get(field)) {
            (Some(one), Some(other)) => one.says_the_same(other),
            (one, other) => one.is_none() && other.is_none(),
        }
    })
}

fn tree<'a>(cx: &Context<'a>, id: PolicyId) -> &'a Node {
    match cx.cluster.tiered_policy(id) {
        Some(policy) => &policy.tree,
        None => &cx.cluster.policy(id).tree,
    }
}

/// How many lines of a file may say that it is generated.
const HEADER: usize = 20;

/// Whether a comment at the head of its file says that it is generated: from the other one, or from
/// what both are made of.
fn is_generated(cx: &Context<'_>, id: PolicyId) -> bool {
    let text = cx.sources.get(cx.cluster.head(id).source).text();
    let comments = text.lines().take(HEADER).filter(|line| line.starts_with('#'));
    let mut words = comments.map(str::to_lowercase);
    words.any(|line| line.contains("generated") || line.contains("do not edit"))
}

/// What is certainly applied together with a policy: the files of its directory. Examples and tests
/// are applied one by one: there it is only the file.
fn together<'a>(cx: &Context<'a>, head: &Head) -> &'a str {
    let path = cx.sources.get(head.source).path.as_str();
    if cx.cluster.is_trial { path } else { bundle::directory(path) }
}

fn finding(cx: &Context<'_>, earlier: PolicyId, id: PolicyId) -> Finding {
    let (first, head) = (cx.cluster.head(earlier), cx.cluster.head(id));
    let other = cx.cluster.tiered_policy(id);
    let has_namespace = !other.is_some_and(|policy| policy.kind.is_cluster_wide());
    let place = match &head.namespace {
        Some(namespace) if has_namespace => {
            format!(" in namespace {}", words::quoted(namespace))
        }
        _ => String::new(),
    };
    let kind = other.map_or_else(|| head.kind.to_string(), |policy| policy.kind.to_string());
    let message = format!(
        "{kind} {}{place} is defined twice: with `kubectl apply` this one replaces the \
         other, and kustomize and Helm reject the pair",
        words::quoted(&head.name)
    );
    let at = At { policy: id, spot: Spot::Metadata };
    let help = "rename one of them, or merge their rules into one policy";
    let mut finding = Finding::new(&RULE, head.name_span, message, help).about(cx, at);
    finding.field = "metadata.name".into();
    finding.related(first.name_span, "the other policy with this name")
}
