//! Fixes: each one that a rule offers for an example on its page resolves its finding, and leaves
//! valid YAML.

use crate::pages;
use netpol_lint::lint::{Check, Fix, RULES, Rule};
use netpol_lint::text::Sources;
use netpol_lint::{Outcome, Request, check, triage};

fn run(folder: &std::path::Path, rule: &Rule) -> Outcome {
    let selection = triage::Selection { pedantic: rule.pedantic, ..Default::default() };
    let cwd = folder.canonicalize().unwrap();
    check(&Request { cwd, selection, ..Request::default() }, &()).unwrap()
}

fn count(outcome: &Outcome, rule: &str) -> usize {
    outcome.findings.iter().filter(|finding| finding.rule.id == rule).count()
}

/// Applies the edits of one fix to the files below a folder.
fn apply(folder: &std::path::Path, sources: &Sources, fix: &Fix) {
    // From the last to the first, so that the places of the others stay valid.
    for edit in fix.edits.iter().rev() {
        let path = folder.join(&sources.get(edit.span.source).path);
        let mut text = std::fs::read_to_string(&path).unwrap();
        text.replace_range(edit.span.start as usize..edit.span.end as usize, &edit.text);
        std::fs::write(path, text).unwrap();
    }
}

/// What a fix for the `nth` finding of a rule leaves behind, if it has one.
fn differences(rule: &Rule, example: &str, nth: usize) -> Option<Result<(), String>> {
    let (folder, before) = pages::run(rule, example);
    let of_rule = |finding: &&netpol_lint::lint::Finding| finding.rule.id == rule.id;
    let finding = before.findings.iter().filter(of_rule).nth(nth)?;
    let Some(fix) = finding.fixes.first() else {
        return Some(Ok(()));
    };
    apply(folder.path(), &before.sources, fix);
    let after = run(folder.path(), rule);
    let fixed = count(&after, rule.id) < count(&before, rule.id);
    let is_yaml = count(&after, "yaml-syntax") == 0;
    let message = format!("{}: `{}` for {}", rule.id, fix.title, finding.message);
    Some(if fixed && is_yaml { Ok(()) } else { Err(message) })
}

#[test]
fn each_fix_resolves_its_finding() {
    let mut wrong = Vec::new();
    for rule in RULES.iter().filter(|rule| !matches!(rule.check, Check::Run)) {
        for example in pages::examples(rule).iter().filter(|example| example.bad) {
            let results = (0..).map_while(|nth| differences(rule, example.text, nth));
            wrong.extend(results.filter_map(Result::err));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Every layout of a policy without `policyTypes`.
#[test]
fn policy_types_are_written_in_the_style_of_the_policy() {
    let head = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: web}\n";
    let layouts = [
        (
            "spec:\r\n  podSelector: {}\r\n  ingress: []\r\n",
            "spec:\r\n  podSelector: {}\r\n  policyTypes: [Ingress]\r\n  ingress: []\r\n",
        ),
        (
            "spec:\n  podSelector: {}\n  ingress: []\n",
            "spec:\n  podSelector: {}\n  policyTypes: [Ingress]\n  ingress: []\n",
        ),
        (
            "spec:\n    podSelector: {}\n",
            "spec:\n    policyTypes: [Ingress]\n    podSelector: {}\n",
        ),
        (
            "spec:\n  podSelector: {}\n  policyTypes:\n",
            "spec:\n  podSelector: {}\n  policyTypes: [Ingress]\n",
        ),
        (
            "spec:\n  podSelector: {}\n  policyTypes: []\n  ingress: []\n  egress: [{}]\n",
            "spec:\n  podSelector: {}\n  policyTypes: [Ingress, Egress]\n  ingress: []\n  egress: [{}]\n",
        ),
        (
            "spec: {podSelector: {}, ingress: []}\n",
            "spec: {podSelector: {}, policyTypes: [Ingress], ingress: []}\n",
        ),
        (
            "spec: {\n  \"podSelector\": {},\n  \"ingress\": []\n  }\n",
            "spec: {\n  \"podSelector\": {},\n  \"policyTypes\": [\"Ingress\"], \"ingress\": []\n  }\n",
        ),
    ];
    let rule = netpol_lint::lint::rule("implicit-policy-types").unwrap();
    for (written, expected) in layouts {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("policy.yaml");
        std::fs::write(&path, format!("{head}{written}")).unwrap();
        let before = run(folder.path(), rule);
        let finding = before.findings.iter().find(|finding| finding.rule.id == rule.id);
        let fix = finding.and_then(|finding| finding.fixes.first());
        apply(folder.path(), &before.sources, fix.unwrap_or_else(|| panic!("no fix: {written}")));
        assert_eq!(std::fs::read_to_string(path).unwrap(), format!("{head}{expected}"));
    }
}
