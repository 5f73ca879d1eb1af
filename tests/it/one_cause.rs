//! One cause, one finding: what follows from a mistake that another finding is about, and what
//! several objects ask for in vain for the same reason.

use crate::false_alarms::{fires, is_quiet, pod, shown};

fn policy(name: &str, spec: &str) -> String {
    format!(
        "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: {name}, \
         namespace: shop}}\nspec:\n{spec}"
    )
}

const NAMESPACE: &str = "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n";

fn service(name: &str) -> String {
    format!(
        "---\napiVersion: v1\nkind: Service\nmetadata: {{name: {name}, namespace: shop}}\nspec: \
         {{selector: {{app: {name}}}, ports: [{{port: 8080}}]}}\n"
    )
}

/// Pods `web` that call `db`.
fn web() -> String {
    "---\napiVersion: v1\nkind: Pod\nmetadata: {name: web, namespace: shop, labels: {app: \
     web}}\nspec: {containers: [{name: m, image: m, env: [{name: DB_URL, value: \
     'http://db:8080'}]}]}\n"
        .to_owned()
}

mod a_namespace_by_a_label_that_it_lacks {
    use super::*;

    fn repository(peer: &str, more: &str) -> String {
        let spec = format!(
            "  podSelector: {{}}\n  policyTypes: [Egress]\n  egress:\n  - to: [{peer}]\n  - to: []\n    \
             ports: [{{port: 53, protocol: UDP}}, {{port: 53}}, {{port: 5432}}]\n{more}"
        );
        let objects = [NAMESPACE, &web(), &pod("db", super::super::false_alarms::SHOP)].concat();
        format!("# file: a.yaml\n{}{objects}{}", policy("all", &spec), service("db"))
    }

    #[test]
    fn explains_why_nothing_in_it_is_reached() {
        let peer = "{namespaceSelector: {matchLabels: {name: shop}}}";
        fires(&repository(peer, ""), "namespace-label-by-name a.yaml:9");
        // A rule that names the pods themselves, for another port, is no nearer.
        let named = "  - to: [{podSelector: {matchLabels: {app: db}}}]\n    ports: [{port: 9}]\n";
        fires(&repository(peer, named), "namespace-label-by-name a.yaml:9");
    }

    #[test]
    fn does_not_explain_what_is_blocked_anyway() {
        let peer = "{namespaceSelector: {matchLabels: {name: bank}}}";
        fires(&repository(peer, ""), "blocked-dependency a.yaml:20");
        is_quiet(&repository("{podSelector: {}}", ""));
    }
}

mod a_label_that_an_overlay_adds {
    use super::*;

    fn repository(own: &str, selected: &str) -> String {
        let web = format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web, namespace: shop, labels: \
             {{app: web, {own}}}}}\nspec:\n  selector: {{matchLabels: {{app: web}}}}\n  template: \
             {{metadata: {{labels: {{app: web}}}}, spec: {{containers: [{{name: m, image: m}}]}}}}\n"
        );
        let spec = format!(
            "  podSelector: {{matchLabels: {{{selected}}}}}\n  policyTypes: [Ingress]\n  ingress: \
             [{{from: [{{namespaceSelector: {{}}}}]}}]\n"
        );
        format!(
            "# file: policies/kustomization.yaml\nresources: [p.yaml]\nlabels:\n- pairs: {{team: \
             a}}\n  includeSelectors: true\n# file: policies/p.yaml\n{}# file: \
             web/kustomization.yaml\nresources: [web.yaml]\n# file: web/web.yaml\n{web}# file: \
             all/kustomization.yaml\nresources: [../policies, ../web]\n",
            policy("web", &spec)
        )
    }

    #[test]
    fn is_told_of_where_it_is_added() {
        let added = "kustomize-rewrites-peer policies/kustomization.yaml:3";
        assert!(
            shown(&repository("team: a", "app: web"))
                .iter()
                .all(|found| found.starts_with("kustomize-rewrites-peer"))
        );
        assert_eq!(shown(&repository("team: a", "app: web")).len(), 1, "{added}");
        assert_eq!(shown(&repository("x: y", "app: web")).len(), 1);
    }

    #[test]
    fn does_not_excuse_a_label_that_is_written() {
        let found = shown(&repository("team: a, tier: front", "tier: front"));
        assert_eq!(found, ["labels-on-workload-not-pod policies/p.yaml:6"]);
    }
}

