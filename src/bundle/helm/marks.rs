//! Marks in a copy of a template: behind what each of its lines writes, a comment with the line's
//! number. Rendered, the comments say which line of the template every line of the output is from:
//! the first mark that stands on it or after it. What is defined to be included elsewhere gets no
//! marks, since its text may be compared or counted.

use std::ops::Range;

/// What a mark begins with. It is a comment wherever a value may end, so that helm reads the same
/// objects as ever; in a block of text it is text, and taken out again.
const MARK: &str = " #@netpol-lint:";

/// A piece of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Action {
    /// From `{{` to behind `}}`.
    pub(super) range: Range<usize>,
    /// What it does.
    pub(super) verb: Verb,
    /// It ends with `-}}`.
    trims_after: bool,
}

/// What an action does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    /// Writes something.
    Write,
    /// Begins a definition.
    Define,
    /// Begins something that `end` ends.
    Begin,
    /// Ends it.
    End,
    /// Writes nothing: `else`, a variable, a comment.
    Other,
}

/// The actions of a template, in order; none where it is no template that helm would take.
pub(super) fn actions(text: &str) -> Option<Vec<Action>> {
    let mut actions = Vec::new();
    let mut at = 0;
    while let Some(found) = text.get(at..)?.find("{{") {
        let start = at + found;
        let end = action_end(text, start)?;
        let inner = text.get(start + 2..end - 2)?;
        let trims_after = inner.ends_with('-') && inner.trim_end_matches('-').ends_with(blank);
        let inner = match inner.strip_prefix('-') {
            Some(rest) if rest.starts_with(blank) => rest,
            _ => inner,
        };
        let verb = verb(inner.trim());
        actions.push(Action { range: start..end, verb, trims_after });
        at = end;
    }
    Some(actions)
}

fn blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n')
}

/// The byte behind the `}}` of the action that begins at `start`.
fn action_end(text: &str, start: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let inner = text.get(start + 2..)?;
    let body = inner.strip_prefix('-').unwrap_or(inner).trim_start_matches(blank);
    if body.starts_with("/*") {
        let at = text.len() - body.len();
        let close = at + body.find("*/")? + 2;
        return Some(close + text.get(close..)?.find("}}")? + 2);
    }
    let mut at = start + 2;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'}' if bytes.get(at + 1) == Some(&b'}') => return Some(at + 2),
            b'"' | b'\'' => at = quoted_end(bytes, at)?,
            b'`' => at += 2 + memchr::memchr(b'`', bytes.get(at + 1..)?)?,
            _ => at += 1,
        }
    }
    None
}

fn quoted_end(bytes: &[u8], start: usize) -> Option<usize> {
    let quote = bytes.get(start)?;
    let mut at = start + 1;
    loop {
        match bytes.get(at)? {
            b'\\' => at += 2,
            byte if byte == quote => return Some(at + 1),
            _ => at += 1,
        }
    }
}

fn verb(inner: &str) -> Verb {
    let word = inner.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
    match word {
        "define" | "block" => Verb::Define,
        "if" | "range" | "with" => Verb::Begin,
        "end" => Verb::End,
        "else" | "break" | "continue" => Verb::Other,
        _ if inner.starts_with("/*") => Verb::Other,
        _ if inner.starts_with('$') && is_assignment(inner) => Verb::Other,
        _ => Verb::Write,
    }
}

fn is_assignment(inner: &str) -> bool {
    let name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$' | ',' | ' ');
    let rest = inner.trim_start_matches(name);
    rest.starts_with(":=") || rest.starts_with('=')
}

/// The template with its marks; none where they can't be set.
pub(super) fn marked(text: &str) -> Option<String> {
    if text.contains(MARK.trim_start()) {
        return None;
    }
    let mut marker = Marker {
        text,
        out: String::with_capacity(text.len() * 2),
        open: Vec::new(),
        line: 1,
        writer: None,
    };
    let mut at = 0;
    let mut before: Option<&Action> = None;
    let actions = actions(text)?;
    for action in &actions {
        marker.text_piece(at..action.range.start, before)?;
        marker.action(action)?;
        at = action.range.end;
        before = Some(action);
    }
    marker.text_piece(at..text.len(), before)?;
    Some(marker.out)
}

struct Marker<'t> {
    text: &'t str,
    out: String,
    /// What is open; whether it is a definition.
    open: Vec<bool>,
    /// The line, from 1.
    line: usize,
    /// The line on which what the current line writes begins, if it writes anything.
    writer: Option<usize>,
}

