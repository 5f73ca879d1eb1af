//! A Cilium policy whose lists of rules are all empty: nothing is denied.

use super::{Check, Confidence, Context, Finding, Rule, Severity, tiered};
use crate::bundle::ObjectId;
use crate::model::tiered::RefusalKind;

/// The rule.
pub static RULE: Rule = Rule {
    id: "inert-policy",
    severity: Severity::Error,
    confidence: Confidence::High,
    pedantic: false,
    page: include_str!("../../rules/inert-policy.md"),
    check: Check::Tiered(check),
};

fn check(cx: &Context<'_>, id: ObjectId, findings: &mut Vec<Finding>) {
    tiered::refused(cx, id, &RULE, RefusalKind::Inert, findings);
}
