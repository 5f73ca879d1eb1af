//! `netpol-lint test`: expectations, what becomes of them, and how it is told.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use netpol_lint::text::SourceId;
use netpol_lint::yaml::{Limits, Node, ScalarKind, Value, read};

use crate::broken::Folder;

/// A frontend that may ask DNS and call the API on 80, a database that only the API may reach, a
/// worker whose port is filled in later, and a pod that no policy selects.
const SHOP: &str = "\
apiVersion: v1
kind: Pod
metadata: {name: frontend, namespace: shop, labels: {app: frontend}}
spec: {containers: [{name: web, image: web}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: api, namespace: shop}
spec:
  selector: {matchLabels: {app: api}}
  template:
    metadata: {labels: {app: api}}
    spec: {containers: [{name: api, image: api, ports: [{name: http, containerPort: 80}]}]}
---
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: shop, labels: {app: db}}
spec: {containers: [{name: db, image: db}]}
---
apiVersion: v1
kind: Pod
metadata: {name: worker, namespace: shop, labels: {app: worker}}
spec: {containers: [{name: worker, image: worker}]}
---
apiVersion: v1
kind: Pod
metadata: {name: free, namespace: tools, labels: {app: free}}
spec: {containers: [{name: free, image: free}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: frontend, namespace: shop}
spec:
  podSelector: {matchLabels: {app: frontend}}
  policyTypes: [Egress]
  egress:
    - to:
        - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: kube-system}}
          podSelector: {matchLabels: {k8s-app: kube-dns}}
      ports: [{port: 53, protocol: UDP}, {port: 53}]
    - to: [{podSelector: {matchLabels: {app: api}}}]
      ports: [{port: http}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: db, namespace: shop}
spec:
  podSelector: {matchLabels: {app: db}}
  policyTypes: [Ingress]
  ingress:
    - from: [{podSelector: {matchLabels: {app: api}}}]
      ports: [{port: 5432}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: worker, namespace: shop}
spec:
  podSelector: {matchLabels: {app: worker}}
  policyTypes: [Egress]
  egress:
    - to: [{podSelector: {matchLabels: {app: api}}}]
      ports: [{port: '${PORT}'}]
    - to: [{ipBlock: {cidr: 0.0.0.0/0, except: [10.0.0.0/8]}}]
      ports: [{port: 443}]
";

fn run(folder: &Folder, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_netpol-lint"));
    command.current_dir(folder.path("")).args(arguments).output().unwrap()
}

fn shop(expectations: &str) -> Folder {
    let folder = Folder::new();
    folder.write("shop.yaml", SHOP);
    folder.write("netpol-test.yaml", expectations);
    folder
}

