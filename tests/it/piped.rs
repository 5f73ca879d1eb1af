//! A policy from standard input, as an editor sends it: it replaces the one with its name in the
//! repository, in the same context.

use std::fs;
use std::path::Path;

use assert_cmd::Command;
use tempfile::TempDir;

fn policy(label: &str) -> String {
    format!(
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: web, namespace: \
         shop}}\nspec:\n  podSelector: {{matchLabels: {{app: {label}}}}}\n  policyTypes: [Ingress]\n"
    )
}

const PODS: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: shop}\n\
    spec:\n  selector: {matchLabels: {app: web}}\n  template:\n    metadata: {labels: {app: web}}\n\
    \x20   spec: {containers: [{name: a}]}\n";

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

fn piped(folder: &Path, arguments: &[&str], text: &str) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_netpol-lint"));
    command.current_dir(folder).args(["-", "--output-format", "concise"]).args(arguments);
    let output = command.write_stdin(text).output().unwrap();
    String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
}

#[test]
fn it_is_checked_in_the_context_of_the_one_with_its_name() {
    let folder = repository(&[("k8s/np.yaml", &policy("web")), ("k8s/web.yaml", PODS)]);
    for arguments in [&[][..], &["--stdin-path", "new/np.yaml"]] {
        let printed = piped(folder.path(), arguments, &policy("web"));
        assert!(printed.contains("No findings"), "{printed}");
        // The context is there: a policy that selects no pod in it is reported.
        let printed = piped(folder.path(), arguments, &policy("wbe"));
        assert!(
            printed.contains("orphaned-pod-selector") && printed.contains("there has"),
            "{printed}"
        );
    }
}

#[test]
fn it_replaces_the_built_object_of_a_kustomization() {
    let bare = policy("web").replace(", namespace: shop", "");
    let kustomization = "namespace: shop\nresources: [np.yaml, web.yaml]\n";
    let folder = repository(&[
        ("k/kustomization.yaml", kustomization),
        ("k/np.yaml", &bare),
        ("k/web.yaml", PODS),
    ]);
    let printed = piped(folder.path(), &[], &bare);
    assert!(printed.contains("No findings"), "{printed}");
    let printed = piped(folder.path(), &[], &bare.replace("app: web", "app: wbe"));
    assert!(printed.contains("orphaned-pod-selector"), "{printed}");
}

#[test]
fn alternatives_stay_alternatives_and_others_stay() {
    // The same policy in two directories: each is replaced where it is.
    let folder = repository(&[
        ("a/np.yaml", &policy("web")),
        ("a/web.yaml", PODS),
        ("b/np.yaml", &policy("web")),
        ("b/web.yaml", PODS),
    ]);
    let printed = piped(folder.path(), &[], &policy("web"));
    assert!(!printed.contains("duplicate-policy") && printed.contains("No findings"), "{printed}");
    // A policy with another name, or in another namespace, replaces nothing.
    let folder = repository(&[("k8s/np.yaml", &policy("web")), ("k8s/web.yaml", PODS)]);
    for text in [
        policy("web").replace("name: web,", "name: other,"),
        policy("web").replace("namespace: shop", "namespace: other"),
    ] {
        let printed = piped(folder.path(), &[], &text);
        assert!(printed.contains("2 policies"), "{printed}");
    }
    let printed = piped(folder.path(), &[], &policy("web"));
    assert!(printed.contains("1 policy"), "{printed}");
}
