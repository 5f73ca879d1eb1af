//! What helm prints: the documents of each template, and the line of the template that each line
//! of them is from.

use std::collections::BTreeMap;

use similar::{Algorithm, DiffOp, capture_diff_slices};

use super::marks::{self, Verb};

/// What a document of the output begins with.
const SOURCE: &str = "# Source: ";

/// One document of the output.
#[derive(Debug)]
pub(super) struct Printed<'o> {
    /// The template, as helm calls it: `shop/charts/db/templates/pod.yaml`.
    pub(super) template: &'o str,
    /// The text behind the line that says so.
    pub(super) text: &'o str,
}

/// The documents of an output, in its order.
pub(super) fn documents(output: &str) -> Vec<Printed<'_>> {
    let mut starts = Vec::new();
    let mut at = 0;
    for line in output.split_inclusive('\n') {
        let next = at + line.len();
        if line.trim_end() == "---" && output[next..].starts_with(SOURCE) {
            starts.push((at, next));
        }
        at = next;
    }
    let ends = starts.iter().skip(1).map(|(at, _)| *at).chain([output.len()]);
    let document = |((_, head), end): (&(usize, usize), usize)| {
        let all = output.get(*head..end)?;
        let (first, text) = all.split_once('\n').unwrap_or((all, ""));
        Some(Printed { template: first.strip_prefix(SOURCE)?.trim_end(), text })
    };
    starts.iter().zip(ends).filter_map(document).collect()
}

/// A document as the marked templates make it.
#[derive(Debug, Default)]
pub(super) struct Marked {
    /// Its lines that are not blank, without marks, and the line of the template that each is from.
    lines: Vec<(String, Option<usize>)>,
}

impl Marked {
    pub(super) fn new(text: &str) -> Self {
        let mut lines: Vec<(String, Option<usize>)> = text.lines().map(marks::unmarked).collect();
        let mut next = None;
        for (_, mark) in lines.iter_mut().rev() {
            next = mark.or(next);
            *mark = next;
        }
        lines.retain_mut(|(line, _)| {
            line.truncate(line.trim_end().len());
            !line.is_empty()
        });
        Self { lines }
    }

    /// The text without marks.
    pub(super) fn text(&self) -> String {
        self.lines.iter().fold(String::new(), |text, (line, _)| text + line + "\n")
    }
}

/// The documents of a marked output by their template, in order; those that are only marks left
/// out, since helm does not print an empty document.
pub(super) fn marked(output: &str) -> BTreeMap<&str, Vec<Marked>> {
    let mut by_template: BTreeMap<&str, Vec<Marked>> = BTreeMap::new();
    for document in documents(output) {
        let marked = Marked::new(document.text);
        if !marked.lines.is_empty() {
            by_template.entry(document.template).or_default().push(marked);
        }
    }
    by_template
}

/// For each line of `text`, the line of `template` that it is from; both count from 0. `marked` is
/// the same document with marks; without it, or where it says nothing, lines are told by their
/// keys.
pub(super) fn lines(text: &str, marked: Option<&Marked>, template: &str) -> Vec<usize> {
    let count = text.lines().count();
    let mut found: Vec<Option<usize>> = vec![None; count];
    if let Some(marked) = marked {
        by_marks(text, marked, &mut found);
    }
    if found.iter().any(Option::is_none) {
        let guessed = by_keys(text, template);
        for (line, guess) in found.iter_mut().zip(guessed) {
            line.get_or_insert(guess);
        }
    }
    let last = template.lines().count().saturating_sub(1);
    found.into_iter().map(|line| line.unwrap_or(0).min(last)).collect()
}

fn by_marks(text: &str, marked: &Marked, found: &mut [Option<usize>]) {
    let lines: Vec<(usize, &str)> =
        text.lines().map(str::trim_end).enumerate().filter(|(_, l)| !l.is_empty()).collect();
    let plain: Vec<&str> = lines.iter().map(|(_, line)| *line).collect();
    let other: Vec<&str> = marked.lines.iter().map(|(line, _)| line.as_str()).collect();
    // What is random or a checksum differs; the lines are the same all the same.
    let pairs: Vec<(usize, usize)> = if plain.len() == other.len() {
        (0..plain.len()).map(|line| (line, line)).collect()
    } else {
        equal_pairs(&plain, &other)
    };
    for (line, twin) in pairs {
        if let (Some((at, _)), Some((_, Some(mark)))) = (lines.get(line), marked.lines.get(twin))
            && let Some(slot) = found.get_mut(*at)
        {
            *slot = Some(mark.saturating_sub(1));
        }
    }
}

