//! Comments are recognized correctly: a mark in real manifests, line by line, changes their
//! contents exactly where it is not recognized as a comment.

use crate::shared;
use netpol_lint::text::SourceId;
use netpol_lint::yaml::{Limits, Node, Value, comments, read};
use walkdir::WalkDir;

/// The tree without its spans; `None` if something can't be parsed.
fn tree_text(text: &str) -> Option<String> {
    let stream = read(SourceId(0), text, 0..text.len(), None, &Limits::default());
    let mut out = String::new();
    stream.documents.iter().for_each(|document| say(&document.root, &mut out));
    stream.problems.is_empty().then_some(out)
}

fn say(node: &Node, out: &mut String) {
    match &node.value {
        Value::Scalar(scalar) => out.push_str(&format!("{scalar:?};")),
        Value::Seq(items) => {
            out.push('[');
            items.iter().for_each(|item| say(item, out));
            out.push(']');
        }
        Value::Map(map) => {
            out.push('{');
            for entry in &map.entries {
                out.push_str(&format!("{:?}:", entry.key));
                say(&entry.value, out);
            }
            out.push('}');
        }
    }
}

/// The text with a mark after the line with that number, and with one above it.
fn marked(text: &str, number: usize) -> [String; 2] {
    let change = |line: &str, above: bool| {
        let indent = &line[..line.len() - line.trim_start().len()];
        if above { format!("{indent}# MARK\n{line}") } else { format!("{line} # MARK") }
    };
    [false, true].map(|above| {
        let lines = text.lines().enumerate();
        let lines = lines.map(|(i, l)| if i == number { change(l, above) } else { l.to_owned() });
        lines.collect::<Vec<_>>().join("\n") + "\n"
    })
}

#[test]
fn a_mark_changes_the_tree_only_outside_comments() {
    let Some(corpus) = shared::shared("corpus") else {
        return;
    };
    let (mut comment, mut text_of_scalars) = (0, 0);
    for entry in WalkDir::new(corpus).sort_by_file_name().into_iter().filter_map(Result::ok) {
        let is_yaml = entry.path().extension().is_some_and(|e| e == "yaml" || e == "yml");
        let text = if is_yaml { std::fs::read_to_string(entry.path()) } else { continue };
        let Ok(text) = text else {
            continue;
        };
        let lines = text.lines().count();
        let worth_it = text.contains(": |") || text.contains(": >");
        let Some(before) = tree_text(&text).filter(|_| worth_it && lines < 60) else {
            continue;
        };
        for number in (0..lines).step_by(2) {
            for with in marked(&text, number) {
                let Some(after) = tree_text(&with) else {
                    continue;
                };
                let limits = Limits::default();
                let found = comments(SourceId(0), &with, 0..with.len(), "MARK", &limits);
                let context = (found.len(), entry.path().display());
                assert_eq!(found.len(), usize::from(after == before), "{context:?}\n{with}");
                comment += usize::from(after == before);
                text_of_scalars += usize::from(after != before);
            }
        }
    }
    println!("{comment} comments, {text_of_scalars} in scalars");
    assert!(comment > 0 && text_of_scalars > 0);
}
