//! A selector with the labels of a Deployment or a Service instead of those of its pods.

use super::{Check, Confidence, Context, Finding, Rule, Severity, orphans, words};
use crate::bundle::Head;
use crate::model::{At, Field, Label, Operator, Selector, Spot};
use crate::resolve::{Labelled, Why, selects};
use crate::text::Span;

/// The rule.
pub static RULE: Rule = Rule {
    id: "labels-on-workload-not-pod",
    severity: Severity::Warning,
    confidence: Confidence::High,
    pedantic: false,
    page: include_str!("../../rules/labels-on-workload-not-pod.md"),
    check: Check::Policy(check),
};

fn check(cx: &Context<'_>, id: u32, findings: &mut Vec<Finding>) {
    if let Field::Given(selector, place) = &cx.cluster.policy(id).pod_selector
        && cx.cluster.selected(id).is_none()
    {
        let home = [cx.cluster.home(id)];
        let at = At { policy: id, spot: Spot::PodSelector };
        findings.extend(finding(cx, at, selector, place.key, &home));
    }
    for peer in cx.selector_peers() {
        let Field::Given(selector, place) = &peer.peer.pod_selector else {
            continue;
        };
        if !peer.means.pods.is_none() {
            continue;
        }
        let at = At { policy: id, spot: Spot::PeerPods(peer.direction, peer.rule, peer.index) };
        let namespaces: Vec<u32> = peer.means.namespaces.iter().map(|(n, _)| *n).collect();
        findings.extend(finding(cx, at, selector, place.key, &namespaces));
    }
}

fn finding(
    cx: &Context<'_>,
    at: At,
    selector: &Selector,
    key: Span,
    namespaces: &[u32],
) -> Option<Finding> {
    let closed = |number: &u32| cx.cluster.namespace(*number).open.is_none();
    if selector.is_empty() || namespaces.is_empty() || !namespaces.iter().all(closed) {
        return None;
    }
    let (head, labels) = namespaces.iter().find_map(|number| bearer(cx, *number, selector))?;
    let who = format!("{} {}", head.kind, words::quoted(&head.name));
    let asked = words::selector(selector);
    let message = format!(
        "{asked} is a label of {who} itself, not of its pods: policies match pod labels, and no \
         pod in {} has it",
        orphans::places(cx, namespaces)
    );
    let help = if head.kind == "Service" {
        "use the labels in the Service's `spec.selector`".to_owned()
    } else {
        format!(
            "add {asked} to `spec.template.metadata.labels` of {who}, or select a label that its \
             pod template has"
        )
    };
    let place = match selector.requirements.as_slice() {
        [only] => only.values.first().map_or(only.key_span, |(_, span)| *span),
        _ => key,
    };
    let mut finding = Finding::new(&RULE, place, message, help).about(cx, at);
    let first = selector.requirements.first()?;
    if let Some(label) = labels.iter().find(|label| label.key == first.key) {
        finding = finding.related(label.value_span, format!("{who} has the label here"));
    }
    Some(finding)
}

/// The object in a namespace whose own metadata has the labels, and those labels.
fn bearer<'a>(
    cx: &Context<'a>,
    namespace: u32,
    selector: &Selector,
) -> Option<(&'a Head, &'a [Label])> {
    let cluster = cx.cluster;
    let bears = |labels: &[Label]| selects(selector, &Own(labels)).is_yes();
    // An object with the labels has one of the values of a requirement that lists some.
    let named = selector.requirements.iter().find(|r| r.operator == Operator::In);
    let (workloads, services) = match named {
        Some(requirement) => cluster.labelled_themselves(namespace, requirement),
        None => (
            cluster.namespace(namespace).workloads.clone().collect(),
            cluster.services_in(namespace).collect(),
        ),
    };
    let of_workload = workloads
        .into_iter()
        .map(|number| cluster.workload(number))
        .map(|workload| (workload.head, workload.workload.own_labels.as_slice()))
        .find(|(_, labels)| bears(labels));
    of_workload.or_else(|| {
        let services = services.into_iter().map(|(head, s)| (head, s.own_labels.as_slice()));
        services.into_iter().find(|(_, labels)| bears(labels))
    })
}

/// An object's own labels.
struct Own<'a>(&'a [Label]);

impl Labelled for Own<'_> {
    fn value(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|label| label.key == key).map(|label| label.value.as_str())
    }
    fn may_have(&self, _key: &str) -> Option<Why> {
        None
    }
}
