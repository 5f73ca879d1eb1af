//! Repositories as they are found in public: what looks like a mistake, and is none, beside a case of
//! the same kind that is one.

use std::fs;
use std::path::Path;
use std::process::Command;

pub fn repository(text: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join(".git")).unwrap();
    for part in text.split("# file: ").skip(1) {
        let (name, content) = part.split_once('\n').unwrap();
        write(folder.path(), name.trim(), content.as_bytes());
    }
    folder
}

fn write(folder: &Path, name: &str, content: &[u8]) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}

/// The findings as `rule path:line`.
pub fn found(folder: &Path, arguments: &[&str]) -> Vec<String> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_netpol-lint"));
    command.current_dir(folder).args(["-q", "--output-format", "concise"]).args(arguments);
    let output = command.output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let line = |line: &str| {
        let (place, rest) = line.split_once(": ")?;
        let place = place.rsplit_once(':').map_or(place, |(place, _)| place);
        Some(format!("{} {place}", rest.split_once('[')?.1.split_once(']')?.0))
    };
    said.lines().filter_map(line).collect()
}

pub fn shown(text: &str) -> Vec<String> {
    found(repository(text).path(), &[])
}

#[track_caller]
pub fn is_quiet(text: &str) {
    assert_eq!(shown(text), [""; 0], "{text}");
}

#[track_caller]
pub fn fires(text: &str, finding: &str) {
    assert_eq!(shown(text), [finding], "{text}");
}

pub fn pod(name: &str, namespace: &str) -> String {
    format!(
        "---\napiVersion: v1\nkind: Pod\nmetadata: {{name: {name}, {namespace}labels: {{app: \
         {name}}}}}\nspec: {{containers: [{{name: m, image: m}}]}}\n"
    )
}

/// Lets `from` reach the pods `to`; the peer stands in line 7.
pub fn lets_in(from: &str, to: &str, namespace: &str) -> String {
    format!(
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: {to}, \
         {namespace}}}\nspec:\n  podSelector: {{matchLabels: {{app: {to}}}}}\n  policyTypes: \
         [Ingress]\n  ingress: [{{from: [{{podSelector: {{matchLabels: {{app: {from}}}}}}}]}}]\n"
    )
}

pub const SHOP: &str = "namespace: shop, ";

mod flux {
    use super::*;

    fn cluster(source: &str, more: &str) -> String {
        format!(
            "# file: clusters/prod/sync.yaml\n{source}apiVersion: \
             kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {{name: all, namespace: \
             flux-system}}\nspec: {{path: ./clusters/prod, sourceRef: {{kind: GitRepository, name: \
             all}}}}\n# file: clusters/prod/web.yaml\n{}---\n{}{more}",
            pod("web", SHOP),
            lets_in("web", "web", SHOP)
        )
    }

    fn source(ignore: &str) -> String {
        format!(
            "apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata: {{name: all, \
             namespace: flux-system}}\nspec: {{url: 'https://example.com/x'{ignore}}}\n---\n"
        )
    }

    const ERROR: &str = "kustomize-error clusters/prod/sync.yaml:4";

    #[test]
    fn the_files_of_sops_and_ci_are_not_in_the_artifact() {
        is_quiet(&cluster("", "# file: clusters/prod/.sops.yaml\ncreation_rules: []\n"));
        is_quiet(&cluster(&source(""), "# file: clusters/prod/.sops.yaml\ncreation_rules: []\n"));
        is_quiet(&cluster("", "# file: clusters/prod/x/cloudbuild.yaml\nsteps: []\n"));
        is_quiet(&cluster("", "# file: clusters/prod/package.json\n{\"name\": \"x\"}\n"));
    }

    #[test]
    fn what_the_source_ignores_is_not_either() {
        let notes = "# file: clusters/prod/notes.yaml\ntodo: []\n";
        is_quiet(&cluster("", &format!("{notes}# file: .sourceignore\nnotes.yaml\n")));
        is_quiet(&cluster("", &format!("{notes}# file: clusters/.sourceignore\n/prod/notes*\n")));
        is_quiet(&cluster(&source(", ignore: 'notes.yaml'"), notes));
    }

    #[test]
    fn what_is_no_manifest_and_is_fetched_stops_flux() {
        fires(&cluster("", "# file: clusters/prod/notes.yaml\ntodo: []\n"), ERROR);
        // Own patterns replace those that apply by default.
        let sops = "# file: clusters/prod/.sops.yaml\ncreation_rules: []\n";
        let error = "kustomize-error clusters/prod/sync.yaml:9";
        fires(&cluster(&source(", ignore: 'docs/'"), sops), error);
    }

