//! Kustomizations, held against the real thing: what kustomize 5.5 made of those of the corpus,
//! and, where `kustomize` is there, what it makes of them and of our own now.

#![allow(clippy::unwrap_used)]

mod shared;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use netpol_lint::bundle::kustomize::Kustomizations;
use netpol_lint::bundle::{Built, FaultKind, heads};
use netpol_lint::repo::{self, Scope};
use netpol_lint::text::{SourceId, Sources, Span};
use netpol_lint::yaml::{self, Limits, Node, ScalarKind, Value as Content};
use rayon::prelude::*;
use serde_json::{Map, Value, json};

/// A directory, read as a repository.
struct Read {
    sources: Sources,
    kustomizations: Kustomizations,
}

fn read(root: &Path) -> Read {
    let scope = Scope { paths: vec![root.to_owned()], no_ignore: true, ..Scope::default() };
    let repo = repo::find(&scope, root).unwrap();
    let mut sources = Sources::of(&repo);
    let kustomizations = Kustomizations::find(&repo, &scope, &mut sources, &Limits::default());
    Read { sources, kustomizations }
}

/// A tree as JSON, as the API server gets it.
fn to_json(node: &Node) -> Value {
    match &node.value {
        Content::Seq(items) => items.iter().map(to_json).collect(),
        Content::Map(map) => {
            let entries = map.entries.iter().map(|e| (e.key.to_string(), to_json(&e.value)));
            Value::Object(entries.collect())
        }
        Content::Scalar(scalar) => match scalar.kind {
            ScalarKind::Null => Value::Null,
            ScalarKind::Bool(it) => it.into(),
            ScalarKind::Int(it) => it.into(),
            ScalarKind::Float(it) => json!(it),
            ScalarKind::Str | ScalarKind::NotJson => scalar.text.as_str().into(),
        },
    }
}

/// The kinds that are compared.
const KINDS: [&str; 11] = [
    "CronJob",
    "DaemonSet",
    "Deployment",
    "Job",
    "Namespace",
    "Pod",
    "ReplicaSet",
    "ReplicationController",
    "Rollout",
    "Service",
    "StatefulSet",
];

/// An object, reduced to what policies see; none for other kinds.
fn reduced(object: &Value) -> Option<Value> {
    let kind = object["kind"].as_str()?;
    if !KINDS.contains(&kind) && !kind.contains("NetworkPolicy") {
        return None;
    }
    let mut said = Map::new();
    for (key, value) in [
        ("apiVersion", &object["apiVersion"]),
        ("kind", &object["kind"]),
        ("name", &object["metadata"]["name"]),
        ("namespace", &object["metadata"]["namespace"]),
    ] {
        said.insert(key.to_owned(), value.clone());
    }
    said.insert("labels".to_owned(), or_empty(&object["metadata"]["labels"]));
    let template = match kind {
        "Pod" => Some(object),
        "CronJob" => Some(&object["spec"]["jobTemplate"]["spec"]["template"]),
        "Service" | "Namespace" => None,
        kind if kind.contains("NetworkPolicy") => None,
        _ => Some(&object["spec"]["template"]),
    };
    if let Some(template) = template {
        let spec = &template["spec"];
        let containers = spec["containers"].as_array().into_iter().flatten();
        let ports =
            containers.flat_map(|container| container["ports"].as_array().into_iter().flatten());
        said.insert(
            "pod".to_owned(),
            json!({
                "labels": or_empty(&template["metadata"]["labels"]),
                "hostNetwork": spec["hostNetwork"] == json!(true),
                "ports": sorted(ports.cloned().collect()),
            }),
        );
    }
    if kind == "Service" {
        let spec = &object["spec"];
        let ports = spec["ports"].as_array().cloned().unwrap_or_default();
        said.insert("selector".to_owned(), or_empty(&spec["selector"]));
        said.insert("ports".to_owned(), sorted(ports));
    }
    if kind.contains("NetworkPolicy") {
        said.insert("spec".to_owned(), object["spec"].clone());
    }
    Some(Value::Object(said))
}

fn or_empty(value: &Value) -> Value {
    if value.is_null() { json!({}) } else { value.clone() }
}

fn sorted(mut list: Vec<Value>) -> Value {
    list.sort_by_key(ToString::to_string);
    list.dedup();
    Value::Array(list)
}

fn ours(built: &Built) -> Vec<Value> {
    let mut objects: Vec<Value> =
        built.manifests.iter().filter_map(|it| reduced(&to_json(&it.tree))).collect();
    objects.sort_by_key(ToString::to_string);
    objects
}

