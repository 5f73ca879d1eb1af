//! Looks up rule ids and keys, and suggests the nearest ones for those that do not exist.

use crate::lint::Rule;
use crate::text::visible;

/// The ids in `written`, each once, with `all` expanded: no later stage knows that word.
///
/// # Errors
/// The position of a word that is not a rule id, and the message about it.
pub fn rule_ids<'a>(
    written: impl IntoIterator<Item = &'a str>,
    rules: &[&'static Rule],
) -> Result<Vec<String>, (usize, String)> {
    let mut ids: Vec<String> = Vec::new();
    for (nth, id) in written.into_iter().enumerate() {
        let id = id.trim();
        if id == "all" {
            ids.extend(rules.iter().map(|rule| rule.id.to_owned()));
        } else {
            ids.push(look_up(id, rules).map_err(|what| (nth, what))?.id.to_owned());
        }
    }
    ids.sort_unstable();
    ids.dedup();
    Ok(ids)
}

/// The rule with that id.
///
/// # Errors
/// A sentence with the ids that may be meant.
pub fn look_up(id: &str, rules: &[&'static Rule]) -> Result<&'static Rule, String> {
    rules.iter().copied().find(|rule| rule.id == id).ok_or_else(|| {
        let known: Vec<&str> = rules.iter().map(|rule| rule.id).collect();
        let hint = did_you_mean(id, &known);
        let id = visible(id);
        format!("there is no rule `{id}`{hint} (`netpol-lint rule` lists all rules)")
    })
}

/// `; did you mean …?`, or nothing if no known word is similar.
pub fn did_you_mean(word: &str, known: &[&str]) -> String {
    let near: Vec<String> = nearest(word, known).iter().map(|near| format!("`{near}`")).collect();
    match near.as_slice() {
        [] => String::new(),
        [one] => format!("; did you mean {one}?"),
        [first @ .., last] => format!("; did you mean {} or {last}?", first.join(", ")),
    }
}

/// Up to three known words that are similar to `word`, the most similar first.
fn nearest<'a>(word: &str, known: &[&'a str]) -> Vec<&'a str> {
    let word = word.to_lowercase().replace('_', "-");
    let mut near: Vec<(f64, &str)> = known
        .iter()
        .map(|&known| {
            let contained = word.len() > 2 && known.contains(&word);
            let likeness = strsim::jaro_winkler(&word, known);
            (if contained { likeness.max(0.95) } else { likeness }, known)
        })
        .filter(|(likeness, _)| *likeness > 0.75)
        .collect();
    near.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
    near.into_iter().take(3).map(|(_, known)| known).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::{Check, Confidence, Severity};

    const fn rule(id: &'static str) -> Rule {
        let (severity, confidence) = (Severity::Error, Confidence::High);
        Rule { id, severity, confidence, pedantic: false, page: "", check: Check::Run }
    }

    static KNOWN: [Rule; 3] =
        [rule("dns-wrong-target"), rule("missing-dns-egress"), rule("orphaned-pod-selector")];

    fn known() -> [&'static Rule; 3] {
        [&KNOWN[0], &KNOWN[1], &KNOWN[2]]
    }

    #[test]
    fn ids_are_looked_up_once_each() {
        let some = ["missing-dns-egress", " dns-wrong-target", "missing-dns-egress"];
        assert_eq!(rule_ids(some, &known()).unwrap(), ["dns-wrong-target", "missing-dns-egress"]);
        assert_eq!(rule_ids(["all"], &known()).unwrap().len(), 3);
        assert_eq!(rule_ids(["all", "zzz"], &known()).unwrap_err().0, 1);
    }

    #[test]
    fn an_unknown_id_names_the_nearest() {
        for (id, near) in [
            ("mising-dns-egres", "missing-dns-egress"),
            ("missing_dns_egress", "missing-dns-egress"),
            ("pod-selector", "orphaned-pod-selector"),
        ] {
            let message = look_up(id, &known()).unwrap_err();
            assert!(message.contains(&format!("did you mean `{near}`?")), "{message}");
        }
        let message = look_up("zzz", &known()).unwrap_err();
        assert_eq!(message, "there is no rule `zzz` (`netpol-lint rule` lists all rules)");
    }
}
