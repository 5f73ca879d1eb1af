//! Names in manifests are data: whatever they contain, it controls no terminal, runner, page or
//! parser in any format.

#![cfg(all(feature = "cli", unix))]

use crate::sample;
use std::collections::BTreeSet;

use netpol_lint::Outcome;
use netpol_lint::report::{
    checkstyle, concise, github, gitlab, json, jsonl, junit, markdown, sarif, text,
};
use netpol_lint::text::visible;
use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};
use serde_json::Value;

use sample::{outcome, repository, written};

const FORMATS: [(&str, sample::Write); 10] = [
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

/// Each stands for a name, as a YAML string between double quotes.
const NASTY: [&str; 9] = [
    r"\e[31mred\e[0m",
    r"\e]8;;http://evil\aclick",
    r"x\n::error::pwned\r\n##[group]y",
    r"]]> <img src=x onerror=alert(1)>",
    r"</script> ``` ` `` | @everyone #1",
    r"` [a](http://evil) ![i](http://e/i)",
    r"` @everyone #1 **b** <b> www.e.example",
    r"\u202edrawkcab\u200b\u2028",
    r"a ::set-output name=a::b %0A::error::",
];

/// In a comment, which an excerpt shows as written.
const RAW: &str =
    "# ```` </code> \u{202e}drawkcab\u{200b} | <script>alert(1)</script> ::error::x ]]>";

/// A name for a file and a directory.
const PATH: &str = "::error::x,y=%0A`|<b>@a\u{1b}[31m\u{202e}\n]]>";

/// Policies that are wrong at `name`, each in a different way.
fn policies(name: &str) -> Vec<String> {
    let head = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n";
    let meta = "metadata: {name: a, namespace: shop}\n";
    let all = "spec: {podSelector: {}, policyTypes: [Ingress]}\n";
    [
        format!("metadata: {{namespace: shop, name: \"{name}\"}} {RAW}\n{all}"),
        format!("metadata: {{name: a, annotations: {{\"{name}\": x}}}} {RAW}\n{all}"),
        format!("{meta}spec:\n  podSelector: {{}}\n  \"{name}\": 1 {RAW}\n"),
        format!("{meta}spec:\n  podSelector: {{matchLabels: {{app: \"{name}\"}}}} {RAW}\n"),
        format!("{meta}spec:\n  podSelector: {{}}\n  policyTypes: [\"{name}\"] {RAW}\n"),
        format!("{meta}spec:\n  podSelector: {{}}\n  ingress: [{{from: [{{ipBlock: {{cidr: \"{name}\"}}}}]}}] {RAW}\n"),
        format!("{meta}spec:\n  podSelector: {{}}\n  ingress: [{{ports: [{{port: \"{name}\"}}]}}] {RAW}\n"),
    ]
    .map(|body| format!("{head}{body}"))
    .to_vec()
}

/// A repository with such policies, and one with a name for a path, a document that is not YAML and
/// a suppression.
fn hostile() -> [(tempfile::TempDir, Outcome); 2] {
    let texts: Vec<(String, String)> = NASTY
        .iter()
        .flat_map(|name| policies(name))
        .enumerate()
        .map(|(number, text)| (format!("p{number}/policy.yaml"), text))
        .collect();
    let files: Vec<(&str, &str)> = texts.iter().map(|(p, t)| (p.as_str(), t.as_str())).collect();
    let held = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n\
                metadata: {name: a, namespace: shop}\nspec:\n  podSelector: {}\n  \
                policyTypes: [Wrong] # netpol-lint: ignore[invalid-policy] @everyone `x` <b> \u{202e}drawkcab ::error::y #1\n";
    let broken = "kind: NetworkPolicy\na: \u{1b}[31m\u{7}drawkcab\nb: [\n";
    let in_a_path = format!("{PATH}/policy.yaml");
    let of_a_path = format!("{PATH}.yaml");
    let policy = policies("*")[2].clone();
    let paths = [
        (in_a_path.as_str(), policy.as_str()),
        (of_a_path.as_str(), policy.as_str()),
        ("held.yaml", held),
        ("broken.yaml", broken),
    ];
    [&files[..], &paths].map(|files| {
        let folder = repository(files);
        let outcome = outcome(folder.path());
        (folder, outcome)
    })
}

/// The output of each format for both.
fn reports() -> Vec<(&'static str, Outcome, String)> {
    let mut reports = Vec::new();
    for (name, write) in FORMATS {
        for (_folder, outcome) in hostile() {
            let report = written(write, &outcome);
            reports.push((name, outcome, report));
        }
    }
    reports
}

#[test]
fn the_hostile_repositories_contain_every_hostile_name() {
    let [(_a, names), (_b, paths)] = hostile();
    assert!(names.findings.len() >= NASTY.len() * 5, "{}", names.findings.len());
    assert!(paths.findings.len() >= 3, "{}", paths.findings.len());
    assert_eq!(paths.suppressed.as_ref().map(Vec::len), Some(1));
}

#[test]
fn no_format_writes_a_control_character() {
    for (name, _, report) in reports() {
        let steering: Vec<char> = report
            .chars()
            .filter(|c| *c != '\n' && visible(c.encode_utf8(&mut [0; 4])).len() > 4)
            .collect();
        assert!(steering.is_empty(), "{name}: {steering:?}");
    }
}

#[test]
fn only_our_own_lines_are_commands_to_github_s_runner() {
    for (name, outcome, report) in reports() {
        let commands: Vec<&str> =
            report.lines().filter(|line| line.trim_start().starts_with("::")).collect();
        assert!(!report.contains("##["), "{name}: the runner's older form");
        if name != "github" {
            assert!(commands.is_empty(), "{name}: {commands:#?}");
            continue;
        }
        assert!(commands.len() >= outcome.findings.len().min(3));
        let others = report.lines().count() - commands.len();
        assert_eq!(others, report.matches(" more of severity ").count());
        for command in commands {
            // The name and the properties contain no colon: the message begins at the second `::`.
            let (head, _) = command[2..].split_once("::").unwrap();
            let (level, properties) = head.split_once(' ').unwrap();
            assert!(["error", "warning", "notice"].contains(&level), "{command}");
            let keys: Vec<&str> =
                properties.split(',').map(|pair| pair.split_once('=').unwrap().0).collect();
            assert_eq!(keys, ["file", "line", "endLine", "col", "endColumn", "title"], "{command}");
        }
    }
}

/// Every string that a reader shows to people.
fn shown(value: &Value, key: &str, out: &mut Vec<String>) {
    match value {
        // What is written to files is not shown.
        Value::Object(map) => {
            let words = map.iter().filter(|(key, _)| *key != "insertedContent");
            words.for_each(|(key, value)| shown(value, key, out));
        }
        Value::Array(list) => list.iter().for_each(|value| shown(value, key, out)),
        Value::String(text) if matches!(key, "text" | "description" | "body" | "justification") => {
            out.push(text.clone());
        }
        _ => {}
    }
}

#[test]
fn text_that_viewers_decode_is_escaped_too() {
    for (name, outcome, report) in reports() {
        if !["sarif", "gitlab"].contains(&name) {
            continue;
        }
        let mut words = Vec::new();
        shown(&serde_json::from_str(&report).unwrap(), "", &mut words);
        assert!(words.len() > outcome.findings.len(), "{name}");
        for text in words {
            assert!(text.lines().all(|line| visible(line) == line), "{name}: {text:?}");
        }
    }
}

#[test]
fn sarif_has_no_links_but_those_to_related_places() {
    for (_folder, outcome) in hostile() {
        let log: Value = serde_json::from_str(&written(sarif::write, &outcome)).unwrap();
        for result in log["runs"][0]["results"].as_array().unwrap() {
            let text = result["message"]["text"].as_str().unwrap();
            let related = result["relatedLocations"].as_array().map_or(0, Vec::len);
            let bare = text.replace("\\\\", "").replace("\\[", "").replace("\\]", "");
            assert_eq!(bare.matches('[').count(), related, "{text}");
            assert_eq!(bare.matches("](").count(), related, "{text}");
        }
    }
}

#[test]
fn markdown_contains_only_what_we_write() {
    for (_folder, outcome) in hostile() {
        let report = written(markdown::write, &outcome);
        let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_GFM;
        let (mut blocks, mut headings, mut tables, mut in_block) = (0, 0, 0, false);
        for event in Parser::new_ext(&report, options) {
            match event {
                Event::Html(html) | Event::InlineHtml(html) => assert_eq!(&*html, "<!-- -->"),
                Event::Start(Tag::Image { dest_url, .. }) => panic!("an image of {dest_url}"),
                Event::Start(Tag::Link { dest_url, .. }) => {
                    let ours = "https://github.com/netpol-lint/netpol-lint/blob/main/rules/";
                    assert!(dest_url.starts_with(ours), "{dest_url}");
                }
                Event::Start(Tag::CodeBlock(kind)) => {
                    assert!(matches!(kind, CodeBlockKind::Fenced(name) if &*name == "text"));
                    (blocks, in_block) = (blocks + 1, true);
                }
                Event::End(TagEnd::CodeBlock) => in_block = false,
                Event::Start(Tag::Heading { .. }) => headings += 1,
                Event::Start(Tag::Table(_)) => tables += 1,
                Event::Start(
                    Tag::Strong
                    | Tag::Paragraph
                    | Tag::List(_)
                    | Tag::Item
                    | Tag::TableHead
                    | Tag::TableRow
                    | Tag::TableCell,
                ) => {}
                Event::Start(tag) => panic!("{tag:?}"),
                // What GitHub looks for after parsing; not in code.
                Event::Text(text) if !in_block => {
                    assert!(!text.contains("@e") && !text.contains("#1"), "{text}");
                }
                _ => {}
            }
        }
        let files: BTreeSet<_> = outcome.findings.iter().map(|f| f.place.source).collect();
        let held = usize::from(outcome.suppressed.is_some_and(|list| !list.is_empty()));
        assert_eq!(tables, 1);
        assert_eq!((blocks, headings), (outcome.findings.len(), 1 + files.len() + held));
    }
}
