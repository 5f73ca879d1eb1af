//! A chart's policy in a fixed namespace, whose pods go to the release's.

use super::{Check, Confidence, Context, Finding, Rule, Severity, words};
use crate::bundle::Head;
use crate::model::{At, PolicyId, Selector, Spot};
use crate::resolve::WorkloadId;
use crate::text::Span;
use crate::yaml::Node;

/// The rule.
pub static RULE: Rule = Rule {
    id: "policy-outside-release-namespace",
    severity: Severity::Warning,
    confidence: Confidence::Medium,
    pedantic: false,
    page: include_str!("../../rules/policy-outside-release-namespace.md"),
    check: Check::Policy(check),
};

fn check(cx: &Context<'_>, id: PolicyId, findings: &mut Vec<Finding>) {
    let policy = cx.cluster.policy(id);
    let Some(made) = &cx.cluster.object(id).made else { return };
    let Some(selector) = policy.pod_selector.get().filter(|selector| !selector.is_empty()) else {
        return;
    };
    let namespace = policy.tree.at(&["metadata", "namespace"]);
    let Some(place) = namespace.and_then(|node| fixed(cx, node)) else { return };
    if !cx.cluster.selected(id).is_none() {
        return;
    }
    if let Some(number) = follower(cx, made.built, selector) {
        findings.push(finding(cx, id, place, number));
    }
}

/// Where a namespace is written, if a chart's template says it in so many words.
fn fixed(cx: &Context<'_>, node: &Node) -> Option<Span> {
    let name = node.as_str()?;
    let is_template = cx.sources.get(node.span.source).path.split('/').any(|it| it == "templates");
    let written = cx.text(node.span);
    (is_template && !name.is_empty() && written.trim_matches(['"', '\'']) == name)
        .then_some(node.span)
}

/// A workload of the same chart that the selector surely selects, and that goes where the release
/// goes.
fn follower(cx: &Context<'_>, built: usize, selector: &Selector) -> Option<WorkloadId> {
    let pods = cx.cluster.pods_anywhere(selector).yes;
    pods.iter().find(|&number| {
        let object = cx.cluster.object_of(number);
        object.made.as_ref().is_some_and(|made| made.built == built)
            && follows_release(cx, &object.head)
    })
}

/// Whether a manifest names no namespace, or a template fills it in.
fn follows_release(cx: &Context<'_>, head: &Head) -> bool {
    if head.namespace.is_none() {
        return true;
    }
    let text = cx.sources.get(head.start.source).text();
    let rest = text.get(head.start.start as usize..).unwrap_or_default();
    let mut lines = rest.lines().map(str::trim_start);
    let line = lines.find(|line| line.starts_with("namespace:"));
    // None is written there: it comes from a helper.
    line.is_none_or(|line| line.contains("{{"))
}

fn finding(cx: &Context<'_>, id: PolicyId, place: Span, number: WorkloadId) -> Finding {
    let it = cx.cluster.workload(number);
    let who = words::workload(&it);
    let name = words::namespace(cx.cluster.namespace(cx.cluster.home(id)));
    let message = format!(
        "this policy always goes to {name}, but {who}, which it selects, goes to the release's \
         namespace: installed to any other, the policy protects nothing"
    );
    let help = "write `namespace: {{ .Release.Namespace }}`, or leave the namespace out";
    Finding::new(&RULE, place, message, help)
        .about(cx, At { policy: id, spot: Spot::Metadata })
        .related(it.head.name_span, format!("{who} goes to the release's namespace"))
}
