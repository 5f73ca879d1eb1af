//! The same policy twice: one of the two is lost.

use std::collections::{BTreeMap, BTreeSet};

use super::{Check, Confidence, Context, Finding, Rule, Severity, words};
use crate::bundle::{self, Head};
use crate::model::tiered::PolicyKind;
use crate::model::{At, PolicyId, Spot, is_placeholder};
use crate::text::SourceId;
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
    // Policies are in the order of their places, so the first one is the earliest.
    let mut seen: BTreeMap<Identity<'_>, Vec<PolicyId>> = BTreeMap::new();
    let others = cx.cluster.checked_policies();
    for id in cx.cluster.policies().iter().copied().chain(others) {
        let head = cx.cluster.head(id);
        if head.name.is_empty() || is_filled_in(head) || is_in_a_document(cx, head) {
            continue;
        }
        seen.entry(Identity::of(cx, id)).or_default().push(id);
    }
    for (identity, ids) in seen {
        // Cluster-wide kinds have few names to choose from: several files of one name are as many
        // ways to set the cluster up.
        let files: BTreeSet<SourceId> = ids.iter().map(|id| cx.cluster.head(*id).source).collect();
        if identity.kind.is_some() && identity.namespace.is_none() && files.len() > 2 {
            continue;
        }
        let Some((&first, others)) = ids.split_first() else { continue };
        let is_lost = |id: &PolicyId| {
            !is_same(cx, first, *id) && !is_generated(cx, first) && !is_generated(cx, *id)
        };
        let lost: Vec<PolicyId> = others.iter().copied().filter(is_lost).collect();
        // One finding, on the last of them that is reported on.
        let Some(id) = lost.iter().rev().find(|id| cx.cluster.is_reported(**id)) else { continue };
        let others = lost.iter().filter(|other| *other != id).copied();
        let others: Vec<PolicyId> = std::iter::once(first).chain(others).collect();
        findings.push(finding(cx, &others, *id));
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

fn finding(cx: &Context<'_>, others: &[PolicyId], id: PolicyId) -> Finding {
    let head = cx.cluster.head(id);
    let other = cx.cluster.tiered_policy(id);
    let has_namespace = !other.is_some_and(|policy| policy.kind.is_cluster_wide());
    let place = match &head.namespace {
        Some(namespace) if has_namespace => {
            format!(" in namespace {}", words::quoted(namespace))
        }
        _ => String::new(),
    };
    let kind = other.map_or_else(|| head.kind.to_string(), |policy| policy.kind.to_string());
    let (times, replaced, rejected) = match others.len() {
        1 => ("twice".to_owned(), "this one replaces the other", "the pair"),
        more => (format!("{} times", more + 1), "the last one replaces the others", "them"),
    };
    let message = format!(
        "{kind} {}{place} is defined {times}: with `kubectl apply` {replaced}, and kustomize \
         and Helm reject {rejected}",
        words::quoted(&head.name)
    );
    let at = At { policy: id, spot: Spot::Metadata };
    let help = match others.len() {
        1 => "rename one of them, or merge their rules into one policy",
        _ => "rename all but one, or merge their rules into one policy",
    };
    let mut finding = Finding::new(&RULE, head.name_span, message, help).about(cx, at);
    finding.field = "metadata.name".into();
    for other in others {
        finding =
            finding.related(cx.cluster.head(*other).name_span, "the other policy with this name");
    }
    finding
}
