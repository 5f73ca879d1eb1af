//! What the shape of these policies does beside what is meant.

use super::super::{Confidence, Context, Finding, Rule, words};
use super::{Statement, Tiered, dns::egress_key};
use crate::model::tiered::{Closes, Ends, Evaluator, NetTerm};
use crate::model::{AddressOwner, Direction, PortRef};

/// `ignored-rules`: rules of a direction that Calico's `types` leave out.
pub(crate) fn ignored_rules(
    cx: &Context<'_>,
    of: &Tiered<'_>,
    rule: &'static Rule,
    findings: &mut Vec<Finding>,
) {
    if of.project() != Evaluator::Calico {
        return;
    }
    for (spec, written) in of.specs() {
        for direction in Direction::BOTH {
            let mut rules = of.policy.rules_of(spec.spec, direction);
            let Some((_, first)) = rules.next() else { continue };
            if written.closes(direction) != Closes::No {
                continue;
            }
            let field = direction.field();
            let message = format!(
                "`{field}` has no effect: `types` does not list {}",
                direction.policy_type()
            );
            let help = format!("add `{}` to `types`, or delete the rules", direction.policy_type());
            let entry = of.policy.tree.get("spec").and_then(|spec| spec.entry(field));
            let place = entry.map_or(first.span, |entry| entry.key_span);
            findings.push(of.finding(cx, Finding::new(rule, place, message, help)));
        }
    }
}

/// `no-effect-egress`: an empty list of Cilium beside rules of the other direction.
pub(crate) fn empty_lists(
    cx: &Context<'_>,
    of: &Tiered<'_>,
    rule: &'static Rule,
    findings: &mut Vec<Finding>,
) {
    if of.project() != Evaluator::Cilium {
        return;
    }
    for (spec, written) in of.specs() {
        let is_empty = of.policy.rules_of(spec.spec, Direction::Egress).next().is_none();
        let Some(place) = egress_key(of, spec).filter(|_| is_empty) else { continue };
        if written.closes(Direction::Egress) != Closes::No {
            continue;
        }
        let message = "an empty `egress` has no effect: egress of these pods stays open";
        let help = "write `egress: [{}]` to deny all egress, or delete the line";
        findings.push(of.finding(cx, Finding::new(rule, place, message, help)));
    }
}

/// `split-peers-and-ports`: an extra dash makes two rules of Cilium, peers on every port, and
/// everyone on those ports.
pub(crate) fn split_rules(
    cx: &Context<'_>,
    of: &Tiered<'_>,
    rule: &'static Rule,
    findings: &mut Vec<Finding>,
) {
    if of.project() != Evaluator::Cilium {
        return;
    }
    let rules: Vec<Statement<'_>> = of.rules().collect();
    for pair in rules.windows(2) {
        let [first, second] = pair else { continue };
        let is_same_list =
            first.rule.spec == second.rule.spec && first.rule.list == second.rule.list;
        let is_split = first.rule.flow.is_everything()
            && matches!(first.rule.peer, Ends::Any(_))
            && second.rule.peer == Ends::Everyone
            && !second.rule.flow.ports().is_empty();
        if !is_same_list || !is_split || is_dns(second) {
            continue;
        }
        let message = "this is a rule of its own: it opens these ports to everyone, and the peers of \
                       the rule before may use every port";
        let help = "join the two: leave out the dash before `toPorts`";
        let made = Finding::new(rule, second.rule.span, message, help)
            .related(first.rule.span, "these peers may use every port");
        findings.push(of.finding_in(cx, second, made));
    }
}

/// DNS to everyone is a usual way to write it.
fn is_dns(statement: &Statement<'_>) -> bool {
    statement.rule.direction == Direction::Egress
        && statement.rule.flow.ports().iter().all(|port| {
            matches!(port.port, Some(PortRef::Number(53 | 5353))) && port.last.is_none()
        })
}

/// `ip-block-for-pods`: addresses of pods or Services.
pub(crate) fn blocks_for_pods(
    cx: &Context<'_>,
    of: &Tiered<'_>,
    rule: &'static Rule,
    findings: &mut Vec<Finding>,
) {
    let is_cilium = of.project() == Evaluator::Cilium;
    if !is_cilium && of.project() != Evaluator::Calico {
        return;
    }
    for statement in of.rules() {
        for end in statement.rule.peer.terms() {
            let Ends::Net(net) = end else { continue };
            let Some(what) = owner(cx, net, is_cilium) else { continue };
            let message = format!(
                "{} {what}: the block matches nothing",
                words::quoted(&net.cidr.to_string())
            );
            let help = match is_cilium {
                true => "select the pods with `toEndpoints` or `fromEndpoints`",
                false => "select the pods by their labels, or write `services`",
            };
            let made = Finding::new(rule, net.span, message, help);
            findings.push(of.finding_in(cx, &statement, made).confidence(Confidence::Medium));
        }
    }
}

/// Whose addresses a block has, where policies never see them.
fn owner(cx: &Context<'_>, net: &NetTerm, is_cilium: bool) -> Option<String> {
    let is_single = net.cidr.prefix_len() == net.cidr.max_prefix_len();
    if is_single && let Some((head, _)) = cx.cluster.service_at(net.cidr.addr()) {
        let name = words::quoted(&head.name);
        return Some(format!(
            "is the address of Service {name}, which is translated before policies \
                             are asked"
        ));
    }
    let settings = &cx.cluster.settings;
    let described = |of: AddressOwner| {
        let ranges = cx.cluster.described.iter().filter(move |range| range.of == of);
        ranges.map(|range| range.net)
    };
    let in_services =
        settings.service_ranges.iter().copied().chain(described(AddressOwner::Services));
    let in_pods = settings.pod_ranges.iter().copied().chain(described(AddressOwner::Pods));
    let holds = |mut ranges: Box<dyn Iterator<Item = ipnet::IpNet> + '_>| {
        ranges.any(|range| range.contains(&net.cidr))
    };
    if holds(Box::new(in_services)) {
        Some("has addresses of Services, which are translated before policies are asked".to_owned())
    } else if is_cilium && holds(Box::new(in_pods)) {
        Some("has addresses of pods, which Cilium knows by identity and not by address".to_owned())
    } else {
        None
    }
}
