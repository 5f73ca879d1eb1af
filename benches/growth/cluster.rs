//! Dimensions of one cluster: policies, workloads, namespaces, Services.

use super::manifests::{DENY, deployment, egress, egress_of_all, many, policy};
use super::{Dimension, Repository};

pub const DIMENSIONS: &[&Dimension] = &[
    &Dimension {
        name: "policies for all pods x workloads",
        first: 100,
        write: |to, n| {
            workloads(to, n);
            to.file("p.yaml", many(n, |i| policy(&format!("p{i}"), "a", &egress_of_all("a0"))));
        },
    },
    &Dimension {
        name: "workloads of 100 policies",
        first: 100,
        write: |to, n| {
            workloads(to, n);
            to.file("p.yaml", many(100, |i| policy(&format!("p{i}"), "a", &egress_of_all("a0"))));
        },
    },
    &Dimension {
        name: "policies, each for its own workload",
        first: 100,
        write: |to, n| {
            workloads(to, n);
            let spec = |i: usize| egress(&format!("a{i}"), &format!("a{}", (i + 1) % n));
            to.file("p.yaml", many(n, |i| policy(&format!("p{i}"), "a", &spec(i))));
        },
    },
    &Dimension {
        name: "policies of one namespace",
        first: 100,
        write: |to, n| {
            workloads(to, 100);
            let spec = |i: usize| egress(&format!("a{}", i % 100), &format!("a{}", (i + 1) % 100));
            to.file("p.yaml", many(n, |i| policy(&format!("p{i}"), "a", &spec(i))));
        },
    },
    &Dimension {
        name: "policies for all pods but one",
        first: 100,
        write: |to, n| {
            workloads(to, 100);
            let spec = |i: usize| {
                format!(
                    "  podSelector: {{matchExpressions: [{{key: app, operator: NotIn, values: \
                     [a{i}]}}]}}\n  policyTypes: [Egress]\n  egress:\n  - ports: [{{port: 53}}, \
                     {{port: 53, protocol: UDP}}]\n"
                )
            };
            to.file("p.yaml", many(n, |i| policy(&format!("p{i}"), "a", &spec(i))));
        },
    },
    &Dimension {
        name: "policies without workloads",
        first: 100,
        write: |to, n| {
            let spec = |i: usize| egress(&format!("a{i}"), &format!("b{i}"));
            to.file("p.yaml", many(n, |i| policy(&format!("p{i}"), "a", &spec(i))));
        },
    },
    &Dimension {
        name: "policies with DNS, without workloads",
        first: 100,
        write: |to, n| {
            let dns = |i: usize| {
                format!(
                    "  podSelector: {{matchLabels: {{app: a{i}}}}}\n  egress:\n  - ports: [{{port: \
                     53}}, {{port: 53, protocol: UDP}}]\n"
                )
            };
            let other = |i: usize| egress(&format!("b{i}"), "c");
            to.file("dns.yaml", many(n, |i| policy(&format!("d{i}"), "a", &dns(i))));
            to.file("p.yaml", many(n, |i| policy(&format!("p{i}"), "a", &other(i))));
        },
    },
    &Dimension {
        name: "resolvers x peers",
        first: 50,
        write: |to, n| {
            let ports = "        - containerPort: 53\n          protocol: UDP\n";
            to.file("w.yaml", many(n, |i| deployment(&format!("a{i}"), "a", ports)));
            let spec = |i: usize| {
                format!(
                    "  podSelector: {{matchLabels: {{app: a{i}}}}}\n  policyTypes: [Egress]\n  \
                     egress:\n  - to:\n    - podSelector: {{}}\n    ports: [{{port: 53, protocol: \
                     UDP}}]\n"
                )
            };
            to.file("p.yaml", many(n, |i| policy(&format!("p{i}"), "a", &spec(i))));
        },
    },
    &Dimension {
        name: "namespaces",
        first: 100,
        write: |to, n| {
            let one = |i: usize| {
                let namespace = format!("n{i}");
                let head = format!(
                    "---\napiVersion: v1\nkind: Namespace\nmetadata: {{name: n{i}, labels: \
                     {{team: t{i}}}}}\n"
                );
                head + &deployment("a", &namespace, "") + &policy("p", &namespace, DENY)
            };
            to.file("a.yaml", many(n, one));
        },
    },
    &Dimension {
        name: "labels of one selector",
        first: 200,
        write: |to, n| {
            workloads(to, 20);
            let labels = many(n, |i| format!("      k{i}: v\n"));
            let selector = format!("  podSelector:\n    matchLabels:\n{labels}");
            to.file("p.yaml", policy("p", "a", &selector));
        },
    },
    &Dimension {
        name: "labels of one workload x policies",
        first: 100,
        write: |to, n| {
            let labels = many(n, |i| format!(", k{i}: v{i}"));
            let pod = format!(
                "apiVersion: v1\nkind: Pod\nmetadata: {{name: w, namespace: a, labels: {{app: \
                 a0{labels}}}}}\nspec: {{containers: [{{name: c, image: x}}]}}\n"
            );
            to.file("w.yaml", pod);
            let spec = |i: usize| {
                format!("  podSelector: {{matchLabels: {{k{i}: v}}}}\n  policyTypes: [Ingress]\n")
            };
            to.file("p.yaml", many(n, |i| policy(&format!("p{i}"), "a", &spec(i))));
        },
    },
    &Dimension {
        name: "rules of one policy",
        first: 50,
        write: |to, n| {
            workloads(to, 20);
            let rule = |i: usize| {
                format!("  - from:\n    - podSelector: {{matchLabels: {{app: a{}}}}}\n", i % 20)
            };
            let ports = |i: usize| format!("  - ports:\n    - port: {}\n", i % 60_000 + 1);
            let rules = many(n, |i| rule(i) + &ports(i));
            to.file("p.yaml", policy("p", "a", &format!("{DENY}  ingress:\n{rules}")));
        },
    },
    &Dimension {
        name: "Services x workloads",
        first: 100,
        write: |to, n| {
            let port = "        - containerPort: 8080\n";
            to.file("w.yaml", many(n, |i| deployment(&format!("a{i}"), "a", port)));
            let service = |i: usize| {
                format!(
                    "---\napiVersion: v1\nkind: Service\nmetadata: {{name: s{i}, namespace: \
                     a}}\nspec:\n  selector: {{app: a{i}}}\n  ports: [{{port: 80, targetPort: \
                     8080}}]\n"
                )
            };
            to.file("s.yaml", many(n, service));
            to.file(
                "p.yaml",
                policy("p", "a", &format!("{DENY}  ingress:\n  - ports: [{{port: 80}}]\n")),
            );
        },
    },
];

/// Deployments `a0`, `a1` … in namespace `a`.
fn workloads(to: &Repository, count: usize) {
    to.file("w.yaml", many(count, |i| deployment(&format!("a{i}"), "a", "")));
}
