//! The details of a finding in plain lines, for formats that have no better place for them.
//! Everything is escaped, and paths are relative to the repository's root.

use crate::Outcome;
use crate::lint::{Confidence, Finding, Fix, Safety};
use crate::text::{Sources, Span, visible};

/// A place on one line: counted from 1, the end exclusive, columns in Unicode scalar values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region {
    /// The line.
    pub line: usize,
    /// The column of its first character.
    pub column: usize,
    /// The column after its last character.
    pub end_column: usize,
}

/// The region of `span`, cut to its first line.
pub fn region(sources: &Sources, span: Span) -> Region {
    let (start, end) = (sources.start(span), sources.end(span));
    let end_column = match end.line == start.line {
        true => end.column,
        false => {
            let text = sources.slice(span);
            let line = text.lines().next().unwrap_or_default();
            start.column + line.chars().count()
        }
    };
    Region { line: start.line, column: start.column, end_column: end_column.max(start.column) }
}

/// `path:line:column`, relative to the repository's root.
pub fn place(sources: &Sources, span: Span) -> String {
    let at = sources.start(span);
    format!("{}:{}:{}", visible(&sources.get(span.source).path), at.line, at.column)
}

/// The message.
pub fn message(finding: &Finding) -> String {
    visible(&finding.message).into_owned()
}

/// The help, the other places, the fixes, the bundles, and the confidence if it is not high: a line
/// each.
pub fn lines(finding: &Finding, outcome: &Outcome) -> Vec<String> {
    let mut lines = Vec::new();
    if !finding.help.is_empty() {
        lines.push(format!("Help: {}", visible(&finding.help)));
    }
    for related in &finding.related {
        let place = place(&outcome.sources, related.span);
        lines.push(format!("See {place}: {}", visible(&related.message)));
    }
    lines.extend(finding.fixes.iter().map(|fix| format!("Fix: {}", fix_words(fix))));
    let withheld = finding.withheld.as_ref();
    lines.extend(withheld.map(|why| format!("Fix withheld: {}", visible(why))));
    lines.extend(bundles(finding, &outcome.sources).map(|names| format!("Seen in: {names}")));
    lines.extend(unsure(finding));
    lines
}

/// The rule's confidence, if it is not high.
pub fn unsure(finding: &Finding) -> Option<String> {
    let is_sure = finding.confidence == Confidence::High;
    (!is_sure).then(|| format!("Confidence: {}", finding.confidence.word()))
}

/// `Add a DNS rule (--fix)`.
pub fn fix_words(fix: &Fix) -> String {
    let how = match fix.safety {
        Safety::Safe => "--fix",
        Safety::Unsafe => "--fix --unsafe-fixes",
    };
    format!("{} ({how})", visible(&fix.title))
}

/// The bundles that have the finding; `None` if its path already shows that.
pub fn bundles(finding: &Finding, sources: &Sources) -> Option<String> {
    seen_in(finding, sources).map(|names| visible(&names.join(", ")).into_owned())
}

/// The plain names of those bundles.
pub fn seen_in<'a>(finding: &'a Finding, sources: &Sources) -> Option<&'a [String]> {
    let path = &sources.get(finding.place.source).path;
    let is_informative = match finding.bundles.as_slice() {
        [] => false,
        [only] => !path.strip_prefix(only.as_str()).is_some_and(|rest| rest.starts_with('/')),
        _ => true,
    };
    is_informative.then_some(finding.bundles.as_slice())
}