/// The outcomes of expectations, in their order.
fn outcomes(expectations: &str) -> Vec<String> {
    let output = run(&shop(expectations), &["test", "-f", "json"]);
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let entries = document["expectations"].as_array().unwrap().iter();
    entries.map(|entry| entry["outcome"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn what_the_policies_keep_to_passes() {
    let text = "\
allow:
- {from: frontend, to: dns}
- {from: frontend, to: dns, ports: 53, protocol: UDP}
- {from: shop/frontend, to: shop/api, ports: [80]}
- {from: api, to: db, ports: 5432}
- {from: free, to: [internet, api, 10.1.2.3, apiserver]}
- {from: internet, to: api}
- {from: worker, to: internet, ports: 443}
- {from: worker, to: 192.0.2.0/24, ports: 443}
deny:
- {from: frontend, to: [internet, db, apiserver]}
- {from: frontend, to: api, ports: [1-79, 81-65535]}
- {from: frontend, to: api, protocol: UDP}
- {from: [frontend, worker, tools/*], to: db}
- {from: internet, to: db}
- {from: worker, to: 10.0.0.0/8}
- {from: worker, to: internet, ports: 80}
- {from: api, to: db, ports: 'TCP 1-5431, UDP 5432'}
- {from: '*', to: db, protocol: SCTP}
";
    assert_eq!(outcomes(text), ["passed"; 17]);
}

#[test]
fn what_they_do_not_keep_to_fails() {
    let text = "\
allow:
- {from: frontend, to: api}
- {from: frontend, to: api, ports: 8080}
- {from: frontend, to: dns, ports: 5353}
- {from: worker, to: internet}
- {from: worker, to: 10.0.0.1, ports: 443}
- {from: worker, to: 8.0.0.0/6, ports: 443}
- {from: '*', to: db, ports: 5432}
- {from: frontend, to: apiserver}
deny:
- {from: free, to: api}
- {from: worker, to: internet}
- {from: api, to: db}
- {from: free, to: dns}
- {from: apiserver, to: api, ports: 80}
";
    assert_eq!(outcomes(text), ["failed"; 13]);
}

#[test]
fn what_the_repository_does_not_show_neither_passes_nor_fails() {
    let text = "\
allow:
- {from: worker, to: api, ports: 80}
- {from: worker, to: apiserver, ports: 443}
deny:
- {from: worker, to: api, ports: 80}
- {from: worker, to: apiserver}
- {from: worker, to: api, protocol: UDP, reason: a trap; the placeholder is for TCP}
";
    assert_eq!(outcomes(text), ["unknown", "unknown", "unknown", "unknown", "passed"]);
    let folder = shop("allow:\n- {from: worker, to: api, ports: 80}\n");
    let code = |arguments: &[&str]| run(&folder, arguments).status.code();
    assert_eq!(code(&["test"]), Some(1));
    assert_eq!(code(&["test", "--fail-on", "failed"]), Some(0));
    let said = String::from_utf8(run(&folder, &["test", "--fail-on=never"]).stdout).unwrap();
    assert!(said.contains("0 passed, 0 failed, 1 unknown"), "{said}");
}

#[test]
fn a_failure_shows_the_lines_of_both_sides() {
    let folder = shop(
        "allow:\n- from: frontend\n  to: db\n  ports: 5432\ndeny:\n- {from: api, to: db, reason: read replicas only}\n",
    );
    let shown = String::from_utf8(run(&folder, &["test"]).stdout).unwrap();
    let snapshots = Path::new(env!("CARGO_MANIFEST_DIR")).join("snapshots");
    insta::with_settings!({snapshot_path => snapshots, prepend_module_to_snapshot => false, omit_expression => true}, {
        insta::assert_snapshot!("expectations_that_fail", shown);
    });
}

#[test]
fn what_can_not_be_judged_is_invalid_whatever_fails_a_run() {
    for (wrong, said) in [
        ("allow:\n- {from: frontent, to: db}\n", "did you mean `frontend`?"),
        ("allow:\n- {from: api, to: api}\n", "both ends are the same workload"),
        ("deny:\n- {from: dns, to: api}\n", "`dns` can't be the source"),
        ("deny:\n- {from: internet, to: 10.0.0.1}\n", "no policy decides between addresses"),
        ("deny:\n- {from: api, to: dns, ports: 1-1000}\n", "more than 64 ports"),
        ("cluster: prod\nallow: []\n", "no cluster of bundles is called `prod`"),
        ("allow: [\n", "invalid YAML"),
        ("allwo: []\n", "`allwo` is not a key here"),
    ] {
        let output = run(&shop(wrong), &["test", "--fail-on", "never"]);
        let shown = String::from_utf8(output.stdout).unwrap();
        assert!(shown.contains(said), "{wrong}{shown}");
        assert_eq!(output.status.code(), Some(1), "{wrong}");
    }
    let none = Folder::new();
    none.write("shop.yaml", SHOP);
    let output = run(&none, &["test"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stderr).unwrap().contains("netpol-lint test --init"));
}

#[test]
fn todays_connections_pass_and_a_change_of_any_does_not() {
    let folder = Folder::new();
    folder.write("shop.yaml", SHOP);
    assert!(run(&folder, &["test", "--init"]).status.success());
    let again = run(&folder, &["test", "--init"]);
    assert_eq!(again.status.code(), Some(2), "it is not overwritten");
    let output = run(&folder, &["test"]);
    let shown = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && shown.contains(" 0 failed, 0 unknown"), "{shown}");
    for (before, after) in [
        ("port: 5432", "port: 5433"),
        ("except: [10.0.0.0/8]", "except: [10.0.0.0/9]"),
        (
            "name: db, namespace: shop}\nspec:\n  podSelector: {matchLabels: {app: db}}",
            "name: db, namespace: shop}\nspec:\n  podSelector: {matchLabels: {app: api}}",
        ),
        ("ports: [{port: 53, protocol: UDP}, {port: 53}]", "ports: [{port: 53, protocol: UDP}]"),
    ] {
        assert!(SHOP.contains(before), "{before}");
        folder.write("shop.yaml", &SHOP.replace(before, after));
        assert_eq!(run(&folder, &["test"]).status.code(), Some(1), "{after}");
    }
    folder.write(
        "shop.yaml",
        &SHOP.replace(
            "{name: worker, namespace: shop, labels",
            "{name: renamed, namespace: shop, labels",
        ),
    );
    let output = run(&folder, &["test", "-f", "junit"]);
    let shown = String::from_utf8(output.stdout).unwrap();
    assert!(shown.contains("no workload is called `shop/worker`"), "a pod vanished: {shown}");
}

#[test]
fn an_expectation_holds_in_every_cluster_that_has_its_ends() {
    let folder = Folder::new();
    let base = SHOP.replace("port: 5432", "port: 5433");
    folder.write("overlays/prod/shop.yaml", SHOP);
    folder.write("overlays/dev/shop.yaml", &base);
    folder.write("netpol-test.yaml", "allow:\n- {from: api, to: db, ports: 5432}\n");
    let shown = String::from_utf8(run(&folder, &["test", "-f", "json"]).stdout).unwrap();
    let document: serde_json::Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(document["expectations"][0]["outcome"], "failed");
    assert_eq!(document["expectations"][0]["clusters"], serde_json::json!(["overlays/dev"]));
    let named = "cluster: overlays/prod\nallow:\n- {from: api, to: db, ports: 5432}\n---\n\
                 cluster: overlays/dev\ndeny:\n- {from: api, to: db, ports: 5432}\n";
    folder.write("netpol-test.yaml", named);
    assert_eq!(run(&folder, &["test"]).status.code(), Some(0));
    // One in a directory of tests is about what is tried there.
    folder.write("tests/one/shop.yaml", SHOP);
    folder.write("tests/one/netpol-test.yaml", "deny:\n- {from: api, to: db, ports: 5433}\n");
    assert_eq!(run(&folder, &["test"]).status.code(), Some(0));
}

#[test]
fn a_check_judges_expectations_unless_told_not_to() {
    let folder = shop("deny:\n- {from: api, to: db}\n");
    let found = |arguments: &[&str]| {
        let output = run(&folder, arguments);
        String::from_utf8(output.stdout).unwrap().contains("failed-expectation")
    };
    assert!(found(&[]));
    assert!(found(&["shop.yaml"]), "a change to the manifests is told of what it breaks");
    assert!(!found(&["--no-expectations"]));
    folder.write("netpol-lint.toml", "expectations = false\n");
    assert!(!found(&[]));
    folder.write("netpol-lint.toml", "ignore = ['failed-expectation']\n");
    assert!(!found(&[]));
    // What is not manifests and has another name is no file of expectations.
    fs::remove_file(folder.path("netpol-lint.toml")).unwrap();
    fs::rename(folder.path("netpol-test.yaml"), folder.path("other.yaml")).unwrap();
    assert!(!found(&[]));
    assert!(run(&folder, &["test", "other.yaml"]).status.code() == Some(1), "but named it is");
}

#[test]
fn hostile_expectations_steer_nothing_and_cost_little() {
    let evil = "allow:\n- {from: \"a\\u001b[2J\\u202e\", to: db, reason: \"\\u0007\"}\n- {from: api, to: db, reason: \"]]>\\u001b\"}\n";
    for format in ["text", "json", "junit", "github"] {
        let output = run(&shop(evil), &["test", "-f", format]);
        assert_eq!(output.status.code(), Some(1));
        let shown = String::from_utf8(output.stdout).unwrap();
        let is_raw = |c: char| matches!(c, '\u{1b}' | '\u{202e}' | '\u{7}');
        assert!(!shown.contains(is_raw), "{format}: {shown:?}");
    }
    let many = format!("deny:\n{}", "- {from: '*', to: '*', protocol: SCTP}\n".repeat(2_000));
    let started = std::time::Instant::now();
    run(&shop(&many), &["test", "-q", "-f", "junit"]);
    assert!(started.elapsed().as_secs() < 60, "{:?}", started.elapsed());
}

fn schema(name: &str) -> jsonschema::Validator {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(name);
    let schema = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    jsonschema::validator_for(&schema).unwrap()
}

/// A tree of YAML as JSON.
fn as_json(node: &Node) -> serde_json::Value {
    match &node.value {
        Value::Map(map) => {
            let entries = map.entries.iter();
            entries.map(|it| (it.key.to_string(), as_json(&it.value))).collect()
        }
        Value::Seq(items) => items.iter().map(as_json).collect(),
        Value::Scalar(scalar) => match scalar.kind {
            ScalarKind::Int(number) => number.into(),
            ScalarKind::Null => serde_json::Value::Null,
            _ => scalar.text.to_string().into(),
        },
    }
}

#[test]
fn files_and_reports_keep_to_their_schemas() {
    let validator = schema("test.schema.json");
    let valid = |text: &str| {
        let stream = read(SourceId(0), text, 0..text.len(), None, &Limits::default());
        stream.documents.iter().all(|document| validator.is_valid(&as_json(&document.root)))
    };
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/egress/netpol-test.yaml");
    assert!(valid(&fs::read_to_string(example).unwrap()));
    for right in ["allow: []\n", "deny:\n- {from: a, to: [b], ports: [80, 90-99], protocol: UDP}\n"]
    {
        assert!(valid(right), "{right}");
    }
    for wrong in ["allwo: []\n", "allow:\n- {from: a}\n", "allow:\n- {from: a, to: b, port: 1}\n"] {
        assert!(!valid(wrong), "{wrong}");
    }
    let folder = shop("allow:\n- {from: frontend, to: db}\n- {from: x, to: db}\nwrong: 1\n");
    let report = run(&folder, &["test", "-f", "json"]).stdout;
    let report: serde_json::Value = serde_json::from_slice(&report).unwrap();
    let validator = schema("test-report.schema.json");
    let errors: Vec<String> = validator.iter_errors(&report).map(|e| e.to_string()).collect();
    assert_eq!(errors, [""; 0]);
    assert_eq!(report["expectations"].as_array().unwrap().len(), 3);
}
