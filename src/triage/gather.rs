//! One finding for one line that affects many policies.

use std::collections::BTreeMap;

use crate::lint::Finding;
use crate::text::Span;

/// The rules whose findings may be about a line outside the policy, or one that is used by several
/// selectors: that line must be fixed once, for all of them.
const GATHERED: [&str; 4] =
    [OF_OVERLAY, "orphaned-namespace-selector", "orphaned-peer-selector", "orphaned-pod-selector"];

/// The most places that are shown with one finding.
const SHOWN: usize = 5;

/// `findings`, which are in the order of a report, with those of one line gathered into one: the
/// first, which counts the others.
pub fn gather(findings: Vec<Finding>) -> Vec<Finding> {
    let mut gathered: Vec<Finding> = Vec::with_capacity(findings.len());
    let mut first: BTreeMap<Line, (usize, usize)> = BTreeMap::new();
    for finding in findings {
        if !GATHERED.contains(&finding.rule.id) {
            gathered.push(finding);
            continue;
        }
        let next = (gathered.len(), 0);
        let (at, more) = first.entry(line(&finding)).or_insert(next);
        match gathered.get_mut(*at) {
            None => gathered.push(finding),
            Some(first) => {
                *more += 1;
                join(first, finding);
            }
        }
    }
    for (at, more) in first.into_values().filter(|(_, more)| *more > 0) {
        let what =
            if more == 1 { "1 more selector".to_owned() } else { format!("{more} more selectors") };
        gathered[at].message.push_str(&format!("; the same happens to {what}"));
    }
    gathered
}

/// A line, and, unless an overlay is the cause, the bundles in which it has the effect: a finding
/// that is overridden in one bundle must not be reported through another one.
type Line = (Span, Vec<String>);

fn line(finding: &Finding) -> Line {
    let of_overlay = finding.rule.id == OF_OVERLAY;
    (finding.place, if of_overlay { Vec::new() } else { finding.bundles.clone() })
}

/// The rule whose findings are all about a kustomization's line.
const OF_OVERLAY: &str = "kustomize-rewrites-peer";

fn join(first: &mut Finding, other: Finding) {
    for related in other.related {
        if first.related.len() < SHOWN
            && first.related.iter().all(|known| known.span != related.span)
        {
            first.related.push(related);
        }
    }
    first.confidence = first.confidence.max(other.confidence);
    first.suppression_spans.extend(other.suppression_spans);
    first.bundles.extend(other.bundles);
    first.bundles.sort_unstable();
    first.bundles.dedup();
}

#[cfg(test)]
mod tests {
    use super::super::sample_findings::finding;
    use super::*;

    #[test]
    fn a_line_is_reported_once_for_all_its_effects() {
        let of = |id, place, message: &str, bundle| finding(id, None, place, message, &[bundle]);
        let found = gather(vec![
            of("kustomize-rewrites-peer", 0, "it adds a label to one", "dev"),
            of("kustomize-rewrites-peer", 0, "it adds a label to two", "prod"),
            of("kustomize-rewrites-peer", 1, "another line", "dev"),
            of("split-peer", 0, "another rule", "dev"),
            of("split-peer", 0, "another rule again", "dev"),
        ]);
        let listed: Vec<_> =
            found.iter().map(|f| (f.message.as_str(), f.bundles.join("+"))).collect();
        assert_eq!(
            listed,
            [
                (
                    "it adds a label to one; the same happens to 1 more selector",
                    "dev+prod".to_owned()
                ),
                ("another line", "dev".to_owned()),
                ("another rule", "dev".to_owned()),
                ("another rule again", "dev".to_owned()),
            ]
        );
    }
}
