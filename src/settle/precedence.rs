//! One cause, one finding: where several rules see the same cause, the most specific speaks.

use std::collections::HashMap;

use crate::lint::Finding;
use crate::model::{At, Spot};

/// Which places count as the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scope {
    /// The same peer, or the same `spec.podSelector`.
    Selector,
    /// The same rule of the policy.
    Rule,
    /// The same direction of the policy.
    Direction,
    /// What stands at or below the winner's place: the whole policy for `spec` and
    /// `spec.podSelector`, the rule for anything in a rule.
    Dependent,
}

/// Rules that speak before others about the same place.
struct Entry {
    winners: &'static [&'static str],
    /// None for every other rule.
    losers: Option<&'static [&'static str]>,
    scope: Scope,
}

/// What the API server refuses.
const REFUSALS: &[&str] = &[
    "invalid-peer",
    "invalid-port",
    "invalid-selector",
    "unknown-field",
];

const ORPHANS: &[&str] = &["orphaned-peer-selector", "orphaned-pod-selector"];

const TABLE: &[Entry] = &[
    // The API server refuses the field, so what depends on it was never meant as it is read.
    Entry {
        winners: REFUSALS,
        losers: None,
        scope: Scope::Dependent,
    },
    // DNS is missing because this one rule misses it.
    Entry {
        winners: &[
            "dns-single-protocol",
            "dns-wrong-target",
            "invalid-peer",
            "invalid-port",
            "invalid-selector",
            "namespace-label-by-name",
            "unknown-field",
        ],
        losers: Some(&["missing-dns-egress"]),
        scope: Scope::Direction,
    },
    // A DNS peer without its namespace selects nothing at home: the same mistake, less precisely.
    Entry {
        winners: &["dns-wrong-target"],
        losers: Some(&["missing-namespace-selector", "orphaned-peer-selector"]),
        scope: Scope::Rule,
    },
    Entry {
        winners: &["namespace-label-by-name"],
        losers: Some(ORPHANS),
        scope: Scope::Selector,
    },
    // Joining the two halves gives the podSelector its namespace.
    Entry {
        winners: &["split-peer"],
        losers: Some(&["missing-namespace-selector", "orphaned-peer-selector"]),
        scope: Scope::Rule,
    },
    // All of these say why no pod is selected.
    Entry {
        winners: &["labels-on-workload-not-pod", "missing-namespace-selector"],
        losers: Some(ORPHANS),
        scope: Scope::Selector,
    },
];

/// The findings without those that a more specific one has said already.
pub(super) fn apply(findings: Vec<Finding>) -> Vec<Finding> {
    let mut by_policy: HashMap<u32, Vec<(&'static str, Spot)>> = HashMap::new();
    for finding in &findings {
        if let Some(At { policy, spot }) = finding.at {
            by_policy
                .entry(policy)
                .or_default()
                .push((finding.rule.id, spot));
        }
    }
    let is_silenced = |finding: &Finding| {
        let Some(At { policy, spot }) = finding.at else {
            return false;
        };
        let others = by_policy.get(&policy).map_or(&[][..], Vec::as_slice);
        others
            .iter()
            .any(|(winner, at)| silences((winner, *at), (finding.rule.id, spot)))
    };
    let silenced: Vec<bool> = findings.iter().map(is_silenced).collect();
    findings
        .into_iter()
        .zip(silenced)
        .filter(|(_, gone)| !gone)
        .map(|(kept, _)| kept)
        .collect()
}

fn silences(winner: (&str, Spot), loser: (&str, Spot)) -> bool {
    winner.0 != loser.0
        && TABLE.iter().any(|entry| {
            let loses = match entry.losers {
                Some(losers) => losers.contains(&loser.0),
                None => !entry.winners.contains(&loser.0),
            };
            loses && entry.winners.contains(&winner.0) && entry.scope.holds(winner.1, loser.1)
        })
}

impl Scope {
    fn holds(self, winner: Spot, loser: Spot) -> bool {
        let same_rule = winner.direction() == loser.direction() && winner.rule() == loser.rule();
        match self {
            Self::Selector if winner.peer().is_some() => same_rule && winner.peer() == loser.peer(),
            Self::Selector => winner == Spot::PodSelector && loser == Spot::PodSelector,
            Self::Rule => winner.rule().is_some() && same_rule,
            Self::Direction => {
                winner.direction().is_some() && winner.direction() == loser.direction()
            }
            Self::Dependent => match winner {
                Spot::Metadata => false,
                Spot::Spec | Spot::PodSelector | Spot::PolicyTypes => true,
                _ if winner.rule().is_some() => same_rule,
                _ => winner.direction() == loser.direction(),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::rule;
    use crate::model::Direction::{Egress, Ingress};

    #[test]
    fn every_id_of_the_table_is_a_rule() {
        for entry in TABLE {
            for id in entry.winners.iter().chain(entry.losers.unwrap_or_default()) {
                assert!(rule(id).is_some(), "{id}");
            }
        }
    }

    #[test]
    fn the_most_specific_speaks() {
        let yes = [
            (
                ("invalid-selector", Spot::PodSelector),
                ("missing-dns-egress", Spot::Rules(Egress)),
            ),
            (
                ("unknown-field", Spot::Spec),
                ("implicit-ingress-isolation", Spot::Rules(Egress)),
            ),
            (
                ("invalid-port", Spot::Port(Egress, 0, 1)),
                ("dns-single-protocol", Spot::Port(Egress, 0, 0)),
            ),
            (
                ("dns-wrong-target", Spot::PeerPods(Egress, 1, 0)),
                ("missing-dns-egress", Spot::Rules(Egress)),
            ),
            (
                ("dns-wrong-target", Spot::PeerPods(Egress, 1, 0)),
                ("orphaned-peer-selector", Spot::PeerPods(Egress, 1, 0)),
            ),
            (
                ("split-peer", Spot::Peer(Ingress, 0, 1)),
                ("missing-namespace-selector", Spot::PeerPods(Ingress, 0, 0)),
            ),
            (
                ("missing-namespace-selector", Spot::PeerPods(Egress, 0, 2)),
                ("orphaned-peer-selector", Spot::PeerPods(Egress, 0, 2)),
            ),
            (
                ("labels-on-workload-not-pod", Spot::PodSelector),
                ("orphaned-pod-selector", Spot::PodSelector),
            ),
        ];
        for (winner, loser) in yes {
            assert!(silences(winner, loser), "{winner:?} before {loser:?}");
            assert!(!silences(loser, winner), "{loser:?} not before {winner:?}");
        }
        let no = [
            (
                ("dns-wrong-target", Spot::PeerPods(Egress, 1, 0)),
                ("orphaned-peer-selector", Spot::PeerPods(Egress, 0, 0)),
            ),
            (
                ("missing-namespace-selector", Spot::PeerPods(Egress, 0, 2)),
                ("orphaned-peer-selector", Spot::PeerPods(Egress, 0, 1)),
            ),
            (
                ("unknown-field", Spot::Metadata),
                ("missing-dns-egress", Spot::Rules(Egress)),
            ),
            (
                ("invalid-port", Spot::Port(Ingress, 0, 0)),
                ("missing-dns-egress", Spot::Rules(Egress)),
            ),
        ];
        for (winner, loser) in no {
            assert!(
                !silences(winner, loser),
                "{winner:?} does not speak for {loser:?}"
            );
        }
    }
}
