//! `netpol-lint reach` against np-guard's connectivity lists: for each pair of workloads, and for
//! each workload and each address outside, the same ports.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;
use std::path::Path;

use netpol_lint::connectivity::{ClusterConnectivity, Row, connectivity};
use netpol_lint::reach::PortSet;
use netpol_lint::{Request, repo};
use serde_json::Value;

use crate::shared::shared;

/// Ports by source and destination; addresses are cut at `cuts`.
type Table = BTreeMap<(String, String), PortSet>;

#[test]
fn reach_agrees_with_every_applicable_list() {
    let Some(folder) = shared("conformance/netpol-analyzer") else {
        return;
    };
    let records = std::fs::read_to_string(folder.join("expected.jsonl")).unwrap();
    let mut counts: BTreeMap<(String, String), (usize, usize)> = BTreeMap::new();
    let mut wrong = Vec::new();
    for record in records.lines() {
        let record: Value = serde_json::from_str(record).unwrap();
        let text = |key: &str| record[key].as_str().unwrap_or_default().to_owned();
        let is_asked = text("suite") != "diff" && record["applicable"] != Value::Bool(false);
        if !is_asked {
            continue;
        }
        let count = counts.entry((text("suite"), text("group"))).or_default();
        count.1 += 1;
        let differences = differences(&folder, &record);
        if differences.is_empty() {
            count.0 += 1;
        }
        wrong.extend(differences.into_iter().map(|what| format!("{}: {what}", text("case"))));
    }
    for ((suite, group), (agree, all)) in &counts {
        println!("{suite}/{group}: {agree} of {all} agree");
    }
    assert!(!counts.is_empty());
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong.join("\n"));
}

fn differences(folder: &Path, record: &Value) -> Vec<String> {
    let directory = folder.join("cases").join(record["dir"].as_str().unwrap());
    let request = Request {
        cwd: directory.clone(),
        scope: repo::Scope { paths: vec![directory], ..repo::Scope::default() },
        ..Request::default()
    };
    let clusters = connectivity(&request).unwrap();
    let left_out: Vec<&str> =
        record["leave_out"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let expected: Vec<(String, String, PortSet)> = record["connections"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            let text = |key: &str| row[key].as_str().unwrap().to_owned();
            (text("from"), text("to"), PortSet::parse(&text("ports")).unwrap())
        })
        .filter(|(from, ..)| from != "{ingress-controller}")
        .collect();
    let found: Vec<(String, String, PortSet)> = clusters.iter().flat_map(rows).collect();
    let mut cuts = BTreeSet::from([0]);
    for (from, to, _) in expected.iter().chain(&found) {
        for (first, last) in [range(from), range(to)].into_iter().flatten() {
            cuts.insert(u64::from(first));
            cuts.insert(u64::from(last) + 1);
        }
    }
    let options = Options::of(record);
    let keeps = |(from, to, _): &(String, String, PortSet)| {
        options.keep(from, to) && !left_out.iter().any(|name| from == name || to == name)
    };
    let expected = table(expected.into_iter().filter(keeps), &cuts);
    let found = table(found.into_iter().filter(keeps), &cuts);
    let found = match record["options"]["focusConn"].as_str() {
        // Pairs for which the whole of one protocol and port is allowed.
        Some(connection) => {
            let only = PortSet::parse(&connection.replace('-', " ")).unwrap();
            let of = |(ends, ports): (_, PortSet)| {
                ((&ports & &only) == only).then(|| (ends, only.clone()))
            };
            found.into_iter().filter_map(of).collect()
        }
        None => found,
    };
    let keys: BTreeSet<&(String, String)> = expected.keys().chain(found.keys()).collect();
    let nothing = PortSet::default();
    keys.into_iter()
        .filter_map(|key| {
            let is = found.get(key).unwrap_or(&nothing);
            let should = expected.get(key).unwrap_or(&nothing);
            (is != should).then(|| format!("{} => {}: {is}, expected {should}", key.0, key.1))
        })
        .collect()
}

fn rows(cluster: &ClusterConnectivity) -> impl Iterator<Item = (String, String, PortSet)> {
    cluster.rows.iter().map(|row: &Row| {
        let end = |id| cluster.end(id).to_owned();
        (end(row.from), end(row.to), cluster.detail(row.detail).ports.clone())
    })
}

/// The options of a view.
struct Options<'a> {
    workloads: Vec<&'a str>,
    peers: Vec<&'a str>,
    direction: Option<&'a str>,
}

impl<'a> Options<'a> {
    fn of(record: &'a Value) -> Self {
        let options = &record["options"];
        let list = |key: &str| {
            options[key].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
        };
        Self {
            workloads: list("focusWorkloads"),
            peers: list("focusWorkloadPeers"),
            direction: options["focusDirection"].as_str(),
        }
    }

    fn keep(&self, from: &str, to: &str) -> bool {
        let is = |list: &[&str], end: &str| {
            let short = end.split('[').next().unwrap();
            let name = short.rsplit('/').next().unwrap();
            list.is_empty() || list.contains(&short) || list.contains(&name)
        };
        let forth = is(&self.workloads, from) && is(&self.peers, to);
        let back = is(&self.workloads, to) && is(&self.peers, from);
        match self.direction {
            Some("egress") => forth,
            Some(_) => back,
            None => forth || back,
        }
    }
}

/// The ports of each pair, with ranges of addresses cut at the same points.
fn table(rows: impl Iterator<Item = (String, String, PortSet)>, cuts: &BTreeSet<u64>) -> Table {
    let mut table = Table::new();
    for (from, to, ports) in rows.filter(|(.., ports)| !ports.is_empty()) {
        for from in pieces(&from, cuts) {
            for to in pieces(&to, cuts) {
                let known = table.entry((from.clone(), to)).or_default();
                *known = &*known | &ports;
            }
        }
    }
    table
}

fn pieces(end: &str, cuts: &BTreeSet<u64>) -> Vec<String> {
    match range(end) {
        None => vec![end.to_owned()],
        Some((first, last)) => cuts
            .range(u64::from(first)..=u64::from(last))
            .map(|cut| Ipv4Addr::from(*cut as u32).to_string())
            .collect(),
    }
}

fn range(end: &str) -> Option<(u32, u32)> {
    let (first, last) = end.split_once('-')?;
    let number = |text: &str| text.parse::<Ipv4Addr>().ok().map(u32::from);
    Some((number(first)?, number(last)?))
}
