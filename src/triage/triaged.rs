//! Applies suppressions and the baseline.

use std::collections::BTreeSet;

use super::Selection;
use super::baseline::{Baseline, Entry};
use super::fingerprint::fingerprints;
use super::order::sort_and_unite;
use super::suppress::{Suppressed, Suppressions};
use crate::lint::Finding;
use crate::text::Sources;

/// What is left to report, and what is not reported.
#[derive(Debug, Default)]
pub struct Triaged {
    /// The findings to report, in order, each with its fingerprint.
    pub findings: Vec<Finding>,
    /// What comments and annotations suppress.
    pub suppressed: Vec<Suppressed>,
    /// How many findings are in the baseline.
    pub baselined: usize,
    /// Baseline entries that no longer match a finding.
    pub stale: Vec<Entry>,
    /// How many findings the configuration ignores by their path.
    pub ignored: usize,
    /// How many findings are in directories of tests and examples, and hidden.
    pub in_test_directories: usize,
}

/// Assigns each finding its fingerprint. Equal ones are numbered in their order, so this comes
/// before any are removed: accepting one must not rename the others.
pub fn assign_fingerprints(findings: &mut [Finding], sources: &Sources) {
    let names = fingerprints(findings, sources);
    for (finding, fingerprint) in findings.iter_mut().zip(names) {
        finding.fingerprint = fingerprint;
    }
}

/// Removes the reportable `findings` that `suppressions` and the `baseline` accept, and adds
/// findings about unused suppressions. `looked_at`: whether this run would have found the finding
/// of an entry.
pub fn apply_suppressions(
    mut findings: Vec<Finding>,
    suppressions: &Suppressions,
    baseline: Option<&Baseline>,
    selection: &Selection,
    sources: &Sources,
    looked_at: &dyn Fn(&Entry) -> bool,
) -> Triaged {
    assign_fingerprints(&mut findings, sources);
    let unused = suppressions.unused(selection, sources).into_iter();
    let unused = unused.filter(|finding| selection.passes(finding)).collect();
    let mut unused = sort_and_unite(unused, sources);
    assign_fingerprints(&mut unused, sources);
    findings.append(&mut unused);
    let (mut findings, suppressed) = suppressions.part(sort_and_unite(findings, sources), sources);
    let mut triaged = Triaged { suppressed, ..Triaged::default() };
    if let Some(baseline) = baseline {
        let suppressed = triaged.suppressed.iter().map(|suppressed| &suppressed.finding);
        let seen: BTreeSet<&str> =
            findings.iter().chain(suppressed).map(|f| f.fingerprint.as_str()).collect();
        triaged.stale = baseline.stale(&seen, selection, looked_at);
        let before = findings.len();
        findings.retain(|finding| !baseline.holds(finding));
        triaged.baselined = before - findings.len();
    }
    triaged.findings = findings;
    triaged
}
