//! What a run keeps is bounded: beyond the limit nothing is checked, one finding says so, and which
//! documents those are does not depend on the threads.

use std::fmt::Write;
use std::path::Path;

use netpol_lint::{Outcome, Request, check};

/// Policies with mistakes: a kilobyte of text and a few kilobytes of memory each.
fn policies(file: usize, count: usize) -> String {
    let mut text = String::new();
    for number in 0..count {
        let peers = "      - podSelector: {matchLabels: {app: web}}\n".repeat(8);
        let _ = write!(
            text,
            "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: \
             p{file}-{number}, namespace: shop}}\nspec:\n  podSelector: {{}}\n  policyTypes: \
             [Ingress]\n  ingress:\n    - from:\n{peers}  egress:\n    - {{}}\n"
        );
    }
    text
}

fn run(root: &Path, memory: usize, threads: usize) -> Outcome {
    let mut request = Request { cwd: root.canonicalize().unwrap(), ..Request::default() };
    request.limits.memory = memory;
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    pool.install(|| check(&request, &())).unwrap()
}

/// Rule, path and message of each finding.
fn found(outcome: &Outcome) -> Vec<String> {
    let words = |finding: &netpol_lint::lint::Finding| {
        let path = &outcome.sources.get(finding.place.source).path;
        format!("{path}: {}: {}", finding.rule.id, finding.message)
    };
    outcome.findings.iter().map(words).collect()
}

#[test]
fn documents_beyond_the_limit_are_one_finding_whatever_the_threads() {
    let folder = tempfile::tempdir().unwrap();
    for file in 0..40 {
        std::fs::write(folder.path().join(format!("f{file:02}.yaml")), policies(file, 5)).unwrap();
    }
    let all = found(&run(folder.path(), 768, 2));
    assert_eq!(all.len(), 200, "each has a mistake: {all:?}");
    let one = found(&run(folder.path(), 1, 1));
    let (limits, others): (Vec<_>, Vec<_>) =
        one.iter().partition(|finding| finding.contains("yaml-limit"));
    let [limit] = limits.as_slice() else { panic!("{limits:?}") };
    assert!(limit.contains("1 MiB of memory"), "{limit}");
    let after: usize = limit.split(' ').find_map(|word| word.parse().ok()).unwrap();
    assert_eq!(others.len() + after + 1, 200, "every document is checked or counted: {limit}");
    assert!((20..150).contains(&others.len()), "{}", others.len());
    for threads in [2, 5] {
        assert_eq!(found(&run(folder.path(), 1, threads)), one, "{threads} threads");
    }
}

#[test]
fn an_ordinary_repository_does_not_come_near_the_limit() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.yaml"), policies(0, 100)).unwrap();
    assert_eq!(found(&run(folder.path(), 8, 2)).len(), 100);
}

#[test]
fn files_of_a_kustomization_count_too() {
    let folder = tempfile::tempdir().unwrap();
    let mut resources = String::from("resources:\n");
    for file in 0..40 {
        let name = format!("f{file:02}.yaml");
        let _ = writeln!(resources, "- {name}");
        std::fs::write(folder.path().join(name), policies(file, 10)).unwrap();
    }
    std::fs::write(folder.path().join("kustomization.yaml"), resources).unwrap();
    let one = found(&run(folder.path(), 1, 1));
    assert!(one.iter().any(|finding| finding.contains("1 MiB of memory")), "{one:?}");
    assert_eq!(found(&run(folder.path(), 1, 4)), one);
    let all = found(&run(folder.path(), 768, 2));
    assert!(!all.iter().any(|finding| finding.contains("MiB of memory")), "{all:?}");
}

#[test]
fn large_objects_that_a_kustomization_changes_are_bounded() {
    let folder = tempfile::tempdir().unwrap();
    let mut resources = String::from("resources:\n");
    let data: String = (0..200_000).fold(String::new(), |mut data, key| {
        let _ = writeln!(data, "  k{key}: v");
        data
    });
    for file in 0..8 {
        let text =
            format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c{file}}}\ndata:\n{data}");
        std::fs::write(folder.path().join(format!("c{file}.yaml")), text).unwrap();
        let _ = writeln!(resources, "- c{file}.yaml");
    }
    let patch =
        "patches:\n- target: {kind: ConfigMap}\n  patch: '[{op: add, path: /data/x, value: y}]'\n";
    std::fs::write(folder.path().join("kustomization.yaml"), resources + patch).unwrap();
    let found = found(&run(folder.path(), 768, 2));
    let [limit] = found.as_slice() else { panic!("{found:?}") };
    assert!(limit.contains("128 MiB of memory"), "{limit}");
}
