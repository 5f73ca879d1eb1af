//! Holding findings back: first what is suppressed beside them, then what is in the baseline.

use std::collections::BTreeSet;

use super::Selection;
use super::baseline::{Baseline, Entry};
use super::fingerprint::fingerprints;
use super::order::sort_and_unite;
use super::suppress::{Suppressed, Suppressions};
use crate::lint::Finding;
use crate::text::Sources;

/// What is left to report, and what was held back.
#[derive(Debug, Default)]
pub struct Held {
    /// The findings to report, in order, each with its fingerprint.
    pub findings: Vec<Finding>,
    /// What comments and annotations hold back.
    pub suppressed: Vec<Suppressed>,
    /// How many findings the baseline holds back.
    pub baselined: usize,
    /// The baseline's entries that are no finding any more.
    pub stale: Vec<Entry>,
}

/// Gives each finding its fingerprint. Equals are numbered in their order, so this comes before
/// anything is held back: what is accepted must not rename its neighbours.
pub fn name(findings: &mut [Finding], sources: &Sources) {
    let names = fingerprints(findings, sources);
    for (finding, fingerprint) in findings.iter_mut().zip(names) {
        finding.fingerprint = fingerprint;
    }
}

/// Holds back what `suppressions` and the `baseline` accept of the settled `findings`, and adds
/// what is to be said of suppressions that are not needed. `looked_at` says whether the finding
/// of an entry would be among these.
pub fn hold_back(
    mut findings: Vec<Finding>,
    suppressions: &Suppressions,
    baseline: Option<&Baseline>,
    selection: &Selection,
    sources: &Sources,
    looked_at: &dyn Fn(&Entry) -> bool,
) -> Held {
    name(&mut findings, sources);
    let unused = suppressions.unused(selection, sources).into_iter();
    let unused = unused.filter(|finding| selection.passes(finding)).collect();
    let mut unused = sort_and_unite(unused, sources);
    name(&mut unused, sources);
    findings.append(&mut unused);
    let (mut findings, suppressed) = suppressions.part(sort_and_unite(findings, sources), sources);
    let mut held = Held { suppressed, ..Held::default() };
    if let Some(baseline) = baseline {
        let suppressed = held.suppressed.iter().map(|suppressed| &suppressed.finding);
        let seen: BTreeSet<&str> =
            findings.iter().chain(suppressed).map(|f| f.fingerprint.as_str()).collect();
        held.stale = baseline.stale(&seen, selection, looked_at);
        let before = findings.len();
        findings.retain(|finding| !baseline.holds(finding));
        held.baselined = before - findings.len();
    }
    held.findings = findings;
    held
}
