//! DNS allowed to the kube-dns pods only, although a cache on the node answers instead.

use std::net::IpAddr;

use ipnet::IpNet;

use super::edits::{self, New, Site};
use super::{Check, Confidence, Context, Finding, Fix, Rule, Severity, words};
use crate::bundle::Head;
use crate::model::{At, Direction, Peer, PolicyId, Protocol, Spot};
use crate::reach::{self, Endpoint, Port};
use crate::resolve::Subject;

/// The rule.
pub static RULE: Rule = Rule {
    id: "node-local-dns-blocked",
    severity: Severity::Warning,
    confidence: Confidence::Medium,
    pedantic: false,
    page: include_str!("../../rules/node-local-dns-blocked.md"),
    check: Check::Policy(check),
};

fn check(cx: &Context<'_>, id: PolicyId, findings: &mut Vec<Finding>) {
    let policy = cx.cluster.policy(id);
    if !policy.isolates(Direction::Egress) {
        return;
    }
    let Some((head, addresses)) = node_cache(cx) else {
        return;
    };
    for subject in cx.cluster.subjects(id) {
        let answers = cx.reach.dns(subject).map(|dns| [dns.udp, dns.tcp]);
        let allowed = answers.into_iter().flatten().find(|answer| answer.allowed.is_yes());
        let Some(allowed) = allowed else {
            continue;
        };
        if addresses.iter().any(|address| may_reach(cx, subject, *address)) {
            continue;
        }
        let rules = cx.reach.rules_to_dns(subject, allowed.port);
        let Some(rules) = Some(rules).filter(|rules| are_by_selectors_alone(cx, rules)) else {
            continue;
        };
        if let Some(at) = allowing_peer(cx, id, &rules) {
            findings.extend(finding(cx, at, head, addresses));
            return;
        }
    }
}

/// NodeLocal DNSCache in the repository, and the addresses that it listens on.
fn node_cache<'a>(cx: &Context<'a>) -> Option<(&'a Head, &'a [IpAddr])> {
    let (head, workload) = cx.cluster.dns_cache()?;
    Some((head, workload.dns_cache.as_deref()?))
}

/// Whether the pods may reach one of the cache's addresses.
fn may_reach(cx: &Context<'_>, subject: Subject, address: IpAddr) -> bool {
    let port = Port { protocol: Protocol::Udp, number: 53 };
    let other = Endpoint::Address(address);
    !reach::side(cx.cluster, Direction::Egress, subject, other, port).allowed.is_no()
}

/// Whether no rule that allows DNS is for everyone, or contains an address that DNS may have: the
/// cache listens on an address of the node, and on the DNS Service's.
fn are_by_selectors_alone(cx: &Context<'_>, rules: &[At]) -> bool {
    // Without rules, everything is allowed or unknown.
    !rules.is_empty()
        && rules.iter().all(|at| {
            let Spot::Rule(direction, index) = at.spot else { return false };
            let rule = cx.cluster.policy(at.policy).rule(direction, index);
            let may_hold = |peer: &Peer| {
                let block = peer.ip_block.get();
                block.is_some_and(|block| !reach::block_may_be_dns(cx.cluster, block).is_no())
            };
            rule.is_some_and(|rule| {
                !rule.is_for_everyone() && !rule.peer_list().iter().any(may_hold)
            })
        })
}

/// The peer of the policy that selects the DNS pods, if one of its rules allows DNS.
fn allowing_peer(cx: &Context<'_>, id: PolicyId, rules: &[At]) -> Option<At> {
    let own = rules.iter().filter(|at| at.policy == id);
    own.filter_map(|at| {
        let Spot::Rule(direction, index) = at.spot else { return None };
        let rule = cx.cluster.policy(id).rule(direction, index)?;
        let is_dns = |peer: &Peer| {
            reach::peer_may_be_dns(cx.cluster, id, peer).is_yes()
                && reach::peer_is_own_dns(cx.cluster, id, peer).is_no()
        };
        let nth = rule.peer_list().iter().position(is_dns)?;
        Some(At { policy: id, spot: Spot::Peer(direction, index, u32::try_from(nth).ok()?) })
    })
    .next()
}

fn finding(cx: &Context<'_>, at: At, head: &Head, addresses: &[IpAddr]) -> Option<Finding> {
    let Spot::Peer(direction, rule, nth) = at.spot else {
        return None;
    };
    let place = cx.cluster.policy(at.policy).peer(direction, rule, nth)?.first_token;
    let who = format!("{} {}", head.kind, words::quoted(&head.name));
    let blocks: Vec<String> =
        addresses.iter().map(|ip| format!("`{}`", IpNet::from(*ip))).collect();
    let blocks = words::list(&blocks, 4);
    let message = format!(
        "DNS is allowed only to the cluster's DNS pods, but {who} (NodeLocal DNSCache) answers on \
         the node's network, where no selector matches it: lookups are dropped"
    );
    let help = format!(
        "also allow port 53 to its addresses, with an `ipBlock` for each of {blocks} (with \
         kube-proxy in iptables mode, the DNS Service's own address is one of them)"
    );
    let mut finding = Finding::new(&RULE, place, message, help)
        .about(cx, at)
        .related(head.name_span, format!("{who} answers on {blocks}"));
    finding.fixes.extend(allow_addresses(cx, at, addresses, &blocks));
    Some(finding)
}

/// Adds a peer for each address next to the one that selects the DNS pods.
fn allow_addresses(cx: &Context<'_>, at: At, addresses: &[IpAddr], words: &str) -> Option<Fix> {
    let Spot::Peer(direction, rule, nth) = at.spot else {
        return None;
    };
    let site = Site::of(cx, at.policy)?;
    let list = site.node(Spot::Rule(direction, rule))?.get(direction.peers_field())?;
    let peer = |ip: &IpAddr| {
        let cidr = New::text(IpNet::from(*ip).to_string());
        New::Map(vec![("ipBlock", New::Map(vec![("cidr", cidr)]))])
    };
    let edits: Option<Vec<_>> =
        addresses.iter().map(|ip| site.item_below(list, nth as usize, &peer(ip))).collect();
    edits::risky(format!("Add {words}"), "allows the rule's ports to these addresses", edits?)
}
