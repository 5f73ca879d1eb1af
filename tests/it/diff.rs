//! `netpol-lint diff`: what a change opens and closes, and the laws of comparing.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use netpol_lint::comparison::{ClusterComparison, Kind, compare};
use netpol_lint::connectivity::snapshots;
use netpol_lint::lint::{Check, Fix, RULES, Safety};
use netpol_lint::{Outcome, Request, repo};
use proptest::prelude::*;

use crate::broken::Folder;
use crate::{pages, reach_laws};

const PODS: &str = "\
apiVersion: v1
kind: Pod
metadata: {name: frontend, namespace: shop, labels: {app: frontend}}
spec: {containers: [{name: web, image: web}]}
---
apiVersion: v1
kind: Pod
metadata: {name: api, namespace: shop, labels: {app: api}}
spec: {containers: [{name: api, image: api}]}
---
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: shop, labels: {app: db}}
spec: {containers: [{name: db, image: db}]}
";

const DB: &str = "\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: db, namespace: shop}
spec:
  podSelector: {matchLabels: {app: db}}
  policyTypes: [Ingress]
  ingress:
    - from: [{podSelector: {matchLabels: {app: api}}}]
      ports: [{port: 5432}]
";

const FRONTEND: &str = "\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: frontend, namespace: shop}
spec:
  podSelector: {matchLabels: {app: frontend}}
  policyTypes: [Egress]
  egress:
    - to: [{podSelector: {matchLabels: {app: api}}}]
      ports: [{port: 80}]
    - to: [{ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16]}}]
";

/// A repository with two directories, and that of its git.
struct States(Folder);

impl States {
    fn new() -> Self {
        let states = Self(Folder::new());
        states.write("one", "pods.yaml", PODS);
        states.write("two", "pods.yaml", PODS);
        states
    }

    fn write(&self, state: &str, file: &str, text: &str) {
        self.0.write(&format!("{state}/{file}"), text);
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_netpol-lint"));
        command.current_dir(self.0.path("")).arg("diff").args(arguments).output().unwrap()
    }

    fn text(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }
}

#[test]
fn a_change_says_what_it_opens_and_closes_and_which_lines_do() {
    let states = States::new();
    states.write("one", "db.yaml", DB);
    let opened = "    - from: [{podSelector: {matchLabels: {app: frontend}}}]\n";
    states.write("two", "db.yaml", &format!("{DB}{opened}"));
    states.write("two", "frontend.yaml", FRONTEND);
    states.write(
        "two",
        "cache.yaml",
        &PODS.split("---").next().unwrap().replace("frontend", "cache"),
    );
    let snapshots = Path::new(env!("CARGO_MANIFEST_DIR")).join("snapshots");
    insta::with_settings!({snapshot_path => snapshots, prepend_module_to_snapshot => false, omit_expression => true}, {
        insta::assert_snapshot!("diff_text", states.text(&["one", "two"]));
        insta::assert_snapshot!("diff_markdown", states.text(&["one", "two", "-f", "md"]));
    });
}

#[test]
fn nothing_differs_in_what_is_only_written_differently() {
    let states = States::new();
    states.write("one", "db.yaml", DB);
    let other = DB.replace("name: db,", "name: renamed,").replace("  policyTypes: [Ingress]\n", "");
    states.write("two", "policies/z.yaml", &format!("# moved\n{other}"));
    let text = states.text(&["one", "two", "--fail-on", "any"]);
    assert_eq!(
        text,
        "0 connections opened, 0 closed, 0 changed; 0 workloads appeared, 0 vanished\n"
    );
    let markdown = states.text(&["one", "two", "-f", "md"]);
    assert_eq!(markdown, "The policies allow the same connections as before.\n");
}

#[test]
fn what_fails_a_run_is_what_was_asked_for() {
    let states = States::new();
    states.write("two", "db.yaml", DB);
    let code = |arguments: &[&str]| states.run(arguments).status.code();
    assert_eq!(code(&["one", "two"]), Some(0));
    assert_eq!(code(&["one", "two", "--fail-on", "closed"]), Some(1));
    assert_eq!(code(&["one", "two", "--fail-on", "opened"]), Some(0));
    assert_eq!(code(&["two", "one", "--fail-on", "opened"]), Some(1));
    assert_eq!(code(&["one", "two", "--fail-on", "any"]), Some(1));
    // Fewer ports are closed ones, even where the connection stays.
    let wide = DB.replace("[{port: 5432}]", "[{port: 5432}, {port: 5433}]");
    states.write("one", "db.yaml", &wide);
    assert_eq!(code(&["one", "two", "--fail-on", "closed"]), Some(1));
    assert_eq!(code(&["one", "two", "--fail-on", "opened"]), Some(0));
    assert_eq!(code(&["one", "none"]), Some(2));
}

