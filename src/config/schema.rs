//! The JSON schema of the configuration, for editors. It is generated from the types that are read,
//! so that both agree.

use serde_json::{Map, Value, json};

use super::file::File;
use crate::bundle::{TRIAL_DIRECTORIES, helm};
use crate::yaml::Limits;

/// The schema, with the default of each key that has one.
pub fn schema() -> Value {
    let mut schema = schemars::schema_for!(File).to_value();
    without_null(&mut schema);
    for (path, default) in defaults() {
        let key = path.rsplit('/').next().unwrap_or(path);
        let pointer = match path.split_once('/') {
            Some(("limits", _)) => format!("/$defs/Limits/properties/{key}"),
            Some(("helm", _)) => format!("/$defs/Helm/properties/{key}"),
            _ => format!("/properties/{key}"),
        };
        if let Some(Value::Object(property)) = schema.pointer_mut(&pointer) {
            property.insert("default".to_owned(), default);
        }
    }
    schema
}

/// The defaults of absent keys.
fn defaults() -> Vec<(&'static str, Value)> {
    let limits = Limits::default();
    vec![
        ("select", json!([])),
        ("ignore", json!([])),
        ("pedantic", json!(false)),
        ("min-severity", json!("warning")),
        ("min-confidence", json!("medium")),
        ("fail-on", json!("warning")),
        ("include", json!([])),
        ("exclude", json!([])),
        ("severity", json!({})),
        ("per-path", json!([])),
        ("default-namespace", json!("default")),
        ("well-known", json!([])),
        ("pod-ranges", json!([])),
        ("service-ranges", json!([])),
        ("cluster", json!([])),
        ("expectations", json!(true)),
        ("test-directories", json!(TRIAL_DIRECTORIES)),
        ("helm/render", json!(helm::When::default().word())),
        ("helm/time-limit", json!(helm::TIME_LIMIT.as_secs())),
        ("helm/output-limit", json!(helm::OUTPUT_LIMIT)),
        ("helm/kube-version", json!(helm::KubeVersion::default().to_string())),
        ("helm/api-versions", json!([])),
        ("helm/sets", json!([])),
        ("helm/chart", json!([])),
        ("limits/file-bytes", json!(limits.file_bytes)),
        ("limits/depth", json!(limits.depth)),
        ("limits/nodes", json!(limits.nodes)),
        ("limits/documents", json!(limits.documents)),
    ]
}

/// TOML has no null: a key that may be absent may not be null.
fn without_null(value: &mut Value) {
    match value {
        Value::Object(object) => {
            object.values_mut().for_each(without_null);
            drop_null(object);
        }
        Value::Array(list) => list.iter_mut().for_each(without_null),
        _ => {}
    }
}

fn drop_null(object: &mut Map<String, Value>) {
    if let Some(Value::Array(types)) = object.get_mut("type") {
        types.retain(|kind| kind != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            object.insert("type".to_owned(), only);
        }
    }
    if let Some(Value::Array(choices)) = object.get_mut("anyOf") {
        choices.retain(|choice| choice != &json!({"type": "null"}));
        if let [Value::Object(only)] = choices.as_slice() {
            let only = only.clone();
            object.remove("anyOf");
            object.extend(only);
        }
    }
}
