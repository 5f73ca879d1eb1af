//! YAML inside of a scalar: parsed, and every node put back to where it is written in the file.

use crate::text::Span;
use crate::yaml::{self, Limits, Node, Problem, Value};

/// The documents that the text of a scalar holds, with spans in the file it stands in.
///
/// # Errors
/// What is wrong with the first document that can't be read, at its place in the file.
pub(super) fn documents(file: &str, node: &Node, limits: &Limits) -> Result<Vec<Node>, Problem> {
    let Some(scalar) = node.as_scalar() else {
        return Ok(Vec::new());
    };
    let text = scalar.text.as_str();
    let table = table(file, node, text);
    let place = |span: Span| match &table {
        Some(table) => {
            let at = |offset: u32| table.get(offset as usize).map_or(node.span.end, |at| *at);
            // The end is where the last character ends: what follows may be indentation.
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
        Value::Seq(items) => Value::Seq(items.iter().map(|item| placed(item, place)).collect()),
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

/// For every byte of `text` (and its end) the byte of the file where it is written; none where
/// the two can't be brought together.
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

/// A block scalar: its lines, each behind its indentation.
fn block(raw: &str, text: &str) -> Option<Vec<u32>> {
    let mut table = Vec::with_capacity(text.len() + 1);
    let header = raw.find('\n')? + 1;
    let mut at = header;
    let rest = raw.get(header..)?;
    // What the first line is indented by beyond its own text is the block's indentation.
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

/// A plain or quoted scalar: escapes stand for one character, a break with the blanks around it
/// for a space.
fn quoted(raw: &str, text: &str, quote: u8) -> Option<Vec<u32>> {
    let bytes = raw.as_bytes();
    let blank =
        |at: usize| bytes.get(at).is_some_and(|b| matches!(b, b' ' | b'\t' | b'\n' | b'\r'));
    let mut table = Vec::with_capacity(text.len() + 1);
    let mut at = usize::from(quote != 0);
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        while quote == b'"'
            && bytes.get(at) == Some(&b'\\')
            && blank(at + 1)
            && bytes.get(at + 1) != Some(&b' ')
        {
            at += 1;
            while blank(at) {
                at += 1;
            }
        }
        let here = u32::try_from(at).ok()?;
        let written = raw.get(at..)?.chars().next()?;
        table.extend((0..char.len_utf8()).map(|_| here));
        if quote == b'"' && written == '\\' {
            at += match bytes.get(at + 1)? {
                b'x' => 4,
                b'u' => 6,
                b'U' => 10,
                _ => 2,
            };
        } else if quote == b'\'' && written == '\'' {
            at += 2;
        } else if written == char && char != '\n' {
            let last = table.len() - char.len_utf8();
            for (offset, slot) in table.iter_mut().skip(last).enumerate() {
                *slot += u32::try_from(offset).ok()?;
            }
            at += char.len_utf8();
            // Blanks at the end of a line are no part of the text.
            let run = (at..).find(|at| !blank(*at)).unwrap_or(at);
            let breaks = raw.get(at..run).is_some_and(|blanks| blanks.contains('\n'));
            if breaks && char != ' ' {
                at = raw.get(at..run).and_then(|blanks| blanks.find('\n')).map_or(at, |n| at + n);
            }
        } else if written == '\n' || written == '\r' {
            // One break is a space, each further one a break.
            at = raw.get(at..).and_then(|rest| rest.find('\n')).map_or(at, |n| at + n + 1);
            if char == '\n' {
                let next = raw.get(at..).and_then(|rest| rest.find('\n')).unwrap_or(0);
                let empty = raw.get(at..at + next).is_some_and(|line| line.trim().is_empty());
                if empty && chars.peek() != Some(&'\n') {
                    at += next + 1;
                }
            }
            if chars.peek() != Some(&'\n') {
                while blank(at) {
                    at += 1;
                }
            }
        } else {
            return None;
        }
    }
    table.push(u32::try_from(at).ok()?);
    Some(table)
}
