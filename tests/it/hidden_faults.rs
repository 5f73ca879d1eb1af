//! Mistakes in a file that is not reported on, which keep a reported one from being checked.

use std::fs;
use std::path::Path;

use assert_cmd::Command;
use tempfile::TempDir;

const POLICY: &str = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n\
    metadata: {name: web}\nspec: {podSelector: {matchLabels: {app: web}}}\n";

fn repository(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join(".git")).unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

fn run(folder: &Path, paths: &[&str]) -> (i32, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_netpol-lint"));
    let output = command.current_dir(folder).args(paths).output().unwrap();
    let printed = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    (output.status.code().unwrap(), printed)
}

const OVERLAY: (&str, &str) =
    ("overlays/prod/kustomization.yaml", "resources: [../../base]\nnamespace: prod\n");

#[test]
fn a_broken_base_is_reported_at_the_overlay() {
    for base in ["resources: [np.yaml, missing.yaml]\n", "resources: [np.yaml]\nbases: 5\n"] {
        let folder =
            repository(&[OVERLAY, ("base/kustomization.yaml", base), ("base/np.yaml", POLICY)]);
        let (code, printed) = run(folder.path(), &["overlays/prod"]);
        assert_eq!(code, 1, "{base}: {printed}");
        assert!(printed.contains("overlays/prod/kustomization.yaml:1:"), "{base}: {printed}");
        assert!(printed.contains("base/kustomization.yaml"), "{base}: {printed}");
        // In a run over everything, it is one finding, at its own place.
        let (code, printed) = run(folder.path(), &["."]);
        assert_eq!(code, 1, "{printed}");
        assert!(!printed.contains("overlays/prod/kustomization.yaml:1:"), "{base}: {printed}");
    }
}

#[test]
fn a_broken_manifest_of_the_base_is_reported_at_the_overlay() {
    let broken = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: [\n";
    let base = ("base/kustomization.yaml", "resources: [np.yaml]\n");
    let folder = repository(&[OVERLAY, base, ("base/np.yaml", broken)]);
    let (code, printed) = run(folder.path(), &["overlays/prod"]);
    assert!(code == 1 && printed.contains("overlays/prod/kustomization.yaml:1:"), "{printed}");
    assert!(printed.contains("base/np.yaml"), "{printed}");
}

#[test]
fn faults_that_affect_no_reported_file_stay_quiet() {
    let good = ("base/kustomization.yaml", "resources: [np.yaml]\n");
    let other = ("other/kustomization.yaml", "resources: [missing.yaml, deploy.yaml]\n");
    let deploy = ("other/deploy.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n");
    let folder = repository(&[OVERLAY, good, ("base/np.yaml", POLICY), other, deploy]);
    // Another team's kustomization is broken, and the run reports on a file of it without a policy.
    for path in ["overlays/prod", "other/deploy.yaml"] {
        let (_, printed) = run(folder.path(), &[path]);
        assert!(!printed.contains("kustomize-error"), "{path}: {printed}");
    }
}
