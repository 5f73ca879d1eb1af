//! A policy that is created in whichever namespace `kubectl` uses.

use super::{Check, Confidence, Context, Finding, Rule, Severity, common_omission, words};
use crate::model::{At, PolicyId, Spot};

/// The rule.
pub static RULE: Rule = Rule {
    id: "implicit-namespace",
    severity: Severity::Note,
    confidence: Confidence::High,
    pedantic: true,
    page: include_str!("../../rules/implicit-namespace.md"),
    check: Check::Cluster(check),
};

fn check(cx: &Context<'_>, findings: &mut Vec<Finding>) {
    // The configuration sets one, or something in the repository deploys directories and may set
    // one.
    if cx.cluster.settings.default_namespace.is_some() || cx.cluster.has_deployer() {
        return;
    }
    let lacks = |id: PolicyId| cx.cluster.head(id).namespace.is_none();
    for omission in common_omission::reported_omissions(cx, lacks) {
        let head = cx.cluster.head(omission.policy);
        let message = format!(
            "policy {} has no namespace: it is created in the current namespace of whoever applies \
             it, and protects only the pods there{}",
            words::quoted(&head.name),
            omission.others_in_words(cx)
        );
        let help = "write `namespace:` under `metadata`, or set it in a kustomization or a chart";
        let at = At { policy: omission.policy, spot: Spot::Metadata };
        findings.push(Finding::new(&RULE, head.name_span, message, help).about(cx, at));
    }
}
