//! What two states of a repository allow, compared: what `netpol-lint diff` prints.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use crate::connectivity::{ClusterConnectivity, Detail, DetailId, RulePlace};
use crate::placement::{Isolating, Line, Placement, Snapshot};
use crate::reach::{PortSet, addresses};

/// What is different in one cluster of bundles.
#[derive(Debug)]
pub struct ClusterComparison {
    /// The bundles that run together, by name.
    pub name: String,
    /// The connections that differ, sorted by their ends.
    pub changes: Vec<Change>,
    /// Workloads that only the later state has.
    pub appeared: Vec<(String, Line)>,
    /// Workloads that only the earlier state has.
    pub vanished: Vec<(String, Line)>,
    base: Snapshot,
    head: Snapshot,
}

/// How a connection differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// It was denied.
    Opened,
    /// It is denied now.
    Closed,
    /// It is allowed on other ports.
    Changed,
}

/// Ports that are allowed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ports {
    /// Surely.
    pub sure: PortSet,
    /// Unless something that the repository does not show forbids them.
    pub unknown: PortSet,
}

/// One of the two states.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// The earlier.
    Base,
    /// The later.
    Head,
}

/// A line that makes a difference.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reason {
    /// The state that has the line.
    pub state: State,
    /// What it is: `rule spec.egress[0] of policy shop/api`.
    pub what: String,
    /// Where it is.
    pub line: Line,
}

/// One connection that differs. There may be millions: what is said of it is looked up.
#[derive(Clone, Debug)]
pub struct Change {
    /// Who connects: `namespace/name[Kind]`, or a range of addresses.
    pub from: Arc<str>,
    /// Who is connected to.
    pub to: Arc<str>,
    /// How it differs.
    pub kind: Kind,
    before: Option<DetailId>,
    after: Option<DetailId>,
}

impl Ports {
    fn of(detail: Option<&Detail>) -> Self {
        detail.map_or_else(Self::default, |detail| Self {
            sure: detail.ports.clone(),
            unknown: detail.unknown.clone(),
        })
    }

    /// Whether something is allowed, or may be, that is not so in the other.
    fn exceeds(&self, other: &Self) -> bool {
        let possible = |ports: &Self| &ports.sure | &ports.unknown;
        !possible(self).without(&possible(other)).is_empty()
            || !self.sure.without(&other.sure).is_empty()
    }
}

/// Compares the clusters of two states. Those of one name are one; where each state has only one,
/// these are, whatever they are called.
pub fn compare(base: Vec<Snapshot>, head: Vec<Snapshot>) -> Vec<ClusterComparison> {
    let only = match (base.as_slice(), head.as_slice()) {
        ([_], [(cluster, _)]) => Some(cluster.name.clone()),
        _ => None,
    };
    let mut pairs: BTreeMap<String, [Option<Snapshot>; 2]> = BTreeMap::new();
    for snapshot in base {
        let name = only.clone().unwrap_or_else(|| snapshot.0.name.clone());
        pairs.entry(name).or_default()[0] = Some(snapshot);
    }
    for snapshot in head {
        let name = snapshot.0.name.clone();
        pairs.entry(name).or_default()[1] = Some(snapshot);
    }
    let nothing = || (ClusterConnectivity::empty(), Placement::default());
    let compared = pairs.into_iter().map(|(name, [base, head])| {
        of_cluster(name, base.unwrap_or_else(nothing), head.unwrap_or_else(nothing))
    });
    compared.filter(|it| !it.is_empty()).collect()
}

impl ClusterComparison {
    fn is_empty(&self) -> bool {
        self.changes.is_empty() && self.appeared.is_empty() && self.vanished.is_empty()
    }

    fn details(&self, change: &Change) -> [Option<&Detail>; 2] {
        [
            change.before.map(|id| self.base.0.detail(id)),
            change.after.map(|id| self.head.0.detail(id)),
        ]
    }

    /// What was allowed.
    pub fn before(&self, change: &Change) -> Ports {
        Ports::of(self.details(change)[0])
    }

    /// What is allowed.
    pub fn after(&self, change: &Change) -> Ports {
        Ports::of(self.details(change)[1])
    }

    /// Whether something is allowed that was not.
    pub fn opens(&self, change: &Change) -> bool {
        self.after(change).exceeds(&self.before(change))
    }

    /// Whether something was allowed that is not.
    pub fn closes(&self, change: &Change) -> bool {
        self.before(change).exceeds(&self.after(change))
    }

