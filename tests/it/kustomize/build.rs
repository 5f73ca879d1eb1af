//! Builds a directory, and reduces the result to what is compared: identity, labels, specs of
//! policies and Services, labels and ports of pods.

use std::path::Path;

use serde_json::{Map, Value, json};

use netpol_lint::bundle::kustomize::Kustomizations;
use netpol_lint::bundle::{Built, Fault};
use netpol_lint::model::Relevance;
use netpol_lint::repo::{self, Scope};
use netpol_lint::text::{Source, Sources};
use netpol_lint::yaml::{Limits, Node, ScalarKind, Value as Kind};

/// A directory that was read.
pub struct Tree {
    pub kustomizations: Kustomizations,
    pub sources: Sources,
    prefix: String,
}

impl Tree {
    pub fn read(directory: &Path) -> Self {
        Self::read_with(&Scope { paths: vec![directory.to_path_buf()], ..Scope::default() })
    }

    pub fn read_with(scope: &Scope) -> Self {
        let cwd = std::env::current_dir().unwrap();
        let found = repo::find(scope, &cwd).unwrap();
        let mut sources = Sources::default();
        for file in &found.files {
            sources.add(Source::file(file.path.clone(), file.open.clone()));
        }
        let limits = Limits::default();
        let kustomizations =
            Kustomizations::find(&found, scope, &mut sources, &limits, Some(&Relevance));
        let given = scope.paths[0].canonicalize().unwrap();
        let prefix = given.strip_prefix(&found.root).unwrap().to_str().unwrap().to_owned();
        Self { kustomizations, sources, prefix }
    }

    /// A directory below the one that was read, relative to the repository's root.
    pub fn inside(&self, directory: &str) -> String {
        match (self.prefix.as_str(), directory) {
            ("", directory) => directory.to_owned(),
            (prefix, "" | ".") => prefix.to_owned(),
            (prefix, directory) => format!("{prefix}/{directory}"),
        }
    }

    /// A directory relative to the repository's root, below the one that was read.
    pub fn outside<'a>(&self, directory: &'a str) -> &'a str {
        directory.strip_prefix(&self.prefix).unwrap_or(directory).trim_start_matches('/')
    }

    /// A fault with its place.
    pub fn words(&self, fault: &Fault) -> String {
        let source = self.sources.get(fault.place.source);
        let line = self.sources.start(fault.place).line;
        format!("{}:{line}: {:?}: {}", source.path, fault.kind, fault.message)
    }
}

/// What is compared of everything that was built.
pub fn reduced(built: &Built) -> Vec<Value> {
    built.manifests.iter().filter_map(|manifest| reduce(&manifest.tree)).collect()
}

/// The compared part of one object; `None` for kinds that do not matter.
pub fn reduce(tree: &Node) -> Option<Value> {
    let value = json(tree);
    let kind = value["kind"].as_str()?.to_owned();
    let template = match kind.as_str() {
        "Deployment"
        | "StatefulSet"
        | "DaemonSet"
        | "ReplicaSet"
        | "Job"
        | "ReplicationController" => &value["spec"]["template"],
        "CronJob" => &value["spec"]["jobTemplate"]["spec"]["template"],
        "Pod" => &value,
        "Service" | "Namespace" => &Value::Null,
        kind if kind.contains("NetworkPolicy") => &Value::Null,
        _ => return None,
    };
    let or_empty = |value: &Value| if value.is_null() { json!({}) } else { value.clone() };
    let mut out = Map::new();
    for key in ["apiVersion", "kind"] {
        out.insert(key.to_owned(), value[key].clone());
    }
    for key in ["name", "namespace"] {
        out.insert(key.to_owned(), value["metadata"][key].clone());
    }
    out.insert("labels".to_owned(), or_empty(&value["metadata"]["labels"]));
    if !template.is_null() {
        let containers = template["spec"]["containers"].as_array().cloned().unwrap_or_default();
        let ports = containers.iter().filter_map(|it| it["ports"].as_array()).flatten();
        let pod = json!({
            "labels": or_empty(&template["metadata"]["labels"]),
            "hostNetwork": template["spec"]["hostNetwork"] == true,
            "ports": ports.cloned().collect::<Vec<_>>(),
        });
        out.insert("pod".to_owned(), pod);
    } else if kind == "Service" {
        let mut spec = Map::new();
        for key in ["selector", "ports", "type", "clusterIP"] {
            if !value["spec"][key].is_null() {
                spec.insert(key.to_owned(), value["spec"][key].clone());
            }
        }
        out.insert("spec".to_owned(), spec.into());
    } else if kind != "Namespace" {
        out.insert("spec".to_owned(), or_empty(&value["spec"]));
    }
    Some(out.into())
}

/// A tree as the API would see it.
pub fn json(node: &Node) -> Value {
    match &node.value {
        Kind::Scalar(scalar) => match scalar.kind {
            ScalarKind::Str | ScalarKind::NotJson => scalar.text.as_str().into(),
            ScalarKind::Null => Value::Null,
            ScalarKind::Bool(value) => value.into(),
            ScalarKind::Int(value) => value.into(),
            ScalarKind::Float(value) => value.into(),
        },
        Kind::Seq(items) => items.iter().map(json).collect(),
        Kind::Map(map) => {
            let entries = map.entries.iter().map(|it| (it.key.to_string(), json(&it.value)));
            Value::Object(entries.collect())
        }
    }
}

/// The differences between two lists of objects, in any order.
pub fn differences(expected: &[Value], found: &[Value]) -> Vec<String> {
    let key = |value: &Value| {
        let part = |key: &str| value[key].as_str().unwrap_or_default().to_owned();
        (part("kind"), part("namespace"), part("name"), part("apiVersion"))
    };
    let sorted = |values: &[Value]| {
        let mut values = values.to_vec();
        values.sort_by_key(key);
        values
    };
    let (expected, found) = (sorted(expected), sorted(found));
    let mut out = Vec::new();
    for value in &expected {
        match found.iter().find(|it| key(it) == key(value)) {
            None => out.push(format!("missing: {:?}", key(value))),
            Some(ours) if ours != value => {
                out.push(format!("differs:\n    kustomize: {value}\n    ours:      {ours}"));
            }
            Some(_) => {}
        }
    }
    for value in &found {
        if !expected.iter().any(|it| key(it) == key(value)) {
            out.push(format!("too much: {:?}", key(value)));
        }
    }
    out
}
