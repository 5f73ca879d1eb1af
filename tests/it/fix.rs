//! Fixes: what they write, in which style, and what they do not touch.

use crate::pages;
use crate::shared;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use netpol_lint::lint::{Confidence, RULES, Severity};
use netpol_lint::{FixOptions, Outcome, Request, fix, repo, triage};
use tempfile::TempDir;

/// Files by path.
type Tree = BTreeMap<PathBuf, Vec<u8>>;

const RISKY: FixOptions = FixOptions { risky: true, write: true };
const SAFE: FixOptions = FixOptions { risky: false, write: true };

fn request(folder: &Path) -> Request {
    Request { cwd: folder.canonicalize().unwrap(), ..Request::default() }
}

fn apply(folder: &Path, how: FixOptions) -> (Outcome, fix::Draft) {
    netpol_lint::apply_fixes(&request(folder), how, &()).unwrap()
}

fn repository(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join(".git")).unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

/// The result for one file, beside the other files of [`SHOP`].
fn fixed(policy: &str) -> String {
    let folder = repository(&[("shop.yaml", SHOP), ("policy.yaml", policy)]);
    let (outcome, _) = apply(folder.path(), RISKY);
    assert_eq!(outcome.summary.not_fixed, [], "{policy}");
    let text = fs::read_to_string(folder.path().join("policy.yaml")).unwrap();
    let (_, draft) = apply(folder.path(), RISKY);
    assert!(draft.changes().is_empty(), "fixing twice is fixing once: {text}");
    text
}

