//! A policy whose namespace is whatever `kubectl` happens to be set to.

use super::{Check, Confidence, Context, Finding, Rule, Severity};
use crate::model::{At, Spot};

/// The rule.
pub static RULE: Rule = Rule {
    id: "implicit-namespace",
    severity: Severity::Note,
    confidence: Confidence::High,
    pedantic: true,
    page: include_str!("../../rules/implicit-namespace.md"),
    check: Check::Policy(check),
};

fn check(cx: &Context<'_>, id: u32, findings: &mut Vec<Finding>) {
    let head = cx.cluster.head(id);
    // Something in the repository deploys directories, and may give this one its namespace.
    if head.namespace.is_some() || cx.cluster.has_deployer() {
        return;
    }
    let message = "this policy names no namespace, so it lands in whichever one `kubectl` is set \
                   to, and protects pods of that one only";
    let help = "write `namespace:` under `metadata`, or have a kustomization or a chart give one";
    let at = At { policy: id, spot: Spot::Metadata };
    findings.push(Finding::new(&RULE, head.name_span, message, help).about(cx, at));
}