fn equal_pairs(old: &[&str], new: &[&str]) -> Vec<(usize, usize)> {
    let mut pairs = Vec::new();
    for op in capture_diff_slices(Algorithm::Patience, old, new) {
        if let DiffOp::Equal { old_index, new_index, len } = op {
            pairs.extend((0..len).map(|n| (old_index + n, new_index + n)));
        }
    }
    pairs
}

/// The lines of the template with the same keys in the same order; a line without one is from the
/// line between its neighbours that writes what is not there.
fn by_keys(text: &str, template: &str) -> Vec<usize> {
    let writers = writers(template);
    let wanted: Vec<&str> = text.lines().map(key).collect();
    let there: Vec<&str> = template.lines().map(key).collect();
    let mut found: Vec<Option<usize>> = vec![None; wanted.len()];
    for (line, twin) in equal_pairs(&wanted, &there) {
        if let (Some(slot), false) = (found.get_mut(line), wanted[line].is_empty()) {
            *slot = Some(twin);
        }
    }
    let mut next: Vec<usize> = vec![usize::MAX; found.len()];
    let mut coming = usize::MAX;
    for (slot, line) in next.iter_mut().zip(&found).rev() {
        coming = line.unwrap_or(coming);
        *slot = coming;
    }
    let mut last = 0;
    let mut out = Vec::with_capacity(found.len());
    for (line, next) in found.into_iter().zip(next) {
        let writer = || writers.iter().copied().find(|writer| *writer >= last && *writer < next);
        let chosen = line.or_else(writer).unwrap_or(last);
        if line.is_some() {
            last = chosen;
        }
        out.push(chosen);
    }
    out
}

/// The key of a line with the dash before it; all of a line without one.
fn key(line: &str) -> &str {
    let line = line.trim();
    match line.split_once(": ") {
        Some((key, _)) => key,
        None => line.strip_suffix(':').unwrap_or(line),
    }
}

/// The lines that write what stands in no line of the template.
fn writers(template: &str) -> Vec<usize> {
    let actions = marks::actions(template).unwrap_or_default();
    let writing = actions.iter().filter(|action| action.verb == Verb::Write);
    let line = |at: usize| template.get(..at).map_or(0, |before| before.matches('\n').count());
    writing.map(|action| line(action.range.start)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEMPLATE: &str = "kind: Pod\nmetadata:\n  labels:\n    {{- include \"x\" . | nindent 4 }}\n\
                            spec:\n  replicas: {{ .n }}\n";
    const TEXT: &str =
        "kind: Pod\nmetadata:\n  labels:\n    a: b\n    c: d\nspec:\n  replicas: 3\n";

    #[test]
    fn documents_are_told_apart() {
        let output =
            "---\n# Source: a/templates/x.yaml\na: 1\n---\n# Source: a/templates/y.yaml\nb";
        let found = documents(output);
        let told: Vec<_> = found.iter().map(|d| (d.template, d.text)).collect();
        assert_eq!(told, [("a/templates/x.yaml", "a: 1\n"), ("a/templates/y.yaml", "b")]);
        assert!(documents("# Source: x\n").is_empty());
    }

    #[test]
    fn lines_are_told_by_marks_or_by_keys() {
        let marked = "kind: Pod #@netpol-lint:1@\nmetadata: #@netpol-lint:2@\n  labels: \
                      #@netpol-lint:3@\n    a: b\n    c: d #@netpol-lint:4@\nspec: \
                      #@netpol-lint:5@\n  replicas: 3 #@netpol-lint:6@\n";
        let expected = [0, 1, 2, 3, 3, 4, 5];
        assert_eq!(lines(TEXT, Some(&Marked::new(marked)), TEMPLATE), expected);
        assert_eq!(lines(TEXT, None, TEMPLATE), expected);
        assert_eq!(Marked::new(marked).text(), TEXT);
    }

    #[test]
    fn a_line_that_only_one_of_both_has_moves_no_other() {
        let marked = "kind: Pod #@netpol-lint:1@\nextra: 1\nspec: #@netpol-lint:5@\n";
        assert_eq!(lines("kind: Pod\nspec:\n", Some(&Marked::new(marked)), TEMPLATE), [0, 4]);
    }
}
