//! The documents show what the program prints.
//!
//! `UPDATE_DOCS=1 cargo test docs:: -- --test-threads 1` regenerates the generated parts.

use crate::pages;
use std::collections::BTreeMap;
use std::path::Path;

use netpol_lint::lint::{Check, RULES, Safety};
use netpol_lint::report::{Look, closing, text};
use netpol_lint::text::SourceId;
use netpol_lint::yaml::{self, Node};
use netpol_lint::{Request, check, repo};

#[test]
fn the_output_is_what_the_program_prints() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).canonicalize().unwrap();
    let scope = repo::Scope { paths: vec!["examples/shop".into()], ..Default::default() };
    let request = Request { cwd: root.clone(), scope, ..Default::default() };
    let mut outcome = check(&request, &()).unwrap();
    outcome.summary.time = std::time::Duration::from_millis(10);
    let look =
        Look { color: false, width: 100, wrap: false, unicode: true, cwd: root, links: false };
    let mut out = Vec::new();
    text::write(&mut out, &outcome, &look).unwrap();
    closing::write(&mut out, &outcome, &look).unwrap();
    let shown = format!("```text\n{}```\n", String::from_utf8(out).unwrap());
    holds("<!-- output: examples/shop -->\n", &shown);
}

/// The effect of a label that kustomize adds everywhere.
#[test]
fn the_overlay_is_what_the_program_prints() {
    let story = include_str!("../overlays/labels-with-selectors-break-dns.yaml");
    let (_folder, outcome) = pages::run_by_default(story);
    let cwd = outcome.root.clone();
    let look = Look { color: false, width: 100, wrap: false, unicode: true, cwd, links: false };
    let mut out = Vec::new();
    text::write(&mut out, &outcome, &look).unwrap();
    let shown = format!("```text\n{}\n```\n", String::from_utf8(out).unwrap().trim_end());
    holds("<!-- overlay -->\n", &shown);
}

#[test]
fn the_table_of_rules_is_that_of_the_pages() {
    let mut table = "| rule | severity | what is wrong |\n|---|---|---|\n".to_owned();
    for rule in RULES {
        let extra = match (rule.pedantic, rule.check) {
            (true, _) => " (with `--pedantic`)",
            (_, Check::Run) => " (about the run)",
            _ => "",
        };
        table += &format!(
            "| [`{0}`](rules/{0}.md) | {1}{extra} | {2} |\n",
            rule.id,
            rule.severity.word(),
            rule.summary()
        );
    }
    holds("<!-- rules -->\n", &table);
}

#[test]
fn the_rules_document_is_generated_from_the_pages_and_their_output() {
    let mut document =
        "# Rules\n\nGenerated from the pages in [`rules/`](../rules), each with the report \
                        for its first example. `netpol-lint rule ID` shows the whole page.\n"
            .to_owned();
    for rule in RULES {
        let (text, _) = rule.page.split_once("\n## Examples\n").unwrap();
        document += &format!("\n#{}\n", text.replace("\n## ", "\n### ").trim_end());
        let Some(example) = pages::examples(rule).into_iter().find(|example| example.bad) else {
            continue;
        };
        let (_folder, outcome) = pages::run(rule, example.text);
        let look = Look {
            color: false,
            width: 100,
            wrap: false,
            unicode: true,
            cwd: outcome.root.clone(),
            links: false,
        };
        let mut report = Vec::new();
        text::write(&mut report, &outcome, &look).unwrap();
        let report = String::from_utf8(report).unwrap();
        document += &format!(
            "\n### Example\n\n```yaml\n{}\n```\n\n```text\n{}\n```\n",
            pages::plain(example.text).trim_end(),
            report.trim_end()
        );
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/rules.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(path, document).unwrap();
        return;
    }
    let written = std::fs::read_to_string(path).unwrap();
    assert!(written == document, "UPDATE_DOCS=1 cargo test docs:: -- --test-threads 1 updates it");
}

#[test]
fn the_table_of_inputs_is_that_of_the_action() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("action.yml");
    let text = std::fs::read_to_string(path).unwrap();
    let limits = yaml::Limits::default();
    let stream = yaml::read(SourceId(0), &text, 0..text.len(), None, &limits);
    let action = &stream.documents[0].root;
    let mut table = String::new();
    for (key, title) in [("inputs", "input"), ("outputs", "output")] {
        table += &format!("\n| {title} | meaning |\n|---|---|\n");
        for entry in &action.get(key).and_then(Node::as_map).unwrap().entries {
            let value = |name| entry.value.get(name).and_then(Node::as_str).unwrap_or_default();
            let default = match (key, value("default")) {
                ("outputs", _) | (_, "") => String::new(),
                (_, default) => format!(" (default: `{default}`)"),
            };
            table += &format!("| `{}` | {}{default} |\n", entry.key, value("description"));
        }
    }
    holds("<!-- action -->\n", &format!("{table}\n"));
}

#[test]
fn the_expectations_of_the_readme_are_those_of_the_example() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/egress/netpol-test.yaml");
    let text = std::fs::read_to_string(path).unwrap();
    let (_schema, text) = text.split_once('\n').unwrap();
    holds("<!-- expectations -->\n", &format!("```yaml\n{text}```\n"));
}

#[test]
fn examples_name_the_version_of_the_package() {
    const VERSION: &str = concat!("v", env!("CARGO_PKG_VERSION"));
    let mut seen = 0;
    for path in
        ["README.md", "examples/github-workflow.yml", "packaging/pre-commit-mirror/README.md"]
    {
        let text =
            std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap();
        for before in ["    rev: ", "netpol-lint/netpol-lint@"] {
            for (at, _) in text.match_indices(before) {
                seen += 1;
                assert!(text[at + before.len()..].starts_with(VERSION), "{path}: {before}");
            }
        }
    }
    assert_eq!(seen, 4);
}

#[test]
fn the_table_of_fixes_is_that_of_the_examples() {
    const MOST: usize = 3;
    let mut table = "| rule | fix | |\n|---|---|---|\n".to_owned();
    for rule in RULES {
        let mut fixes: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for example in pages::examples(rule) {
            let (_folder, outcome) = pages::run(rule, example.text);
            let of_rule = outcome.findings.iter().filter(|finding| finding.rule.id == rule.id);
            for fix in of_rule.flat_map(|finding| &finding.fixes) {
                let safety = if fix.safety == Safety::Safe { "safe" } else { "unsafe" };
                let titles = fixes.entry(safety).or_default();
                if titles.len() < MOST && !titles.contains(&fix.title) {
                    titles.push(fix.title.clone());
                }
            }
        }
        for (safety, titles) in fixes {
            table += &format!("| `{}` | {} | {safety} |\n", rule.id, titles.join("; "));
        }
    }
    holds_in("docs/fixes.md", "<!-- fixes -->\n", &table);
}

/// Compares the text after a mark in the README, up to the next `<!-- end -->`.
fn holds(mark: &str, expected: &str) {
    holds_in("README.md", mark, expected);
}

fn holds_in(document: &str, mark: &str, expected: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(document);
    let readme = std::fs::read_to_string(&path).unwrap();
    let start = readme.find(mark).unwrap() + mark.len();
    let end = start + readme[start..].find("<!-- end -->").unwrap();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        let updated = format!("{}{expected}{}", &readme[..start], &readme[end..]);
        std::fs::write(path, updated).unwrap();
        return;
    }
    assert_eq!(
        &readme[start..end],
        expected,
        "UPDATE_DOCS=1 cargo test docs:: -- --test-threads 1 updates it"
    );
}
