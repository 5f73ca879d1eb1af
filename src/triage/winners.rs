//! The findings that override others, indexed by the places that they cover.

use std::collections::{BTreeMap, BTreeSet};

use super::precedence::{Scope, TABLE};
use crate::lint::{Finding, Rule};
use crate::model::{Direction, PolicyId, Spot};
use crate::text::{SourceId, Span};

/// Whether other findings override one. A mistake in one overlay of a base says nothing about the
/// other overlays: a finding is overridden in those bundles that the other one names.
#[derive(Debug)]
pub(super) enum Overridden {
    Not,
    Everywhere,
    In(BTreeSet<String>),
}

/// The findings that can override others. A big repository has many policies, and a policy may have
/// many findings, so a loser only looks at the winners that cover its place.
pub(super) struct Winners<'a> {
    by_area: BTreeMap<(PolicyId, Area, &'static str), AreaWinners>,
    evidence: Vec<Evidence<'a>>,
}

/// A part of a policy that a winner can cover.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Area {
    Spot(Spot),
    Rule(Spot),
    Direction(Direction),
    Policy,
}

/// The findings of one rule in one area.
struct AreaWinners {
    rule: &'static Rule,
    /// Whether one of them is in all bundles.
    everywhere: bool,
    bundles: BTreeSet<String>,
}

/// A place of a winner that may be another finding's evidence.
struct Evidence<'a> {
    place: Span,
    /// The last end of this place and of all before it in its source.
    end: u32,
    winner: &'a Finding,
}

impl<'a> Winners<'a> {
    pub(super) fn among(findings: &'a [Finding]) -> Self {
        let mut found = Self { by_area: BTreeMap::new(), evidence: Vec::new() };
        for finding in findings {
            let entries = || TABLE.iter().filter(|entry| entry.winners.contain(finding.rule));
            let Some(at) = finding.at.filter(|_| entries().next().is_some()) else {
                continue;
            };
            for area in areas_of(at.spot) {
                let key = (at.policy, area, finding.rule.id);
                let area = found.by_area.entry(key).or_insert_with(|| AreaWinners {
                    rule: finding.rule,
                    everywhere: false,
                    bundles: BTreeSet::new(),
                });
                area.everywhere |= finding.bundles.is_empty();
                area.bundles.extend(finding.bundles.iter().cloned());
            }
            if entries().any(|entry| entry.scope.is_about_evidence()) {
                let places = std::iter::once(&finding.place).chain(&finding.suppression_spans);
                let evidence = |place: &Span| Evidence { place: *place, end: 0, winner: finding };
                found.evidence.extend(places.map(evidence));
            }
        }
        found.evidence.sort_by_key(|evidence| evidence.place);
        let mut last: Option<(SourceId, u32)> = None;
        for evidence in &mut found.evidence {
            let Span { source, end, .. } = evidence.place;
            let before = last.filter(|(of, _)| *of == source).map_or(0, |(_, end)| end);
            evidence.end = end.max(before);
            last = Some((source, evidence.end));
        }
        found
    }

    pub(super) fn overridden(&self, loser: &Finding) -> Overridden {
        let mut overridden = BTreeSet::new();
        let is_everywhere = |overridden: &BTreeSet<String>| {
            loser.bundles.iter().all(|name| overridden.contains(name))
        };
        for entry in TABLE.iter().filter(|entry| entry.losers.contain(loser.rule)) {
            let areas = loser.at.into_iter().flat_map(|at| {
                entry.scope.areas(at.spot).into_iter().map(move |area| (at.policy, area))
            });
            for (policy, area) in areas {
                let here = self
                    .by_area
                    .range((policy, area, "")..)
                    .take_while(|((of, at, _), _)| (*of, *at) == (policy, area));
                for (_, area) in here.filter(|(_, it)| entry.winners.contain(it.rule)) {
                    overridden.extend(area.bundles.iter().cloned());
                    if area.everywhere || is_everywhere(&overridden) {
                        return Overridden::Everywhere;
                    }
                }
            }
            if entry.scope.is_about_evidence() {
                for winner in self.in_evidence(loser).filter(|it| entry.winners.contain(it.rule)) {
                    overridden.extend(winner.bundles.iter().cloned());
                    if winner.bundles.is_empty() || is_everywhere(&overridden) {
                        return Overridden::Everywhere;
                    }
                }
            }
        }
        let shared = loser.bundles.iter().any(|name| overridden.contains(name));
        if shared { Overridden::In(overridden) } else { Overridden::Not }
    }