impl Marker<'_> {
    fn action(&mut self, action: &Action) -> Option<()> {
        let text = self.text.get(action.range.clone())?;
        match action.verb {
            Verb::Define => self.open.push(true),
            Verb::Begin => self.open.push(false),
            Verb::End => drop(self.open.pop()),
            Verb::Write if !self.is_definition() => {
                self.writer.get_or_insert(self.line);
            }
            Verb::Write | Verb::Other => {}
        }
        self.out.push_str(text);
        self.line += text.matches('\n').count();
        Some(())
    }

    fn is_definition(&self) -> bool {
        self.open.contains(&true)
    }

    /// Text between two actions. White space at its borders may be trimmed by them, and must stay
    /// where it is for that.
    fn text_piece(&mut self, range: Range<usize>, before: Option<&Action>) -> Option<()> {
        let piece = self.text.get(range.clone())?;
        let trims = before.is_some_and(|action| action.trims_after);
        let is_last = range.end == self.text.len();
        let mut lines = piece.split('\n').peekable();
        let mut is_first = true;
        while let Some(line) = lines.next() {
            let written = line.trim_end_matches(blank);
            if !written.is_empty() && !self.is_definition() {
                self.writer.get_or_insert(self.line);
            }
            let ends = lines.peek().is_some() || is_last;
            self.out.push_str(written);
            if ends
                && let Some(writer) = self.writer.take()
                && !self.is_marker(written)
            {
                self.mark(writer, is_first && trims && written.is_empty(), piece);
            }
            self.out.push_str(line.get(written.len()..)?);
            if lines.peek().is_some() {
                self.out.push('\n');
                self.line += 1;
            }
            is_first = false;
        }
        Some(())
    }

    /// A line that separates documents stays as it is.
    fn is_marker(&self, written: &str) -> bool {
        written.starts_with("---") && (self.out.len() == 3 || self.out.ends_with("\n---"))
    }

    /// Behind an action that trims what follows, the mark is an action that does too; it would
    /// make a comment of text that follows on the same line then.
    fn mark(&mut self, line: usize, is_trimmed: bool, piece: &str) {
        if !is_trimmed {
            self.out.push_str(&format!("{MARK}{line}@"));
        } else if piece.trim_matches(blank).is_empty() {
            self.out.push_str(&format!("{{{{ \"{MARK}{line}@\" -}}}}"));
        }
    }
}

/// A line of output without its marks, and the first of them.
pub(super) fn unmarked(line: &str) -> (String, Option<usize>) {
    let mut out = String::with_capacity(line.len());
    let mut first = None;
    let mut rest = line;
    while let Some((before, after)) = rest.split_once(MARK) {
        let Some((number, after)) = after.split_once('@') else {
            break;
        };
        let Ok(number) = number.parse() else {
            break;
        };
        first.get_or_insert(number);
        out.push_str(before);
        rest = after;
    }
    out.push_str(rest);
    (out, first)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(marked: &str) -> String {
        marked.replace(MARK, "~").replace('@', "")
    }

    #[test]
    fn each_line_that_writes_is_marked_and_trimming_stays_as_it_is() {
        for (template, expected) in [
            ("a: b\nc:\n", "a: b~1\nc:~2\n"),
            ("a: {{ .x }}\n", "a: {{ .x }}~1\n"),
            ("{{- if .x }}\na: b\n{{- end }}\n", "{{- if .x }}\na: b~2\n{{- end }}\n"),
            ("a:\n  {{- toYaml .x | nindent 2 }}", "a:~1\n  {{- toYaml .x | nindent 2 }}~2"),
            (
                "{{ include \"x\" (dict\n  \"a\" 1) }}\n",
                "{{ include \"x\" (dict\n  \"a\" 1) }}~1\n",
            ),
            ("{{- include \"x\" . -}}\n", "{{- include \"x\" . -}}{{ \"~1\" -}}\n"),
            ("a: {{ .x -}}\n b\n", "a: {{ .x -}}\n b~2\n"),
            ("---\na: b\r\n", "---\na: b~2\r\n"),
            ("{{/* a: }} */}}\n{{ $x := 1 }}\n", "{{/* a: }} */}}\n{{ $x := 1 }}\n"),
            ("a: {{ \"}}\" }}{{ `\"}}` }}\n", "a: {{ \"}}\" }}{{ `\"}}` }}~1\n"),
            ("{{ define \"x\" }}\na\n{{ end }}\nb\n", "{{ define \"x\" }}\na\n{{ end }}\nb~4\n"),
            ("{{ if a }}x: y{{ end }}\n", "{{ if a }}x: y{{ end }}~1\n"),
        ] {
            assert_eq!(plain(&marked(template).unwrap()), expected, "{template}");
        }
        assert_eq!(marked("a: {{ .x\n"), None);
        assert_eq!(marked("a: {{ \"x }}\n"), None);
    }

    proptest::proptest! {
        /// Whatever the template, it is as it was once the marks are taken out.
        #[test]
        fn a_template_is_only_added_to(
            pieces in proptest::collection::vec(
                proptest::sample::select(vec![
                    "a: b", "\n", " ", "{{ .x }}", "{{- .x -}}", "{{- if .x }}", "{{ end -}}",
                    "{{ define \"x\" }}", "{{- /* }} */ -}}", "{{ $x := 1 }}", "---", "é", "\r\n",
                    "{{ \"}}\" }}", "{{ `", "{{", "}}", "\"", "- ", "{{- else -}}", "\t",
                ]),
                0..24,
            )
        ) {
            let template = pieces.concat();
            if let Some(marked) = marked(&template) {
                let actions = format!("{{{{ \"{MARK}");
                let mut plain = String::new();
                let mut rest = marked.as_str();
                while let Some(at) = rest.find(MARK) {
                    let is_action = rest[..at + MARK.len()].ends_with(&actions);
                    let before = if is_action { at - "{{ \"".len() } else { at };
                    plain.push_str(&rest[..before]);
                    let after = rest[at + MARK.len()..].split_once('@').unwrap().1;
                    rest = if is_action { after.strip_prefix("\" -}}").unwrap() } else { after };
                }
                proptest::prop_assert_eq!(plain + rest, template);
            }
        }
    }

    #[test]
    fn marks_are_taken_out_again() {
        let text = format!("a: b{MARK}12@{MARK}13@");
        assert_eq!(unmarked(&text), ("a: b".to_owned(), Some(12)));
        assert_eq!(unmarked("a # b"), ("a # b".to_owned(), None));
    }
}
