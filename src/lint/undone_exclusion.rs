//! An exception that another rule for the same pods allows again.

use std::collections::{BTreeMap, HashMap};

use ipnet::IpNet;

use super::{Check, Confidence, Context, Finding, Rule, Severity, words};
use crate::model::{At, Direction, Field, Operator, Peer, PolicyId, Protocol, Selector, Spot};
use crate::reach::{PortSet, exceptions, rule_ports};
use crate::resolve::{GroupId, NamespaceId, SelectorIndex, covers, selects};
use crate::text::Span;

/// The rule.
pub static RULE: Rule = Rule {
    id: "undone-exclusion",
    severity: Severity::Warning,
    confidence: Confidence::Medium,
    pedantic: false,
    page: include_str!("../../rules/undone-exclusion.md"),
    check: Check::Cluster(check),
};

fn check(cx: &Context<'_>, findings: &mut Vec<Finding>) {
    for direction in Direction::BOTH {
        let mut by_home: BTreeMap<NamespaceId, SelectorIndex<GroupId>> = BTreeMap::new();
        for (id, group) in cx.cluster.numbered_groups() {
            let selector = cx.cluster.group_selector(id);
            if !selector.is_wrong() {
                by_home.entry(group.namespace).or_default().add(selector.get(), id);
            }
        }
        for (id, group) in cx.cluster.numbered_groups() {
            let excluded: Vec<Excluded<'_>> =
                group.policies.iter().flat_map(|id| excluded(cx, *id, direction)).collect();
            let Some(index) = by_home.get(&group.namespace).filter(|_| !excluded.is_empty()) else {
                continue;
            };
            let openers = Openers::of(cx, id, index, direction);
            findings.extend(excluded.iter().filter_map(|it| openers.finding(cx, it)));
        }
    }
}

/// Something that a rule leaves out on purpose.
struct Excluded<'a> {
    /// The peer.
    at: At,
    place: Span,
    what: What<'a>,
    ports: PortSet,
}

enum What<'a> {
    /// Addresses of `except`.
    Hole(IpNet),
    /// Pods that a `NotIn` leaves out: the peer, and its selectors with `In` in the place of it.
    Pods { peer: &'a Peer, namespaces: Option<Selector>, pods: Option<Selector>, words: String },
}

/// What the rules of a policy leave out, where it is to be reported on.
fn excluded<'a>(cx: &Context<'a>, id: PolicyId, direction: Direction) -> Vec<Excluded<'a>> {
    let policy = cx.cluster.policy(id);
    let mut found = Vec::new();
    if !cx.cluster.is_reported(id) || !policy.isolates(direction) {
        return found;
    }
    for (index, rule) in (0u32..).zip(policy.rules(direction)) {
        let ports = rule_ports(cx.cluster, at(id, Spot::Rule(direction, index)), None).sure;
        for (nth, peer) in (0u32..).zip(rule.peer_list()) {
            let spot = Spot::Peer(direction, index, nth);
            let mut add = |place, what| {
                found.push(Excluded { at: at(id, spot), place, what, ports: ports.clone() });
            };
            if let Field::Given(block, _) = &peer.ip_block {
                for hole in &block.except {
                    if let Field::Given(net, place) = hole {
                        add(place.value, What::Hole(*net));
                    }
                }
            } else {
                inverted(peer).into_iter().for_each(|(place, what)| add(place, what));
            }
        }
    }
    found
}

fn at(policy: PolicyId, spot: Spot) -> At {
    At { policy, spot }
}

