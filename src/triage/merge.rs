//! Merges the same finding from several bundles into one.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;

use crate::lint::Finding;
use crate::text::Span;

/// What makes findings of two bundles the same one: rule, place, and its ordinal there. The message
/// is not part of it: it may name the bundle's own objects.
type Same = (&'static str, Span, usize);

/// A finding and the bundles that have it.
struct Seen {
    finding: Finding,
    bundles: BTreeSet<String>,
}

/// The findings of bundles that are alternatives of one another (`dev/` and `prod/`), as one list
/// in the order in which they were first seen. A plain file can belong to several of them: a
/// finding in it counts only if every bundle that contains the file has it, and `holders` counts
/// those bundles. A file that several overlays build on belongs to none (`holders` returns 0): each
/// of them is deployed, so the finding need only be in one of them.
///
/// [`Finding::bundles`] then lists those bundles, unless there is only one.
pub fn merge(
    per_bundle: Vec<(String, Vec<Finding>)>,
    holders: &dyn Fn(Span) -> usize,
) -> Vec<Finding> {
    let only_one = per_bundle.len() == 1;
    let mut all: IndexMap<Same, Seen> = IndexMap::new();
    for (bundle, findings) in per_bundle {
        let mut ordinals: BTreeMap<(&str, Span), usize> = BTreeMap::new();
        for finding in findings {
            let ordinal = ordinals.entry((finding.rule.id, finding.place)).or_default();
            let key = (finding.rule.id, finding.place, *ordinal);
            *ordinal += 1;
            match all.get_mut(&key) {
                Some(seen) if holders(finding.place) > 0 => seen.again(finding, &bundle),
                Some(seen) => seen.also(finding, &bundle),
                None => {
                    let bundles = BTreeSet::from([bundle.clone()]);
                    all.insert(key, Seen { finding, bundles });
                }
            }
        }
    }
    all.into_values()
        .filter(|seen| seen.bundles.len() >= holders(seen.finding.place))
        .map(|seen| seen.named(only_one))
        .collect()
}

impl Seen {
    /// If all of them must have it, it is only as certain as in the least certain one, so that
    /// bundle's finding is reported. Its address belongs to another cluster and would not match its
    /// neighbours' (`At::policy` is an index), so the address of the first one stays.
    fn again(&mut self, other: Finding, bundle: &str) {
        let sure = |finding: &Finding| (finding.confidence, finding.severity);
        if sure(&other) < sure(&self.finding) {
            let at = self.finding.at;
            self.finding = Finding { at, ..other };
        }
        self.bundles.insert(bundle.to_owned());
    }

    /// One bundle is enough, so the most certain one is reported.
    fn also(&mut self, other: Finding, bundle: &str) {
        let sure = |finding: &Finding| (finding.confidence, finding.severity);
        if sure(&other) > sure(&self.finding) {
            let at = self.finding.at;
            self.finding = Finding { at, ..other };
        }
        self.bundles.insert(bundle.to_owned());
    }

    fn named(self, only_one: bool) -> Finding {
        let is_plain =
            |name: &&String| !simpler(name).iter().any(|name| self.bundles.contains(name));
        let bundles = match only_one {
            true => Vec::new(),
            false => self.bundles.iter().filter(is_plain).cloned().collect(),
        };
        Finding { bundles, ..self.finding }
    }
}

/// The names of the renderings of a chart that differ less from its defaults: for `shop (a=true,
/// b=true)`, `shop (a=true)` and `shop`.
fn simpler(name: &str) -> Vec<String> {
    let Some((chart, rest)) = name.strip_suffix(')').and_then(|name| name.split_once(" (")) else {
        return Vec::new();
    };
    let parts: Vec<&str> = rest.split(", ").collect();
    if !parts.iter().all(|part| part.contains('=') || part.ends_with("-values.yaml")) {
        return Vec::new();
    }
    let shorter = (1..parts.len()).map(|count| format!("{chart} ({})", parts[..count].join(", ")));
    shorter.chain([chart.to_owned()]).collect()
}

#[cfg(test)]
mod tests {
    use super::super::sample_findings::finding;
    use super::*;
    use crate::lint::Confidence;

    /// Places 0 and 1 are in a file of both bundles, the others in a file of one.
    fn holders(place: Span) -> usize {
        if place.source.0 == 0 { 2 } else { 1 }
    }

    fn summary(findings: &[Finding]) -> Vec<(&str, String)> {
        findings.iter().map(|f| (f.message.as_str(), f.bundles.join("+"))).collect()
    }

    #[test]
    fn a_shared_finding_counts_only_if_every_bundle_has_it() {
        let dev = vec![
            finding("split-peer", None, 0, "shared", &[]),
            finding("split-peer", None, 1, "only in dev", &[]),
            finding("split-peer", None, 2, "dev's own file", &[]),
        ];
        let prod = vec![finding("split-peer", None, 0, "shared", &[])];
        let merged = merge(vec![("prod".to_owned(), prod), ("dev".to_owned(), dev)], &holders);
        assert_eq!(
            summary(&merged),
            [("shared", "dev+prod".to_owned()), ("dev's own file", "dev".to_owned())]
        );
    }

    #[test]
    fn for_overlays_one_is_enough_and_the_most_certain_is_reported() {
        let of = |message| finding("split-peer", None, 0, message, &[]);
        let mut unsure = of("in dev");
        unsure.confidence = Confidence::Low;
        let merged = merge(
            vec![
                ("dev".to_owned(), vec![unsure]),
                ("prod".to_owned(), vec![of("in prod")]),
                ("test".to_owned(), vec![]),
            ],
            &|_| 0,
        );
        assert_eq!(summary(&merged), [("in prod", "dev+prod".to_owned())]);
    }

    #[test]
    fn of_the_renderings_of_a_chart_the_simplest_is_named() {
        let of = || vec![finding("split-peer", None, 0, "it", &[])];
        let named = |names: &[&str]| {
            let bundles = names.iter().map(|name| ((*name).to_owned(), of())).collect();
            let merged = merge(bundles, &|_| 0);
            merged[0].bundles.join(" + ")
        };
        assert_eq!(named(&["shop", "shop (a=true)", "shop (a=true, release=x)"]), "shop");
        let (on, other) = ("shop (a=true, b=1)", "shop (a=true, b=1, release=x)");
        assert_eq!(named(&[on, other, "shop (ci/a-values.yaml)"]).matches("shop").count(), 2);
        assert_eq!(named(&["dev", "dev (2)"]), "dev + dev (2)");
    }

    #[test]
    fn a_single_bundle_has_no_name() {
        let findings = vec![finding("split-peer", None, 2, "a", &[])];
        assert_eq!(
            summary(&merge(vec![("dev".to_owned(), findings)], &holders)),
            [("a", String::new())]
        );
    }

    #[test]
    fn the_least_confident_bundle_is_reported() {
        let mut unsure = finding("split-peer", None, 0, "in prod", &[]);
        unsure.confidence = Confidence::Low;
        let sure = finding("split-peer", None, 0, "in dev", &[]);
        let merged = merge(
            vec![("dev".to_owned(), vec![sure]), ("prod".to_owned(), vec![unsure])],
            &holders,
        );
        assert_eq!(summary(&merged), [("in prod", "dev+prod".to_owned())]);
    }

    #[test]
    fn two_findings_at_one_place_stay_two() {
        let both = || {
            vec![
                finding("unknown-named-port", None, 0, "http", &[]),
                finding("unknown-named-port", None, 0, "metrics", &[]),
            ]
        };
        let merged = merge(vec![("dev".to_owned(), both()), ("prod".to_owned(), both())], &holders);
        assert_eq!(summary(&merged).len(), 2);
    }
}
