//! A namespaceSelector on a label `name` that the namespace of that name does not have.

use super::edits::{self, Site, quoted_like};
use super::{Check, Confidence, Context, Finding, Fix, Rule, SelectorPeer, Severity, words};
use crate::model::{At, Direction, Operator, PolicyId, PortEntry, PortRef, Requirement, Spot};
use crate::resolve::{Labelled, NAME_LABEL, NAME_LIKE, is_dns_namespace};

/// The rule.
pub static RULE: Rule = Rule {
    id: "namespace-label-by-name",
    severity: Severity::Warning,
    confidence: Confidence::High,
    pedantic: false,
    page: include_str!("../../rules/namespace-label-by-name.md"),
    check: Check::Policy(check),
};

fn check(cx: &Context<'_>, id: PolicyId, findings: &mut Vec<Finding>) {
    for peer in cx.selector_peers() {
        let selector = peer.peer.namespace_selector.get();
        for requirement in selector.map_or(&[][..], |selector| &selector.requirements) {
            if let Some(name) = named(requirement) {
                findings.extend(finding(cx, id, peer, requirement, name));
            }
        }
    }
}

/// The namespace's name in a requirement on a name-like label.
pub(super) fn named(requirement: &Requirement) -> Option<&str> {
    let is_like = NAME_LIKE.contains(&requirement.key.as_str());
    match requirement.values.as_slice() {
        [(name, _)] if is_like && requirement.operator == Operator::In => Some(name),
        _ => None,
    }
}

fn finding(
    cx: &Context<'_>,
    id: PolicyId,
    peer: &SelectorPeer<'_>,
    requirement: &Requirement,
    name: &str,
) -> Option<Finding> {
    let asked = words::quoted(&format!("{}: {name}", requirement.key));
    if some_namespace_has(cx, requirement, name) {
        return None;
    }
    let shown = cx.cluster.namespace_named(name).map(|number| cx.cluster.namespace(number));
    let object = shown.filter(|ns| !ns.labels_unsure).and_then(|ns| ns.object);
    let help =
        format!("write `{NAME_LABEL}: {name}`: Kubernetes sets this label on every namespace");
    let spot = Spot::PeerNamespaces(peer.direction, peer.rule, peer.index);
    let at = At { policy: id, spot };
    if let Some(object) = object {
        let message = format!(
            "{asked} matches no namespace: Namespace {} has no label {} (Kubernetes does not set \
             one from its name)",
            words::quoted(name),
            words::quoted(&requirement.key)
        );
        let head = cx.cluster.head(object);
        let finding = Finding::new(&RULE, requirement.key_span, message, help).about(cx, at);
        let mut finding = finding.related(head.name_span, "the Namespace is defined here");
        finding.fixes.extend(use_name_label(cx, id, peer, requirement));
        // A Namespace of another part of the repository may have it.
        let elsewhere = cx.cluster.elsewhere();
        return Some(match elsewhere.is_some_and(|it| it.has_namespace_with(requirement)) {
            true => finding.confidence(Confidence::Low),
            false => finding,
        });
    }
    if !is_dns_namespace(name) {
        return None;
    }
    let message = format!(
        "{asked} matches {} only if someone sets that label: Kubernetes does not",
        words::quoted(name)
    );
    let mut finding = Finding::new(&RULE, requirement.key_span, message, help).about(cx, at);
    finding = if is_how_dns_is_reached(cx, id, peer) {
        finding.confidence(Confidence::Medium)
    } else {
        finding.severity(Severity::Note).confidence(Confidence::Low)
    };
    finding.fixes.extend(use_name_label(cx, id, peer, requirement));
    Some(finding)
}

/// Whether the peer is in a rule for DNS' port, and no rule certainly allows DNS: then everything
/// depends on a label that somebody has to add to the namespace.
fn is_how_dns_is_reached(cx: &Context<'_>, id: PolicyId, peer: &SelectorPeer<'_>) -> bool {
    let is_dns = |entry: &PortEntry| {
        matches!(entry.port.get(), Some(PortRef::Number(53 | 5353)))
            || matches!(entry.port.get(), Some(PortRef::Name(name)) if name.starts_with("dns"))
    };
    let rule = cx.cluster.policy(id).rule(peer.direction, peer.rule);
    let is_about_dns = rule.is_some_and(|rule| rule.port_list().iter().any(is_dns));
    peer.direction == Direction::Egress && is_about_dns && cx.reach.may_lack_dns(id)
}

fn use_name_label(
    cx: &Context<'_>,
    id: PolicyId,
    peer: &SelectorPeer<'_>,
    requirement: &Requirement,
) -> Option<Fix> {
    let others = &peer.peer.namespace_selector.get()?.requirements;
    if others.iter().any(|other| other.key == NAME_LABEL) {
        return None;
    }
    let place = requirement.key_span;
    let edit = Site::of(cx, id)?.replace(place, quoted_like(cx.text(place), NAME_LABEL));
    let name = named(requirement).map(words::quoted).unwrap_or_default();
    let effect = match peer.peer.pod_selector.get().filter(|selector| !selector.is_empty()) {
        Some(pods) => format!("allows pods with {} in {name}", words::selector(pods)),
        None => format!("allows every pod in {name}"),
    };
    edits::risky(format!("Write `{NAME_LABEL}`"), effect, Some(edit))
}

fn some_namespace_has(cx: &Context<'_>, requirement: &Requirement, name: &str) -> bool {
    let mut labelled = cx.cluster.namespaces_with(&requirement.key, name).iter();
    labelled.any(|n| cx.cluster.namespace(*n).value(&requirement.key) == Some(name))
        || requirement.key == NAME_LABEL && cx.cluster.namespace_named(name).is_some()
}
