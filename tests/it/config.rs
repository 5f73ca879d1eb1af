//! `netpol-lint.toml`, `netpol-lint config` and `netpol-lint init`.

use std::fs;
use std::path::Path;

use assert_cmd::Command;
use netpol_lint::config;
use serde_json::Value;
use tempfile::TempDir;

/// A policy without DNS, and its pod beside it; `api` selects no pod.
const SHOP: &str = "\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: web
spec:
  podSelector:
    matchLabels:
      app: web
  policyTypes: [Egress]
  egress:
    - to:
        - podSelector:
            matchLabels:
              app: api
      ports:
        - port: 8080
---
apiVersion: v1
kind: Pod
metadata:
  name: web
  labels:
    app: web
spec:
  containers:
    - name: web
      image: web
";

/// A repository with these files.
fn repository(files: &[(&str, &str)]) -> TempDir {
    let folder = TempDir::new().unwrap();
    fs::create_dir(folder.path().join(".git")).unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

fn run(folder: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_netpol-lint"));
    let output = command.current_dir(folder).env("NO_COLOR", "1").args(arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// `path severity rule` of every finding in the shop, with that configuration.
fn found(config: &str, arguments: &[&str]) -> Vec<String> {
    findings(&[("shop.yaml", SHOP), ("netpol-lint.toml", config)], arguments)
}

fn findings(files: &[(&str, &str)], arguments: &[&str]) -> Vec<String> {
    let folder = repository(files);
    let mut all = vec!["-q", "--output-format", "json"];
    all.extend(arguments);
    let (code, out, err) = run(folder.path(), &all);
    assert!(code != Some(2), "{err}");
    let report: Value = serde_json::from_str(&out).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let reported = |finding: &Value| {
        let parts = [&finding["location"]["path"], &finding["severity"], &finding["rule"]];
        parts.map(text).join(" ")
    };
    report["findings"].as_array().unwrap().iter().map(reported).collect()
}

/// The error message for an invalid configuration.
fn refused(config: &str) -> String {
    let folder = repository(&[("shop.yaml", SHOP), ("netpol-lint.toml", config)]);
    let (code, out, err) = run(folder.path(), &[]);
    assert_eq!((code, out.as_str()), (Some(2), ""), "{config}");
    err
}

const DNS: &str = "shop.yaml error missing-dns-egress";
const PEER: &str = "shop.yaml warning orphaned-peer-selector";

#[test]
fn the_shop_has_two_findings_without_a_configuration() {
    assert_eq!(found("", &[]), [DNS, PEER]);
}

/// A chart whose policy is for a certain version, and for a cluster with an API.
fn of_chart(helm: &str) -> Vec<String> {
    let policy = "{{- if and (semverCompare \">=1.30-0\" .Capabilities.KubeVersion.Version) \
        (.Capabilities.APIVersions.Has \"cilium.io/v2/CiliumNetworkPolicy\") }}\n\
        apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n\
        metadata: {name: out}\nspec: {podSelector: {}, policyTypes: [Egress], egress: [{to: [{podSelector: {}}]}]}\n\
        {{- end }}\n";
    let files = [
        ("chart/Chart.yaml", "apiVersion: v2\nname: chart\nversion: 1.0.0\n"),
        ("chart/values.yaml", "{}\n"),
        ("chart/templates/policy.yaml", policy),
        ("netpol-lint.toml", helm),
    ];
    findings(&files, &["--select", "missing-dns-egress"])
}

#[test]
fn charts_see_the_cluster_that_is_configured() {
    let found = ["chart/templates/policy.yaml error missing-dns-egress"];
    let api = "api-versions = ['cilium.io/v2/CiliumNetworkPolicy']";
    assert_eq!(of_chart(&format!("[helm]\n{api}")), found);
    assert_eq!(of_chart(&format!("[helm]\nkube-version = '1.30'\n{api}")), found);
    assert_eq!(of_chart("[helm]\nkube-version = '1.31'"), [""; 0], "the API is not there");
    assert_eq!(of_chart(&format!("[helm]\nkube-version = 'v1.29.4'\n{api}")), [""; 0]);
    let message = refused("[helm]\nkube-version = 'latest'");
    assert!(message.contains("write a version such as `1.31` here"), "{message}");
}

#[test]
fn rules_are_selected_and_ignored() {
    assert_eq!(found("select = ['missing-dns-egress']", &[]), [DNS]);
    assert_eq!(found("ignore = ['missing-dns-egress']", &[]), [PEER]);
    assert_eq!(found("ignore = ['all']", &[]), [""; 0]);
    assert_eq!(found("min-severity = 'error'", &[]), [DNS]);
    assert!(found("pedantic = true", &[]).len() >= 2);
}

#[test]
fn flags_win() {
    let config = "select = ['missing-dns-egress']\nmin-severity = 'error'";
    assert_eq!(found(config, &["--select", "orphaned-peer-selector"]), [PEER]);
    assert_eq!(found(config, &["--no-config"]), [DNS, PEER]);
    let ignoring = "ignore = ['missing-dns-egress', 'orphaned-peer-selector']";
    assert_eq!(found(ignoring, &["--ignore", "missing-dns-egress"]), [PEER]);
    assert_eq!(found(ignoring, &["--select", "missing-dns-egress"]), [DNS]);
    let all = found(ignoring, &["--select", "all"]);
    assert!(
        all.iter()
            .all(|reported| !reported.contains("dns-egress") && !reported.contains("orphaned")),
        "{all:?}"
    );
    let folder = repository(&[("shop.yaml", SHOP), ("netpol-lint.toml", "fail-on = 'never'")]);
    assert_eq!(run(folder.path(), &["-qq"]).0, Some(0));
    assert_eq!(run(folder.path(), &["-qq", "--fail-on", "warning"]).0, Some(1));
    assert_eq!(run(folder.path(), &["-qq", "--no-config"]).0, Some(1));
}

#[test]
fn another_configuration_can_be_named() {
    let files = [
        ("shop.yaml", SHOP),
        ("netpol-lint.toml", "nonsense"),
        ("ci/lint.toml", "ignore = ['missing-dns-egress']"),
    ];
    assert_eq!(findings(&files, &["--config", "ci/lint.toml"]), [PEER]);
    let folder = repository(&files);
    let (code, _, err) = run(folder.path(), &["--config", "none.toml"]);
    assert_eq!(code, Some(2));
    assert!(err.starts_with("error: `none.toml` can't be read: "), "{err}");
    assert_eq!(run(folder.path(), &["--config", "x", "--no-config"]).0, Some(2));
}

#[test]
fn the_configuration_of_the_root_applies_to_all_paths() {
    let files = [("a/shop.yaml", SHOP), ("netpol-lint.toml", "ignore = ['missing-dns-egress']")];
    assert_eq!(findings(&files, &["a"]), ["a/shop.yaml warning orphaned-peer-selector"]);
    // A file above the root of the repository has no effect.
    let folder = repository(&[("netpol-lint.toml", "nonsense"), ("inner/shop.yaml", SHOP)]);
    fs::create_dir(folder.path().join("inner/.git")).unwrap();
    assert_eq!(run(&folder.path().join("inner"), &["-qq"]).0, Some(1));
    assert_eq!(run(folder.path(), &["-qq"]).0, Some(2));
}

#[test]
fn severities_can_be_overridden() {
    let config = "[severity]\nmissing-dns-egress = 'note'\norphaned-peer-selector = 'error'";
    assert_eq!(found(config, &[]), ["shop.yaml error orphaned-peer-selector"]);
    assert_eq!(
        found(config, &["--min-severity", "note"]),
        ["shop.yaml note missing-dns-egress", "shop.yaml error orphaned-peer-selector"]
    );
}

#[test]
fn rules_are_ignored_per_path_and_counted_as_suppressed() {
    let config = "[[per-path]]\npaths = ['old/']\nignore = ['missing-dns-egress']";
    let files = [("old/shop.yaml", SHOP), ("new/shop.yaml", SHOP), ("netpol-lint.toml", config)];
    let reported = findings(&files, &[]);
    assert_eq!(
        reported,
        [
            "new/shop.yaml error missing-dns-egress",
            "new/shop.yaml warning orphaned-peer-selector",
            "old/shop.yaml warning orphaned-peer-selector"
        ]
    );
    let (_, out, _) = run(repository(&files).path(), &["--output-format", "json"]);
    let report: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(report["summary"]["suppressed"], 1);
}

#[test]
fn files_are_included_and_excluded() {
    let files =
        |config| [("a/shop.yaml", SHOP), ("b/empty.yaml", ""), ("netpol-lint.toml", config)];
    assert_eq!(findings(&files("exclude = ['a/']"), &[]), [""; 0]);
    assert_eq!(findings(&files("include = ['b/']"), &[]), [""; 0]);
    assert_eq!(findings(&files("exclude = ['a/']"), &["--exclude", "b/"]).len(), 2);
}

#[test]
fn the_default_namespace_is_where_objects_without_one_go() {
    let api = "apiVersion: v1\nkind: Pod\nmetadata: {name: api, namespace: shop, labels: {app: api}}\n\
               spec: {containers: [{name: api, image: api}]}\n";
    let files = |config| [("shop.yaml", SHOP), ("api.yaml", api), ("netpol-lint.toml", config)];
    let with = |config| findings(&files(config), &["--ignore", "missing-dns-egress"]);
    assert_eq!(with("").len(), 1);
    assert_eq!(with("default-namespace = 'shop'"), [""; 0]);
}

#[test]
fn the_profile_decides_where_dns_runs() {
    let right = SHOP.replace(
        "              app: api\n      ports:\n        - port: 8080\n",
        "              k8s-app: kube-dns\n          namespaceSelector: {}\n      ports:\n        \
         - {port: 53, protocol: UDP}\n        - {port: 53, protocol: TCP}\n",
    );
    let with = |config: &str| findings(&[("shop.yaml", &right), ("netpol-lint.toml", config)], &[]);
    assert_eq!(with("profile = 'kubernetes'"), [""; 0]);
    assert!(!with("profile = 'openshift'").is_empty());
}

#[test]
fn limits_are_findings() {
    let reported = found("[limits]\nfile-bytes = 20", &[]);
    assert_eq!(reported, ["shop.yaml error yaml-limit"]);
    assert!(found("[limits]\ndepth = 3", &[]).contains(&"shop.yaml error yaml-limit".to_owned()));
    assert!(found("[limits]\nnodes = 9", &[]).contains(&"shop.yaml error yaml-limit".to_owned()));
    assert!(
        found("[limits]\ndocuments = 1", &[]).contains(&"shop.yaml error yaml-limit".to_owned())
    );
}

/// The pod that the shop's policy allows egress to, in any namespace.
const API: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: api, labels: {app: api}}\n\
                   spec: {containers: [{name: api, image: api}]}\n";

#[test]
fn test_directories_are_named() {
    let files =
        |config| [("shop.yaml", SHOP), ("tests/a/api.yaml", API), ("netpol-lint.toml", config)];
    let with = |config| findings(&files(config), &["--ignore", "missing-dns-egress"]);
    assert_eq!(with(""), [PEER]);
    assert_eq!(with("test-directories = []"), [""; 0]);
    assert_eq!(with("test-directories = ['e2e', 'tests']"), [PEER]);
}

#[test]
fn clusters_are_named() {
    let files =
        |config| [("one/shop.yaml", SHOP), ("two/api.yaml", API), ("netpol-lint.toml", config)];
    let with = |config| findings(&files(config), &["--ignore", "missing-dns-egress"]);
    assert_eq!(with(""), [""; 0]);
    let apart = "[[cluster]]\nname = 'one'\npaths = ['one/']\n\
                 [[cluster]]\nname = 'two'\npaths = ['two/']";
    assert_eq!(with(apart), ["one/shop.yaml warning orphaned-peer-selector"]);
    // A bundle that is in no cluster may run beside it.
    assert_eq!(with("[[cluster]]\nname = 'one'\npaths = ['one/']"), [""; 0]);
    assert_eq!(with("[[cluster]]\nname = 'two'\npaths = ['two/']"), [""; 0]);
    assert_eq!(with("[[cluster]]\nname = 'all'\npaths = ['one/', 'two/']"), [""; 0]);
}

#[test]
fn well_known_pods_match_selectors_and_are_dns() {
    let pod = |namespace: &str, label: &str, ports: &str| {
        format!(
            "[[well-known]]\nname = 'x'\nnamespace = '{namespace}'\nlabels = {{ app = '{label}' }}\n\
             ports = {ports}"
        )
    };
    let with = |config: &str| found(config, &["--ignore", "missing-dns-egress"]);
    assert_eq!(with(&pod("default", "api", "[]")), [""; 0]);
    assert_eq!(with(&pod("default", "other", "[]")), [PEER]);
    assert_eq!(with(&pod("elsewhere", "api", "[]")), [PEER]);
    // A policy may select one too.
    let orphan = SHOP.replacen("      app: web", "      app: known", 1);
    let with = |config: &str| {
        let files = [("shop.yaml", orphan.as_str()), ("netpol-lint.toml", config)];
        findings(&files, &["--select", "orphaned-pod-selector"])
    };
    assert_eq!(with(""), ["shop.yaml warning orphaned-pod-selector"]);
    assert_eq!(with(&pod("default", "known", "[80]")), [""; 0]);
    // A DNS server of the user's own, in a namespace that the repository does not show.
    let dns = SHOP.replace(
        "              app: api\n      ports:\n        - port: 8080\n",
        "              app: resolver\n          namespaceSelector:\n            matchLabels:\n              \
         kubernetes.io/metadata.name: dns\n      ports:\n        - {port: 53, protocol: UDP}\n        \
         - {port: 53, protocol: TCP}\n",
    );
    let with = |config: &str| findings(&[("shop.yaml", &dns), ("netpol-lint.toml", config)], &[]);
    assert!(!with("").is_empty());
    assert!(!with(&pod("dns", "resolver", "[8053]")).is_empty());
    assert_eq!(with(&pod("dns", "resolver", "[8053, 53]")), [""; 0]);
}

#[test]
fn ranges_may_hold_the_cluster_s_dns() {
    let block = SHOP.replace(
        "        - port: 8080\n",
        "        - port: 8080\n    - to:\n        - ipBlock: {cidr: 198.18.0.0/16}\n",
    );
    let with = |config: &str| {
        let files = [("shop.yaml", block.as_str()), ("netpol-lint.toml", config)];
        findings(&files, &["--select", "missing-dns-egress"])
    };
    assert_eq!(with(""), [DNS]);
    assert_eq!(with("service-ranges = ['198.18.4.0/22']"), [""; 0]);
    assert_eq!(with("pod-ranges = ['198.18.0.0/15']"), [""; 0]);
    assert_eq!(with("pod-ranges = ['203.0.113.0/24']"), [DNS]);
}

#[test]
fn an_error_stops_the_run_at_its_line() {
    for (config, shown) in [
        (
            "# lint\nselct = []\n",
            "error: netpol-lint.toml:2:1: unknown key `selct`; did you mean `select`?\n  \
             2 | selct = []\n    | ^^^^^\n",
        ),
        (
            "pedantic = 'yes'",
            "error: netpol-lint.toml:1:12: expected a boolean, found the string \"yes\"\n  \
             1 | pedantic = 'yes'\n    |            ^^^^^\n",
        ),
    ] {
        assert_eq!(refused(config), shown);
    }
    for (config, shown) in [
        (
            "ignore = ['split-peer', 'mising-dns-egress']",
            "1:25: there is no rule `mising-dns-egress`; did you mean `missing-dns-egress`",
        ),
        (
            "min-severity = 'eror'",
            "1:16: `eror` is not a valid value for this key; did you mean `error`?",
        ),
        ("fail-on = 'x'", "1:11: `x` is not a valid value for this key; use one of `error`, "),
        ("exclude = ['a', 'b[']", "1:17: `b[` is not a glob: "),
        ("pod-ranges = ['10.0.0.0/33']", "1:15: this is not a CIDR, such as "),
        (
            "service-ranges = ['10.0.0.1/8']",
            "1:19: this CIDR has host bits set; write `10.0.0.0/8`",
        ),
        ("[limits]\ndepths = 3", "2:1: unknown key `depths`; did you mean `depth`?"),
        ("[limits]\ndepth = 0", "2:9: this limit must be from 1 to "),
        (
            "[severity]\nsplit-pear = 'note'",
            "2:1: there is no rule `split-pear`; did you mean `split-peer`",
        ),
        ("[[per-path]]\npaths = ['x']", "1:1: the key `ignore` is missing here"),
        (
            "[[per-path]]\npaths = []\nignore = ['all']",
            "2:9: this list is empty: add at least one file",
        ),
        (
            "[[cluster]]\nname = 'a'\npaths = ['x']\n[[cluster]]\nname = 'a'\npaths = ['y']",
            "5:8: the cluster at line 1 already has this name",
        ),
        ("default-namespace = 'Shop'", "1:21: a namespace name has "),
        ("test-directories = ['a/b']", "1:21: this must be a directory name"),
        ("pedantic = true\npedantic = false", "2:1: duplicate key"),
        (
            "[[well-known]]\nname = 'a'\nnamespace = 'a'\nlabels = {}",
            "4:10: a well-known pod needs labels",
        ),
        (
            "[[well-known]]\nname = 'a'\nnamespace = 'a'\nlabels = { a = 'b' }\nports = [0]",
            "5:10: a port must be from 1 to 65535",
        ),
        ("[helm]\nrender = 'alway'", "2:10: `alway` is not a valid value for this key"),
        ("[helm]\nprogram = 'x'", "2:1: unknown key `program`"),
        ("[helm.chart]\npath = 'a'", "1:1: expected a list, found a table; write `[[helm.chart]]`"),
        ("[[helm.chart]]\nvalues = []", "1:1: the key `path` is missing here"),
        ("[[helm.chart]]\npath = 'a'\nrelease = 'A_b'", "3:11: a release name has "),
        ("exclude = 'a'", "1:11: expected a list, found the string \"a\""),
        ("limits = 3", "1:10: expected a table, found the integer `3`"),
        ("[cluster]\nname = 'a'", "1:1: expected a list, found a table; write `[[cluster]]`"),
        ("\u{feff}selct = 1", "1:1: unknown key `selct`"),
        ("pedantic =", "1:11: "),
    ] {
        let reported = refused(config);
        assert!(
            reported.starts_with(&format!("error: netpol-lint.toml:{shown}")),
            "{config}: {reported}"
        );
    }
}

#[test]
fn nothing_in_a_configuration_controls_the_terminal() {
    let reported = refused("'se\u{1b}[31mlect' = 1");
    assert!(!reported.contains('\u{1b}'), "{reported}");
    let folder = repository(&[("netpol-lint.toml", "exclude = [\"\\u001b[31m\\u202ea]\"]")]);
    let (_, out, _) = run(folder.path(), &["config"]);
    assert!(!out.contains(['\u{1b}', '\u{202e}']), "{out}");
}

#[test]
fn config_prints_what_is_in_force_and_who_says_it() {
    let config = "ignore = ['split-peer']\npedantic = true\n\n[severity]\nsplit-peer = 'note'\n\
                  [limits]\ndepth = 9\n[[per-path]]\npaths = ['old/']\nignore = ['split-peer']\n\
                  [[well-known]]\nname = 'dns'\nnamespace = 'dns'\nlabels = { 'k8s.io/app' = 'x' }\n\
                  [[helm.chart]]\npath = 'charts/*'\nnamespace = 'shop'\nvalues = ['v.yaml']\n";
    let chart = "apiVersion: v2\nname: db\nversion: 1.0.0\n";
    let folder = repository(&[
        ("shop.yaml", SHOP),
        ("netpol-lint.toml", config),
        ("charts/db/Chart.yaml", chart),
    ]);
    let (code, out, _) = run(folder.path(), &["config", "--exclude", "vendor/"]);
    assert_eq!(code, Some(0));
    for line in [
        "# configuration: netpol-lint.toml",
        "ignore = [\"split-peer\"] # netpol-lint.toml:1",
        "pedantic = true # netpol-lint.toml:2",
        "min-severity = \"note\" # default",
        "exclude = [\"vendor/\"] # --exclude",
        "split-peer = \"note\" # netpol-lint.toml:5",
        "depth = 9 # netpol-lint.toml:7",
        "[[per-path]] # netpol-lint.toml:8",
    ] {
        let squeezed = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(out.lines().any(|printed| squeezed(printed) == line), "{line}\n{out}");
    }
    // The output is a configuration with the same effect.
    let understood = config::read("printed.toml", &out).unwrap();
    assert_eq!(understood.limits.depth.unwrap().value, 9);
    assert_eq!(understood.well_known[0].value.labels, [("k8s.io/app".into(), "x".into())]);
    let chart = &understood.helm.charts[0].value;
    assert_eq!((chart.path.as_str(), chart.namespace.as_deref()), ("charts/*", Some("shop")));
    assert_eq!(chart.values, ["v.yaml"]);
    let (_, out, _) = run(folder.path(), &["config", "--helm", "never"]);
    assert!(out.contains("render = \"never\""), "{out}");
    let (_, out, _) = run(folder.path(), &["config", "--no-config"]);
    assert!(out.starts_with("# configuration: none\n"), "{out}");
    let (_, _, err) = run(folder.path(), &["-v"]);
    assert!(err.contains("configuration: netpol-lint.toml\n"), "{err}");
}

#[test]
fn a_missing_chart_is_a_configuration_error() {
    let config = "[[helm.chart]]\npath = 'charts/dbb'\n";
    let folder = repository(&[("shop.yaml", SHOP), ("netpol-lint.toml", config)]);
    let (code, _, err) = run(folder.path(), &[]);
    assert_eq!(code, Some(2));
    assert!(err.contains("the chart `charts/dbb`, but there is no such chart"), "{err}");
}

#[test]
fn init_writes_a_configuration_once() {
    let files = [("dev/shop.yaml", SHOP), ("prod/shop.yaml", SHOP), ("vendor/x.yaml", API)];
    let folder = repository(&files);
    let before = run(folder.path(), &["-q"]);
    let (code, out, _) = run(&folder.path().join("dev"), &["init"]);
    assert_eq!((code, out.as_str()), (Some(0), "wrote ../netpol-lint.toml\n"));
    let written = fs::read_to_string(folder.path().join("netpol-lint.toml")).unwrap();
    for reported in
        ["exclude = [\"/vendor/\"]", "2 policies have none", "2 sets", "name = \"prod\""]
    {
        assert!(written.contains(reported), "{reported}\n{written}");
    }
    assert_eq!(run(folder.path(), &["-q"]), before, "it changes nothing by itself");

    let (code, _, err) = run(folder.path(), &["init"]);
    assert_eq!(code, Some(2));
    assert!(err.contains("`netpol-lint.toml` already exists"), "{err}");
    assert_eq!(fs::read_to_string(folder.path().join("netpol-lint.toml")).unwrap(), written);

    // Every key in it can be uncommented.
    let is_key = |line: &str| line.starts_with('[') || line.contains(" = ");
    let on: Vec<&str> = written
        .lines()
        .map(|line| line.strip_prefix("# ").filter(|l| is_key(l)).unwrap_or(""))
        .collect();
    config::read("netpol-lint.toml", &on.join("\n")).unwrap();
}

#[test]
fn init_sets_the_openshift_profile_if_all_is_openshift() {
    let route = "apiVersion: route.openshift.io/v1\nkind: Route\nmetadata: {name: web}\n";
    let folder = repository(&[("shop.yaml", &format!("{SHOP}---\n{route}"))]);
    assert_eq!(run(folder.path(), &["init"]).0, Some(0));
    let written = fs::read_to_string(folder.path().join("netpol-lint.toml")).unwrap();
    assert!(written.contains("\nprofile = \"openshift\"\n"), "{written}");
    let empty = repository(&[]);
    assert_eq!(run(empty.path(), &["init"]).0, Some(0));
}

fn committed(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// `cargo run -- config --schema > docs/netpol-lint.schema.json` updates it.
#[test]
fn the_committed_schema_is_the_one_that_is_printed() {
    let folder = repository(&[]);
    let (_, out, _) = run(folder.path(), &["config", "--schema"]);
    assert_eq!(out, committed("docs/netpol-lint.schema.json"));
}

/// Every key by its name in the documentation, with its default.
fn keys() -> Vec<(String, Option<Value>)> {
    let schema = config::schema();
    let of = |prefix: &str, pointer: &str| -> Vec<(String, Option<Value>)> {
        let properties = schema.pointer(pointer).unwrap().as_object().unwrap();
        properties
            .iter()
            .map(|(key, value)| (format!("{prefix}{key}"), value.get("default").cloned()))
            .collect()
    };
    let mut keys = of("", "/properties");
    keys.retain(|(key, _)| key != "limits" && key != "helm");
    keys.extend(of("limits.", "/$defs/Limits/properties"));
    keys.extend(of("helm.", "/$defs/Helm/properties"));
    keys
}

#[test]
fn every_key_is_documented_with_its_default_and_a_valid_example() {
    let page = committed("docs/configuration.md");
    let sections: Vec<&str> = page.split("\n### ").skip(1).collect();
    let mut documented: Vec<String> = Vec::new();
    for section in sections {
        let key = section.split('`').nth(1).unwrap();
        documented.push(key.to_owned());
        let (_, default) = keys().into_iter().find(|(known, _)| known == key).unwrap();
        let shown = section.lines().nth(2).unwrap().strip_prefix("Default: ").unwrap();
        if let Some(default) = default {
            let shown = format!("x = {}", shown.trim_matches('`'));
            let shown: Value =
                toml::from_str::<serde_json::Map<_, _>>(&shown).unwrap()["x"].clone();
            assert_eq!(shown, default, "{key}");
        }
        let example = section.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
        assert!(example.contains(key.rsplit('.').next().unwrap()), "{key}");
        config::read("example", example).unwrap();
    }
    let mut known: Vec<String> = keys().into_iter().map(|(key, _)| key).collect();
    known.sort();
    documented.sort();
    assert_eq!(documented, known);
}