    /// The lines that make the difference: rules that only one state has and that allow the
    /// connection there, policies that isolate an end in one state only, workloads that only one
    /// state has; and the workloads of both, where none of these is different.
    pub fn reasons(&self, change: &Change) -> Vec<Reason> {
        let (details, states) = (self.details(change), [&self.base.1, &self.head.1]);
        let mut reasons = Vec::new();
        let both = [(State::Base, 0, 1), (State::Head, 1, 0)];
        for (state, own, other) in both {
            let rules = details[own].map_or(&[][..], |detail| detail.rules.as_slice());
            let new = rules.iter().filter(|rule| !states[other].has_rule_of(states[own], rule));
            reasons.extend(new.map(|rule| of_rule(state, rule)));
            reasons.extend(isolating(state, states[own], states[other], change));
        }
        for (state, own, other) in both {
            let verb = if state == State::Head { "appears" } else { "vanishes" };
            let ends = [&change.from, &change.to].into_iter();
            let only = ends.filter(|end| !states[other].workloads.contains_key(&***end));
            reasons.extend(only.filter_map(|end| {
                let line = states[own].workloads.get(&**end)?.clone();
                Some(Reason { state, what: format!("{end} {verb}"), line })
            }));
        }
        if reasons.is_empty() {
            for (state, own, _) in both {
                reasons.extend([&change.from, &change.to].into_iter().filter_map(|end| {
                    let line = states[own].workloads.get(&**end)?.clone();
                    Some(Reason { state, what: format!("the labels or ports of {end}"), line })
                }));
            }
        }
        reasons.sort();
        reasons.dedup();
        reasons
    }
}

/// The policies that isolate an end in one state, and not in the other.
fn isolating(state: State, own: &Placement, other: &Placement, change: &Change) -> Vec<Reason> {
    let mut reasons = Vec::new();
    for (end, direction) in [(&change.from, "egress"), (&change.to, "ingress")] {
        let policies = |placement: &Placement| -> Vec<String> {
            let of = |it: &Isolating| match direction {
                "egress" => it.egress.clone(),
                _ => it.ingress.clone(),
            };
            placement.isolating.get(&**end).map(of).unwrap_or_default()
        };
        let known = policies(other);
        let new = policies(own).into_iter().filter(|name| !known.contains(name));
        reasons.extend(new.filter_map(|name| {
            let line = own.policies.get(&name)?.clone();
            let what = format!("policy {name} isolates the {direction} of {end}");
            Some(Reason { state, what, line })
        }));
    }
    reasons
}

fn of_rule(state: State, rule: &RulePlace) -> Reason {
    let what = format!("rule {} of policy {}", rule.field, rule.policy);
    Reason { state, what, line: Line { path: rule.path.clone(), line: rule.line } }
}

fn of_cluster(name: String, base: Snapshot, head: Snapshot) -> ClusterComparison {
    let changes = changes(&base.0, &head.0);
    let only = |in_one: &Placement, other: &Placement| {
        let missing = in_one.workloads.iter().filter(|(it, _)| !other.workloads.contains_key(*it));
        missing.map(|(name, line)| (name.clone(), line.clone())).collect()
    };
    let (appeared, vanished) = (only(&head.1, &base.1), only(&base.1, &head.1));
    ClusterComparison { name, changes, appeared, vanished, base, head }
}

/// Ranges of addresses, ascending, each with what is allowed.
type Pieces = Vec<(u128, u128, DetailId)>;

/// The connections of a cluster, by their ends.
#[derive(Default)]
struct Table<'a> {
    between: BTreeMap<(&'a str, &'a str), DetailId>,
    outgoing: BTreeMap<&'a str, Pieces>,
    incoming: BTreeMap<&'a str, Pieces>,
}

impl<'a> Table<'a> {
    fn of(cluster: &'a ClusterConnectivity) -> Self {
        let mut table = Self::default();
        let ranges: Vec<Option<(u128, u128)>> = cluster.ends.iter().map(|end| range(end)).collect();
        for row in &cluster.rows {
            let (from, to) = (cluster.end(row.from), cluster.end(row.to));
            match (ranges[row.from.position()], ranges[row.to.position()]) {
                (None, None) => drop(table.between.insert((from, to), row.detail)),
                (None, Some((first, last))) => {
                    table.outgoing.entry(from).or_default().push((first, last, row.detail));
                }
                (Some((first, last)), None) => {
                    table.incoming.entry(to).or_default().push((first, last, row.detail));
                }
                (Some(_), Some(_)) => {}
            }
        }
        let all = table.outgoing.values_mut().chain(table.incoming.values_mut());
        all.for_each(|pieces| pieces.sort_unstable_by_key(|(first, ..)| *first));
        table
    }
}

/// The addresses of an end; none for a workload.
fn range(end: &str) -> Option<(u128, u128)> {
    let (first, last) = end.split_once('-')?;
    let (first, last) = (first.parse::<IpAddr>().ok()?, last.parse::<IpAddr>().ok()?);
    Some((addresses::number(first), addresses::number(last)))
}

