//! The mistakes that this linter exists for, one at a time: a correct policy beside its workloads,
//! one change, exactly one finding at the right line.

use netpol_lint::{Request, check};

/// A frontend that may reach DNS and its backend, and nothing else.
const POLICY: &str = "\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: frontend-allow-egress-to-backend
spec:
  podSelector:
    matchLabels:
      app: frontend
  policyTypes:
  - Egress
  egress:
  # DNS
  - to:
    - namespaceSelector:
        matchLabels:
          kubernetes.io/metadata.name: kube-system
      podSelector:
        matchLabels:
          k8s-app: kube-dns
    ports:
    - port: 53
      protocol: UDP
    - port: 53
      protocol: TCP
  # The backend
  - to:
    - podSelector:
        matchLabels:
          app: backend-api
    ports:
    - port: 80
      protocol: TCP
";

const DNS: &str = "\
  # DNS
  - to:
    - namespaceSelector:
        matchLabels:
          kubernetes.io/metadata.name: kube-system
      podSelector:
        matchLabels:
          k8s-app: kube-dns
    ports:
    - port: 53
      protocol: UDP
    - port: 53
      protocol: TCP
";

/// A Pod and its Service.
fn app(name: &str, namespace: &str, port: u16) -> String {
    let namespace =
        if namespace.is_empty() { String::new() } else { format!("  namespace: {namespace}\n") };
    format!(
        "---\napiVersion: v1\nkind: Pod\nmetadata:\n  name: {name}\n{namespace}  labels:\n    app: {name}\nspec:\n  containers:\n  - name: main\n    image: nginx\n    ports:\n    - name: web\n      containerPort: {port}\n---\napiVersion: v1\nkind: Service\nmetadata:\n  name: {name}\n{namespace}spec:\n  selector:\n    app: {name}\n  ports:\n  - port: 80\n    targetPort: {port}\n"
    )
}

fn apps(backend: &str) -> String {
    [&app("frontend", "", 80), backend, &app("database", "", 80)].map(ToString::to_string).concat()
}

/// Rule, line, and message with its help, of each finding.
fn found(policy: &str, apps: &str) -> Vec<(&'static str, usize, String)> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("policy.yaml"), policy).unwrap();
    std::fs::write(folder.path().join("apps.yaml"), apps).unwrap();
    let cwd = folder.path().canonicalize().unwrap();
    let outcome = check(&Request { cwd, ..Request::default() }, &()).unwrap();
    let findings = outcome.findings.iter().map(|finding| {
        assert_eq!(outcome.sources.get(finding.place.source).path, "policy.yaml");
        let words = format!("{} | {}", finding.message, finding.help);
        (finding.rule.id, outcome.sources.start(finding.place).line, words)
    });
    findings.collect()
}

#[track_caller]
fn only(policy: &str, apps: &str, rule: &str, line: &str, word: &str) {
    let found = found(policy, apps);
    let number = policy.lines().position(|text| text == line).unwrap() + 1;
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((found[0].0, found[0].1), (rule, number), "{found:?}");
    assert!(found[0].2.contains(word), "{found:?}");
}

#[test]
fn the_policy_as_it_should_be() {
    assert_eq!(found(POLICY, &apps(&app("backend-api", "", 80))), []);
}

#[test]
fn without_dns() {
    let policy = POLICY.replace(DNS, "");
    only(&policy, &apps(&app("backend-api", "", 80)), "missing-dns-egress", "  egress:", "DNS");
}

#[test]
fn dns_over_udp_only() {
    let policy = POLICY.replace("    - port: 53\n      protocol: TCP\n", "");
    only(
        &policy,
        &apps(&app("backend-api", "", 80)),
        "dns-single-protocol",
        "    - port: 53",
        "TCP",
    );
}

#[test]
fn dns_without_protocol_means_tcp() {
    let entries = "    - port: 53\n      protocol: UDP\n    - port: 53\n      protocol: TCP\n";
    let policy = POLICY.replace(entries, "    - port: 53\n");
    let apps = apps(&app("backend-api", "", 80));
    only(&policy, &apps, "dns-single-protocol", "    - port: 53", "without `protocol` is TCP");
}

#[test]
fn a_peer_that_selects_nothing_names_the_near_miss() {
    let policy = POLICY.replace("app: backend-api", "app: backend");
    let apps = apps(&app("backend-api", "", 80));
    only(&policy, &apps, "orphaned-peer-selector", "          app: backend", "`app: backend-api`");
}

#[test]
fn a_peer_in_another_namespace() {
    let apps = apps(&app("backend-api", "backend-services", 80));
    only(POLICY, &apps, "missing-namespace-selector", "    - podSelector:", "`backend-services`");
}

#[test]
fn the_port_of_the_service() {
    let apps = apps(&app("backend-api", "", 8080));
    only(POLICY, &apps, "service-port-not-pod-port", "    - port: 80", "8080");
}

#[test]
fn a_named_port_that_no_pod_has() {
    let policy = POLICY.replace("port: 80", "port: http");
    only(
        &policy,
        &apps(&app("backend-api", "", 80)),
        "unknown-named-port",
        "    - port: http",
        "`port: web`",
    );
}

#[test]
fn without_policy_types() {
    let policy = POLICY.replace("  policyTypes:\n  - Egress\n", "");
    let apps = apps(&app("backend-api", "", 80));
    only(&policy, &apps, "implicit-ingress-isolation", "  egress:", "policyTypes");
}

#[test]
fn a_workload_without_a_namespace_may_be_applied_into_the_policys() {
    let policy = POLICY.replace("metadata:\n", "metadata:\n  namespace: shop\n");
    let apps = format!("{}{}", app("frontend", "shop", 80), app("backend-api", "", 80));
    assert_eq!(found(&policy, &apps), []);
}
