//! A duplicate key in one mapping. Duplicates are recorded while files are read, because the trees
//! of everything but policies are dropped then.

use super::{Check, Confidence, Finding, Rule, Severity, Subject, words};
use crate::bundle::Head;
use crate::model::{Duplicate, DuplicateKey, DuplicateObject};
use crate::text::visible;

/// The rule.
pub static RULE: Rule = Rule {
    id: "duplicate-key",
    severity: Severity::Error,
    confidence: Confidence::High,
    pedantic: false,
    page: include_str!("../../rules/duplicate-key.md"),
    check: Check::Reading,
};

/// The finding for a duplicate.
pub fn finding(duplicate: &Duplicate) -> Finding {
    match duplicate {
        Duplicate::Key(key) => of_key(key),
        Duplicate::Object(object) => of_object(object),
    }
}

/// The finding is on the last of the places, which is the one that counts.
fn of_key(duplicate: &DuplicateKey) -> Finding {
    let key = words::quoted(&duplicate.key);
    let times = match duplicate.earlier.len() {
        1 => "twice".to_owned(),
        earlier => format!("{} times", earlier + 1),
    };
    let what_happens = match (&duplicate.object, duplicate.is_rendered) {
        (_, true) => "helm silently uses only the last one",
        (Some(_), false) => "kubectl silently uses only this one, and kustomize rejects the file",
        (None, false) => "kustomize rejects the file",
    };
    let message = format!("{key} appears {times} in this mapping: {what_happens}");
    let help = "merge them under one key, or delete all but one";
    let mut finding = Finding::new(&RULE, duplicate.place, message, help);
    finding.field = duplicate.path.clone();
    if let Some(head) = &duplicate.object {
        finding.subject = Some(subject(head));
        finding.suppression_spans.push(head.start);
    }
    // A template may write both with one line, in a loop.
    for earlier in duplicate.earlier.iter().filter(|earlier| **earlier != duplicate.place) {
        finding = finding.related(*earlier, "also here");
    }
    finding
}

/// The finding is at the start of the second object.
fn of_object(duplicate: &DuplicateObject) -> Finding {
    let DuplicateObject { first: (first, start), second: (second, place), others, .. } = duplicate;
    let what_happens = match duplicate.is_rendered {
        true => "helm merges both into one object, with the last value of each key",
        false => {
            "kubectl merges both into one object, with the last value of each key, and kustomize \
             rejects the file"
        }
    };
    let message =
        format!("missing `---` between {} and {}: {what_happens}", name(first), name(second));
    let help = "insert a `---` line above this one";
    let mut finding = Finding::new(&RULE, *place, message, help);
    finding.subject = Some(subject(second));
    finding.suppression_spans.push(second.start);
    if start != place {
        finding = finding.related(*start, format!("{} starts here", name(first)));
    }
    for (other, start) in others.iter().filter(|(_, start)| start != place) {
        let words = format!("{} starts here, and needs a `---` too", name(other));
        finding = finding.related(*start, words);
    }
    finding
}

fn subject(head: &Head) -> Subject {
    Subject {
        kind: head.kind.to_string(),
        namespace: head.namespace.as_ref().map(ToString::to_string),
        name: head.name.to_string(),
    }
}

/// "NetworkPolicy `web`".
fn name(head: &Head) -> String {
    format!("{} {}", visible(&head.kind), words::quoted(&head.name))
}
