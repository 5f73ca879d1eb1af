//! The same finding from several bundles is one.

use std::collections::BTreeMap;

use crate::lint::Finding;
use crate::text::{SourceId, Span};

/// Merges what the bundles' clusters found. A file that stands in several alternatives is only
/// wrong if it is wrong in all of them: a finding counts if every bundle that holds its file has
/// it. `holders` says how many do. With more than one bundle in the repository, each finding
/// carries the names of those it was seen in.
pub fn merge(
    per_bundle: Vec<(String, Vec<Finding>)>,
    holders: &BTreeMap<SourceId, usize>,
) -> Vec<Finding> {
    let is_alone = per_bundle.len() < 2;
    let mut merged: BTreeMap<(Span, &'static str), (usize, Vec<Finding>)> = BTreeMap::new();
    for (name, findings) in per_bundle {
        let mut seen_here: Vec<(Span, &'static str)> = Vec::new();
        for mut finding in findings {
            let key = (finding.place, finding.rule.id);
            let (bundles, kept) = merged.entry(key).or_default();
            if !seen_here.contains(&key) {
                *bundles += 1;
                seen_here.push(key);
            }
            if !is_alone {
                finding.bundles = vec![name.clone()];
            }
            kept.push(finding);
        }
    }
    let mut found = Vec::new();
    for ((place, _), (bundles, findings)) in merged {
        if bundles < holders.get(&place.source).copied().unwrap_or(1) {
            continue;
        }
        let mut findings = findings.into_iter();
        let Some(mut first) = findings.next() else {
            continue;
        };
        let (same, others): (Vec<_>, Vec<_>) =
            findings.partition(|finding| finding.bundles != first.bundles);
        first
            .bundles
            .extend(same.into_iter().flat_map(|finding| finding.bundles));
        first.bundles.sort();
        first.bundles.dedup();
        found.push(first);
        found.extend(others);
    }
    found
}
