//! Every format with the same repository, and the JSON formats against their schemas:
//! `snapshots/format_*.snap`.

#![cfg(feature = "cli")]

use crate::outcome as sample_findings;
use crate::sample;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use netpol_lint::lint::{Confidence, RULES, Severity};
use netpol_lint::report::{
    checkstyle, concise, github, gitlab, json, jsonl, junit, markdown, sarif, text,
};
use netpol_lint::text::Span;
use serde_json::Value;

use sample::{FILES, outcome, report, repository, written};
use sample_findings::{MISSING_DNS, ORPHANED, PEDANTIC, assert_snapshot, finding, place, related};

fn errors(schema: &str, value: &Value) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(schema);
    // SARIF's has an extra bracket in the pattern of a language, which is not a valid regular
    // expression.
    let text = std::fs::read_to_string(path).unwrap().replace("-[a-zA-Z]{2}]?$", "-[a-zA-Z]{2}$");
    let schema = serde_json::from_str(&text).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors =
        |error: jsonschema::ValidationError<'_>| format!("{}: {error}", error.instance_path());
    validator.iter_errors(value).map(errors).collect()
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn every_format_shows_the_sample() {
    let formats: [(&str, sample::Write); 10] = [
        ("text", text::write),
        ("concise", concise::write),
        ("json", json::write),
        ("jsonl", jsonl::write),
        ("sarif", sarif::write),
        ("github", github::write),
        ("gitlab", gitlab::write),
        ("junit", junit::write),
        ("checkstyle", checkstyle::write),
        ("markdown", markdown::write),
    ];
    for (name, write) in formats {
        assert_snapshot(&format!("format_{name}"), &report(write));
    }
}

#[test]
fn json_lines_are_the_entries_of_the_document() {
    let lines: Vec<Value> = report(jsonl::write).lines().map(parsed).collect();
    let document = parsed(&report(json::write));
    let all = ["findings", "suppressed"].map(|list| document[list].as_array().unwrap().clone());
    assert_eq!(lines, all.concat());
    assert!(lines.last().unwrap()["suppression"]["reason"].is_string());
}

#[test]
fn gitlab_keeps_to_its_documentation() {
    let report = parsed(&report(gitlab::write));
    assert_eq!(errors("tests/schemas/gitlab-code-quality.schema.json", &report), [""; 0]);
    let entries = report.as_array().unwrap();
    let names: BTreeSet<_> = entries.iter().map(|entry| entry["fingerprint"].as_str()).collect();
    assert_eq!(names.len(), entries.len(), "fingerprints are unique");
}

const SARIF: &str = "tests/schemas/sarif-schema-2.1.0.json";

#[test]
fn sarif_is_valid_with_findings_and_without() {
    for files in [FILES, &[("pod.yaml", "apiVersion: v1\nkind: Pod\n")]] {
        let folder = repository(files);
        let log = parsed(&written(sarif::write, &outcome(folder.path())));
        assert_eq!(errors(SARIF, &log), [""; 0]);
    }
    let broken = parsed(&report(sarif::write).replace("\"startLine\": ", "\"startLine\": -"));
    assert!(!errors(SARIF, &broken).is_empty(), "the schema sees what is wrong");
}

#[test]
fn sarif_points_at_the_tokens_and_refers_to_each_related_place() {
    let folder = repository(FILES);
    let log = parsed(&written(sarif::write, &outcome(folder.path())));
    let run = &log["runs"][0];
    assert_eq!(run["columnKind"], "unicodeCodePoints");
    let files: BTreeMap<_, _> = FILES.iter().copied().collect();
    let mut with_related = 0;
    for result in run["results"].as_array().unwrap() {
        let rule = &run["tool"]["driver"]["rules"][result["ruleIndex"].as_u64().unwrap() as usize];
        assert_eq!(rule["id"], result["ruleId"]);
        let place = &result["locations"][0]["physicalLocation"];
        let uri = place["artifactLocation"]["uri"].as_str().unwrap();
        let at = |key: &str| place["region"][key].as_u64().unwrap() as usize;
        assert_eq!(at("startLine"), at("endLine"));
        let line: Vec<char> =
            files[uri].lines().nth(at("startLine") - 1).unwrap().chars().collect();
        let token: String = line[at("startColumn") - 1..at("endColumn") - 1].iter().collect();
        assert!(!token.trim().is_empty() && token.trim() == token, "{token:?}");
        let message = result["message"]["text"].as_str().unwrap();
        for related in result["relatedLocations"].as_array().into_iter().flatten() {
            with_related += 1;
            assert!(message.contains(&format!("]({})", related["id"])), "{message}");
        }
        assert_eq!(result["partialFingerprints"]["netpolLint/v1"].as_str().unwrap().len(), 16);
    }
    assert!(with_related >= 3);
    let wide = run["results"]
        .as_array()
        .unwrap()
        .iter()
        .find(|result| result["message"]["text"].as_str().unwrap().contains("`日本語`"));
    let region = &wide.unwrap()["locations"][0]["physicalLocation"]["region"];
    assert_eq!((&region["startColumn"], &region["endColumn"]), (&54.into(), &57.into()));
}

