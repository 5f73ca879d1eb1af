//! A Calico NetworkPolicy that means a GlobalNetworkSet, which its selector does not look at.

use super::tiered::Tiered;
use super::tiered::spelling::written;
use super::{Check, Confidence, Context, Finding, Rule, Severity, words};
use crate::model::tiered::{PodTerm, PolicyKind, Scope};

/// The rule.
pub static RULE: Rule = Rule {
    id: "global-set-needs-global",
    severity: Severity::Error,
    confidence: Confidence::High,
    pedantic: false,
    page: include_str!("../../rules/global-set-needs-global.md"),
    check: Check::Tiered(check),
};

fn check(cx: &Context<'_>, of: &Tiered<'_>, findings: &mut Vec<Finding>) {
    if !of.is(PolicyKind::CalicoNetworkPolicy) {
        return;
    }
    for statement in of.rules() {
        for end in statement.rule.peer.terms() {
            let crate::model::tiered::Ends::Pods(term) = end else { continue };
            let Some(set) = global_set(cx, of, term) else { continue };
            let message = format!(
                "{} matches GlobalNetworkSet {} only, and a NetworkPolicy looks for it in its own \
                 namespace: the rule matches nothing",
                written(cx, term.place.value),
                words::quoted(set)
            );
            let help = "add `namespaceSelector: global()` to the same peer";
            let made = Finding::new(&RULE, term.place.key, message, help);
            findings.push(of.finding_in(cx, &statement, made));
        }
    }
}

/// The GlobalNetworkSet that a selector would match, where it matches nothing in its scope.
fn global_set<'c>(cx: &Context<'c>, of: &Tiered<'_>, term: &PodTerm) -> Option<&'c str> {
    if term.scope != Scope::Own || term.labels == crate::model::tiered::Expr::Always {
        return None;
    }
    let pods = of.pods(cx, term);
    if !pods.is_none() || cx.cluster.matches_set(of.asker, term) {
        return None;
    }
    cx.cluster.global_set_matching(term)
}
