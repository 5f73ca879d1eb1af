//! YAML inside a scalar: parsed, with every node's span mapped back to the file.

use std::sync::Arc;

use crate::text::Span;
use crate::yaml::{self, Limits, Node, Problem, Value};

/// The documents in the text of a scalar, with spans in the scalar's file.
///
/// # Errors
/// The first problem in them, at its place in the file.
pub(super) fn documents(file: &str, node: &Node, limits: &Limits) -> Result<Vec<Node>, Problem> {
    let Some(scalar) = node.as_scalar() else {
        return Ok(Vec::new());
    };
    let text = scalar.text.as_str();
    let table = table(file, node, text);
    let place = |span: Span| match &table {
        Some(table) => {
            let at = |offset: u32| table.get(offset as usize).map_or(node.span.end, |at| *at);
            // The end is that of the last character: what follows may be indentation.
            let start = at(span.start);
            let end = if span.end > span.start {
                at(span.end - 1) + (at(span.end).saturating_sub(at(span.end - 1))).min(1)
            } else {
                start
            };
            Span { source: node.span.source, start, end: end.max(start) }
        }
        None => node.span,
    };
    let stream = yaml::read(node.span.source, text, 0..text.len(), None, limits);
    if let Some(problem) = stream.problems.into_iter().next() {
        return Err(Problem { span: place(problem.span), ..problem });
    }
    Ok(stream.documents.iter().map(|document| placed(&document.root, &place)).collect())
}

fn placed(node: &Node, place: &impl Fn(Span) -> Span) -> Node {
    let value = match &node.value {
        Value::Scalar(scalar) => Value::Scalar(scalar.clone()),
        Value::Seq(items) => {
            Value::Seq(Arc::new(items.iter().map(|item| placed(item, place)).collect()))
        }
        Value::Map(map) => {
            let mut map = (**map).clone();
            for entry in &mut map.entries {
                entry.key_span = place(entry.key_span);
                entry.value = placed(&entry.value, place);
            }
            Value::Map(map.into())
        }
    };
    Node { span: place(node.span), value }
}

/// For every byte of `text` (and its end) the byte of the file where it is written; `None` if the
/// two can't be matched.
fn table(file: &str, node: &Node, text: &str) -> Option<Vec<u32>> {
    let raw = file.get(node.span.start as usize..node.span.end as usize)?;
    let mut table = match raw.as_bytes().first()? {
        b'|' | b'>' => block(raw, text)?,
        b'"' => quoted(raw, text, b'"')?,
        b'\'' => quoted(raw, text, b'\'')?,
        _ => quoted(raw, text, 0)?,
    };
    table.iter_mut().for_each(|at| *at += node.span.start);
    Some(table)
}

/// A block scalar: its lines, each after its indentation.
fn block(raw: &str, text: &str) -> Option<Vec<u32>> {
    let mut table = Vec::with_capacity(text.len() + 1);
    let header = raw.find('\n')? + 1;
    let mut at = header;
    let rest = raw.get(header..)?;
    // The first line's indentation beyond its own text is the block's indentation.
    let is_text = |line: &&str| !line.trim().is_empty();
    let blanks = |line: &str| line.len() - line.trim_start_matches(' ').len();
    let indent = blanks(rest.lines().find(is_text)?);
    let indent = indent.checked_sub(blanks(text.lines().find(is_text)?))?;
    let folded = raw.starts_with('>');
    let mut lines = rest.split_inclusive('\n');
    let mut line = lines.next().unwrap_or("");
    let mut within = indent.min(line.trim_end_matches(['\n', '\r']).len());
    for char in text.chars() {
        // A line of the file that is used up ends in the text as a break, or folded as a space.
        let ended =
            line.get(within..).is_none_or(|rest| rest.trim_end_matches(['\n', '\r']).is_empty());
        let here = u32::try_from(at + within).ok()?;
        table.extend(std::iter::repeat_n(here, char.len_utf8()));
        let expected = line.get(within..).and_then(|rest| rest.chars().next());
        if ended && (char == '\n' || (folded && char == ' ')) {
            at += line.len();
            line = lines.next().unwrap_or("");
            within = indent.min(line.trim_end_matches(['\n', '\r']).len());
            if folded && char == ' ' && line.trim().is_empty() {
                return None;
            }
        } else if expected == Some(char) {
            let last = table.len() - char.len_utf8();
            for (offset, slot) in table.iter_mut().skip(last).enumerate() {
                *slot += u32::try_from(offset).ok()?;
            }
            within += char.len_utf8();
        } else {
            return None;
        }
    }
    table.push(u32::try_from((at + within).min(raw.len())).ok()?);
    Some(table)
}

/// A plain or quoted scalar: an escape is one character, a break with the blanks around it is a
/// space.
fn quoted(raw: &str, text: &str, quote: u8) -> Option<Vec<u32>> {
    let mut table = Vec::with_capacity(text.len() + 1);
    let mut reader = Reader { raw, quote, at: usize::from(quote != 0) };
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        reader.skip_joined_lines();
        let here = reader.at;
        let is_copied = reader.take(char, chars.peek() == Some(&'\n'))?;
        for offset in 0..char.len_utf8() {
            let at = if is_copied { here + offset } else { here };
            table.push(u32::try_from(at).ok()?);
        }
    }
    table.push(u32::try_from(reader.at).ok()?);
    Some(table)
}

