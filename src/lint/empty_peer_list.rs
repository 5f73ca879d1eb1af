//! An empty rule or list that looks like "no one" and means "everyone".

use super::{Check, Confidence, Context, Finding, Rule, Severity, words};
use crate::model::{At, Direction, Peer, PolicyId, PortEntry, Spot, TrafficRule};
use crate::text::Span;
use crate::yaml::Node;

/// The rule.
pub static RULE: Rule = Rule {
    id: "empty-peer-list",
    severity: Severity::Warning,
    confidence: Confidence::High,
    pedantic: false,
    page: include_str!("../../rules/empty-peer-list.md"),
    check: Check::Policy(check),
};

fn check(cx: &Context<'_>, id: PolicyId, findings: &mut Vec<Finding>) {
    let policy = cx.cluster.policy(id);
    if is_called_allow_all(&cx.cluster.head(id).name) {
        return;
    }
    for direction in Direction::BOTH.into_iter().filter(|it| policy.isolates(*it)) {
        let written = policy.tree.at(&["spec", direction.field()]).and_then(Node::as_seq);
        let written = written.unwrap_or_default();
        for ((index, rule), node) in (0u32..).zip(policy.rules(direction)).zip(written) {
            let at = At { policy: id, spot: Spot::Rule(direction, index) };
            if let Some((place, message, help)) = empty(direction, rule, node) {
                findings.push(Finding::new(&RULE, place, message, help).about(cx, at));
            } else {
                findings.extend(undoing(cx, at, direction, rule));
            }
        }
    }
}

/// Whether its name says that everyone is allowed.
pub(super) fn is_called_allow_all(name: &str) -> bool {
    let has = |wanted: &[&str]| name.split(['-', '.']).any(|word| wanted.contains(&word));
    has(&["allow", "accept", "permit"]) && has(&["all", "any", "anyone", "everyone", "everything"])
}

fn empty(direction: Direction, rule: &TrafficRule, node: &Node) -> Option<(Span, String, String)> {
    let let_through = match direction {
        Direction::Ingress => "allows ingress from everyone",
        Direction::Egress => "allows egress to everyone",
    };
    let help = format!(
        "to allow no one, delete the rule (or write `{}: []` if it is the only one); to allow \
         everyone, write `- {{}}`, which cannot be misread",
        direction.field()
    );
    if node.is_null() {
        return Some((rule.span, format!("an empty rule {let_through} on every port"), help));
    }
    if !rule.is_for_everyone() || !rule.is_for_all_ports() {
        return None;
    }
    let peers = direction.peers_field();
    if let Some(place) = rule.peers.place() {
        let message =
            format!("an empty `{peers}` {let_through} on every port: it means all, not none");
        return Some((place.key, message, help));
    }
    let place = rule.ports.place()?;
    let message = format!("an empty `ports` {let_through} on every port: it means all, not none");
    Some((place.key, message, help))
}

/// An empty list of peers with ports is a usual way to write "these ports, anywhere", unless
/// another rule allows the same port to some peers only.
fn undoing(cx: &Context<'_>, at: At, direction: Direction, rule: &TrafficRule) -> Option<Finding> {
    let place = rule.peers.place().filter(|_| rule.is_for_everyone())?.key;
    let (entry, other) =
        cx.cluster.policy(at.policy).rules(direction).iter().find_map(|other| {
            let restricts = is_restricted(other);
            let undone = other.port_list().iter().find(|entry| is_allowed_by(entry, rule));
            undone.filter(|_| restricts).map(|entry| (entry, other))
        })?;
    let peers = direction.peers_field();
    let port = match (entry.port.get(), entry.effective_protocol()) {
        (Some(port), Some(protocol)) => {
            format!("port {} over {protocol}", words::quoted(&port.to_string()))
        }
        _ => "these ports".to_owned(),
    };
    let opens = match direction {
        Direction::Ingress => "allows ingress from everyone on",
        Direction::Egress => "allows egress to everyone on",
    };
    let message = format!(
        "an empty `{peers}` {opens} {port}, which defeats the rule that allows it only to some \
         peers"
    );
    let help = format!(
        "delete this rule to keep the other rule's restriction (kubelet probes come from the pod's \
         own node and are always allowed); to allow everyone, delete the other rule's `{peers}`"
    );
    Some(
        Finding::new(&RULE, place, message, help)
            .about(cx, at)
            .related(other.span, "this rule restricts the port to its peers")
            .confidence(Confidence::Medium),
    )
}

/// Whether a rule is for some peers only. One for every address is not.
fn is_restricted(rule: &TrafficRule) -> bool {
    let is_everywhere = |peer: &Peer| {
        let cidr = peer.ip_block.get().and_then(|block| block.cidr.get());
        cidr.is_some_and(|cidr| cidr.prefix_len() == 0)
    };
    !rule.peer_list().is_empty() && !rule.peer_list().iter().any(is_everywhere)
}

/// Whether a rule's ports include everything that a port entry allows.
fn is_allowed_by(entry: &PortEntry, rule: &TrafficRule) -> bool {
    rule.port_list().iter().any(|wide| {
        let same_protocol = wide.effective_protocol().is_some()
            && wide.effective_protocol() == entry.effective_protocol();
        let holds = match (wide.range(), entry.range()) {
            (Some((from, to)), Some((first, last))) => from <= first && last <= to,
            _ => wide.port.get().is_some() && wide.port.get() == entry.port.get(),
        };
        same_protocol && holds
    })
}
