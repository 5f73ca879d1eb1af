//! The JSON API, version 1: DESIGN.md, section 6.

use crate::outcome;
use netpol_lint::lint::{Edit, Fix, Safety};
use netpol_lint::report::json;
use netpol_lint::text::{SourceId, Span};

use outcome::{
    BACKEND, FRONTEND, MISSING_DNS, ORPHANED, assert_snapshot, finding, look, place, related,
    written,
};

#[test]
fn a_document_with_everything_and_with_nothing() {
    let files = [("policies/frontend.yaml", FRONTEND), ("apps/backend.yaml", BACKEND)];
    let mut outcome = outcome::outcome(&files);
    let mut full = finding(&ORPHANED, place(&outcome, 0, "backend-api"), "a message", "a help");
    full.related.push(related(place(&outcome, 1, "app: backend"), "this Deployment"));
    full.bundles.push("overlays/prod".to_owned());
    full.fixes.push(Fix {
        title: "Write `app: backend`".to_owned(),
        safety: Safety::Unsafe,
        edits: vec![Edit { span: place(&outcome, 0, "backend-api"), text: "backend".to_owned() }],
    });
    let mut bare = finding(&MISSING_DNS, Span::new(SourceId(1), 0, 0), "unreadable", "");
    bare.subject = None;
    bare.field = String::new();
    outcome.findings = vec![full, bare];
    netpol_lint::triage::assign_fingerprints(&mut outcome.findings, &outcome.sources);
    let look = netpol_lint::report::Look { cwd: "/elsewhere".into(), color: true, ..look() };
    assert_snapshot("json_full", &written(json::write, &outcome, &look));
}

#[test]
fn no_findings() {
    assert_snapshot("json_empty", &written(json::write, &outcome::outcome(&[]), &look()));
}

#[test]
fn control_characters_are_escaped_and_keep_their_value() {
    let message = "\u{1b}[31m \u{202e} \u{200b} \u{7f} \u{85} \u{feff} \"q\" \\ \n 日本 🎉";
    let mut outcome = outcome::outcome(&[("p\u{202e}.yaml", "a: b\n")]);
    let place = place(&outcome, 0, "b");
    outcome.findings.push(finding(&ORPHANED, place, message, ""));
    let text = written(json::write, &outcome, &look());
    assert!(text.chars().all(|c| c == '\n' || netpol_lint::text::visible(c.encode_utf8(&mut [0; 4])).len() <= 4));
    let line = text.lines().find(|line| line.contains("\"message\"")).unwrap();
    assert_eq!(
        line.trim(),
        r#""message": "\u001b[31m \u202e \u200b \u007f \u0085 \ufeff \"q\" \\ \n 日本 🎉","#
    );
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value["findings"][0]["message"], message);
    assert_eq!(value["findings"][0]["location"]["path"], "p\u{202e}.yaml");
}
