//! A key twice in one mapping. Its findings are made of what was noticed as the files were read,
//! since the trees of all but policies are dropped then.

use super::{Check, Confidence, Finding, Rule, Severity, Subject, words};
use crate::model::DuplicateKey;

/// The rule.
pub static RULE: Rule = Rule {
    id: "duplicate-key",
    severity: Severity::Error,
    confidence: Confidence::High,
    pedantic: false,
    page: include_str!("../../rules/duplicate-key.md"),
    check: Check::Reading,
};

/// What was noticed, as a finding on the last of the places, which is the one that counts.
pub fn finding(duplicate: &DuplicateKey) -> Finding {
    let key = words::quoted(&duplicate.key);
    let times = match duplicate.earlier.len() {
        1 => "twice".to_owned(),
        earlier => format!("{} times", earlier + 1),
    };
    let mut message = format!("{key} stands {times} in this mapping: ");
    if duplicate.object.is_some() {
        message.push_str("kubectl silently takes this one alone, and ");
    }
    message.push_str("kustomize refuses the file");
    let help = "join them under one key, or delete all but one";
    let mut finding = Finding::new(&RULE, duplicate.place, message, help);
    finding.field = duplicate.path.clone();
    if let Some(head) = &duplicate.object {
        finding.subject = Some(Subject {
            kind: head.kind.to_string(),
            namespace: head.namespace.as_ref().map(ToString::to_string),
            name: head.name.to_string(),
        });
        finding.hidden.push(head.start);
    }
    for earlier in &duplicate.earlier {
        finding = finding.related(*earlier, "it stands here too");
    }
    finding
}
