//! Checks that a round of edits fixed what it was meant to fix, and broke nothing.

use std::collections::{BTreeMap, BTreeSet};

use super::Change;
use super::edits::Chosen;
use crate::lint::{Finding, Severity};
use crate::text::{SourceId, Sources};
use crate::triage::identities;
use crate::yaml::{self, Limits};

const DOES_NOT_PARSE: &str = "its fixes would make it invalid YAML";
const STILL_THERE: &str = "a fix does not resolve its finding";

/// The files whose edits must be reverted, and why. `passes`: errors that the next round fixes,
/// such as a DNS rule that is missing once rules take effect.
pub(super) fn judge(
    round: &BTreeMap<String, Vec<Chosen>>,
    before: (&[Finding], &Sources),
    after: (&[Finding], &Sources),
    changes: &BTreeMap<String, Change>,
    passes: impl Fn(&Finding) -> bool,
) -> BTreeMap<String, String> {
    let mut wrong: BTreeMap<String, String> = BTreeMap::new();
    let (was, is) = (Census::of(before, |_| false), Census::of(after, passes));
    for (path, chosen) in round {
        if changes.get(path).is_some_and(|change| !still_parses(change)) {
            wrong.insert(path.clone(), DOES_NOT_PARSE.to_owned());
        } else if !are_gone(chosen, before.1, &was, &is) {
            wrong.insert(path.clone(), STILL_THERE.to_owned());
        }
    }
    for ((identity, path), (count, rule)) in &is.errors {
        let earlier = was.errors.get(&(*identity, path.clone()));
        if *count <= earlier.map_or(0, |(count, _)| *count) {
            continue;
        }
        let why = format!("its fixes would cause another error ({rule})");
        // An error in a file that was not edited can come from any file that was.
        let blamed: Vec<&String> =
            if round.contains_key(path) { vec![path] } else { round.keys().collect() };
        for path in blamed {
            wrong.entry(path.clone()).or_insert_with(|| why.clone());
        }
    }
    wrong
}

/// How many findings of each kind there are.
struct Census {
    all: BTreeMap<u64, usize>,
    /// With the field's list indices, which may change.
    exact: BTreeSet<(u64, String)>,
    /// With the path, and the rule that reports it.
    errors: BTreeMap<(u64, String), (usize, &'static str)>,
}

impl Census {
    /// Errors that match `passes` are not counted.
    fn of((findings, sources): (&[Finding], &Sources), passes: impl Fn(&Finding) -> bool) -> Self {
        let mut census =
            Self { all: BTreeMap::new(), exact: BTreeSet::new(), errors: BTreeMap::new() };
        for (finding, identity) in findings.iter().zip(identities(findings, sources)) {
            *census.all.entry(identity).or_default() += 1;
            census.exact.insert((identity, finding.field.clone()));
            if finding.severity == Severity::Error && !passes(finding) {
                let path = sources.get(finding.place.source).path.clone();
                let rule = finding.rule.id;
                census.errors.entry((identity, path)).or_insert((0, rule)).0 += 1;
            }
        }
        census
    }
}

/// Whether what was fixed is no longer found: there are fewer findings of its kind, or none at its
/// place (a rule that reports one place at a time then reports the next).
fn are_gone(chosen: &[Chosen], sources: &Sources, was: &Census, is: &Census) -> bool {
    let findings: Vec<Finding> = chosen.iter().map(|chosen| chosen.finding.clone()).collect();
    let mut fixed: BTreeMap<u64, Vec<&Finding>> = BTreeMap::new();
    for (finding, identity) in findings.iter().zip(identities(&findings, sources)) {
        fixed.entry(identity).or_default().push(finding);
    }
    let count = |census: &Census, identity| census.all.get(identity).copied().unwrap_or(0);
    fixed.iter().all(|(identity, findings)| {
        let fewer = count(is, identity) + findings.len() <= count(was, identity);
        let is_there = |finding: &&Finding| is.exact.contains(&(*identity, finding.field.clone()));
        fewer || !findings.iter().any(is_there)
    })
}

/// The same documents as before, and no new parse errors.
fn still_parses(change: &Change) -> bool {
    let count = |text: &str| {
        let stream = yaml::read(SourceId(0), text, 0..text.len(), None, &Limits::default());
        (stream.documents.len(), stream.problems.len())
    };
    change.before == change.after || count(&change.before) == count(&change.after)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::lint::RULES;
    use crate::text::{Origin, Source, Span};

    fn sources() -> Sources {
        let mut sources = Sources::default();
        for path in ["a.yaml", "b.yaml"] {
            let origin = Origin::File(path.into());
            sources.add(Source::with_text(path.to_owned(), origin, Arc::from("a: b")));
        }
        sources
    }

    fn finding(file: u32, field: &str, severity: Severity) -> Finding {
        let place = Span::new(SourceId(file), 0, 1);
        let finding = Finding::new(RULES[0], place, "", "").severity(severity);
        Finding { field: field.to_owned(), ..finding }
    }

    /// The verdict if the first of `before` is fixed and `after` is found then.
    fn verdict(before: &[Finding], after: &[Finding]) -> Vec<String> {
        let sources = sources();
        let chosen = Chosen { finding: before[0].clone(), edits: Vec::new() };
        let round = BTreeMap::from([("a.yaml".to_owned(), vec![chosen])]);
        let (before, after) = ((before, &sources), (after, &sources));
        judge(&round, before, after, &BTreeMap::new(), |_| false).into_values().collect()
    }

    #[test]
    fn what_is_fixed_must_not_be_found_again() {
        let (first, second) = (
            finding(0, "spec.egress[0]", Severity::Warning),
            finding(0, "spec.egress[1]", Severity::Warning),
        );
        let found = [first.clone(), second.clone()];
        assert_eq!(verdict(&found, &found[1..]), [""; 0]);
        // The second finding, now at the place of the first: an earlier item was removed.
        assert_eq!(verdict(&found, &found[..1]), [""; 0]);
        assert_eq!(verdict(&found, &found), [STILL_THERE]);
        // The rule reports one place at a time: now the next.
        assert_eq!(verdict(&[first], &[second]), [""; 0]);
    }

    #[test]
    fn a_new_error_is_blamed_on_its_file_or_on_all() {
        let fixed = finding(0, "spec.egress", Severity::Error);
        let why = format!("its fixes would cause another error ({})", RULES[0].id);
        for file in [0, 1] {
            let error = finding(file, "spec.ingress", Severity::Error);
            let both = [fixed.clone(), error];
            assert_eq!(verdict(&both[..1], &both[1..]), [why.as_str()]);
            assert_eq!(verdict(&both, &both[1..]), [""; 0]);
        }
        let warning = finding(0, "spec.ingress", Severity::Warning);
        assert_eq!(verdict(&[fixed], &[warning]), [""; 0]);
    }
}
