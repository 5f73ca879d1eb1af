//! Which findings are shown: the rules that are on, and the two thresholds.

use crate::lint::{Check, Confidence, Finding, Rule, Severity};

/// Which findings are shown.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Rule ids to run; empty for the default ones.
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

/// Stands for every rule, in [`Selection::select`] and [`Selection::ignore`].
const ALL: &str = "all";

impl Selection {
    /// Whether `rule` is on. What is said of the run itself (a file that is no YAML) is on
    /// whatever was selected: the other rules could not look there, and their silence would
    /// otherwise pass for a good result.
    pub fn is_on(&self, rule: &Rule) -> bool {
        if names(&self.ignore, rule) {
            return false;
        }
        if self.select.is_empty() {
            return self.pedantic || !rule.pedantic;
        }
        names(&self.select, rule) || matches!(rule.check, Check::Run)
    }

    /// Whether `finding` is to be shown, as far as its rule and the thresholds say.
    pub fn passes(&self, finding: &Finding) -> bool {
        let by_name = self.select.iter().any(|id| id == finding.rule.id);
        self.is_on(finding.rule)
            && (by_name || finding.severity >= self.least_severity())
            && finding.confidence >= self.min_confidence.unwrap_or(Confidence::Medium)
    }

    /// Who asks for everything asks for the notes too.
    fn least_severity(&self) -> Severity {
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
    use super::super::made_up;
    use super::*;

    /// What each of five findings is shown as, in short: default, pedantic note, run, run note,
    /// and a default rule that is unsure.
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
                let mut finding = made_up::finding(id, None, 0, "", &[]);
                finding.rule = made_up::rule(id, severity, pedantic, check);
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
    fn ignoring_wins_over_selecting() {
        let ignore = vec!["undeclared-port".to_owned(), "yaml-syntax".to_owned()];
        assert_eq!(shown(&Selection { ignore, ..select(&["all"]) }), "dn");
    }

    #[test]
    fn given_thresholds_replace_the_default_ones() {
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
}