#[test]
fn sarif_escapes_what_would_be_a_link_and_encodes_addresses() {
    let mut outcome =
        sample_findings::outcome(&[("a b/p#1%[x]:é.yaml", "key: value\nnext: line\n")]);
    let all = Span::new(netpol_lint::text::SourceId(0), 5, 20);
    let mut finding = finding(&ORPHANED, all, "has [a](http://evil) and \\", "");
    finding.related.push(related(place(&outcome, 0, "next"), "the [other](2)"));
    outcome.findings.push(finding);
    let log = parsed(&written(sarif::write, &outcome));
    assert_eq!(errors(SARIF, &log), [""; 0]);
    let result = &log["runs"][0]["results"][0];
    assert_eq!(
        result["message"]["text"],
        "has \\[a\\](http://evil) and \\\\\nSee [the \\[other\\](2)](1)."
    );
    let place = &result["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "a%20b/p%231%25%5Bx%5D%3A%C3%A9.yaml");
    assert_eq!(place["region"]["endLine"], 1);
    assert_eq!(place["region"]["endColumn"], 11);
}

#[test]
fn sarif_omits_the_least_severe_and_least_confident() {
    let mut outcome = sample_findings::outcome(&[("a.yaml", "a: b\n")]);
    let place = place(&outcome, 0, "b");
    for number in 0..25_010 {
        let rule = match number {
            0..=4 => &PEDANTIC,
            5..=14 => &ORPHANED,
            _ => &MISSING_DNS,
        };
        let mut finding = finding(rule, place, &format!("number {number}"), "");
        let unsure = (5..=9).contains(&number);
        finding.confidence = if unsure { Confidence::Medium } else { Confidence::High };
        outcome.findings.push(finding);
    }
    let log = parsed(&written(sarif::write, &outcome));
    let results = log["runs"][0]["results"].as_array().unwrap();
    assert_eq!(results.len(), 25_000);
    // Five notes and the five less confident warnings are omitted, and the order is that of the
    // report.
    assert_eq!(results[0]["message"]["text"], "number 10");
    assert_eq!(results[24_999]["message"]["text"], "number 25009");
    let notes = &log["runs"][0]["invocations"][0]["toolExecutionNotifications"];
    assert!(notes[0]["message"]["text"].as_str().unwrap().starts_with("10 results omitted"));
}

#[test]
fn every_rule_keeps_within_the_limits_of_code_scanning() {
    let mut outcome = sample_findings::outcome(&[("a.yaml", "a: b\n")]);
    let place = place(&outcome, 0, "b");
    outcome.findings = RULES.iter().map(|rule| finding(rule, place, "wrong", "")).collect();
    let log = parsed(&written(sarif::write, &outcome));
    assert_eq!(errors(SARIF, &log), [""; 0]);
    let rules = log["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
    assert_eq!(rules.len(), RULES.len());
    for rule in rules {
        for key in ["shortDescription", "fullDescription"] {
            let length = rule[key]["text"].as_str().unwrap().chars().count();
            assert!((10..=1024).contains(&length), "{}: {key} has {length}", rule["id"]);
        }
        assert!(rule["id"].as_str().unwrap().len() <= 255);
        let (text, markdown) = (&rule["help"]["text"], &rule["help"]["markdown"]);
        assert!(
            !text.as_str().unwrap().contains("## ") && markdown.as_str().unwrap().contains("## ")
        );
    }
}

/// Workflow commands, read as GitHub's runner reads them.
fn commands(log: &str) -> Vec<(String, BTreeMap<String, String>, String)> {
    let unescape = |text: &str, pairs: &[(&str, &str)]| {
        pairs.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
    };
    let data = [("%0D", "\r"), ("%0A", "\n"), ("%25", "%")];
    let property = [("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")];
    let lines = log.lines().filter_map(|line| line.trim_start().strip_prefix("::"));
    lines
        .map(|line| {
            let (command, message) = line.split_once("::").unwrap();
            let (name, properties) = command.split_once(' ').unwrap_or((command, ""));
            let pairs = properties.split(',').filter(|pair| !pair.is_empty()).map(|pair| {
                let (key, value) = pair.split_once('=').unwrap();
                (key.to_owned(), unescape(value, &property))
            });
            (name.to_owned(), pairs.collect(), unescape(message, &data))
        })
        .collect()
}

#[test]
fn github_is_read_back() {
    let folder = repository(FILES);
    let outcome = outcome(folder.path());
    let commands = commands(&written(github::write, &outcome));
    assert_eq!(commands.len(), outcome.findings.len());
    for finding in &outcome.findings {
        let at = outcome.sources.start(finding.place);
        let (name, properties, _) = commands
            .iter()
            .find(|(_, properties, message)| {
                message.starts_with(finding.message.as_str())
                    && properties["file"] == outcome.sources.get(finding.place.source).path
            })
            .unwrap();
        assert_eq!(properties["line"], at.line.to_string());
        assert_eq!(properties["col"], at.column.to_string());
        assert_eq!(properties["title"], format!("netpol-lint: {}", finding.rule.id));
        let expected = if finding.severity == Severity::Error { "error" } else { "warning" };
        assert_eq!(name, expected);
    }
}

#[test]
fn github_s_escapes_decode_to_the_message() {
    let mut outcome = sample_findings::outcome(&[("a,b:c%2C.yaml", "a: b\n")]);
    let place = place(&outcome, 0, "b");
    outcome.findings.push(finding(&ORPHANED, place, "100% of `a`, ::error::x and %0A", "Do: it"));
    let commands = commands(&written(github::write, &outcome));
    assert_eq!(commands.len(), 1);
    let (name, properties, message) = &commands[0];
    assert_eq!((name.as_str(), properties["file"].as_str()), ("warning", "a,b:c%2C.yaml"));
    assert!(message.starts_with("100% of `a`, ::error::x and %0A\nHelp: Do: it\n"), "{message}");
}

#[test]
fn github_shows_ten_of_a_level_and_counts_the_rest() {
    let mut outcome = sample_findings::outcome(&[("a.yaml", "a: b\n")]);
    let place = place(&outcome, 0, "b");
    for (rule, number) in [(&MISSING_DNS, 12), (&ORPHANED, 10), (&PEDANTIC, 11)] {
        let all = (0..number).map(|_| finding(rule, place, "wrong", ""));
        outcome.findings.extend(all);
    }
    let log = written(github::write, &outcome);
    let count = |level: &str| log.lines().filter(|line| line.starts_with(level)).count();
    assert_eq!([count("::error "), count("::warning "), count("::notice ")], [10, 10, 10]);
    assert!(log.contains("\n2 more of severity error not shown"), "{log}");
    assert!(log.contains("\n1 more of severity note not shown"), "{log}");
    assert!(!log.contains("more of severity warning"), "{log}");
}

#[test]
fn markdown_fits_into_a_comment_and_counts_what_does_not() {
    let mut outcome = sample_findings::outcome(&[("a.yaml", "a: b\n"), ("b.yaml", "a: b\n")]);
    for file in [0, 1] {
        let place = place(&outcome, file, "b");
        let all = (0..400).map(|_| finding(&ORPHANED, place, "`a` selects nothing", "Fix it."));
        outcome.findings.extend(all);
    }
    let report = written(markdown::write, &outcome);
    assert!(report.len() < 65_000, "{}", report.len());
    let shown = report.matches("**warning**").count();
    assert!(
        report.contains(&format!("\n{} more not shown, to keep this report short.\n", 800 - shown)),
        "{report}"
    );
}
