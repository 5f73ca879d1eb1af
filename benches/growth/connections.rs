//! Dimensions of what is asked about connections: both sides of a rule, Services that are called,
//! exceptions, lists of values.

use super::manifests::{DENY, deployment, many, policy};
use super::{Dimension, Repository};

pub const DIMENSIONS: &[&Dimension] = &[
    &Dimension {
        name: "clients of one server that rejects them",
        first: 100,
        write: |to, n| {
            to.file("w.yaml", many(n, |i| deployment(&format!("a{i}"), "a", "")));
            let out = |i: usize| {
                format!(
                    "  podSelector: {{matchLabels: {{app: a{i}}}}}\n  policyTypes: [Egress]\n  \
                     egress:\n  - to:\n    - podSelector: {{matchLabels: {{app: a0}}}}\n    ports: \
                     [{{port: 80}}]\n"
                )
            };
            to.file("out.yaml", many(n, |i| policy(&format!("o{i}"), "a", &out(i))));
            // Everybody is let in, each on another port.
            let rule = |i: usize| {
                format!(
                    "  - from:\n    - podSelector: {{matchLabels: {{app: a{i}}}}}\n    ports: \
                     [{{port: 8080}}]\n"
                )
            };
            let spec = "  podSelector: {matchLabels: {app: a0}}\n  policyTypes: [Ingress]\n  \
                        ingress:\n";
            to.file("in.yaml", policy("in", "a", &format!("{spec}{}", many(n, rule))));
        },
    },
    &Dimension {
        name: "Ingresses, monitors and webhooks of Services",
        first: 100,
        write: |to, n| {
            workloads(to, n);
            services(to, n);
            let ingress = |i: usize| {
                format!(
                    "---\napiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {{name: i{i}, \
                     namespace: a}}\nspec: {{defaultBackend: {{service: {{name: s{i}, port: \
                     {{number: 80}}}}}}}}\n"
                )
            };
            let monitor = |i: usize| {
                format!(
                    "---\napiVersion: monitoring.coreos.com/v1\nkind: ServiceMonitor\nmetadata: \
                     {{name: m{i}, namespace: a}}\nspec: {{selector: {{matchLabels: {{app: \
                     a{i}}}}}, endpoints: [{{port: web}}]}}\n"
                )
            };
            let webhook = |i: usize| {
                format!(
                    "---\napiVersion: admissionregistration.k8s.io/v1\nkind: \
                     ValidatingWebhookConfiguration\nmetadata: {{name: w{i}}}\nwebhooks: [{{name: \
                     w.example.com, clientConfig: {{service: {{name: s{i}, namespace: a, port: \
                     80}}}}}}]\n"
                )
            };
            to.file("c.yaml", many(n, |i| ingress(i) + &monitor(i) + &webhook(i)));
            to.file(
                "p.yaml",
                policy("p", "a", &format!("{DENY}  ingress:\n  - from: [{{podSelector: {{}}}}]\n")),
            );
        },
    },
    &Dimension {
        name: "workloads that are told of Services",
        first: 100,
        write: |to, n| {
            let told = |i: usize| {
                let text = deployment(&format!("a{i}"), "a", "");
                let other = (i + 1) % n;
                format!("{text}        env: [{{name: URL, value: \"http://s{other}:80\"}}]\n")
            };
            to.file("w.yaml", many(n, told));
            services(to, n);
            to.file("p.yaml", policy("p", "a", DENY));
        },
    },
    &Dimension {
        name: "exceptions of one policy",
        first: 50,
        write: |to, n| {
            let block = |i: usize| {
                let (b, c) = (i / 250 % 250, i % 250);
                format!("    - ipBlock: {{cidr: 10.{b}.{c}.0/24, except: [10.{b}.{c}.8/29]}}\n")
            };
            let spec = format!(
                "  podSelector: {{}}\n  policyTypes: [Egress]\n  egress:\n  - to:\n{}",
                many(n, block)
            );
            to.file("p.yaml", policy("p", "a", &spec));
        },
    },
    &Dimension {
        name: "values of one list",
        first: 50,
        write: |to, n| {
            workloads(to, 50);
            let values = (0..n).map(|i| format!("a{i}")).collect::<Vec<_>>().join(", ");
            let spec = format!(
                "  podSelector: {{matchExpressions: [{{key: app, operator: In, values: \
                 [{values}]}}]}}\n  policyTypes: [Ingress]\n"
            );
            to.file("p.yaml", policy("p", "a", &spec));
        },
    },
    &Dimension {
        name: "workloads that call the API server",
        first: 100,
        write: |to, n| {
            let account = |i: usize| {
                let text = deployment(&format!("a{i}"), "a", "");
                let spec = format!("    spec:\n      serviceAccountName: sa{i}\n");
                text.replacen("    spec:\n", &spec, 1)
            };
            to.file("w.yaml", many(n, account));
            let binding = |i: usize| {
                format!(
                    "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: \
                     {{name: b{i}, namespace: a}}\nroleRef: {{kind: ClusterRole, name: \
                     view}}\nsubjects: [{{kind: ServiceAccount, name: sa{i}, namespace: a}}]\n"
                )
            };
            to.file("b.yaml", many(n, binding));
            to.file("p.yaml", policy("p", "a", "  podSelector: {}\n  policyTypes: [Egress]\n"));
        },
    },
];

/// Deployments `a0`, `a1` … in namespace `a`.
fn workloads(to: &Repository, count: usize) {
    to.file("w.yaml", many(count, |i| deployment(&format!("a{i}"), "a", "")));
}

/// A Service for each of them, with its label.
fn services(to: &Repository, count: usize) {
    let service = |i: usize| {
        format!(
            "---\napiVersion: v1\nkind: Service\nmetadata: {{name: s{i}, namespace: a, labels: \
             {{app: a{i}}}}}\nspec:\n  selector: {{app: a{i}}}\n  ports: [{{name: web, port: 80, \
             targetPort: 8080}}]\n"
        )
    };
    to.file("s.yaml", many(count, service));
}
