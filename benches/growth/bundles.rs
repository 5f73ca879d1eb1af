//! Dimensions of what is made of manifests: directories, kustomizations, charts, controllers.

use super::manifests::{DENY, deployment, egress, egress_of_all, many, policy};
use super::{Dimension, Repository};

pub const DIMENSIONS: &[&Dimension] = &[
    &Dimension {
        name: "the same policy in many directories",
        first: 50,
        write: |to, n| {
            for i in 0..n {
                let text = deployment(&format!("d{i}"), "", "") + &policy("default-deny", "", DENY);
                to.file(&format!("apps/a{i}/a.yaml"), text.replace("  namespace: \n", ""));
            }
        },
    },
    // What is deployed is every pair of an ApplicationSet and a directory: each is doubled alone.
    &Dimension {
        name: "ApplicationSets of 5 directories",
        first: 10,
        write: |to, n| application_sets(to, n, 5),
    },
    &Dimension {
        name: "directories of 5 ApplicationSets",
        first: 10,
        write: |to, n| application_sets(to, 5, n),
    },
    &Dimension {
        name: "kustomizations",
        first: 25,
        write: |to, n| {
            for i in 0..n {
                to.file(&format!("k{i}/kustomization.yaml"), "resources: [a.yaml]\n");
                let namespace = format!("n{i}");
                let text =
                    deployment("d", &namespace, "") + &policy("p", &namespace, &egress("d", "b"));
                to.file(&format!("k{i}/a.yaml"), text);
            }
        },
    },
    &Dimension {
        name: "overlays of one base",
        first: 5,
        write: |to, n| {
            to.file("base/kustomization.yaml", "resources: [a.yaml]\n");
            let one = |i: usize| policy(&format!("p{i}"), "a", &egress(&format!("d{i}"), "b"));
            to.file("base/a.yaml", deployments(20) + &many(20, one));
            for i in 0..n {
                let text = format!("resources: [../../base]\nnamespace: n{i}\nnamePrefix: o{i}-\n");
                to.file(&format!("overlays/o{i}/kustomization.yaml"), text);
            }
        },
    },
    &Dimension {
        name: "kustomize: patches by name",
        first: 50,
        write: |to, n| {
            let patch = |i: usize| {
                format!(
                    "- patch: |-\n    apiVersion: apps/v1\n    kind: Deployment\n    metadata: \
                     {{name: d{i}, namespace: a, labels: {{x: y}}}}\n"
                )
            };
            kustomization(to, n, &format!("patches:\n{}", many(n, patch)));
        },
    },
    &Dimension {
        name: "kustomize: JSON patches by name",
        first: 50,
        write: |to, n| {
            let patch = |i: usize| {
                format!(
                    "- target: {{kind: Deployment, name: d{i}}}\n  patch: '[{{\"op\": \"add\", \
                     \"path\": \"/metadata/annotations\", \"value\": {{\"a\": \"b\"}}}}]'\n"
                )
            };
            kustomization(to, n, &format!("patches:\n{}", many(n, patch)));
        },
    },
    &Dimension {
        name: "kustomize: operations of one JSON patch",
        first: 50,
        write: |to, n| {
            let operation = |i: usize| {
                format!("    - {{op: add, path: /spec/template/metadata/labels/k{i}, value: v}}\n")
            };
            let operations = many(n, operation);
            let patch =
                format!("patches:\n- target: {{kind: Deployment}}\n  patch: |-\n{operations}");
            kustomization(to, 2, &patch);
        },
    },
    &Dimension {
        name: "kustomize: replacements",
        first: 50,
        write: |to, n| {
            let replacement = |i: usize| {
                format!(
                    "- source: {{kind: Deployment, name: d{i}, fieldPath: metadata.name}}\n  \
                     targets:\n  - select: {{kind: Deployment, name: d{i}}}\n    fieldPaths: \
                     [spec.template.metadata.labels.app]\n"
                )
            };
            kustomization(to, n, &format!("replacements:\n{}", many(n, replacement)));
        },
    },
    &Dimension {
        name: "kustomize: vars",
        first: 50,
        write: |to, n| {
            let var = |i: usize| {
                format!(
                    "- name: V{i}\n  objref: {{kind: Deployment, name: d{i}, apiVersion: apps/v1}}\n"
                )
            };
            kustomization(to, n, &format!("vars:\n{}", many(n, var)));
        },
    },
    &Dimension {
        name: "kustomize: generators",
        first: 50,
        write: |to, n| {
            let generator = |i: usize| format!("- name: c{i}\n  literals: [a=b]\n");
            kustomization(to, n, &format!("configMapGenerator:\n{}", many(n, generator)));
        },
    },
    &Dimension {
        name: "kustomize: replicas",
        first: 50,
        write: |to, n| {
            let replicas = |i: usize| format!("- {{name: d{i}, count: 2}}\n");
            kustomization(to, n, &format!("replicas:\n{}", many(n, replicas)));
        },
    },
    &Dimension {
        name: "kustomize: labels x objects",
        first: 20,
        write: |to, n| {
            let labels = |i: usize| format!("- {{pairs: {{k{i}: v}}, includeSelectors: true}}\n");
            kustomization(to, 20, &format!("labels:\n{}", many(n, labels)));
        },
    },
    &Dimension {
        name: "objects of one chart template",
        first: 25,
        write: |to, n| {
            to.file("c/Chart.yaml", "apiVersion: v2\nname: c\nversion: 0.1.0\n");
            to.file("c/values.yaml", "a: 1\n");
            let one = |i: usize| policy(&format!("p{i}"), &format!("n{i}"), &egress_of_all("b"));
            to.file("c/templates/p.yaml", many(n, one));
        },
    },
];

fn deployments(count: usize) -> String {
    many(count, |i| deployment(&format!("d{i}"), "a", ""))
}

/// A kustomization of that many Deployments and one policy.
fn kustomization(to: &Repository, objects: usize, fields: &str) {
    to.file("kustomization.yaml", format!("resources: [a.yaml]\n{fields}"));
    to.file("a.yaml", deployments(objects) + &policy("p", "a", DENY));
}

fn application_sets(to: &Repository, sets: usize, directories: usize) {
    for i in 0..directories {
        let text = deployment(&format!("d{i}"), "n", "") + &policy(&format!("p{i}"), "n", DENY);
        to.file(&format!("apps/a{i}/a.yaml"), text);
    }
    for i in 0..sets {
        to.file(&format!("argo/a{i}.yaml"), application_set(i));
    }
}

fn application_set(number: usize) -> String {
    format!(
        "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {{name: s{number}, \
         namespace: argocd}}\nspec:\n  generators: [{{git: {{directories: [{{path: \
         'apps/*'}}]}}}}]\n  template: {{spec: {{source: {{path: '{{{{path}}}}', repoURL: x}}, \
         destination: {{namespace: x{number}}}}}}}\n"
    )
}
