//! A CiliumNetworkPolicy that selects pods of another namespace than its own.

use super::tiered::Tiered;
use super::{Check, Confidence, Context, Finding, Rule, Severity, words};
use crate::model::cilium::{Key, key, label_keys};
use crate::model::tiered::PolicyKind;
use crate::model::{Operator, is_placeholder};

/// The rule.
pub static RULE: Rule = Rule {
    id: "foreign-subject-namespace",
    severity: Severity::Error,
    confidence: Confidence::High,
    pedantic: false,
    page: include_str!("../../rules/foreign-subject-namespace.md"),
    check: Check::Tiered(check),
};

fn check(cx: &Context<'_>, of: &Tiered<'_>, findings: &mut Vec<Finding>) {
    if !of.is(PolicyKind::CiliumNetworkPolicy) || cx.cluster.head(of.id).namespace.is_none() {
        return;
    }
    let home = &cx.cluster.namespace(of.asker.home).name;
    let subjects = of.specs().map(|(_, spec)| spec.subject.place.value);
    let subjects: Vec<_> = subjects.collect();
    for asked in label_keys(&of.policy.tree) {
        let is_subject = subjects.iter().any(|place| place.contains(asked.span));
        let is_other = asked.operator == Operator::In
            && !asked.values.is_empty()
            && asked.values.iter().all(|value| *value != home && !is_placeholder(value));
        if !is_subject || !is_other || key(asked.key) != Key::Namespace {
            continue;
        }
        let what = match asked.is_label && asked.key.starts_with("k8s:") {
            true => format!("Cilium replaces it by {}", words::quoted(home)),
            false => "so it selects no pod".to_owned(),
        };
        let message = format!(
            "a CiliumNetworkPolicy selects pods of its own namespace {} only, and this names {}: \
             {what}",
            words::quoted(home),
            words::quoted(asked.values[0])
        );
        let help = "move the policy to that namespace, or leave the key out";
        findings.push(of.finding(cx, Finding::new(&RULE, asked.span, message, help)));
    }
}
