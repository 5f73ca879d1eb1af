//! JUnit's and Checkstyle's XML, parsed strictly by the rules of their readers, which are in
//! `tests/schemas`.

#![cfg(feature = "cli")]

use crate::outcome as sample_findings;
use crate::sample;
use std::collections::BTreeMap;

use netpol_lint::report::{checkstyle, junit};
use quick_xml::Reader;
use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};

use sample::{FILES, outcome, repository, written};

/// A parsed element.
#[derive(Debug, Default)]
struct Element {
    name: String,
    attributes: BTreeMap<String, String>,
    children: Vec<Element>,
    text: String,
}

/// What an element may contain: its attributes (`!` marks required ones), its children in any
/// order, and whether it may contain text.
struct Kind {
    name: &'static str,
    attributes: &'static [&'static str],
    children: &'static [&'static str],
    text: bool,
}

const JUNIT: &[Kind] = &[
    Kind {
        name: "testsuites",
        attributes: &["name", "time", "tests", "failures", "errors"],
        children: &["testsuite"],
        text: false,
    },
    Kind {
        name: "testsuite",
        attributes: &["!name", "!tests", "!failures", "!errors", "skipped", "time", "file"],
        children: &["properties", "testcase", "system-out", "system-err"],
        text: false,
    },
    Kind {
        name: "testcase",
        attributes: &["!name", "time", "classname", "group"],
        children: &["skipped", "error", "failure", "system-out", "system-err"],
        text: false,
    },
    Kind { name: "failure", attributes: &["type", "message"], children: &[], text: true },
    Kind { name: "skipped", attributes: &["type", "message"], children: &[], text: true },
];

const CHECKSTYLE: &[Kind] = &[
    Kind { name: "checkstyle", attributes: &["!version"], children: &["file"], text: false },
    Kind { name: "file", attributes: &["!name"], children: &["error", "exception"], text: false },
    Kind {
        name: "error",
        attributes: &["!line", "column", "!severity", "!message", "!source"],
        children: &[],
        text: false,
    },
];

fn start(tag: &BytesStart<'_>) -> Element {
    let mut element = Element { name: tag.name().as_ref().to_owned(), ..Element::default() };
    for attribute in tag.attributes().with_checks(true) {
        let attribute = attribute.unwrap();
        let key = attribute.key.as_ref().to_owned();
        let value = attribute.normalized_value(XmlVersion::Explicit1_0).unwrap().into_owned();
        element.attributes.insert(key, value);
    }
    element
}

/// Parses a document; panics on anything that is not well-formed.
fn parse(xml: &str) -> Element {
    assert!(xml.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<"), "{xml}");
    let allowed = |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    assert!(xml.chars().all(allowed), "a character that XML 1.0 has not");
    let mut reader = Reader::from_str(xml);
    reader.config_mut().enable_all_checks(true);
    let mut open: Vec<Element> = vec![Element::default()];
    loop {
        match reader.read_event().unwrap() {
            Event::Decl(_) => {}
            Event::Start(tag) => open.push(start(&tag)),
            Event::Empty(tag) => open.last_mut().unwrap().children.push(start(&tag)),
            Event::End(_) => {
                let element = open.pop().unwrap();
                open.last_mut().unwrap().children.push(element);
            }
            Event::Text(text) => {
                open.last_mut().unwrap().text.push_str(&text);
            }
            Event::GeneralRef(name) => {
                let known = quick_xml::escape::resolve_xml_entity(&name).unwrap();
                open.last_mut().unwrap().text.push_str(known);
            }
            Event::Eof => break,
            other => panic!("unexpected {other:?}"),
        }
    }
    assert_eq!(open.len(), 1);
    let mut document = open.pop().unwrap();
    assert_eq!(document.children.len(), 1, "one root");
    document.children.pop().unwrap()
}

fn assert_keeps_to(element: &Element, kinds: &[Kind]) {
    let kind = kinds.iter().find(|kind| kind.name == element.name);
    let kind = kind.unwrap_or_else(|| panic!("<{}> is not known", element.name));
    for name in kind.attributes.iter().filter_map(|name| name.strip_prefix('!')) {
        assert!(element.attributes.contains_key(name), "<{}> lacks {name}", element.name);
    }
    for name in element.attributes.keys() {
        let known = kind.attributes.iter().any(|known| known.trim_start_matches('!') == name);
        assert!(known, "<{}> has {name}", element.name);
    }
    assert!(kind.text || element.text.trim().is_empty(), "text in <{}>", element.name);
    for child in &element.children {
        let name = child.name.as_str();
        assert!(kind.children.contains(&name), "<{name}> in <{}>", element.name);
        assert_keeps_to(child, kinds);
    }
}

/// The number in an attribute.
fn number(element: &Element, name: &str) -> usize {
    element.attributes[name].parse().unwrap()
}

#[test]
fn junit_counts_its_contents() {
    let folder = repository(FILES);
    let outcome = outcome(folder.path());
    let root = parse(&written(junit::write, &outcome));
    assert_keeps_to(&root, JUNIT);
    let mut names = Vec::new();
    let (mut failed, mut skipped) = (0, 0);
    for suite in &root.children {
        let count =
            |name: &str| suite.children.iter().filter(|test| test.children[0].name == name).count();
        assert_eq!(number(suite, "tests"), suite.children.len());
        assert_eq!(number(suite, "failures"), count("failure"));
        assert_eq!(number(suite, "skipped"), count("skipped"));
        failed += count("failure");
        skipped += count("skipped");
        names.extend(suite.children.iter().map(|test| test.attributes.clone()));
    }
    assert_eq!(failed, outcome.findings.len());
    assert_eq!(skipped, outcome.suppressed.unwrap().len());
    assert_eq!((number(&root, "tests"), number(&root, "failures")), (failed + skipped, failed));
    let all = names.len();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), all, "test names are unique");
}

