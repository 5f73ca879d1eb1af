//! A policy without `policyTypes`, which the API server fills in.

use super::{Check, Confidence, Context, Finding, Rule, Safety, Severity, policy_types, words};
use crate::model::{At, Direction, PolicyId, Spot};

/// The rule.
pub static RULE: Rule = Rule {
    id: "implicit-policy-types",
    severity: Severity::Note,
    confidence: Confidence::High,
    pedantic: true,
    page: include_str!("../../rules/implicit-policy-types.md"),
    check: Check::Policy(check),
};

fn check(cx: &Context<'_>, id: PolicyId, findings: &mut Vec<Finding>) {
    let policy = cx.cluster.policy(id);
    let unsure = Direction::BOTH.iter().any(|direction| policy.is_unsure(*direction));
    let Some(spec) = policy.spec.filter(|_| !policy.has_policy_types() && !unsure) else {
        return;
    };
    let in_effect: Vec<Direction> =
        Direction::BOTH.into_iter().filter(|direction| policy.isolates(*direction)).collect();
    let names: Vec<String> =
        in_effect.iter().map(|direction| words::quoted(direction.policy_type())).collect();
    let message =
        format!("this policy has no `policyTypes`: the API server sets {}", words::list(&names, 2));
    let list: Vec<&str> = in_effect.iter().map(|direction| direction.policy_type()).collect();
    let help = format!("write it explicitly: `policyTypes: [{}]`", list.join(", "));
    let at = At { policy: id, spot: Spot::Spec };
    let mut finding = Finding::new(&RULE, spec.key, message, help).about(cx, at);
    finding.fixes.extend(policy_types::write(cx, id, &in_effect, Safety::Safe));
    findings.push(finding);
}
