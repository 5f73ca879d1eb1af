//! A policy in the form in which Calico stores it.

use super::tiered::Tiered;
use super::{Check, Confidence, Context, Finding, Rule, Severity};
use crate::model::tiered::Evaluator;

/// The rule.
pub static RULE: Rule = Rule {
    id: "calico-internal-api",
    severity: Severity::Note,
    confidence: Confidence::High,
    pedantic: false,
    page: include_str!("../../rules/calico-internal-api.md"),
    check: Check::Project(Evaluator::Calico, check),
};

fn check(cx: &Context<'_>, of: &Tiered<'_>, findings: &mut Vec<Finding>) {
    let head = cx.cluster.head(of.id);
    if head.group != "crd.projectcalico.org" {
        return;
    }
    let message = "`crd.projectcalico.org/v1` is how Calico stores its objects: nothing checks what \
                   is written there or fills in defaults, and absent `types` mean both directions";
    let help = "write `apiVersion: projectcalico.org/v3`";
    let made = Finding::new(&RULE, head.version_span, message, help);
    let mut finding = of.finding(cx, made);
    finding.field = "apiVersion".to_owned();
    findings.push(finding);
}
