//! A NetworkPolicy in the shape of the other kinds, so that one engine evaluates all of them.

use crate::model::tiered::{
    Action, Closes, Effect, Ends, Expr, Flow, LabelOf, NetTerm, PodTerm, PortTerm, Protocols,
    Scope, TieredRule,
};
use crate::model::{Direction, Field, Peer, Place, Policy, PortEntry, Selector, TrafficRule};
use crate::reach::rules::exceptions;

/// Whether a policy closes a direction.
pub(super) fn closes(policy: &Policy, direction: Direction) -> Closes {
    if policy.is_unsure(direction) {
        Closes::Unknown
    } else if policy.isolates(direction) {
        Closes::Yes
    } else {
        Closes::No
    }
}

/// The rules of a policy that are in force in a direction.
pub(super) fn rules(policy: &Policy, direction: Direction) -> Vec<TieredRule> {
    if !policy.isolates(direction) && !policy.is_unsure(direction) {
        return Vec::new();
    }
    let unsure = policy.is_unsure(direction);
    let rules = (0u32..).zip(policy.rules(direction));
    let mut found: Vec<TieredRule> = rules
        .map(|(index, of)| TieredRule {
            spec: 0,
            direction,
            action: Action::Allow,
            list: direction.field(),
            index,
            span: of.span,
            whole: of.whole,
            peer: peers(of),
            own: Ends::Everyone,
            flow: flow(of),
            effect: if unsure { Effect::Unknown } else { Effect::Sure },
            dns: None,
            has_l7: false,
        })
        .collect();
    if unsure && let Some(place) = policy.spec {
        found.push(TieredRule {
            spec: 0,
            direction,
            action: Action::Allow,
            list: direction.field(),
            index: found.len() as u32,
            span: place.key,
            whole: place.value,
            peer: Ends::Everyone,
            own: Ends::Everyone,
            flow: Flow::Everything,
            effect: Effect::Unknown,
            dns: None,
            has_l7: false,
        });
    }
    found
}

fn peers(rule: &TrafficRule) -> Ends {
    if rule.wrong || rule.peers.is_wrong() {
        return Ends::Unknown;
    }
    if rule.is_for_everyone() {
        return Ends::Everyone;
    }
    Ends::Any(rule.peer_list().iter().map(peer).collect())
}

fn peer(peer: &Peer) -> Ends {
    if peer.wrong || peer.pod_selector.is_wrong() || peer.namespace_selector.is_wrong() {
        return Ends::Unknown;
    }
    match &peer.ip_block {
        Field::Absent => {}
        Field::Wrong(..) => return Ends::Unknown,
        Field::Given(block, _) => {
            return block.cidr.get().map_or(Ends::Unknown, |cidr| {
                Ends::Net(NetTerm { cidr: *cidr, except: exceptions(block), span: peer.whole })
            });
        }
    }
    let place = Place { key: peer.first_token, value: peer.whole };
    let expr = |of, selector: Option<&Selector>| {
        selector.map_or(Expr::Always, |selector| Expr::of_selector(of, selector))
    };
    let labels = match (&peer.pod_selector, &peer.namespace_selector) {
        // No selector at all, neither for pods nor for namespaces, is refused.
        (Field::Absent, Field::Absent) => Expr::Never,
        (pods, _) => expr(LabelOf::Pod, pods.get()),
    };
    let scope = match peer.namespace_selector.get() {
        None => Scope::Own,
        Some(selector) => Scope::Where(Expr::of_selector(LabelOf::Namespace, selector), place),
    };
    Ends::Pods(PodTerm { place, scope, labels })
}

fn flow(rule: &TrafficRule) -> Flow {
    if rule.ports.is_wrong() {
        return Flow::Unknown;
    }
    if rule.is_for_all_ports() {
        return Flow::Everything;
    }
    Flow::Any(rule.port_list().iter().map(entry).collect())
}

fn entry(entry: &PortEntry) -> Flow {
    let Some(protocol) = entry.effective_protocol().filter(|_| !entry.wrong) else {
        return Flow::Unknown;
    };
    if entry.port.is_wrong() || entry.end_port.is_wrong() {
        return Flow::Unknown;
    }
    Flow::Port(PortTerm {
        protocols: Protocols::one(protocol),
        port: entry.port.get().cloned(),
        last: entry.end_port.get().copied(),
        span: entry.first_token,
    })
}
