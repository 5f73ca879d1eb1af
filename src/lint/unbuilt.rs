//! Rules about what could not be built of kustomizations and charts. Their findings are created
//! here from the faults of the `bundle` stage.

use super::run::YAML_LIMIT;
use super::{Finding, Related, Rule, Severity};
use crate::bundle::{Fault, FaultKind};

/// What `kustomize build` rejects.
pub static KUSTOMIZE_ERROR: Rule = Rule::about_run(
    "kustomize-error",
    Severity::Error,
    include_str!("../../rules/kustomize-error.md"),
);
/// What is remote and not downloaded.
pub static UNRESOLVED_REMOTE: Rule = Rule {
    pedantic: true,
    ..Rule::about_run(
        "unresolved-remote",
        Severity::Note,
        include_str!("../../rules/unresolved-remote.md"),
    )
};
/// Policies in chart templates that render none.
pub static UNRENDERED_CHART: Rule = Rule::about_run(
    "unrendered-chart",
    Severity::Note,
    include_str!("../../rules/unrendered-chart.md"),
);
/// A chart that does not render.
pub static RENDER_ERROR: Rule =
    Rule::about_run("render-error", Severity::Error, include_str!("../../rules/render-error.md"));

/// A finding about something that could not be built.
pub fn finding(fault: &Fault) -> Finding {
    let rule = match fault.kind {
        FaultKind::Refused | FaultKind::Absent => &KUSTOMIZE_ERROR,
        FaultKind::Remote | FaultKind::NotEvaluated | FaultKind::Unapplied => &UNRESOLVED_REMOTE,
        FaultKind::Limit => &YAML_LIMIT,
        FaultKind::Unrendered => &UNRENDERED_CHART,
        FaultKind::Asked | FaultKind::Render => &RENDER_ERROR,
    };
    let mut finding = Finding::new(rule, fault.place, fault.message.clone(), fault.help.clone());
    // Those are errors only if a policy is lost, which `again` decides.
    let is_mild = matches!(
        fault.kind,
        FaultKind::Absent | FaultKind::Asked | FaultKind::Refused | FaultKind::Render
    );
    if is_mild {
        finding.severity = Severity::Note;
    }
    fault.related.iter().fold(finding, |finding, (span, message)| finding.related(*span, message))
}

/// The templates that render no policy: one finding for all of them.
pub fn unrendered(faults: &[&Fault]) -> Option<Finding> {
    let (first, others) = faults.split_first()?;
    let mut finding = self::finding(first);
    if !others.is_empty() {
        let more = others.len();
        let templates = if more == 1 { "template" } else { "templates" };
        finding.message.push_str(&format!(" (and {more} more {templates})"));
    }
    others.iter().for_each(|fault| again(&mut finding, fault, false));
    Some(finding)
}

/// Adds the same fault at another line of the file, or one that appears once the first is fixed;
/// and whether a policy is lost with what could not be built.
pub fn again(finding: &mut Finding, fault: &Fault, is_policy_lost: bool) {
    if is_policy_lost && matches!(fault.kind, FaultKind::Refused | FaultKind::Render) {
        finding.severity = finding.rule.severity;
    }
    let is_known = fault.place == finding.place
        || finding.related.last().is_some_and(|related| related.span == fault.place);
    if !is_known {
        let is_same = finding.message == fault.message;
        let message = if is_same { "also here".to_owned() } else { fault.message.clone() };
        finding.related.push(Related { span: fault.place, message });
    }
}