/// Commits everything and returns git's output.
fn git(folder: &Folder, arguments: &[&str]) -> Option<String> {
    let mut command = Command::new("git");
    let config =
        ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"];
    let output = command.current_dir(folder.path("")).args(config).args(arguments).output().ok()?;
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8(output.stdout).unwrap().trim().to_owned())
}

#[test]
fn revisions_are_read_without_touching_the_working_tree() {
    let folder = Folder::new();
    fs::remove_dir(folder.path(".git")).unwrap();
    if git(&folder, &["init", "-q", "-b", "main"]).is_none() {
        return crate::tools::skip("git is not on the PATH");
    }
    let states = States(folder);
    states.write("apps", "pods.yaml", PODS);
    states.write("apps", "big.bin", &"x".repeat(3 << 20));
    git(&states.0, &["add", "."]);
    git(&states.0, &["commit", "-qm", "pods"]);
    states.write("apps", "db.yaml", DB);
    states.write("apps", "ignored/x.txt", "");
    git(&states.0, &["add", "."]);
    git(&states.0, &["commit", "-qm", "db"]);
    git(&states.0, &["tag", "-am", "v1", "v1"]);
    // A hook and a filter that would show if they ran.
    states.0.write(".git/hooks/post-checkout", "#!/bin/sh\ntouch ran\n");
    states.0.write(".gitattributes", "*.yaml filter=evil\n");
    git(&states.0, &["config", "filter.evil.smudge", "touch ran"]);
    states.write("apps", "frontend.yaml", FRONTEND);
    let closes = |arguments: &[&str]| {
        states.text(arguments).lines().filter(|l| l.starts_with("closed")).count()
    };
    assert_eq!(closes(&["HEAD~1", "HEAD"]), 2, "{}", states.text(&["HEAD~1", "HEAD"]));
    assert_eq!(closes(&["HEAD", "HEAD"]), 0);
    assert_eq!(closes(&["v1", "main"]), 0);
    assert!(closes(&["v1"]) > 0, "the working tree has one more policy");
    assert!(
        states.text(&["HEAD~1", "HEAD"]).contains("apps/db.yaml:1"),
        "paths are the repository's"
    );
    assert!(!states.0.path("ran").exists());
    let wrong = states.run(&["--upload-pack=touch ran", "HEAD"]);
    assert_eq!(wrong.status.code(), Some(2));
    for spec in ["nowhere", "HEAD:apps/db.yaml", "HEAD..main", ""] {
        let output = states.run(&[spec, "HEAD"]);
        assert_eq!(output.status.code(), Some(2), "{spec}");
    }
}

