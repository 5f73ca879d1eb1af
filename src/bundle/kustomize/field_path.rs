//! Field paths of `replacements` and `vars`: `spec.containers.[name=web].image`.

use super::field_spec::split;
use crate::yaml::{Node, Value};

/// `[key=pattern]`.
pub(super) fn list_entry(part: &str) -> Option<(&str, &str)> {
    part.strip_prefix('[')?.strip_suffix(']')?.split_once('=')
}

/// Splits a field path at its dots, but not inside brackets (`SmarterPathSplitter`).
pub(super) fn smart_split(path: &str) -> Vec<String> {
    let mut parts = Vec::new();
    let mut pieces = split(path, '.').into_iter();
    while let Some(piece) = pieces.next() {
        if !piece.starts_with('[') || piece.ends_with(']') {
            parts.push(piece);
            continue;
        }
        let mut bracketed = piece;
        for more in pieces.by_ref() {
            bracketed.push('.');
            bracketed.push_str(&more);
            if more.ends_with(']') {
                break;
            }
        }
        if !bracketed.contains('=') {
            bracketed = bracketed.trim_matches(['[', ']']).to_owned();
        }
        parts.push(bracketed);
    }
    parts
}

/// The node at a field path; the first item that matches, in lists.
pub(super) fn look_up<'a>(tree: &'a Node, path: &[String]) -> Option<&'a Node> {
    path.iter().try_fold(tree, |node, part| {
        if let Some((key, wanted)) = list_entry(part) {
            return node.as_seq()?.iter().find(|item| {
                let scalar = if key.is_empty() {
                    item.as_scalar()
                } else {
                    item.get(key).and_then(Node::as_scalar)
                };
                scalar.is_some_and(|scalar| scalar.text == wanted)
            });
        }
        match (&node.value, part.parse::<usize>()) {
            (Value::Seq(items), Ok(index)) => items.get(index),
            (Value::Seq(items), Err(_)) if part == "-" => items.last(),
            _ => node.get(part),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::smart_split;

    #[test]
    fn brackets_hold_dots() {
        assert_eq!(smart_split("a.b"), ["a", "b"]);
        assert_eq!(smart_split("metadata.labels.[a.b/c]"), ["metadata", "labels", "a.b/c"]);
        assert_eq!(smart_split("x.[name=a.b].y"), ["x", "[name=a.b]", "y"]);
        assert_eq!(smart_split(r"metadata.labels.a\.b"), ["metadata", "labels", "a.b"]);
    }
}
