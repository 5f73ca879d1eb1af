//! `reach` against cyclonus' truth tables: which connections are allowed, on which port.

use crate::shared;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use netpol_lint::bundle;
use netpol_lint::bundle::ObjectId;
use netpol_lint::model::{Body, Object, Protocol, decode};
use netpol_lint::reach::{Port, may};
use netpol_lint::resolve::{Cluster, Members, Settings, WorkloadId, World};
use netpol_lint::text::SourceId;
use netpol_lint::yaml::{Limits, read};

#[test]
fn the_kernel_agrees_with_every_applicable_truth_table() {
    let Some(folder) = shared::shared("conformance/cyclonus") else {
        return;
    };
    let records = std::fs::read_to_string(folder.join("expected.jsonl")).unwrap();
    let mut compared = 0;
    let mut wrong = Vec::new();
    for record in records.lines() {
        let record: serde_json::Value = serde_json::from_str(record).unwrap();
        if record["applicable"] == false {
            continue;
        }
        compared += 1;
        wrong.extend(differences(&folder, &record));
    }
    println!("{compared} truth tables compared");
    assert!(compared > 200, "only {compared} truth tables were compared");
    assert!(
        wrong.is_empty(),
        "{} differences:\n{}",
        wrong.len(),
        wrong[..wrong.len().min(20)].join("\n")
    );
}

/// The differences between a truth table and `reach`.
fn differences(folder: &Path, record: &serde_json::Value) -> Vec<String> {
    let id = record["id"].as_str().unwrap();
    let cluster = cluster(&folder.join("cases").join(id).join("manifests.yaml"));
    let pods: Vec<(String, WorkloadId)> = cluster
        .workload_ids()
        .map(|number| {
            let pod = cluster.workload(number);
            (format!("{}/{}", pod.namespace.name, pod.head.name), number)
        })
        .collect();
    let mut wrong = Vec::new();
    for (probe, pairs) in record["allowed"].as_object().unwrap() {
        let (protocol, number) = probe.split_once('/').unwrap();
        let port =
            Port { protocol: Protocol::parse(protocol).unwrap(), number: number.parse().unwrap() };
        let allowed: BTreeSet<&str> =
            pairs.as_array().unwrap().iter().map(|pair| pair.as_str().unwrap()).collect();
        for (from, source) in &pods {
            for (to, destination) in pods.iter().filter(|(to, _)| to != from) {
                let pair = format!("{from}>{to}");
                let expected = allowed.contains(pair.as_str());
                let found = may(&cluster, *source, *destination, port);
                if found != expected.into() {
                    wrong.push(format!("{id} {probe} {pair}: {found:?}, expected {expected}"));
                }
            }
        }
    }
    wrong
}

/// The closed world of one file.
fn cluster(file: &Path) -> Cluster {
    let text = std::fs::read_to_string(file).unwrap();
    let stream = read(SourceId(0), &text, 0..text.len(), None, &Limits::default());
    assert_eq!(stream.problems, [], "{}", file.display());
    let objects: Vec<Object> = stream
        .documents
        .iter()
        .flat_map(|document| bundle::heads(&document.root))
        .map(|(head, tree)| decode(head, &tree))
        .collect();
    assert!(objects.iter().any(|object| matches!(object.body, Body::Workloads(_))));
    let members = Members {
        name: String::new(),
        is_trial: false,
        objects: (0..objects.len()).map(ObjectId::at).collect(),
        reported: Arc::new((0..objects.len()).collect()),
        elsewhere: None,
    };
    Cluster::build(
        Arc::new(objects),
        members,
        Settings { world: World::Closed, ..Settings::default() },
    )
}