/// The first difference of two lists of objects, for a person.
fn difference(theirs: &[Value], ours: &[Value]) -> String {
    let only = |of: &[Value], in_: &[Value]| {
        of.iter().find(|object| !in_.contains(object)).map(ToString::to_string).unwrap_or_default()
    };
    format!("  theirs {}\n  ours   {}", only(theirs, ours), only(ours, theirs))
}

#[test]
fn the_corpus_is_built_as_kustomize_builds_it() {
    let (Some(corpus), Some(cases)) =
        (shared::shared("corpus"), shared::shared("conformance/kustomize"))
    else {
        return;
    };
    let repositories = repositories(&corpus);
    let text = std::fs::read_to_string(cases.join("expected.jsonl")).unwrap();
    let (mut agree, mut all, mut wrong) = (0, 0, Vec::new());
    for line in text.lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let directory = case["dir"].as_str().unwrap();
        let (repository, below) = directory.split_once('/').unwrap_or((directory, ""));
        let built = repositories[repository].kustomizations.build(below);
        all += 1;
        // A Service's type is of no concern; pods' ports are compared as sets.
        let mut theirs: Vec<Value> =
            case["objects"].as_array().unwrap().iter().map(as_ours).collect();
        theirs.sort_by_key(ToString::to_string);
        let ours = ours(&built);
        let is_refused = built.faults.iter().any(|fault| fault.kind == FaultKind::Refused);
        if ours == theirs && !is_refused {
            agree += 1;
        } else {
            let fault = built.faults.first().map(|f| f.message.clone()).unwrap_or_default();
            wrong.push(format!("{directory}: {fault}\n{}", difference(&theirs, &ours)));
        }
    }
    println!("{agree} of {all} kustomizations agree");
    assert!(wrong.is_empty(), "{agree} of {all} agree\n{}", wrong.join("\n"));
}

/// A case's object as [`reduced`] has it.
fn as_ours(object: &Value) -> Value {
    let mut said = object.as_object().unwrap().clone();
    if object["kind"] == "Service" {
        let spec = said.remove("spec").unwrap_or_default();
        said.insert("selector".to_owned(), or_empty(&spec["selector"]));
        said.insert(
            "ports".to_owned(),
            sorted(spec["ports"].as_array().cloned().unwrap_or_default()),
        );
    }
    if let Some(pod) = said.get_mut("pod") {
        let ports = pod["ports"].as_array().cloned().unwrap_or_default();
        pod["ports"] = sorted(ports);
    }
    Value::Object(said)
}

fn repositories(corpus: &Path) -> BTreeMap<String, Read> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(corpus).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            found.insert(name, read(&path.canonicalize().unwrap()));
        }
    }
    found
}

#[test]
fn every_node_stands_where_it_is_written() {
    let Some(corpus) = shared::shared("corpus") else { return };
    let mut checked = 0;
    for (name, Read { sources, kustomizations }) in repositories(&corpus) {
        for root in kustomizations.roots() {
            for manifest in kustomizations.build(root).manifests {
                if matches!(manifest.head.kind.as_str(), "ConfigMap" | "Secret") {
                    continue; // perhaps generated: all of it stands at its name
                }
                checked += check_spans(&sources, &manifest.tree, &format!("{name}/{root}"));
            }
        }
    }
    println!("{checked} scalars checked");
    assert!(checked > 10_000, "only {checked} scalars");
}

/// Every span lies in its source; the text of a plain or quoted scalar is there. How many.
fn check_spans(sources: &Sources, node: &Node, root: &str) -> usize {
    let Span { source: SourceId(source), end, .. } = node.span;
    assert!((source as usize) < sources.len(), "{root}");
    let source = sources.get(node.span.source);
    assert!(end as usize <= source.text().len(), "{root}: {}", source.path);
    match &node.value {
        Content::Seq(items) => items.iter().map(|item| check_spans(sources, item, root)).sum(),
        Content::Map(map) => {
            map.entries.iter().map(|entry| check_spans(sources, &entry.value, root)).sum()
        }
        Content::Scalar(scalar) => {
            let written = sources.slice(node.span);
            let is_plain = !written.contains(['=', '\n', '\\', '|', '>', '&', '*', '!'])
                && !written.contains("''");
            let text = scalar.text.as_str();
            // A prefix and its name stand at the prefix.
            let says = written.trim_matches(['"', '\'']).contains(text)
                || text.contains(written.trim_matches(['"', '\'']));
            assert!(!is_plain || says, "{root}: {}: {written:?} is {text:?}", source.path);
            1
        }
    }
}

