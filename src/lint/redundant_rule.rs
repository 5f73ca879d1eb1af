//! A peer, a port or a rule that another one for the same pods has already.

use std::collections::{BTreeMap, HashMap};

use ipnet::IpNet;

use super::{Check, Confidence, Context, Finding, Rule, Severity, words};
use crate::model::{
    At, Direction, Field, Peer, PolicyId, PortRef, Protocol, Spot, TrafficRule, labels,
};
use crate::reach::{PortSet, exceptions, rule_ports};
use crate::resolve::PolicyGroup;

/// The rule.
pub static RULE: Rule = Rule {
    id: "redundant-rule",
    severity: Severity::Note,
    confidence: Confidence::High,
    pedantic: true,
    page: include_str!("../../rules/redundant-rule.md"),
    check: Check::Cluster(check),
};

fn check(cx: &Context<'_>, findings: &mut Vec<Finding>) {
    for group in cx.cluster.groups() {
        for direction in Direction::BOTH {
            of_group(cx, group, direction, findings);
        }
    }
    for &id in cx.cluster.policies().iter().filter(|id| cx.cluster.is_reported(**id)) {
        of_ports(cx, id, findings);
    }
}

/// Whom a rule is for, so that the same text means the same pods or addresses.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Who {
    Everyone,
    /// The namespaces and the pods that selectors require; none of the first for the policy's own.
    Pods(Option<String>, String),
    Block(IpNet),
}

/// One peer of a rule, or a rule for everyone.
struct Allowed {
    at: At,
    who: Who,
    ports: PortSet,
    /// Ports by name, which differ from pod to pod.
    has_names: bool,
    /// Whether it allows less than `who` says: a block with exceptions.
    is_partial: bool,
}

/// What one or several entries have in common, and the first of them.
#[derive(Default)]
struct Known {
    ports: PortSet,
    first: Option<At>,
}

impl Known {
    fn add(&mut self, entry: &Allowed) {
        self.ports = &self.ports | &entry.ports;
        self.first = self.first.or(Some(entry.at));
    }
}

fn of_group(
    cx: &Context<'_>,
    group: &PolicyGroup,
    direction: Direction,
    findings: &mut Vec<Finding>,
) {
    let entries: Vec<Allowed> =
        group.policies.iter().flat_map(|id| entries(cx, *id, direction)).collect();
    let mut all: HashMap<Who, Known> = HashMap::new();
    for entry in entries.iter().filter(|entry| !entry.is_partial) {
        all.entry(entry.who.clone()).or_default().add(entry);
    }
    let by = redundant(&entries, &all);
    let mut of_rule: HashMap<At, (usize, usize)> = HashMap::new();
    for (entry, by) in entries.iter().zip(&by) {
        let counts = of_rule.entry(rule_of(entry.at)).or_default();
        counts.0 += 1;
        counts.1 += usize::from(by.is_some());
    }
    for (entry, by) in entries.iter().zip(&by) {
        let Some(by) = by.filter(|_| cx.cluster.is_reported(entry.at.policy)) else { continue };
        let rule = rule_of(entry.at);
        let (peers, gone) = of_rule[&rule];
        let is_first = entry.at.spot.peer().is_none_or(|peer| peer == 0);
        if peers > gone {
            findings.extend(finding(cx, entry.at, by, "peer"));
        } else if is_first {
            findings.extend(finding(cx, rule, by, "rule"));
        }
    }
}

/// For each entry, one that has what it allows already, if there is one: an earlier one for the
/// same, one for more, or a later one that is not redundant itself.
fn redundant(entries: &[Allowed], all: &HashMap<Who, Known>) -> Vec<Option<At>> {
    let mut found: Vec<Option<At>> = vec![None; entries.len()];
    let mut sweep = |order: &mut dyn Iterator<Item = usize>| {
        let mut met: HashMap<&Who, Known> = HashMap::new();
        for at in order {
            let entry = &entries[at];
            if found[at].is_some() {
                continue;
            }
            let mut wider = wider(&entry.who).into_iter().filter_map(|who| all.get(&who));
            let covers = |known: &&Known| entry.ports.without(&known.ports).is_empty();
            let same = met.get(&entry.who).filter(covers);
            if !entry.has_names && !entry.ports.is_empty() {
                found[at] = same.or_else(|| wider.find(covers)).and_then(|known| known.first);
            }
            if found[at].is_none() && !entry.is_partial {
                met.entry(&entry.who).or_default().add(entry);
            }
        }
    };
    sweep(&mut (0..entries.len()));
    sweep(&mut (0..entries.len()).rev());
    found
}

/// Those who certainly hold them, and more. Everyone on every port is another rule's finding.
fn wider(who: &Who) -> Vec<Who> {
    let mut found = Vec::new();
    match who {
        Who::Everyone => return found,
        Who::Pods(namespaces, pods) => {
            if !pods.is_empty() {
                found.push(Who::Pods(namespaces.clone(), String::new()));
            }
            if namespaces.as_deref() != Some("") {
                found.push(Who::Pods(Some(String::new()), pods.clone()));
                if !pods.is_empty() {
                    found.push(Who::Pods(Some(String::new()), String::new()));
                }
            }
        }
        Who::Block(net) => {
            let above = std::iter::successors(net.supernet(), IpNet::supernet);
            found.extend(above.map(Who::Block));
        }
    }
    found.push(Who::Everyone);
    found
}

