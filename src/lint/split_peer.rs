//! A namespaceSelector and a podSelector meant as one peer, written as two.

use super::edits::{self, Site};
use super::{Check, Confidence, Context, Finding, Fix, Rule, Severity, words};
use crate::model::{At, Direction, Field, Peer, PolicyId, Spot};
use crate::reach;
use crate::resolve::{NamespaceId, selects};
use crate::text::Span;

/// The rule.
pub static RULE: Rule = Rule {
    id: "split-peer",
    severity: Severity::Warning,
    confidence: Confidence::High,
    pedantic: false,
    page: include_str!("../../rules/split-peer.md"),
    check: Check::Policy(check),
};

fn check(cx: &Context<'_>, id: PolicyId, findings: &mut Vec<Finding>) {
    let policy = cx.cluster.policy(id);
    for direction in Direction::BOTH.into_iter().filter(|d| policy.isolates(*d)) {
        for (rule, traffic) in (0u32..).zip(policy.rules(direction)) {
            for (index, pair) in (0u32..).zip(traffic.peer_list().windows(2)) {
                let [first, second] = pair else { continue };
                let Some((namespaces, pods)) = halves(first, second) else { continue };
                let at = At { policy: id, spot: Spot::Peer(direction, rule, index + 1) };
                let is_list = is_list_of_alternatives(traffic.peer_list(), index as usize);
                if let Some(mut sign) = judge(cx, at, namespaces, pods) {
                    if is_list && sign != Sign::SelectsThere {
                        sign = Sign::Guess;
                    }
                    findings.push(finding(cx, at, second, (namespaces, pods), sign));
                }
            }
        }
    }
}

/// A peer with only a namespaceSelector and a peer with only a podSelector, if the two are that. An
/// empty selector is never a half: it matches everything.
fn halves<'a>(first: &'a Peer, second: &'a Peer) -> Option<(&'a Peer, &'a Peer)> {
    let alone = |one: &Field<crate::model::Selector>, other: &Field<crate::model::Selector>| {
        one.get().is_some_and(|selector| !selector.is_empty()) && other.is_absent()
    };
    let is_namespaces = |p: &Peer| alone(&p.namespace_selector, &p.pod_selector);
    let is_pods = |p: &Peer| alone(&p.pod_selector, &p.namespace_selector);
    if is_namespaces(first) && is_pods(second) {
        return Some((first, second));
    }
    (is_pods(first) && is_namespaces(second)).then_some((second, first))
}

/// Whether the two from an index on are two items of a list in which several of a kind follow one
/// another: who lists `app: web`, `app: cron` and a namespace means each of them.
fn is_list_of_alternatives(peers: &[Peer], index: usize) -> bool {
    let form = |peer: &Peer| (peer.pod_selector.is_absent(), peer.namespace_selector.is_absent());
    let follow = |from: usize| match peers.get(from..from + 2) {
        Some([first, second]) => form(first) == form(second) && first.ip_block.is_absent(),
        _ => false,
    };
    follow(index + 1) || index.checked_sub(1).is_some_and(follow)
}

fn finding(
    cx: &Context<'_>,
    at: At,
    second: &Peer,
    (namespaces, pods): (&Peer, &Peer),
    sign: Sign,
) -> Finding {
    let name = |peer: &Peer| {
        let selector = peer.pod_selector.get().or(peer.namespace_selector.get());
        selector.map(words::selector).unwrap_or_default()
    };
    let (effect, list) = match at.spot.direction() {
        Some(Direction::Ingress) => ("every pod in those namespaces is allowed in", "from"),
        _ => ("every pod in those namespaces can be reached", "to"),
    };
    let effect = match sign {
        Sign::Redundant => format!(
            "{effect}, including every pod in the policy's own namespace, so the podSelector \
             restricts nothing"
        ),
        _ => format!("{effect}, whatever its labels"),
    };
    let message = format!(
        "the namespaceSelector {} and the podSelector {} are separate peers in `{list}`, so either \
         is enough: {effect}",
        name(namespaces),
        name(pods)
    );
    let help = "to allow only those pods in those namespaces, write both selectors in one peer \
                (delete the second dash)";
    let other = if std::ptr::eq(second, pods) { namespaces } else { pods };
    let mut finding = Finding::new(&RULE, second.first_token, message, help)
        .about(cx, at)
        .related(other.first_token, "the other selector is a separate peer")
        .confidence(sign.confidence());
    finding.fixes.extend(join(cx, at));
    finding
}

/// With a third half next to them, it is unknown which two belong together.
fn join(cx: &Context<'_>, at: At) -> Option<Fix> {
    let Spot::Peer(direction, rule, index) = at.spot else {
        return None;
    };
    let peers = cx.cluster.policy(at.policy).rule(direction, rule)?.peer_list();
    let index = index as usize;
    let around = peers.get(index.saturating_sub(2)..peers.len().min(index + 2))?;
    let pairs = around.windows(2).filter(|pair| halves(&pair[0], &pair[1]).is_some()).count();
    let site = Site::of(cx, at.policy)?;
    let items = site.node(Spot::Rule(direction, rule))?.get(direction.peers_field())?.as_seq()?;
    let (first, second) = (items.get(index.checked_sub(1)?)?, items.get(index)?);
    let has_both =
        [first, second].iter().any(|item| item.as_map().is_none_or(|m| m.entries.len() != 1));
    if pairs != 1 || has_both {
        return None;
    }
    let effect = "no longer allows other pods in those namespaces, or such pods elsewhere";
    edits::risky("Merge both selectors into one peer", effect, site.join(first, second))
}