const SHOP: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, ports: [{containerPort: 8080}]}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: db, namespace: data}
spec:
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: db, ports: [{containerPort: 5432}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec:
  selector: {app: web}
  ports: [{port: 80, targetPort: 8080}]
";

/// A policy for the pods of `web`, with this below its `podSelector`.
fn policy(rest: &str) -> String {
    format!(
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata:\n  name: web\n  \
         namespace: shop\nspec:\n  podSelector:\n    matchLabels:\n      app: web\n{rest}"
    )
}

fn hold(name: &str, text: &str) {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("snapshots");
    insta::with_settings!({snapshot_path => folder, prepend_module_to_snapshot => false, omit_expression => true}, {
        insta::assert_snapshot!(name, text);
    });
}

#[test]
fn every_rule_fixes_its_own_examples_as_in_its_snapshot() {
    for rule in RULES {
        let mut seen = String::new();
        for example in pages::examples(rule).iter().filter(|example| example.bad) {
            let (folder, _) = pages::run(rule, example.text);
            let (outcome, draft) = apply(folder.path(), RISKY);
            assert_eq!(outcome.summary.not_fixed, [], "{} example {}", rule.id, example.number);
            seen.push_str(&fix::unified(draft.changes()));
            let (_, again) = apply(folder.path(), RISKY);
            assert!(again.changes().is_empty(), "{} example {}", rule.id, example.number);
        }
        if !seen.is_empty() {
            hold(&format!("fix_{}", rule.id.replace('-', "_")), &seen);
        }
    }
}

/// The page's bad examples, each line rewritten, fixed: the files before and after.
fn examples_fixed(
    line: impl Fn(usize, &str) -> String,
    bytes: impl Fn(&str) -> String,
) -> Vec<(Tree, Tree)> {
    let mut all = Vec::new();
    for rule in RULES {
        for example in pages::examples(rule).iter().filter(|example| example.bad) {
            let bare = |text: &str| text.split(" # <- ").next().unwrap().to_owned();
            let lines = example.text.lines().enumerate();
            let lines = lines.map(|(n, text)| match text.starts_with("# file: ") {
                true => text.to_owned(),
                false => line(n, &bare(text)),
            });
            let text = lines.collect::<Vec<_>>().join("\n") + "\n";
            let (folder, _) = pages::run(rule, &text);
            for (path, content) in files(folder.path()) {
                let Ok(text) = String::from_utf8(content) else { continue };
                fs::write(path, bytes(&text)).unwrap();
            }
            let relative = |found: Tree| {
                let strip = |path: PathBuf| path.strip_prefix(folder.path()).unwrap().to_path_buf();
                found.into_iter().map(|(path, bytes)| (strip(path), bytes)).collect()
            };
            let before = relative(files(folder.path()));
            apply(folder.path(), RISKY);
            all.push((before, relative(files(folder.path()))));
        }
    }
    all
}

#[test]
fn line_endings_of_all_examples_stay() {
    let same = |_: usize, line: &str| line.to_owned();
    let unix = examples_fixed(same, ToOwned::to_owned);
    let windows = examples_fixed(same, |text| text.replace('\n', "\r\n"));
    let mut changed = 0;
    for ((before, unix), (_, windows)) in unix.iter().zip(&windows) {
        for (path, bytes) in unix {
            changed += usize::from(before[path] != *bytes);
            let text = String::from_utf8_lossy(bytes).replace('\n', "\r\n");
            assert_eq!(text, String::from_utf8_lossy(&windows[path]));
        }
    }
    assert!(changed >= 15, "{changed}");
}

#[test]
fn a_comment_on_every_line_stays_and_changes_nothing() {
    let bare = examples_fixed(|_, line| line.to_owned(), ToOwned::to_owned);
    let noted = examples_fixed(|n, line| format!("{line} # note {n}"), ToOwned::to_owned);
    for ((_, bare), (before, noted)) in bare.iter().zip(&noted) {
        for (path, bytes) in noted {
            // A fix removes nothing but an unused suppression.
            if String::from_utf8_lossy(&before[path]).contains("netpol-lint") {
                continue;
            }
            assert_eq!(comments(bytes), comments(&before[path]));
            let text = String::from_utf8_lossy(bytes).into_owned();
            let without = |line: &str| line.split(" # note ").next().unwrap().to_owned() + "\n";
            let without: String = text.lines().map(without).collect();
            assert_eq!(without, String::from_utf8_lossy(&bare[path]));
        }
    }
}

#[test]
fn the_items_of_a_list_are_fixed_in_place() {
    let one = policy(
        "  policyTypes: [Ingress]\n  egress:\n  - to:\n    - podSelector:\n        matchLabels:\n          app: db\n",
    );
    let item = |text: &str| format!("- {}", text.trim_end().replace('\n', "\n  "));
    let text = format!("apiVersion: v1\nkind: List\nitems:\n{}\n", item(&one));
    assert_eq!(
        fixed(&text),
        format!("apiVersion: v1\nkind: List\nitems:\n{}\n", item(&fixed(&one)))
    );

    let json = r#"{"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
        "metadata": {"name": "web", "namespace": "shop"},
        "spec": {"podSelector": {}, "policyTypes": ["Ingress"], "egress": [{}]}}"#;
    assert_eq!(fixed(json), json.replace(r#"["Ingress"]"#, r#"["Ingress", "Egress"]"#));
}

#[test]
fn items_are_formatted_like_their_neighbours() {
    let egress = [
        // Dashes at the key.
        "  policyTypes: [Egress]\n  egress: # out\n  # to the database\n  - to:\n    - podSelector: {matchLabels: {app: web2}}\n      namespaceSelector: {}\n    ports:\n    - port: 5432 # postgres\n",
        // Dashes indented by two and by four.
        "  policyTypes:\n    - Egress\n  egress:\n\n      - to:\n          - namespaceSelector: {}\n        ports:\n          - port: 5432\n  # the end",
        // UDP only; the protocol in quotes, before and after the port, and in brackets.
        "  policyTypes: [\"Egress\"]\n  egress:\n    - ports:\n        - protocol: 'UDP' # lookups\n          port: 53\n",
        "  policyTypes: [Egress]\n  egress:\n  - ports:\n    - {port: 53, protocol: UDP} # lookups\n    - port: 443",
        "  policyTypes: [Egress]\n  egress: [{ ports: [{ protocol: UDP, port: 53 }] }]\n",
        "  policyTypes: [Egress]\n  egress:\n  - ports: [{port: 53}]\n",
        // Types: a block, brackets, quotes.
        "  policyTypes:\n  - Ingress   # in\n  egress:\n  - ports:\n    - port: 5432\n    - {port: 53}\n    - {port: 53, protocol: UDP}\n",
        "  policyTypes: ['Ingress']\n  egress:\n  - {}\n",
        "  egress:\n  - {}\n",
    ];
    let all: Vec<String> = egress.iter().map(|rest| fixed(&policy(rest))).collect();
    hold("fix_styles", &all.join("\n=====\n"));
}

#[test]
fn four_spaces_stay_four_spaces() {
    let text = policy(
        "  egress:\n    - to:\n        - podSelector:\n            matchLabels:\n              app: db\n",
    );
    let text = text.replace("  ", "    ").replace("- ", "-   ");
    hold("fix_four_spaces", &fixed(&text));
}

#[test]
fn line_endings_stay() {
    let unix =
        policy("  egress:\n  - to:\n    - podSelector:\n        matchLabels:\n          app: db\n");
    let windows = fixed(&unix.replace('\n', "\r\n"));
    assert_eq!(windows, fixed(&unix).replace('\n', "\r\n"));
    assert!(windows.contains("kube-dns\r\n") && windows.contains("policyTypes:\r\n"), "{windows}");

    let without_end = policy("  egress:\n  - ports: [{port: 5432}]\n  policyTypes:\n  - Ingress");
    assert!(fixed(&without_end).ends_with("  - Ingress\n  - Egress"));
}

#[test]
fn no_edit_is_made_if_the_style_is_uncertain() {
    for rest in [
        // A value with several uses.
        "  policyTypes: [Egress]\n  egress:\n  - to: &peers\n    - namespaceSelector: {}\n    ports: [{port: 5432}]\n",
        // Brackets over several lines.
        "  policyTypes: [Ingress,\n    ]\n  egress:\n  - {}\n",
        "  policyTypes: [Egress]\n  egress: [\n    {ports: [{port: 5432}]}]\n",
    ] {
        let text = policy(rest);
        assert_eq!(fixed(&text), text);
    }
    let json = r#"{"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
        "metadata": {"name": "web", "namespace": "shop"},
        "spec": {"podSelector": {}, "policyTypes": ["Egress"],
        "egress": [{"to": [{"namespaceSelector": {}}], "ports": [{"port": 5432}]}]}}"#;
    assert_eq!(fixed(json), json);
}

#[test]
fn what_only_looks_like_an_alias_in_a_comment_prevents_no_fix() {
    let text = policy("  policyTypes: [Ingress]\n  # *all* of it\n  egress:\n  - {}\n");
    assert_eq!(fixed(&text), text.replace("[Ingress]", "[Ingress, Egress]"));
}

#[test]
fn the_port_of_openshift_s_dns_is_written_for_both_protocols() {
    let text = policy(
        "  policyTypes: [Egress]\n  egress:\n  - to:\n    - namespaceSelector:\n        matchLabels:\n          kubernetes.io/metadata.name: openshift-dns\n    ports:\n    - port: 53\n      protocol: UDP\n    - {port: 53, protocol: TCP}\n",
    );
    assert_eq!(fixed(&text), text.replace("53", "5353"));
}

#[test]
fn overlapping_edits_are_made_one_after_the_other() {
    // The missing type and the missing DNS rule; afterwards neither is missing.
    let text = policy(
        "  policyTypes:\n  - Ingress\n  egress:\n  - to:\n    - podSelector:\n        matchLabels:\n          app: db\n",
    );
    let after = fixed(&text);
    assert!(after.contains("- Egress") && after.contains("kube-dns"), "{after}");
}

#[test]
fn safe_fixes_do_not_apply_unsafe_ones() {
    let text = policy(
        "  policyTypes: [Ingress, Egress]\n  ingress:\n  - ports:\n    - port: \"9090\"\n  egress:\n  - ports: [{port: 5432}]\n",
    );
    let folder = repository(&[("shop.yaml", SHOP), ("policy.yaml", &text)]);
    let (outcome, _) = apply(folder.path(), SAFE);
    let after = fs::read_to_string(folder.path().join("policy.yaml")).unwrap();
    assert_eq!(after, text.replace("\"9090\"", "9090"));
    assert_eq!((outcome.summary.fixed, outcome.summary.fixed_files), (1, 1));
    assert!(outcome.findings.iter().any(|finding| finding.rule.id == "missing-dns-egress"));
    assert_eq!(fs::read_to_string(folder.path().join("shop.yaml")).unwrap(), SHOP);
}

#[test]
fn a_file_whose_fixes_cause_an_error_is_not_changed_and_reported() {
    // Once the label is quoted, it is certain that the pods can't resolve names.
    let text = policy(
        "  policyTypes: [Egress]\n  egress:\n  - to:\n    - namespaceSelector:\n        matchLabels: {team: 12}\n    ports: [{port: 5432}]\n",
    );
    let folder = repository(&[("shop.yaml", SHOP), ("policy.yaml", &text)]);
    let (outcome, _) = apply(folder.path(), SAFE);
    let why = "its fixes would cause another error (missing-dns-egress)".to_owned();
    assert_eq!(outcome.summary.not_fixed, [("policy.yaml".to_owned(), why.clone())]);
    assert_eq!(fs::read_to_string(folder.path().join("policy.yaml")).unwrap(), text);
    for format in ["text", "json"] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_netpol-lint"));
        command.current_dir(folder.path()).args(["--fix", "--output-format", format]);
        let output = command.assert().code(1).get_output().clone();
        let (out, err) = (String::from_utf8(output.stdout), String::from_utf8(output.stderr));
        let printed = if format == "text" { out.unwrap() } else { err.unwrap() };
        assert!(printed.contains(&format!("Not fixed: policy.yaml: {why}.\n")), "{printed}");
    }
    // With unsafe fixes that error is fixed too.
    assert!(fixed(&text).contains("kube-dns"));
}

