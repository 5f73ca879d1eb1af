//! Kustomize's semantics, compared with what the real one built of the corpus, with the real one
//! itself if it is installed, and tested with bad input.

mod build;

mod case;

mod deployed;

mod partly;

mod real;

use crate::shared;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use rayon::prelude::*;
use serde_json::Value;

use build::{Tree, differences, reduced};
use case::Case;
use netpol_lint::bundle::Writer;
use netpol_lint::text::Span;
use netpol_lint::yaml::{Node, Value as Kind};
use shared::shared;

/// Directories of the corpus where ours may differ from kustomize's, with the reason.
const EXCEPTIONS: &[(&str, &str)] = &[];

#[test]
fn the_corpus_is_built_as_kustomize_builds_it() {
    let Some(conformance) = shared("conformance/kustomize") else { return };
    let Some(corpus) = shared("corpus") else { return };
    let expected = std::fs::read_to_string(conformance.join("expected.jsonl")).unwrap();
    let mut repositories: BTreeMap<String, Vec<(String, Vec<Value>)>> = BTreeMap::new();
    for line in expected.lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let (repository, directory) = case["dir"].as_str().unwrap().split_once('/').unwrap();
        let objects = case["objects"].as_array().unwrap().clone();
        let cases = repositories.entry(repository.to_owned()).or_default();
        cases.push((directory.to_owned(), objects));
    }
    let (mut agree, mut all, mut wrong) = (0, 0, Vec::new());
    for (repository, cases) in repositories {
        let tree = Tree::read(&corpus.join(&repository));
        for (directory, objects) in cases {
            all += 1;
            let built = tree.kustomizations.build(&tree.inside(&directory));
            let mut found = differences(&objects, &reduced(&built));
            found.extend(built.faults.iter().map(|fault| tree.words(fault)));
            let name = format!("{repository}/{directory}");
            if found.is_empty() {
                agree += 1;
            } else if !EXCEPTIONS.iter().any(|(known, _)| *known == name) {
                wrong.push(format!("{name}:\n  {}", found.join("\n  ")));
            }
        }
    }
    println!("{agree} of {all} kustomizations agree with kustomize");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(all > 300, "only {all} were compared");
}