/// For each `NotIn` of a peer, where it is and whom it leaves out.
fn inverted(peer: &Peer) -> Vec<(Span, What<'_>)> {
    let (namespaces, pods) = (peer.namespace_selector.get(), peer.pod_selector.get());
    let mut found = Vec::new();
    for (selector, is_of_pods) in [(namespaces, false), (pods, true)] {
        let Some(selector) = selector.filter(|selector| !selector.is_refused()) else { continue };
        for (nth, requirement) in selector.requirements.iter().enumerate() {
            if requirement.operator != Operator::NotIn {
                continue;
            }
            let mut left_out = selector.clone();
            left_out.requirements[nth].operator = Operator::In;
            let words = left_out.requirements[nth].words();
            let what = match is_of_pods {
                true => What::Pods {
                    peer,
                    namespaces: namespaces.cloned(),
                    pods: Some(left_out),
                    words,
                },
                false => {
                    What::Pods { peer, namespaces: Some(left_out), pods: pods.cloned(), words }
                }
            };
            found.push((requirement.key_span, what));
        }
    }
    found
}

/// Somebody whom a rule lets through.
struct Opener<'a> {
    at: At,
    ports: PortSet,
    peer: Option<&'a Peer>,
}

/// Whom the rules of all policies let through that select the same pods and perhaps more.
struct Openers<'a> {
    everyone: Vec<Opener<'a>>,
    blocks: HashMap<IpNet, Vec<(Opener<'a>, Vec<IpNet>)>>,
    peers: Vec<Opener<'a>>,
}

impl<'a> Openers<'a> {
    fn of(
        cx: &Context<'a>,
        group: GroupId,
        index: &SelectorIndex<GroupId>,
        direction: Direction,
    ) -> Self {
        let own = cx.cluster.group_selector(group);
        let mut openers = Self { everyone: Vec::new(), blocks: HashMap::new(), peers: Vec::new() };
        let mut groups: Vec<GroupId> = index.covering(own.get()).collect();
        groups.sort_unstable();
        groups.dedup();
        for other in groups {
            let wide = cx.cluster.group_selector(other);
            if other == group || (!own.is_wrong() && covers(wide.get(), own.get()).is_yes()) {
                let policies = cx.cluster.group(other).policies.iter();
                policies.for_each(|id| openers.enter(cx, *id, direction));
            }
        }
        openers
    }

    fn enter(&mut self, cx: &Context<'a>, id: PolicyId, direction: Direction) {
        let policy = cx.cluster.policy(id);
        if !policy.isolates(direction) {
            return;
        }
        for (index, rule) in (0u32..).zip(policy.rules(direction)) {
            let spot = Spot::Rule(direction, index);
            let ports = rule_ports(cx.cluster, at(id, spot), None).sure;
            if rule.is_for_everyone() {
                self.everyone.push(Opener { at: at(id, spot), ports, peer: None });
                continue;
            }
            for (nth, peer) in (0u32..).zip(rule.peer_list()) {
                let spot = Spot::Peer(direction, index, nth);
                let opener = Opener { at: at(id, spot), ports: ports.clone(), peer: Some(peer) };
                match &peer.ip_block {
                    Field::Absent => self.peers.push(opener),
                    Field::Wrong(..) => {}
                    Field::Given(block, _) => {
                        let Some(cidr) = block.cidr.get() else { continue };
                        // An exception that is filled in later may be the one.
                        if block.except.iter().any(Field::is_wrong) {
                            continue;
                        }
                        self.blocks.entry(*cidr).or_default().push((opener, exceptions(block)));
                    }
                }
            }
        }
    }

    fn finding(&self, cx: &Context<'_>, excluded: &Excluded<'_>) -> Option<Finding> {
        let by = self.by(cx, excluded)?;
        let what = match &excluded.what {
            What::Hole(net) => format!("`{net}` is excepted here"),
            What::Pods { words, .. } => format!("{} is excluded here", words::quoted(words)),
        };
        let name = words::quoted(&cx.cluster.head(by.policy).name);
        let of = match by.policy == excluded.at.policy {
            true => "another rule".to_owned(),
            false => format!("NetworkPolicy {name}"),
        };
        let message = format!(
            "{what}, but {of} allows it for the same pods: rules only add up, so the exception has \
             no effect"
        );
        let help = "leave it out of the other rule too, or delete the exception";
        let finding = Finding::new(&RULE, excluded.place, message, help).about(cx, excluded.at);
        let span = by.spot.key_span(cx.cluster.policy(by.policy))?;
        Some(finding.related(span, "this rule allows it"))
    }

