//! Conditions in the language of each kind of policy, for messages.

use super::super::{Context, words};
use super::Tiered;
use crate::model::tiered::{Evaluator, LabelOf, NAMESPACE_NAME, PodTerm};
use crate::model::{Operator, Requirement, cilium};
use crate::text::Span;

/// A text of a manifest, on one line.
pub(in crate::lint) fn written(cx: &Context<'_>, span: Span) -> String {
    let text = cx.text(span);
    let line: Vec<&str> = text.split_whitespace().collect();
    words::quoted(&line.join(" "))
}

/// A selector: `app: web, tier in (a, b)`; one of Calico's as it is written.
pub(in crate::lint) fn labels(cx: &Context<'_>, of: &Tiered<'_>, term: &PodTerm) -> String {
    let text = cx.text(term.place.value);
    // Otherwise it is a mapping around the selector.
    let is_whole = !text.starts_with('{') && !text.contains('\n');
    if of.project() == Evaluator::Calico && is_whole {
        let quote = text.chars().next().filter(|c| matches!(c, '\'' | '"'));
        return words::quoted(quote.map_or(text, |quote| text.trim_matches(quote)));
    }
    let requirements = term.labels.requirements();
    let all: Vec<String> =
        requirements.iter().map(|(whose, one)| spelled(of, *whose, one)).collect();
    if all.is_empty() { "`{}`".to_owned() } else { words::quoted(&all.join(", ")) }
}

/// One requirement.
pub(in crate::lint) fn requirement(
    of: &Tiered<'_>,
    whose: LabelOf,
    requirement: &Requirement,
) -> String {
    words::quoted(&spelled(of, whose, requirement))
}

/// What selects the pods of a namespace.
pub(in crate::lint) fn namespace(of: &Tiered<'_>, name: &str) -> String {
    match of.project() {
        Evaluator::Cilium => format!("k8s:{}: {name}", cilium::NAMESPACE_KEY),
        Evaluator::Calico => format!("namespaceSelector: projectcalico.org/name == \"{name}\""),
        Evaluator::NetworkPolicyApi => format!("{NAMESPACE_NAME}: {name}"),
    }
}

/// What selects the pods of the namespaces that have a label.
pub(in crate::lint) fn namespace_label(of: &Tiered<'_>, key: &str, value: &str) -> String {
    match of.project() {
        Evaluator::Cilium => {
            format!("{}: {value}", cilium::written_key(LabelOf::Namespace, key))
        }
        Evaluator::Calico => format!("namespaceSelector: {key} == \"{value}\""),
        Evaluator::NetworkPolicyApi => format!("{key}: {value}"),
    }
}

fn spelled(of: &Tiered<'_>, whose: LabelOf, requirement: &Requirement) -> String {
    match of.project() {
        Evaluator::Calico => in_calico(whose, requirement),
        Evaluator::Cilium => Requirement {
            key: cilium::written_key(whose, &requirement.key).into(),
            ..requirement.clone()
        }
        .words(),
        Evaluator::NetworkPolicyApi => requirement.words(),
    }
}

/// In Calico's selector language.
fn in_calico(whose: LabelOf, requirement: &Requirement) -> String {
    let values: Vec<String> =
        requirement.values.iter().map(|(value, _)| format!("\"{value}\"")).collect();
    let key = match whose {
        LabelOf::AccountName => return format!("serviceAccounts {}", values.join(", ")),
        _ => requirement.key.as_str(),
    };
    match (requirement.operator, values.as_slice()) {
        (Operator::In, [one]) => format!("{key} == {one}"),
        (Operator::In, all) => format!("{key} in {{{}}}", all.join(", ")),
        (Operator::NotIn, [one]) => format!("{key} != {one}"),
        (Operator::NotIn, all) => format!("{key} not in {{{}}}", all.join(", ")),
        (Operator::Exists, _) => format!("has({key})"),
        (Operator::DoesNotExist, _) => format!("!has({key})"),
    }
}
