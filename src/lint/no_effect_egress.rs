//! `egress: []` that is meant to deny egress, and does nothing.

use super::{Check, Confidence, Context, Finding, Rule, Safety, Severity, policy_types, words};
use crate::model::{At, Direction, PolicyId, Spot};

/// The rule.
pub static RULE: Rule = Rule {
    id: "no-effect-egress",
    severity: Severity::Warning,
    confidence: Confidence::High,
    pedantic: false,
    page: include_str!("../../rules/no-effect-egress.md"),
    check: Check::EachKind(check, super::tiered::shape::empty_lists),
};

/// Without `policyTypes`, Egress is filled in only if there is at least one egress rule
/// (pkg/apis/networking/v1/defaults.go, `SetDefaults_NetworkPolicy`).
fn check(cx: &Context<'_>, id: PolicyId, findings: &mut Vec<Finding>) {
    let policy = cx.cluster.policy(id);
    let is_empty = policy.egress.get().is_some_and(Vec::is_empty);
    if !is_empty || policy.has_policy_types() {
        return;
    }
    let at = At { policy: id, spot: Spot::Rules(Direction::Egress) };
    let Some(place) = at.spot.key_span(policy) else {
        return;
    };
    let message = format!(
        "an empty `egress` without `policyTypes` has no effect: all egress of {} is still allowed",
        words::pods_of(cx, id)
    );
    let help = "write `policyTypes: [Ingress, Egress]` to deny egress (`[Egress]` to leave ingress \
                alone), or delete `egress`";
    let mut finding = Finding::new(&RULE, place, message, help).about(cx, at);
    finding.fixes.extend(policy_types::write(cx, id, &Direction::BOTH, Safety::Unsafe));
    findings.push(finding);
}
