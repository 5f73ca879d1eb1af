//! Words that are booleans in YAML 1.1 and strings to kustomize: it reads `yes` and writes `"yes"`
//! (kyaml reads YAML 1.2 and quotes what an older reader would misread). A JSON patch is read by
//! the older rules, so its values stay as they are.

use std::sync::Arc;

use crate::yaml::{Node, Scalar, ScalarKind, Value};

/// The same tree with those words as strings.
pub(super) fn as_strings(node: &Node) -> Node {
    changed(node).unwrap_or_else(|| node.clone())
}

/// The tree, if anything in it changes.
fn changed(node: &Node) -> Option<Node> {
    let value = match &node.value {
        Value::Scalar(scalar) => {
            let kind = ScalarKind::Str;
            is_word(scalar).then(|| Value::Scalar(Scalar { kind, ..scalar.clone() }))?
        }
        Value::Seq(items) => {
            let mut new: Option<Vec<Node>> = None;
            for (at, item) in items.iter().enumerate() {
                let Some(item) = changed(item) else { continue };
                let all = new.get_or_insert_with(|| items.to_vec());
                all.get_mut(at).map(|slot| *slot = item)?;
            }
            Value::Seq(Arc::new(new?))
        }
        Value::Map(map) => {
            let mut new = None;
            for (at, entry) in map.entries.iter().enumerate() {
                let Some(value) = changed(&entry.value) else { continue };
                let all = new.get_or_insert_with(|| (**map).clone());
                all.entries.get_mut(at).map(|slot| slot.value = value)?;
            }
            Value::Map(Arc::new(new?))
        }
    };
    Some(Node { span: node.span, value })
}

fn is_word(scalar: &Scalar) -> bool {
    let is = |word: &str| scalar.text.eq_ignore_ascii_case(word);
    matches!(scalar.kind, ScalarKind::Bool(_)) && !is("true") && !is("false")
}