fn entries(cx: &Context<'_>, id: PolicyId, direction: Direction) -> Vec<Allowed> {
    let policy = cx.cluster.policy(id);
    let mut found = Vec::new();
    if !policy.isolates(direction) || policy.is_unsure(direction) {
        return found;
    }
    for (index, rule) in (0u32..).zip(policy.rules(direction)) {
        let at = |spot| At { policy: id, spot };
        let spot = Spot::Rule(direction, index);
        let ports = rule_ports(cx.cluster, at(spot), None).sure;
        // What everyone may do on every port is told with all that it overrides.
        if rule.wrong || (rule.is_for_everyone() && rule.is_for_all_ports()) {
            continue;
        }
        let has_names = has_names(rule);
        if rule.is_for_everyone() {
            let who = Who::Everyone;
            found.push(Allowed { at: at(spot), who, ports, has_names, is_partial: has_names });
            continue;
        }
        for (nth, peer) in (0u32..).zip(rule.peer_list()) {
            let Some((who, is_partial)) = who(peer) else { continue };
            let at = at(Spot::Peer(direction, index, nth));
            found.push(Allowed { at, who, ports: ports.clone(), has_names, is_partial });
        }
    }
    found
}

fn has_names(rule: &TrafficRule) -> bool {
    let entries = rule.port_list().iter();
    entries
        .into_iter()
        .any(|entry| entry.wrong || !matches!(entry.port.get(), None | Some(PortRef::Number(_))))
}

/// Whom a peer is for, and whether that is only a part of them.
fn who(peer: &Peer) -> Option<(Who, bool)> {
    let is_refused = |field: &Field<crate::model::Selector>| {
        field.is_wrong() || field.get().is_some_and(|selector| selector.is_refused())
    };
    if peer.wrong || is_refused(&peer.pod_selector) || is_refused(&peer.namespace_selector) {
        return None;
    }
    match &peer.ip_block {
        Field::Wrong(..) => None,
        Field::Given(block, _) => {
            Some((Who::Block(*block.cidr.get()?), !exceptions(block).is_empty()))
        }
        Field::Absent => {
            let pods = peer.pod_selector.get().map(labels).unwrap_or_default();
            let namespaces = peer.namespace_selector.get().map(labels);
            (namespaces.is_some() || !peer.pod_selector.is_absent())
                .then_some((Who::Pods(namespaces, pods), false))
        }
    }
}

fn rule_of(at: At) -> At {
    At { spot: at.spot.rule_spot().unwrap_or(at.spot), ..at }
}

/// Ports that a rule lists twice, or within a range that it lists too.
fn of_ports(cx: &Context<'_>, id: PolicyId, findings: &mut Vec<Finding>) {
    for direction in Direction::BOTH {
        if !cx.cluster.policy(id).isolates(direction) {
            continue;
        }
        for (index, rule) in (0u32..).zip(cx.cluster.policy(id).rules(direction)) {
            let mut met = PortSet::default();
            let mut places: BTreeMap<(Protocol, u16), At> = BTreeMap::new();
            for (nth, entry) in (0u32..).zip(rule.port_list()) {
                let (Some(protocol), Some(range)) = (entry.effective_protocol(), entry.range())
                else {
                    continue;
                };
                if !matches!(entry.port.get(), None | Some(PortRef::Number(_))) {
                    continue;
                }
                let at = At { policy: id, spot: Spot::Port(direction, index, nth) };
                let own = PortSet::range(protocol, range.0, range.1);
                if own.without(&met).is_empty() {
                    let near = places.range(..=(protocol, range.0)).next_back();
                    let by = near.map_or(at, |(_, at)| *at);
                    findings.extend(finding(cx, at, by, "port"));
                }
                met = &met | &own;
                places.entry((protocol, range.0)).or_insert(at);
            }
        }
    }
}

fn finding(cx: &Context<'_>, at: At, by: At, what: &str) -> Option<Finding> {
    let place = at.spot.key_span(cx.cluster.policy(at.policy))?;
    let other = match by.policy == at.policy {
        true => format!("`{}`", by.spot),
        false => {
            let name = words::quoted(&cx.cluster.head(by.policy).name);
            format!("`{}` of NetworkPolicy {name}", by.spot)
        }
    };
    let message = format!("this {what} allows nothing that {other} does not allow already");
    let help = format!("delete this {what}");
    let finding = Finding::new(&RULE, place, message, help).about(cx, at);
    let span = by.spot.key_span(cx.cluster.policy(by.policy));
    Some(match span.filter(|span| *span != place) {
        Some(span) => finding.related(span, "this allows it"),
        None => finding,
    })
}
