//! An egress policy without `policyTypes`, which isolates ingress too.

use super::edits::{self, New, Site};
use super::{Check, Confidence, Context, Finding, Fix, Rule, Severity, words};
use crate::model::{At, Direction, PolicyId, Spot};

/// The rule.
pub static RULE: Rule = Rule {
    id: "implicit-ingress-isolation",
    severity: Severity::Warning,
    confidence: Confidence::Medium,
    pedantic: false,
    page: include_str!("../../rules/implicit-ingress-isolation.md"),
    check: Check::Policy(check),
};

fn check(cx: &Context<'_>, id: PolicyId, findings: &mut Vec<Finding>) {
    let policy = cx.cluster.policy(id);
    let is_implicit = !policy.has_policy_types()
        && policy.ingress.is_absent()
        && !policy.rules(Direction::Egress).is_empty();
    if !is_implicit || cx.reach.is_ingress_settled(id) {
        return;
    }
    let at = At { policy: id, spot: Spot::Rules(Direction::Egress) };
    let Some(place) = at.spot.key_span(policy) else {
        return;
    };
    let message = format!(
        "this policy has only `egress` rules, but it also denies all ingress to {}: without \
         `policyTypes`, Ingress is always in effect",
        words::pods_of(cx, id)
    );
    let help = "write `policyTypes: [Egress]` to leave ingress alone, or `[Ingress, Egress]` if \
                ingress should be denied";
    let mut finding = Finding::new(&RULE, place, message, help).about(cx, at);
    finding.fixes.extend(leave_ingress_open(cx, id));
    findings.push(finding);
}

fn leave_ingress_open(cx: &Context<'_>, id: PolicyId) -> Option<Fix> {
    let site = Site::of(cx, id)?;
    let spec = site.node(Spot::Spec)?;
    let types = New::List(vec![New::text("Egress")]);
    let edit = match spec.get("policyTypes") {
        Some(empty) if empty.as_seq().is_some() => Some(site.replace(empty.span, "[Egress]")),
        Some(_) => None,
        None => site.key_below(spec, "podSelector", "policyTypes", &types),
    };
    let effect = "allows all ingress to these pods that no other policy restricts";
    edits::risky("Write `policyTypes: [Egress]`", effect, edit)
}