/// The connections that differ, sorted by their ends.
fn changes(base: &ClusterConnectivity, head: &ClusterConnectivity) -> Vec<Change> {
    let (before, after) = (Table::of(base), Table::of(head));
    let difference = Difference { base, head };
    let mut changes = Vec::new();
    let pairs: BTreeSet<_> = before.between.keys().chain(after.between.keys()).collect();
    for pair in pairs {
        let details = (before.between.get(pair).copied(), after.between.get(pair).copied());
        changes.extend(difference.of(pair.0, pair.1, details));
    }
    for (end, range, details) in difference.outside(&before.outgoing, &after.outgoing) {
        changes.extend(difference.of(end, &range, details));
    }
    for (end, range, details) in difference.outside(&before.incoming, &after.incoming) {
        changes.extend(difference.of(&range, end, details));
    }
    changes.sort_by(|a, b| (&a.from, &a.to).cmp(&(&b.from, &b.to)));
    changes
}

/// What both states allow of one connection.
type Both = (Option<DetailId>, Option<DetailId>);

/// Two states, whose details are compared.
struct Difference<'a> {
    base: &'a ClusterConnectivity,
    head: &'a ClusterConnectivity,
}

impl<'a> Difference<'a> {
    fn details(&self, (before, after): Both) -> [Option<&'a Detail>; 2] {
        [before.map(|id| self.base.detail(id)), after.map(|id| self.head.detail(id))]
    }

    /// The difference between two details of one pair; none where there is none.
    fn of(&self, from: &str, to: &str, both: Both) -> Option<Change> {
        let [before, after] = self.details(both).map(Ports::of);
        if before == after {
            return None;
        }
        let kind = match (before == Ports::default(), after == Ports::default()) {
            (true, _) => Kind::Opened,
            (_, true) => Kind::Closed,
            _ => Kind::Changed,
        };
        Some(Change { from: from.into(), to: to.into(), kind, before: both.0, after: both.1 })
    }

    /// What workloads have with addresses in either state: each workload with each range.
    fn outside<'n>(
        &self,
        before: &BTreeMap<&'n str, Pieces>,
        after: &BTreeMap<&'n str, Pieces>,
    ) -> Vec<(&'n str, String, Both)> {
        let ends: BTreeSet<&'n str> = before.keys().chain(after.keys()).copied().collect();
        let of = |end| {
            let of =
                |pieces: &BTreeMap<&'n str, Pieces>| pieces.get(end).cloned().unwrap_or_default();
            let pieces = self.pieces(&of(before), &of(after)).into_iter();
            pieces.map(move |(range, both)| (end, range, both))
        };
        ends.into_iter().flat_map(of).collect()
    }

    /// The ranges of addresses in which either state has something, cut where either has a border,
    /// and joined where both say the same on both sides of it.
    fn pieces(&self, before: &Pieces, after: &Pieces) -> Vec<(String, Both)> {
        let all = || before.iter().chain(after);
        let borders = all().flat_map(|(first, last, _)| [Some(*first), last.checked_add(1)]);
        let starts: BTreeSet<u128> = borders.flatten().collect();
        let end = all().map(|(_, last, _)| *last).max().unwrap_or_default();
        let at = |pieces: &Pieces, address: u128| {
            let next = pieces.partition_point(|(first, ..)| *first <= address);
            let (_, last, detail) = pieces.get(next.checked_sub(1)?)?;
            (address <= *last).then_some(*detail)
        };
        let mut found: Vec<(u128, u128, Both)> = Vec::new();
        let nexts = starts.iter().skip(1).map(|next| next - 1).chain([end]);
        for (&start, last) in starts.iter().zip(nexts) {
            let both = (at(before, start), at(after, start));
            match found.last_mut() {
                _ if both == (None, None) => {}
                Some((_, end, known))
                    if end.checked_add(1) == Some(start) && self.is_same(*known, both) =>
                {
                    *end = last;
                }
                _ => found.push((start, last, both)),
            }
        }
        let name =
            |first, last| format!("{}-{}", addresses::address(first), addresses::address(last));
        found.into_iter().map(|(first, last, both)| (name(first, last), both)).collect()
    }

    fn is_same(&self, one: Both, other: Both) -> bool {
        let is_same = |one: Option<&Detail>, other: Option<&Detail>| match (one, other) {
            (Some(one), Some(other)) => {
                Ports::of(Some(one)) == Ports::of(Some(other)) && one.rules == other.rules
            }
            (one, other) => one.is_none() && other.is_none(),
        };
        let (one, other) = (self.details(one), self.details(other));
        is_same(one[0], other[0]) && is_same(one[1], other[1])
    }
}
