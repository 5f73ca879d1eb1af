//! Kustomize, evaluated here: offline, on trees with spans, and without running anything from a
//! repository.
//!
//! Semantics are those of kustomize 5.5.0 with `--load-restrictor LoadRestrictionsNone`: a file
//! outside the kustomization's own directory is read as long as it is in the repository. By default
//! kustomize rejects such a file; too many repositories are built without the restriction to report
//! that as an error.
//!
//! A layer (`layer`) collects what it lists and changes it in kustomize's order. Layers are built
//! once each; what they have in common stays shared, because a change creates new nodes only along
//! its path. Every node keeps its original span: a label that an overlay writes is in the overlay's
//! file.

mod annotations;
mod booleans;
mod charts;
mod complete;
mod disk;
mod edit;
mod fault;
mod field_path;
mod field_spec;
mod fields;
mod follow_links;
mod generator;
mod graph;
mod id;
mod identity;
mod inline;
mod json_patch;
mod keys;
mod labels;
mod layer;
mod library;
mod links;
mod made_before;
mod maker;
mod merge;
mod merge_keys;
mod naming;
mod object;
mod objects;
mod patches;
mod reference;
mod replacement;
mod resources;
mod rest;
mod select;
mod transform;
mod vars;
mod written;

use std::collections::BTreeSet;

use super::{Built, ChartCall, Head, Manifest, Opening, directory};
use crate::repo::{Repo, Scope};
use crate::text::{SourceId, Sources, Span};
use crate::yaml::{Limits, Node, Partial, Problem};

use disk::Disk;
use layer::Layer;
use library::Library;
use maker::Maker;
use object::Object;

/// Every kustomization of a repository with every file that one refers to, each read once.
#[derive(Debug)]
pub struct Kustomizations {
    library: Library,
    roots: Vec<String>,
}

/// A file that was read for a kustomization.
#[derive(Clone, Copy, Debug)]
pub struct ReadFile<'a> {
    /// Its path relative to the root.
    pub path: &'a str,
    /// Its source.
    pub source: SourceId,
    /// Its documents that could be read, some of them in part.
    pub documents: &'a [Node],
    /// What could not be read.
    pub problems: &'a [Problem],
    /// How many documents it contains.
    pub seen: usize,
    /// Whether it is a kustomization itself.
    pub is_kustomization: bool,
    /// Whether it only has the name of one, and its objects stand for themselves.
    pub is_plain: bool,
}

impl Kustomizations {
    /// Finds and reads them, in parallel, with every file that they refer to, including files that
    /// gitignore rules hide. `sources` already has a source for each file of `repo`; those of other
    /// files are added in the order of their paths. `partial` says how much of a resource to parse;
    /// the rest is parsed when something in a kustomization touches it.
    pub fn find(
        repo: &Repo,
        scope: &Scope,
        sources: &mut Sources,
        limits: &Limits,
        partial: Option<&'static dyn Partial>,
    ) -> Self {
        let mut library = Library::read(Disk::new(repo, scope, limits), partial, sources);
        let roots = graph::arrange(&mut library);
        Self { library, roots }
    }

    /// The files that some kustomization refers to: they are not loose manifests.
    pub fn files(&self) -> &BTreeSet<String> {
        &self.library.referred
    }

    /// The directories of the kustomizations that no other one refers to, sorted; empty for the
    /// root of the repository. Components are included: see [`Kustomizations::is_component`].
    pub fn roots(&self) -> Vec<&str> {
        self.roots.iter().map(String::as_str).collect()
    }

    /// The directories of all kustomizations, sorted.
    pub fn directories(&self) -> impl Iterator<Item = &str> {
        self.library.directories.keys().map(String::as_str)
    }

    /// Whether there is a kustomization in that directory.
    pub fn holds(&self, directory: &str) -> bool {
        self.library.directories.contains_key(directory)
    }

    /// Whether the kustomization in that directory is a component, which is not built alone.
    pub fn is_component(&self, directory: &str) -> bool {
        let entry = self.library.directories.get(directory);
        entry.and_then(|entry| entry.tree.as_ref()).is_some_and(fields::is_component)
    }

    /// About how many bytes of memory the files take that were read.
    pub fn memory(&self) -> usize {
        self.library.memory
    }