    #[test]
    fn an_object_of_flux_in_a_file_called_kustomization_is_no_kustomization() {
        let object = "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: \
                      {name: web}\nspec: {path: ./apps/web, targetNamespace: shop}\n";
        let app = format!(
            "# file: apps/web/web.yaml\n{}---\n{}",
            pod("web", ""),
            lets_in("cron", "web", "")
        );
        let text = format!("# file: clusters/web/kustomization.yaml\n{object}{app}");
        // It is read all the same: what it deploys goes to its namespace, which is closed.
        fires(&text, "orphaned-peer-selector apps/web/web.yaml:13");
    }
}

mod before_the_build {
    use super::*;

    fn kustomization(resource: &str, more: &str) -> String {
        format!(
            "# file: k8s/kustomization.yaml\nresources: [web.yaml, {resource}]\n# file: \
             k8s/web.yaml\n{}---\n{}{more}",
            pod("web", SHOP),
            lets_in("web", "web", SHOP)
        )
    }

    #[test]
    fn what_is_made_from_something_else_is_no_error() {
        for beside in [
            "secrets.yaml.example",
            "secrets.example.yaml",
            "secrets-sample.yaml",
            "secrets.yaml.tpl",
        ] {
            is_quiet(&kustomization("secrets.yaml", &format!("# file: k8s/{beside}\nx\n")));
        }
        is_quiet(&kustomization("bases/x.clusterserviceversion.yaml", ""));
    }

    #[test]
    fn what_is_simply_missing_is_one() {
        let error = "kustomize-error k8s/kustomization.yaml:1";
        fires(&kustomization("secrets.yaml", ""), error);
        fires(&kustomization("secrets.yaml", "# file: k8s/secrets-old.yaml\n{}\n"), error);
        fires(&kustomization("secrets.yaml", "# file: secrets.yaml.example\nx\n"), error);
    }
}

mod code {
    use super::*;

    fn beside(code: &str) -> String {
        let policy = lets_in("runner", "web", SHOP);
        format!("# file: k8s/web.yaml\n{policy}{}{code}", pod("web", SHOP))
    }

    #[test]
    fn pods_that_programs_create_may_have_the_label() {
        for code in [
            "# file: internal/jobs.go\nvar labels = map[string]string{\"app\": \"runner\"}\n",
            "# file: src/jobs.ts\nconst labels = { app: 'runner' };\n",
            "# file: jobs.py\npod['labels'] = {\"app\": \"runner\"}\n",
            "# file: Makefile\nrun:\n\tkubectl run x --image=x --labels=app=runner\n",
            "# file: main.tf\nlabels = {\n  app = \"runner\"\n}\n",
        ] {
            is_quiet(&beside(code));
        }
    }

    #[test]
    fn what_only_asks_for_them_proves_nothing() {
        let orphan = "orphaned-peer-selector k8s/web.yaml:7";
        for code in [
            "",
            "# file: logs.sh\nkubectl logs -n shop -l app=runner\n",
            "# file: main.go\n// The pods have \"app\": \"runner\".\n",
            "# file: README.txt\napp: runner\n",
            "# file: tests/jobs.go\nvar labels = map[string]string{\"app\": \"runner\"}\n",
            "# file: node_modules/x/jobs.js\nconst labels = { app: 'runner' };\n",
        ] {
            fires(&beside(code), orphan);
        }
    }
}

mod tests_of_others {
    use super::*;

    const WITHOUT_SPEC: &str =
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: x}\n";

    #[test]
    fn files_that_tests_expect_are_no_manifests() {
        let chainsaw = "apiVersion: chainsaw.kyverno.io/v1alpha1\nkind: Test\nmetadata: {name: x}\n\
                        spec: {steps: [{try: [{assert: {file: KEY.yaml}}, {error: {file: none.yaml}}]}]}\n";
        let kuttl = "apiVersion: kuttl.dev/v1beta1\nkind: TestStep\nassert: [KEY.yaml]\n";
        let kyverno = "apiVersion: cli.kyverno.io/v1alpha1\nkind: Test\nmetadata: {name: x}\n\
                       resources: [KEY.yaml]\n";
        for test in [chainsaw, kuttl, kyverno] {
            let test = |named: &str| {
                let text = test.replace("KEY", named);
                format!(
                    "# file: policies/check/t.yaml\n{text}# file: policies/check/one.yaml\n{WITHOUT_SPEC}"
                )
            };
            is_quiet(&test("one"));
            fires(&test("other"), "invalid-policy policies/check/one.yaml:3");
        }
    }

    #[test]
    fn an_old_api_version_in_tests_is_what_they_test() {
        let old = lets_in("web", "web", SHOP).replace("networking.k8s.io/v1", "extensions/v1beta1");
        let text = |folder: &str| format!("# file: {folder}/x.yaml\n{old}{}", pod("web", SHOP));
        is_quiet(&text("pkg/testdata/old"));
        fires(&text("k8s"), "removed-api-version k8s/x.yaml:1");
    }
}