fn ignored() -> String {
    policy("  policyTypes: [Ingress]\n  egress:\n  - {}\n")
}

#[test]
fn a_diff_changes_nothing_and_can_be_applied() {
    let text = ignored();
    let folder = repository(&[("shop.yaml", SHOP), ("deep/policy.yaml", &text)]);
    let mut command = Command::new(env!("CARGO_BIN_EXE_netpol-lint"));
    command.current_dir(folder.path()).args(["--diff", "--unsafe-fixes"]);
    let output = command.assert().code(1).get_output().clone();
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(
        printed.starts_with("--- a/deep/policy.yaml\n+++ b/deep/policy.yaml\n@@ "),
        "{printed}"
    );
    assert!(
        printed.contains("\n-  policyTypes: [Ingress]\n+  policyTypes: [Ingress, Egress]\n"),
        "{printed}"
    );
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!(errors, "Would fix 1 finding in 1 file; 0 would remain.\n");
    assert_eq!(fs::read_to_string(folder.path().join("deep/policy.yaml")).unwrap(), text);
}

#[test]
fn the_closing_lines_and_the_exit_code_count_what_remains() {
    let folder = repository(&[("shop.yaml", SHOP), ("policy.yaml", &ignored())]);
    let run = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_netpol-lint"));
        let output =
            command.current_dir(folder.path()).args(arguments).assert().get_output().clone();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let (code, printed) = run(&["--fix"]);
    assert_eq!(code, Some(1));
    assert!(printed.contains("1 fixable with `--fix --unsafe-fixes`."), "{printed}");
    let (code, printed) = run(&["--fix", "--unsafe-fixes"]);
    assert_eq!(code, Some(0));
    assert!(printed.contains("Fixed 1 finding in 1 file."), "{printed}");
    assert_eq!(run(&["--unsafe-fixes"]).0, Some(2));
}

