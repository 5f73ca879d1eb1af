//! Egress to the internet that includes the cloud's metadata address.

use std::net::IpAddr;

use ipnet::IpNet;

use super::edits::{self, New, Site};
use super::{Check, Confidence, Context, Finding, Fix, Rule, Severity};
use crate::model::{At, Direction, Field, IpBlock, PolicyId, Protocol, Spot};
use crate::reach::{Port, exceptions, rule_ports};
use crate::resolve::Profile;

/// The rule.
pub static RULE: Rule = Rule {
    id: "internet-egress-includes-metadata",
    severity: Severity::Note,
    confidence: Confidence::High,
    pedantic: true,
    page: include_str!("../../rules/internet-egress-includes-metadata.md"),
    check: Check::Policy(check),
};

/// Where clouds serve the credentials of a node: AWS, Azure, Google Cloud and others by IPv4, AWS by
/// IPv6 (docs.aws.amazon.com, instance metadata).
const METADATA: [&str; 2] = ["169.254.169.254", "fd00:ec2::254"];

/// It is served over plain HTTP.
const PORT: Port = Port { protocol: Protocol::Tcp, number: 80 };

fn check(cx: &Context<'_>, id: PolicyId, findings: &mut Vec<Finding>) {
    let policy = cx.cluster.policy(id);
    // On GKE, DNS and Workload Identity are served at that address.
    if !policy.isolates(Direction::Egress) || cx.cluster.profile == Profile::Gke {
        return;
    }
    for (index, rule) in (0u32..).zip(policy.rules(Direction::Egress)) {
        let at = |spot| At { policy: id, spot };
        let ports = rule_ports(cx.cluster, at(Spot::Rule(Direction::Egress, index)), None);
        if !ports.allows(PORT).is_yes() {
            continue;
        }
        for (nth, peer) in (0u32..).zip(rule.peer_list()) {
            let Field::Given(block, _) = &peer.ip_block else { continue };
            let spot = Spot::PeerBlock(Direction::Egress, index, nth);
            if let Some(address) = included(block) {
                findings.extend(finding(cx, at(spot), block, address));
            }
        }
    }
}

/// The metadata address that a block for every address does not except.
fn included(block: &IpBlock) -> Option<&'static str> {
    let cidr = block.cidr.get().filter(|cidr| cidr.prefix_len() == 0)?;
    METADATA.into_iter().find(|text| {
        let Ok(address) = text.parse::<IpAddr>() else { return false };
        cidr.contains(&address) && !exceptions(block).iter().any(|hole| hole.contains(&address))
    })
}

fn finding(cx: &Context<'_>, at: At, block: &IpBlock, address: &str) -> Option<Finding> {
    let place = block.cidr.place()?;
    let cidr = block.cidr.get()?;
    let message =
        format!("`{cidr}` includes {address}, where the cloud hands out the node's credentials");
    let help = format!("add `{address}` to `except`");
    let mut finding = Finding::new(&RULE, place.value, message, help).about(cx, at);
    finding.fixes.extend(except(cx, at, address));
    Some(finding)
}

fn except(cx: &Context<'_>, at: At, address: &str) -> Option<Fix> {
    let site = Site::of(cx, at.policy)?;
    let net: IpNet = address.parse::<IpAddr>().ok()?.into();
    let node = site.node(at.spot)?;
    let edit = match node.get("except").and_then(|list| Some((list, list.as_seq()?))) {
        Some((list, items)) if !items.is_empty() => {
            site.item_below(list, items.len() - 1, &New::text(net.to_string()))
        }
        Some(_) => None,
        None => {
            site.key_below(node, "cidr", "except", &New::List(vec![New::text(net.to_string())]))
        }
    };
    let effect = format!("denies traffic to {address}");
    edits::risky(format!("Except {address}"), effect, edit)
}
