//! Rules of a direction that `policyTypes` leaves out.

use super::edits::{self, New, Site, quoted_like};
use super::{Check, Confidence, Context, Finding, Fix, Rule, Severity};
use crate::model::{At, Direction, PolicyId, Spot};

/// The rule.
pub static RULE: Rule = Rule {
    id: "ignored-rules",
    severity: Severity::Error,
    confidence: Confidence::High,
    pedantic: false,
    page: include_str!("../../rules/ignored-rules.md"),
    check: Check::EachKind(check, super::tiered::shape::ignored_rules),
};

fn check(cx: &Context<'_>, id: PolicyId, findings: &mut Vec<Finding>) {
    let policy = cx.cluster.policy(id);
    for direction in Direction::BOTH {
        let ignored = policy.has_policy_types()
            && !policy.isolates(direction)
            && !policy.is_unsure(direction)
            && !policy.rules(direction).is_empty();
        if !ignored {
            continue;
        }
        let at = At { policy: id, spot: Spot::Rules(direction) };
        let Some(place) = at.spot.key_span(policy) else {
            continue;
        };
        let (word, field) = (direction.policy_type(), direction.field());
        let message = format!(
            "the `{field}` rules have no effect: `policyTypes` does not list {word}, so this \
             policy does not restrict {field}"
        );
        let help = format!("add `{word}` to `policyTypes`, or delete the `{field}` rules");
        let mut finding = Finding::new(&RULE, place, message, help).about(cx, at);
        if let Some(types) = Spot::PolicyTypes.key_span(policy) {
            finding = finding.related(types, format!("{word} is not listed here"));
        }
        finding.fixes.extend(list(cx, id, word));
        findings.push(finding);
    }
}

fn list(cx: &Context<'_>, id: PolicyId, word: &str) -> Option<Fix> {
    let site = Site::of(cx, id)?;
    let types = site.node(Spot::PolicyTypes)?;
    let items = types.as_seq()?;
    let last = items.last()?;
    let new = New::text(quoted_like(site.slice(last.span), word));
    let edit = site.item_below(types, items.len() - 1, &new);
    let effect =
        format!("denies all {} of these pods except what rules allow", word.to_lowercase());
    edits::risky(format!("Add `{word}` to `policyTypes`"), effect, edit)
}