mod several_that_ask {
    use super::*;

    fn webhook(kind: &str, service: &str) -> String {
        format!(
            "---\napiVersion: admissionregistration.k8s.io/v1\nkind: {kind}\nmetadata: {{name: \
             x}}\nwebhooks:\n- name: x.example.com\n  clientConfig: {{service: {{name: {service}, \
             namespace: shop, port: 8080}}}}\n"
        )
    }

    fn closed() -> String {
        policy(
            "all",
            "  podSelector: {}\n  policyTypes: [Ingress]\n  ingress: [{from: [{podSelector: {}}]}]\n",
        )
    }

    fn repository(objects: &[String]) -> String {
        format!("# file: a.yaml\n{}{}", closed(), objects.concat())
    }

    fn pods(name: &str) -> String {
        format!("{}{}", pod(name, super::super::false_alarms::SHOP), service(name))
    }

    #[test]
    fn webhooks_of_one_service_are_one_finding() {
        let kinds = ["ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"];
        let both = kinds.map(|kind| webhook(kind, "web"));
        let found = shown(&repository(&[pods("web"), both.concat()]));
        assert_eq!(found, ["blocked-webhook a.yaml:25"]);
    }

    #[test]
    fn webhooks_of_two_services_are_two() {
        let kind = "ValidatingWebhookConfiguration";
        let found = shown(&repository(&[
            pods("web"),
            pods("auth"),
            webhook(kind, "web"),
            webhook(kind, "auth"),
        ]));
        assert_eq!(found.len(), 2, "{found:?}");
    }

    fn scraped(name: &str, annotation: &str) -> String {
        format!(
            "---\napiVersion: v1\nkind: Pod\nmetadata:\n  name: {name}\n  namespace: shop\n  labels: \
             {{app: {name}}}\n  annotations: {{{annotation}}}\nspec: {{containers: [{{name: m, image: \
             m, ports: [{{containerPort: 8080, name: http}}]}}]}}\n{}",
            service(name)
                .replace("metadata: {name: web", "metadata: {labels: {app: web}, name: web")
        )
    }

    fn monitor(name: &str) -> String {
        format!(
            "---\napiVersion: monitoring.coreos.com/v1\nkind: PodMonitor\nmetadata: {{name: {name}, \
             namespace: shop}}\nspec: {{selector: {{matchLabels: {{app: {name}}}}}, \
             podMetricsEndpoints: [{{port: http}}]}}\n"
        )
    }

    #[test]
    fn an_annotation_and_a_monitor_are_one_finding() {
        let annotation = "prometheus.io/scrape: 'true', prometheus.io/port: '8080'";
        for objects in [
            vec![scraped("web", annotation), monitor("web")],
            vec![scraped("web", annotation)],
            vec![scraped("web", ""), monitor("web")],
        ] {
            let found = shown(&repository(&objects));
            assert_eq!(found.len(), 1, "{found:?}");
            assert!(found[0].starts_with("blocked-scrape "), "{found:?}");
        }
    }
}

mod who_may_call {
    use super::*;

    fn repository(variable: &str) -> String {
        let web = web().replace("DB_URL", variable);
        let closed = policy(
            "all",
            "  podSelector: {}\n  policyTypes: [Ingress, Egress]\n  egress: [{ports: [{port: 53, \
             protocol: UDP}, {port: 53}]}]\n",
        );
        format!(
            "# file: a.yaml\n{closed}{web}{}{}",
            pod("db", super::super::false_alarms::SHOP),
            service("db")
        )
    }

    #[test]
    fn is_not_called() {
        is_quiet(&repository("CORS_ALLOWED_ORIGINS"));
        is_quiet(&repository("OAUTH_REDIRECT_URL"));
        is_quiet(&repository("NO_PROXY"));
        fires(&repository("BACKEND_URL"), "blocked-dependency a.yaml:13");
        fires(&repository("ORIGINAL_DB_URL"), "blocked-dependency a.yaml:13");
    }
}

mod a_label_of_a_namespace {
    use super::*;

