//! The command line, as people type it.

use std::path::Path;

use assert_cmd::Command;

fn netpol_lint(folder: &Path) -> Command {
    let mut command = Command::cargo_bin("netpol-lint").unwrap();
    command.current_dir(folder).env("NO_COLOR", "1").env("LC_ALL", "C.UTF-8");
    command
}

fn shop() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/shop")
}

fn stdout(command: &mut Command) -> (Option<i32>, String) {
    let output = command.output().unwrap();
    (output.status.code(), String::from_utf8(output.stdout).unwrap())
}

#[test]
fn the_shop_has_four_mistakes_and_the_fixed_one_none() {
    let (code, text) = stdout(netpol_lint(&shop()).args(["--output-format", "concise", "-q"]));
    let rules: Vec<&str> = text
        .lines()
        .map(|line| line.split_once('[').unwrap().1.split_once(']').unwrap().0)
        .collect();
    assert_eq!(
        rules,
        [
            "orphaned-peer-selector",
            "missing-dns-egress",
            "service-port-not-pod-port",
            "missing-namespace-selector"
        ]
    );
    assert_eq!(code, Some(1));
    let fixed = shop().with_file_name("shop-fixed");
    assert_eq!(stdout(netpol_lint(&fixed).arg("-q")), (Some(0), String::new()));
}

#[test]
fn exit_codes() {
    let folder = shop();
    let code = |args: &[&str]| netpol_lint(&folder).args(args).output().unwrap().status.code();
    assert_eq!(code(&["--fail-on", "error"]), Some(1));
    assert_eq!(code(&["--fail-on", "error", "--select", "orphaned-peer-selector"]), Some(0));
    assert_eq!(code(&["--fail-on", "never"]), Some(0));
    assert_eq!(code(&["--exit-zero"]), Some(0));
    assert_eq!(code(&["check", "-qq"]), Some(1));
    assert_eq!(code(&["--no-such-flag"]), Some(2));
    assert_eq!(code(&["no/such/path"]), Some(2));
    assert_eq!(code(&["--include", "[", "."]), Some(2));
    assert_eq!(code(&["--help"]), Some(0));
    assert_eq!(code(&["--version"]), Some(0));
}

#[test]
fn a_values_file_alone_is_not_an_error() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("values.yaml"), "replicas: 1\n").unwrap();
    let (code, text) = stdout(netpol_lint(folder.path()).arg("values.yaml"));
    assert_eq!(code, Some(0));
    assert!(text.starts_with("No findings in 1 file"), "{text}");
}

#[test]
fn one_file_is_reported_on_and_the_repository_is_its_context() {
    let folder = shop();
    let (code, text) = stdout(netpol_lint(&folder).args([
        "policies/catalogue-db.yaml",
        "--output-format",
        "concise",
        "-q",
    ]));
    assert_eq!(code, Some(1));
    assert_eq!(text.lines().count(), 1);
    assert!(text.contains("Deployment `catalogue` has `app: catalogue`"), "{text}");
}

#[test]
fn standard_input_is_resolved_against_the_working_directory() {
    let folder = tempfile::tempdir().unwrap();
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: web, namespace: shop, labels: {app: web}}\nspec: {containers: [{name: a, image: b}]}\n";
    std::fs::write(folder.path().join("pod.yaml"), pod).unwrap();
    let policy = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: web, namespace: shop}\nspec:\n  podSelector: {matchLabels: {app: wep}}\n  policyTypes: [Ingress]\n";
    let (code, text) = stdout(
        netpol_lint(folder.path())
            .args(["-", "--output-format", "concise", "-q"])
            .write_stdin(policy),
    );
    assert_eq!(code, Some(1));
    assert!(text.starts_with("<stdin>:5:36: warning[orphaned-pod-selector]"), "{text}");
}

#[test]
fn json_is_one_document_with_the_documented_fields() {
    let folder = shop();
    let (_, text) = stdout(netpol_lint(&folder).args(["--output-format", "json"]));
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(json["version"], 1);
    assert_eq!(json["summary"]["errors"], 3);
    let schema = std::fs::read_to_string(
        Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/report.schema.json"),
    );
    let schema = serde_json::from_str(&schema.unwrap()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<String> = validator.iter_errors(&json).map(|error| error.to_string()).collect();
    assert_eq!(errors, Vec::<String>::new());
    let findings = json["findings"].as_array().unwrap();
    assert_eq!(findings.len(), 4);
    let first = &findings[0];
    assert_eq!(first["object"]["name"], "catalogue-db");
    assert_eq!(first["field"], "spec.ingress[0].from[0].podSelector");
    assert_eq!(first["location"]["line"], 16);
    assert_eq!(first["location"]["end_column"], 27);
    assert!(first["location"]["path"].as_str().unwrap().ends_with("policies/catalogue-db.yaml"));
    assert_eq!(first["fingerprint"].as_str().unwrap().len(), 16);
    let keys: Vec<&String> = first.as_object().unwrap().keys().collect();
    assert_eq!(keys.len(), 13, "{keys:?}");
}

#[test]
fn the_same_bytes_whatever_the_threads_and_the_order_of_creation() {
    let run = |folder: &Path, threads: &str| {
        let args = [
            "--threads",
            threads,
            "--output-format",
            "text",
            "-q",
            "--pedantic",
            "--min-confidence",
            "low",
        ];
        stdout(netpol_lint(folder).args(args)).1
    };
    let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let policy = |n: usize| {
        format!(
            "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: p{n}, namespace: n{}}}\nspec:\n  podSelector: {{matchLabels: {{app: x{n}}}}}\n  egress:\n  - to: [{{podSelector: {{matchLabels: {{app: y}}}}}}]\n",
            n % 7
        )
    };
    let pod = |n: usize| {
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: q{n}, namespace: n{}, labels: {{app: x{}}}}}\nspec: {{containers: [{{name: a, image: b}}]}}\n",
            n % 7,
            n / 2
        )
    };
    let write = |folder: &Path, n: usize| {
        std::fs::write(folder.join(format!("p{n}.yaml")), policy(n)).unwrap();
        std::fs::write(folder.join(format!("q{n}.yaml")), pod(n)).unwrap();
    };
    (0..120).for_each(|n| write(here.path(), n));
    (0..120).rev().for_each(|n| write(there.path(), n));
    let first = run(here.path(), "1");
    assert!(first.lines().count() > 200, "{first}");
    assert_eq!(first, run(here.path(), "8"));
    assert_eq!(first, run(there.path(), "3"));
}

#[test]
fn the_same_policy_in_two_blocks_of_a_document_is_shown_in_two_ways() {
    let policy = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: web}\n\
                  spec: {podSelector: {}, policyTypes: [Ingress]}\n";
    let folder = tempfile::tempdir().unwrap();
    let fence = format!("```yaml\n{policy}```\n");
    std::fs::write(folder.path().join("guide.md"), format!("{fence}\n{fence}")).unwrap();
    std::fs::write(folder.path().join("twice.yaml"), format!("{policy}---\n{policy}")).unwrap();
    let concise = ["--output-format", "concise", "-q"];
    let (code, text) = stdout(netpol_lint(folder.path()).args(concise).arg("guide.md"));
    assert_eq!((code, text.as_str()), (Some(0), ""));
    let (code, text) = stdout(netpol_lint(folder.path()).args(concise).arg("twice.yaml"));
    assert!(text.contains("[duplicate-policy]"), "{text}");
    assert_eq!(code, Some(1));
}
