//! Which findings are shown: the rules that are on, and the two thresholds.

use std::collections::BTreeMap;

use crate::lint::{Check, Confidence, Finding, Rule, Severity};
use crate::repo::PathSet;
use crate::text::Sources;

/// Which findings are shown.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Rule ids to run; empty for the default ones.
    pub select: Vec<String>,
    /// Rule ids to exclude.
    pub ignore: Vec<String>,
    /// Pedantic rules and notes as well.
    pub pedantic: bool,
    /// Also what could not be read or built and does not affect a policy.
    pub show_run: bool,
    /// The lowest severity shown; `None` for the default (`warning`, `note` when pedantic).
    pub min_severity: Option<Severity>,
    /// The lowest confidence shown; `None` for the default (`medium`).
    pub min_confidence: Option<Confidence>,
    /// Severities of rules that differ from the rules' own, by id.
    pub severity: BTreeMap<String, Severity>,
    /// Rules that are ignored in some files.
    pub per_path: Vec<PerPath>,
}

/// Rules that are ignored in some files.
#[derive(Clone, Debug)]
pub struct PerPath {
    /// The files.
    pub paths: PathSet,
    /// The rules' ids.
    pub ignore: Vec<String>,
}

/// The lowest confidence shown by default.
pub const LEAST_CONFIDENCE: Confidence = Confidence::Medium;

/// Every rule, in [`Selection::select`] and [`Selection::ignore`].
const ALL: &str = "all";

impl Selection {
    /// Whether `rule` is on. Rules about the run itself (a file that is not YAML) are on whatever
    /// is selected: the other rules could not check such a file, and their silence would otherwise
    /// look like a good result.
    pub fn is_on(&self, rule: &Rule) -> bool {
        if names(&self.ignore, rule) {
            return false;
        }
        if self.select.is_empty() {
            return self.pedantic || !rule.pedantic;
        }
        names(&self.select, rule) || matches!(rule.check, Check::Run)
    }

    /// Whether `finding` is shown, by its rule and the thresholds.
    pub fn passes(&self, finding: &Finding) -> bool {
        let is_run = matches!(finding.rule.check, Check::Run) && !finding.rule.pedantic;
        let by_name = self.show_run && is_run || self.select.iter().any(|id| id == finding.rule.id);
        self.is_on(finding.rule)
            && (by_name || finding.severity >= self.least_severity())
            && finding.confidence >= self.min_confidence.unwrap_or(LEAST_CONFIDENCE)
    }

    /// Whether a finding in a directory of tests or examples is shown: by default only an error of
    /// high confidence. Such files are often wrong on purpose.
    pub fn passes_in_tests(&self, finding: &Finding) -> bool {
        let is_asked_for = self.pedantic
            || self.min_severity.is_some()
            || self.min_confidence.is_some()
            || !self.select.is_empty();
        is_asked_for
            || (finding.severity, finding.confidence) == (Severity::Error, Confidence::High)
    }

    /// The finding with the severity that the configuration gives its rule. A finding that is
    /// milder than its rule (a template that is not YAML yet) does not become more severe.
    pub(super) fn regrade(&self, mut finding: Finding) -> Finding {
        if let Some(&severity) = self.severity.get(finding.rule.id) {
            let is_mild = finding.severity < finding.rule.severity;
            finding.severity = if is_mild { severity.min(finding.severity) } else { severity };
        }
        finding
    }

    /// Removes the findings in files in which their rules are ignored, and returns how many.
    pub fn apply_per_path(&self, findings: &mut Vec<Finding>, sources: &Sources) -> usize {
        let before = findings.len();
        findings.retain(|finding| {
            let path = &sources.get(finding.place.source).path;
            !self.per_path.iter().any(|entry| {
                entry.ignore.iter().any(|id| id == finding.rule.id) && entry.paths.holds(path)
            })
        });
        before - findings.len()
    }

    /// The lowest severity shown. Asking for everything includes notes.
    pub fn least_severity(&self) -> Severity {
        let everything = self.pedantic || self.select.iter().any(|id| id == ALL);
        let default = if everything { Severity::Note } else { Severity::Warning };
        self.min_severity.unwrap_or(default)
    }
}

