//! A tree as one line of YAML. Plain numbers and words stay as they are written, since what helm
//! makes of `1.0` depends on where it stands.

use crate::yaml::{Node, ScalarKind, Value};

/// `node` without the entries that `leave_out` names at its top.
pub(super) fn flow(node: &Node, leave_out: &dyn Fn(&str, Option<&Node>) -> bool) -> String {
    let mut out = String::new();
    write(node, leave_out, &mut out);
    out.push('\n');
    out
}

/// Leaves nothing out.
pub(super) fn whole(_: &str, _: Option<&Node>) -> bool {
    false
}

/// `leave_out` is asked of each entry of the top mapping, and of each item of its sequences.
fn write(node: &Node, leave_out: &dyn Fn(&str, Option<&Node>) -> bool, out: &mut String) {
    match &node.value {
        Value::Map(map) => {
            out.push('{');
            // The last of two that are the same counts.
            let is_last = |n: usize, key: &str| !map.entries[n + 1..].iter().any(|e| e.key == key);
            let entries = map.entries.iter().enumerate();
            for (_, entry) in entries
                .filter(|(n, e)| is_last(*n, &e.key))
                .filter(|(_, e)| !leave_out(&e.key, None))
            {
                out.push_str(&quoted(&entry.key));
                out.push_str(": ");
                match entry.value.as_seq() {
                    Some(items) => {
                        let kept = items.iter().filter(|i| !leave_out(&entry.key, Some(i)));
                        sequence(kept, out);
                    }
                    None => write(&entry.value, &whole, out),
                }
                out.push_str(", ");
            }
            out.push('}');
        }
        Value::Seq(items) => sequence(items.iter(), out),
        Value::Scalar(scalar) if scalar.plain && scalar.kind != ScalarKind::Str => {
            out.push_str(if scalar.text.is_empty() { "null" } else { &scalar.text });
        }
        Value::Scalar(scalar) => out.push_str(&quoted(&scalar.text)),
    }
}

fn sequence<'n>(items: impl Iterator<Item = &'n Node>, out: &mut String) {
    out.push('[');
    for item in items {
        write(item, &whole, out);
        out.push_str(", ");
    }
    out.push(']');
}

/// JSON's strings are YAML's.
fn quoted(text: &str) -> String {
    serde_json::Value::String(text.to_owned()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::SourceId;
    use crate::yaml::{self, Limits};

    fn tree(text: &str) -> Node {
        let read = yaml::read(SourceId(0), text, 0..text.len(), None, &Limits::default());
        read.documents[0].root.clone()
    }

    #[test]
    fn words_and_numbers_stay_as_they_are_written() {
        let node = tree(
            "a: 1.0\nb: '1.0'\nc: yes\nd:\n  - x: |\n      e\n- 3\n".replace("- 3\n", "").as_str(),
        );
        let text = flow(&node, &whole);
        assert_eq!(
            text,
            "{\"a\": 1.0, \"b\": \"1.0\", \"c\": yes, \"d\": [{\"x\": \"e\\n\", }, ], }\n"
        );
        tree(&text);
        let kept = flow(&node, &|key, item| key == "a" || (key == "d" && item.is_some()));
        assert_eq!(kept, "{\"b\": \"1.0\", \"c\": yes, \"d\": [], }\n");
    }
}