#[test]
#[cfg(unix)]
fn a_hostile_tree_writes_nothing_elsewhere() {
    let folder = Folder::new();
    fs::remove_dir(folder.path(".git")).unwrap();
    if git(&folder, &["init", "-q", "-b", "main"]).is_none() {
        return crate::tools::skip("git is not on the PATH");
    }
    let elsewhere = tempfile::tempdir().unwrap();
    folder.write("pods.yaml", PODS);
    let blob = git(&folder, &["hash-object", "-w", "pods.yaml"]).unwrap();
    let target = elsewhere.path().to_str().unwrap().to_owned();
    folder.write("link", &target);
    let link = git(&folder, &["hash-object", "-w", "link"]).unwrap();
    let tree = |entries: &str| {
        folder.write("entries", entries);
        let script = "git mktree --missing < entries";
        let output = Command::new("sh").current_dir(folder.path("")).args(["-c", script]).output();
        String::from_utf8(output.unwrap().stdout).unwrap().trim().to_owned()
    };
    let inner = tree(&format!("100644 blob {blob}\tpods.yaml\n"));
    // A link, and behind it a directory of the same name; a name that climbs is no tree for git's
    // own tools, so it is written by hand.
    let climbing = raw_tree(
        &folder,
        &[("40000", "..", &inner), ("100644", ".git", &blob), ("100644", "ok.yaml", &blob)],
    );
    let twice = raw_tree(&folder, &[("120000", "a", &link), ("40000", "a", &inner)]);
    let states = States(folder);
    let text = states.text(&[&climbing, &climbing]);
    assert!(text.starts_with("0 connections opened"), "{text}");
    let output = states.run(&[&twice, &twice]);
    let _ = output;
    assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 0);
    // A tree that holds itself many times over: 10 levels of 30 would be 30^10 files.
    let mut bomb = inner;
    for _ in 0..10 {
        let entries: Vec<String> =
            (0..30).map(|n| format!("040000 tree {bomb}\td{n:02}\n")).collect();
        bomb = {
            states.0.write("entries", &entries.concat());
            let script = "git mktree < entries";
            let output =
                Command::new("sh").current_dir(states.0.path("")).args(["-c", script]).output();
            String::from_utf8(output.unwrap().stdout).unwrap().trim().to_owned()
        };
    }
    let output = states.run(&[&bomb, "HEAD"]);
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("more than"), "{said}");
}

/// A tree with any names, which git's own tools would not write.
#[cfg(unix)]
fn raw_tree(folder: &Folder, entries: &[(&str, &str, &str)]) -> String {
    let mut bytes = Vec::new();
    for (mode, name, id) in entries {
        bytes.extend(format!("{mode} {name}\0").bytes());
        let digits = (0..40).step_by(2).map(|at| u8::from_str_radix(&id[at..at + 2], 16).unwrap());
        bytes.extend(digits);
    }
    folder.write_bytes("raw", &bytes);
    git(folder, &["hash-object", "-w", "-t", "tree", "--literally", "raw"]).unwrap()
}

