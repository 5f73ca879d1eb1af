//! Chooses which edits are made together, and applies them.

use crate::lint::{Edit, Finding, Fix, Safety};
use crate::text::SourceId;

/// A finding whose fix is applied.
#[derive(Clone, Debug)]
pub(super) struct Chosen {
    /// The finding.
    pub finding: Finding,
    /// Its edits, in order.
    pub edits: Vec<Edit>,
}

/// The first allowed fix of each finding, unless it overlaps an earlier one. In the order of their
/// places.
pub(super) fn choose(
    findings: &[&Finding],
    file: SourceId,
    allowed: impl Fn(Safety) -> bool,
) -> Vec<Chosen> {
    let fits = |fix: &&Fix| {
        let here = fix.edits.iter().all(|edit| edit.span.source == file);
        here && !fix.edits.is_empty() && allowed(fix.safety)
    };
    let mut candidates: Vec<Chosen> = findings
        .iter()
        .filter_map(|finding| {
            let mut edits = finding.fixes.iter().find(fits)?.edits.clone();
            edits.sort_by_key(|edit| edit.span);
            Some(Chosen { finding: (*finding).clone(), edits })
        })
        .collect();
    candidates.sort_by_key(|chosen| chosen.edits.first().map(|edit| edit.span));
    let mut chosen: Vec<Chosen> = Vec::new();
    for candidate in candidates {
        let taken = || chosen.iter().flat_map(|other| &other.edits);
        if !candidate.edits.iter().any(|edit| taken().any(|other| touch(edit, other))) {
            chosen.push(candidate);
        }
    }
    chosen
}

/// Whether two edits overlap; two at the same position do, because their order would matter.
fn touch(one: &Edit, other: &Edit) -> bool {
    one.span.start == other.span.start
        || (one.span.start < other.span.end && other.span.start < one.span.end)
}

/// The text with these edits, which do not overlap.
pub(super) fn apply(text: &str, chosen: &[Chosen]) -> String {
    let mut edits: Vec<&Edit> = chosen.iter().flat_map(|chosen| &chosen.edits).collect();
    edits.sort_by_key(|edit| edit.span);
    let mut out = String::with_capacity(text.len() + 256);
    let mut at = 0;
    for edit in edits {
        out.push_str(text.get(at..edit.span.start as usize).unwrap_or(""));
        out.push_str(&edit.text);
        at = edit.span.end as usize;
    }
    out.push_str(text.get(at..).unwrap_or(""));
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::{RULES, Safety};
    use crate::text::Span;

    fn finding(edits: &[(usize, usize, &str)], safety: Safety) -> Finding {
        let file = SourceId(0);
        let mut finding = Finding::new(RULES[0], Span::new(file, 0, 1), "", "");
        let edit = |(start, end, text): &(usize, usize, &str)| Edit {
            span: Span::new(file, *start, *end),
            text: (*text).into(),
        };
        let edits = edits.iter().map(edit).collect();
        finding.fixes.push(Fix { title: String::new(), safety, edits });
        finding
    }

    fn applied(findings: &[Finding], risky: bool) -> String {
        let all: Vec<&Finding> = findings.iter().collect();
        let chosen = choose(&all, SourceId(0), |safety| risky || safety == Safety::Safe);
        apply("0123456789", &chosen)
    }

    #[test]
    fn edits_are_made_in_their_order_and_the_first_of_two_that_overlap() {
        let safe = |edits: &[(usize, usize, &str)]| finding(edits, Safety::Safe);
        assert_eq!(
            applied(&[safe(&[(8, 9, "x")]), safe(&[(0, 1, "a"), (3, 3, "b")])], false),
            "a12b34567x9"
        );
        assert_eq!(
            applied(&[safe(&[(2, 5, "x")]), safe(&[(4, 6, "y")]), safe(&[(5, 6, "z")])], false),
            "01xz6789"
        );
        assert_eq!(applied(&[safe(&[(2, 2, "x")]), safe(&[(2, 2, "y")])], false), "01x23456789");
    }

    #[test]
    fn unsafe_fixes_are_made_on_request() {
        let findings = [finding(&[(0, 1, "a")], Safety::Unsafe)];
        assert_eq!(applied(&findings, false), "0123456789");
        assert_eq!(applied(&findings, true), "a123456789");
    }
}
