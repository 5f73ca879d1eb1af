//! What findings about blocked connections share: the policies that isolate the pods or deny the
//! connection, and policies of the same namespace that other parts of the repository have for them.

use super::{Confidence, Context, Finding, Related, words};
use crate::model::tiered::Evaluator;
use crate::model::{At, Direction, Policy, PolicyId, Spot};
use crate::reach::{Mismatch, Party, PortSet};
use crate::resolve::{Cluster, WorkloadId};
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
    for id in cx.reach.isolating(direction, workload).into_iter().take(MOST) {
        let head = cx.cluster.head(id);
        let (kind, name) = (&head.kind, words::quoted(&head.name));
        let field = direction.field();
        let message = format!("{kind} {name} isolates these pods for {field}");
        relate(finding, place_in(cx.cluster, id, direction), message);
    }
}

/// Whether policies of Cilium, and no others, isolate the pods of a workload.
pub(super) fn is_by_cilium(cx: &Context<'_>, direction: Direction, workload: WorkloadId) -> bool {
    let isolating = cx.reach.isolating(direction, workload);
    let is_cilium = |id: &PolicyId| {
        let of = cx.cluster.tiered_policy(*id);
        of.is_some_and(|of| of.kind.evaluator() == Evaluator::Cilium)
    };
    !isolating.is_empty() && isolating.iter().all(is_cilium)
}

/// Adds a place that the finding does not have yet.
fn relate(finding: &mut Finding, span: Span, message: String) {
    if finding.place != span && finding.related.iter().all(|related| related.span != span) {
        finding.related.push(Related { span, message });
    }
}

/// A policy of another kind with a rule that denies the pods of a workload the connection with a
/// party, in words. Where none does, the connection is rejected because no rule allows it.
pub(super) fn denied_by(
    cx: &Context<'_>,
    direction: Direction,
    workload: WorkloadId,
    party: Party<'_>,
) -> Option<String> {
    let denying = cx.reach.ports(direction, workload, party).denied_by;
    denying.first().map(|at| kind_and_name(cx, at.policy))
}

/// `AdminNetworkPolicy `name``.
fn kind_and_name(cx: &Context<'_>, policy: PolicyId) -> String {
    let head = cx.cluster.head(policy);
    format!("{} {}", head.kind, words::quoted(&head.name))
}

/// Adds the rules of policies of other kinds that deny the pods of a workload the connection with a
/// party. Whether there are any.
pub(super) fn add_denying(
    cx: &Context<'_>,
    finding: &mut Finding,
    direction: Direction,
    workload: WorkloadId,
    party: Party<'_>,
) -> bool {
    let denying = cx.reach.ports(direction, workload, party).denied_by;
    for at in denying.iter().take(MOST) {
        let message = format!("{} denies it here", kind_and_name(cx, at.policy));
        if let Some((span, _)) = cx.cluster.place_of(*at) {
            relate(finding, span, message);
        }
    }
    !denying.is_empty()
}

/// Adds the rule that denies another workload the way, or else the one that comes nearest to letting
/// it through.
pub(super) fn add_nearest(
    cx: &Context<'_>,
    finding: &mut Finding,
    direction: Direction,
    workload: WorkloadId,
    (other, ports): (WorkloadId, &PortSet),
) {
    let party = Party::Workload(other);
    if add_denying(cx, finding, direction, workload, party) {
        return;
    }
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

/// The same in a policy of any kind; where nothing is written of a direction, its name.
pub fn place_in(cluster: &Cluster, policy: PolicyId, direction: Direction) -> Span {
    let name = cluster.head(policy).name_span;
    let Some(of) = cluster.tiered_policy(policy) else {
        return place(cluster.policy(policy), direction).unwrap_or(name);
    };
    let first = (0u32..).zip(of.rules.iter()).find(|(_, rule)| rule.direction == direction);
    let spot = first.map_or(Spot::Spec, |(number, _)| Spot::Statement(number));
    cluster.place_of(At { policy, spot }).map_or(name, |(span, _)| span)
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