/// What the real kustomize makes of a directory; none where it refuses.
fn theirs(directory: &Path) -> Result<Vec<Value>, String> {
    let output = Command::new("kustomize")
        .args(["build", "--load-restrictor", "LoadRestrictionsNone"])
        .arg(directory)
        .env("HOME", std::env::temp_dir())
        // Nothing is fetched.
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("https_proxy", "http://127.0.0.1:9")
        .env("http_proxy", "http://127.0.0.1:9")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(said.lines().last().unwrap_or_default().to_owned());
    }
    let text = String::from_utf8(output.stdout).unwrap();
    let stream = yaml::read(SourceId(0), &text, 0..text.len(), None, &Limits::default());
    let trees = stream.documents.iter().flat_map(|document| heads(&document.root));
    let mut objects: Vec<Value> = trees.filter_map(|(_, tree)| reduced(&to_json(&tree))).collect();
    objects.sort_by_key(ToString::to_string);
    Ok(objects)
}

fn has_kustomize() -> bool {
    shared::program("kustomize")
}

/// Compares all kustomizations below a directory, and says how many agree and what differs. A
/// refusal must be a fault of ours, and a fault a refusal.
fn compare(root: &Path, read: &Read, directories: &[String]) -> (usize, Vec<String>) {
    let wrong: Vec<String> = directories
        .par_iter()
        .filter_map(|directory| {
            let built = read.kustomizations.build(directory);
            // By itself it lacks what its patches are for; who includes it is compared.
            if read.kustomizations.is_component(directory) {
                return None;
            }
            let kinds =
                [FaultKind::Refused, FaultKind::Absent, FaultKind::Remote, FaultKind::NotEvaluated];
            let faulty = built.faults.iter().any(|fault| kinds.contains(&fault.kind));
            match theirs(&root.join(directory)) {
                Err(said) if !faulty => Some(format!("{directory}: kustomize refuses it: {said}")),
                Err(_) => None,
                Ok(theirs) => {
                    let refused = built.faults.iter().find(|f| f.kind == FaultKind::Refused);
                    let ours = ours(&built);
                    if let Some(fault) = refused {
                        Some(format!("{directory}: we refuse it: {}", fault.message))
                    } else if faulty || ours == theirs {
                        None
                    } else {
                        Some(format!("{directory}:\n{}", difference(&theirs, &ours)))
                    }
                }
            }
        })
        .collect();
    (directories.len() - wrong.len(), wrong)
}

/// Every directory with a kustomization, relative to the root.
fn directories(root: &Path) -> Vec<String> {
    let names = ["kustomization.yaml", "kustomization.yml", "Kustomization"];
    let mut found: Vec<String> = walkdir::WalkDir::new(root)
        .into_iter()
        .filter_map(Result::ok)
        .filter(|entry| names.iter().any(|name| entry.file_name() == *name))
        .map(|entry| {
            let parent = entry.path().parent().unwrap().strip_prefix(root).unwrap();
            parent.to_str().unwrap().to_owned()
        })
        .collect();
    found.sort();
    found.dedup();
    found
}

#[test]
fn the_corpus_agrees_with_the_kustomize_that_is_here() {
    let Some(corpus) = shared::shared("corpus") else { return };
    if !has_kustomize() {
        return;
    }
    let (mut agree, mut all, mut wrong) = (0, 0, Vec::new());
    for (name, read) in repositories(&corpus) {
        let root = corpus.join(&name).canonicalize().unwrap();
        let directories = directories(&root);
        let (right, differ) = compare(&root, &read, &directories);
        agree += right;
        all += directories.len();
        wrong.extend(differ.into_iter().map(|what| format!("{name}/{what}")));
    }
    println!("{agree} of {all} kustomizations of the corpus agree with kustomize");
    assert!(wrong.is_empty(), "{agree} of {all} agree\n{}", wrong.join("\n"));
}

#[test]
fn our_own_fixtures_agree_with_the_kustomize_that_is_here() {
    if !has_kustomize() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().canonicalize().unwrap();
    let fixtures = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/kustomize");
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(fixtures).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        let name = path.file_stem().unwrap().to_str().unwrap();
        write_files(&root.join(name), &std::fs::read_to_string(&path).unwrap());
    }
    std::fs::write(root.join("netpol-lint.toml"), "").unwrap();
    let read = read(&root);
    let directories = directories(&root);
    let (agree, wrong) = compare(&root, &read, &directories);
    println!("{agree} of {} kustomizations of our own agree with kustomize", directories.len());
    assert!(directories.len() >= 60, "only {} kustomizations", directories.len());
    assert!(wrong.is_empty(), "{agree} of {} agree\n{}", directories.len(), wrong.join("\n"));
}

/// Writes the files of a story: `# file: name` begins one.
fn write_files(folder: &Path, text: &str) {
    for part in text.split("# file: ").skip(1) {
        let (name, content) = part.split_once('\n').unwrap();
        let path = folder.join(name.trim());
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
}