#[test]
fn standard_input_is_never_fixed() {
    let folder = repository(&[("shop.yaml", SHOP)]);
    let mut command = Command::new(env!("CARGO_BIN_EXE_netpol-lint"));
    command
        .current_dir(folder.path())
        .args(["--fix", "--unsafe-fixes", "-"])
        .write_stdin(ignored());
    command.assert().code(1);
}

#[test]
fn a_fence_in_markdown_is_fixed_in_place() {
    let text = format!("# Policies\n\n```yaml\n{}```\n\nDone.\n", ignored());
    let folder = repository(&[("README.md", &text)]);
    let mut request = request(folder.path());
    request.scope.paths = vec![PathBuf::from("README.md")];
    netpol_lint::apply_fixes(&request, RISKY, &()).unwrap();
    let after = fs::read_to_string(folder.path().join("README.md")).unwrap();
    assert_eq!(after, text.replace("[Ingress]", "[Ingress, Egress]"));
}

#[cfg(unix)]
#[test]
fn symbolic_links_and_files_outside_are_not_changed_and_the_mode_is_kept() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};

    let outside = tempfile::tempdir().unwrap();
    let elsewhere = outside.path().join("policy.yaml");
    fs::write(&elsewhere, ignored()).unwrap();
    let folder = repository(&[("shop.yaml", SHOP), ("own.yaml", &ignored())]);
    let own = folder.path().join("own.yaml");
    fs::set_permissions(&own, fs::Permissions::from_mode(0o640)).unwrap();
    // Only root may change a file's owner; for others the owner stays the same.
    let _ = chown(&own, Some(12_345), None);
    let owner = fs::metadata(&own).unwrap().uid();
    symlink(&elsewhere, folder.path().join("link.yaml")).unwrap();
    let mut request = request(folder.path());
    request.scope.paths = ["link.yaml", "own.yaml"].map(PathBuf::from).to_vec();
    let (outcome, _) = netpol_lint::apply_fixes(&request, RISKY, &()).unwrap();
    assert_eq!(fs::read_to_string(&elsewhere).unwrap(), ignored());
    assert!(fs::symlink_metadata(folder.path().join("link.yaml")).unwrap().is_symlink());
    assert!(fs::read_to_string(&own).unwrap().contains("[Ingress, Egress]"));
    assert_eq!(fs::metadata(&own).unwrap().permissions().mode() & 0o777, 0o640);
    assert_eq!(fs::metadata(&own).unwrap().uid(), owner);
    assert_eq!(outcome.summary.fixed_files, 1);
    let [(_, why)] = outcome.summary.not_fixed.as_slice() else {
        panic!("the link is not reported")
    };
    assert_eq!(why, "it was passed as a symbolic link");
    let left: Vec<&str> = fs::read_dir(folder.path()).unwrap().map(|_| "entry").collect();
    assert_eq!(left.len(), 4, "nothing else is left behind");
}