    /// Pods that reach each other, and a namespace by its label; the label is in line 10.
    fn repository(name: &str, ports: &str, namespaces: &str) -> String {
        let spec = format!(
            "  podSelector: {{}}\n  policyTypes: [Egress]\n  egress:\n  - to:\n    - \
             {{namespaceSelector: {{matchLabels: {{name: {name}}}}}}}\n    {ports}\n  - to: \
             [{{podSelector: {{matchLabels: {{app: db}}}}}}]\n"
        );
        let shop = super::super::false_alarms::SHOP;
        format!(
            "# file: a.yaml\n{}{}{}{namespaces}",
            policy("all", &spec),
            pod("web", shop),
            pod("db", shop)
        )
    }

    fn namespace(name: &str) -> String {
        format!("---\napiVersion: v1\nkind: Namespace\nmetadata: {{name: {name}}}\n")
    }

    const LABEL: &str = "namespace-label-by-name a.yaml:10";

    #[test]
    fn explains_missing_dns_in_a_rule_for_dns() {
        let ports = "ports: [{port: 53, protocol: UDP}, {port: 53}]";
        fires(&repository("kube-system", ports, ""), LABEL);
        fires(&repository("kube-system", ports, &namespace("kube-system")), LABEL);
        fires(&repository("kube-system", "", &namespace("kube-system")), LABEL);
    }

    #[test]
    fn does_not_explain_it_in_a_rule_for_something_else() {
        let found = shown(&repository("ops", "ports: [{port: 9090}]", &namespace("ops")));
        assert_eq!(found, ["missing-dns-egress a.yaml:8", LABEL]);
        let dns = "ports: [{port: 53, protocol: UDP}, {port: 53}]";
        fires(&repository("ops", dns, &namespace("ops")), LABEL);
    }
}

mod one_policy_in_several_files {
    use super::*;

    fn copies(ports: &[u16]) -> String {
        let copy = |(nth, port): (usize, &u16)| {
            let spec = format!("  podSelector: {{}}\n  ingress: [{{ports: [{{port: {port}}}]}}]\n");
            format!("# file: p{nth}.yaml\n{}", policy("web", &spec))
        };
        ports.iter().enumerate().map(copy).collect()
    }

    #[test]
    fn is_one_finding_on_the_last() {
        fires(&copies(&[80, 81]), "duplicate-policy p1.yaml:4");
        fires(&copies(&[80, 81, 82]), "duplicate-policy p2.yaml:4");
        fires(&copies(&[80, 81, 82, 80]), "duplicate-policy p2.yaml:4");
    }

    #[test]
    fn is_none_if_nothing_is_lost() {
        is_quiet(&copies(&[80, 80, 80]));
        is_quiet(&copies(&[80]));
    }
}

mod a_namespace_that_an_overlay_renames {
    use super::*;

    fn repository(overlay: &str, more: &str) -> String {
        let spec = "  podSelector: {}\n  policyTypes: [Ingress]\n  ingress:\n  - from:\n    - \
                    {namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: shop}}}\n";
        format!(
            "# file: base/kustomization.yaml\nresources: [a.yaml]\n# file: \
             base/a.yaml\n{}{NAMESPACE}{}# file: prod/kustomization.yaml\nresources: \
             [../base]\n{overlay}{more}",
            policy("web", spec),
            web()
        )
    }

    const OLD: &str = "orphaned-namespace-selector base/a.yaml:10";

    #[test]
    fn is_followed_in_what_peers_name() {
        fires(&repository("namespace: shop-prod\n", ""), OLD);
        let patch = "patches:\n- target: {kind: NetworkPolicy}\n  patch: |\n    - op: replace\n      \
                     path: /spec/ingress/0/from/0/namespaceSelector/matchLabels/kubernetes.io~1metadata.\
                     name\n      value: shop-prod\n";
        is_quiet(&repository(&format!("namespace: shop-prod\n{patch}"), ""));
    }

    #[test]
    fn is_still_there_if_something_else_has_it() {
        is_quiet(&repository("", ""));
        let other = format!("# file: other/shop.yaml\n{NAMESPACE}");
        is_quiet(&repository("namespace: shop-prod\n", &other));
    }
}
