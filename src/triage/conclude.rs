//! The last step of a run: which findings are reported.

use std::collections::BTreeSet;

use fixedbitset::FixedBitSet;

use super::{Baseline, Entry, Selection, Suppressions, Triaged, apply_suppressions, reportable};
use crate::assemble::Reported;
use crate::bundle::Grouping;
use crate::lint::Finding;

/// What decides which findings of a run are reported.
pub(crate) struct Triage<'a> {
    pub(crate) selection: &'a Selection,
    pub(crate) baseline: Option<&'a Baseline>,
    pub(crate) grouping: &'a Grouping,
    pub(crate) reported: Reported<'a>,
    /// The objects that are reported on, by number.
    pub(crate) objects: &'a FixedBitSet,
    /// The paths of the command line, relative to the root.
    pub(crate) given: &'a [String],
}

impl Triage<'_> {
    /// The findings to report: without those that are suppressed, in the baseline, ignored by their
    /// path, or hidden because they are in tests.
    pub(crate) fn conclude(&self, findings: Vec<Finding>) -> Triaged {
        let Reported { assembly, repo } = self.reported;
        let (selection, sources) = (self.selection, &assembly.sources);
        let policies = self.objects.ones().filter_map(|id| {
            let object = &assembly.objects[id];
            Some((&object.head, object.policy_tree()?))
        });
        let comments = &assembly.loaded.comments;
        let mut suppressions = Suppressions::find(comments, policies, sources);
        suppressions.note_used(&findings, sources);
        let path = |finding: &Finding| sources.get(finding.place.source).path.as_str();
        let below: BTreeSet<(&str, &str)> = findings
            .iter()
            .filter(|finding| !selection.passes(finding))
            .map(|finding| (finding.rule.id, path(finding)))
            .collect();
        let mut findings = reportable(findings, selection, sources);
        let ignored = selection.apply_per_path(&mut findings, sources);
        let all = findings.len();
        findings
            .retain(|finding| selection.passes_in_tests(finding) || !self.is_quiet_test(finding));
        let in_test_directories = all - findings.len();
        let files = repo.files.iter();
        let reported: BTreeSet<&str> =
            files.filter(|f| f.reported).map(|f| f.path.as_str()).collect();
        // A deleted file counts as checked; an existing one may not be part of this run. A finding
        // below a threshold still matches its entry.
        let looked_at = |entry: &Entry| {
            let path = entry.path.as_str();
            let is_below = below.contains(&(entry.rule.as_str(), path));
            !is_below && (reported.contains(path) || !repo.root.join(path).exists())
        };
        let triaged = apply_suppressions(
            findings,
            &suppressions,
            self.baseline,
            selection,
            sources,
            &looked_at,
        );
        Triaged { ignored, in_test_directories, ..triaged }
    }

    /// Whether a finding is in a directory of tests or examples, and neither that directory nor
    /// anything in it was given as a path.
    fn is_quiet_test(&self, finding: &Finding) -> bool {
        let path = self.reported.assembly.sources.get(finding.place.source).path.as_str();
        let trial = |path: &str| self.grouping.trial(path);
        let is_given = |given: &String| {
            let below = format!("{given}/");
            trial(&format!("{below}.")).is_some() && path.starts_with(&below) || path == *given
        };
        trial(path).is_some() && !self.given.iter().any(is_given)
    }
}
