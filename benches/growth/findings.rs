//! Dimensions of what is found, and of what holds it back.

use super::Dimension;
use super::manifests::{DENY, deployment, egress, egress_of_all, many, policy};

pub const DIMENSIONS: &[&Dimension] = &[
    &Dimension {
        name: "missing-dns findings",
        first: 100,
        write: |to, n| {
            to.file("w.yaml", many(n, |i| deployment(&format!("a{i}"), "a", "")));
            to.file(
                "p.yaml",
                many(n, |i| policy(&format!("p{i}"), "a", &egress(&format!("a{i}"), "a0"))),
            );
        },
    },
    &Dimension {
        name: "suppressions x findings",
        first: 100,
        write: |to, n| {
            let one = |i: usize| {
                let comment = "# netpol-lint: ignore[missing-dns-egress] measured\n";
                let policy = policy(&format!("p{i}"), &format!("n{i}"), &egress_of_all("b"));
                let (before, egress) = policy.split_once("  egress:").unwrap_or_default();
                format!("{comment}{before}  {comment}  egress:{egress}")
            };
            to.file("p.yaml", many(n, one));
        },
    },
    &Dimension {
        name: "suppressions in a row",
        first: 500,
        write: |to, n| {
            let rows = "# netpol-lint: ignore[missing-dns-egress]\n".repeat(n);
            to.file("p.yaml", rows + &policy("p", "a", &egress_of_all("b")));
        },
    },
    &Dimension {
        name: "findings of one file",
        first: 100,
        write: |to, n| {
            let one = |i: usize| policy(&format!("p{i}"), &format!("n{i}"), &egress("a", "b"));
            to.file("p.yaml", many(n, one));
        },
    },
    &Dimension {
        name: "findings of one policy, with fixes",
        first: 100,
        write: |to, n| {
            let ports = many(n, |i| format!("    - port: \"{}\"\n", i % 60_000 + 1));
            let spec = format!("{DENY}  ingress:\n  - ports:\n{ports}");
            to.file("p.yaml", policy("p", "a", &spec));
        },
    },
    &Dimension {
        name: "split peers of one rule, with fixes",
        first: 50,
        write: |to, n| {
            let peers = many(n, |i| {
                format!(
                    "    - namespaceSelector: {{matchLabels: {{team: x}}}}\n    - podSelector: \
                     {{matchLabels: {{app: b{i}}}}}\n"
                )
            });
            let spec = format!("{DENY}  ingress:\n  - from:\n{peers}");
            to.file("p.yaml", policy("p", "a", &spec));
        },
    },
    &Dimension {
        name: "findings on one line",
        first: 100,
        write: |to, n| {
            let items: Vec<String> = (0..n)
                .map(|i| {
                    format!(
                        r#"{{"apiVersion":"networking.k8s.io/v1","kind":"NetworkPolicy","metadata":{{"name":"p{i}","namespace":"n{i}"}},"spec":{{"podSelector":{{}},"policyTypes":["Egress"],"egress":[{{"to":[{{"podSelector":{{"matchLabels":{{"app":"y"}}}}}}]}}]}}}}"#
                    )
                })
                .collect();
            let items = items.join(",");
            to.file("l.json", format!(r#"{{"apiVersion":"v1","kind":"List","items":[{items}]}}"#));
        },
    },
    &Dimension {
        name: "findings that silence others",
        first: 50,
        write: |to, n| {
            to.file("w.yaml", deployment("a", "a", ""));
            let peers = many(n, |i| {
                format!(
                    "    - podSelector: {{matchLabels: {{app: b{i}}}}}\n    - ipBlock: {{cidr: \
                     10.0.0.0/8}}\n      podSelector: {{}}\n"
                )
            });
            let spec = format!("{DENY}  ingress:\n  - from:\n{peers}");
            to.file("p.yaml", policy("p", "a", &spec));
        },
    },
    &Dimension {
        name: "selectors that nearly select",
        // In a smaller namespace all workloads are compared.
        first: 200,
        write: |to, n| {
            let name = |i: usize| format!("frontend-service-{i}");
            to.file("w.yaml", many(n, |i| deployment(&name(i), "a", "")));
            let spec = |i: usize| egress(&format!("frontend-servcie-{i}"), &name(i));
            to.file("p.yaml", many(n, |i| policy(&format!("p{i}"), "a", &spec(i))));
        },
    },
    &Dimension {
        name: "annotations of one policy",
        first: 500,
        write: |to, n| {
            let annotations = many(n, |i| format!("    k{i}: v\n"));
            let text = policy("p", "a", DENY);
            let name = "  namespace: a\n";
            to.file("p.yaml", text.replace(name, &format!("{name}  annotations:\n{annotations}")));
        },
    },
];
