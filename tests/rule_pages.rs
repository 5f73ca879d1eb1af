//! Every rule's page: its sections, and its examples, which must fire where they say and nowhere
//! else, or stay quiet.

use std::collections::BTreeSet;
use std::path::Path;

use netpol_lint::lint::{Check, RULES, Rule};
use netpol_lint::text::markdown::{Fence, fences};
use netpol_lint::{Request, repo, settle};

/// The sections that a page has, in this order.
const SECTIONS: [&str; 5] = [
    "## What is wrong",
    "## What happens in the cluster",
    "## How to fix it",
    "## When it stays quiet",
    "## Examples",
];

/// What can't be written down as an example: bytes that are no text.
const WITHOUT_BAD_EXAMPLE: &[&str] = &["unreadable-file"];

#[test]
fn every_page_has_its_sections_and_examples() {
    for rule in RULES {
        let page = rule.page;
        assert!(
            page.starts_with(&format!("# {}\n\n", rule.id)),
            "{}: title",
            rule.id
        );
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
        let examples = fences(page);
        let kinds: Vec<&str> = examples.iter().filter_map(verdict).collect();
        let needs_bad = !WITHOUT_BAD_EXAMPLE.contains(&rule.id);
        assert!(
            kinds.contains(&"bad") || !needs_bad,
            "{}: no bad example",
            rule.id
        );
        assert!(kinds.contains(&"good"), "{}: no good example", rule.id);
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
            .map(|path| {
                path.file_stem()
                    .unwrap()
                    .to_str()
                    .unwrap()
                    .replace('_', "-")
            })
            .collect()
    };
    let pages = stems("rules", "md");
    let files = stems("src/lint", "rs");
    let ids: Vec<&str> = RULES.iter().map(|rule| rule.id).collect();
    assert!(ids.is_sorted(), "the registry is sorted by id");
    assert_eq!(
        pages,
        ids.iter().map(ToString::to_string).collect(),
        "pages and registry"
    );
    for rule in RULES
        .iter()
        .filter(|rule| !matches!(rule.check, Check::Run))
    {
        assert!(
            files.contains(rule.id),
            "{} has no file of its own",
            rule.id
        );
    }
}

#[test]
fn bad_examples_fire_where_they_say_and_good_ones_stay_quiet() {
    let mut wrong = Vec::new();
    let mut tried = 0;
    for rule in RULES {
        for (number, fence) in fences(rule.page).iter().enumerate() {
            let Some(verdict) = verdict(fence) else {
                continue;
            };
            tried += 1;
            let text = &rule.page[fence.content.clone()];
            let (expected, found) = run(rule, text);
            let name = format!("{} example {} ({verdict})", rule.id, number + 1);
            if verdict == "bad" && expected.is_empty() {
                wrong.push(format!("{name}: no line is marked"));
            }
            if expected != found {
                wrong.push(format!(
                    "{name}:\n  expected {expected:?}\n  found    {found:?}"
                ));
            }
        }
    }
    println!("{tried} examples tried");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn verdict(fence: &Fence) -> Option<&str> {
    let word = fence.info.split_whitespace().nth(1)?;
    ["bad", "good"].contains(&word).then_some(word)
}

/// File, line and rule.
type Place = (String, usize, String);

/// What an example says it gives, and what it gives. `# file: name.yaml` begins a file of it,
/// `# <- rule-id` marks an expected line.
fn run(rule: &Rule, text: &str) -> (BTreeSet<Place>, BTreeSet<Place>) {
    let folder = tempfile::tempdir().unwrap();
    let mut expected = BTreeSet::new();
    for (name, content) in files(text) {
        for (number, line) in content.lines().enumerate() {
            if let Some((_, id)) = line.split_once("# <- ") {
                expected.insert((name.clone(), number + 1, id.trim().to_owned()));
            }
        }
        let path = folder.path().join(&name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
    let request = Request {
        cwd: folder.path().to_owned(),
        scope: repo::Scope::default(),
        selection: settle::Selection {
            pedantic: rule.pedantic,
            ..Default::default()
        },
        ..Request::default()
    };
    let outcome = netpol_lint::check(&request, &()).unwrap();
    let found = outcome.findings.iter().map(|finding| {
        let path = outcome.sources.get(finding.place.source).path.clone();
        (
            path,
            outcome.sources.start(finding.place).line,
            finding.rule.id.to_owned(),
        )
    });
    (expected, found.collect())
}

fn files(text: &str) -> Vec<(String, String)> {
    let mut files: Vec<(String, String)> = Vec::new();
    for line in text.lines() {
        if let Some(name) = line.strip_prefix("# file: ") {
            files.push((name.trim().to_owned(), String::new()));
            continue;
        }
        if files.is_empty() {
            files.push(("example.yaml".to_owned(), String::new()));
        }
        let (_, content) = files.last_mut().unwrap();
        content.push_str(line);
        content.push('\n');
    }
    files
}
