//! What runs elsewhere, given as an inventory: context for selectors, and never linted itself.

use std::fs;
use std::path::Path;
use std::process::Output;

use assert_cmd::Command;

fn netpol_lint(cwd: &Path, arguments: &[&str]) -> Output {
    Command::cargo_bin("netpol-lint").unwrap().current_dir(cwd).args(arguments).output().unwrap()
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn write(folder: &Path, files: &[(&str, &str)]) {
    for (name, text) in files {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

const POLICY: &str = "\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web, namespace: shop}
spec:
  podSelector: {matchLabels: {app: web}}
  policyTypes: [Ingress]
  ingress:
  - from:
    - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: monitoring}}
      podSelector: {matchLabels: {app: promtheus}}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: [{name: main, image: example/web}]}
";

/// Like the output of `kubectl get ns,deploy,pods -A -o yaml`, with fields that only a cluster
/// writes.
const LISTED: &str = "\
apiVersion: v1
kind: List
metadata: {resourceVersion: ''}
items:
- apiVersion: v1
  kind: Namespace
  metadata: {name: monitoring, labels: {kubernetes.io/metadata.name: monitoring}, uid: 1}
  status: {phase: Active}
- apiVersion: v1
  kind: Pod
  metadata:
    name: prometheus-0
    namespace: monitoring
    labels: {app: prometheus, statefulset.kubernetes.io/pod-name: prometheus-0}
    ownerReferences: [{apiVersion: apps/v1, kind: StatefulSet, name: prometheus, controller: true}]
  spec: {containers: [{name: main, image: example/prometheus}]}
- apiVersion: v1
  kind: Pod
  metadata:
    name: prometheus-1
    namespace: monitoring
    labels: {app: prometheus, statefulset.kubernetes.io/pod-name: prometheus-1}
    ownerReferences: [{apiVersion: apps/v1, kind: StatefulSet, name: prometheus, controller: true}]
  spec: {containers: [{name: main, image: example/prometheus}]}
- apiVersion: networking.k8s.io/v1
  kind: NetworkPolicy
  metadata: {name: broken, namespace: monitoring}
  spec: {podSelector: {matchLabels: {app: nobody}}}
";

#[test]
fn an_inventory_is_selected_and_not_linted() {
    let folder = tempfile::tempdir().unwrap();
    write(
        folder.path(),
        &[("repo/.git/HEAD", ""), ("repo/web.yaml", POLICY), ("cluster.yaml", LISTED)],
    );
    let repo = folder.path().join("repo");
    let without = netpol_lint(&repo, &["--output-format", "concise"]);
    assert!(without.status.success(), "{}", text(&without));
    let with =
        netpol_lint(&repo, &["--output-format", "concise", "--inventory", "../cluster.yaml"]);
    let shown = text(&with);
    assert_eq!(with.status.code(), Some(1), "{shown}");
    assert!(shown.contains("web.yaml:10:") && shown.contains("orphaned-peer-selector"), "{shown}");
    assert!(shown.contains("prometheus") && !shown.contains("`broken`"), "{shown}");
}

#[test]
fn the_configuration_can_name_it_too() {
    let folder = tempfile::tempdir().unwrap();
    let config = "inventory = [\"context/cluster.yaml\"]\nexclude = [\"context/\"]\n";
    write(
        folder.path(),
        &[("netpol-lint.toml", config), ("a/web.yaml", POLICY), ("context/cluster.yaml", LISTED)],
    );
    let shown = text(&netpol_lint(&folder.path().join("a"), &["--output-format", "concise"]));
    assert!(shown.contains("web.yaml:10:"), "{shown}");
    let shown = text(&netpol_lint(folder.path(), &["config"]));
    assert!(shown.contains("inventory = [\"context/cluster.yaml\"]"), "{shown}");
}

#[test]
fn what_one_repository_runs_is_context_for_another() {
    let folder = tempfile::tempdir().unwrap();
    let there = LISTED.split("- apiVersion: networking").next().unwrap();
    write(
        folder.path(),
        &[("here/.git/HEAD", ""), ("here/web.yaml", POLICY), ("there/.git/HEAD", "")],
    );
    write(&folder.path().join("there"), &[("all.yaml", there)]);
    let printed = netpol_lint(&folder.path().join("there"), &["inventory"]);
    assert!(printed.status.success(), "{}", text(&printed));
    fs::write(folder.path().join("there.json"), &printed.stdout).unwrap();
    let here = folder.path().join("here");
    let shown =
        text(&netpol_lint(&here, &["--output-format", "concise", "--inventory", "../there.json"]));
    assert!(shown.contains("web.yaml:10:") && shown.contains("prometheus"), "{shown}");
}

#[test]
fn an_unreadable_configuration_stops_the_run() {
    let folder = tempfile::tempdir().unwrap();
    write(
        folder.path(),
        &[
            (".git/HEAD", ""),
            ("web.yaml", POLICY),
            ("broken.txt", "kind: [\n"),
            ("empty.txt", "a: 1\n"),
        ],
    );
    for (file, why) in [
        ("nothing.yaml", "no such file or directory"),
        ("broken.txt", "line 1: expected a value"),
        ("empty.txt", "contains no manifest"),
    ] {
        let output = netpol_lint(folder.path(), &["--inventory", file]);
        let shown = text(&output).to_lowercase();
        assert_eq!(output.status.code(), Some(2), "{file}: {shown}");
        assert!(shown.contains(why), "{file}: {shown}");
    }
}