    /// A rule that lets through whom another leaves out.
    fn by(&self, cx: &Context<'_>, excluded: &Excluded<'_>) -> Option<At> {
        let again = |opener: &&Opener<'_>| {
            opener.at != excluded.at && gives_back(&excluded.ports, &opener.ports, false)
        };
        if let Some(everyone) = self.everyone.iter().find(again) {
            return Some(everyone.at);
        }
        match &excluded.what {
            What::Hole(hole) => self.by_block(excluded, *hole),
            What::Pods { peer, namespaces, pods, .. } => {
                let gives = |opener: &&Opener<'_>| {
                    let Some(other) = opener.peer else { return false };
                    let is_all = holds(cx, opener.at, other, namespaces.as_ref(), pods.as_ref());
                    let is_wide = is_all && is_wider(cx, opener.at, other, peer);
                    let is_meant = !is_wide && opener.at.policy == excluded.at.policy;
                    opener.at != excluded.at
                        && is_all
                        && !is_meant
                        && gives_back(&excluded.ports, &opener.ports, !is_wide)
                };
                self.peers.iter().find(gives).map(|opener| opener.at)
            }
        }
    }

    fn by_block(&self, excluded: &Excluded<'_>, hole: IpNet) -> Option<At> {
        let mut above = Some(hole);
        while let Some(net) = above {
            for (opener, except) in self.blocks.get(&net).into_iter().flatten() {
                let is_whole =
                    !except.iter().any(|other| other.contains(&hole) || hole.contains(other));
                // Who writes just these addresses beside the exception means them.
                let is_explicit = net == hole;
                let is_meant = is_explicit && opener.at.policy == excluded.at.policy;
                if opener.at != excluded.at
                    && !is_meant
                    && is_whole
                    && gives_back(&excluded.ports, &opener.ports, is_explicit)
                {
                    return Some(opener.at);
                }
            }
            above = net.supernet();
        }
        None
    }
}

/// Whether a peer holds all pods that those selectors select.
fn holds(
    cx: &Context<'_>,
    at: At,
    wide: &Peer,
    namespaces: Option<&Selector>,
    pods: Option<&Selector>,
) -> bool {
    if wide.namespace_selector.is_wrong() || wide.pod_selector.is_wrong() || wide.wrong {
        return false;
    }
    let in_namespaces = match (wide.namespace_selector.get(), namespaces) {
        (None, None) => true,
        (None, Some(_)) => false,
        (Some(wide), None) => {
            selects(wide, cx.cluster.namespace(cx.cluster.home(at.policy))).is_yes()
        }
        (Some(wide), Some(narrow)) => covers(Some(wide), Some(narrow)).is_yes(),
    };
    in_namespaces && covers(wide.pod_selector.get(), pods).is_yes()
}

/// Whether a peer also holds all that the other one does: it is not written for what that leaves
/// out.
fn is_wider(cx: &Context<'_>, at: At, wide: &Peer, narrow: &Peer) -> bool {
    holds(cx, at, wide, narrow.namespace_selector.get(), narrow.pod_selector.get())
}

/// Whether a rule on some ports gives back what one on others leaves out. Names may be asked of
/// anybody, and the API server called: such a rule beside it is right. One that is written for just
/// what is left out counts only where it has all of the ports.
fn gives_back(excluded: &PortSet, opened: &PortSet, is_explicit: bool) -> bool {
    if is_explicit {
        return !excluded.is_empty() && excluded.without(opened).is_empty();
    }
    let mut names = PortSet::default();
    for protocol in Protocol::ALL {
        [53, 5353].iter().for_each(|port| names.insert(protocol, *port, *port));
    }
    let mut common = names.clone();
    [443, 6443].iter().for_each(|port| common.insert(Protocol::Tcp, *port, *port));
    let is_for_api = opened.without(&common).is_empty() && !excluded.without(&common).is_empty();
    !is_for_api && !(excluded & &opened.without(&names)).is_empty()
}
