//! What shows that manifests are for OpenShift, where DNS listens on another port.

use crate::false_alarms::{fires, is_quiet, pod};

/// A policy with DNS on 53, which OpenShift's DNS pods do not listen on. The port is in line 8.
fn dns_on_53(namespace: &str) -> String {
    format!(
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: web, namespace: \
         {namespace}}}\nspec:\n  podSelector: {{}}\n  policyTypes: [Egress]\n  egress:\n  - ports: \
         [{{port: 53, protocol: UDP}}, {{port: 53, protocol: TCP}}]\n  - to: [{{podSelector: \
         {{}}}}]\n"
    )
}

fn object(api: &str, kind: &str, namespace: &str) -> String {
    format!("apiVersion: {api}/v1\nkind: {kind}\nmetadata: {{name: x, {namespace}}}\n")
}

/// The policy at the root, and another file.
fn beside(file: &str, text: &str) -> String {
    format!("# file: web.yaml\n{}# file: {file}\n{text}", dns_on_53("shop"))
}

const WRONG: &str = "dns-wrong-target web.yaml:8";
const SHOP: &str = "namespace: shop";

#[test]
fn objects_of_its_api_in_the_namespace_of_the_policies_show_it() {
    fires(&beside("route.yaml", &object("route.openshift.io", "Route", SHOP)), WRONG);
    let pods = "spec: {template: {metadata: {labels: {app: x}}, spec: {containers: [{name: m, image: \
                m}]}}}\n";
    let deployment = object("apps.openshift.io", "DeploymentConfig", SHOP);
    fires(&beside("d.yaml", &format!("{deployment}{pods}")), WRONG);
    let policy_group = "- from: [{namespaceSelector: {matchLabels: \
                        {network.openshift.io/policy-group: ingress}}}]";
    let policy = format!(
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: in, namespace: \
         shop}}\nspec:\n  podSelector: {{}}\n  ingress:\n  {policy_group}\n"
    );
    fires(&beside("in.yaml", &policy), WRONG);
}

#[test]
fn what_is_in_one_of_its_namespaces_shows_it_wherever_it_is() {
    let namespace = "apiVersion: v1\nkind: Namespace\nmetadata: {name: openshift-logging}\n";
    fires(&beside("c/namespace.yaml", namespace), WRONG);
    fires(&beside("c/pod.yaml", &pod("logs", "namespace: openshift-logging, ")), WRONG);
    is_quiet(&beside("c/pod.yaml", &pod("logs", "namespace: my-openshift-logging, ")));
}

#[test]
fn an_offer_to_those_who_use_it_does_not() {
    let scc = object("security.openshift.io", "SecurityContextConstraints", "");
    is_quiet(&beside("security/scc.yaml", &scc));
    is_quiet(&beside(
        "other/route.yaml",
        &object("route.openshift.io", "Route", "namespace: docs"),
    ));
    let backend = "spec: {defaultBackend: {service: {name: web, port: {number: 80}}}}\n";
    let both = format!(
        "{}---\n{}",
        object("route.openshift.io", "Route", SHOP),
        object("networking.k8s.io", "Ingress", SHOP) + backend
    );
    is_quiet(&beside("entry.yaml", &both));
}

#[test]
fn a_kustomization_is_judged_by_what_it_deploys() {
    let scc = object("security.openshift.io", "SecurityContextConstraints", "");
    let text = |resources: &str| {
        format!(
            "# file: k8s/kustomization.yaml\nresources: [{resources}]\n# file: k8s/web.yaml\n{}# file: \
             k8s/scc.yaml\n{scc}",
            dns_on_53("shop")
        )
    };
    fires(&text("web.yaml, scc.yaml"), "dns-wrong-target k8s/web.yaml:8");
    is_quiet(&text("web.yaml"));
}
