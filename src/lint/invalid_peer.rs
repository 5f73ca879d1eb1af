//! A peer that the API server rejects: it is empty, or has both an `ipBlock` and a selector.

use super::{Check, Confidence, Context, Finding, Rule, Severity, unknown_field};
use crate::model::tiered::RefusalKind;
use crate::model::{At, Direction, Peer, PolicyId, Spot};
use crate::text::Span;

/// The rule.
pub static RULE: Rule = Rule {
    id: "invalid-peer",
    severity: Severity::Error,
    confidence: Confidence::High,
    pedantic: false,
    page: include_str!("../../rules/invalid-peer.md"),
    check: Check::Refusals(check, RefusalKind::Peer),
};

/// pkg/apis/networking/validation: `ValidateNetworkPolicyPeer`.
fn check(cx: &Context<'_>, id: PolicyId, findings: &mut Vec<Finding>) {
    let policy = cx.cluster.policy(id);
    for direction in Direction::BOTH {
        for (rule, traffic) in (0u32..).zip(policy.rules(direction)) {
            for (index, peer) in (0u32..).zip(traffic.peer_list()) {
                let at = At { policy: id, spot: Spot::Peer(direction, rule, index) };
                if let Some((place, message, help)) = fault(cx, at, peer) {
                    findings.push(Finding::new(&RULE, place, message, help).about(cx, at));
                }
            }
        }
    }
}

fn fault(cx: &Context<'_>, at: At, peer: &Peer) -> Option<(Span, &'static str, &'static str)> {
    let has_selector = !peer.pod_selector.is_absent() || !peer.namespace_selector.is_absent();
    if let Some(block) = peer.ip_block.place().filter(|_| has_selector) {
        return Some((
            block.key,
            "a peer can't have both an ipBlock and selectors: the API server rejects it",
            "move the ipBlock to a peer of its own, with its own dash",
        ));
    }
    let names_nobody = !has_selector && peer.ip_block.is_absent();
    if !names_nobody || unknown_field::is_within(cx, at.policy, peer.whole) {
        return None;
    }
    Some((
        peer.first_token,
        "this peer is empty (a null selector counts as absent): the API server rejects it",
        "write `podSelector: {}` for every pod in this namespace, `namespaceSelector: {}` for \
         every pod in the cluster, or delete the whole `from` or `to` to allow everyone",
    ))
}
