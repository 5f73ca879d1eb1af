//! A peer for every pod of every namespace.

use super::{Check, Confidence, Context, Finding, Rule, Severity};
use crate::model::{At, Direction, PolicyId, Spot};

/// The rule.
pub static RULE: Rule = Rule {
    id: "open-to-all-namespaces",
    severity: Severity::Note,
    confidence: Confidence::High,
    pedantic: true,
    page: include_str!("../../rules/open-to-all-namespaces.md"),
    check: Check::Policy(check),
};

fn check(cx: &Context<'_>, id: PolicyId, findings: &mut Vec<Finding>) {
    for peer in cx.selector_peers() {
        if !peer.is_for_all_namespaces() || !peer.peer.pod_selector.is_absent() {
            continue;
        }
        let spot = Spot::PeerNamespaces(peer.direction, peer.rule, peer.index);
        let Some(place) = spot.key_span(cx.cluster.policy(id)) else { continue };
        let (message, help) = match peer.direction {
            Direction::Ingress => (
                "`namespaceSelector: {}` lets in every pod of every namespace, also of those that \
                 are added later",
                "name the namespaces, or add a `podSelector` to this peer",
            ),
            Direction::Egress => (
                "`namespaceSelector: {}` lets these pods out to every pod of every namespace, also \
                 of those that are added later",
                "name the namespaces, or add a `podSelector` to this peer",
            ),
        };
        let at = At { policy: id, spot };
        findings.push(Finding::new(&RULE, place, message, help).about(cx, at));
    }
}
