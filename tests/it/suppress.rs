//! Suppressions and findings: where suppressions apply, how unused ones are reported, and what
//! users see of the suppressed findings.

use std::path::Path;

use netpol_lint::lint::{Finding, Safety};
use netpol_lint::report::{Look, concise, json, text};
use netpol_lint::triage::Selection;
use netpol_lint::{Outcome, Request, check};

const POD: &str = "\
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: shop, labels: {app: db}}
spec: {containers: [{name: db, image: db}]}
---
";

/// A policy whose `spec.podSelector` and whose only peer match no pod.
const POLICY: &str = "\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: db
  namespace: shop
spec:
  podSelector:
    matchLabels:
      app: dv
  policyTypes: [Ingress]
  ingress:
    - from:
        - podSelector:
            matchLabels:
              app: wed
";

const POD_ID: &str = "orphaned-pod-selector";
const PEER_ID: &str = "orphaned-peer-selector";
const UNUSED: &str = "unused-suppression";

fn run_in(folder: &Path, selection: Selection) -> Outcome {
    let cwd = folder.canonicalize().unwrap();
    let request = Request { cwd, selection, show_suppressed: true, ..Request::default() };
    check(&request, &()).unwrap()
}

fn run_with(policy: &str, selection: Selection) -> Outcome {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("np.yaml"), format!("{POD}{policy}")).unwrap();
    run_in(folder.path(), selection)
}

fn run(policy: &str) -> Outcome {
    run_with(policy, Selection::default())
}

/// The policy with `line` above the first line that contains `at`, with the same indentation.
fn above(at: &str, line: &str) -> String {
    let indented = |found: &str| {
        let indent = &found[..found.len() - found.trim_start().len()];
        format!("{indent}{line}\n{found}")
    };
    edited(at, indented)
}

/// The policy with `end` at the end of the first line that contains `at`.
fn behind(at: &str, end: &str) -> String {
    edited(at, |found| format!("{found}{end}"))
}

fn edited(at: &str, change: impl Fn(&str) -> String) -> String {
    let mut done = false;
    let lines = POLICY.lines().map(|line| {
        let here = !done && line.contains(at);
        done |= here;
        if here { change(line) } else { line.to_owned() }
    });
    let text = lines.collect::<Vec<_>>().join("\n") + "\n";
    assert!(done, "{at}");
    text
}

fn ids(outcome: &Outcome) -> Vec<&str> {
    outcome.findings.iter().map(|finding| finding.rule.id).collect()
}

fn held(outcome: &Outcome) -> Vec<(&str, &str)> {
    let suppressed = outcome.suppressed.iter().flatten();
    suppressed.map(|held| (held.finding.rule.id, held.reason.as_str())).collect()
}

fn only(outcome: &Outcome, id: &str) -> Finding {
    let mut found = outcome.findings.iter().filter(|finding| finding.rule.id == id);
    let first = found.next().unwrap_or_else(|| panic!("no {id}: {:?}", ids(outcome))).clone();
    assert!(found.next().is_none(), "{:?}", ids(outcome));
    first
}

/// The text of the file after all fixes of `finding`.
fn fixed(outcome: &Outcome, finding: &Finding) -> String {
    let mut text = outcome.sources.get(finding.place.source).text().to_string();
    let fix = &finding.fixes[0];
    assert_eq!(fix.safety, Safety::Safe);
    for edit in fix.edits.iter().rev() {
        text.replace_range(edit.span.start as usize..edit.span.end as usize, &edit.text);
    }
    text
}

#[test]
fn without_a_suppression_both_are_reported() {
    assert_eq!(ids(&run(POLICY)), [POD_ID, PEER_ID]);
}

#[test]
fn a_comment_applies_to_its_line_the_next_and_the_suppression_spans() {
    let word = "# netpol-lint: ignore[orphaned-pod-selector] comes later";
    for (text, why) in [
        (behind("app: dv", &format!(" {word}")), "on the line"),
        (above("app: dv", word), "above the line"),
        (above("app: dv", &format!("# one\n# two\n{word}\n# three")), "among comments"),
        (above("apiVersion", word), "above the object"),
        (behind("apiVersion", &format!(" {word}")), "at the object"),
        (behind("app: dv", &format!(" # a typo # {}", &word[2..])), "behind another comment"),
    ] {
        let outcome = run(&text);
        assert_eq!(ids(&outcome), [PEER_ID], "{why}");
        assert_eq!(held(&outcome), [(POD_ID, "comes later")], "{why}");
        assert_eq!(outcome.summary.suppressed, 1, "{why}");
    }
    let item = above("- from:", "# netpol-lint: ignore[orphaned-peer-selector]");
    assert_eq!(ids(&run(&item)), [POD_ID], "the rule's item");
    let document = format!("# netpol-lint: ignore[{POD_ID}]\n---\n{POLICY}");
    assert_eq!(ids(&run(&document)), [PEER_ID], "above the marker");
}