/// What the repository shows about two halves; `None` if it shows that they do not belong together.
fn judge(cx: &Context<'_>, at: At, namespaces: &Peer, pods: &Peer) -> Option<Sign> {
    let home = cx.cluster.home(at.policy);
    let (covered, beyond) = cx.cluster.peer_namespaces(at.policy, namespaces);
    let covers_home = covered.iter().any(|(number, covers)| *number == home && covers.is_yes());
    if covers_home {
        return Some(Sign::Redundant);
    }
    let at_home = cx.cluster.pods_in(home, pods.pod_selector.get());
    if !at_home.is_none() || is_at_home_elsewhere(cx, at, pods) {
        return Some(Sign::Guess);
    }
    let closed = |number: NamespaceId| cx.cluster.namespace(number).open.is_none();
    let joined = Peer { namespace_selector: namespaces.namespace_selector.clone(), ..pods.clone() };
    if reach::peer_may_be_dns(cx.cluster, at.policy, &joined).is_yes() {
        // The DNS pods run in one namespace of each cluster, so the policy's own can't be meant.
        return Some(if closed(home) { Sign::SelectsThere } else { Sign::MaySelectThere });
    }
    let there = cx.cluster.peer_pods(at.policy, &joined);
    if !there.pods.yes.is_empty() || !there.pods.well_known.is_empty() {
        return Some(if closed(home) { Sign::SelectsThere } else { Sign::MaySelectThere });
    }
    if !closed(home) {
        return Some(Sign::Guess);
    }
    let is_shown = |(number, _): &(NamespaceId, crate::resolve::Tri)| closed(*number);
    // No match in either namespace: the podSelector is wrong whatever it is joined with.
    if !beyond && there.pods.is_none() && covered.iter().all(is_shown) {
        return None;
    }
    Some(Sign::MaySelectThere)
}

/// Whether another part of the repository has such pods in the policy's own namespace. The labels
/// that an overlay adds to the selector are not asked for: it may not add them there.
fn is_at_home_elsewhere(cx: &Context<'_>, at: At, pods: &Peer) -> bool {
    let (Some(selector), Some(elsewhere)) = (pods.pod_selector.get(), cx.cluster.elsewhere())
    else {
        return false;
    };
    let selector = super::orphans::as_written(selector, pods.first_token);
    let home = &cx.cluster.namespace(cx.cluster.home(at.policy)).name;
    let mut workloads = elsewhere.workloads_in(home);
    workloads.any(|(_, workload)| selects(&selector, workload).is_yes())
}

/// What the repository shows about two halves.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sign {
    /// The namespaceSelector matches the policy's own namespace, and so everything that the
    /// podSelector could match.
    Redundant,
    /// The podSelector matches nothing in the policy's own namespace, and pods in the other.
    SelectsThere,
    /// It matches nothing in the policy's own namespace, and the other one is not shown.
    MaySelectThere,
    /// Both match something, and both are probably meant; or nothing is known.
    Guess,
}

impl Sign {
    fn confidence(self) -> Confidence {
        match self {
            Self::Redundant | Self::SelectsThere => Confidence::High,
            Self::MaySelectThere => Confidence::Medium,
            Self::Guess => Confidence::Low,
        }
    }
}

/// Whether a peer of a rule is one half of a split peer: alone it matches more, or less, than
/// intended.
pub(super) fn is_half(peers: &[Peer], index: usize) -> bool {
    let pair = |from: usize| match peers.get(from..from + 2) {
        Some([first, second]) => halves(first, second).is_some(),
        _ => false,
    };
    pair(index) || index.checked_sub(1).is_some_and(pair)
}

/// Removes the fixes that edit one half of a split peer, and says why: they would allow all of what
/// they name.
pub(super) fn withhold(cx: &Context<'_>, finding: &mut Finding) {
    let Some(at) = finding.at.filter(|_| finding.rule.id != RULE.id) else { return };
    let policy = cx.cluster.policy(at.policy);
    let rules = Direction::BOTH.into_iter().flat_map(|direction| policy.rules(direction));
    let halves: Vec<Span> = rules
        .flat_map(|rule| {
            let peers = rule.peer_list();
            let halves = (0..peers.len()).filter(|n| is_half(peers, *n));
            halves.map(|n| to_line_end(cx, peers[n].whole))
        })
        .collect();
    let writes_into_half =
        |fix: &Fix| fix.edits.iter().any(|e| halves.iter().any(|half| half.contains(e.span)));
    let before = finding.fixes.len();
    finding.fixes.retain(|fix| !writes_into_half(fix));
    if finding.fixes.len() < before {
        finding.withheld =
            Some("it would edit one of two peers that may be meant as one (split-peer)".into());
    }
}

/// A peer up to the end of its last line, where a key is added.
fn to_line_end(cx: &Context<'_>, peer: Span) -> Span {
    let text = cx.sources.get(peer.source).text();
    let rest = text.get(peer.end as usize..).unwrap_or_default();
    let line = rest.find(['\n', '\r']).unwrap_or(rest.len());
    Span { end: peer.end + u32::try_from(line).unwrap_or_default(), ..peer }
}
