//! Kustomizations, built as `kustomize build` would: offline, on trees that keep their places,
//! and without running anything.
//!
//! `files` reads everything that kustomizations refer to, once; `build` goes from one to the next
//! and has `transform`, `patch` and `replacement` change what it gathers in a `layer`; `merge`,
//! `json_patch` and `fields` know how trees are changed. Held against the real kustomize in
//! tests/kustomize.rs.
//!
//! Not the same as kustomize, on purpose: a file above a kustomization's own directory is read (as
//! with `--load-restrictor LoadRestrictionsNone`), nothing is fetched, and after an error the rest
//! is built all the same.

mod build;
mod charts;
mod edit;
mod fields;
mod files;
mod inline;
mod json_patch;
mod kustomization;
mod layer;
mod merge;
mod patch;
mod replacement;
mod resource;
mod target;
mod transform;

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex};

use crate::repo::{Repo, Scope};
use crate::text::{SourceId, Sources, Span};
use crate::yaml::{Limits, Node, Problem};

use super::Built;
use build::{Builder, Stack};
pub use charts::ChartAsk;
use files::Files;
use layer::Layer;

/// The kustomizations of a repository, with every file that they refer to.
#[derive(Debug)]
pub struct Kustomizations {
    files: Files,
    limits: Limits,
    /// The paths of all files that are read through a kustomization.
    referred: BTreeSet<String>,
    roots: Vec<String>,
    /// What the charts of `helmCharts` make, by where they are asked for.
    rendered: HashMap<Span, Built>,
    done: Mutex<HashMap<String, Arc<Layer>>>,
}

/// One file that was read through a kustomization.
#[derive(Clone, Copy, Debug)]
pub struct Part<'a> {
    /// Its source.
    pub source: SourceId,
    /// Whether it is a kustomization itself.
    pub is_kustomization: bool,
    /// Its text.
    pub text: &'a Arc<str>,
    /// Its documents.
    pub documents: &'a [crate::yaml::Document],
    /// What could not be read of it.
    pub problems: &'a [Problem],
}

impl Kustomizations {
    /// Finds the kustomizations of `repo`, and reads whatever they refer to, also what gitignore
    /// rules hide. `sources` has one source for each of the repository's files; those of other
    /// files are added, in the order of their paths.
    pub fn find(repo: &Repo, scope: &Scope, sources: &mut Sources, limits: &Limits) -> Self {
        let files = Files::find(repo, scope, sources, limits);
        let mut found = Self {
            referred: files.paths().map(|(path, _)| path.to_owned()).collect(),
            roots: Vec::new(),
            rendered: HashMap::new(),
            done: Mutex::default(),
            limits: *limits,
            files,
        };
        found.roots = found.find_roots();
        found
    }

    /// The directories whose kustomization no other one refers to.
    fn find_roots(&self) -> Vec<String> {
        let mut referred: BTreeSet<String> = BTreeSet::new();
        for directory in self.files.directories() {
            let own = self.files.kustomizations(directory).iter();
            let trees = own.filter_map(|path| self.files.get(path)).flat_map(files::roots);
            let references = trees.flat_map(kustomization::references);
            referred
                .extend(references.filter_map(|it| build::referred(&self.files, directory, it)));
        }
        let directories = self.files.directories();
        directories.filter(|name| !referred.contains(*name)).map(str::to_owned).collect()
    }

    /// The paths of the files that kustomizations are made of: none of them is a loose manifest.
    pub fn files(&self) -> &BTreeSet<String> {
        &self.referred
    }

    /// What was read, file by file in the order of their paths.
    pub fn parts(&self) -> impl Iterator<Item = Part<'_>> {
        self.files.paths().map(|(path, file)| Part {
            source: file.source,
            is_kustomization: kustomization::NAMES.contains(&files::split(path).1),
            text: &file.text,
            documents: &file.stream.documents,
            problems: &file.stream.problems,
        })
    }

    /// The directories whose kustomization no other one refers to, sorted; empty is the root.
    pub fn roots(&self) -> Vec<&str> {
        self.roots.iter().map(String::as_str).collect()
    }

    /// Whether there is a kustomization in a directory.
    pub fn holds(&self, directory: &str) -> bool {
        !self.files.kustomizations(directory).is_empty()
    }

    /// Whether the kustomization of a directory is a component: it works on what others bring.
    pub fn is_component(&self, directory: &str) -> bool {
        let tree = self.tree(directory);
        tree.and_then(|tree| tree.get("kind")).and_then(Node::as_str) == Some("Component")
    }

    fn tree(&self, directory: &str) -> Option<&Node> {
        let path = self.files.kustomizations(directory).first()?;
        self.files.get(path).and_then(|file| files::roots(file).next())
    }

    /// The charts that kustomizations ask for and that may lie in the repository.
    pub fn charts(&self) -> Vec<ChartAsk> {
        let mut found = Vec::new();
        for directory in self.files.directories() {
            if let Some(tree) = self.tree(directory) {
                found.extend(charts::asks(directory, tree));
            }
        }
        found
    }

    /// Gives what a chart that [`Kustomizations::charts`] asks for makes: before anything is
    /// built.
    pub fn provide(&mut self, place: Span, built: Built) {
        self.rendered.insert(place, built);
    }

    /// Builds the kustomization of a directory.
    pub fn build(&self, directory: &str) -> Built {
        let layer = self.builder().directory(directory, &mut Stack::new());
        let mut built = finish(directory, (*layer).clone(), self.tree(directory));
        if self.is_component(directory) && self.roots.iter().any(|root| root == directory) {
            // Whoever includes it brings what its patches are for.
            built.faults.clear();
            built.openings.push(super::Opening { namespace: None, what: directory.to_owned() });
        }
        built
    }

    /// Builds what an object that deploys a directory describes: `tree` is a kustomization whose
    /// paths start from the root. A directory without a kustomization stands for all manifests
    /// below it.
    pub fn build_from(&self, name: &str, tree: &Node) -> Built {
        let mut layer = Layer::default();
        self.builder().deployed(tree, &mut layer);
        finish(name, layer, Some(tree))
    }

    fn builder(&self) -> Builder<'_> {
        Builder {
            files: &self.files,
            limits: &self.limits,
            rendered: &self.rendered,
            done: &self.done,
        }
    }
}

fn finish(name: &str, layer: Layer, tree: Option<&Node>) -> Built {
    let namespace = tree.and_then(|tree| kustomization::string(tree, "namespace"));
    let namespace = namespace.map(compact_str::CompactString::new);
    let kept = layer.resources.into_iter().filter(|resource| !resource.is_local());
    let mut openings = layer.openings;
    for opening in &mut openings {
        // What comes from elsewhere goes through this kustomization's `namespace` too.
        opening.namespace = opening.namespace.take().or_else(|| namespace.clone());
    }
    Built {
        name: if name.is_empty() { ".".to_owned() } else { name.to_owned() },
        manifests: kept.filter_map(resource::Resource::into_manifest).collect(),
        faults: layer.faults,
        openings,
        files: layer.used,
        namespace,
    }
}