/// Each case says what it is: built without a fault, or one of a kind at a line.
#[test]
fn every_case_is_built_or_rejected_at_its_line() {
    let cases = Case::all();
    assert!(cases.len() >= 40, "{}", cases.len());
    let wrong: Vec<String> = cases
        .iter()
        .filter_map(|case| {
            let directory = case.unpacked();
            let tree = Tree::read(directory.path());
            let mut places: Vec<String> = Vec::new();
            for name in tree.kustomizations.directories() {
                let built = tree.kustomizations.build(name);
                places.extend(built.faults.iter().map(|fault| tree.words(fault)));
            }
            let holds = match case.expected.as_str() {
                "ok" => places.is_empty(),
                expected => {
                    let (kind, place) = expected.split_once(' ').unwrap();
                    let start = format!("{place}: {kind}: ");
                    places.iter().any(|place| place.starts_with(&start))
                }
            };
            (!holds).then(|| format!("{}: {} expected, not {places:#?}", case.name, case.expected))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Compared with the real one: the same objects, and rejected if it rejects.
#[test]
fn the_real_kustomize_agrees() {
    if !real::is_there() {
        return;
    }
    let unpacked: Vec<_> =
        Case::all().iter().map(|case| (case.name.clone(), case.unpacked())).collect();
    let mut places: Vec<(String, std::path::PathBuf)> = unpacked
        .iter()
        .map(|(name, directory)| (name.clone(), directory.path().to_owned()))
        .collect();
    if let Some(corpus) = shared("corpus") {
        for entry in std::fs::read_dir(corpus).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                places.push((path.file_name().unwrap().to_string_lossy().into_owned(), path));
            }
        }
    }
    let trees: Vec<(String, std::path::PathBuf, Tree)> =
        places.into_iter().map(|(name, path)| (name, path.clone(), Tree::read(&path))).collect();
    let jobs: Vec<(&str, &Path, &Tree, &str)> = trees
        .iter()
        .flat_map(|(name, path, tree)| {
            let directories = tree.kustomizations.directories();
            let all: Vec<_> =
                directories.map(|it| (name.as_str(), path.as_path(), tree, it)).collect();
            all
        })
        .collect();
    let wrong: Vec<String> = jobs
        .par_iter()
        .filter_map(|(name, path, tree, directory)| {
            let ours = tree.kustomizations.build(directory);
            let faults: Vec<String> = ours.faults.iter().map(|it| tree.words(it)).collect();
            let found = match real::build(&path.join(tree.outside(directory))) {
                Ok(theirs) if faults.is_empty() => differences(&theirs, &reduced(&ours)),
                Ok(_) => faults.iter().map(|fault| format!("only ours: {fault}")).collect(),
                Err(message) if faults.is_empty() => vec![format!("only theirs: {message}")],
                Err(_) => Vec::new(),
            };
            let place = format!("{name}/{directory}");
            let excepted = EXCEPTIONS.iter().any(|(known, _)| *known == place);
            (!found.is_empty() && !excepted).then(|| format!("{place}:\n  {}", found.join("\n  ")))
        })
        .collect();
    let (all, agree) = (jobs.len(), jobs.len() - wrong.len());
    println!("{agree} of {all} kustomizations agree with the installed kustomize");
    assert!(wrong.is_empty(), "{agree} of {all}\n{}", wrong.join("\n"));
}

/// Every node of everything that is built is at the place where it is written.
#[test]
fn spans_are_where_values_are_written() {
    let unpacked: Vec<_> = Case::all().iter().map(Case::unpacked).collect();
    let mut trees: Vec<Tree> = unpacked.iter().map(|it| Tree::read(it.path())).collect();
    if let Some(corpus) = shared("corpus") {
        let entries = std::fs::read_dir(corpus).unwrap().map(|entry| entry.unwrap().path());
        trees.extend(entries.filter(|path| path.is_dir()).map(|path| Tree::read(&path)));
    }
    let (mut seen, mut wrong) = (0, Vec::new());
    for tree in &trees {
        for directory in tree.kustomizations.roots() {
            for manifest in tree.kustomizations.build(directory).manifests {
                if matches!(manifest.head.kind.as_str(), "ConfigMap" | "Secret") {
                    // Generated from literals and files.
                    continue;
                }
                let joined: BTreeSet<Span> = manifest
                    .writes
                    .iter()
                    .filter(|write| write.writer == Writer::Replacement)
                    .map(|write| write.place)
                    .collect();
                look(tree, &manifest.tree, &joined, &mut seen, &mut wrong);
                for write in &manifest.writes {
                    assert!(
                        !tree.sources.slice(write.place).is_empty()
                            || write.place.start == write.place.end
                    );
                }
            }
        }
    }
    assert!(seen > 1_000, "{seen}");
    assert!(wrong.is_empty(), "{} of {seen}: {:#?}", wrong.len(), &wrong[..wrong.len().min(20)]);
}

fn look(
    tree: &Tree,
    node: &Node,
    joined: &BTreeSet<Span>,
    seen: &mut usize,
    wrong: &mut Vec<String>,
) {
    let text = tree.sources.get(node.span.source).text();
    let slice = text.get(node.span.start as usize..node.span.end as usize);
    let Some(slice) = slice else {
        wrong.push(format!("no slice: {node:?}"));
        return;
    };
    match &node.value {
        Kind::Scalar(scalar) => {
            *seen += 1;
            // A string that a transformer composed is not written anywhere; one that is written in
            // the overlay is (a prefix, a value of a replacement).
            let bare = slice.trim_matches(['"', '\'']);
            let is_written = joined.contains(&node.span)
                || slice == scalar.text
                || bare == scalar.text
                || slice.starts_with(['|', '>', '"', '\''])
                || slice.contains('\n')
                || scalar.text.contains(bare)
                || slice.contains(scalar.text.as_str());
            if !is_written {
                wrong.push(format!("{:?} is not {slice:?}", scalar.text));
            }
        }
        Kind::Seq(items) => items.iter().for_each(|item| look(tree, item, joined, seen, wrong)),
        Kind::Map(map) => {
            for entry in &map.entries {
                look(tree, &entry.value, joined, seen, wrong);
            }
        }
    }
}

/// Values inside an inline patch point into the kustomization.
#[test]
fn inline_patches_point_into_their_file() {
    for name in ["patch-by-old-name", "patch-in-quotes", "patch-folded", "json-patch-operations"] {
        let case = Case::all().into_iter().find(|case| case.name == name).unwrap();
        let directory = case.unpacked();
        let tree = Tree::read(directory.path());
        let built = tree.kustomizations.build("");
        let mut patched = 0;
        for write in built.manifests.iter().flat_map(|manifest| &manifest.writes) {
            if write.writer != Writer::Patch {
                continue;
            }
            let source = &tree.sources.get(write.place.source).path;
            let slice = tree.sources.slice(write.place);
            let from = ["kustomization.yaml", "svc.json", "base/np.yaml"];
            assert!(from.contains(&source.as_str()), "{source}");
            assert!(slice.len() < 80 && !slice.is_empty(), "{name}: {slice:?}");
            patched += 1;
        }
        assert!(patched > 0, "{name}");
    }
}

/// What doubles at every level is stopped, and reported.
#[test]
fn chained_diamonds_do_not_explode() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    std::fs::create_dir(root.join(".git")).unwrap();
    let write = |path: String, text: String| {
        let path = root.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write("l0/kustomization.yaml".into(), "resources: [np.yaml]\n".into());
    let policy = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: a}\n";
    write("l0/np.yaml".into(), policy.into());
    for level in 1..=30 {
        for side in ["a", "b"] {
            let below = level - 1;
            let text = format!("resources: [../l{below}]\nnamePrefix: {side}\n");
            write(format!("l{level}{side}/kustomization.yaml"), text);
        }
        let text = format!("resources: [../l{level}a, ../l{level}b]\n");
        write(format!("l{level}/kustomization.yaml"), text);
        let component = "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n";
        let below = level - 1;
        let text = format!("{component}components: [../c{below}, ../c{below}]\n");
        write(format!("c{level}/kustomization.yaml"), text);
        write(
            "c0/kustomization.yaml".into(),
            format!("{component}labels: [{{pairs: {{a: b}}}}]\n"),
        );
    }
    write("top/kustomization.yaml".into(), "resources: [../l0]\ncomponents: [../c30]\n".into());
    let tree = Tree::read(root);
    let before = std::time::Instant::now();
    for top in ["l30", "top"] {
        let built = tree.kustomizations.build(top);
        assert!(!built.faults.is_empty(), "{top}");
        assert!(!built.openings.is_empty(), "{top}");
        assert!(built.faults.len() < 1_000, "{top}: {}", built.faults.len());
    }
    assert!(before.elapsed().as_secs() < 60, "{:?}", before.elapsed());
}

