//! What the repository does not show, and how far that reaches; what is lost with what could not be
//! built; what test tools expect. Each kind has a case that must stay quiet.

use std::fs;
use std::path::Path;
use std::process::Command;

const CONCISE: [&str; 2] = ["--output-format", "concise"];

fn run(cwd: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_netpol-lint"));
    let format = if arguments.contains(&"--output-format") { &[][..] } else { &CONCISE[..] };
    command.current_dir(cwd).args(["--helm", "never"]).args(format).args(arguments);
    let output = command.output().unwrap();
    String::from_utf8([output.stdout, output.stderr].concat()).unwrap()
}

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

/// The rules of the default findings.
fn rules(text: &str) -> Vec<String> {
    found(text, &[])
}

fn found(text: &str, arguments: &[&str]) -> Vec<String> {
    let folder = repository(text);
    let printed = run(folder.path(), arguments);
    let rule = |line: &str| {
        let (_, rest) = line.split_once('[')?;
        Some(rest.split_once(']')?.0.to_owned())
    };
    printed.lines().filter_map(rule).collect()
}

fn deployment(namespace: &str, app: &str, more: &str) -> String {
    format!(
        "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {app}, namespace: {namespace}}}\n\
         spec:\n  selector: {{matchLabels: {{app: {app}}}}}\n  template:\n    \
         metadata: {{labels: {{app: {app}}}}}\n    \
         spec: {{{more}containers: [{{name: m, image: m}}]}}\n"
    )
}

fn policy(namespace: &str, app: &str) -> String {
    format!(
        "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n\
         metadata: {{name: {app}, namespace: {namespace}}}\nspec:\n  \
         podSelector: {{matchLabels: {{app: {app}}}}}\n  policyTypes: [Ingress]\n"
    )
}

const LAUNCHER: &str = "\
apiVersion: rbac.authorization.k8s.io/v1
kind: ROLE
metadata: {name: launch, namespace: ci}
rules: [{apiGroups: [''], resources: [pods], verbs: [get, create]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: BINDING
metadata: {name: launch, namespace: ci}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ROLE, name: launch}
subjects: [{kind: ServiceAccount, name: launcher, namespace: ci}]
";

#[test]
fn a_service_account_that_may_create_pods_opens_its_namespace() {
    let launcher = |role: &str, binding: &str, account: &str, namespace: &str| {
        let rbac = LAUNCHER.replace("ROLE", role).replace("BINDING", binding);
        let account = format!("serviceAccountName: {account}, ");
        let pods = deployment("ci", "launcher", &account) + &deployment("shop", "web", "");
        rules(&format!("# file: a.yaml\n{rbac}{pods}{}", policy(namespace, "runner")))
    };
    assert_eq!(launcher("Role", "RoleBinding", "launcher", "ci"), [""; 0]);
    assert_eq!(launcher("ClusterRole", "ClusterRoleBinding", "launcher", "shop"), [""; 0]);
    // Another account's permission, and another namespace's.
    let orphaned = ["orphaned-pod-selector"];
    assert_eq!(launcher("Role", "RoleBinding", "other", "ci"), orphaned);
    assert_eq!(launcher("Role", "RoleBinding", "launcher", "shop"), orphaned);
}

#[test]
fn a_pod_template_in_a_config_map_is_a_possible_pod() {
    let template = |app: &str| {
        format!(
            "# file: a.yaml\napiVersion: v1\nkind: ConfigMap\n\
             metadata: {{name: template, namespace: ci}}\ndata:\n  pod.yaml: |\n    \
             apiVersion: v1\n    kind: Pod\n    metadata:\n      labels: {{app: {app}}}\n    \
             spec:\n      containers: [{{name: m, image: m}}]\n{}{}",
            deployment("ci", "web", ""),
            policy("ci", "worker")
        )
    };
    assert_eq!(rules(&template("worker")), [""; 0]);
    assert_eq!(rules(&template("other")), ["orphaned-pod-selector"]);
}

#[test]
fn what_is_not_evaluated_opens_the_namespaces_it_affects() {
    let with = |name: &str, text: &str| {
        let pods = deployment("shop", "web", "");
        rules(&format!(
            "# file: k8s/a.yaml\n{pods}{}# file: {name}\n{text}",
            policy("shop", "cart")
        ))
    };
    let orphaned = ["orphaned-pod-selector"];
    let remote = "resources: ['https://example.com/x.yaml']\n";
    assert_eq!(with("infra/kustomization.yaml", remote), orphaned);
    // Its namespace is this one, and its name contains a word of the selector.
    let cart = "namespace: shop\nresources: ['https://example.com/cart.yaml']\n";
    assert_eq!(with("infra/kustomization.yaml", cart), [""; 0]);
    // Broken text without a kind that creates pods hides none; broken text with one may.
    assert_eq!(
        with("docs/api.yaml", "openapi: 3\nkind: x\n  y: : [\ncontainers: template\n"),
        orphaned
    );
    let broken = "kind: Deployment\nmetadata: {namespace: shop}\nspec: [\n";
    assert_eq!(with("docs/api.yaml", broken), [""; 0]);
    let broken = "kind: Deployment\nmetadata: {namespace: other}\nspec: [\n";
    assert_eq!(with("docs/api.yaml", broken), orphaned);
}

#[test]
fn what_could_not_be_built_is_an_error_if_a_policy_is_lost() {
    let refused = "resources: [a.yaml, missing.yaml]\n";
    let of = |content: &str| {
        format!("# file: k/kustomization.yaml\n{refused}# file: k/a.yaml\n{content}")
    };
    let config = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n";
    assert_eq!(rules(&of(config)), [""; 0]);
    assert_eq!(found(&of(config), &["--show-run"]), ["kustomize-error"]);
    assert!(rules(&of(&policy("shop", "web"))).contains(&"kustomize-error".to_owned()));
    let folder = repository(&of(config));
    let printed = run(folder.path(), &[]);
    assert!(
        printed
            .contains("1 kustomization could not be built; no policy depends on it (--show-run)."),
        "{printed}"
    );
}

#[test]
fn a_broken_document_is_an_error_if_it_mentions_a_policy() {
    let of = |kind: &str, broken: &str| {
        rules(&format!("# file: a.yaml\nkind: {kind}\nmetadata:\n{broken}"))
    };
    assert_eq!(of("NetworkPolicy", " name: [\n"), ["yaml-syntax"]);
    assert_eq!(of("Deployment", " name: [\n"), [""; 0]);
    assert_eq!(of("NetworkPolicy", "{{- if .x }}\n a: b: c\n{{- end }}\n"), ["yaml-syntax"]);
    assert_eq!(of("Deployment", "{{- if .x }}\n a: b: c\n{{- end }}\n"), [""; 0]);
}

#[test]
fn test_expectations_are_not_manifests_and_tests_are_quiet_unless_given() {
    let orphan = deployment("x", "web", "") + &policy("x", "wbe");
    let expected = format!("# file: tests/kuttl/a/00-assert.yaml\n{orphan}");
    assert_eq!(found(&expected, &["--pedantic", "."]), [""; 0]);
    let tried = format!("# file: tests/a/install.yaml\n{orphan}");
    assert_eq!(rules(&tried), [""; 0]);
    let orphaned = ["orphaned-pod-selector"];
    assert_eq!(found(&tried, &["tests"]), orphaned);
    assert_eq!(found(&tried, &["tests/a/install.yaml"]), orphaned);
    assert_eq!(rules(&format!("# file: apps/a/install.yaml\n{orphan}")), orphaned);
}

#[test]
fn several_ways_to_install_in_one_directory_are_alternatives() {
    let both = policy("x", "web") + &policy("x", "cart") + &deployment("x", "web", "");
    let cart = deployment("x", "cart", "");
    let two =
        format!("# file: install.yaml\n{both}{cart}# file: namespace-install.yaml\n{both}{cart}");
    assert_eq!(rules(&two), [""; 0]);
    // One policy in common is a mistake.
    let one = policy("x", "web").replace("[Ingress]", "[Egress]");
    let two = format!("# file: a.yaml\n{both}{cart}# file: b.yaml\n{one}");
    assert_eq!(rules(&two), ["duplicate-policy"]);
}

const APPLICATION: &str = "\
# file: argo/app.yaml
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: web, namespace: argocd}
spec:
  source: {repoURL: 'https://example.com/x', path: deploy, directory: {DIRECTORY}}
  destination: {name: in-cluster, namespace: shop}
