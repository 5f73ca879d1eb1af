//! Findings to those that count: selection, thresholds, precedence, and the merging of the same
//! finding from several bundles.

mod fingerprint;
mod merge;
mod precedence;

pub use fingerprint::fingerprints;
pub use merge::merge;

use crate::lint::{Check, Confidence, Finding, RULES, Rule, Severity};
use crate::text::Sources;

/// Which findings are shown.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Rule ids to run (`all` for every one); empty for the default ones.
    pub select: Vec<String>,
    /// Rule ids to leave out.
    pub ignore: Vec<String>,
    /// Pedantic rules and notes too.
    pub pedantic: bool,
    /// The least severity shown; none for the default (`warning`, `note` when pedantic).
    pub min_severity: Option<Severity>,
    /// The least confidence shown; none for the default (`medium`).
    pub min_confidence: Option<Confidence>,
}

impl Selection {
    /// The rules that run.
    pub fn rules(&self) -> Vec<&'static Rule> {
        RULES
            .iter()
            .copied()
            .filter(|rule| self.runs(rule))
            .collect()
    }

    fn runs(&self, rule: &Rule) -> bool {
        if self.ignore.iter().any(|id| id == rule.id) {
            return false;
        }
        // What could not be read must be known, whichever rules are asked for.
        if matches!(rule.check, Check::Run) || self.names(rule) {
            return true;
        }
        self.select.is_empty() && (self.pedantic || !rule.pedantic)
    }

    fn names(&self, rule: &Rule) -> bool {
        self.select.iter().any(|id| id == rule.id || id == "all")
    }

    fn shows(&self, finding: &Finding) -> bool {
        let least = self.min_severity.unwrap_or_else(|| {
            // A rule that is a note by nature is wanted when it is asked for by name.
            let asked = self.pedantic
                || (self.names(finding.rule) && finding.rule.severity == Severity::Note);
            if asked {
                Severity::Note
            } else {
                Severity::Warning
            }
        });
        let sure = self.min_confidence.unwrap_or(Confidence::Medium);
        self.runs(finding.rule) && finding.severity >= least && finding.confidence >= sure
    }
}

/// The findings that count: those of the selected rules at or above the thresholds, of which the
/// most specific one of each cause speaks, in the order of path, position and rule.
pub fn settle(
    mut findings: Vec<Finding>,
    selection: &Selection,
    sources: &Sources,
) -> Vec<Finding> {
    findings.retain(|finding| selection.shows(finding));
    let mut findings = precedence::apply(findings);
    findings.sort_by(|a, b| order(a, sources).cmp(&order(b, sources)));
    findings.dedup_by(|later, first| {
        let same = later.rule.id == first.rule.id
            && later.place == first.place
            && later.message == first.message;
        if same {
            first.bundles.append(&mut later.bundles);
            first.bundles.sort();
            first.bundles.dedup();
        }
        same
    });
    findings
}

fn order<'a>(
    finding: &'a Finding,
    sources: &'a Sources,
) -> (&'a str, u32, u32, &'static str, &'a str) {
    let path = sources.get(finding.place.source).path.as_str();
    (
        path,
        finding.place.start,
        finding.place.end,
        finding.rule.id,
        &finding.message,
    )
}