    /// Every file that was read, sorted by path.
    pub fn read_files(&self) -> impl Iterator<Item = ReadFile<'_>> {
        let kustomizations: BTreeSet<&String> =
            self.library.directories.values().flat_map(|entry| &entry.files).collect();
        self.library.pages.iter().map(move |(path, page)| ReadFile {
            path,
            source: page.source,
            documents: &page.documents,
            problems: &page.problems,
            seen: page.seen,
            is_kustomization: kustomizations.contains(path),
            is_plain: self.library.not_kustomize.contains(path),
        })
    }

    /// The charts that kustomizations render and that may be in the repository.
    pub fn charts(&self) -> Vec<ChartCall> {
        let trees = self
            .library
            .directories
            .iter()
            .filter_map(|(directory, entry)| Some((directory.as_str(), entry.tree.as_ref()?)));
        let calls = trees.flat_map(|(directory, tree)| charts::calls(directory, tree));
        calls.filter(|call| call.remote.is_none()).collect()
    }

    /// Supplies the objects of a chart that [`Kustomizations::charts`] lists, by its place, before
    /// anything is built.
    pub fn provide(&mut self, place: Span, built: Built) {
        self.library.rendered.insert(place, built);
    }

    /// Builds the kustomization in a directory. Several may be built at once; what they have in
    /// common is built once.
    pub fn build(&self, directory: &str) -> Built {
        let tree = self.library.directories.get(directory).and_then(|it| it.tree.as_ref());
        let layer = maker::of(&self.library, directory).cloned().unwrap_or_default();
        built(&self.library.disk, directory, tree, layer)
    }

    /// Builds what a controller deploys of `directory`: a mapping with that as its resource, and
    /// the fields that the controller writes into the kustomization there. `takes_empty`: it may be
    /// an empty one. `takes`: the files that count if there is no kustomization.
    pub fn deploy(
        &self,
        directory: &str,
        tree: &Node,
        takes_empty: bool,
        takes: &dyn Fn(&str) -> bool,
    ) -> Built {
        let Some(entry) = self.library.directories.get(directory) else {
            return self.build_from(directory, tree, takes);
        };
        let nothing = edit::empty_map(tree.span);
        let is_empty = entry.tree.is_none() && self.library.is_readable(directory);
        let file = match &entry.tree {
            Some(file) => file,
            None if takes_empty && is_empty => &nothing,
            None => return self.build(directory),
        };
        if self.is_component(directory) {
            return self.build_from(directory, tree, takes);
        }
        let writes_nothing = tree.as_map().is_some_and(|map| map.entries.len() == 1);
        if writes_nothing && !fields::is_empty(file) {
            return self.build(directory);
        }
        let tree = written::into(file, tree, directory);
        let mut maker = Maker::new(&self.library, directory, &tree);
        maker.takes_empty = takes_empty;
        maker.enter(directory);
        built(&self.library.disk, directory, Some(&tree), maker.make())
    }

    /// Builds what a mapping with the fields of a kustomization describes, its paths counting
    /// from the root of the repository. A directory among `resources` without a kustomization
    /// stands for all manifests below it that `takes` names, as Flux takes it.
    pub fn build_from(&self, name: &str, tree: &Node, takes: &dyn Fn(&str) -> bool) -> Built {
        let mut maker = Maker::new(&self.library, "", tree);
        maker.takes_bare = Some(takes);
        built(&self.library.disk, name, Some(tree), maker.make())
    }
}

/// The last steps, which only the outermost kustomization takes.
fn built(disk: &Disk, name: &str, tree: Option<&Node>, mut layer: Layer) -> Built {
    vars::resolve(&mut layer, disk);
    let namespace = tree.and_then(|tree| tree.get("namespace")).and_then(Node::as_str);
    // Remote objects get this kustomization's `namespace` too.
    let moved = |opening: Opening| Opening {
        namespace: opening.namespace.or_else(|| namespace.map(Into::into)),
        ..opening
    };
    let objects = layer.objects.into_iter().filter(|object| !is_local(&object.tree));
    let name = if name.is_empty() { "." } else { name };
    Built {
        name: name.to_owned(),
        directory: name.to_owned(),
        manifests: objects.map(manifest).collect(),
        faults: layer.faults,
        openings: layer.openings.into_iter().map(moved).collect(),
        files: layer.files,
        namespace: namespace.filter(|name| !name.is_empty()).map(Into::into),
    }
}

/// Objects with this annotation are for tools that read the repository, not for the cluster.
fn is_local(tree: &Node) -> bool {
    let annotation = tree.at(&["metadata", "annotations", "config.kubernetes.io/local-config"]);
    annotation.and_then(Node::as_scalar).is_some_and(|scalar| scalar.text != "false")
}

fn manifest(object: Object) -> Manifest {
    let id = object.id().clone();
    let namespace = id::text_at(&object.tree, &["metadata", "namespace"]);
    let head = Head {
        group: id.group,
        version: id.version,
        kind: id.kind,
        name: id.name,
        namespace: Some(namespace).filter(|name| !name.is_empty()).map(Into::into),
        ..object.head
    };
    Manifest { head, tree: object.tree, writes: object.writes }
}