";

#[test]
fn argo_cd_reads_a_plain_directory_by_its_own_rules() {
    let of = |directory: &str, file: &str| {
        let text = APPLICATION.replace("DIRECTORY", directory);
        let web = deployment("shop", "web", "") + &policy("shop", "cart");
        let cart = deployment("shop", "cart", "");
        let text = format!(
            "{text}# file: deploy/a.yaml\n{web}# file: deploy/values.yaml\nreplicas: 2\n# file: {file}\n{cart}"
        );
        // A file that Argo CD excludes is a loose manifest, and lowers the confidence.
        found(&text, &["--min-confidence", "low"])
    };
    let orphaned = ["orphaned-pod-selector"];
    assert_eq!(of("recurse: true", "deploy/sub/b.yaml"), [""; 0]);
    assert_eq!(of("exclude: 'b*'", "deploy/c.yaml"), [""; 0]);
    assert_eq!(of("exclude: '{b*,c*}'", "deploy/c.yaml"), orphaned);
    assert_eq!(of("include: 'a.yaml'", "deploy/c.yaml"), orphaned);
}

#[test]
fn dns_that_another_bundle_allows_is_not_missing() {
    let egress = |name: &str, app: &str, rule: &str| {
        policy("shop", app)
            .replace(&format!("name: {app},"), &format!("name: {name},"))
            .replace("[Ingress]", &format!("[Egress]\n  egress:\n  - {rule}"))
    };
    let web = egress(
        "out",
        "web",
        "to: [{podSelector: {matchLabels: {app: web}}}, {ipBlock: {cidr: 10.0.0.0/8}}, {namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: core}}}]\n    ports: [{port: 80}]",
    );
    let dns = "ports: [{port: 53, protocol: UDP}, {port: 53}]";
    let of = |app: &str| {
        let pods = deployment("shop", "web", "") + &deployment("shop", "cart", "");
        rules(&format!(
            "# file: base/kustomization.yaml\nresources: [a.yaml]\n# file: base/a.yaml\n{pods}{web}\
             # file: dns.yaml\n{}",
            egress("dns", app, dns)
        ))
    };
    assert_eq!(of("web"), [""; 0]);
    assert_eq!(of("cart"), ["missing-dns-egress"]);
}
