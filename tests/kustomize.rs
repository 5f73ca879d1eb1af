//! Kustomize's semantics: held against what the real one made of the corpus, against the real one
//! itself where it is installed, and against bad input.

#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::indexing_slicing)]

mod shared;

#[path = "kustomize/build.rs"]
mod build;

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use build::{Tree, differences, reduced};
use shared::shared;

/// Directories of the corpus where ours may differ from kustomize's, with the reason.
const EXCEPTIONS: &[(&str, &str)] = &[];

#[test]
fn the_corpus_is_built_as_kustomize_builds_it() {
    let Some(conformance) = shared("conformance/kustomize") else { return };
    let Some(corpus) = shared("corpus") else { return };
    let expected = std::fs::read_to_string(conformance.join("expected.jsonl")).unwrap();
    let mut repositories: BTreeMap<String, Vec<(String, Vec<Value>)>> = BTreeMap::new();
    for line in expected.lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let (repository, directory) = case["dir"].as_str().unwrap().split_once('/').unwrap();
        let objects = case["objects"].as_array().unwrap().clone();
        let cases = repositories.entry(repository.to_owned()).or_default();
        cases.push((directory.to_owned(), objects));
    }
    let (mut agree, mut all, mut wrong) = (0, 0, Vec::new());
    for (repository, cases) in repositories {
        let tree = Tree::read(&corpus.join(&repository));
        for (directory, objects) in cases {
            all += 1;
            let built = tree.kustomizations.build(&tree.inside(&directory));
            let mut found = differences(&objects, &reduced(&built));
            found.extend(built.faults.iter().map(|fault| tree.words(fault)));
            let name = format!("{repository}/{directory}");
            if found.is_empty() {
                agree += 1;
            } else if !EXCEPTIONS.iter().any(|(known, _)| *known == name) {
                wrong.push(format!("{name}:\n  {}", found.join("\n  ")));
            }
        }
    }
    println!("{agree} of {all} kustomizations agree with kustomize");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(all > 300, "only {all} were compared");
}

#[allow(dead_code, reason = "used by further tests")]
fn fixtures() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/kustomize"))
}
