//! Skipping the parts of documents that nobody asks for does not change what is built.

use std::path::Path;

use netpol_lint::bundle::kustomize::Kustomizations;
use netpol_lint::bundle::{Built, Manifest};
use netpol_lint::model::{self, Relevance};
use netpol_lint::repo::{self, Scope};
use netpol_lint::text::{Source, Sources};
use netpol_lint::yaml::{Limits, Partial};

use super::case::Case;
use crate::shared::shared;

fn built(root: &Path, partial: Option<&'static dyn Partial>) -> Vec<Built> {
    let scope = Scope { paths: vec![root.to_path_buf()], ..Scope::default() };
    let found = repo::find(&scope, root).unwrap();
    let mut sources = Sources::default();
    for file in &found.files {
        sources.add(Source::file(file.path.clone(), file.open.clone()));
    }
    let limits = Limits::default();
    let all = Kustomizations::find(&found, &scope, &mut sources, &limits, partial);
    all.directories().map(|directory| all.build(directory)).collect()
}

/// Everything relevant in what was built: faults, openings, heads, and relevant objects with the
/// writes into them.
fn summary(built: &[Built]) -> Vec<String> {
    let mut out = Vec::new();
    for one in built {
        out.push(format!("{} {:?} {:?} {:?}", one.name, one.faults, one.openings, one.files));
        out.extend(one.manifests.iter().map(|it| format!("{:?}", it.head)));
        let kept: Vec<Manifest> = one.manifests.clone();
        out.extend(model::decoded(0, kept, &|_| false).iter().map(|object| match &object.body {
            // A deployer depends on its tree, of which the values may be skipped.
            model::Body::Deployer(deployer) => format!("{:?}", deployer.namespace),
            body => format!("{:?} {body:?} {:?}", object.head, object.made),
        }));
    }
    out
}

fn compare(root: &Path, name: &str) {
    let (whole, partly) = (summary(&built(root, None)), summary(&built(root, Some(&Relevance))));
    assert_eq!(whole.len(), partly.len(), "{name}");
    for (whole, partly) in whole.iter().zip(&partly) {
        assert_eq!(whole, partly, "{name}");
    }
}

#[test]
fn cases_and_corpus_are_built_the_same() {
    for case in Case::all() {
        compare(case.unpacked().path(), &case.name);
    }
    let Some(corpus) = shared("corpus") else { return };
    for entry in std::fs::read_dir(corpus).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            compare(&path, &path.to_string_lossy());
        }
    }
}

/// A repository with large objects, of which only the heads are parsed, and every transformer that
/// may touch the rest.
#[test]
fn every_transformer_that_needs_the_rest_gets_it() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    std::fs::create_dir(root.join(".git")).unwrap();
    let long = "x".repeat(5_000);
    let object = |group: &str, kind: &str, name: &str, rest: &str| {
        format!(
            "apiVersion: {group}\nmetadata:\n  name: {name}\nkind: {kind}\n{rest}\nnote: {long}\n---\n"
        )
    };
    let mut all = object(
        "apiextensions.k8s.io/v1",
        "CustomResourceDefinition",
        "a.example.com",
        "spec:\n  group: patched",
    );
    all += &object("v1", "ConfigMap", "values", "data:\n  label: from-the-map\n  other: second");
    all += &object("v1", "ConfigMap", "merged", "data:\n  kept: kept-value");
    all += &object("example.com/v1", "Thing", "thing", "spec:\n  labels:\n    a: b\n  ref: none");
    all += "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: web}\n\
        spec: {podSelector: {matchLabels: {app: web, v: $(V), w: w, x: x}}}\n";
    std::fs::write(root.join("all.yaml"), all).unwrap();
    let kustomization = "resources: [all.yaml]\nnamespace: shop\nnamePrefix: p-\n\
        configurations: [c.yaml]\ncommonLabels: {team: shop}\n\
        configMapGenerator:\n- {name: merged, behavior: merge, literals: [new=new-value]}\n\
        vars:\n- {name: V, objref: {apiVersion: v1, kind: ConfigMap, name: values}, fieldref: {fieldpath: data.other}}\n\
        patches:\n- target: {kind: CustomResourceDefinition}\n  patch: '[{op: test, path: /spec/group, value: patched}]'\n\
        - patch: '{apiVersion: example.com/v1, kind: Thing, metadata: {name: thing}, spec: {ref: set}}'\n\
        replacements:\n\
        - source: {kind: ConfigMap, name: values, fieldPath: data.label}\n  targets:\n  \
        - select: {kind: NetworkPolicy}\n    fieldPaths: [spec.podSelector.matchLabels.app]\n\
        - source: {kind: Thing, fieldPath: spec.labels.team}\n  targets:\n  \
        - select: {kind: NetworkPolicy}\n    fieldPaths: [spec.podSelector.matchLabels.w]\n\
        - source: {kind: Thing, fieldPath: spec.ref}\n  targets:\n  \
        - select: {kind: NetworkPolicy}\n    fieldPaths: [spec.podSelector.matchLabels.x]\n";
    std::fs::write(root.join("kustomization.yaml"), kustomization).unwrap();
    let configuration = "commonLabels:\n- {kind: Thing, path: spec/labels, create: true}\n\
        varReference:\n- {kind: NetworkPolicy, path: spec/podSelector/matchLabels}\n";
    std::fs::write(root.join("c.yaml"), configuration).unwrap();
    compare(root, "touched");
    let built = built(root, Some(&Relevance));
    assert!(built[0].faults.is_empty(), "{:?}", built[0].faults);
    let of = |kind: &str| built[0].manifests.iter().find(|it| it.head.kind == kind).unwrap();
    let labels = of("NetworkPolicy").tree.at(&["spec", "podSelector", "matchLabels"]).unwrap();
    let label = |key: &str| labels.get(key).unwrap().as_str().unwrap();
    assert_eq!(
        [label("app"), label("v"), label("w"), label("x")],
        ["from-the-map", "second", "shop", "set"]
    );
    // Only its name was written: the rest was not parsed at all.
    let plain = r"apiVersion: v1
kind: ConfigMap
metadata: {name: m}
data: {x: y}
";
    std::fs::write(root.join("all.yaml"), format!("{plain}note: {long}\n")).unwrap();
    std::fs::write(root.join("kustomization.yaml"), "resources: [all.yaml]\nnamePrefix: p-\n")
        .unwrap();
    let built = self::built(root, Some(&Relevance));
    assert_eq!(built[0].manifests[0].head.name, "p-m");
    assert!(built[0].manifests[0].tree.get("data").is_none());
}