fn names(ids: &[String], rule: &Rule) -> bool {
    ids.iter().any(|id| id == rule.id || id == ALL)
}

#[cfg(test)]
mod tests {
    use super::super::sample_findings;
    use super::*;

    /// The severity of each of five findings, abbreviated: default, pedantic note, run, run note,
    /// and a default rule of low confidence.
    fn shown(selection: &Selection) -> String {
        let cases = [
            ('d', "split-peer", Severity::Warning, false, Confidence::High, false),
            ('p', "undeclared-port", Severity::Note, true, Confidence::High, false),
            ('r', "yaml-syntax", Severity::Error, false, Confidence::High, true),
            ('n', "unknown-policy-kind", Severity::Note, false, Confidence::High, true),
            ('l', "ignored-rules", Severity::Error, false, Confidence::Low, false),
        ];
        cases
            .into_iter()
            .filter(|&(_, id, severity, pedantic, confidence, run)| {
                let check = if run { Check::Run } else { Check::Cluster(|_, _| ()) };
                let mut finding = sample_findings::finding(id, None, 0, "", &[]);
                finding.rule = sample_findings::rule(id, severity, pedantic, check);
                finding.severity = severity;
                finding.confidence = confidence;
                selection.passes(&finding)
            })
            .map(|(letter, ..)| letter)
            .collect()
    }

    fn select(ids: &[&str]) -> Selection {
        let select = ids.iter().map(|&id| id.to_owned()).collect();
        Selection { select, ..Selection::default() }
    }

    #[test]
    fn by_default_notes_pedantic_rules_and_guesses_are_not_shown() {
        assert_eq!(shown(&Selection::default()), "dr");
        assert_eq!(shown(&Selection { pedantic: true, ..Selection::default() }), "dprn");
    }

    #[test]
    fn selecting_turns_on_exactly_those_and_shows_notes() {
        assert_eq!(shown(&select(&["split-peer"])), "dr");
        assert_eq!(shown(&select(&["undeclared-port"])), "pr");
        assert_eq!(shown(&select(&["unknown-policy-kind"])), "rn");
        assert_eq!(shown(&select(&["all"])), "dprn");
        let strict = Selection {
            min_severity: Some(Severity::Error),
            ..select(&["undeclared-port", "split-peer"])
        };
        assert_eq!(shown(&strict), "dpr");
    }

    #[test]
    fn ignore_overrides_select() {
        let ignore = vec!["undeclared-port".to_owned(), "yaml-syntax".to_owned()];
        assert_eq!(shown(&Selection { ignore, ..select(&["all"]) }), "dn");
    }

    #[test]
    fn thresholds_replace_the_defaults() {
        let of = |min_severity, min_confidence, pedantic| Selection {
            min_severity,
            min_confidence,
            pedantic,
            ..Selection::default()
        };
        assert_eq!(shown(&of(Some(Severity::Note), None, false)), "drn");
        assert_eq!(shown(&of(Some(Severity::Error), None, true)), "r");
        assert_eq!(shown(&of(None, Some(Confidence::Low), false)), "drl");
    }

    #[test]
    fn a_configured_severity_does_not_raise_milder_findings() {
        let graded = |own, was, severity| {
            let mut finding = sample_findings::finding("split-peer", None, 0, "", &[]);
            finding.rule =
                sample_findings::rule("split-peer", own, false, Check::Cluster(|_, _| ()));
            finding.severity = was;
            let severity = BTreeMap::from([("split-peer".to_owned(), severity)]);
            Selection { severity, ..Selection::default() }.regrade(finding).severity
        };
        use Severity::{Error, Note, Warning};
        assert_eq!(graded(Warning, Warning, Error), Error);
        assert_eq!(graded(Error, Error, Note), Note);
        assert_eq!(graded(Error, Note, Warning), Note);
        assert_eq!(graded(Error, Warning, Note), Note);
        assert_eq!(graded(Note, Warning, Error), Error);
    }
}
