//! The engine against published answers for single connections: the Network Policy API's own tests,
//! and cases for Cilium and Calico.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use netpol_lint::bundle;
use netpol_lint::bundle::ObjectId;
use netpol_lint::model::tiered::{Entity, IcmpFamily};
use netpol_lint::model::{Body, Object, Protocol, decode};
use netpol_lint::reach::{Packet, Port, passage};
use netpol_lint::resolve::{Cluster, Members, Party, Plugin, Settings, Tri, World};
use netpol_lint::text::SourceId;
use netpol_lint::yaml::{Limits, read};
use serde_json::Value;

use crate::shared::shared;

#[test]
fn admin_policies_decide_as_the_network_policy_api_says() {
    agree_with("conformance/policy-api", None);
}

#[test]
fn cilium_policies_decide_as_cilium_says() {
    agree_with("conformance/cilium", Some(Plugin::Cilium));
    accepts_the_same("conformance/cilium");
}

#[test]
fn calico_policies_decide_as_calico_says() {
    agree_with("conformance/calico", Some(Plugin::Calico));
    accepts_the_same("conformance/calico");
}

/// Every object of a table is accepted, or refused at its field.
fn accepts_the_same(folder: &str) {
    let Some(folder) = shared(folder) else {
        return;
    };
    let table = std::fs::read_to_string(folder.join("validity.jsonl")).unwrap();
    let mut agree = 0;
    let mut wrong = Vec::new();
    for line in table.lines() {
        let row: Value = serde_json::from_str(line).unwrap();
        let fields = rejected_fields(&row["object"]);
        let agrees = match row["accepted"].as_bool().unwrap() {
            true => fields.is_empty(),
            // The field that is named, or one within it.
            false => fields.iter().any(|field| field.starts_with(row["field"].as_str().unwrap())),
        };
        match agrees {
            true => agree += 1,
            false => wrong.push(format!("{fields:?}: {line}")),
        }
    }
    println!("{}: {agree} objects agree", folder.display());
    assert!(agree > 0 && wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong.join("\n"));
}

/// The fields of an object that are rejected.
fn rejected_fields(object: &Value) -> Vec<String> {
    let text = object.to_string();
    let stream = read(SourceId(0), &text, 0..text.len(), None, &Limits::default());
    let heads = bundle::heads(&stream.documents[0].root);
    let object = heads.into_iter().map(|(head, tree)| decode(head, &tree)).next().unwrap();
    let refusals = match object.body {
        Body::Tiered(policy) => policy.refusals,
        Body::Network(entry) => entry.refusals,
        other => panic!("{other:?}"),
    };
    refusals.into_iter().map(|refusal| refusal.field).collect()
}

#[test]
fn every_limit_of_these_kinds_is_kept() {
    let table = include_str!("../policy_kinds/refusals.jsonl");
    let mut wrong = Vec::new();
    for line in table.lines() {
        let row: Value = serde_json::from_str(line).unwrap();
        let fields = rejected_fields(&row["object"]);
        if fields.is_empty() == row["refused"].as_bool().unwrap() {
            wrong.push(format!("{fields:?}: {line}"));
        }
    }
    println!("{} objects tried", table.lines().count());
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong.join("\n"));
}

/// Every connection of a set of cases, by group.
fn agree_with(folder: &str, plugin: Option<Plugin>) {
    let Some(folder) = shared(folder) else {
        return;
    };
    let expected = std::fs::read_to_string(folder.join("expected.jsonl")).unwrap();
    let mut clusters: BTreeMap<String, Cluster> = BTreeMap::new();
    let mut counts: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    let mut wrong = Vec::new();
    for line in expected.lines() {
        let probe: Value = serde_json::from_str(line).unwrap();
        let case = probe["case"].as_str().unwrap();
        let cluster = clusters
            .entry(case.to_owned())
            .or_insert_with(|| cluster(&folder.join("cases").join(case), plugin));
        let answer = answer(cluster, &probe);
        let count = counts.entry(group(case)).or_default();
        count.1 += 1;
        let agrees = matches!(
            (&probe["allowed"], answer),
            (Value::Bool(true), Tri::Yes)
                | (Value::Bool(false), Tri::No)
                | (Value::String(_), Tri::Unknown(_))
        );
        match agrees {
            true => count.0 += 1,
            false => wrong.push(format!("{answer:?}: {line}")),
        }
    }
    for (group, (agree, all)) in &counts {
        println!("{}/{group}: {agree} of {all} agree", folder.display());
    }
    assert!(!counts.is_empty());
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong.join("\n"));
}

/// What a case is about: its name without the spelling of the step.
fn group(case: &str) -> String {
    case.split('-').take(2).collect::<Vec<&str>>().join("-")
}

fn answer(cluster: &Cluster, probe: &Value) -> Tri {
    let number = probe["port"].as_u64().unwrap();
    let packet = match probe["protocol"].as_str().unwrap() {
        "ICMP" => Packet::Icmp(IcmpFamily::V4, number.try_into().unwrap()),
        "ICMPv6" => Packet::Icmp(IcmpFamily::V6, number.try_into().unwrap()),
        protocol => Packet::Port(Port {
            protocol: Protocol::parse(protocol).unwrap(),
            number: number.try_into().unwrap(),
        }),
    };
    let (from, to) = (party(cluster, &probe["from"]), party(cluster, &probe["to"]));
    passage(cluster, &from, &to, packet).allowed
}

/// `namespace/pod`, `ip:…`, `node:…`, `entity:…`, `fqdn:…`, or `{"ip": …}`.
fn party(cluster: &Cluster, end: &Value) -> Party {
    if let Some(address) = end["ip"].as_str() {
        return cluster.party_at(address.parse().unwrap());
    }
    let end = end.as_str().unwrap();
    if let Some((kind, name)) = end.split_once(':') {
        return match kind {
            "ip" => cluster.party_at(name.parse().unwrap()),
            "fqdn" => Party::Name(name.into()),
            "entity" => Party::Entity(Entity::parse(name).unwrap()),
            "node" => Party::Node(name.into()),
            kind => panic!("no {kind}"),
        };
    }
    let (namespace, name) = end.split_once('/').unwrap();
    let mut all = cluster.workload_ids().map(|number| cluster.workload(number));
    let pod = all.find(|pod| {
        // A pod of a StatefulSet is called after it.
        let is_member = || name.rsplit_once('-').is_some_and(|(of, _)| pod.head.name == of);
        pod.namespace.name == namespace
            && (pod.head.name == name || (pod.head.kind == "StatefulSet" && is_member()))
    });
    Party::Workload(pod.unwrap_or_else(|| panic!("no pod {end}")).number)
}

/// The closed world of the files of a directory.
fn cluster(directory: &Path, plugin: Option<Plugin>) -> Cluster {
    let mut files: Vec<_> =
        std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let mut objects: Vec<Object> = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let stream = read(SourceId(0), &text, 0..text.len(), None, &Limits::default());
        assert_eq!(stream.problems, [], "{}", file.display());
        let heads = stream.documents.iter().flat_map(|document| bundle::heads(&document.root));
        objects.extend(heads.map(|(head, tree)| decode(head, &tree)));
    }
    let members = Members {
        name: String::new(),
        is_trial: false,
        objects: (0..objects.len()).map(ObjectId::at).collect(),
        reported: Arc::new((0..objects.len()).collect()),
        elsewhere: None,
    };
    let settings = Settings { world: World::Closed, plugin, ..Settings::default() };
    Cluster::build(Arc::new(objects), members, settings)
}
