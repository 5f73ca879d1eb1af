//! `netpol-lint reach` as its users see it.

use std::fs;
use std::process::Command;

use crate::broken::Folder;

/// A shop: the frontend may reach the API, everyone may reach DNS, only the API may reach the
/// database.
const SHOP: &str = "\
apiVersion: v1
kind: Pod
metadata: {name: frontend, namespace: shop, labels: {app: frontend}}
spec: {containers: [{name: web, image: web}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: api, namespace: shop}
spec:
  selector: {matchLabels: {app: api}}
  template:
    metadata: {labels: {app: api}}
    spec: {containers: [{name: api, image: api, ports: [{name: http, containerPort: 8080}]}]}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db, namespace: shop}
spec:
  serviceName: db
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: db, image: db}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: api, namespace: shop}
spec:
  podSelector: {matchLabels: {app: api}}
  policyTypes: [Ingress, Egress]
  ingress:
    - from: [{podSelector: {matchLabels: {app: frontend}}}]
      ports: [{port: http}]
  egress:
    - to: [{podSelector: {matchLabels: {app: db}}}]
      ports: [{port: 5432}, {port: 8000, endPort: 8010}]
    - to: [{ipBlock: {cidr: 192.0.2.0/24, except: [192.0.2.128/25]}}]
      ports: [{port: 53, protocol: UDP}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: db, namespace: shop}
spec:
  podSelector: {matchLabels: {app: db}}
  policyTypes: [Ingress, Egress]
  ingress:
    - from: [{podSelector: {matchLabels: {app: api}}}]
";

fn reach(folder: &Folder, arguments: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_netpol-lint"));
    command.current_dir(folder.path("")).arg("reach").args(arguments);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn shop() -> Folder {
    let folder = Folder::new();
    fs::write(folder.path("shop.yaml"), SHOP).unwrap();
    folder
}

#[test]
fn connections_are_listed_by_source() {
    insta::assert_snapshot!(reach(&shop(), &[]), @r"
    0.0.0.0-255.255.255.255 => shop/frontend[Pod] : All Connections
    shop/api[Deployment] => 192.0.2.0-192.0.2.127 : UDP 53
    shop/api[Deployment] => shop/db[StatefulSet] : TCP 5432,8000-8010
    shop/frontend[Pod] => 0.0.0.0-255.255.255.255 : All Connections
    shop/frontend[Pod] => shop/api[Deployment] : TCP 8080
    ");
}

#[test]
fn ends_and_ports_narrow_the_list() {
    let shop = shop();
    let lines = |arguments: &[&str]| reach(&shop, arguments).lines().count();
    assert_eq!(lines(&["--from", "api"]), 2);
    assert_eq!(lines(&["--from", "shop/api", "--to", "db"]), 1);
    assert_eq!(lines(&["--to", "192.0.2.7"]), 2);
    assert_eq!(lines(&["--to", "192.0.2.200", "--from", "api"]), 0);
    assert_eq!(lines(&["--from", "internet"]), 1);
    assert_eq!(lines(&["--port", "8005"]), 3);
    assert_eq!(lines(&["--port", "UDP 53", "--from", "api"]), 1);
}

#[test]
fn the_document_lists_the_rules_that_allow_a_connection() {
    let json = reach(&shop(), &["--from", "frontend", "--to", "api", "--output-format", "json"]);
    let document: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(document["version"], 1);
    let connection = &document["clusters"][0]["connections"][0];
    assert_eq!(connection["ports"], "TCP 8080");
    assert_eq!(connection["unknown"], "");
    let rule = &connection["evidence"]["rules"][0];
    assert_eq!((rule["policy"].as_str(), rule["line"].as_u64()), (Some("shop/api"), Some(32)));
    assert_eq!(rule["field"], "spec.ingress[0]");
    assert_eq!(connection["evidence"]["isolating"][0], "shop/api");
}

#[test]
fn every_format_shows_the_same_connection() {
    let shop = shop();
    let of = |format| reach(&shop, &["--from", "api", "--to", "db", "--output-format", format]);
    insta::assert_snapshot!(of("csv"), @r#"
    cluster,from,to,ports,unknown
    .,shop/api[Deployment],shop/db[StatefulSet],"TCP 5432,8000-8010",
    "#);
    insta::assert_snapshot!(of("md"), @r"
    | from | to | ports |
    |---|---|---|
    | `shop/api[Deployment]` | `shop/db[StatefulSet]` | TCP 5432,8000-8010 |
    ");
    insta::assert_snapshot!(of("dot"), @r#"
    digraph connections {
      rankdir=LR
      node [shape=box]
      subgraph cluster_0 {
        label="."
        "0:shop/api[Deployment]" [label="shop/api[Deployment]"]
        "0:shop/db[StatefulSet]" [label="shop/db[StatefulSet]"]
        "0:shop/api[Deployment]" -> "0:shop/db[StatefulSet]" [label="TCP 5432,8000-8010"]
      }
    }
    "#);
    insta::assert_snapshot!(of("mermaid"), @r#"
    flowchart LR
      subgraph c0["."]
        c0e2["shop/api[Deployment]"]
        c0e3["shop/db[StatefulSet]"]
      end
      c0e2 -->|"TCP 5432,8000-8010"| c0e3
    "#);
}

#[test]
fn names_in_a_repository_control_no_reader() {
    let folder = Folder::new();
    let evil = SHOP.replace("name: frontend", "name: \"=x|\\u001b[2J\\\"y\"");
    fs::write(folder.path("shop.yaml"), evil).unwrap();
    for format in ["text", "json", "csv", "md", "dot", "mermaid"] {
        let out = reach(&folder, &["--output-format", format]);
        assert!(!out.contains('\u{1b}'), "{format}: {out:?}");
    }
}

#[test]
fn a_cluster_that_does_not_exist_is_an_error_that_lists_those_that_do() {
    let shop = shop();
    let mut command = Command::new(env!("CARGO_BIN_EXE_netpol-lint"));
    command.current_dir(shop.path("")).args(["reach", "--bundle", "prod"]);
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("no cluster of bundles is named `prod`; available: ."), "{error}");
}

#[test]
fn the_document_matches_its_schema() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reach.schema.json");
    let schema = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let json = reach(&shop(), &["--output-format", "json"]);
    let document: serde_json::Value = serde_json::from_str(&json).unwrap();
    let errors: Vec<String> = validator.iter_errors(&document).map(|e| e.to_string()).collect();
    assert_eq!(errors, [""; 0]);
    assert_eq!(document["clusters"][0]["connections"].as_array().unwrap().len(), 5);
}

#[test]
fn the_page_shows_what_is_printed() {
    let page = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reach.md");
    let page = fs::read_to_string(page).unwrap();
    assert!(page.contains(&reach(&shop(), &[])), "docs/reach.md shows another list");
}
