//! A selector with the labels of a Deployment or a Service instead of those of its pods.

use super::tiered::selectors::{selector, selects_nothing};
use super::tiered::{Tiered, spelling};
use super::{Check, Confidence, Context, Finding, Rule, Severity, orphans, words};
use crate::bundle::Head;
use crate::model::{At, Field, Label, Operator, PolicyId, Requirement, Selector, Spot};
use crate::resolve::{NamespaceId, Open, WorkloadId, selects};
use crate::text::Span;

/// The rule.
pub static RULE: Rule = Rule {
    id: "labels-on-workload-not-pod",
    severity: Severity::Warning,
    confidence: Confidence::High,
    pedantic: false,
    page: include_str!("../../rules/labels-on-workload-not-pod.md"),
    check: Check::EachKind(check, check_tiered),
};

fn check(cx: &Context<'_>, id: PolicyId, findings: &mut Vec<Finding>) {
    if let Field::Given(selector, place) = &cx.cluster.policy(id).pod_selector
        && cx.cluster.selected(id).is_none()
    {
        let home = [cx.cluster.home(id)];
        let at = At { policy: id, spot: Spot::PodSelector };
        let asked = words::selector(selector);
        let found = described(cx, selector, &asked, place.key, &home);
        findings.extend(found.map(|made| made.about(cx, at)));
    }
    for peer in cx.selector_peers() {
        let Field::Given(selector, place) = &peer.peer.pod_selector else {
            continue;
        };
        if !peer.means.pods.is_none() {
            continue;
        }
        let at = At { policy: id, spot: Spot::PeerPods(peer.direction, peer.rule, peer.index) };
        let namespaces: Vec<NamespaceId> = peer.means.namespaces.iter().map(|(n, _)| *n).collect();
        let asked = words::selector(selector);
        let found = described(cx, selector, &asked, place.key, &namespaces);
        findings.extend(found.map(|made| made.about(cx, at)));
    }
}

/// The same in policies of other kinds.
fn check_tiered(cx: &Context<'_>, of: &Tiered<'_>, _: &'static Rule, findings: &mut Vec<Finding>) {
    for at in of.selectors() {
        let Some(selector) = selector(at.term).filter(|_| selects_nothing(cx, of, at.term)) else {
            continue;
        };
        let asked = spelling::labels(cx, of, at.term);
        let namespaces = cx.cluster.term_namespaces(of.asker, at.term);
        let key = at.term.place.key;
        let found = described(cx, &selector, &asked, key, &namespaces);
        findings.extend(found.map(|made| of.finding_at(cx, &at, made)));
    }
}

/// What is wrong with a selector that selects no pod in those namespaces, where something else in
/// them bears the labels. `asked` is the selector in words, `key` its key.
fn described(
    cx: &Context<'_>,
    selector: &Selector,
    asked: &str,
    key: Span,
    namespaces: &[NamespaceId],
) -> Option<Finding> {
    if selector.is_empty() || namespaces.is_empty() {
        return None;
    }
    if is_added_to(cx, selector, key, namespaces) {
        return None;
    }
    let sure = namespaces.iter().map(|number| sureness(cx, *number)).min().flatten()?;
    let (head, labels) = namespaces.iter().find_map(|number| bearer(cx, *number, selector))?;
    if sure < Confidence::High && head.kind == "Service" {
        return None;
    }
    let who = format!("{} {}", head.kind, words::quoted(&head.name));
    let message = format!(
        "{asked} is a label of {who} itself, not of its pods: policies match pod labels, and no \
         pod in {} has it",
        orphans::places(cx, namespaces)
    );
    let help = if head.kind == "Service" {
        "use the labels in the Service's `spec.selector`".to_owned()
    } else {
        format!(
            "add {} to `spec.template.metadata.labels` of {who}, or select a label that its pod \
             template has",
            as_labels(selector)
        )
    };
    let place = match selector.requirements.as_slice() {
        [only] => only.values.first().map_or(only.key_span, |(_, span)| *span),
        _ => key,
    };
    let sure = match cx.cluster.selected_elsewhere(selector) {
        Some(_) => Confidence::Low,
        None => sure,
    };
    let mut finding = Finding::new(&RULE, place, message, help).confidence(sure);
    let first = selector.requirements.first()?;
    if let Some(label) = labels.iter().find(|label| label.key == first.key) {
        finding = finding.related(label.value_span, format!("{who} has the label here"));
    }
    Some(finding)
}

/// A selector as the labels that meet it.
fn as_labels(selector: &Selector) -> String {
    let label = |requirement: &Requirement| match requirement.values.as_slice() {
        [(value, _)] => format!("{}: {value}", requirement.key),
        _ => requirement.words(),
    };
    let labels: Vec<String> = selector.requirements.iter().map(label).collect();
    words::quoted(&labels.join(", "))
}

/// Whether the selector matched pods until kustomize added a label to it: `kustomize-rewrites-peer`
/// reports that, and the labels that are written are right.
fn is_added_to(
    cx: &Context<'_>,
    selector: &Selector,
    key: Span,
    namespaces: &[NamespaceId],
) -> bool {
    let written = orphans::as_written(selector, key);
    written.requirements.len() < selector.requirements.len()
        && namespaces.iter().any(|home| !cx.cluster.pods_in(*home, Some(&written)).is_none())
}

/// How sure it is that no pod of a namespace has the labels. Where more pods may be than are shown,
/// the labels of a workload itself are evidence still.
fn sureness(cx: &Context<'_>, namespace: NamespaceId) -> Option<Confidence> {
    match &cx.cluster.namespace(namespace).open {
        None => Some(Confidence::High),
        Some(
            Open::NotEvaluated(_)
            | Open::Unread(_)
            | Open::Deployed(_)
            | Open::Operator(_)
            | Open::RunTime(_),
        ) => Some(Confidence::Medium),
        Some(Open::NoWorkloads | Open::System | Open::Placeholder) => None,
    }
}

/// The object in a namespace whose own metadata has the labels, and those labels.
fn bearer<'a>(
    cx: &Context<'a>,
    namespace: NamespaceId,
    selector: &Selector,
) -> Option<(&'a Head, &'a [Label])> {
    let cluster = cx.cluster;
    let bears = |labels: &[Label]| selects(selector, labels).is_yes();
    // Whoever bears the labels has one of the values of a requirement that names some.
    let named = selector.requirements.iter().find(|r| r.operator == Operator::In);
    let (workloads, services) = match named {
        Some(requirement) => cluster.labelled_themselves(namespace, requirement),
        None => (
            WorkloadId::all(&cluster.namespace(namespace).workloads).collect(),
            cluster.services_in(namespace).collect(),
        ),
    };
    let of_workload = workloads
        .into_iter()
        .map(|number| cluster.workload(number))
        .map(|workload| (workload.head, workload.workload.own_labels.as_slice()))
        .find(|(_, labels)| bears(labels));
    of_workload.or_else(|| {
        // A Service that selects by the same labels says nothing of where they are: such pods are
        // not shown.
        let services = services.into_iter().filter(|(_, service)| !bears(&service.selector));
        let services = services.map(|(head, s)| (head, s.own_labels.as_slice()));
        services.into_iter().find(|(_, labels)| bears(labels))
    })
}
