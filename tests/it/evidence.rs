//! How findings use what the repository shows, and which fixes they withhold: behavior that needs
//! several files, or another rule, and so is on no rule's page.

use std::fs;
use std::path::Path;

use netpol_lint::lint::{Check, Confidence, Finding, RULES, Safety, Severity};
use netpol_lint::triage::Selection;
use netpol_lint::{FixOptions, Request, apply_fixes, check};
use tempfile::TempDir;

use crate::pages;

/// Writes the files of a repository: `# file: name` begins one.
fn repository(text: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join(".git")).unwrap();
    for part in text.split("# file: ").skip(1) {
        let (name, content) = part.split_once('\n').unwrap();
        let path = folder.path().join(name.trim());
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    folder
}

fn request(folder: &Path) -> Request {
    Request { cwd: folder.canonicalize().unwrap(), ..Request::default() }
}

fn findings(text: &str) -> Vec<Finding> {
    check(&request(repository(text).path()), &()).unwrap().findings
}

/// Including those whose confidence is too low to be shown by default.
fn all_findings(text: &str) -> Vec<Finding> {
    let folder = repository(text);
    let selection = Selection {
        min_severity: Some(Severity::Note),
        min_confidence: Some(Confidence::Low),
        ..Selection::default()
    };
    check(&Request { selection, ..request(folder.path()) }, &()).unwrap().findings
}

fn of<'a>(findings: &'a [Finding], rule: &str) -> Vec<&'a Finding> {
    findings.iter().filter(|finding| finding.rule.id == rule).collect()
}

fn only<'a>(findings: &'a [Finding], rule: &str) -> &'a Finding {
    match of(findings, rule).as_slice() {
        [one] => one,
        other => panic!("{rule} is found {} times: {findings:#?}", other.len()),
    }
}

fn pod(name: &str, namespace: &str, labels: &str) -> String {
    format!(
        "---\napiVersion: v1\nkind: Pod\nmetadata: {{name: {name}, namespace: {namespace}, \
         labels: {{{labels}}}}}\nspec: {{containers: [{{name: main, image: x}}]}}\n"
    )
}

/// A policy for `app: web` in namespace `shop` with one ingress rule for those peers.
fn ingress(peers: &str) -> String {
    format!(
        "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: web, \
         namespace: shop}}\nspec:\n  podSelector: {{matchLabels: {{app: web}}}}\n  policyTypes: \
         [Ingress]\n  ingress:\n  - from:\n{peers}"
    )
}

