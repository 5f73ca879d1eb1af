//! A rule behind one that decides everything.

use super::tiered::{Statement, Tiered};
use super::{Check, Confidence, Context, Finding, Rule, Severity};
use crate::bundle::ObjectId;
use crate::model::Direction;
use crate::model::tiered::{Action, Effect, Ends, Evaluator, Expr, Scope, TieredRule};

/// The rule.
pub static RULE: Rule = Rule {
    id: "unreachable-rule",
    severity: Severity::Warning,
    confidence: Confidence::High,
    pedantic: false,
    page: include_str!("../../rules/unreachable-rule.md"),
    check: Check::Tiered(check),
};

fn check(cx: &Context<'_>, id: ObjectId, findings: &mut Vec<Finding>) {
    let Some(of) = Tiered::of(cx, id) else { return };
    // Cilium's rules have no order.
    if of.policy.kind.evaluator() == Evaluator::Cilium {
        return;
    }
    for direction in Direction::BOTH {
        let rules: Vec<Statement<'_>> = of
            .rules()
            .filter(|statement| {
                statement.rule.direction == direction && statement.rule.effect == Effect::Sure
            })
            .collect();
        for (position, later) in rules.iter().enumerate() {
            let earlier = rules[..position].iter().find(|earlier| covers(earlier.rule, later.rule));
            let Some(earlier) = earlier else { continue };
            findings.push(finding(cx, &of, earlier, later));
            break;
        }
    }
}

/// Whether every packet that reaches the later rule has been decided by the earlier one.
fn covers(earlier: &TieredRule, later: &TieredRule) -> bool {
    earlier.action != Action::Log
        && earlier.flow.is_everything()
        && earlier.own == Ends::Everyone
        && (earlier.peer == Ends::Everyone || is_every_pod(&earlier.peer) && is_pods(&later.peer))
}

/// Every pod of every namespace, of an admin policy.
fn is_every_pod(peer: &Ends) -> bool {
    peer.alternatives().iter().any(|end| match end {
        Ends::Pods(term) => {
            term.labels == Expr::Always && matches!(&term.scope, Scope::Where(Expr::Always, _))
        }
        _ => false,
    })
}

fn is_pods(peer: &Ends) -> bool {
    let ends = peer.alternatives();
    !ends.is_empty() && ends.iter().all(|end| matches!(end, Ends::Pods(_)))
}

fn finding(
    cx: &Context<'_>,
    of: &Tiered<'_>,
    earlier: &Statement<'_>,
    later: &Statement<'_>,
) -> Finding {
    let does = match earlier.rule.action {
        Action::Allow => "allows",
        Action::Pass => "passes on",
        Action::Deny | Action::Log => "denies",
    };
    let path = of.policy.rule_path(earlier.number).unwrap_or_default();
    let message =
        format!("this rule is never reached: `{path}` {does} everything that it could match");
    let help = "put the narrower rule first, or delete it";
    let made = Finding::new(&RULE, later.rule.span, message, help)
        .related(earlier.rule.span, format!("this rule {does} it before"));
    of.finding_in(cx, later, made)
}
