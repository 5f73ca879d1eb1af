//! A DNS rule that does not match the cluster's DNS.

use super::edits::{self, New, Site};
use super::{
    Check, Confidence, Context, Finding, Fix, Rule, Severity, namespace_label_by_name, words,
};
use crate::model::{
    At, Direction, Peer, PolicyId, PortEntry, PortRef, Requirement, Spot, TrafficRule,
    is_placeholder,
};
use crate::reach;
use crate::resolve::{NAME_LABEL, Profile, Tri, dns_label, dns_labels, is_dns_namespace};
use crate::text::Span;

/// The rule.
pub static RULE: Rule = Rule {
    id: "dns-wrong-target",
    severity: Severity::Error,
    confidence: Confidence::High,
    pedantic: false,
    page: include_str!("../../rules/dns-wrong-target.md"),
    check: Check::EachKind(check, super::tiered::selectors::wrong_dns),
};

fn check(cx: &Context<'_>, id: PolicyId, findings: &mut Vec<Finding>) {
    let policy = cx.cluster.policy(id);
    // A rule for another resolver in addition to a correct one is not a mistake.
    if !policy.isolates(Direction::Egress) || !cx.reach.lacks_dns(id) {
        return;
    }
    for (index, rule) in (0u32..).zip(policy.rules(Direction::Egress)) {
        if !is_about_dns(rule) {
            continue;
        }
        let found = wrong_port(cx, id, index, rule).or_else(|| wrong_peers(cx, id, index, rule));
        findings.extend(found);
    }
}

fn is_about_dns(rule: &TrafficRule) -> bool {
    rule.port_list().iter().any(|entry| entry.port.get() == Some(&PortRef::Number(53)))
}

/// The right pods, everyone, or the Service's address, but on OpenShift the pods listen on 5353.
fn wrong_port(cx: &Context<'_>, id: PolicyId, index: u32, rule: &TrafficRule) -> Option<Finding> {
    let port = cx.cluster.profile.dns_port();
    let may_have_right_one = rule
        .port_list()
        .iter()
        .any(|entry| entry.range().is_none_or(|(a, b)| (a..=b).contains(&port)));
    let means_dns =
        rule.is_for_everyone() || rule.peer_list().iter().any(|peer| means_dns(cx, id, peer));
    if cx.cluster.profile != Profile::OpenShift || may_have_right_one || !means_dns {
        return None;
    }
    let at = At { policy: id, spot: Spot::Port(Direction::Egress, index, 0) };
    let place = at.spot.key_span(cx.cluster.policy(id))?;
    let message = format!(
        "policies match pod addresses and ports: on OpenShift the DNS pods listen on port {port}, \
         and only the Service has 53, so lookups are dropped"
    );
    let is_by_address = rule.peer_list().iter().any(|peer| !peer.ip_block.is_absent());
    let help = if is_by_address {
        let (key, value) = cx.cluster.profile.dns_label();
        let namespace = cx.cluster.profile.dns_namespace();
        format!(
            "select the pods `{key}: {value}` in `{namespace}`, on port {port} over UDP and TCP"
        )
    } else {
        format!("write port {port} over UDP and TCP (keeping 53 does no harm)")
    };
    let mut finding = Finding::new(&RULE, place, message, help).about(cx, at);
    if !is_by_address {
        finding.fixes.extend(write_port(cx, id, rule));
    }
    Some(finding)
}

/// Whether a peer is the cluster's DNS, by selector or by an address that it may have. A resolver
/// in the repository may listen on any port that it declares.
fn means_dns(cx: &Context<'_>, id: PolicyId, peer: &Peer) -> bool {
    match peer.ip_block.get() {
        Some(block) => !reach::block_may_be_dns(cx.cluster, block).is_no(),
        None => {
            reach::peer_may_be_dns(cx.cluster, id, peer).is_yes()
                && reach::peer_is_own_dns(cx.cluster, id, peer).is_no()
        }
    }
}

/// Replaces the Service's port by the DNS pods' port.
fn write_port(cx: &Context<'_>, id: PolicyId, rule: &TrafficRule) -> Option<Fix> {
    let site = Site::of(cx, id)?;
    let port = cx.cluster.profile.dns_port();
    let is_service_port = |entry: &&PortEntry| {
        entry.port.get() == Some(&PortRef::Number(53)) && entry.end_port.is_absent()
    };
    let entries = rule.port_list().iter().filter(is_service_port);
    let places = entries.filter_map(|entry| entry.port.place());
    let edits = places.map(|place| site.replace(place.value, port.to_string()));
    let effect = format!("allows port {port} to the same peers, and no longer 53");
    edits::risky(format!("Write port {port}"), effect, edits)
}

fn wrong_peers(cx: &Context<'_>, id: PolicyId, index: u32, rule: &TrafficRule) -> Option<Finding> {
    if rule.is_for_everyone() {
        return None;
    }
    let mut first = None;
    for (nth, peer) in (0u32..).zip(rule.peer_list()) {
        let is_address = !peer.ip_block.is_absent();
        let selects_resolver = !reach::peer_may_be_dns(cx.cluster, id, peer).is_no();
        if is_address || selects_resolver || peer.wrong || has_placeholder(peer) {
            return None;
        }
        let (at, reason) = reason(cx, id, Spot::Peer(Direction::Egress, index, nth), peer)?;
        first = first.or(Some((at, reason)));
    }
    let (at, reason) = first?;
    let (key, value) = cx.cluster.profile.dns_label();
    let namespace = cx.cluster.profile.dns_namespace();
    let help = format!(
        "write one peer with both `podSelector: {{matchLabels: {{{key}: {value}}}}}` and \
         `namespaceSelector: {{matchLabels: {{{NAME_LABEL}: {namespace}}}}}`"
    );
    let mut finding = Finding::new(&RULE, reason.place, reason.message, help)
        .about(cx, at)
        .confidence(reason.confidence);
    finding.fixes.extend(name_namespace(cx, at));
    Some(finding)
}