#[test]
fn each_unsafe_fix_says_what_it_allows_or_denies() {
    let mut wrong = Vec::new();
    for rule in RULES.iter().filter(|rule| !matches!(rule.check, Check::Run)) {
        for example in pages::examples(rule).iter().filter(|example| example.bad) {
            let (_folder, outcome) = pages::run(rule, example.text);
            let fixes = outcome.findings.iter().flat_map(|finding| &finding.fixes);
            let says = |title: &str| ["allow", "den"].iter().any(|word| title.contains(word));
            let silent = fixes.filter(|fix| fix.safety == Safety::Unsafe && !says(&fix.title));
            wrong.extend(silent.map(|fix| format!("{}: {}", rule.id, fix.title)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

const DNS_IN_TWO: &str = "\
# file: a.yaml
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web, namespace: shop}
spec:
  podSelector: {matchLabels: {app: web}}
  policyTypes: [Egress]
  egress:
  - to:
    - namespaceSelector:
        matchLabels:
          name: kube-system
    - podSelector:
        matchLabels:
          k8s-app: kube-dns
    ports:
    - {port: 53, protocol: UDP}
    - {port: 53, protocol: TCP}
";

#[test]
fn no_fix_edits_one_half_of_a_split_peer() {
    let folder = repository(DNS_IN_TWO);
    let found = all_findings(DNS_IN_TWO);
    for finding in found.iter().filter(|finding| finding.rule.id != "split-peer") {
        assert!(finding.fixes.is_empty(), "{finding:#?}");
    }
    let by_name = of(&found, "namespace-label-by-name");
    assert!(by_name.iter().all(|it| it.withheld.as_ref().unwrap().contains("split-peer")));
    let how = FixOptions { risky: true, write: true };
    apply_fixes(&request(folder.path()), how, &()).unwrap();
    let after = fs::read_to_string(folder.path().join("a.yaml")).unwrap();
    // Either unchanged, or both in one item: never every pod in kube-system.
    let whole = "    - namespaceSelector:\n        matchLabels:\n          \
                 kubernetes.io/metadata.name: kube-system\n    - podSelector:";
    assert!(!after.contains(whole), "{after}");
}

#[test]
fn a_separate_peer_keeps_its_fix() {
    let peers = "    - podSelector: {matchLabels: {app: prometheus}}\n    - podSelector: \
                 {matchLabels: {app: web}}\n";
    let text = format!(
        "# file: a.yaml\n{}{}{}",
        pod("web", "shop", "app: web"),
        pod("prometheus", "monitoring", "app: prometheus"),
        ingress(peers)
    );
    let found = findings(&text);
    let finding = only(&found, "missing-namespace-selector");
    assert_eq!((finding.fixes.len(), finding.withheld.as_deref()), (1, None));
}

#[test]
fn a_hidden_split_peer_still_overrides_its_halves() {
    // The policy's own namespace is open: nothing is known about `app: client`, and a pod in
    // another namespace has it.
    let peers = "    - namespaceSelector: {matchLabels: {team: a}}\n    - podSelector: \
                 {matchLabels: {app: client}}\n";
    let text = format!(
        "# file: a.yaml\n{}{}{}",
        pod("web", "shop", "app: web"),
        pod("client", "shop", "app: client"),
        ingress(peers)
    );
    assert_eq!(of(&findings(&text), "split-peer").len(), 0);
    let found = all_findings(&text);
    assert_eq!(only(&found, "split-peer").confidence, Confidence::Low);
    assert_eq!(of(&found, "orphaned-peer-selector").len(), 0);
}

#[test]
fn a_pod_selector_without_any_match_is_an_orphan_and_not_a_split_peer() {
    let peers = "    - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: edge}}\n    \
                 - podSelector: {matchLabels: {app: proxi}}\n";
    let text = format!(
        "# file: a.yaml\n{}{}{}",
        pod("web", "shop", "app: web"),
        pod("gate", "edge", "app: gate"),
        ingress(peers)
    );
    let found = findings(&text);
    assert_eq!(of(&found, "split-peer").len(), 0);
    let orphan = only(&found, "orphaned-peer-selector");
    // Every pod in `edge` is still allowed.
    assert!(orphan.message.ends_with("; this peer matches no pod"), "{}", orphan.message);
}

#[test]
fn a_rule_allows_no_traffic_only_if_no_other_peer_does() {
    let shop = |peers: &str| {
        format!("# file: a.yaml\n{}{}", pod("web", "shop", "app: web"), ingress(peers))
    };
    let dead = "    - podSelector: {matchLabels: {app: nobody}}\n";
    let alone = findings(&shop(dead));
    let words = &only(&alone, "orphaned-peer-selector").message;
    assert!(words.ends_with("; the rule allows no traffic"), "{words}");
    for other in [
        "    - podSelector: {matchLabels: {app: web}}\n",
        "    - ipBlock: {cidr: 192.0.2.0/24}\n",
        "    - namespaceSelector: {matchLabels: {team: a}}\n",
    ] {
        let found = findings(&shop(&format!("{dead}{other}")));
        let orphans = of(&found, "orphaned-peer-selector");
        for orphan in orphans {
            assert!(orphan.message.ends_with("; this peer matches no pod"), "{}", orphan.message);
        }
    }
}

#[test]
fn similar_names_are_compared_by_the_part_that_differs() {
    let named = |pods: &[(&str, &str)], peer: &str| {
        let pods: String = pods.iter().map(|(name, labels)| pod(name, "shop", labels)).collect();
        let peers = format!("    - podSelector: {{matchLabels: {{{peer}}}}}\n");
        let text =
            format!("# file: a.yaml\n{}{pods}{}", pod("web", "shop", "app: web"), ingress(&peers));
        only(&findings(&text), "orphaned-peer-selector").message.clone()
    };
    let both = [("m", "app: acme-prometheus"), ("db", "app: acme-postgresql")];
    let printed = named(&both, "app: acme-postgres");
    assert!(printed.contains("Pod `db` has `app: acme-postgresql`"), "{printed}");
    // Nothing is similar: list what exists.
    let printed = named(&both[..1], "app: acme-postgres");
    assert!(
        printed.contains("the workloads there have `app: web` and `app: acme-prometheus`"),
        "{printed}"
    );
    // The same value under another key comes first.
    let keys = [("api-2", "app: apis"), ("api", "app.kubernetes.io/name: api")];
    let printed = named(&keys, "app: api");
    assert!(printed.contains("Pod `api` has `app.kubernetes.io/name: api`"), "{printed}");
}

const RELABELLED: &str = "\
# file: base/kustomization.yaml
resources: [all.yaml]
# file: base/all.yaml
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: main, image: x}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: one}
spec:
  podSelector: {matchLabels: {app: web}}
  policyTypes: [Ingress]
  ingress:
  - from: [{podSelector: {matchLabels: {app: web}}}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: two}
spec:
  podSelector: {}
  policyTypes: [Ingress]
  ingress:
  - from:
    - podSelector: {matchLabels: {app: web}}
# file: prod/kustomization.yaml
namespace: shop
resources: [../base]
labels:
- pairs:
    app: web-prod
  includeTemplates: true
";

#[test]
fn one_overlay_label_on_several_selectors_is_reported_once_at_the_overlay() {
    let folder = repository(RELABELLED);
    let outcome = check(&request(folder.path()), &()).unwrap();
    let [finding] = outcome.findings.as_slice() else {
        panic!("one finding: {:#?}", outcome.findings);
    };
    assert_eq!(outcome.sources.get(finding.place.source).path, "prod/kustomization.yaml");
    assert!(finding.message.contains("the same happens to"), "{}", finding.message);
    assert!(finding.message.contains("`app: web-prod` instead"), "{}", finding.message);
}

const PATCHED: &str = "\
# file: base/kustomization.yaml
resources: [policy.yaml]
# file: base/policy.yaml
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web}
spec:
  podSelector: {matchLabels: {app: web}}
  policyTypes: [Egress]
  egress:
  - to:
    - podSelector: {matchLabels: {app: db}}
    ports: [{port: 5432}]
# file: prod/kustomization.yaml
namespace: shop
resources: [../base]
patches:
- target: {kind: NetworkPolicy}
  patch: |
    - op: replace
      path: PATH
      value: VALUE
";

/// Overlays that write elsewhere in the policy do not prevent a fix of the base's own text; the
/// parts that they wrote do, and the finding says so.
#[test]
fn only_the_edited_part_must_be_in_the_base() {
    let with = |path: &str, value: &str| PATCHED.replace("PATH", path).replace("VALUE", value);
    let elsewhere = findings(&with("/spec/podSelector", "{matchLabels: {app: web2}}"));
    let finding = only(&elsewhere, "missing-dns-egress");
    assert_eq!((finding.fixes.len(), finding.withheld.as_deref()), (1, None));
    let egress = "[{to: [{podSelector: {}}], ports: [{port: 8080}]}]";
    let there = findings(&with("/spec/egress", egress));
    assert!(only(&there, "missing-dns-egress").fixes.is_empty());
}

#[test]
fn openshift_is_detected_by_any_of_its_names() {
    let policy = |peer: &str, ports: &str| {
        format!(
            "# file: a.yaml\n{}---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n\
             metadata: {{name: web, namespace: shop}}\nspec:\n  podSelector: {{matchLabels: {{app: \
             web}}}}\n  policyTypes: [Ingress, Egress]\n  ingress:\n  - from: [{{{peer}}}]\n  \
             egress:\n  - to: [{{podSelector: {{matchLabels: {{app: web}}}}}}]\n  - ports: \
             {ports}\n",
            pod("web", "shop", "app: web")
        )
    };
    let both = "[{port: 53, protocol: UDP}, {port: 53, protocol: TCP}]";
    for peer in [
        "namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: openshift-ingress}}",
        "namespaceSelector: {matchLabels: {policy-group.network.openshift.io/host-network: \"\"}}",
        "namespaceSelector: {matchLabels: {network.openshift.io/policy-group: monitoring}}",
        "namespaceSelector: {matchLabels: {name: openshift-monitoring}}",
    ] {
        let found = findings(&policy(peer, both));
        assert_eq!(only(&found, "dns-wrong-target").severity, Severity::Error, "{peer}");
        let right = both.replace("53", "5353");
        assert_eq!(of(&findings(&policy(peer, &right)), "dns-wrong-target").len(), 0, "{peer}");
    }
    // Not an OpenShift name, so port 53 it is.
    for peer in [
        "namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: my-openshift-app}}",
        "podSelector: {matchLabels: {app: openshift-console}}",
        "namespaceSelector: {matchExpressions: [{key: openshift.io/run-level, operator: DoesNotExist}]}",
    ] {
        assert_eq!(of(&findings(&policy(peer, both)), "dns-wrong-target").len(), 0, "{peer}");
    }
}

const CHART: &str = "\
# file: chart/Chart.yaml
apiVersion: v2
name: shop
version: 1.0.0
# file: chart/values.yaml
client: \"\"
blocks: []
# file: chart/templates/deployment.yaml
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: main, image: x}]}
# file: chart/templates/policy.yaml
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: web
spec:
  podSelector:
    matchLabels: {app: web}
  policyTypes: [Ingress]
  ingress:
  - from:
    - podSelector:
        matchLabels:
          app: {{ .Values.client }}
  - from:
    {{- range .Values.blocks }}
    - ipBlock:
        cidr: {{ . }}
    {{- end }}
    ports:
    - port: 8080
