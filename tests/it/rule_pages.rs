//! Every rule's page: its sections, and its examples, which must fire where they say and nowhere
//! else, or stay quiet; and snapshots of the report for each.

use crate::pages;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use netpol_lint::lint::{Check, RULES};
use netpol_lint::report::{Look, text};

/// The sections that a page has, in this order.
const SECTIONS: [&str; 5] = [
    "## What is wrong",
    "## What happens in the cluster",
    "## How to fix it",
    "## When it stays quiet",
    "## Examples",
];

/// What can't be written as an example: bytes that are not text.
const WITHOUT_BAD_EXAMPLE: &[&str] = &["unreadable-file"];

#[test]
fn every_page_has_its_sections_and_examples() {
    for rule in RULES {
        let page = rule.page;
        assert!(page.starts_with(&format!("# {}\n\n", rule.id)), "{}: title", rule.id);
        assert!(
            !rule.summary().is_empty() && !rule.summary().contains('\n'),
            "{}: summary",
            rule.id
        );
        let places: Vec<usize> = SECTIONS
            .iter()
            .map(|section| {
                page.find(&format!("\n{section}\n"))
                    .unwrap_or_else(|| panic!("{}: {section}", rule.id))
            })
            .collect();
        assert!(places.is_sorted(), "{}: order of sections", rule.id);
        let examples = pages::examples(rule);
        let needs_bad = !WITHOUT_BAD_EXAMPLE.contains(&rule.id);
        assert!(examples.iter().any(|e| e.bad) || !needs_bad, "{}: no bad example", rule.id);
        assert!(examples.iter().any(|e| !e.bad), "{}: no good example", rule.id);
    }
}

#[test]
fn every_rule_has_its_file_its_page_and_its_place_in_the_registry() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let stems = |folder: &str, extension: &str| -> BTreeSet<String> {
        std::fs::read_dir(root.join(folder))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|e| e == extension))
            .map(|path| path.file_stem().unwrap().to_str().unwrap().replace('_', "-"))
            .collect()
    };
    let pages = stems("rules", "md");
    let files = stems("src/lint", "rs");
    let ids: Vec<&str> = RULES.iter().map(|rule| rule.id).collect();
    assert!(ids.is_sorted(), "the registry is sorted by id");
    assert_eq!(pages, ids.iter().map(ToString::to_string).collect(), "pages and registry");
    for rule in RULES.iter().filter(|rule| !matches!(rule.check, Check::Run)) {
        assert!(files.contains(rule.id), "{} has no file of its own", rule.id);
    }
}

#[test]
fn bad_examples_fire_where_they_say_and_good_ones_stay_quiet() {
    let mut wrong = Vec::new();
    let mut tried = 0;
    for rule in RULES {
        for example in pages::examples(rule) {
            tried += 1;
            let expected = pages::expected(example.text);
            let (_folder, outcome) = pages::run(rule, example.text);
            let found = pages::found(&outcome);
            let name = format!("{} example {}", rule.id, example.number);
            assert_eq!(example.bad, !expected.is_empty(), "{name}: marked lines and verdict");
            if expected != found {
                wrong.push(format!("{name}:\n  expected {expected:?}\n  found    {found:?}"));
            }
        }
    }
    println!("{tried} examples tried");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Examples that behave differently as a base, with the reason.
const NOT_AS_A_BASE: &[(&str, &str)] = &[
    ("duplicate-key example 4", "kustomize rejects a key that is written twice"),
    ("duplicate-policy example 1", "kustomize rejects the same object twice"),
    ("duplicate-policy example 2", "kustomize rejects the same object twice"),
    ("duplicate-policy example 3", "kustomize rejects the same object twice"),
    ("duplicate-policy example 4", "kustomize rejects the same object twice"),
    ("duplicate-policy example 5", "kustomize rejects the same object twice"),
    ("duplicate-policy example 6", "kustomize rejects the same object twice"),
    ("duplicate-policy example 7", "kustomize rejects the same object twice"),
    ("invalid-policy example 3", "kustomize writes `on` and the like as text"),
    ("invalid-selector example 1", "kustomize writes `on` and the like as text"),
    ("invalid-policy example 1", "kustomize rejects an object without a name"),
    ("invalid-policy example 2", "kustomize rejects an object without a name"),
    ("ip-block-for-pods example 5", "kustomize rejects an object without a name"),
    ("ip-block-for-pods example 6", "kustomize rejects an object without a name"),
    ("ip-block-for-pods example 8", "kustomize rejects an object without a name"),
    ("missing-namespace-selector example 4", "kustomize rejects the same object twice"),
];

#[test]
fn examples_are_the_same_as_the_base_of_an_overlay() {
    let (mut tried, mut wrong) = (0, Vec::new());
    for rule in RULES.iter().filter(|rule| !matches!(rule.check, Check::Run)) {
        for example in pages::examples(rule) {
            let name = format!("{} example {}", rule.id, example.number);
            let is_other = NOT_AS_A_BASE.iter().any(|(known, _)| *known == name);
            let Some((_folder, outcome)) = pages::run_as_base(rule, example.text) else { continue };
            tried += 1;
            let below = |(path, line, id): pages::Place| (format!("base/{path}"), line, id);
            let expected: BTreeSet<pages::Place> =
                pages::expected(example.text).into_iter().map(below).collect();
            let found = pages::found(&outcome);
            if (expected != found) != is_other {
                wrong.push(format!("{name}:\n  expected {expected:?}\n  found    {found:?}"));
            }
        }
    }
    println!("{tried} examples tried as a base");
    assert!(wrong.is_empty(), "{} of {tried}\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_rule_reports_what_its_snapshot_contains() {
    for rule in RULES {
        let bad: Vec<pages::Example<'_>> =
            pages::examples(rule).into_iter().filter(|example| example.bad).collect();
        if bad.is_empty() {
            continue;
        }
        let mut seen = Vec::new();
        for example in bad {
            let (_folder, outcome) = pages::run(rule, example.text);
            let look = Look {
                color: false,
                width: 100,
                wrap: false,
                unicode: true,
                cwd: outcome.root.clone(),
                links: false,
            };
            text::write(&mut seen, &outcome, &look).unwrap();
        }
        hold(&format!("rule_{}", rule.id.replace('-', "_")), &String::from_utf8(seen).unwrap());
    }
}

/// Compares a text with its snapshot in `snapshots/`.
fn hold(name: &str, text: &str) {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("snapshots");
    insta::with_settings!({snapshot_path => folder, prepend_module_to_snapshot => false, omit_expression => true}, {
        insta::assert_snapshot!(name, text);
    });
}