#[test]
fn junit_without_findings_has_a_test_that_passed() {
    let root = parse(&written(junit::write, &sample_findings::outcome(&[])));
    assert_keeps_to(&root, JUNIT);
    assert_eq!((number(&root, "tests"), number(&root, "failures")), (1, 0));
    assert!(root.children[0].children[0].children.is_empty());
}

#[test]
fn checkstyle_has_every_finding_below_its_file() {
    let folder = repository(FILES);
    let outcome = outcome(folder.path());
    let root = parse(&written(checkstyle::write, &outcome));
    assert_keeps_to(&root, CHECKSTYLE);
    let mut findings = outcome.findings.iter();
    for file in &root.children {
        for error in &file.children {
            let finding = findings.next().unwrap();
            let at = outcome.sources.start(finding.place);
            assert_eq!(file.attributes["name"], outcome.sources.get(finding.place.source).path);
            assert_eq!((number(error, "line"), number(error, "column")), (at.line, at.column));
            assert!(["error", "warning", "info"].contains(&error.attributes["severity"].as_str()));
            assert!(error.attributes["message"].starts_with(finding.message.as_str()));
            assert_eq!(error.attributes["source"], format!("netpol-lint.{}", finding.rule.id));
        }
    }
    assert!(findings.next().is_none());
    let empty = parse(&written(checkstyle::write, &sample_findings::outcome(&[])));
    assert_keeps_to(&empty, CHECKSTYLE);
}

#[test]
fn markup_and_characters_outside_xml_are_escaped() {
    let nasty = "]]> <b> & \" ' \u{1} \u{b} \u{fffe} \u{ffff} \u{7f} &amp; -->";
    let mut outcome = sample_findings::outcome(&[("<\u{1}\"&>.yaml", "a: b\n")]);
    let place = sample_findings::place(&outcome, 0, "b");
    let mut finding = sample_findings::finding(&sample_findings::ORPHANED, place, nasty, nasty);
    finding.related.push(sample_findings::related(place, nasty));
    outcome.findings.push(finding);
    let printed = "]]> <b> & \" ' \\u{1} \\u{b} \\u{fffe} \\u{ffff} \\u{7f} &amp; -->";
    let root = parse(&written(junit::write, &outcome));
    let failure = &root.children[0].children[0].children[0];
    assert_eq!(failure.attributes["message"], printed);
    assert_eq!(failure.text.matches(printed).count(), 3, "{}", failure.text);
    let root = parse(&written(checkstyle::write, &outcome));
    assert_eq!(root.children[0].attributes["name"], "<\\u{1}\"&>.yaml");
    assert_eq!(root.children[0].children[0].attributes["message"].matches(printed).count(), 3);
}
