//! A value of a list that no pod has, though pods have the others.

use super::{Check, Confidence, Context, Finding, Rule, Severity, orphans, words};
use crate::model::{At, Field, Operator, PolicyId, Requirement, Selector, Spot, is_placeholder};
use crate::resolve::{NamespaceId, Pods, Tri};
use crate::text::Span;

/// The rule.
pub static RULE: Rule = Rule {
    id: "partly-orphaned-selector",
    severity: Severity::Warning,
    confidence: Confidence::Medium,
    pedantic: false,
    page: include_str!("../../rules/partly-orphaned-selector.md"),
    check: Check::Policy(check),
};

fn check(cx: &Context<'_>, id: PolicyId, findings: &mut Vec<Finding>) {
    let home = [(cx.cluster.home(id), Tri::Yes)];
    if let Field::Given(selector, _) = &cx.cluster.policy(id).pod_selector {
        let at = At { policy: id, spot: Spot::PodSelector };
        of_selector(cx, at, selector, &home, findings);
    }
    for peer in cx.selector_peers().iter().filter(|peer| !peer.means.beyond) {
        if let Field::Given(selector, _) = &peer.peer.pod_selector {
            let spot = Spot::PeerPods(peer.direction, peer.rule, peer.index);
            of_selector(cx, At { policy: id, spot }, selector, &peer.means.namespaces, findings);
        }
    }
}

fn of_selector(
    cx: &Context<'_>,
    at: At,
    selector: &Selector,
    namespaces: &[(NamespaceId, Tri)],
    findings: &mut Vec<Finding>,
) {
    if selector.is_refused() || !namespaces.iter().all(|(_, covered)| covered.is_yes()) {
        return;
    }
    for (nth, requirement) in selector.requirements.iter().enumerate() {
        if requirement.operator != Operator::In || requirement.values.len() < 2 {
            continue;
        }
        // All of it but the list, which may be long.
        let mut rest = selector.clone();
        rest.requirements[nth].values.clear();
        let only = |value: usize| {
            let mut narrow = rest.clone();
            narrow.requirements[nth].values.push(requirement.values[value].clone());
            narrow
        };
        let is_none = |value: &usize| pods(cx, namespaces, &only(*value)).iter().all(Pods::is_none);
        let (missing, found): (Vec<usize>, Vec<usize>) =
            (0..requirement.values.len()).partition(is_none);
        if found.is_empty() {
            continue;
        }
        for value in missing {
            let (text, place) = &requirement.values[value];
            let narrow = only(value);
            if !is_placeholder(text) && is_closed(cx, namespaces, &narrow) {
                findings.push(finding(cx, at, requirement, text, *place, namespaces));
            }
        }
    }
}

fn pods(cx: &Context<'_>, namespaces: &[(NamespaceId, Tri)], selector: &Selector) -> Vec<Pods> {
    namespaces.iter().map(|(number, _)| cx.cluster.pods_in(*number, Some(selector))).collect()
}

/// Whether no pod with that value can be there: every namespace shows all of its pods, and no other
/// part of the repository has such a pod.
fn is_closed(cx: &Context<'_>, namespaces: &[(NamespaceId, Tri)], selector: &Selector) -> bool {
    let is_sure = |number: NamespaceId| {
        orphans::selector_confidence(cx, number, selector) >= Some(Confidence::Medium)
    };
    namespaces.iter().all(|(number, _)| is_sure(*number))
        && cx.cluster.selected_elsewhere(selector).is_none()
        && cx.cluster.elsewhere().and_then(|it| it.templates_selected(selector)).is_none()
        && cx.cluster.left_out_with_name(selector).is_none()
}

fn finding(
    cx: &Context<'_>,
    at: At,
    requirement: &Requirement,
    value: &str,
    place: Span,
    namespaces: &[(NamespaceId, Tri)],
) -> Finding {
    let label = words::quoted(&format!("{}: {value}", requirement.key));
    let where_ = match namespaces {
        [(only, _)] => words::namespace(cx.cluster.namespace(*only)),
        several => format!("the {} namespaces that are selected", several.len()),
    };
    let others = requirement.values.iter().filter(|(other, _)| other != value);
    let others = others.map(|(other, _)| words::quoted(other));
    let count = requirement.values.len() - 1;
    let message = format!(
        "{label} matches no pod in {where_}, though {} of this list {}",
        words::first_of(others, count, 3),
        if count == 1 { "does" } else { "do" }
    );
    let help = "correct the value, or delete it from the list";
    Finding::new(&RULE, place, message, help).about(cx, at)
}
