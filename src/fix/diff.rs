//! The edits as a diff that `patch -p1` and `git apply` can read.

use std::collections::BTreeMap;

use similar::TextDiff;

use super::Change;
use crate::lint::Edit;
use crate::text::visible;

/// A unified diff of all changes, with paths from the repository's root. Control and bidirectional
/// characters are escaped, as in every report.
pub fn unified(changes: &BTreeMap<String, Change>) -> String {
    let changed = changes.iter().filter(|(_, change)| change.before != change.after);
    changed.map(|(path, change)| of_file(path, &change.before, &change.after)).collect()
}

/// The same for one edit of a text.
pub fn diff_of(path: &str, text: &str, edit: &Edit) -> String {
    let (start, end) = (edit.span.start as usize, edit.span.end as usize);
    let (before, after) = (text.get(..start), text.get(end..));
    let edited = [before.unwrap_or_default(), &edit.text, after.unwrap_or_default()].concat();
    of_file(path, text, &edited)
}

fn of_file(path: &str, before: &str, after: &str) -> String {
    let path = visible(path);
    let diff = TextDiff::from_lines(before, after);
    let header = (format!("a/{path}"), format!("b/{path}"));
    let text = diff.unified_diff().header(&header.0, &header.1).to_string();
    text.split_inclusive('\n').map(inert).collect()
}

/// Tabs and the line's own end stay: they are harmless here.
fn inert(line: &str) -> String {
    let content = line.trim_end_matches(['\n', '\r']);
    let parts: Vec<_> = content.split('\t').map(visible).collect();
    parts.join("\t") + &line[content.len()..]
}