/// Nothing outside the repository is read, and only regular files are opened.
#[cfg(unix)]
#[test]
fn links_out_of_the_repository_are_not_followed() {
    let outside = tempfile::tempdir().unwrap();
    std::fs::write(outside.path().join("secret.yaml"), "kind: Secret\nmetadata: {name: s}\n")
        .unwrap();
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    std::fs::create_dir(root.join(".git")).unwrap();
    std::os::unix::fs::symlink(outside.path(), root.join("out")).unwrap();
    std::fs::write(root.join("in.yaml"), "kind: Role\nmetadata: {name: in}\n").unwrap();
    std::os::unix::fs::symlink("in.yaml", root.join("link.yaml")).unwrap();
    let resources = "resources: [out/secret.yaml, out, link.yaml]\n";
    std::fs::write(root.join("kustomization.yaml"), resources).unwrap();
    let tree = Tree::read(root);
    let built = tree.kustomizations.build("");
    assert_eq!(built.faults.len(), 2, "{:?}", built.faults);
    assert_eq!(built.openings.len(), 2);
    let names: Vec<&str> = built.manifests.iter().map(|it| it.head.name.as_str()).collect();
    assert_eq!(names, ["in"]);
}

/// An editor's unsaved text and a fix's result are what is built.
#[test]
fn texts_replace_files() {
    let case = Case::all().into_iter().find(|case| case.name == "common-labels").unwrap();
    let directory = case.unpacked();
    let mut scope = netpol_lint::repo::Scope {
        paths: vec![directory.path().to_path_buf()],
        ..Default::default()
    };
    let text = "resources: [base]\nnamespace: edited\n";
    scope.edited.insert("kustomization.yaml".to_owned(), text.into());
    let built = Tree::read_with(&scope).kustomizations.build("");
    assert_eq!(built.namespace.as_deref(), Some("edited"));
    assert!(built.manifests.iter().all(|it| it.head.namespace.as_deref() == Some("edited")));
    assert_eq!(built.manifests.len(), 3);
}

/// Flux objects: a path with or without a kustomization, and a namespace for all objects.
#[test]
fn flux_kustomizations_are_built() {
    let case = Case::all().into_iter().find(|case| case.name == "file-beside-is-read").unwrap();
    let directory = case.unpacked();
    let tree = Tree::read(directory.path());
    let text = "resources: [app, .]\nnamespace: flux\n";
    let id = netpol_lint::text::SourceId(0);
    let limits = netpol_lint::yaml::Limits::default();
    let stream = netpol_lint::yaml::read(id, text, 0..text.len(), None, &limits);
    let built = tree.kustomizations.build_from("flux/app", &stream.documents[0].root);
    assert_eq!(built.name, "flux/app");
    assert_eq!(built.manifests.len(), 1, "{:?}", built.faults);
    assert_eq!(built.manifests[0].head.namespace.as_deref(), Some("flux"));
}

/// After a fault the rest of the bundle is still built.
#[test]
fn a_rejected_part_hides_nothing_else() {
    let name = "a-base-that-is-refused-hides-nothing-else";
    let case = Case::all().into_iter().find(|case| case.name == name).unwrap();
    let directory = case.unpacked();
    let built = Tree::read(directory.path()).kustomizations.build("");
    let names: Vec<&str> = built.manifests.iter().map(|it| it.head.name.as_str()).collect();
    assert_eq!(names, ["one", "web"]);
    assert!(built.manifests.iter().all(|it| it.head.namespace.as_deref() == Some("shop")));
}
