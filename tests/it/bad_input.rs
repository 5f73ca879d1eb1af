//! Broken input: each is a clear finding or is clearly ignored, never a panic or a hang, and the
//! other files are still checked.

use std::path::Path;

use netpol_lint::{Outcome, Request, check};

/// A policy with one mistake, which must be found whatever is beside it.
const WRONG: &str = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: web}\nspec:\n  podSelector: {}\n  policyTypes: [Ingress]\n  egress:\n  - {}\n";

fn run(root: &Path) -> Outcome {
    check(&Request { cwd: root.canonicalize().unwrap(), ..Request::default() }, &()).unwrap()
}

/// Rule and path of each finding.
fn found(outcome: &Outcome) -> Vec<(&'static str, String)> {
    let place = |finding: &netpol_lint::lint::Finding| {
        (finding.rule.id, outcome.sources.get(finding.place.source).path.clone())
    };
    outcome.findings.iter().map(place).collect()
}

/// The findings of one file beside the wrong policy.
fn beside(name: &str, bytes: &[u8]) -> Vec<&'static str> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(name), bytes).unwrap();
    std::fs::write(folder.path().join("wrong.yaml"), WRONG).unwrap();
    let outcome = run(folder.path());
    let mut found = found(&outcome);
    let at = found.iter().position(|(rule, path)| *rule == "ignored-rules" && path == "wrong.yaml");
    found.remove(at.unwrap_or_else(|| panic!("{name}: the other file was not checked: {found:?}")));
    found.into_iter().map(|(rule, _)| rule).collect()
}

#[test]
fn bytes_that_are_not_text() {
    assert_eq!(
        beside("a.yaml", b"kind: NetworkPolicy\nmetadata: {name: \xff}\n"),
        ["unreadable-file"]
    );
    assert_eq!(beside("a.yaml", b"\xff\xfe\x00kind: other"), Vec::<&str>::new());
    assert_eq!(beside("a.yaml", b""), Vec::<&str>::new());
    assert_eq!(beside("a.yaml", b"\xef\xbb\xbf"), Vec::<&str>::new());
    // With a NUL byte it is not YAML.
    assert_eq!(beside("a.yaml", b"kind: NetworkPolicy\na: \0\n"), ["yaml-syntax"]);
}

#[test]
fn a_broken_document_between_two_good_ones() {
    let named = |name: &str| WRONG.replace("web", name);
    let text = format!("{}---\nkind: NetworkPolicy\n\tx: [\n---\n{}", named("front"), named("api"));
    let mut rules = beside("a.yaml", text.as_bytes());
    rules.sort_unstable();
    assert_eq!(rules, ["ignored-rules", "ignored-rules", "yaml-syntax"]);
}

#[test]
fn nesting_and_aliases_without_end() {
    let deep = 10_000;
    let flow = format!("kind: NetworkPolicy\na: {}", "[".repeat(deep));
    let block: String = (0..deep).map(|n| format!("{}a:\n", " ".repeat(n))).collect();
    let mut bomb = "kind: NetworkPolicy\na0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..30 {
        let line = vec![format!("*a{}", level - 1); 10].join(", ");
        bomb += &format!("a{level}: &a{level} [{line}]\n");
    }
    let started = std::time::Instant::now();
    assert_eq!(beside("a.json", flow.as_bytes()).len(), 1);
    assert_eq!(
        beside("a.yaml", format!("kind: NetworkPolicy\n{block}").as_bytes()),
        ["yaml-limit"]
    );
    assert_eq!(beside("a.yaml", bomb.as_bytes()), ["yaml-limit"]);
    assert_eq!(beside("a.yaml", b"kind: NetworkPolicy\na: &a [*a]\n"), ["yaml-syntax"]);
    assert!(started.elapsed().as_secs() < 20);
}

#[test]
fn a_policy_with_every_field_of_the_wrong_type_does_not_panic() {
    for value in ["x", "1", "[]", "[1]", "{}", "{a: b}", "null", "true", "[[]]", "[null]"] {
        for field in ["podSelector", "policyTypes", "ingress", "egress"] {
            let text = format!(
                "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: x}}\nspec:\n  {field}: {value}\n"
            );
            beside("a.yaml", text.as_bytes());
        }
        for field in ["from", "ports"] {
            let text = format!(
                "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: x}}\nspec:\n  ingress:\n  - {field}: {value}\n"
            );
            beside("a.yaml", text.as_bytes());
        }
        beside(
            "a.yaml",
            format!("apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nspec: {value}\n")
                .as_bytes(),
        );
        beside("a.yaml", format!("kind: List\napiVersion: v1\nitems: {value}\n").as_bytes());
        beside(
            "a.yaml",
            format!("kind: Pod\napiVersion: v1\nmetadata: {value}\nspec: {value}\n").as_bytes(),
        );
        beside(
            "a.yaml",
            format!("kind: Service\napiVersion: v1\nspec: {{ports: {value}, selector: {value}}}\n")
                .as_bytes(),
        );
    }
}

#[test]
fn names_with_control_characters_are_escaped() {
    let folder = tempfile::tempdir().unwrap();
    let evil = WRONG.replace("web", "\"a\\e[31m\\u202eb\\n::error::x\"");
    std::fs::write(folder.path().join("evil.yaml"), evil).unwrap();
    let outcome = run(folder.path());
    let rules: Vec<&str> = outcome.findings.iter().map(|finding| finding.rule.id).collect();
    assert_eq!(rules, ["invalid-policy", "ignored-rules"]);
    let look = netpol_lint::report::Look {
        color: false,
        width: 100,
        wrap: false,
        unicode: true,
        cwd: outcome.root.clone(),
        links: false,
    };
    for write in [
        netpol_lint::report::text::write,
        netpol_lint::report::concise::write,
        netpol_lint::report::json::write,
    ] {
        let mut out = Vec::new();
        write(&mut out, &outcome, &look).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(!text.contains(['\u{1b}', '\u{202e}', '\r']), "{text}");
    }
}

#[cfg(unix)]
mod unix {
    use super::*;

    #[test]
    fn things_that_are_not_files() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("x.yaml")).unwrap();
        std::fs::write(folder.path().join("x.yaml/wrong.yaml"), WRONG).unwrap();
        std::os::unix::fs::symlink(".", folder.path().join("loop")).unwrap();
        let made = std::process::Command::new("mkfifo").arg(folder.path().join("y.yaml")).status();
        assert!(made.unwrap().success());
        let outcome = run(folder.path());
        let found = found(&outcome);
        assert_eq!(
            found,
            [("ignored-rules", "x.yaml/wrong.yaml".into()), ("unreadable-file", "y.yaml".into())]
        );
    }

    #[test]
    fn a_file_without_read_permission() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret.yaml");
        std::fs::write(&path, WRONG).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o000)).unwrap();
        if std::fs::read(&path).is_ok() {
            println!("nothing to see: this user reads every file");
            return;
        }
        assert_eq!(found(&run(folder.path())), [("unreadable-file", "secret.yaml".into())]);
    }
}