/// Every file of a folder below it, by path.
fn files(folder: &Path) -> Tree {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            found.extend(files(&path));
        } else if kind.is_file() {
            found.insert(path.clone(), fs::read(path).unwrap());
        }
    }
    found
}

/// The repositories of the corpus without everything that is not a plain manifest.
fn plain_copy(corpus: &Path) -> TempDir {
    let copy = tempfile::tempdir().unwrap();
    for (path, bytes) in files(corpus) {
        let name = path.file_name().unwrap().to_string_lossy().to_lowercase();
        let is_template = path.iter().any(|part| part == "templates");
        if name.starts_with("kustomization") || name == "chart.yaml" || is_template {
            continue;
        }
        let to = copy.path().join(path.strip_prefix(corpus).unwrap());
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::write(to, bytes).unwrap();
    }
    copy
}

/// Mistakes to make in real policies, line by line; `None` deletes a line.
const MISTAKES: [fn(&str) -> Option<String>; 4] = [
    |line| (line.trim() != "- Egress").then(|| line.to_owned()),
    |line| Some(line.replace("podSelector:", "podselector:")),
    |line| match line.split_once("port: ") {
        Some((before, port)) if port.trim().parse::<u16>().is_ok() => {
            Some(format!("{before}port: \"{}\"", port.trim()))
        }
        _ => Some(line.to_owned()),
    },
    |line| Some(line.replace("kubernetes.io/metadata.name", "name")),
];

