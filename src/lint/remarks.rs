//! What people write beside a rule or a field: comments that say what it is for.

use super::Context;
use crate::text::Span;

/// What machines write into comments and read from them says nothing about a policy.
const FOR_MACHINES: [&str; 9] = [
    "netpol-lint:",
    "yaml-language-server:",
    "yamllint",
    "vim:",
    "-*-",
    "Source:",
    "SPDX-License-Identifier",
    "Copyright",
    "renovate:",
];

/// Whether a line has a comment that people wrote for people.
pub(super) fn is_telling_comment(line: &str) -> bool {
    remark(line).is_some()
}

/// The words of the comment of a line.
fn remark(line: &str) -> Option<&str> {
    let begins = |at: usize| {
        line.get(..at)
            .is_none_or(|before| before.is_empty() || before.ends_with(char::is_whitespace))
    };
    let (at, _) = line.match_indices('#').find(|(at, _)| begins(*at))?;
    let words = line.get(at..).unwrap_or("").trim_start_matches('#').trim();
    let tells = words.chars().any(char::is_alphabetic)
        && !FOR_MACHINES.iter().any(|start| words.starts_with(start));
    tells.then_some(words)
}

/// The comments in the line of a token and in those directly above it.
pub(super) fn remarks<'a>(cx: &Context<'a>, token: Span) -> Vec<&'a str> {
    let text = cx.sources.get(token.source).text();
    let (start, end) = (token.start as usize, token.end as usize);
    let (Some(before), Some(behind)) = (text.get(..start), text.get(end..)) else {
        return Vec::new();
    };
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let above = before.get(..line_start).unwrap_or_default().lines().rev();
    let above = above.take_while(|line| line.trim_start().starts_with('#'));
    let own = behind.lines().next().unwrap_or_default();
    above.chain([own]).filter_map(remark).collect()
}

/// Whether a comment is prose, and no YAML that was commented out.
pub(super) fn is_prose(remark: &str) -> bool {
    let is_word = |word: &&str| word.chars().filter(|c| c.is_alphabetic()).count() > 1;
    let code = remark.trim_start_matches(['-', ' ']);
    let key = code.split_once(':').map_or("", |(key, _)| key);
    let is_code = remark.starts_with("- ")
        || !key.is_empty() && !key.contains(' ') && key.starts_with(char::is_lowercase);
    !is_code && remark.split_whitespace().filter(is_word).count() > 1
}

/// Words by which a comment says that everyone or everything is meant.
const EVERYONE: &[&str] = &[
    "all",
    "any",
    "anyone",
    "anything",
    "anywhere",
    "everyone",
    "everything",
    "everywhere",
    "external",
    "internet",
    "outside",
    "public",
    "world",
];

/// Whether a comment says that everyone or everything is meant.
pub(super) fn means_everyone(remark: &str) -> bool {
    let words = remark.split(|c: char| !c.is_alphanumeric());
    words.map(str::to_lowercase).any(|word| EVERYONE.contains(&word.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_for_people_is_told_from_what_is_none() {
        for line in ["# Why.", "  - port: 80 # the web", "#why", "## Why ##"] {
            assert!(is_telling_comment(line), "{line}");
        }
        for line in
            ["", "a: b#c", "# ---", "# netpol-lint: ignore[x] y", "# Source: a/templates/b.yaml"]
        {
            assert!(!is_telling_comment(line), "{line}");
        }
    }

    #[test]
    fn prose_is_told_from_yaml_that_was_commented_out() {
        for remark in ["From outside, HTTP if needed", "Note: the load balancer", "probes of nodes"]
        {
            assert!(is_prose(remark), "{remark}");
        }
        for remark in ["- namespaceSelector: {}", "port: 80 was here", "todo", "- ports", "x: y z"]
        {
            assert!(!is_prose(remark), "{remark}");
        }
    }

    #[test]
    fn a_comment_may_say_that_everyone_is_meant() {
        assert!(means_everyone("Allow internet access") && means_everyone("to ANY destination"));
        assert!(!means_everyone("allow the frontend") && !means_everyone("small callers"));
    }
}
