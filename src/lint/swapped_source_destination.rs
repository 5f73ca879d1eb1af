//! A Calico rule whose peer is written at the end of the policy's own pods.

use super::tiered::spelling::written;
use super::tiered::{Statement, Tiered};
use super::{Check, Confidence, Context, Finding, Rule, Severity};
use crate::model::Direction;
use crate::model::tiered::{Ends, Evaluator, PodTerm};

/// The rule.
pub static RULE: Rule = Rule {
    id: "swapped-source-destination",
    severity: Severity::Warning,
    confidence: Confidence::High,
    pedantic: false,
    page: include_str!("../../rules/swapped-source-destination.md"),
    check: Check::Project(Evaluator::Calico, check),
};

fn check(cx: &Context<'_>, of: &Tiered<'_>, findings: &mut Vec<Finding>) {
    for statement in of.rules() {
        let Some(term) = own_selector(&statement) else { continue };
        if statement.rule.peer != Ends::Everyone {
            continue;
        }
        let own = cx.cluster.spec_pods(of.spec_of(statement.rule));
        let meant = of.pods(cx, term);
        let selects_own = own
            .yes
            .iter()
            .chain(own.maybe.iter())
            .any(|number| meant.yes.contains(number) || meant.maybe.contains(number));
        if own.yes.is_empty() || selects_own || meant.yes.is_empty() {
            continue;
        }
        findings.push(finding(cx, of, &statement, term));
    }
}

/// The selector for the policy's own pods.
fn own_selector<'a>(statement: &Statement<'a>) -> Option<&'a PodTerm> {
    let mut terms = statement.rule.own.terms().into_iter();
    terms.find_map(|end| match end {
        Ends::Pods(term) => Some(term),
        _ => None,
    })
}

fn finding(
    cx: &Context<'_>,
    of: &Tiered<'_>,
    statement: &Statement<'_>,
    term: &PodTerm,
) -> Finding {
    let (own, peer, direction) = match statement.rule.direction {
        Direction::Ingress => ("destination", "source", "an ingress"),
        Direction::Egress => ("source", "destination", "an egress"),
    };
    let message = format!(
        "this rule never matches: the `{own}` of {direction} rule is the policy's own pods, and {} \
         selects none of them",
        written(cx, term.place.value)
    );
    let help = format!("write it under `{peer}`");
    let made = Finding::new(&RULE, term.place.key, message, help);
    of.finding_in(cx, statement, made)
}
