//! File names as a hook passes them: whatever changed, whether it contains manifests or not.

use crate::repository;
use std::path::Path;
use std::time::{Duration, Instant};

use assert_cmd::Command;

/// A policy that can't be read, so it is reported wherever it is treated as a manifest.
const BROKEN: &str = "\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: [}
";

fn repository(files: &[(&str, &str)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join(".git")).unwrap();
    for (path, text) in files {
        let path = dir.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    dir
}

fn check(dir: &Path, paths: &[&str]) -> (i32, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_netpol-lint"));
    command.args(["check", "--force-exclude", "--output-format", "concise"]).args(paths);
    let output = command.current_dir(dir).output().unwrap();
    let printed = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap(), String::from_utf8(printed).unwrap())
}

#[test]
fn files_without_manifests_are_not_reported() {
    let files = [
        ("netpol-lint.toml", "# kind: NetworkPolicy\nexclude = [\"old/\"]\n"),
        ("shop/Chart.yaml", "apiVersion: v2\nname: shop\nversion: 1.0.0\n"),
        ("shop/values.yaml", "metadata: {}\nkind: NetworkPolicy\n"),
        ("shop/values.schema.json", "{\"properties\": {\"kind\": {\"const\": \"NetworkPolicy\"}}}"),
        ("shop/templates/_names.tpl", BROKEN),
        ("shop/templates/policy.yaml", "{{- if .Values.on }}\nkind: NetworkPolicy\n{{- end }}\n"),
        ("shop/templates/NOTES.txt", BROKEN),
        ("lib/names.tpl", BROKEN),
        ("k/kustomization.yaml", "namePrefix: a-\n"),
        ("old/policy.yaml", BROKEN),
        ("empty.json", ""),
    ];
    let dir = repository(&files);
    for (path, _) in files {
        let (code, printed) = check(dir.path(), &[path]);
        assert_eq!(code, 0, "{path}: {printed}");
    }
    let (code, printed) = check(dir.path(), &files.map(|(path, _)| path));
    assert_eq!(code, 0, "{printed}");
    let (code, printed) = check(dir.path(), &["--no-config", "old/policy.yaml"]);
    assert!(code == 1 && printed.starts_with("old/policy.yaml:"), "{printed}");
}

#[test]
fn an_invalid_configuration_is_reported() {
    let dir = repository(&[("netpol-lint.toml", "inclde = []\n"), ("a.yaml", "a: 1\n")]);
    let (code, printed) = check(dir.path(), &["netpol-lint.toml"]);
    assert!(code == 2 && printed.contains("inclde"), "{printed}");
}

#[test]
fn one_changed_file_costs_no_more_than_all_and_only_it_is_reported() {
    let dir = repository(&[]);
    repository::write(dir.path(), repository::Size { namespaces: 40, files: 2000, operators: 0 })
        .unwrap();
    let (_, all) = check(dir.path(), &["--pedantic", "."]);
    let finding = |line: &&str| line.contains(": note[") || line.contains(": warning[");
    let (file, _) = all.lines().find(finding).unwrap().split_once(':').unwrap();
    let others = |text: &str| text.lines().filter(finding).any(|line| !line.starts_with(file));
    let (_, one) = check(dir.path(), &["--pedantic", file]);
    assert!(others(&all) && !others(&one) && one.starts_with(file), "{one}{all}");

    // The fastest of several, alternating: the machine is busy.
    let (mut least_of_all, mut least_of_one) = (Duration::MAX, Duration::MAX);
    for _ in 0..7 {
        for (path, least) in [(".", &mut least_of_all), (file, &mut least_of_one)] {
            let start = Instant::now();
            check(dir.path(), &[path]);
            *least = start.elapsed().min(*least);
        }
    }
    assert!(least_of_one <= least_of_all * 3 / 2, "{least_of_one:?} and {least_of_all:?}");
}
