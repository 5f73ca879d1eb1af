//! A policy with an API version that no supported cluster serves.

use super::{Check, Confidence, Context, Edit, Finding, Fix, Rule, Safety, Severity, words};
use crate::model::{At, PolicyId, Spot};

/// The rule.
pub static RULE: Rule = Rule {
    id: "removed-api-version",
    severity: Severity::Error,
    confidence: Confidence::High,
    pedantic: false,
    page: include_str!("../../rules/removed-api-version.md"),
    check: Check::Policy(check),
};

/// The replacement, with the same fields (since Kubernetes 1.7).
const CURRENT: &str = "networking.k8s.io/v1";

/// `extensions/v1beta1` was removed in Kubernetes 1.16 (deprecation guide, "NetworkPolicy").
fn check(cx: &Context<'_>, id: PolicyId, findings: &mut Vec<Finding>) {
    let head = cx.cluster.head(id);
    if head.group != "extensions" {
        return;
    }
    let written = format!("{}/{}", head.group, head.version);
    let message = format!(
        "{} was removed in Kubernetes 1.16: the API server rejects this policy, so it restricts \
         nothing",
        words::quoted(&written)
    );
    let at = At { policy: id, spot: Spot::Metadata };
    let help = format!("write `{CURRENT}`: the fields are the same");
    let mut finding = Finding::new(&RULE, head.version_span, message, help).about(cx, at);
    finding.field = "apiVersion".into();
    let token = cx.text(head.version_span);
    let text = match token.chars().next() {
        Some(quote @ ('"' | '\'')) => format!("{quote}{CURRENT}{quote}"),
        _ => CURRENT.to_owned(),
    };
    finding.fixes.push(Fix {
        title: format!("Write {CURRENT}"),
        safety: Safety::Safe,
        edits: vec![Edit { span: head.version_span, text }],
    });
    findings.push(finding);
}
