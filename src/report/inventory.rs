//! What runs here, as context for linting another repository: manifests reduced to what policies
//! depend on. JSON, which is YAML too, so `--inventory` and kubectl can read it.

use std::collections::BTreeSet;
use std::io::{self, Write};

use serde_json::{Map, Value, json};

use super::inert;
use crate::bundle::Head;
use crate::model::{Body, Label, Object, Service, Workload, WorkloadKind};

/// Writes the namespaces, workloads and Services among `objects` as a `v1` List, each once.
///
/// # Errors
/// Any error of `out`.
pub fn write<'a>(out: &mut dyn Write, objects: impl Iterator<Item = &'a Object>) -> io::Result<()> {
    let mut seen = BTreeSet::new();
    let items: Vec<Value> =
        objects.flat_map(items).filter(|item| seen.insert(item.to_string())).collect();
    let list = json!({"apiVersion": "v1", "kind": "List", "items": items});
    inert::document(out, &list)
}

fn items(object: &Object) -> Vec<Value> {
    let head = &object.head;
    match &object.body {
        Body::Workloads(list) => match list.as_slice() {
            [one] => vec![workload(head, one)],
            // A custom resource with several templates is written as its pods: no other kind has
            // several.
            several => several.iter().map(|one| pod(head, &head.name, one)).collect(),
        },
        Body::Service(one) => vec![service(head, one)],
        Body::Namespace(one) => {
            vec![manifest(head, &labels(&one.labels), "spec", json!({}))]
        }
        _ => Vec::new(),
    }
}

fn workload(head: &Head, workload: &Workload) -> Value {
    let template = json!({
        "metadata": {"labels": labels(&workload.labels)},
        "spec": pod_spec(workload),
    });
    let own = labels(&workload.own_labels);
    match workload.kind {
        WorkloadKind::Pod => pod(head, &head.name, workload),
        WorkloadKind::CronJob => {
            let spec = json!({"jobTemplate": {"spec": {"template": template}}});
            manifest(head, &own, "spec", spec)
        }
        _ => manifest(head, &own, "spec", json!({"template": template})),
    }
}

fn pod(head: &Head, name: &str, workload: &Workload) -> Value {
    let mut metadata = Map::new();
    metadata.insert("name".into(), name.into());
    if let Some(namespace) = &head.namespace {
        metadata.insert("namespace".into(), namespace.as_str().into());
    }
    metadata.insert("labels".into(), labels(&workload.labels));
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": pod_spec(workload)})
}

fn pod_spec(workload: &Workload) -> Value {
    let ports: Vec<Value> = workload
        .ports
        .iter()
        .map(|port| {
            let mut entry = Map::new();
            entry.insert("containerPort".into(), port.number.into());
            entry.insert("protocol".into(), port.protocol.to_string().into());
            if let Some(name) = &port.name {
                entry.insert("name".into(), name.as_str().into());
            }
            Value::Object(entry)
        })
        .collect();
    let mut spec = Map::new();
    spec.insert("containers".into(), json!([{"name": "main", "ports": ports}]));
    if workload.host_network {
        spec.insert("hostNetwork".into(), true.into());
    }
    Value::Object(spec)
}

fn service(head: &Head, service: &Service) -> Value {
    let ports: Vec<Value> = service
        .ports
        .iter()
        .map(|port| {
            let mut entry = Map::new();
            entry.insert("port".into(), port.port.into());
            entry.insert("protocol".into(), port.protocol.to_string().into());
            if let Some(target) = &port.target {
                let target = target.to_string();
                let number = target.parse::<u16>().map(Value::from);
                entry.insert("targetPort".into(), number.unwrap_or_else(|_| target.into()));
            }
            if let Some(name) = &port.name {
                entry.insert("name".into(), name.as_str().into());
            }
            Value::Object(entry)
        })
        .collect();
    let mut spec = Map::new();
    spec.insert("selector".into(), labels(&service.selector));
    spec.insert("ports".into(), ports.into());
    if service.headless {
        spec.insert("clusterIP".into(), "None".into());
    }
    manifest(head, &labels(&service.own_labels), "spec", Value::Object(spec))
}

fn manifest(head: &Head, labels: &Value, field: &str, value: Value) -> Value {
    let version = match head.group.as_str() {
        "" => head.version.to_string(),
        group => format!("{group}/{}", head.version),
    };
    let mut metadata = Map::new();
    metadata.insert("name".into(), head.name.as_str().into());
    if let Some(namespace) = &head.namespace {
        metadata.insert("namespace".into(), namespace.as_str().into());
    }
    metadata.insert("labels".into(), labels.clone());
    json!({"apiVersion": version, "kind": head.kind.as_str(), "metadata": metadata, field: value})
}

fn labels(labels: &[Label]) -> Value {
    let entries = labels.iter().map(|label| (label.key.to_string(), label.value.as_str().into()));
    Value::Object(entries.collect())
}
