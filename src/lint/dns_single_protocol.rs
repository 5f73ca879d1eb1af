//! DNS over only one of UDP and TCP.

use super::edits::{self, New, Site, quoted_like};
use super::{Check, Confidence, Context, Finding, Fix, Rule, Severity};
use crate::model::{At, Direction, Field, PolicyId, PortEntry, PortRef, Protocol, Spot};
use crate::reach::{self, Destination, Half, Port};

/// The rule.
pub static RULE: Rule = Rule {
    id: "dns-single-protocol",
    severity: Severity::Warning,
    confidence: Confidence::High,
    pedantic: false,
    page: include_str!("../../rules/dns-single-protocol.md"),
    check: Check::EachKind(check, super::tiered::dns::single_protocol),
};

fn check(cx: &Context<'_>, id: PolicyId, findings: &mut Vec<Finding>) {
    if !cx.cluster.policy(id).isolates(Direction::Egress) {
        return;
    }
    findings.extend(cx.reach.halves_of_dns(id).iter().find_map(|half| finding(cx, id, half)));
}

/// The finding is on the entry for the allowed protocol, so only in the policy with that entry.
fn finding(cx: &Context<'_>, id: PolicyId, half: &Half) -> Option<Finding> {
    let rules = cx.reach.rules_for_dns(id, half.port);
    let (at, entry) = rules.into_iter().find_map(|at| allowing_entry(cx, at, half))?;
    let place = at.spot.key_span(cx.cluster.policy(id))?;
    let (message, help) = words(half.port.protocol, entry);
    let confidence = if half.sure { Confidence::High } else { Confidence::Medium };
    let mut finding =
        Finding::new(&RULE, place, message, help).about(cx, at).confidence(confidence);
    finding.fixes.extend(add_other(cx, at, entry, half.port.protocol));
    Some(finding)
}

/// An entry for the other protocol, with its keys in the order of the existing one. The port that a
/// name has for the other protocol is unknown.
fn add_other(cx: &Context<'_>, at: At, entry: &PortEntry, allowed: Protocol) -> Option<Fix> {
    let Spot::Port(direction, rule, nth) = at.spot else {
        return None;
    };
    let number = match entry.port.get() {
        Some(PortRef::Number(number)) if entry.end_port.is_absent() => *number,
        Some(PortRef::Name(_) | PortRef::Placeholder(_)) => return None,
        _ => cx.cluster.profile.dns_port(),
    };
    let other = if allowed == Protocol::Udp { Protocol::Tcp } else { Protocol::Udp };
    let written = entry.protocol.place().map(|place| (place.key, cx.text(place.value)));
    let text = quoted_like(written.map_or("", |(_, text)| text), &other.to_string());
    let mut keys = vec![("port", New::text(number.to_string())), ("protocol", New::text(text))];
    let port_key = entry.port.place().map(|place| place.key);
    if written.zip(port_key).is_some_and(|((protocol, _), port)| protocol.start < port.start) {
        keys.reverse();
    }
    let site = Site::of(cx, at.policy)?;
    let list = site.node(Spot::Rule(direction, rule))?.get("ports")?;
    let edit = site.item_below(list, nth as usize, &New::Map(keys));
    let effect = format!("allows it over {other} to the same peers");
    edits::risky(format!("Add port {number} over {other}"), effect, edit)
}

fn allowing_entry<'a>(cx: &Context<'a>, at: At, half: &Half) -> Option<(At, &'a PortEntry)> {
    let Spot::Rule(direction, index) = at.spot else {
        return None;
    };
    let rule = cx.cluster.policy(at.policy).rule(direction, index)?;
    let port = |number| Port { number, ..half.port };
    let allows = |entry: &PortEntry| {
        [53, cx.cluster.profile.dns_port()].into_iter().any(|number| {
            reach::entry_allows(cx.cluster, entry, port(number), Destination::ClusterDns).is_yes()
        })
    };
    // A rule for every port of an address that DNS may have is not about DNS.
    let means_dns = |entry: &PortEntry| half.sure || !entry.port.is_absent();
    let mut entries = (0u32..).zip(rule.port_list());
    let (nth, entry) = entries.find(|(_, entry)| allows(entry) && means_dns(entry))?;
    Some((At { spot: Spot::Port(direction, index, nth), ..at }, entry))
}

fn words(allowed: Protocol, entry: &PortEntry) -> (String, String) {
    let port = entry.port.get().map_or("53".to_owned(), ToString::to_string);
    match allowed {
        Protocol::Tcp if matches!(entry.protocol, Field::Absent) => (
            "DNS is allowed over TCP only, because a port without `protocol` is TCP: lookups use \
             UDP first, and those are dropped"
                .into(),
            format!(
                "add a second entry `port: {port}` with `protocol: UDP`, and write `protocol: TCP` \
                 here"
            ),
        ),
        Protocol::Tcp => (
            "DNS is allowed over TCP only: lookups use UDP first, and those are dropped".into(),
            format!("add an entry `port: {port}` with `protocol: UDP`"),
        ),
        _ => (
            "DNS is allowed over UDP only: truncated answers are retried over TCP, and those \
             retries are dropped"
                .into(),
            format!("add an entry `port: {port}` with `protocol: TCP`"),
        ),
    }
}