#[test]
fn a_comment_elsewhere_does_not_apply() {
    let word = "# netpol-lint: ignore[orphaned-pod-selector]";
    for text in [
        above("app: dv", &format!("{word}\n")),
        above("matchLabels", word),
        behind("app: wed", &format!(" {word}")),
    ] {
        assert_eq!(ids(&run(&text)).iter().filter(|id| **id == UNUSED).count(), 1, "{text}");
        assert!(ids(&run(&text)).contains(&POD_ID), "{text}");
    }
}

#[test]
fn one_comment_may_list_several_ids() {
    let word = format!("# netpol-lint: ignore[{POD_ID}, {PEER_ID}]");
    assert!(ids(&run(&above("apiVersion", &word))).is_empty());
}

#[test]
fn an_annotation_applies_to_its_object_only() {
    for (annotation, reason) in [
        (format!("netpol-lint.dev/ignore: {POD_ID}"), ""),
        (format!("netpol-lint.dev/ignore: \"{POD_ID}\""), ""),
        (format!("netpol-lint.dev/ignore.{POD_ID}: comes later"), "comes later"),
    ] {
        let text = above("name: db", &format!("annotations:\n    {annotation}"));
        let outcome = run(&text);
        assert_eq!(ids(&outcome), [PEER_ID], "{annotation}");
        assert_eq!(held(&outcome), [(POD_ID, reason)]);
        let two = format!("{text}---\n{}", POLICY.replace("name: db", "name: other"));
        assert_eq!(ids(&run(&two)), [PEER_ID, POD_ID, PEER_ID], "{annotation}");
    }
    let both = above(
        "name: db",
        &format!("annotations: {{netpol-lint.dev/ignore: \"{POD_ID},{PEER_ID}\"}}"),
    );
    assert!(ids(&run(&both)).is_empty());
}

#[test]
fn a_string_is_not_a_comment() {
    let word = format!("# netpol-lint: ignore[{POD_ID}]");
    for text in [
        above("name: db", &format!("annotations:\n    a: |\n      {word}\n      {word}")),
        above("name: db", &format!("annotations: {{a: ' {word}'}}")),
        above("app: dv", &format!("# see netpol-lint: ignore[{POD_ID}]")),
    ] {
        assert_eq!(ids(&run(&text)), [POD_ID, PEER_ID], "{text}");
    }
}

#[test]
fn a_suppression_without_ids_is_reported() {
    for word in ["ignore", "ignore[]", "ignore []", "ignored", "ignore[orphaned-pod-selector"] {
        let outcome = run(&behind("app: dv", &format!(" # netpol-lint: {word}")));
        assert_eq!(ids(&outcome), [POD_ID, UNUSED, PEER_ID], "{word}");
        let printed = only(&outcome, UNUSED);
        assert!(
            printed.message.contains("names no rule") && printed.fixes.is_empty(),
            "{printed:?}"
        );
    }
    let text = above("name: db", "annotations: {netpol-lint.dev/ignore: }");
    assert!(only(&run(&text), UNUSED).message.contains("names no rule"));
}

#[test]
fn the_fix_removes_what_is_not_needed() {
    let comment = "# netpol-lint: ignore[split-peer] why";
    for at in ["podSelector", "apiVersion", "app: wed"] {
        let outcome = run(&above(at, comment));
        assert_eq!(fixed(&outcome, &only(&outcome, UNUSED)), format!("{POD}{POLICY}"), "{at}");
        let outcome = run(&behind(at, &format!("  {comment}")));
        assert_eq!(fixed(&outcome, &only(&outcome, UNUSED)), format!("{POD}{POLICY}"), "{at}");
    }
    let some = behind(
        "app: dv",
        &format!(" # netpol-lint: ignore[split-peer,{POD_ID}, invalid-port] why"),
    );
    let outcome = run(&some);
    let printed = only(&outcome, UNUSED);
    assert!(
        printed
            .message
            .starts_with("`split-peer` and `invalid-port` find nothing to suppress here"),
        "{printed:?}"
    );
    let left = behind("app: dv", &format!(" # netpol-lint: ignore[{POD_ID}] why"));
    assert_eq!(fixed(&outcome, &printed), format!("{POD}{left}"));
}

