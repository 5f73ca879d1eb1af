//! A namespaceSelector and a podSelector meant as one peer, written as two.

use super::edits::{self, Site};
use super::{Check, Confidence, Context, Finding, Fix, Rule, Severity, words};
use crate::model::{At, Direction, Field, Peer, Spot};
use crate::reach;

/// The rule.
pub static RULE: Rule = Rule {
    id: "split-peer",
    severity: Severity::Warning,
    confidence: Confidence::High,
    pedantic: false,
    page: include_str!("../../rules/split-peer.md"),
    check: Check::Policy(check),
};

fn check(cx: &Context<'_>, id: u32, findings: &mut Vec<Finding>) {
    let policy = cx.cluster.policy(id);
    for direction in Direction::BOTH.into_iter().filter(|d| policy.isolates(*d)) {
        for (rule, traffic) in (0u32..).zip(policy.rules(direction)) {
            for (index, pair) in (0u32..).zip(traffic.peer_list().windows(2)) {
                let [first, second] = pair else { continue };
                if let Some((namespaces, pods)) = halves(first, second) {
                    let spot = Spot::Peer(direction, rule, index + 1);
                    let at = At { policy: id, spot };
                    findings.push(finding(cx, at, second, namespaces, pods));
                }
            }
        }
    }
}

/// The peer that is a namespaceSelector alone and the one that is a podSelector alone, if the two
/// are that. An empty selector on either side is no half of something: it is everyone.
fn halves<'a>(first: &'a Peer, second: &'a Peer) -> Option<(&'a Peer, &'a Peer)> {
    let alone = |one: &Field<crate::model::Selector>, other: &Field<crate::model::Selector>| {
        one.get().is_some_and(|selector| !selector.is_empty()) && other.is_absent()
    };
    let is_namespaces = |p: &Peer| alone(&p.namespace_selector, &p.pod_selector);
    let is_pods = |p: &Peer| alone(&p.pod_selector, &p.namespace_selector);
    if is_namespaces(first) && is_pods(second) {
        return Some((first, second));
    }
    (is_pods(first) && is_namespaces(second)).then_some((second, first))
}

fn finding(cx: &Context<'_>, at: At, second: &Peer, namespaces: &Peer, pods: &Peer) -> Finding {
    let name = |peer: &Peer| {
        let selector = peer.pod_selector.get().or(peer.namespace_selector.get());
        selector.map(words::selector).unwrap_or_default()
    };
    let (who, direction) = match at.spot.direction() {
        Some(Direction::Ingress) => ("every pod of those namespaces gets in", "from"),
        _ => ("every pod of those namespaces is reached", "to"),
    };
    let message = format!(
        "the namespaceSelector {} and the podSelector {} are two items of `{direction}`, so either \
         is enough: {who}, whatever its labels",
        name(namespaces),
        name(pods)
    );
    let help = "to mean those pods in those namespaces, write both selectors in one item (delete \
                the second dash)";
    let confidence = confidence(cx, at, namespaces, pods);
    let other = if std::ptr::eq(second, pods) { namespaces } else { pods };
    let mut finding = Finding::new(&RULE, second.first_token, message, help)
        .about(cx, at)
        .related(other.first_token, "the other half stands in an item of its own")
        .confidence(confidence);
    finding.fixes.extend(join(cx, at));
    finding
}

/// Where a third half stands beside them, which two belong together is not for us to say.
fn join(cx: &Context<'_>, at: At) -> Option<Fix> {
    let Spot::Peer(direction, rule, index) = at.spot else {
        return None;
    };
    let peers = cx.cluster.policy(at.policy).rule(direction, rule)?.peer_list();
    let index = index as usize;
    let around = peers.get(index.saturating_sub(2)..peers.len().min(index + 2))?;
    let pairs = around.windows(2).filter(|pair| halves(&pair[0], &pair[1]).is_some()).count();
    let site = Site::of(cx, at.policy)?;
    let items = site.node(Spot::Rule(direction, rule))?.get(direction.peers_field())?.as_seq()?;
    let (first, second) = (items.get(index.checked_sub(1)?)?, items.get(index)?);
    let has_both =
        [first, second].iter().any(|item| item.as_map().is_none_or(|m| m.entries.len() != 1));
    if pairs != 1 || has_both {
        return None;
    }
    edits::risky("Write both selectors in one item", site.join(first, second))
}

/// High where the pods are there and not at home; most other neighbours are meant as they stand.
fn confidence(cx: &Context<'_>, at: At, namespaces: &Peer, pods: &Peer) -> Confidence {
    let home = cx.cluster.home(at.policy);
    let at_home = cx.cluster.pods_in(home, pods.pod_selector.get());
    if !at_home.is_none() {
        return Confidence::Low;
    }
    let joined = Peer { namespace_selector: namespaces.namespace_selector.clone(), ..pods.clone() };
    let home_closed = cx.cluster.namespace(home).open.is_none();
    if reach::peer_may_be_dns(cx.cluster, at.policy, &joined).is_yes() {
        // The DNS pods live in one namespace of each cluster, so nobody means them at home.
        return if home_closed { Confidence::High } else { Confidence::Medium };
    }
    let there = cx.cluster.peer_pods(at.policy, &joined);
    let closed = |number: &u32| cx.cluster.namespace(*number).open.is_none();
    let all_closed = there.namespaces.iter().all(|(number, _)| closed(number));
    if home_closed && all_closed && !there.pods.yes.is_empty() {
        Confidence::High
    } else {
        Confidence::Low
    }
}
