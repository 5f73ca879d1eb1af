//! What is applied together: what controllers deploy, which bundles run side by side, and what a
//! run on one changed file of them finds. Through the binary, as users run it.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

fn run(cwd: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_netpol-lint"));
    let output = command.current_dir(cwd).args(arguments).output().unwrap();
    let printed = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(printed).unwrap())
}

/// Writes the files of a repository: `# file: name` begins one.
fn repository(text: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join(".git")).unwrap();
    for part in text.split("# file: ").skip(1) {
        let (name, content) = part.split_once('\n').unwrap();
        let path = folder.path().join(name.trim());
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    folder
}

/// The sites, each with its name, its bundles' names, and its namespaces with their pods.
fn sites(folder: &Path) -> Vec<String> {
    let (_, printed) = run(folder, &["bundles", "--helm", "never", "--output-format", "json"]);
    let sites: Value = serde_json::from_str(&printed).unwrap();
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let names = |list: &Value, word: &dyn Fn(&Value) -> String| {
        list.as_array().unwrap().iter().map(word).collect::<Vec<_>>().join(" ")
    };
    let site = |site: &Value| {
        let bundles = names(&site["bundles"], &|bundle| text(&bundle["name"]));
        let namespaces = names(&site["namespaces"], &|namespace| {
            let open = if namespace["open"].is_null() { "" } else { "?" };
            format!("{}:{}{open}", text(&namespace["name"]), namespace["workloads"])
        });
        format!("{} | {bundles} | {namespaces}", text(&site["name"]))
    };
    sites.as_array().unwrap().iter().map(site).collect()
}

fn concise(folder: &Path, paths: &[&str]) -> String {
    let mut arguments = vec!["--helm", "never", "-q", "--output-format", "concise"];
    arguments.extend(paths);
    run(folder, &arguments).1
}

const FLUX: &str = "\
# file: clusters/prod/apps.yaml
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: web, namespace: flux-system}
spec: {path: ./apps/web, targetNamespace: shop}
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: mail, namespace: flux-system}
spec: {path: ./apps/mail, targetNamespace: mail}
# file: clusters/dev/apps.yaml
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: web, namespace: flux-system}
spec: {path: ./apps/web, targetNamespace: shop-dev}
# file: apps/web/kustomization.yaml
resources: [web.yaml]
# file: apps/web/web.yaml
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: somewhere, labels: {app: web}}
spec: {containers: [{name: main, image: example/web}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web, namespace: somewhere}
spec:
  podSelector: {matchLabels: {app: web}}
  policyTypes: [Egress]
  egress:
  - to:
    - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: mail}}
      podSelector: {matchLabels: {app: mial}}
  - to:
    - namespaceSelector: {}
      podSelector: {matchLabels: {k8s-app: kube-dns}}
    ports: [{protocol: UDP, port: 53}, {protocol: TCP, port: 53}]
# file: apps/mail/mail.yaml
apiVersion: v1
kind: Pod
metadata: {name: mail, labels: {app: mail}}
spec: {containers: [{name: main, image: example/mail}]}
";

#[test]
fn flux_decides_what_runs_side_by_side_and_where() {
    let folder = repository(FLUX);
    let expected = [
        ". | . | ",
        "apps/web | apps/web | shop-dev:1",
        "clusters/prod | apps/mail apps/web (2) | mail:1 shop:1",
    ];
    assert_eq!(sites(folder.path()), expected);
    // Beside the mail pod the peer matches nothing; the other cluster shows no such namespace.
    let printed = concise(folder.path(), &[]);
    assert!(
        printed.contains("apps/web/web.yaml:15:") && printed.contains("orphaned-peer-selector"),
        "{printed}"
    );
    assert_eq!(printed.lines().count(), 1, "{printed}");
}

#[test]
fn argo_sets_the_namespace_of_objects_without_one() {
    let folder = repository(
        "\
# file: argo/web.yaml
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: web}
spec:
  destination: {namespace: shop}
  source: {path: deploy, repoURL: https://example.com/this.git}
# file: deploy/all.yaml
apiVersion: v1
kind: Pod
metadata: {name: web, labels: {app: web}}
spec: {containers: [{name: main, image: example/web}]}
---
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: data, labels: {app: db}}
spec: {containers: [{name: main, image: example/db}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web}
spec: {podSelector: {matchLabels: {app: wbe}}, policyTypes: [Ingress]}
",
    );
    let found = sites(folder.path());
    assert!(found.contains(&"deploy | deploy | data:1 shop:1".to_owned()), "{found:?}");
    let printed = concise(folder.path(), &[]);
    assert!(printed.contains("no pod in namespace `shop`"), "{printed}");
}

#[test]
fn what_another_repository_deploys_opens_its_namespace() {
    let folder = repository(
        "\
# file: all.yaml
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: db}
spec:
  destination: {namespace: shop}
  source: {path: charts/db, repoURL: https://example.com/other.git}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: [{name: main, image: example/web}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: db, namespace: shop}
spec: {podSelector: {matchLabels: {app: db}}, policyTypes: [Ingress]}
",
    );
    assert_eq!(concise(folder.path(), &[]), "");
    assert_eq!(sites(folder.path()), [". | . | shop:1?"]);
}