#[test]
fn the_fix_removes_an_annotation_with_its_line() {
    let alone = above("name: db", "annotations:\n    netpol-lint.dev/ignore.split-peer: why");
    let outcome = run(&alone);
    assert_eq!(fixed(&outcome, &only(&outcome, UNUSED)), format!("{POD}{POLICY}"));
    let beside =
        above("name: db", "annotations:\n    a: b\n    netpol-lint.dev/ignore: split-peer # x");
    let outcome = run(&beside);
    let left = above("name: db", "annotations:\n    a: b");
    assert_eq!(fixed(&outcome, &only(&outcome, UNUSED)), format!("{POD}{left}"));
    let flow = above("name: db", "annotations: {netpol-lint.dev/ignore: split-peer, a: b}");
    assert!(only(&run(&flow), UNUSED).fixes.is_empty());
    let list = format!("annotations:\n    netpol-lint.dev/ignore: \"split-peer, {POD_ID}\"");
    let outcome = run(&above("name: db", &list));
    let left = above("name: db", &list.replace("split-peer, ", ""));
    assert_eq!(fixed(&outcome, &only(&outcome, UNUSED)), format!("{POD}{left}"));
}

#[test]
fn an_annotation_before_a_comma_is_not_removed() {
    let json = r#"{"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
  "metadata": {"name": "db", "namespace": "shop", "annotations": {
    "a": "b",
    "netpol-lint.dev/ignore": "split-peer, orphaned-pod-selector"
  }},
  "spec": {"podSelector": {"matchLabels": {"app": "dv"}}, "policyTypes": ["Ingress"]}}"#;
    let outcome = run(json);
    assert_eq!(ids(&outcome), [UNUSED]);
    assert!(only(&outcome, UNUSED).fixes.is_empty());
    assert_eq!(held(&outcome), [(POD_ID, "")]);
}

#[test]
fn an_annotation_that_two_policies_share_is_used_by_one() {
    let list = |name: &str, annotations: &str, label: &str| {
        format!(
            "- apiVersion: networking.k8s.io/v1\n  kind: NetworkPolicy\n  metadata: {{name: {name}, \
             namespace: shop, annotations: {annotations}}}\n  spec: {{podSelector: {{matchLabels: \
             {{app: {label}}}}}, policyTypes: [Ingress]}}\n"
        )
    };
    let text = format!(
        "apiVersion: v1\nkind: List\nitems:\n{}{}",
        list("a", "&a {netpol-lint.dev/ignore: orphaned-pod-selector}", "dv"),
        list("b", "*a", "db"),
    );
    assert_eq!(ids(&run(&text)), [""; 0]);
}

#[test]
fn fences_of_markdown_have_comments_too() {
    let folder = tempfile::tempdir().unwrap();
    let word = format!("# netpol-lint: ignore[{POD_ID}] comes later");
    let fence = above("app: dv", &word);
    let text = format!("{word}\n\n```yaml\n{POD}{fence}```\n\n{word}\n");
    std::fs::write(folder.path().join("np.md"), text).unwrap();
    let mut request = Request { cwd: folder.path().canonicalize().unwrap(), ..Request::default() };
    request.scope.include = vec!["*.md".to_owned()];
    let outcome = check(&request, &()).unwrap();
    assert_eq!(ids(&outcome), [PEER_ID]);
    assert_eq!(outcome.summary.suppressed, 1);
}

#[test]
fn a_mistyped_id_gets_a_suggestion_and_is_not_removed() {
    let outcome = run(&behind("app: dv", " # netpol-lint: ignore[orphaned-pod-selektor]"));
    let printed = only(&outcome, UNUSED);
    assert!(printed.message.contains("no rule `orphaned-pod-selektor`"), "{}", printed.message);
    assert_eq!(printed.help, "write `orphaned-pod-selector`, or remove it");
    assert!(printed.fixes.is_empty());
    let outcome = run(&behind("app: dv", " # netpol-lint: ignore[zzz]"));
    assert_eq!(fixed(&outcome, &only(&outcome, UNUSED)), format!("{POD}{POLICY}"));
}

#[test]
fn rules_that_did_not_run_leave_no_unused_suppressions() {
    let text = behind("app: dv", " # netpol-lint: ignore[split-peer]");
    let select = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>();
    let selected = Selection { select: select(&[PEER_ID]), ..Selection::default() };
    assert_eq!(ids(&run_with(&text, selected)), [PEER_ID]);
    for ignore in ["split-peer", UNUSED] {
        let selection = Selection { ignore: select(&[ignore]), ..Selection::default() };
        assert_eq!(ids(&run_with(&text, selection)), [POD_ID, PEER_ID], "{ignore}");
    }
    let severe = Selection {
        min_severity: Some(netpol_lint::lint::Severity::Error),
        ..Selection::default()
    };
    let used = behind("app: dv", &format!(" # netpol-lint: ignore[{POD_ID}]"));
    assert!(!ids(&run_with(&used, severe)).contains(&UNUSED));
    let accepted = behind("app: dv", " # netpol-lint: ignore[split-peer, unused-suppression]");
    assert_eq!(ids(&run(&accepted)), [POD_ID, PEER_ID]);
    let annotation = "annotations:\n    netpol-lint.dev/ignore.unused-suppression: for later";
    let accepted = text.replacen("  name: db", &format!("  {annotation}\n  name: db"), 1);
    let outcome = run(&accepted);
    assert_eq!(ids(&outcome), [POD_ID, PEER_ID]);
    assert_eq!(held(&outcome), [(UNUSED, "for later")]);
}

