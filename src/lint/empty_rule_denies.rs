//! An empty rule of Cilium in a policy that is called one that allows.

use super::tiered::Tiered;
use super::{Check, Confidence, Context, Finding, Rule, Severity, words};
use crate::model::Direction;
use crate::model::tiered::{Ends, Evaluator};

/// The rule.
pub static RULE: Rule = Rule {
    id: "empty-rule-denies",
    severity: Severity::Warning,
    confidence: Confidence::High,
    pedantic: false,
    page: include_str!("../../rules/empty-rule-denies.md"),
    check: Check::Project(Evaluator::Cilium, check),
};

fn check(cx: &Context<'_>, of: &Tiered<'_>, findings: &mut Vec<Finding>) {
    let name = cx.cluster.head(of.id).name.to_lowercase();
    if !name
        .split(['-', '_', '.'])
        .any(|word| matches!(word, "allow" | "allows" | "open" | "permit"))
        || name.contains("deny")
    {
        return;
    }
    for statement in of.rules().filter(super::tiered::Statement::allows) {
        let rule = statement.rule;
        let is_alone = of.policy.rules_of(rule.spec, rule.direction).count() == 1;
        if rule.peer != Ends::Nobody || !rule.flow.is_everything() || !is_alone {
            continue;
        }
        if !is_empty(cx, rule.whole) {
            continue;
        }
        let (direction, entity) = match rule.direction {
            Direction::Ingress => ("ingress", "fromEntities"),
            Direction::Egress => ("egress", "toEntities"),
        };
        let message = format!(
            "in a Cilium policy an empty rule matches nothing, so policy {} denies all {direction}",
            words::quoted(&cx.cluster.head(of.id).name)
        );
        let help = format!("write `{entity}: [all]` to allow everyone");
        let made = Finding::new(&RULE, rule.span, message, help);
        findings.push(of.finding_in(cx, &statement, made));
    }
}

/// Whether a rule is written as `{}`.
fn is_empty(cx: &Context<'_>, whole: crate::text::Span) -> bool {
    let text: String = cx.text(whole).split_whitespace().collect();
    text == "{}"
}
