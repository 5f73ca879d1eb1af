//! What the filter drops before parsing contains no wanted manifest, in real repositories.

use crate::shared;
use std::path::Path;

use netpol_lint::text::SourceId;
use netpol_lint::yaml::{Limits, Node, Stream, Wanted, read};
use walkdir::WalkDir;

const KINDS: [&str; 10] = [
    "Pod",
    "Deployment",
    "StatefulSet",
    "DaemonSet",
    "ReplicaSet",
    "ReplicationController",
    "Job",
    "CronJob",
    "Service",
    "Namespace",
];

fn wanted() -> Wanted {
    Wanted::new(KINDS, &["NetworkPolicy", "List"], &["emplate", "containers"])
}

/// The wanted manifests of a text, those in lists too.
fn manifests(text: &str, filter: Option<&Wanted>) -> Vec<Node> {
    let Stream { documents, .. } =
        read(SourceId(0), text, 0..text.len(), filter, &Limits::default());
    let wanted = wanted();
    let mut left: Vec<Node> = documents.into_iter().map(|document| document.root).collect();
    let mut found = Vec::new();
    while let Some(node) = left.pop() {
        let kind = node.get("kind").and_then(Node::as_str).unwrap_or_default();
        let items = node.get("items").and_then(Node::as_seq).unwrap_or_default();
        left.extend(items.iter().cloned());
        let has_template = node.at(&["spec", "template", "spec", "containers"]).is_some();
        if wanted.wants(kind) || (has_template && !kind.is_empty()) {
            found.push(node);
        }
    }
    found
}

fn is_text(path: &Path) -> bool {
    let extension = path.extension().and_then(|e| e.to_str()).unwrap_or_default();
    matches!(extension, "yaml" | "yml" | "json")
}

#[test]
fn nothing_wanted_is_dropped() {
    let Some(corpus) = shared::shared("corpus") else {
        return;
    };
    let entries = WalkDir::new(corpus).sort_by_file_name().into_iter().filter_map(Result::ok);
    let (mut all, mut files) = (0, 0);
    for entry in entries.filter(|entry| entry.file_type().is_file() && is_text(entry.path())) {
        let Ok(text) = std::fs::read_to_string(entry.path()) else {
            continue;
        };
        let parsed = manifests(&text, None);
        let filtered = manifests(&text, Some(&wanted()));
        assert_eq!(parsed, filtered, "{}", entry.path().display());
        assert!(parsed.is_empty() || wanted().may_be(text.as_bytes()));
        all += parsed.len();
        files += 1;
    }
    println!("{all} manifests in {files} files");
    assert!(all > 0, "the corpus holds no manifest");
}
