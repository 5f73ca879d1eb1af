//! What controllers build of a kustomization, and what is missing because git ignores it.

use std::path::Path;

use netpol_lint::bundle::{Built, FaultKind};
use netpol_lint::text::SourceId;
use netpol_lint::yaml::{self, Limits};

use super::build::Tree;

const POLICY: &str = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: web}\n\
    spec: {podSelector: {matchLabels: {app: web}}, policyTypes: [Ingress]}\n";
const COMPONENT: &str = "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n";

fn repository(files: &[(&str, &str)]) -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    std::fs::create_dir(directory.path().join(".git")).unwrap();
    for (path, text) in files {
        let path = directory.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    directory
}

fn deployed(root: &Path, fields: &str, takes_empty: bool) -> Built {
    let tree = Tree::read(root);
    let text = format!("resources: [app]\n{fields}");
    let stream = yaml::read(SourceId(0), &text, 0..text.len(), None, &Limits::default());
    tree.kustomizations.deploy("app", &stream.documents[0].root, takes_empty, &|_| true)
}

fn names(built: &Built) -> Vec<String> {
    built.manifests.iter().map(|it| it.head.name.to_string()).collect()
}

#[test]
fn fields_are_written_into_the_kustomization() {
    let kustomization = "resources: [np.yaml]\nnamePrefix: a-\npatches:\n\
        - target: {labelSelector: team=shop}\n  patch: |-\n    \
        - {op: add, path: /spec/podSelector/matchLabels/patched, value: by-label}\n";
    let component = format!("{COMPONENT}labels: [{{pairs: {{team: shop}}}}]\n");
    let files = [
        ("app/kustomization.yaml", kustomization),
        ("app/np.yaml", POLICY),
        ("c/kustomization.yaml", &component),
    ];
    let directory = repository(&files);
    // The file's prefix is overridden, and its patches see what the component has added.
    let built = deployed(directory.path(), "namePrefix: b-\ncomponents: [c]\n", true);
    assert!(built.faults.is_empty(), "{:?}", built.faults);
    assert_eq!(names(&built), ["b-web"]);
    let labels = built.manifests[0].tree.at(&["spec", "podSelector", "matchLabels"]).unwrap();
    assert!(labels.get("patched").is_some());
    // Without any, the kustomization is built as written.
    let built = deployed(directory.path(), "", true);
    assert_eq!(names(&built), ["a-web"]);
    let labels = built.manifests[0].tree.at(&["spec", "podSelector", "matchLabels"]).unwrap();
    assert!(labels.get("patched").is_none());
}

#[test]
fn patches_are_added_to_existing_ones() {
    let kustomization = "resources: [np.yaml]\ncommonLabels: {a: file, b: file}\npatches:\n\
        - target: {kind: NetworkPolicy}\n  patch: '[{op: add, path: /metadata/labels, value: {x: y}}]'\n";
    let files = [("app/kustomization.yaml", kustomization), ("app/np.yaml", POLICY)];
    let directory = repository(&files);
    let fields = "commonLabels: {a: theirs}\npatches:\n- target: {kind: NetworkPolicy}\n  \
        patch: '[{op: replace, path: /metadata/labels/x, value: z}]'\n";
    let built = deployed(directory.path(), fields, false);
    assert!(built.faults.is_empty(), "{:?}", built.faults);
    let labels = built.manifests[0].tree.at(&["metadata", "labels"]).unwrap();
    let label = |key: &str| labels.get(key).and_then(yaml::Node::as_str);
    assert_eq!([label("a"), label("b"), label("x")], [Some("theirs"), Some("file"), Some("z")]);
}

#[test]
fn only_flux_accepts_an_empty_kustomization() {
    for text in
        ["# nothing yet\n", "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"]
    {
        let directory = repository(&[("app/kustomization.yaml", text)]);
        let flux = deployed(directory.path(), "", true);
        assert!(flux.faults.is_empty(), "{text}: {:?}", flux.faults);
        let argo = deployed(directory.path(), "", false);
        assert!(argo.faults.iter().any(|fault| fault.kind == FaultKind::Refused), "{text}");
    }
    // A file that can't be read is not empty.
    let directory = repository(&[("app/kustomization.yaml", "resources: [\n")]);
    assert!(!deployed(directory.path(), "", true).faults.is_empty());
}

#[test]
fn files_that_git_ignores_are_absent_and_not_wrong() {
    let files = [
        (".gitignore", "*.local.yaml\nmade/\n!kept.local.yaml\n"),
        (
            "kustomization.yaml",
            "resources: [a.local.yaml, made/b.yaml, made, kept.local.yaml, c.yaml]\n",
        ),
        ("sub/.gitignore", "/d.yaml\n"),
        ("sub/kustomization.yaml", "resources: [d.yaml, e/d.yaml]\n"),
    ];
    let directory = repository(&files);
    let tree = Tree::read(directory.path());
    let kinds = |name: &str| -> Vec<FaultKind> {
        tree.kustomizations.build(name).faults.iter().map(|fault| fault.kind).collect()
    };
    use FaultKind::{Absent, Refused};
    assert_eq!(kinds(""), [Absent, Absent, Absent, Refused, Refused]);
    assert_eq!(kinds("sub"), [Absent, Refused]);
    assert_eq!(tree.kustomizations.build("").openings.len(), 5);
}

#[test]
fn a_generator_may_merge_into_what_is_not_read() {
    let generator = "configMapGenerator:\n- {name: settings, behavior: merge, literals: [a=b]}\n";
    for (resources, is_refused) in [
        ("resources: ['https://example.com/base?ref=v1']\n", false),
        ("resources: [missing]\n", false),
        ("resources: [np.yaml]\n", true),
    ] {
        let text = format!("{resources}{generator}");
        let directory = repository(&[("kustomization.yaml", &text), ("np.yaml", POLICY)]);
        let built = Tree::read(directory.path()).kustomizations.build("");
        let is_reported = built.faults.iter().any(|fault| fault.message.contains("to merge"));
        assert_eq!(is_reported, is_refused, "{resources}: {:?}", built.faults);
    }
}

/// A link to a kustomization is one, and its paths are relative to the link.
#[cfg(unix)]
#[test]
fn a_kustomization_may_be_a_link_inside_the_repository() {
    let directory = repository(&[
        ("shared/base.yaml", "resources: [np.yaml]\nnamePrefix: l-\n"),
        ("app/np.yaml", POLICY),
    ]);
    let root = directory.path();
    std::os::unix::fs::symlink("../shared/base.yaml", root.join("app/kustomization.yaml")).unwrap();
    let outside = tempfile::tempdir().unwrap();
    std::fs::write(outside.path().join("k.yaml"), "resources: [np.yaml]\n").unwrap();
    std::fs::create_dir(root.join("out")).unwrap();
    std::os::unix::fs::symlink(outside.path().join("k.yaml"), root.join("out/kustomization.yaml"))
        .unwrap();
    let tree = Tree::read(root);
    assert_eq!(tree.kustomizations.roots(), ["app"]);
    assert_eq!(names(&tree.kustomizations.build("app")), ["l-web"]);
}
