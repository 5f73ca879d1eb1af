//! A label that is taken for the namespace in a selector of Cilium.

use super::tiered::Tiered;
use super::{Check, Confidence, Context, Finding, Rule, Severity, words};
use crate::model::Operator;
use crate::model::cilium::{Key, key, label_keys, source};
use crate::model::tiered::{Entity, Evaluator};
use crate::text::Span;

/// The rule.
pub static RULE: Rule = Rule {
    id: "wrong-namespace-key",
    severity: Severity::Error,
    confidence: Confidence::High,
    pedantic: false,
    page: include_str!("../../rules/wrong-namespace-key.md"),
    check: Check::Project(Evaluator::Cilium, check),
};

/// Keys that identities of pods never have, and that people take for the namespace.
const NEVER: [&str; 4] = [
    "io.kubernetes.podNamespace",
    "k8s.io.kubernetes.pod.namespace",
    "kubernetes.io/metadata.name",
    "kubernetes.io/namespace",
];
/// The same, where a pod may well have them.
const NAME_LIKE: [&str; 3] = ["name", "namespace", "ns"];
const RIGHT: &str = "k8s:io.kubernetes.pod.namespace";

fn check(cx: &Context<'_>, of: &Tiered<'_>, findings: &mut Vec<Finding>) {
    for asked in label_keys(&of.policy.tree) {
        if !matches!(asked.operator, Operator::In | Operator::Exists) {
            continue;
        }
        let value = asked.values.first().copied().unwrap_or_default();
        let label = Asked { key: asked.key, value, span: asked.span };
        let (_, name) = source(label.key);
        let message = if NEVER.contains(&name) {
            format!(
                "{} is not a label of pods for Cilium, so this selector matches no pod; the \
                 namespace is {}",
                words::quoted(label.key),
                words::quoted(RIGHT)
            )
        } else if is_reserved(cx, &label) {
            format!(
                "{} is an ordinary label that no pod has; the identities that Cilium reserves are \
                 keys with an empty value",
                words::quoted(&format!("{}: {}", label.key, label.value))
            )
        } else if is_name(cx, &label) {
            format!(
                "{} matches no pod: no pod has this label, and {} is a namespace, whose key is {}",
                words::quoted(&format!("{}: {}", label.key, label.value)),
                words::quoted(label.value),
                words::quoted(RIGHT)
            )
        } else {
            continue;
        };
        let help = match label.key {
            "reserved" => {
                format!("write `reserved:{}: \"\"`", words::quoted(label.value).trim_matches('`'))
            }
            _ => format!("write `{RIGHT}: {}`", words::quoted(label.value).trim_matches('`')),
        };
        let made = Finding::new(&RULE, label.span, message, help);
        findings.push(of.finding(cx, made));
    }
}

/// A label that a selector asks for.
struct Asked<'a> {
    key: &'a str,
    value: &'a str,
    span: Span,
}

/// `reserved: health` for `reserved:health: ""`.
fn is_reserved(cx: &Context<'_>, label: &Asked<'_>) -> bool {
    label.key == "reserved"
        && Entity::parse(label.value).is_some()
        && !cx.cluster.any_pod_has(label.key)
}

/// A label like `name: shop`, where `shop` is a namespace and no pod has such a label.
fn is_name(cx: &Context<'_>, label: &Asked<'_>) -> bool {
    let Key::Pod(name) = key(label.key) else { return false };
    NAME_LIKE.contains(&name)
        && cx.cluster.namespace_named(label.value).is_some()
        && !cx.cluster.any_pod_has(name)
        && cx.cluster.namespaces().iter().all(|namespace| namespace.open.is_none())
}
