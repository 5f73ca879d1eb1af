//! What findings about blocked connections share: the policies that isolate the pods, and policies of
//! the same namespace that other parts of the repository have for them.

use super::{Confidence, Context, Finding, Related, words};
use crate::model::{Body, Direction, Policy, Spot};
use crate::resolve::{Tri, selects};
use crate::text::Span;

/// The most isolating policies that a finding names.
const MOST: usize = 3;

/// Adds the policies that isolate the pods of a workload in that direction.
pub(super) fn add_isolating(
    cx: &Context<'_>,
    finding: &mut Finding,
    direction: Direction,
    workload: u32,
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
    workload: u32,
) {
    let Some(elsewhere) = cx.cluster.elsewhere() else { return };
    let it = cx.cluster.workload(workload);
    let may_allow = |id: &u32| match &cx.cluster.object(*id).body {
        Body::Policy(policy) => {
            let selected = match policy.pod_selector.get() {
                Some(selector) => selects(selector, it.workload),
                None => Tri::Yes,
            };
            !selected.is_no() && policy.isolates(direction) && !policy.rules(direction).is_empty()
        }
        Body::OtherPolicy(_) => true,
        _ => false,
    };
    let Some(other) = elsewhere.objects_in(&it.namespace.name).find(may_allow) else { return };
    let head = cx.cluster.head(other);
    finding.confidence = Confidence::Low;
    let name = words::quoted(&head.name);
    let message = format!("{} {name} of another part of the repository may allow it", head.kind);
    finding.related.push(Related { span: head.name_span, message });
}
