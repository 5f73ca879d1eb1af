//! `netpol-lint why` as its users see it, and that it says what `netpol-lint reach` says.

use std::fs;
use std::process::Command;

use netpol_lint::connectivity::connectivity;
use netpol_lint::model::Protocol;
use netpol_lint::reach::Port;
use netpol_lint::resolve::Tri;
use netpol_lint::why::{Question, why};
use netpol_lint::{Request, repo};

use crate::broken::Folder;

const SHOP: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: web}]}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db, namespace: data}
spec:
  serviceName: db
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: db, image: db}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: db
  namespace: data
spec:
  podSelector:
    matchLabels:
      app: db
  policyTypes: [Ingress]
  ingress:
    - from:
        - podSelector:
            matchLabels:
              app: web
      ports:
        - port: 5432
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: web
  namespace: shop
spec:
  podSelector: {}
  policyTypes: [Egress]
  egress:
    - ports:
        - port: 53
          protocol: UDP
    - to:
        - ipBlock:
            cidr: 192.0.2.0/24
      ports:
        - port: 443
";

fn shop() -> Folder {
    let folder = Folder::new();
    fs::write(folder.path("shop.yaml"), SHOP).unwrap();
    folder
}

fn run(folder: &Folder, arguments: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_netpol-lint"));
    command.current_dir(folder.path("")).arg("why").args(arguments);
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn verdict(folder: &Folder, from: &str, to: &str) -> Vec<Tri> {
    let (to, port) = Question::target(to).unwrap();
    let question = Question { from: from.to_owned(), to, port, cluster: None };
    let answers = why(&request(folder), &question).unwrap().answers;
    answers.into_iter().map(|answer| answer.verdict).collect()
}

fn request(folder: &Folder) -> Request {
    let cwd = folder.path("").canonicalize().unwrap();
    let scope = repo::Scope { paths: vec![cwd.clone()], ..repo::Scope::default() };
    Request { cwd, scope, ..Request::default() }
}

#[test]
fn each_side_is_explained_with_its_lines_and_the_change_that_allows_it() {
    let text = run(&shop(), &["web", "db:5432"]);
    insta::with_settings!({snapshot_path => "../../snapshots", prepend_module_to_snapshot => false, omit_expression => true}, {
        insta::assert_snapshot!("why_rejected", text);
    });
}

#[test]
fn the_changes_allow_what_was_rejected_and_nothing_else() {
    let folder = shop();
    assert_eq!(verdict(&folder, "web", "db:5432"), [Tri::No]);
    let question = Question {
        from: "web".into(),
        to: "db".into(),
        port: Some(Port { protocol: Protocol::Tcp, number: 5432 }),
        cluster: None,
    };
    let found = why(&request(&folder), &question).unwrap();
    let changes = &found.answers[0].changes;
    assert_eq!(changes.len(), 2, "{changes:?}");
    for change in changes {
        fs::write(folder.path("change.diff"), change.diff.as_ref().unwrap()).unwrap();
        let mut command = Command::new("git");
        command.current_dir(folder.path("")).args(["apply", "change.diff"]);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    assert_eq!(verdict(&folder, "web", "db:5432"), [Tri::Yes]);
    assert_eq!(verdict(&folder, "web", "db:5433"), [Tri::No]);
    assert_eq!(verdict(&folder, "internet", "db:5432"), [Tri::No]);
}

const CILIUM: &str = "\
---
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata:
  name: db
  namespace: data
spec:
  endpointSelector:
    matchLabels:
      app: db
  ingress:
    - fromEndpoints:
        - matchLabels:
            app: web
            k8s:io.kubernetes.pod.namespace: shop
      toPorts:
        - ports:
            - port: \"5432\"
";

const ADMIN: &str = "\
---
apiVersion: policy.networking.k8s.io/v1alpha1
kind: AdminNetworkPolicy
metadata:
  name: tenants
spec:
  priority: 5
  subject:
    namespaces:
      matchLabels:
        kubernetes.io/metadata.name: shop
  egress:
    - action: Allow
      to:
        - networks: [198.51.100.0/24]
    - action: Deny
      to:
        - networks: [0.0.0.0/0]
    - action: Pass
      to:
        - namespaces:
            matchLabels:
              kubernetes.io/metadata.name: data
";

/// The shop without its own policies, and with others.
fn shop_with(policies: &str) -> Folder {
    let folder = Folder::new();
    let workloads = SHOP.split("---\n").take(2).collect::<Vec<_>>().join("---\n");
    fs::write(folder.path("shop.yaml"), format!("{workloads}{policies}")).unwrap();
    folder
}

#[test]
fn other_kinds_are_explained_with_their_tier() {
    let (cilium, admin) = (shop_with(CILIUM), shop_with(ADMIN));
    let asked = [
        (&cilium, ["web", "db:5432"]),
        (&cilium, ["web", "db:22"]),
        (&cilium, ["internet", "db:5432"]),
        (&admin, ["web", "203.0.113.9:443"]),
        (&admin, ["web", "198.51.100.9:443"]),
        (&admin, ["web", "db:5432"]),
        (&admin, ["db", "web:80"]),
    ];
    let texts: Vec<String> = asked.iter().map(|(folder, pair)| run(folder, pair)).collect();
    insta::with_settings!({snapshot_path => "../../snapshots", prepend_module_to_snapshot => false, omit_expression => true}, {
        insta::assert_snapshot!("why_tiers", texts.join("\n=====\n\n"));
    });
}

#[test]
fn no_network_policy_is_changed_for_what_a_tier_denies() {
    let question = Question {
        from: "web".into(),
        to: "203.0.113.9".into(),
        port: Some(Port { protocol: Protocol::Tcp, number: 443 }),
        cluster: None,
    };
    let found = why(&request(&shop_with(ADMIN)), &question).unwrap();
    assert_eq!(found.answers[0].verdict, Tri::No);
    assert!(found.answers[0].changes.is_empty(), "{:?}", found.answers[0].changes);
}

#[test]
fn addresses_dns_and_the_api_server_are_ends_too() {
    let folder = shop();
    assert_eq!(verdict(&folder, "web", "192.0.2.7:443"), [Tri::Yes]);
    assert_eq!(verdict(&folder, "web", "192.0.2.7:80"), [Tri::No]);
    assert_eq!(verdict(&folder, "web", "198.51.100.1:443"), [Tri::No]);
    assert!(matches!(verdict(&folder, "web", "internet:443")[..], [Tri::Unknown(_)]));
    assert_eq!(verdict(&folder, "web", "dns"), [Tri::Yes]);
    assert_eq!(verdict(&folder, "web", "dns:53/TCP"), [Tri::No]);
    assert!(matches!(verdict(&folder, "web", "apiserver:443")[..], [Tri::Unknown(_)]));
    assert_eq!(verdict(&folder, "web", "apiserver:6443"), [Tri::No]);
    assert_eq!(verdict(&folder, "internet", "web:80"), [Tri::Yes]);
    assert_eq!(verdict(&folder, "data/db", "shop/web"), [Tri::Yes]);
}

#[test]
fn what_is_not_there_is_an_error_that_lists_what_is() {
    let folder = shop();
    let mut command = Command::new(env!("CARGO_BIN_EXE_netpol-lint"));
    command.current_dir(folder.path("")).args(["why", "web", "cache"]);
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("data/db[StatefulSet], shop/web[Deployment]"), "{error}");
    for wrong in ["db:0", "db:x", "db:80/ICMP"] {
        assert!(Question::target(wrong).is_err(), "{wrong}");
    }
    let (name, port) = Question::target("[2001:db8::1]:443").unwrap();
    assert_eq!((name.as_str(), port.map(|port| port.number)), ("2001:db8::1", Some(443)));
}

#[test]
fn why_agrees_with_reach_on_every_pair() {
    let folder = Folder::new();
    fs::write(folder.path("shop.yaml"), format!("{SHOP}---\n{MORE}")).unwrap();
    let clusters = connectivity(&request(&folder)).unwrap();
    let [cluster] = &clusters[..] else { panic!("{clusters:?}") };
    let is_pods = |name: &&String| name.contains('[');
    let mut asked = 0;
    for from in cluster.ends.iter().filter(is_pods) {
        for to in cluster.ends.iter().filter(is_pods).filter(|to| *to != from) {
            let row = cluster
                .rows
                .iter()
                .find(|row| cluster.end(row.from) == *from && cluster.end(row.to) == *to);
            let question = |port| Question {
                from: from.clone(),
                to: to.clone(),
                port: Some(Port { protocol: Protocol::Tcp, number: port }),
                cluster: None,
            };
            for port in [53, 80, 443, 5432] {
                let answers = why(&request(&folder), &question(port)).unwrap().answers;
                let here = Port { protocol: Protocol::Tcp, number: port };
                let ports = row.map(|row| &cluster.detail(row.detail).ports);
                let is_allowed = ports.is_some_and(|ports| ports.contains(here));
                assert_eq!(answers[0].verdict.is_yes(), is_allowed, "{from} => {to} {port}");
                asked += 1;
            }
        }
    }
    assert!(asked >= 24, "{asked}");
}

const MORE: &str = "\
apiVersion: v1
kind: Pod
metadata: {name: agent, namespace: data, labels: {app: agent}}
spec: {hostNetwork: true, containers: [{name: agent, image: agent}]}
---
apiVersion: v1
kind: Pod
metadata: {name: other, namespace: data, labels: {app: web, tier: back}}
spec: {containers: [{name: other, image: other, ports: [{name: web, containerPort: 80}]}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: other, namespace: data}
spec:
  podSelector: {matchExpressions: [{key: tier, operator: Exists}]}
  policyTypes: [Ingress, Egress]
  ingress:
    - from: [{namespaceSelector: {}}]
      ports: [{port: web}]
  egress:
    - to: [{namespaceSelector: {matchExpressions: [{key: team, operator: DoesNotExist}]}}]
      ports: [{port: 5432}, {port: 80}]
";
