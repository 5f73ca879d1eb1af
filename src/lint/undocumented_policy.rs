//! A policy without a comment or a description.

use super::remarks::is_telling_comment;
use super::{Check, Confidence, Context, Finding, Rule, Severity, common_omission, words};
use crate::model::{At, PolicyId, Spot};
use crate::text::Span;
use crate::yaml::Node;

/// The rule.
pub static RULE: Rule = Rule {
    id: "undocumented-policy",
    severity: Severity::Note,
    confidence: Confidence::High,
    pedantic: true,
    page: include_str!("../../rules/undocumented-policy.md"),
    check: Check::Cluster(check),
};

fn check(cx: &Context<'_>, findings: &mut Vec<Finding>) {
    let lacks = |id: PolicyId| {
        let tree = &cx.cluster.policy(id).tree;
        let is_documented = has_description(tree) || has_comment(cx, tree.span);
        !is_documented && !is_in_prose(cx, tree.span)
    };
    for omission in common_omission::reported_omissions(cx, lacks) {
        let head = cx.cluster.head(omission.policy);
        let message = format!(
            "policy {} has neither a comment nor a description{}",
            words::quoted(&head.name),
            omission.others_in_words(cx)
        );
        let help = "say what it allows and why, in a comment above it or in the annotation \
                    `kubernetes.io/description`";
        let at = At { policy: omission.policy, spot: Spot::Metadata };
        findings.push(Finding::new(&RULE, head.name_span, message, help).about(cx, at));
    }
}

/// Words in the names of annotations that describe their object; the first is upstream's
/// (`kubernetes.io/description`, "Well-Known Labels, Annotations and Taints").
const DESCRIBES: [&str; 8] =
    ["description", "comment", "documentation", "docs", "notes", "note", "purpose", "summary"];

fn has_description(tree: &Node) -> bool {
    let annotations = tree.at(&["metadata", "annotations"]).and_then(Node::as_map);
    annotations.is_some_and(|annotations| {
        annotations.entries.iter().any(|entry| {
            let name = entry.key.rsplit_once('/').map_or(entry.key.as_str(), |(_, name)| name);
            let says = entry.value.as_str().is_some_and(|text| !text.trim().is_empty());
            says && DESCRIBES.iter().any(|word| name.ends_with(word))
        })
    })
}

/// An example in a document is described by the text around it.
fn is_in_prose(cx: &Context<'_>, span: Span) -> bool {
    let path = &cx.sources.get(span.source).path;
    path.ends_with(".md") || path.ends_with(".markdown")
}

/// Whether there is a comment in the manifest, right above it or after it. A `#` in a string counts
/// as one, which only hides a finding.
fn has_comment(cx: &Context<'_>, span: Span) -> bool {
    let text = cx.sources.get(span.source).text();
    let (Some(before), Some(from)) =
        (text.get(..span.start as usize), text.get(span.start as usize..))
    else {
        return true;
    };
    let length = span.end.saturating_sub(span.start) as usize;
    let above = before.lines().rev().take_while(|line| is_between(line));
    let inside = from.get(..length).unwrap_or(from).lines();
    let behind = from.get(length..).unwrap_or("").lines();
    // The rest of the last line, and then what is between this manifest and the next.
    let behind = behind.enumerate().take_while(|(nth, line)| *nth == 0 || is_blank(line));
    above.chain(inside).chain(behind.map(|(_, line)| line)).any(is_telling_comment)
}

/// Whether a line contains no part of a manifest: at most a comment, a marker, a list's dash.
fn is_between(line: &str) -> bool {
    let line = line.trim();
    is_blank(line) || matches!(line, "---" | "..." | "-") || line.starts_with("--- #")
}

fn is_blank(line: &str) -> bool {
    let line = line.trim();
    line.is_empty() || line.starts_with('#')
}

#[cfg(test)]
mod tests {
    use super::is_between;

    #[test]
    fn lines_between_manifests_belong_to_none() {
        for line in ["", "  ", "# Why.", "---", "--- # Why.", "..."] {
            assert!(is_between(line), "{line}");
        }
        assert!(!is_between("  - port: 80") && !is_between("--- {kind: Pod}"));
    }
}
