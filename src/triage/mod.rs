//! Findings to those that are reported: selection, thresholds, precedence, merging the same finding
//! from several bundles, suppressions and the baseline.
//!
//! The order is [`merge`], then [`reportable`], then [`apply_suppressions`]: a finding that only
//! one bundle has, and that is therefore dropped, must not have overridden another one before.
//! `Triage` does the last two for a run.

mod baseline;
mod conclude;
mod fingerprint;
mod gather;
mod merge;
mod order;
mod precedence;
mod selection;
mod suppress;
mod triaged;
mod winners;

pub use baseline::{Baseline, Entry};
pub(crate) use conclude::Triage;
pub use fingerprint::{fingerprints, identities};
pub use merge::merge;
pub use precedence::{Precedence, Rules, Scope, TABLE};
pub use selection::{LEAST_CONFIDENCE, PerPath, Selection};
pub use suppress::{Suppressed, Suppressions};
pub use triaged::{Triaged, apply_suppressions, assign_fingerprints};

use crate::lint::Finding;
use crate::text::Sources;

/// The findings to report, of all that the rules found: those that pass `selection` and its
/// thresholds and that no more specific finding about the same place overrides, in the order path,
/// position, rule. The order of `findings` makes no difference, and a second call changes nothing.
pub fn reportable(
    findings: Vec<Finding>,
    selection: &Selection,
    sources: &Sources,
) -> Vec<Finding> {
    let graded = findings.into_iter().map(|finding| selection.regrade(finding));
    let is_candidate = |finding: &Finding| {
        selection.passes(finding)
            || (winners::overrides_unshown(finding) && selection.is_on(finding.rule))
    };
    let candidates = graded.filter(is_candidate).collect();
    let mut left = winners::apply(order::sort_and_unite(candidates, sources));
    left.retain(|finding| selection.passes(finding));
    gather::gather(left)
}

#[cfg(test)]
mod sample_findings;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::sample_findings::{self, Sample};
    use super::*;

    /// Ids on both sides of the table, and one of a pedantic note.
    const IDS: [&str; 8] = [
        "dns-wrong-target",
        "host-network-target",
        "invalid-selector",
        "missing-dns-egress",
        "missing-namespace-selector",
        "orphaned-peer-selector",
        "split-peer",
        "undeclared-port",
    ];

    fn samples() -> impl Strategy<Value = Sample> {
        (0..IDS.len(), 0..9usize, 0..4u32, 0..2u32, "[ab]", 0..3usize).prop_map(
            |(id, spot, place, policy, message, bundle)| Sample {
                id: IDS[id],
                policy,
                spot: sample_findings::SPOTS[spot],
                place,
                message,
                bundles: ["", "dev", "prod"][bundle..].first().into_iter().copied().collect(),
            },
        )
    }

    fn build(samples: &[Sample]) -> Vec<Finding> {
        samples.iter().map(Sample::finding).collect()
    }

    fn found(findings: &[Finding]) -> Vec<String> {
        findings.iter().map(|finding| format!("{finding:?}")).collect()
    }

    proptest! {
        #[test]
        fn the_order_of_the_findings_makes_no_difference(
            samples in prop::collection::vec(samples(), 0..24).prop_flat_map(|samples| {
                (Just(samples.clone()), Just(samples).prop_shuffle())
            }),
        ) {
            let sources = sample_findings::sources();
            let selection = Selection { pedantic: true, ..Selection::default() };
            let one = reportable(build(&samples.0), &selection, &sources);
            let other = reportable(build(&samples.1), &selection, &sources);
            prop_assert_eq!(found(&one), found(&other));
        }

        #[test]
        fn triaging_twice_changes_nothing(samples in prop::collection::vec(samples(), 0..24)) {
            let sources = sample_findings::sources();
            let once = reportable(build(&samples), &Selection::default(), &sources);
            let twice = reportable(once.clone(), &Selection::default(), &sources);
            prop_assert_eq!(found(&once), found(&twice));
        }
    }

    #[test]
    fn findings_are_sorted_by_path_position_and_rule_and_duplicates_merged() {
        let sources = sample_findings::sources();
        let of = |id, place, bundle: &'static str| {
            sample_findings::finding(id, None, place, "same words", &[bundle])
        };
        let findings = vec![
            of("split-peer", 1, "prod"),
            of("unknown-named-port", 3, "dev"),
            of("ignored-rules", 1, "dev"),
            of("split-peer", 1, "dev"),
            of("split-peer", 0, "dev"),
        ];
        let found: Vec<_> = reportable(findings, &Selection::default(), &sources)
            .iter()
            .map(|finding| {
                let path = sources.get(finding.place.source).path.clone();
                (path, finding.place.start, finding.rule.id, finding.bundles.join("+"))
            })
            .collect();
        let expected = [
            ("a.yaml", 2, "unknown-named-port", "dev"),
            ("b.yaml", 0, "split-peer", "dev"),
            ("b.yaml", 2, "ignored-rules", "dev"),
            ("b.yaml", 2, "split-peer", "dev+prod"),
        ]
        .map(|(path, start, id, bundles)| (path.to_owned(), start, id, bundles.to_owned()));
        assert_eq!(found, expected);
    }
}
