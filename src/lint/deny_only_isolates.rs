//! A policy of deny rules only, which closes everything else as well.

use super::tiered::{self, Tiered};
use super::{Check, Confidence, Context, Finding, Rule, Severity};
use crate::model::Direction;
use crate::model::tiered::{Action, Closes, Evaluator};
use crate::reach::{Selecting, Stacks};
use crate::resolve::{SpecId, Subject, WorkloadId};

/// The rule.
pub static RULE: Rule = Rule {
    id: "deny-only-isolates",
    severity: Severity::Warning,
    confidence: Confidence::High,
    pedantic: false,
    page: include_str!("../../rules/deny-only-isolates.md"),
    check: Check::Tiered(check),
};

fn check(cx: &Context<'_>, of: &Tiered<'_>, findings: &mut Vec<Finding>) {
    for (spec, written) in of.specs() {
        for direction in Direction::BOTH {
            let mut rules = of.policy.rules_of(spec.spec, direction).peekable();
            let Some((first, rule)) = rules.peek().copied() else { continue };
            let denies = |(_, rule): (u32, &crate::model::tiered::TieredRule)| {
                matches!(rule.action, Action::Deny | Action::Log)
            };
            let is_deny_only = written.closes(direction) == Closes::Yes && rules.all(denies);
            if !is_deny_only
                || denies_everyone(of, spec, direction)
                || is_anything_allowed(cx, spec, direction)
            {
                continue;
            }
            let statement = tiered::Statement { number: first, rule };
            findings.push(finding(cx, of, &statement, spec, direction));
        }
    }
}

/// An order to deny everything means it.
fn denies_everyone(of: &Tiered<'_>, spec: SpecId, direction: Direction) -> bool {
    use crate::model::tiered::{Ends, Entity};
    of.policy.rules_of(spec.spec, direction).any(|(_, rule)| {
        let everyone =
            rule.peer.alternatives().iter().any(|end| {
                matches!(end, Ends::Everyone | Ends::Nobody | Ends::Entity(Entity::All, _))
            });
        everyone && (rule.flow.is_everything() || rule.peer == Ends::Nobody)
    })
}

/// Whether a policy of the same pods allows anything in that direction, or may; or nobody knows.
fn is_anything_allowed(cx: &Context<'_>, spec: SpecId, direction: Direction) -> bool {
    let pods = cx.cluster.spec_pods(spec);
    let stacks = Stacks::new(cx.cluster, direction);
    let allows = |number: WorkloadId| {
        let subject = Subject::Workload(number);
        let selecting = Selecting::of(cx.cluster, number);
        let stack = stacks.of(&selecting);
        let allowing = stack.statements().any(|statement| {
            statement.action() == Action::Allow || statement.action() == Action::Pass
        });
        allowing
            || !stack.closes_surely()
            || cx.cluster.has_unevaluated_policies(cx.cluster.namespace_of(subject))
    };
    pods.yes.is_empty() || pods.yes.iter().any(allows)
}

fn finding(
    cx: &Context<'_>,
    of: &Tiered<'_>,
    statement: &tiered::Statement<'_>,
    spec: SpecId,
    direction: Direction,
) -> Finding {
    let (what, field) = match direction {
        Direction::Ingress => ("in", "ingress"),
        Direction::Egress => ("out", "egress"),
    };
    let message = format!(
        "the policy only denies, and that also denies all other {field} of {}: no policy lets \
         anything {what}",
        tiered::pods_of(cx, spec)
    );
    let help = match of.project() {
        Evaluator::Cilium => format!(
            "add `enableDefaultDeny: {{{field}: false}}` to leave the rest open, or an `{field}` \
             rule for what is allowed"
        ),
        _ => "add a last rule with `action: Allow` or `action: Pass` for the rest".to_owned(),
    };
    let made = Finding::new(&RULE, statement.rule.span, message, help);
    of.finding_in(cx, statement, made)
}
