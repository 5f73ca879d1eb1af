//! How Cilium is set up, as a repository shows it: in its ConfigMap, or in the values of its chart.

use crate::pages;

/// A policy of whose findings settings decide: it lets pods out without DNS, and to the API server by
/// its address.
const POLICY: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: main, image: registry.example/web}]}
---
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: web, namespace: shop}
spec:
  endpointSelector: {matchLabels: {app: web}}
  egress:
  - toEndpoints: [{matchLabels: {app: web}}]
  - toEntities: [cluster]
    toPorts: [{ports: [{port: \"8080\", protocol: TCP}]}]
---
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: api-server, namespace: elsewhere}
spec:
  endpointSelector: {}
  egress:
  - toCIDR: [192.0.2.10/32]
    toPorts: [{ports: [{port: \"6443\", protocol: TCP}]}]
---
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: nodes, namespace: elsewhere}
spec:
  endpointSelector: {matchLabels: {app: scraper, pod-template-hash: abc}}
  egress:
  - toNodes: [{matchLabels: {role: worker}}]
---
";

/// The rules that report something, beside what the settings are written in.
fn rules(settings: &str) -> Vec<String> {
    let (_folder, outcome) = pages::run_by_default(&format!("{POLICY}{settings}"));
    let mut found: Vec<String> =
        outcome.findings.iter().map(|finding| finding.rule.id.to_owned()).collect();
    found.sort();
    found.dedup();
    found
}

const ALL: [&str; 4] =
    ["apiserver-by-address", "filtered-label-selector", "invalid-peer", "missing-dns-egress"];

fn without(id: &str) -> Vec<&str> {
    ALL.into_iter().filter(|rule| *rule != id).collect()
}

fn release(values: &str) -> String {
    format!(
        "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {{name: cilium, \
         namespace: kube-system}}\nspec:\n  chart: {{spec: {{chart: cilium, sourceRef: {{kind: \
         HelmRepository, name: cilium}}}}}}\n  values: {values}\n"
    )
}

#[test]
fn without_settings_the_defaults_count() {
    // A rejected policy has no finding but that.
    let expected = ["apiserver-by-address", "invalid-peer", "missing-dns-egress"];
    assert_eq!(rules(""), expected);
    assert_eq!(rules(&release("{hubble: {enabled: true}}")), expected);
    assert_eq!(rules(&release("{policyEnforcementMode: default}")), expected);
}

#[test]
fn a_policy_that_is_not_enforced_closes_nothing() {
    let expected = ["apiserver-by-address", "invalid-peer"];
    assert_eq!(rules(&release("{policyEnforcementMode: never}")), expected);
    let content = "apiVersion: helm.cattle.io/v1\nkind: HelmChart\nmetadata: {name: cilium, \
                   namespace: kube-system}\nspec:\n  chart: cilium\n  valuesContent: |-\n    \
                   policyEnforcementMode: never\n";
    assert_eq!(rules(content), expected);
    let application = |helm: &str| {
        format!(
            "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: cilium, \
             namespace: argocd}}\nspec:\n  sources:\n  - {{repoURL: https://example.com, path: x}}\n  \
             - {{repoURL: https://helm.cilium.io, chart: cilium, helm: {helm}}}\n"
        )
    };
    for helm in [
        "{valuesObject: {policyEnforcementMode: never}}",
        "{values: \"policyEnforcementMode: never\"}",
        "{values: \"policyEnforcementMode: always\", parameters: [{name: policyEnforcementMode, \
         value: never}]}",
    ] {
        assert_eq!(rules(&application(helm)), expected, "{helm}");
    }
    let by_reference = "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: \
                        network, namespace: kube-system}\nspec:\n  chartRef: {kind: OCIRepository, \
                        name: cilium}\n  values: {policyEnforcementMode: never}\n";
    assert_eq!(rules(by_reference), expected);
}

#[test]
fn what_is_filled_in_later_or_set_twice_is_unknown() {
    let unknown = ["apiserver-by-address", "invalid-peer"];
    assert_eq!(rules(&release("{policyEnforcementMode: \"${MODE}\"}")), unknown);
    // Another chart, whatever its values are called.
    let other = release("{policyEnforcementMode: never}").replace("chart: cilium", "chart: other");
    assert_eq!(rules(&other), ["apiserver-by-address", "invalid-peer", "missing-dns-egress"]);
}

#[test]
fn addresses_may_match_nodes_and_labels_nodes() {
    let nodes = "{policyCIDRMatchMode: nodes}";
    assert_eq!(rules(&release(nodes)), ["invalid-peer", "missing-dns-egress"]);
    assert_eq!(
        rules(&release("{policyCIDRMatchMode: [nodes]}")),
        ["invalid-peer", "missing-dns-egress"]
    );
    // Accepted, so its other mistake counts.
    assert_eq!(rules(&release("{nodeSelectorLabels: true}")), without("invalid-peer"));
    let filter = "{nodeSelectorLabels: true, labels: \"k8s:app k8s:pod-template-hash\"}";
    assert_eq!(rules(&release(filter)), ["apiserver-by-address", "missing-dns-egress"]);
}

#[test]
fn values_in_a_generated_config_map_count() {
    let case = format!(
        "# file: policies.yaml\n{POLICY}# file: cilium/kustomization.yaml\nresources: \
         [release.yaml]\nconfigMapGenerator:\n- name: cilium-values\n  files: \
         [values.yaml=values.yaml]\ngeneratorOptions: {{disableNameSuffixHash: true}}\n# file: \
         cilium/values.yaml\npolicyEnforcementMode: never\n# file: cilium/release.yaml\n{}  \
         valuesFrom: [{{kind: ConfigMap, name: cilium-values}}]\n",
        release("{}")
    );
    let (_folder, outcome) = pages::run_by_default(&case);
    let found: Vec<&str> = outcome.findings.iter().map(|finding| finding.rule.id).collect();
    assert!(!found.contains(&"missing-dns-egress"), "{found:?}");
}