#[test]
fn the_document_keeps_to_its_schema_and_steers_nothing() {
    let states = States::new();
    let evil = PODS.replace("name: frontend", "name: \"x|\\u001b[2J<script>`\"");
    states.write("two", "pods.yaml", &evil);
    states.write("two", "db.yaml", DB);
    for format in ["text", "json", "md"] {
        let text = states.text(&["one", "two", "-f", format]);
        assert!(!text.contains('\u{1b}'), "{format}");
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/diff.schema.json");
    let schema = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let json = states.text(&["one", "two", "-f", "json"]);
    let document: serde_json::Value = serde_json::from_str(&json).unwrap();
    let errors: Vec<String> = validator.iter_errors(&document).map(|e| e.to_string()).collect();
    assert_eq!(errors, [""; 0]);
    assert!(document["summary"]["closed"].as_u64().unwrap() > 0);
}

fn difference(one: &Path, two: &Path) -> Vec<ClusterComparison> {
    let of = |root: &Path| {
        let root = root.canonicalize().unwrap();
        let scope = repo::Scope {
            paths: vec![root.clone()],
            root: Some(root.clone()),
            ..repo::Scope::default()
        };
        snapshots(&Request { cwd: root, scope, ..Request::default() }).unwrap()
    };
    compare(of(one), of(two))
}

/// What differs, one way round: from, to, kind, before, after.
type Row = (String, String, Kind, String, String);

fn rows(clusters: &[ClusterComparison], mirrored: bool) -> BTreeSet<Row> {
    let mut rows = BTreeSet::new();
    for cluster in clusters {
        for change in &cluster.changes {
            let mut sides = [cluster.before(change), cluster.after(change)]
                .map(|ports| format!("{}; {}", ports.sure, ports.unknown));
            let kind = match (change.kind, mirrored) {
                (Kind::Opened, true) => Kind::Closed,
                (Kind::Closed, true) => Kind::Opened,
                (kind, _) => kind,
            };
            if mirrored {
                sides.reverse();
            }
            let [before, after] = sides;
            let is_new =
                rows.insert((change.from.to_string(), change.to.to_string(), kind, before, after));
            assert!(is_new, "{change:?} is told twice");
            assert!(cluster.opens(change) || cluster.closes(change), "{change:?}");
        }
    }
    rows
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    #[test]
    fn comparing_is_empty_with_oneself_and_mirrored_the_other_way_round(
        pods in reach_laws::workloads(),
        others in reach_laws::workloads(),
        policies in prop::collection::vec(reach_laws::policy(), 0..5),
        more in prop::collection::vec(reach_laws::policy(), 0..5),
        same_pods in any::<bool>(),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let state = |name: &str, text: String| {
            let path = folder.path().join(name);
            fs::create_dir(&path).unwrap();
            fs::write(path.join("all.yaml"), text).unwrap();
            path
        };
        let one = state("one", pods.clone() + &reach_laws::texts(&policies));
        let two = state("two", if same_pods { pods } else { others } + &reach_laws::texts(&more));
        prop_assert!(difference(&one, &one).is_empty());
        let (there, back) = (difference(&one, &two), difference(&two, &one));
        prop_assert_eq!(rows(&there, false), rows(&back, true));
        for (there, back) in there.iter().zip(&back) {
            let names = |list: &[(String, netpol_lint::placement::Line)]| -> Vec<String> {
                list.iter().map(|(name, _)| name.clone()).collect()
            };
            prop_assert_eq!(names(&there.appeared), names(&back.vanished));
            for change in &there.changes {
                prop_assert!(!there.reasons(change).is_empty(), "{:?}", change);
            }
        }
    }
}

/// A copy of a repository with one fix.
fn fixed(from: &Path, fix: &Fix, outcome: &Outcome) -> tempfile::TempDir {
    let after = tempfile::tempdir().unwrap();
    for entry in walkdir::WalkDir::new(from).min_depth(1) {
        let entry = entry.unwrap();
        let target = after.path().join(entry.path().strip_prefix(from).unwrap());
        match entry.file_type().is_dir() {
            true => fs::create_dir(target).unwrap(),
            false => drop(fs::copy(entry.path(), target).unwrap()),
        }
    }
    let mut edits = fix.edits.clone();
    edits.sort_by_key(|edit| std::cmp::Reverse((edit.span.source, edit.span.start)));
    for edit in edits {
        let path = after.path().join(&outcome.sources.get(edit.span.source).path);
        let mut text = fs::read_to_string(&path).unwrap();
        text.replace_range(edit.span.start as usize..edit.span.end as usize, &edit.text);
        fs::write(path, text).unwrap();
    }
    after
}

#[test]
fn every_fix_does_to_the_traffic_what_its_title_says() {
    let (mut tried, mut effects, mut wrong) = (0, 0, Vec::new());
    for rule in RULES.iter().filter(|rule| !matches!(rule.check, Check::Run)) {
        for example in pages::examples(rule).into_iter().filter(|example| example.bad) {
            let (before, outcome) = pages::run(rule, example.text);
            for finding in outcome.findings.iter().filter(|finding| finding.rule.id == rule.id) {
                for fix in &finding.fixes {
                    let after = fixed(before.path(), fix, &outcome);
                    tried += 1;
                    let found = difference(before.path(), after.path());
                    let any =
                        |is: fn(&ClusterComparison, &netpol_lint::comparison::Change) -> bool| {
                            found.iter().any(|it| it.changes.iter().any(|change| is(it, change)))
                        };
                    let (opens, closes) =
                        (any(ClusterComparison::opens), any(ClusterComparison::closes));
                    effects += usize::from(opens || closes);
                    let says = |word: &str| fix.title.contains(word);
                    let is_refused = finding.severity == netpol_lint::lint::Severity::Error
                        && rule.id.starts_with("invalid-");
                    let is_right = match fix.safety {
                        // What the API server rejects allows nothing today.
                        Safety::Safe => is_refused || (!opens && !closes),
                        Safety::Unsafe => {
                            (!opens || says(": allows")) && (!closes || says("no longer"))
                        }
                    };
                    if !is_right {
                        wrong.push(format!(
                            "{} example {}: {} ({:?}): opens {opens}, closes {closes}",
                            rule.id, example.number, fix.title, fix.safety
                        ));
                    }
                }
            }
        }
    }
    println!("{tried} fixes tried, {effects} of them change what pods of the examples may do");
    assert!(tried > 40 && effects > 5, "{tried} {effects}");
    assert!(wrong.is_empty(), "{} of {tried}:\n{}", wrong.len(), wrong.join("\n"));
}
