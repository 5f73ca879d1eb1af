//! What findings about blocked connections share: the policies that isolate the pods, and policies of
//! the same namespace that other parts of the repository have for them.

use super::{Confidence, Context, Finding, Related, words};
use crate::model::{At, Direction, Policy, Spot};
use crate::reach::{Mismatch, Party, PortSet};
use crate::resolve::WorkloadId;
use crate::text::Span;

/// The most isolating policies that a finding names.
const MOST: usize = 3;

/// Adds the policies that isolate the pods of a workload in that direction.
pub(super) fn add_isolating(
    cx: &Context<'_>,
    finding: &mut Finding,
    direction: Direction,
    workload: WorkloadId,
) {
    let side = cx.reach.side(direction, workload);
    for &id in side.isolating.iter().take(MOST) {
        let span = place(cx.cluster.policy(id), direction).unwrap_or(cx.cluster.head(id).name_span);
        if finding.place == span || finding.related.iter().any(|related| related.span == span) {
            continue;
        }
        let name = words::quoted(&cx.cluster.head(id).name);
        let field = direction.field();
        let message = format!("NetworkPolicy {name} isolates these pods for {field}");
        finding.related.push(Related { span, message });
    }
}

/// Adds the rule that comes nearest to letting another workload through.
pub(super) fn add_nearest(
    cx: &Context<'_>,
    finding: &mut Finding,
    direction: Direction,
    workload: WorkloadId,
    (other, ports): (WorkloadId, &PortSet),
) {
    let party = Party::Workload(other);
    let Some(miss) = cx.reach.nearest_miss(direction, workload, party, Some(ports)) else { return };
    let Some(rule) = miss.at.spot.rule_spot() else { return };
    let place = cx.cluster.place_of(At { spot: rule, ..miss.at }).map(|(span, _)| span);
    let Some(span) = place.filter(|span| *span != finding.place) else { return };
    let why = match miss.mismatch {
        Mismatch::Ports(ports) if ports.is_empty() => "has no port of these pods".to_owned(),
        Mismatch::Ports(ports) => format!("is for {ports}"),
        Mismatch::PodLabel(words, _) => format!("is for pods with {}", words::quoted(&words)),
        Mismatch::NamespaceLabel(words, _) => {
            format!("is for namespaces with {}", words::quoted(&words))
        }
        Mismatch::OtherNamespace => "is for pods of its own namespace".to_owned(),
        Mismatch::Address => "is for addresses".to_owned(),
        Mismatch::Pods => "is for pods".to_owned(),
    };
    let name = words::quoted(&cx.cluster.head(miss.at.policy).name);
    let message = format!("the nearest rule, of NetworkPolicy {name}, {why}");
    finding.related.push(Related { span, message });
}

/// The key of the rules of a direction, else the entry of `policyTypes`, else `podSelector`.
pub fn place(policy: &Policy, direction: Direction) -> Option<Span> {
    let listed = || {
        let types = policy.policy_types.get()?;
        let item = types.iter().find(|item| item.get() == Some(&direction))?;
        Some(item.place()?.value)
    };
    Spot::Rules(direction)
        .key_span(policy)
        .or_else(listed)
        .or_else(|| Spot::PodSelector.key_span(policy))
        .or_else(|| Spot::Spec.key_span(policy))
}

/// Where [`place`] is, as an address in the policy.
pub(super) fn spot(policy: &Policy, direction: Direction) -> Spot {
    match policy.rules_field(direction).is_absent() {
        true => Spot::PolicyTypes,
        false => Spot::Rules(direction),
    }
}

/// Lowers a finding that the pods of a workload are blocked where another part of the repository
/// has a policy with rules for them, and names that policy.
pub(super) fn lower_if_allowed_elsewhere(
    cx: &Context<'_>,
    finding: &mut Finding,
    direction: Direction,
    workload: WorkloadId,
) {
    let has_rules = |policy: &Policy| !policy.rules(direction).is_empty();
    let Some(other) = cx.reach.policy_elsewhere(direction, workload, has_rules) else { return };
    let head = cx.cluster.head(other);
    finding.confidence = Confidence::Low;
    let name = words::quoted(&head.name);
    let message = format!("{} {name} of another part of the repository may allow it", head.kind);
    finding.related.push(Related { span: head.name_span, message });
}