/// The DNS pods' own label in the wrong namespace: only the namespace is missing.
fn name_namespace(cx: &Context<'_>, at: At) -> Option<Fix> {
    let Spot::PeerPods(direction, rule, nth) = at.spot else {
        return None;
    };
    let peer = cx.cluster.policy(at.policy).peer(direction, rule, nth)?;
    let pods = peer.pod_selector.get().filter(|selector| !selector.is_empty())?;
    let is_dns = dns_labels(pods, cx.cluster.profile).is_yes();
    if !is_dns || !peer.namespace_selector.is_absent() {
        return None;
    }
    let namespace = cx.cluster.profile.dns_namespace();
    let site = Site::of(cx, at.policy)?;
    let node = site.node(Spot::Peer(direction, rule, nth))?;
    // A null one counts as absent, but adding another would duplicate the key.
    if node.get("namespaceSelector").is_some() {
        return None;
    }
    let new = New::label(NAME_LABEL, namespace);
    let edit = site.key_below(node, "podSelector", "namespaceSelector", &new);
    let effect = "allows the DNS pods there, and no longer such pods elsewhere";
    edits::risky(format!("Add a namespaceSelector for `{namespace}`"), effect, edit)
}

fn has_placeholder(peer: &Peer) -> bool {
    let selectors = [peer.pod_selector.get(), peer.namespace_selector.get()];
    let requirements = selectors.into_iter().flatten().flat_map(|s| &s.requirements);
    requirements.flat_map(|r| &r.values).any(|(value, _)| is_placeholder(value))
}

struct Reason {
    place: Span,
    message: String,
    confidence: Confidence,
}

/// Why a peer can't be the cluster's DNS; `None` if another rule reports it.
fn reason(cx: &Context<'_>, id: PolicyId, spot: Spot, peer: &Peer) -> Option<(At, Reason)> {
    let Spot::Peer(direction, rule, nth) = spot else {
        return None;
    };
    let pods = At { policy: id, spot: Spot::PeerPods(direction, rule, nth) };
    let namespaces = At { policy: id, spot: Spot::PeerNamespaces(direction, rule, nth) };
    let wrong = |selector: Option<&crate::model::Selector>| -> Option<Requirement> {
        let mut requirements = selector.map_or(&[][..], |s| &s.requirements).iter();
        requirements.find(|r| dns_label(r, cx.cluster.profile) == Tri::No).cloned()
    };
    if let Some(label) = wrong(peer.pod_selector.get()) {
        return Some((pods, no_such_label(cx, &label)));
    }
    let Some(selector) = peer.namespace_selector.get() else {
        return Some((pods, at_home(cx, id, peer.pod_selector.place()?.key)));
    };
    if selector.requirements.iter().any(|r| namespace_label_by_name::named(r).is_some()) {
        return None;
    }
    let named = selector.requirements.iter().find(|r| r.key == NAME_LABEL)?;
    let home_of_dns = cx.cluster.profile.dns_namespace();
    let is_other = |name: &str| !is_dns_namespace(name) || is_empty_of_dns(cx, name);
    let (name, place) = named.values.iter().find(|(name, _)| is_other(name))?;
    let message = format!(
        "port 53 is allowed to namespace {}, but the cluster's DNS runs in `{}`: lookups are \
         dropped",
        words::quoted(name),
        home_of_dns
    );
    // Right for other kinds of cluster: the repository may be for several.
    let confidence = if is_dns_namespace(name) { Confidence::Medium } else { RULE.confidence };
    Some((namespaces, Reason { place: *place, message, confidence }))
}

/// Whether DNS runs in `name` in other kinds of cluster, but not in this one: `kube-system` on
/// OpenShift. A policy of these pods with both namespaces is written for both kinds, and is not
/// reported because they do reach their DNS.
fn is_empty_of_dns(cx: &Context<'_>, name: &str) -> bool {
    cx.cluster.profile == Profile::OpenShift && name != cx.cluster.profile.dns_namespace()
}

fn no_such_label(cx: &Context<'_>, label: &Requirement) -> Reason {
    let (key, value) = cx.cluster.profile.dns_label();
    Reason {
        place: label.values.first().map_or(label.key_span, |(_, span)| *span),
        message: format!(
            "port 53 is allowed to pods with {}, but the cluster's DNS pods have `{key}: {value}`: \
             lookups are dropped",
            words::quoted(&label.words())
        ),
        confidence: RULE.confidence,
    }
}

fn at_home(cx: &Context<'_>, id: PolicyId, place: Span) -> Reason {
    let home = words::namespace(cx.cluster.namespace(cx.cluster.home(id)));
    Reason {
        place,
        message: format!(
            "port 53 is allowed in {home} only, because a podSelector alone matches only the \
             policy's own namespace; the cluster's DNS runs in `{}`: lookups are dropped",
            cx.cluster.profile.dns_namespace()
        ),
        confidence: RULE.confidence,
    }
}