mod files {
    use super::*;

    fn utf16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        format!("\u{feff}{text}").encode_utf16().flat_map(bytes).collect()
    }

    #[test]
    fn utf_16_is_read_as_kustomize_reads_it() {
        for bytes in [u16::to_le_bytes, u16::to_be_bytes] {
            let text = lets_in("cron", "web", SHOP) + &pod("web", SHOP);
            let folder = repository("# file: k8s/kustomization.yaml\nresources: [web.yaml]\n");
            write(folder.path(), "k8s/web.yaml", &utf16(&text, bytes));
            write(folder.path(), "plain.yaml", &utf16(&text.replace("shop", "other"), bytes));
            let expected =
                ["orphaned-peer-selector k8s/web.yaml:7", "orphaned-peer-selector plain.yaml:7"];
            assert_eq!(found(folder.path(), &[]), expected);
        }
    }

    #[test]
    fn utf_16_that_is_broken_is_none() {
        let folder = repository("");
        let mut bytes = utf16(&lets_in("web", "web", SHOP), u16::to_le_bytes);
        bytes.pop();
        write(folder.path(), "x.yaml", &bytes);
        assert_eq!(found(folder.path(), &["--show-run"]), ["unreadable-file x.yaml:1"]);
    }

    #[test]
    fn no_fix_writes_utf_16_as_something_else() {
        let text =
            lets_in("web", "web", SHOP).replace("networking.k8s.io/v1", "extensions/v1beta1");
        let folder = repository("");
        let bytes = utf16(&(text + &pod("web", SHOP)), u16::to_le_bytes);
        write(folder.path(), "x.yaml", &bytes);
        found(folder.path(), &["--fix"]);
        assert_eq!(fs::read(folder.path().join("x.yaml")).unwrap(), bytes);
    }

    #[test]
    fn what_git_tracks_is_read_though_a_rule_ignores_it() {
        let git = |folder: &Path, arguments: &[&str]| {
            let mut command = Command::new("git");
            command.current_dir(folder).args(arguments).env("GIT_CONFIG_GLOBAL", "/dev/null");
            command.output().is_ok_and(|output| output.status.success())
        };
        let text = lets_in("cron", "web", SHOP) + &pod("web", SHOP);
        let folder = tempfile::tempdir().unwrap();
        if !git(folder.path(), &["init", "-q"]) {
            return crate::tools::skip("git is absent");
        }
        write(folder.path(), ".gitignore", b"out/\nsecret*\n");
        for name in
            ["out/deep/tracked.yaml", "out/untracked.yaml", "secret-web.yaml", "secret-b.yaml"]
        {
            write(
                folder.path(),
                name,
                text.replace("shop", &name.replace(['/', '.'], "-")).as_bytes(),
            );
        }
        assert!(git(folder.path(), &["add", "-f", "out/deep/tracked.yaml", "secret-web.yaml"]));
        let expected = [
            "orphaned-peer-selector out/deep/tracked.yaml:7",
            "orphaned-peer-selector secret-web.yaml:7",
        ];
        assert_eq!(found(folder.path(), &[]), expected);
        // The rules of other tools are not git's.
        write(folder.path(), ".ignore", b"secret*\n");
        assert_eq!(found(folder.path(), &[]), expected[..1]);
    }
}

mod variants {
    use super::*;

    fn overlays(prod: &str) -> String {
        format!(
            "# file: base/kustomization.yaml\nresources: [web.yaml]\n# file: base/web.yaml\n{}{}# \
             file: dev/kustomization.yaml\nnamespace: dev\nresources: [../base, cache.yaml]\n# file: \
             dev/cache.yaml\n{}# file: prod/kustomization.yaml\nnamespace: prod\nresources: \
             [../base]\n{prod}",
            lets_in("cache", "web", ""),
            pod("web", ""),
            pod("cache", "")
        )
    }

