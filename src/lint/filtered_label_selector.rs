//! A label that Cilium leaves out of identities, or of another source, in a selector.

use super::tiered::Tiered;
use super::{Check, Confidence, Context, Finding, Rule, Severity, words};
use crate::model::Operator;
use crate::model::cilium::{Key, key, label_keys, source};
use crate::model::tiered::Evaluator;

/// The rule.
pub static RULE: Rule = Rule {
    id: "filtered-label-selector",
    severity: Severity::Error,
    confidence: Confidence::Medium,
    pedantic: false,
    page: include_str!("../../rules/filtered-label-selector.md"),
    check: Check::Project(Evaluator::Cilium, check),
};

/// What another rule says of.
const TAKEN_FOR_NAMESPACE: [&str; 4] = [
    "io.kubernetes.podNamespace",
    "k8s.io.kubernetes.pod.namespace",
    "kubernetes.io/metadata.name",
    "kubernetes.io/namespace",
];

fn check(cx: &Context<'_>, of: &Tiered<'_>, findings: &mut Vec<Finding>) {
    if cx.cluster.cilium().own_label_filter {
        return;
    }
    for asked in label_keys(&of.policy.tree) {
        let is_positive = matches!(asked.operator, Operator::In | Operator::Exists);
        let Key::Never(name) = key(asked.key) else { continue };
        if !is_positive || TAKEN_FOR_NAMESPACE.contains(&name) {
            continue;
        }
        let is_foreign =
            matches!(source(asked.key).0, Some(word) if word != "k8s" && word != "any");
        let why = match is_foreign {
            true => "pods have labels of the source `k8s` only",
            false => "Cilium leaves this label out of the identities of pods by default",
        };
        let message = format!("{} never matches a pod: {why}", words::quoted(asked.key));
        let help = "select the pods by another label, such as `app.kubernetes.io/name`";
        findings.push(of.finding(cx, Finding::new(&RULE, asked.span, message, help)));
    }
}
