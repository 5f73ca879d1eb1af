//! Rules about the run itself: what could not be read. Their findings are made here from what
//! the reading stages hand on.

use super::{Check, Confidence, Finding, Rule, Severity};
use crate::text::Span;
use crate::yaml::{Problem, ProblemKind};

/// A document that is not YAML.
pub static YAML_SYNTAX: Rule = about_run("yaml-syntax", include_str!("../../rules/yaml-syntax.md"));
/// A file or document over one of the limits.
pub static YAML_LIMIT: Rule = about_run("yaml-limit", include_str!("../../rules/yaml-limit.md"));
/// A file that can't be read.
pub static UNREADABLE_FILE: Rule =
    about_run("unreadable-file", include_str!("../../rules/unreadable-file.md"));

/// A suppression that holds nothing back.
pub static UNUSED_SUPPRESSION: Rule = Rule {
    severity: Severity::Warning,
    ..about_run("unused-suppression", include_str!("../../rules/unused-suppression.md"))
};

const fn about_run(id: &'static str, page: &'static str) -> Rule {
    Rule {
        id,
        severity: Severity::Error,
        confidence: Confidence::High,
        pedantic: false,
        page,
        check: Check::Run,
    }
}

/// What could not be read, as a finding.
pub fn unread(problem: &Problem) -> Finding {
    match &problem.kind {
        ProblemKind::Syntax(what) => Finding::new(
            &YAML_SYNTAX,
            problem.span,
            format!("this is not YAML: {what}"),
            "mend it: nothing in this document was checked (the file's other documents were)",
        ),
        ProblemKind::Limit(what) => Finding::new(
            &YAML_LIMIT,
            problem.span,
            what.clone(),
            "split it, raise the limit (`[limits]` in netpol-lint.toml), or leave the file out with \
             `--exclude`: it was not checked",
        ),
        ProblemKind::Template => Finding::new(
            &YAML_SYNTAX,
            problem.span,
            "this document is a template (`{{ … }}`) that some tool renders first: it was not \
             checked, and what it may hold is never called missing",
            "check what the tool renders, or leave the file out with `--exclude`",
        )
        .severity(Severity::Note),
        ProblemKind::NotUtf8 => Finding::new(
            &UNREADABLE_FILE,
            problem.span,
            "this file is not UTF-8 from here on: Kubernetes' tools can't read it either",
            "save it as UTF-8; nothing in it was checked",
        ),
    }
}

/// A file that could not be opened or read, and why.
pub fn unreadable(span: Span, why: &str) -> Finding {
    Finding::new(
        &UNREADABLE_FILE,
        span,
        format!("this file can't be read: {why}"),
        "give it read permission, or leave it out with `--exclude`: nothing in it was checked",
    )
}

/// A suppression that holds nothing back, and what is said of it.
pub fn unused_suppression(place: Span, message: String, help: impl Into<String>) -> Finding {
    Finding::new(&UNUSED_SUPPRESSION, place, message, help)
}
