//! Decodes NetworkPolicies.

use super::field::{Field, Place, Why};
use super::label_selector::label_selector;
use super::policy::{Direction, IpBlock, Peer, Policy, TrafficRule};
use super::ports::port_entry;
use super::read::{field, first_token, is_wrong_item, list, place, string, wrong_type};
use crate::yaml::Node;

pub(super) fn policy(tree: &Node) -> Policy {
    let spec_entry = tree.entry("spec").filter(|entry| !entry.value.is_null());
    let spec = spec_entry.map(|entry| &entry.value);
    Policy {
        spec: spec_entry.map(place),
        pod_selector: field(spec, "podSelector", label_selector),
        policy_types: field(spec, "policyTypes", |node| list(node, policy_type)),
        ingress: field(spec, "ingress", |node| {
            list(node, |item| Some(traffic_rule(item, Direction::Ingress)))
        }),
        egress: field(spec, "egress", |node| {
            list(node, |item| Some(traffic_rule(item, Direction::Egress)))
        }),
        tree: tree.clone(),
    }
}

fn policy_type(node: &Node) -> Option<Field<Direction>> {
    let at = Place::item(node.span);
    Some(match string(node) {
        Err(why) => Field::Wrong(at, why),
        Ok(text) => match text.as_str() {
            "Ingress" => Field::Given(Direction::Ingress, at),
            "Egress" => Field::Given(Direction::Egress, at),
            _ => Field::Wrong(at, Why::Refused("must be `Ingress` or `Egress`".into())),
        },
    })
}

fn traffic_rule(node: &Node, direction: Direction) -> TrafficRule {
    TrafficRule {
        span: first_token(node),
        whole: node.span,
        peers: field(Some(node), direction.peers_field(), |n| list(n, |item| Some(peer(item)))),
        ports: field(Some(node), "ports", |n| list(n, |item| Some(port_entry(item)))),
        wrong: is_wrong_item(node),
    }
}

fn peer(node: &Node) -> Peer {
    Peer {
        first_token: first_token(node),
        whole: node.span,
        pod_selector: field(Some(node), "podSelector", label_selector),
        namespace_selector: field(Some(node), "namespaceSelector", label_selector),
        ip_block: field(Some(node), "ipBlock", ip_block),
        wrong: is_wrong_item(node),
    }
}

fn ip_block(node: &Node) -> Result<IpBlock, Why> {
    if node.as_map().is_none() {
        return Err(wrong_type("a mapping", node));
    }
    let except = node.get("except").and_then(Node::as_seq).unwrap_or_default();
    Ok(IpBlock {
        cidr: field(Some(node), "cidr", cidr),
        except: except
            .iter()
            .map(|item| match cidr(item) {
                Ok(net) => Field::Given(net, Place::item(item.span)),
                Err(why) => Field::Wrong(Place::item(item.span), why),
            })
            .collect(),
    })
}

/// A CIDR. Leading zeros, host bits and IPv4-mapped IPv6 are accepted before Kubernetes 1.36, so
/// they are read here (host bits are masked, as network plugins do).
fn cidr(node: &Node) -> Result<ipnet::IpNet, Why> {
    let text = string(node)?;
    let relaxed = without_leading_zeros(&text);
    relaxed.parse::<ipnet::IpNet>().map(|net| net.trunc()).map_err(|_| {
        Why::Refused("must be an address with a prefix length, such as `10.0.0.0/8`".into())
    })
}

fn without_leading_zeros(text: &str) -> String {
    if text.contains(':') {
        return text.to_owned();
    }
    let part = |part: &str| match part.trim_start_matches('0') {
        "" if !part.is_empty() => "0".to_owned(),
        rest => rest.to_owned(),
    };
    let (address, length) = text.split_once('/').unwrap_or((text, ""));
    let address: Vec<String> = address.split('.').map(part).collect();
    format!("{}/{}", address.join("."), part(length))
}
