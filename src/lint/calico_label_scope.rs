//! A label that Calico sets, in a selector that looks at other labels.

use super::tiered::Tiered;
use super::tiered::spelling::written;
use super::{Check, Confidence, Context, Finding, Rule, Severity};
use crate::model::tiered::{Ends, Evaluator, Expr, LabelOf, PodTerm, Scope};
use crate::model::{Operator, Requirement};

/// The rule.
pub static RULE: Rule = Rule {
    id: "calico-label-scope",
    severity: Severity::Error,
    confidence: Confidence::High,
    pedantic: false,
    page: include_str!("../../rules/calico-label-scope.md"),
    check: Check::Project(Evaluator::Calico, check),
};

fn check(cx: &Context<'_>, of: &Tiered<'_>, findings: &mut Vec<Finding>) {
    let subjects = of.specs().map(|(_, spec)| &spec.subject);
    let rules = of.rules().flat_map(|statement| {
        statement.rule.peer.terms().into_iter().chain(statement.rule.own.terms())
    });
    let peers = rules.filter_map(|end| match end {
        Ends::Pods(term) => Some(term),
        _ => None,
    });
    let mut terms: Vec<&PodTerm> = subjects.chain(peers).collect();
    terms.dedup_by_key(|term| term.place.value);
    for term in terms {
        let in_selector = misplaced(&term.labels, LabelOf::Pod, "projectcalico.org/name");
        let in_namespaces = match &term.scope {
            Scope::Where(labels, _) => {
                misplaced(labels, LabelOf::Namespace, "projectcalico.org/namespace")
            }
            _ => Vec::new(),
        };
        for requirement in in_selector {
            let what = "is a label of Namespaces and ServiceAccounts, which no pod has";
            let help = "write it in `namespaceSelector`, or `projectcalico.org/namespace` here";
            findings.push(finding(cx, of, requirement, what, help));
        }
        for requirement in in_namespaces {
            let what = "is a label of pods, which no Namespace has";
            let help = "write `projectcalico.org/name` here";
            findings.push(finding(cx, of, requirement, what, help));
        }
    }
}

fn misplaced<'e>(expr: &'e Expr, of: LabelOf, key: &str) -> Vec<&'e Requirement> {
    let all = expr.requirements().into_iter();
    all.filter(|(whose, requirement)| *whose == of && requirement.key == key)
        .map(|(_, requirement)| requirement)
        .collect()
}

fn finding(
    cx: &Context<'_>,
    of: &Tiered<'_>,
    requirement: &Requirement,
    what: &str,
    help: &str,
) -> Finding {
    let matches = match requirement.operator {
        Operator::In | Operator::Exists => "never matches",
        Operator::NotIn | Operator::DoesNotExist => "always matches",
    };
    let text = written(cx, requirement.span);
    let message = format!("{text} {matches}: `{}` {what}", requirement.key);
    of.finding(cx, Finding::new(&RULE, requirement.span, message, help))
}