";

#[test]
fn what_a_chart_leaves_empty_is_unknown_but_a_list_that_it_leaves_null_is_everyone() {
    let found = all_findings(CHART);
    let rules: Vec<_> = found.iter().map(|finding| finding.rule.id).collect();
    assert_eq!(rules, ["null-field"], "{found:#?}");
}

/// `kubectl create job --from` and other CronJobs do not change the names of a CronJob's own Jobs.
#[test]
fn jobs_are_named_after_their_cron_job_and_a_time() {
    let cron_job = |name: &str| {
        format!(
            "---\napiVersion: batch/v1\nkind: CronJob\nmetadata: {{name: {name}, namespace: \
             shop}}\nspec: {{jobTemplate: {{spec: {{template: {{spec: {{containers: []}}}}}}}}}}\n"
        )
    };
    let asked = |names: &[&str], value: &str| {
        let jobs: String = names.iter().map(|name| cron_job(name)).collect();
        let peers = format!("    - podSelector: {{matchLabels: {{job-name: {value}}}}}\n");
        let pods = pod("web", "shop", "app: web");
        findings(&format!("# file: a.yaml\n{pods}{jobs}{}", ingress(&peers)))
            .iter()
            .any(|finding| finding.rule.id == "orphaned-peer-selector")
    };
    assert!(asked(&["backup"], "backup"));
    assert!(asked(&["backup", "report", "clean"], "report"));
    assert!(asked(&["backup"], "backup-daily"));
    assert!(!asked(&["backup", "report"], "report-28934520"));
    assert!(!asked(&["${NAME}"], "backup"));
}
