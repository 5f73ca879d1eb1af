//! Facts about a cluster that only the user knows, as rules see them.

use std::path::PathBuf;
use std::sync::Arc;

use netpol_lint::bundle;
use netpol_lint::bundle::ObjectId;
use netpol_lint::lint::{Context, Finding, lint, rule};
use netpol_lint::model::{Object, decode};
use netpol_lint::reach::Reach;
use netpol_lint::resolve::{Cluster, Members, Settings};
use netpol_lint::text::{Origin, Source, SourceId, Sources};
use netpol_lint::yaml::{Limits, read};

const POLICY: &str = "
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: frontend}
spec:
  podSelector: {}
  policyTypes: [Egress]
  egress:
  - to:
    - ipBlock: {cidr: 10.96.4.0/24}
    - ipBlock: {cidr: 10.244.0.0/16}
    - ipBlock: {cidr: 10.0.0.0/8}
    - ipBlock: {cidr: 203.0.113.7/32}
    ports: [{port: 443}]
  - to: [{ipBlock: {cidr: 10.96.0.10/32}}]
    ports: [{port: 53, protocol: UDP}, {port: 53}]
";

/// The findings of a rule in the policy, in a cluster with those settings.
fn found(id: &str, settings: Settings) -> Vec<Finding> {
    let mut sources = Sources::default();
    let file = Origin::File(PathBuf::from("policy.yaml"));
    sources.add(Source::with_text("policy.yaml".to_owned(), file, Arc::from(POLICY)));
    let stream = read(SourceId(0), POLICY, 0..POLICY.len(), None, &Limits::default());
    let heads = stream.documents.iter().flat_map(|document| bundle::heads(&document.root));
    let objects: Vec<Object> = heads.map(|(head, tree)| decode(head, &tree)).collect();
    let members = Members {
        name: String::new(),
        is_trial: false,
        objects: vec![ObjectId::at(0)],
        reported: Arc::new((0..1).collect()),
        elsewhere: None,
    };
    let reach = Reach::new(Cluster::build(Arc::new(objects), members, settings));
    lint(&Context::new(&reach, &sources), &[rule(id).unwrap()])
}

#[test]
fn blocks_in_the_ranges_of_pods_and_services_are_inside_the_cluster() {
    let settings = Settings {
        pod_ranges: vec!["10.244.0.0/16".parse().unwrap()],
        service_ranges: vec!["10.96.0.0/12".parse().unwrap()],
        ..Settings::default()
    };
    let findings = found("ip-block-for-pods", settings);
    let fields: Vec<&str> = findings.iter().map(|finding| finding.field.as_str()).collect();
    assert_eq!(fields, ["spec.egress[0].to[0].ipBlock", "spec.egress[0].to[1].ipBlock"]);
    assert!(findings[0].message.contains("cluster's Service range `10.96.0.0/12`"));
    assert!(findings[1].message.contains("cluster's pod range `10.244.0.0/16`"));
    assert!(found("ip-block-for-pods", Settings::default()).is_empty());
}

#[test]
fn a_default_namespace_applies() {
    let settings = Settings { default_namespace: Some("shop".into()), ..Settings::default() };
    assert_eq!(found("implicit-namespace", settings).len(), 0);
    assert_eq!(found("implicit-namespace", Settings::default()).len(), 1);
}