/// Reads the notation of a scalar along with its text.
struct Reader<'a> {
    raw: &'a str,
    quote: u8,
    at: usize,
}

impl Reader<'_> {
    fn is_blank(&self, at: usize) -> bool {
        self.raw.as_bytes().get(at).is_some_and(|b| matches!(b, b' ' | b'\t' | b'\n' | b'\r'))
    }

    fn skip_blanks(&mut self) {
        while self.is_blank(self.at) {
            self.at += 1;
        }
    }

    fn next_break(&self) -> Option<usize> {
        self.raw.get(self.at..)?.find('\n').map(|length| self.at + length)
    }

    /// A backslash at the end of a line joins it with the next one.
    fn skip_joined_lines(&mut self) {
        let next = |at: usize| self.raw.as_bytes().get(at);
        let joins = self.quote == b'"'
            && next(self.at) == Some(&b'\\')
            && matches!(next(self.at + 1), Some(b'\n' | b'\r'));
        if joins {
            self.at += 1;
            self.skip_blanks();
        }
    }

    /// Skips the notation of one character; returns whether it is written literally.
    fn take(&mut self, char: char, break_follows: bool) -> Option<bool> {
        let written = self.raw.get(self.at..)?.chars().next()?;
        if self.quote == b'"' && written == '\\' {
            self.at += match self.raw.as_bytes().get(self.at + 1)? {
                b'x' => 4,
                b'u' => 6,
                b'U' => 10,
                _ => 2,
            };
            return Some(false);
        }
        if self.quote == b'\'' && written == '\'' {
            self.at += 2;
            return Some(false);
        }
        if written == '\n' || written == '\r' {
            self.take_break(char, break_follows)?;
            return Some(false);
        }
        if written != char {
            return None;
        }
        self.at += char.len_utf8();
        // Blanks at the end of a line are not part of the text.
        let run = (self.at..).find(|at| !self.is_blank(*at)).unwrap_or(self.at);
        let end = self.next_break().filter(|end| *end < run);
        self.at = end.filter(|_| char != ' ').unwrap_or(self.at);
        Some(true)
    }

    /// One break is a space, each further one a break.
    fn take_break(&mut self, char: char, break_follows: bool) -> Option<()> {
        self.at = self.next_break()? + 1;
        if char == '\n' {
            let end = self.next_break().unwrap_or(self.at);
            let is_empty = self.raw.get(self.at..end).is_some_and(|it| it.trim().is_empty());
            if is_empty && !break_follows && end > self.at {
                self.at = end + 1;
            }
        }
        if !break_follows {
            self.skip_blanks();
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::documents;
    use crate::text::SourceId;
    use crate::yaml::{self, Limits, Node};

    /// The scalars of the document inside `text`'s `patch`, with the text of their spans.
    fn told(text: &str) -> Vec<(String, String)> {
        fn walk(text: &str, node: &Node, out: &mut Vec<(String, String)>) {
            if let Some(scalar) = node.as_scalar() {
                let slice = &text[node.span.start as usize..node.span.end as usize];
                out.push((scalar.text.to_string(), slice.to_owned()));
            }
            node.as_seq().unwrap_or_default().iter().for_each(|item| walk(text, item, out));
            for entry in node.as_map().map_or(&[][..], |map| &map.entries) {
                let key = &text[entry.key_span.start as usize..entry.key_span.end as usize];
                out.push((entry.key.to_string(), key.to_owned()));
                walk(text, &entry.value, out);
            }
        }
        let limits = Limits::default();
        let stream = yaml::read(SourceId(0), text, 0..text.len(), None, &limits);
        let patch = stream.documents[0].root.get("patch").unwrap().clone();
        let mut out = Vec::new();
        for root in documents(text, &patch, &limits).unwrap() {
            walk(text, &root, &mut out);
        }
        out
    }

    #[test]
    fn every_style_of_scalar_points_into_the_file() {
        for text in [
            "patch: |-\n  a: b\n  c:\n    - d\n    - e f\n",
            "x: 1\npatch: |\n    a: b\n\n    # note\n    c: ä\n    d: e\ny: 2\n",
            "patch: |2\n    a: b\n    c: d\n",
            "patch: >-\n  {a: b,\n  c: d,\n  e: f}\n",
            "patch: '{a: b, c: d}'\n",
            "patch: \"{a: b, c: d}\"\n",
            "patch: \"a: b\\nc: d\\n\"\n",
            "patch: \"{a: b,\n  c: d,\n  e: f}\"\n",
            "patch: |-\r\n  a: b\r\n  c: d\r\n",
        ] {
            let told = told(text);
            assert!(told.len() >= 4, "{text:?}");
            for (value, slice) in told {
                assert_eq!(value, slice, "{text:?}");
            }
        }
    }

    #[test]
    fn broken_yaml_is_reported_at_its_line() {
        let text = "patch: |-\n  a: b\n  c: [\n";
        let limits = Limits::default();
        let stream = yaml::read(SourceId(0), text, 0..text.len(), None, &limits);
        let patch = stream.documents[0].root.get("patch").unwrap();
        let problem = documents(text, patch, &limits).unwrap_err();
        assert!(problem.span.start as usize > text.find("c:").unwrap(), "{problem:?}");
    }
}