    /// The winners that have a related place of the loser among their places.
    fn in_evidence(&self, loser: &Finding) -> impl Iterator<Item = &'a Finding> {
        loser.related.iter().flat_map(|related| {
            let span = related.span;
            let to = self.evidence.partition_point(|it| it.place <= Span { end: u32::MAX, ..span });
            self.evidence[..to]
                .iter()
                .rev()
                .take_while(move |it| it.place.source == span.source && it.end >= span.end)
                .filter(move |it| it.place.contains(span))
                .map(|it| it.winner)
        })
    }
}

/// The areas that contain a place.
fn areas_of(spot: Spot) -> impl Iterator<Item = Area> {
    let rule = spot.rule_spot().map(Area::Rule);
    let direction = spot.direction().map(Area::Direction);
    [Area::Spot(spot), Area::Policy].into_iter().chain(rule).chain(direction)
}

impl Scope {
    /// Whether the loser's related places count.
    fn is_about_evidence(self) -> bool {
        matches!(self, Self::Evidence | Self::PolicyOrEvidence)
    }

    /// Where a winner that covers a loser at `loser` may be.
    fn areas(self, loser: Spot) -> Vec<Area> {
        let spots = |spots: Vec<Spot>| spots.into_iter().map(Area::Spot).collect();
        match self {
            Self::Dependent => spots(read_from(loser)),
            Self::PolicyTypes if is_about_types(loser) => {
                spots(vec![Spot::Spec, Spot::PolicyTypes])
            }
            Self::Port if matches!(loser, Spot::Port(..) | Spot::StatementPort(..)) => {
                spots(vec![loser])
            }
            Self::PolicyTypes | Self::Port | Self::Evidence => Vec::new(),
            Self::Neighbours => spots(neighbours(loser)),
            Self::Rule => loser.rule_spot().map(Area::Rule).into_iter().collect(),
            Self::Direction => loser.direction().map(Area::Direction).into_iter().collect(),
            Self::Policy | Self::PolicyOrEvidence => vec![Area::Policy],
        }
    }
}

/// The fields from which the field at `loser` is read: the field itself, a peer and everything in
/// it, a selector and its peer.
///
/// Not everything below, on purpose: an unknown key in `spec` or in a rule says nothing about its
/// sibling keys, and a second mistake there would be hidden until the first is fixed. A
/// namespaceSelector counts for all of its peer, because if it selects nothing, no pod is selected;
/// a podSelector does not count for the namespaceSelector next to it.
fn read_from(loser: Spot) -> Vec<Spot> {
    let mut found = vec![loser];
    if let (Some(d), Some(i), Some(j)) = (loser.direction(), loser.rule(), loser.peer()) {
        found.extend([Spot::Peer(d, i, j), Spot::PeerNamespaces(d, i, j)]);
        if matches!(loser, Spot::Peer(..)) {
            found.extend([Spot::PeerPods(d, i, j), Spot::PeerBlock(d, i, j)]);
        }
    }
    found
}

fn is_about_types(spot: Spot) -> bool {
    matches!(spot, Spot::Spec | Spot::PolicyTypes | Spot::Rules(_) | Spot::Rule(..))
}

/// The peer at `loser`, and the one after it: a winner covers its own and the one before.
fn neighbours(loser: Spot) -> Vec<Spot> {
    let (Some(d), Some(i), Some(j)) = (loser.direction(), loser.rule(), loser.peer()) else {
        return Vec::new();
    };
    let of_peer = |j| {
        [
            Spot::Peer(d, i, j),
            Spot::PeerPods(d, i, j),
            Spot::PeerNamespaces(d, i, j),
            Spot::PeerBlock(d, i, j),
        ]
    };
    [j, j + 1].into_iter().flat_map(of_peer).collect()
}

/// Whether a finding overrides others although its confidence is too low to be shown: two halves of
/// a peer explain why each matches nothing, even if both may be meant.
pub fn overrides_unshown(finding: &Finding) -> bool {
    finding.rule.id == "split-peer"
}

/// `findings` without those that a more specific one about the same place overrides.
pub fn apply(findings: Vec<Finding>) -> Vec<Finding> {
    let winners = Winners::among(&findings);
    let overridden: Vec<Overridden> =
        findings.iter().map(|loser| winners.overridden(loser)).collect();
    let kept =
        findings.into_iter().zip(overridden).filter_map(|(finding, overridden)| match overridden {
            Overridden::Not => Some(finding),
            Overridden::Everywhere => None,
            Overridden::In(bundles) => {
                let left = finding.bundles.iter().filter(|&name| !bundles.contains(name));
                Some(Finding { bundles: left.cloned().collect(), ..finding })
            }
        });
    kept.collect()
}

#[cfg(test)]
mod tests;