#[test]
fn a_changed_file_of_a_base_is_checked_in_its_overlays() {
    let folder = repository(include_str!("../overlays/labels-with-selectors-break-dns.yaml"));
    let root = folder.path();
    for paths in [
        &["base/policies.yaml"][..],
        &["overlays/prod/kustomization.yaml"],
        &["overlays/prod"],
        &["base/api.yaml", "base/policies.yaml"],
    ] {
        let printed = concise(root, paths);
        assert!(printed.starts_with("overlays/prod/kustomization.yaml:5:"), "{paths:?}: {printed}");
        assert_eq!(printed.lines().count(), 1, "{paths:?}: {printed}");
    }
    for paths in [&["base/api.yaml"][..], &["overlays/dev"], &["overlays/dev/kustomization.yaml"]] {
        assert_eq!(concise(root, paths), "", "{paths:?}");
    }
}

#[test]
fn a_manifest_that_its_kustomization_does_not_list_is_separate() {
    let folder = repository(
        "\
# file: kustomization.yaml
resources: [web.yaml]
# file: web.yaml
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: [{name: main, image: example/web}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: db, namespace: shop}
spec: {podSelector: {matchLabels: {app: db}}, policyTypes: [Ingress]}
# file: db.yaml
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: shop, labels: {app: db}}
spec: {containers: [{name: main, image: example/db}]}
",
    );
    let expected = [
        ". | . | shop:1".to_owned(),
        ". (beside its kustomization) | . (beside its kustomization) | shop:1".to_owned(),
    ];
    assert_eq!(sites(folder.path()), expected);
    // The pod may be applied by hand: the finding is a guess, and not shown by default.
    assert_eq!(concise(folder.path(), &[]), "");
    let guess = concise(folder.path(), &["--min-confidence", "low"]);
    assert!(guess.contains("orphaned-pod-selector"), "{guess}");
}

#[test]
fn a_kustomization_renders_a_chart_of_the_repository() {
    let folder = repository(
        "\
# file: kustomization.yaml
namespace: shop
helmCharts:
- name: db
  releaseName: main
  valuesInline: {app: database}
resources: [policy.yaml]
# file: charts/db/Chart.yaml
apiVersion: v2
name: db
version: 1.0.0
# file: charts/db/values.yaml
app: db
# file: charts/db/templates/db.yaml
apiVersion: v1
kind: Pod
metadata:
  name: {{ .Release.Name }}-db
  labels:
    app: {{ .Values.app }}
spec:
  containers: [{name: main, image: example/db}]
# file: policy.yaml
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: db}
spec: {podSelector: {matchLabels: {app: db}}, policyTypes: [Ingress]}
",
    );
    let (code, printed) = run(folder.path(), &["-q", "--output-format", "concise", "policy.yaml"]);
    assert_eq!(code, Some(1), "{printed}");
    assert!(printed.contains("`app: db` matches no pod in namespace `shop`"), "{printed}");
    assert!(printed.contains("Pod `main-db` there has"), "the chart's: {printed}");
}

#[test]
fn a_base_is_fixed_for_all_its_overlays_and_a_patched_policy_is_not() {
    let policy = "\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web}
spec:
  podSelector: {matchLabels: {app: web}}
  policyTypes: [Egress]
  egress:
  - to: [{podSelector: {matchLabels: {app: db}}}]
";
    let base = format!(
        "\
# file: base/kustomization.yaml
resources: [web.yaml, policy.yaml]
# file: base/web.yaml
apiVersion: v1
kind: Pod
metadata: {{name: web, labels: {{app: web}}}}
spec: {{containers: [{{name: main, image: example/web}}]}}
---
apiVersion: v1
kind: Pod
metadata: {{name: db, labels: {{app: db}}}}
spec: {{containers: [{{name: main, image: example/db}}]}}
# file: base/policy.yaml
{policy}# file: dev/kustomization.yaml
namespace: dev
resources: [../base]
"
    );
    let folder = repository(&base);
    let fix = ["--fix", "--unsafe-fixes", "--helm", "never", "-q"];
    assert_eq!(run(folder.path(), &fix), (Some(0), String::new()));
    let fixed = fs::read_to_string(folder.path().join("base/policy.yaml")).unwrap();
    assert!(fixed.contains("kube-dns"), "{fixed}");

    let patched = base
        + "\
patches:
- patch: |
    - {op: add, path: /spec/egress/-, value: {to: [{podSelector: {}}], ports: [{port: 80}]}}
  target: {kind: NetworkPolicy}
";
    let folder = repository(&patched);
    let (code, printed) = run(folder.path(), &fix);
    assert!(code == Some(1) && printed.contains("missing-dns-egress"), "{printed}");
    let kept = fs::read_to_string(folder.path().join("base/policy.yaml")).unwrap();
    assert_eq!(kept, policy);
}
