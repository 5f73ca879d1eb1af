//! Rules about expectations: those that the policies do not keep to, and those that can't be
//! judged. Their findings are made here from what [`crate::expect`] says.

use super::{Finding, Rule, Severity};
use crate::expect::{Outcome, TestResult};

/// A connection is not as an expectation says.
pub static FAILED: Rule = Rule::about_run(
    "failed-expectation",
    Severity::Error,
    include_str!("../../rules/failed-expectation.md"),
);

/// An expectation that can't be judged.
pub static INVALID: Rule = Rule::about_run(
    "invalid-expectation",
    Severity::Error,
    include_str!("../../rules/invalid-expectation.md"),
);

/// What became of an expectation, as a finding; none where the policies keep to it.
pub fn finding(result: &TestResult) -> Option<Finding> {
    let (rule, severity) = match result.outcome {
        Outcome::Passed => return None,
        Outcome::Unknown => (&FAILED, Severity::Warning),
        Outcome::Failed => (&FAILED, Severity::Error),
        Outcome::Invalid => (&INVALID, Severity::Error),
    };
    let help = match result.reason.is_empty() {
        true => result.help.clone(),
        false => format!("{} (the reason given: {})", result.help, result.reason),
    };
    let mut finding = Finding::new(rule, result.place, result.message.clone(), help);
    finding.severity = severity;
    for evidence in &result.evidence {
        finding = finding.related(evidence.span, evidence.message.clone());
    }
    finding.bundles.clone_from(&result.clusters);
    Some(finding)
}