    #[test]
    fn a_peer_that_one_overlay_has_does_no_harm_in_the_others() {
        is_quiet(&overlays(""));
        let install = |more: &str| lets_in("server", "redis", "") + &pod("redis", "") + more;
        is_quiet(&format!(
            "# file: install.yaml\n{}# file: core-install.yaml\n{}",
            install(&pod("server", "")),
            install("")
        ));
    }

    #[test]
    fn a_pod_that_an_overlay_calls_something_else_is_lost_there() {
        let patched = overlays(
            "patches:\n- target: {kind: Pod, name: cache}\n  patch: |\n    - {op: replace, path: \
             /metadata/labels/app, value: cachet}\n",
        )
        .replace("resources: [../base]\n", "resources: [../base, ../dev/cache.yaml]\n");
        fires(&patched, "orphaned-peer-selector prod/kustomization.yaml:6");
    }

    #[test]
    fn a_slip_in_one_of_several_copies_is_one_still() {
        let copy = |folder: &str, cache: &str| {
            let policy = lets_in("cache", "web", "");
            format!("# file: {folder}/web.yaml\n{policy}{}{}", pod("web", ""), pod(cache, ""))
        };
        let text = copy("dev", "cache") + &copy("prod", "cache-pool");
        fires(&text, "orphaned-peer-selector prod/web.yaml:7");
    }

    #[test]
    fn manifests_beside_a_kustomization_may_bring_what_it_lacks() {
        // The plain copies are what was applied by hand before, and `db.yaml` still is.
        let text = format!(
            "# file: k8s/prod/kustomization.yaml\nresources: [../policy.yaml, all.yaml]\n# file: \
             k8s/prod/all.yaml\n{}{}# file: k8s/policy.yaml\n{}# file: k8s/all.yaml\n{}{}# file: \
             k8s/db.yaml\n{}",
            pod("web", SHOP),
            pod("cron", SHOP),
            lets_in("db", "web", SHOP),
            pod("web", SHOP),
            pod("cron", SHOP),
            pod("db", SHOP),
        );
        is_quiet(&text);
    }
}

mod services {
    use super::*;

    fn with_service(service: &str, pods: &str) -> String {
        format!("# file: x.yaml\n{}{}{pods}{service}", lets_in("db", "web", SHOP), pod("web", SHOP))
    }

    const SERVICE: &str = "---\napiVersion: v1\nkind: Service\nmetadata: {name: db, namespace: shop, \
                           labels: {app: db}}\nspec: {selector: {app: db}, ports: [{port: 5432}]}\n";

    #[test]
    fn a_service_for_the_same_pods_says_that_they_come_from_elsewhere() {
        is_quiet(&with_service(SERVICE, ""));
        let narrower = SERVICE.replace("{app: db}, ports", "{app: db, role: primary}, ports");
        is_quiet(&with_service(&narrower, ""));
    }

    #[test]
    fn a_service_for_others_or_a_twin_says_the_opposite() {
        fires(&with_service("", ""), "orphaned-peer-selector x.yaml:7");
        let of_others = SERVICE.replace("{app: db}, ports", "{app: database}, ports");
        fires(&with_service(&of_others, ""), "labels-on-workload-not-pod x.yaml:7");
        fires(
            &with_service(SERVICE, &pod("db2x", SHOP).replace("db2x", "db-x")),
            "orphaned-peer-selector x.yaml:7",
        );
    }
}

mod flux_releases {
    use super::*;

    #[test]
    fn a_name_that_is_too_long_for_helm_is_shortened() {
        let chart = format!(
            "# file: charts/web/Chart.yaml\napiVersion: v2\nname: web\nversion: 1.0.0\n# file: \
             charts/web/templates/web.yaml\n{}{}",
            lets_in("web", "web", ""),
            pod("web", "")
        );
        let release = |name: &str, more: &str| {
            format!(
                "{chart}# file: flux.yaml\napiVersion: helm.toolkit.fluxcd.io/v2\nkind: \
                 HelmRelease\nmetadata: {{name: {name}, namespace: shop}}\nspec: {{{more}chart: \
                 {{spec: {{chart: ./charts/web, sourceRef: {{kind: GitRepository, name: x}}}}}}}}\n"
            )
        };
        let long = "a".repeat(60);
        is_quiet(&release(&long, ""));
        is_quiet(&release(&"a".repeat(45), "targetNamespace: a-long-namespace, "));
        let written = shown(&release("web", &format!("releaseName: {long}, ")));
        assert_eq!(written, ["render-error flux.yaml:4"]);
    }
}
