//! A peer that names no pod: the rule lets nobody through.

use super::{Check, Confidence, Context, Finding, Rule, Severity, orphans};
use crate::model::{At, Direction, Field, Selector, Spot};
use crate::resolve::PeerPods;

/// The rule.
pub static RULE: Rule = Rule {
    id: "orphaned-peer-selector",
    severity: Severity::Warning,
    confidence: Confidence::High,
    pedantic: false,
    page: include_str!("../../rules/orphaned-peer-selector.md"),
    check: Check::Policy(check),
};

fn check(cx: &Context<'_>, id: u32, findings: &mut Vec<Finding>) {
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
        let covered: Vec<u32> = peer.means.namespaces.iter().map(|(number, _)| *number).collect();
        let orphan = orphans::describe(cx, &covered, selector, place.key);
        let effect = match peer.direction {
            Direction::Ingress => "the rule lets nobody in",
            Direction::Egress => "the rule lets nobody out",
        };
        let message = format!("{}; {effect}", orphan.message);
        let mut finding = Finding::new(&RULE, orphan.place, message, orphan.help)
            .about(cx, At { policy: id, spot })
            .confidence(confidence.min(orphan.confidence));
        finding.related = orphan.related;
        findings.push(finding);
    }
}

/// How sure it is that no pod can be there: every namespace that the peer covers must be closed.
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
        let sure = orphans::sureness_of(cx, *number, selector);
        sure.filter(|_| covered.is_yes())
    });
    let least = sure.min().flatten()?;
    // Namespaces selected by a label: one more that has it may stand in another repository.
    Some(if means.beyond { Confidence::Low } else { least })
}