#[test]
fn mistakes_in_real_policies_are_fixed() {
    let Some(corpus) = shared::shared("corpus") else { return };
    let copy = plain_copy(&corpus);
    let is_policy = |text: &String| text.contains("kind: NetworkPolicy");
    let texts = files(copy.path()).into_iter();
    let texts = texts.filter_map(|(path, bytes)| Some((path, String::from_utf8(bytes).ok()?)));
    for (nth, (path, text)) in texts.filter(|(_, text)| is_policy(text)).enumerate() {
        let lines: Vec<String> = text.lines().filter_map(MISTAKES[nth % MISTAKES.len()]).collect();
        fs::write(path, lines.join("\n") + "\n").unwrap();
    }
    let folders = fs::read_dir(copy.path()).unwrap().map(|entry| entry.unwrap().path());
    let folders = folders.filter(|path| path.is_dir());
    let fixed: usize = folders.map(|path| fixes_cleanly(&path, RISKY)).sum();
    assert!(fixed >= 40, "only {fixed} were fixed");
}

/// Everything that looks like a comment, with its count.
fn comments(bytes: &[u8]) -> BTreeMap<String, usize> {
    let mut found = BTreeMap::new();
    for line in String::from_utf8_lossy(bytes).lines() {
        if let Some(at) = line.find('#').filter(|at| *at == 0 || line[..*at].ends_with([' ', '\t']))
        {
            *found.entry(line[at..].to_owned()).or_default() += 1;
        }
    }
    found
}

fn errors(outcome: &Outcome) -> BTreeMap<u64, usize> {
    let mut found = BTreeMap::new();
    let identities = triage::identities(&outcome.findings, &outcome.sources);
    for (finding, identity) in outcome.findings.iter().zip(identities) {
        if finding.severity == Severity::Error {
            *found.entry(identity).or_default() += 1;
        }
    }
    found
}

#[test]
fn real_repositories_are_fixed_and_nothing_else_changes() {
    let Some(corpus) = shared::shared("corpus") else { return };
    for how in [SAFE, RISKY] {
        let copy = plain_copy(&corpus);
        let mut total = 0;
        for folder in fs::read_dir(copy.path()).unwrap().map(|entry| entry.unwrap().path()) {
            if folder.is_dir() {
                total += fixes_cleanly(&folder, how);
            }
        }
        println!("{total} findings fixed ({how:?})");
        assert!(total > 0 || !how.risky);
    }
}

/// With all rules and all confidences: what is hidden by default is fixed rarely, and so tested
/// least.
fn fixes_cleanly(folder: &Path, how: FixOptions) -> usize {
    let mut request = request(folder);
    request.selection = triage::Selection {
        pedantic: true,
        min_confidence: Some(Confidence::Low),
        ..triage::Selection::default()
    };
    let apply = || netpol_lint::apply_fixes(&request, how, &()).unwrap();
    let was = match netpol_lint::check(&request, &()) {
        Err(repo::Error::NothingToRead(_)) => return 0,
        outcome => outcome.unwrap(),
    };
    let before = files(folder);
    let (outcome, draft) = apply();
    // Another run returns what is found now, and changes nothing.
    let (is, again) = apply();
    assert!(again.changes().is_empty(), "a second run changes {:?}", again.changes().keys());
    let after = files(folder);
    for (path, why) in draft.refused() {
        println!("refused: {path}: {why}");
    }
    let root = &outcome.root;
    for (path, bytes) in &before {
        let label =
            path.canonicalize().unwrap().strip_prefix(root).unwrap().to_string_lossy().into_owned();
        let now = &after[path];
        if !draft.changes().contains_key(&label) {
            assert_eq!(bytes, now, "{label} was not to be edited");
            continue;
        }
        let kept = comments(now);
        for (comment, count) in comments(bytes) {
            assert!(kept.get(&comment).is_some_and(|n| *n >= count), "{label} lost {comment}");
        }
    }
    assert_eq!(before.len(), after.len());
    let (errors_before, errors_after) = (errors(&was), errors(&is));
    for (identity, count) in &errors_after {
        assert!(
            errors_before.get(identity).is_some_and(|n| n >= count),
            "a new error in {folder:?}"
        );
    }
    let fixed = outcome.summary.fixed;
    assert!(
        is.findings.len() <= was.findings.len()
            && (fixed == 0 || is.findings.len() < was.findings.len())
    );
    println!("{}: {} of {} fixed", folder.display(), fixed, was.findings.len());
    fixed
}
