//! Rules about the run itself: what could not be read or evaluated. Their findings are created here
//! from the results of the reading stages.

use std::collections::{BTreeMap, BTreeSet};

use super::{Finding, Rule, Severity, Subject, words};
use crate::bundle::ObjectId;
use crate::model::tiered::Evaluator;
use crate::model::{Body, Object, PolicyId};
use crate::text::Span;
use crate::yaml::{Problem, ProblemKind};

/// A document that is not YAML.
pub static YAML_SYNTAX: Rule =
    Rule::about_run("yaml-syntax", Severity::Error, include_str!("../../rules/yaml-syntax.md"));
/// A file or document that exceeds a limit.
pub static YAML_LIMIT: Rule =
    Rule::about_run("yaml-limit", Severity::Error, include_str!("../../rules/yaml-limit.md"));
/// A file that can't be read.
pub static UNREADABLE_FILE: Rule = Rule::about_run(
    "unreadable-file",
    Severity::Error,
    include_str!("../../rules/unreadable-file.md"),
);

/// A suppression that suppresses nothing.
pub static UNUSED_SUPPRESSION: Rule = Rule::about_run(
    "unused-suppression",
    Severity::Warning,
    include_str!("../../rules/unused-suppression.md"),
);

/// A policy of a kind that the engine does not evaluate.
pub static UNKNOWN_POLICY_KIND: Rule = Rule::about_run(
    "unknown-policy-kind",
    Severity::Note,
    include_str!("../../rules/unknown-policy-kind.md"),
);

/// A finding about something that could not be read: an error if a policy is lost with it.
pub fn unread(problem: &Problem, is_policy_lost: bool) -> Finding {
    let finding = described(problem, is_policy_lost);
    let is_mild = !is_policy_lost && !matches!(problem.kind, ProblemKind::Limit(_));
    if is_mild { finding.severity(Severity::Note) } else { finding }
}

fn described(problem: &Problem, is_policy_lost: bool) -> Finding {
    match &problem.kind {
        ProblemKind::Syntax(what) => Finding::new(
            &YAML_SYNTAX,
            problem.span,
            format!("invalid YAML: {what}"),
            "fix the syntax: nothing in this document was checked (other documents of the file \
             were)",
        ),
        ProblemKind::Limit(what) => Finding::new(
            &YAML_LIMIT,
            problem.span,
            what.clone(),
            "it was not checked: split it, raise the limit (`[limits]` in netpol-lint.toml), or \
             leave the file out with `--exclude`",
        ),
        ProblemKind::Template if is_policy_lost => Finding::new(
            &YAML_SYNTAX,
            problem.span,
            "this document is a template (`{{ … }}`) with a kind of network policy in it: the \
             policy was not checked",
            "check the rendered output, or leave the file out with `--exclude`",
        )
        .severity(Severity::Warning),
        ProblemKind::Template => Finding::new(
            &YAML_SYNTAX,
            problem.span,
            "this document is a template (`{{ … }}`): it was not checked, and objects that it may \
             define are not reported as missing",
            "check the rendered output, or leave the file out with `--exclude`",
        )
        .severity(Severity::Note),
        ProblemKind::NotUtf8 => Finding::new(
            &UNREADABLE_FILE,
            problem.span,
            "this file is not valid UTF-8 here: Kubernetes tools can't read it either",
            "save it as UTF-8: nothing in it was checked",
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

/// A finding about a suppression that suppresses nothing.
pub fn unused_suppression(place: Span, message: String, help: impl Into<String>) -> Finding {
    Finding::new(&UNUSED_SUPPRESSION, place, message, help)
}

/// The kinds of policies among `objects` that are not evaluated, or that nobody knows of whether they
/// are: one finding for each, at the first of its kind.
pub fn unknown_policy_kinds<'a>(
    objects: impl Iterator<Item = (ObjectId, &'a Object)>,
    undecided: &BTreeSet<PolicyId>,
) -> Vec<Finding> {
    let mut kinds: BTreeMap<(&str, &str), Vec<Unevaluated<'_>>> = BTreeMap::new();
    for (id, object) in objects {
        let (cluster_wide, plugin) = match &object.body {
            Body::OtherPolicy(policy) => (policy.cluster_wide, None),
            Body::Tiered(policy) if undecided.contains(&PolicyId::of(id)) => {
                (policy.kind.is_cluster_wide(), Some(policy.kind.evaluator()))
            }
            _ => continue,
        };
        let kind = (object.head.group.as_str(), object.head.kind.as_str());
        kinds.entry(kind).or_default().push(Unevaluated { object, cluster_wide, plugin });
    }
    kinds.values().filter_map(|found| unknown_policy_kind(found)).collect()
}

/// A policy that is not evaluated.
struct Unevaluated<'a> {
    object: &'a Object,
    /// Whether it may select pods in every namespace.
    cluster_wide: bool,
    /// The plugin that would evaluate it.
    plugin: Option<Evaluator>,
}

fn unknown_policy_kind(found: &[Unevaluated<'_>]) -> Option<Finding> {
    let first = found.first()?;
    let head = &first.object.head;
    let namespaces: BTreeSet<String> = found
        .iter()
        .filter_map(|it| it.object.head.namespace.as_deref().map(words::quoted))
        .collect();
    let namespaces: Vec<String> = namespaces.into_iter().collect();
    let whose = if found.iter().any(|it| it.cluster_wide) {
        "every namespace".to_owned()
    } else if namespaces.is_empty() {
        "its namespace".to_owned()
    } else {
        words::list(&namespaces, 3)
    };
    let count = match found.len() {
        1 => String::new(),
        2 => " (this one and 1 more)".to_owned(),
        all => format!(" (this one and {} more)", all - 1),
    };
    let kind = words::quoted(&head.kind);
    let selects = format!(
        "it may select pods of {whose}, so no rule reports traffic there as blocked or missing"
    );
    let (message, help) = match first.plugin {
        None => (
            format!("netpol-lint does not evaluate {kind}{count}: {selects}"),
            "nothing is wrong with this object; check these pods' connections by other means",
        ),
        Some(_) => (
            format!(
                "policies of both Cilium and Calico are here, and nothing shows which of the two \
                 runs; {kind}{count} is not evaluated: {selects}"
            ),
            "say which one runs: `cni = \"cilium\"` or `cni = \"calico\"` in netpol-lint.toml",
        ),
    };
    let mut finding = Finding::new(&UNKNOWN_POLICY_KIND, head.kind_span, message, help);
    finding.field = "kind".into();
    finding.suppression_spans.push(head.start);
    finding.subject = Some(Subject {
        kind: head.kind.to_string(),
        namespace: head.namespace.as_ref().map(ToString::to_string),
        name: head.name.to_string(),
    });
    Some(finding)
}
