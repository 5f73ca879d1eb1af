//! What speaks against a selector being wrong though it selects nothing that is shown: such pods are
//! elsewhere in the repository, or something may create them.

use super::orphan::Orphan;
use super::{Confidence, Context, Related, words};
use crate::bundle::ObjectId;
use crate::model::{Operator, PolicyId, Requirement, Selector};
use crate::resolve::{NamespaceId, WorkloadId, selects};
use crate::text::Span;

/// Lowers the confidence where something speaks against it, and says what. `is_near`: a workload
/// almost has the labels, so that it is probably the one that is meant.
pub(super) fn lower(
    cx: &Context<'_>,
    namespaces: &[NamespaceId],
    selector: &Selector,
    is_near: bool,
    orphan: &mut Orphan,
) {
    if let Some(number) = maybe_moved(cx, namespaces, selector) {
        let workload = cx.cluster.workload(number);
        let who = words::workload(&workload);
        let message =
            format!("{who} or the policy has no namespace, so both may be in the same one");
        doubt(orphan, workload.head.name_span, message);
    }
    let named = |id: ObjectId| {
        let head = cx.cluster.head(id);
        (head.name_span, format!("{} {}", head.kind, words::quoted(&head.name)))
    };
    if let Some(head) = cx.cluster.selected_elsewhere(selector) {
        let who = format!("{} {}", head.kind, words::quoted(&head.name));
        let message = format!("{who} elsewhere in the repository has these labels");
        doubt(orphan, head.name_span, message);
    }
    let elsewhere = cx.cluster.elsewhere();
    if let Some(id) = elsewhere.and_then(|it| it.templates_selected(selector)) {
        let (place, who) = named(id);
        doubt(orphan, place, format!("{who} contains a pod template with these labels"));
    }
    if let Some(what) = cx.cluster.left_out_with_name(selector) {
        orphan.confidence = Confidence::Low;
        orphan.help = format!(
            "{} is not evaluated and may create such pods; otherwise {}",
            words::quoted(what),
            orphan.help
        );
    }
    if is_near {
        return;
    }
    // One policy for several assemblies: a peer that only one of them has does no harm in the others.
    let alternatives = elsewhere.into_iter().flat_map(|it| it.selected_in_alternatives(selector));
    if let Some(id) = alternatives.take(ALTERNATIVES).find(|id| !has_counterpart(cx, *id)) {
        let (place, who) = named(id);
        doubt(orphan, place, format!("{who} of another variant of this has these labels"));
    }
    if let Some((place, who)) = service_for(cx, namespaces, selector) {
        let message = format!("{who} selects such pods as well: they may be created elsewhere");
        doubt(orphan, place, message);
    }
}

/// How many workloads of alternatives are looked at.
const ALTERNATIVES: usize = 16;

/// Whether the cluster has its own form of a workload of an alternative: then its pods are called
/// something else here, which is the mistake.
fn has_counterpart(cx: &Context<'_>, id: ObjectId) -> bool {
    let other = cx.cluster.head(id);
    let mut own = cx.cluster.workload_ids().map(|number| cx.cluster.workload(number).head);
    own.any(|head| {
        head.start == other.start || (&head.kind, &head.name) == (&other.kind, &other.name)
    })
}

fn doubt(orphan: &mut Orphan, span: Span, message: String) {
    orphan.confidence = Confidence::Low;
    orphan.related.push(Related { span, message });
}

/// A workload that has the labels, and that `kubectl apply -n` may put into the selector's own
/// namespace: one of the two names none.
fn maybe_moved(
    cx: &Context<'_>,
    namespaces: &[NamespaceId],
    selector: &Selector,
) -> Option<WorkloadId> {
    let is_implicit = |number: NamespaceId| cx.cluster.namespace(number).implicit;
    let home_is_implicit = namespaces.iter().any(|number| is_implicit(*number));
    let others = cx.cluster.pods_anywhere(selector).yes;
    others.iter().find(|number| home_is_implicit || cx.cluster.workload(*number).namespace.implicit)
}

/// A Service of those namespaces that selects the same pods, and no shown one either.
fn service_for(
    cx: &Context<'_>,
    namespaces: &[NamespaceId],
    selector: &Selector,
) -> Option<(Span, String)> {
    let services = namespaces.iter().flat_map(|number| cx.cluster.services_in(*number));
    let mut services = services.into_iter().filter(|(_, service)| !service.selector.is_empty());
    let (head, _) =
        services.find(|(_, service)| selects(selector, service.selector.as_slice()).is_yes())?;
    Some((head.name_span, format!("Service {}", words::quoted(&head.name))))
}

/// The highest confidence that a finding about a policy's pods can have. A policy of a packaged
/// dependency is written for more than one set of values: what is off has no pods, and nobody here can
/// edit the policy.
pub(super) fn most(cx: &Context<'_>, policy: PolicyId) -> Confidence {
    let path = &cx.sources.get(cx.cluster.head(policy).source).path;
    let name = path.rsplit('/').next().unwrap_or(path);
    match name {
        "Chart.yaml" | "requirements.yaml" => Confidence::Low,
        _ => Confidence::High,
    }
}

/// The labels whose absence a finding rests on: those that no pod of these namespaces has, else all
/// that are asked for.
pub(super) fn absent(
    cx: &Context<'_>,
    namespaces: &[NamespaceId],
    selector: &Selector,
) -> Vec<(String, String)> {
    let single = |requirement: &&Requirement| {
        requirement.operator == Operator::In && requirement.values.len() == 1
    };
    let asked: Vec<&Requirement> = selector.requirements.iter().filter(single).collect();
    let is_met = |requirement: &&&Requirement| !cx.cluster.any_may_meet(namespaces, requirement);
    let unmet: Vec<&Requirement> = asked.iter().filter(is_met).copied().collect();
    let labels = if unmet.is_empty() { asked } else { unmet };
    let label = |requirement: &Requirement| {
        let (value, _) = requirement.values.first()?;
        Some((requirement.key.to_string(), value.to_string()))
    };
    labels.into_iter().filter_map(label).collect()
}
