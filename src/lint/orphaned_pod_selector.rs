//! A policy that selects no pod, so it has no effect.

use super::{Check, Confidence, Context, Finding, Rule, Severity, doubts, orphans};
use crate::model::{At, Field, PolicyId, Spot};

/// The rule.
pub static RULE: Rule = Rule {
    id: "orphaned-pod-selector",
    severity: Severity::Warning,
    confidence: Confidence::High,
    pedantic: false,
    page: include_str!("../../rules/orphaned-pod-selector.md"),
    check: Check::EachKind(check, super::tiered::selectors::orphaned_subjects),
};

fn check(cx: &Context<'_>, id: PolicyId, findings: &mut Vec<Finding>) {
    let Field::Given(selector, place) = &cx.cluster.policy(id).pod_selector else {
        return;
    };
    let home = cx.cluster.home(id);
    if selector.is_empty() || !cx.cluster.selected(id).is_none() {
        return;
    }
    let Some(sure) = orphans::selector_confidence(cx, home, selector) else {
        return;
    };
    let orphan = orphans::describe(cx, &[home], selector, place.key);
    let message = format!("{}; the policy has no effect", orphan.message);
    let mut finding = Finding::new(&RULE, orphan.place, message, orphan.help)
        .about(cx, At { policy: id, spot: Spot::PodSelector })
        .confidence(orphan.confidence.min(sure).min(doubts::most(cx, id)));
    finding.related = orphan.related;
    finding.absent = orphan.absent;
    findings.push(finding);
}