#[test]
fn a_broken_document_can_be_suppressed_and_its_comments_are_not_reported() {
    let broken =
        "kind: NetworkPolicy\n# netpol-lint: ignore[yaml-syntax] fixed soon\na: [b\nc: ]d\n";
    let outcome = run(broken);
    assert!(!ids(&outcome).contains(&UNUSED), "{:?}", ids(&outcome));
}

#[test]
fn in_windows_lines_too() {
    let text = above("app: dv", &format!("# netpol-lint: ignore[{POD_ID}] comes later"));
    let outcome = run(&text.replace('\n', "\r\n"));
    assert_eq!(held(&outcome), [(POD_ID, "comes later")]);
    let text = behind("app: dv", " # netpol-lint: ignore[split-peer] why");
    let outcome = run(&text.replace('\n', "\r\n"));
    let fixed = fixed(&outcome, &only(&outcome, UNUSED));
    assert_eq!(fixed, format!("{POD}{}", POLICY.replace('\n', "\r\n")));
}

#[test]
fn a_fingerprint_does_not_change_when_a_neighbour_is_suppressed() {
    let two = POLICY.to_owned()
        + "        - podSelector:\n            matchLabels:\n              app: wed\n";
    let before = run(&two);
    let second = before.findings.last().unwrap().fingerprint.clone();
    let first = two.replacen("app: wed", &format!("app: wed # netpol-lint: ignore[{PEER_ID}]"), 1);
    let after = run(&first);
    assert_eq!(ids(&after), [POD_ID, PEER_ID]);
    assert_eq!(after.findings.last().unwrap().fingerprint, second);
}

#[test]
fn suppressed_findings_are_shown_on_request() {
    let outcome =
        run(&behind("app: dv", &format!(" # netpol-lint: ignore[{POD_ID}] comes \u{202e}later")));
    let cwd = outcome.root.clone();
    let look = Look { color: false, width: 100, wrap: false, unicode: true, cwd, links: false };
    let mut seen = Vec::new();
    text::write(&mut seen, &outcome, &look).unwrap();
    concise::write(&mut seen, &outcome, &look).unwrap();
    insta::with_settings!({
        snapshot_path => concat!(env!("CARGO_MANIFEST_DIR"), "/snapshots"),
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, {
        insta::assert_snapshot!("suppressed", String::from_utf8(seen).unwrap());
    });
    let document = |outcome: &Outcome| -> serde_json::Value {
        let mut seen = Vec::new();
        json::write(&mut seen, outcome, &look).unwrap();
        serde_json::from_slice(&seen).unwrap()
    };
    let shown = document(&outcome);
    assert_eq!(shown["suppressed"][0]["rule"], POD_ID);
    assert_eq!(shown["suppressed"][0]["suppression"]["location"]["line"], 14);
    assert_eq!(shown["summary"]["suppressed"], 1);
    assert_eq!(shown["findings"].as_array().unwrap().len(), 1);
    let quiet = document(&Outcome { suppressed: None, ..outcome });
    assert!(quiet.get("suppressed").is_none());
    assert_eq!(quiet["summary"]["suppressed"], 1);
}

#[test]
fn a_suppressed_finding_still_overrides_a_more_general_one() {
    let web = "apiVersion: v1\nkind: Pod\nmetadata: {name: web, namespace: front, labels: {app: web}}\n\
               spec: {containers: [{name: web, image: web}]}\n---\n";
    let policy = POLICY.replace("app: dv", "app: db").replace("app: wed", "app: web");
    assert_eq!(ids(&run(&format!("{web}{policy}"))), ["missing-namespace-selector"]);
    let word = "# netpol-lint: ignore[missing-namespace-selector]\n    - from:";
    let outcome = run(&format!("{web}{}", policy.replace("- from:", word)));
    assert_eq!(ids(&outcome), [""; 0]);
    assert_eq!(held(&outcome), [("missing-namespace-selector", "")]);
}
