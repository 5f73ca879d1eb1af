//! A Cilium policy whose lists of rules are all empty: nothing is denied.

use super::{Check, Confidence, Rule, Severity};
use crate::model::tiered::RefusalKind;

/// The rule.
pub static RULE: Rule = Rule {
    id: "inert-policy",
    severity: Severity::Error,
    confidence: Confidence::High,
    pedantic: false,
    page: include_str!("../../rules/inert-policy.md"),
    check: Check::Refused(RefusalKind::Inert),
};
