//! The edits as a diff that `patch -p1` and `git apply` can read.

use std::collections::BTreeMap;

use similar::TextDiff;

use super::Change;
use crate::text::visible;

/// A unified diff of all changes, with paths from the repository's root. Control and bidirectional
/// characters are escaped, as in every report.
pub fn unified(changes: &BTreeMap<String, Change>) -> String {
    let mut out = String::new();
    for (path, change) in changes.iter().filter(|(_, change)| change.before != change.after) {
        let path = visible(path);
        let diff = TextDiff::from_lines(&*change.before, &*change.after);
        let header = (format!("a/{path}"), format!("b/{path}"));
        let text = diff.unified_diff().header(&header.0, &header.1).to_string();
        text.split_inclusive('\n').for_each(|line| out.push_str(&inert(line)));
    }
    out
}

/// Tabs and the line's own end stay: they are harmless here.
fn inert(line: &str) -> String {
    let content = line.trim_end_matches(['\n', '\r']);
    let parts: Vec<_> = content.split('\t').map(visible).collect();
    parts.join("\t") + &line[content.len()..]
}
