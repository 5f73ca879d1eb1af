//! A peer that matches no pod, so its rule allows no traffic.

use super::{Check, Confidence, Context, Finding, Rule, SelectorPeer, Severity, doubts, orphans};
use crate::model::{At, Field, PolicyId, Selector, Spot};
use crate::resolve::{NamespaceId, PeerPods};

/// The rule.
pub static RULE: Rule = Rule {
    id: "orphaned-peer-selector",
    severity: Severity::Warning,
    confidence: Confidence::High,
    pedantic: false,
    page: include_str!("../../rules/orphaned-peer-selector.md"),
    check: Check::EachKind(check, super::tiered::selectors::orphaned_peers),
};

fn check(cx: &Context<'_>, id: PolicyId, findings: &mut Vec<Finding>) {
    for peer in cx.selector_peers() {
        let Field::Given(selector, place) = &peer.peer.pod_selector else {
            continue;
        };
        if selector.is_empty() || !peer.means.pods.is_none() {
            continue;
        }
        let Some(confidence) = confidence(cx, &peer.means, selector, peer.is_for_all_namespaces())
        else {
            continue;
        };
        let spot = Spot::PeerPods(peer.direction, peer.rule, peer.index);
        let covered: Vec<NamespaceId> =
            peer.means.namespaces.iter().map(|(number, _)| *number).collect();
        let orphan = orphans::describe(cx, &covered, selector, place.key);
        let effect = if is_alone(cx, id, peer) {
            "the rule allows no traffic"
        } else {
            "this peer matches no pod"
        };
        let message = format!("{}; {effect}", orphan.message);
        let mut finding = Finding::new(&RULE, orphan.place, message, orphan.help)
            .about(cx, At { policy: id, spot })
            .confidence(confidence.min(orphan.confidence).min(doubts::most(cx, id)));
        finding.related = orphan.related;
        finding.absent = orphan.absent;
        findings.push(finding);
    }
}

/// Whether no other peer of the rule allows any traffic, as far as is known.
fn is_alone(cx: &Context<'_>, id: PolicyId, peer: &SelectorPeer<'_>) -> bool {
    let Some(rule) = cx.cluster.policy(id).rule(peer.direction, peer.rule) else {
        return false;
    };
    (0u32..).zip(rule.peer_list()).filter(|(index, _)| *index != peer.index).all(|(index, _)| {
        let is_it = |other: &&SelectorPeer<'_>| {
            (other.direction, other.rule, other.index) == (peer.direction, peer.rule, index)
        };
        // An address, or an invalid peer.
        let other = cx.selector_peers().iter().find(is_it);
        other.is_some_and(|other| {
            let whole_namespaces = other.peer.pod_selector.is_absent();
            !whole_namespaces
                && !other.means.beyond
                && other.means.pods.is_none()
                && other
                    .means
                    .namespaces
                    .iter()
                    .all(|(n, _)| cx.cluster.namespace(*n).open.is_none())
        })
    })
}

/// The confidence that no pod can match: every namespace that the peer covers must be closed.
fn confidence(
    cx: &Context<'_>,
    means: &PeerPods,
    selector: &Selector,
    everywhere: bool,
) -> Option<Confidence> {
    if means.namespaces.is_empty() || everywhere {
        return None;
    }
    let sure = means.namespaces.iter().map(|(number, covered)| {
        let sure = orphans::selector_confidence(cx, *number, selector);
        sure.filter(|_| covered.is_yes())
    });
    let least = sure.min().flatten()?;
    // Namespaces selected by a label: another repository may have one more with that label.
    Some(if means.beyond { Confidence::Low } else { least })
}
