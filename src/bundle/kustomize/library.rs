//! Every kustomization of the repository and every file that one refers to, each read once.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use super::disk::{Disk, Found, NAMES};
use super::fields;
use super::layer::Layer;
use super::reference::{self, Wanted};
use super::rest::{File, Rest};
use crate::bundle::{Built, path};
use crate::text::{Source, SourceId, Sources, Span, decode_lossy};
use crate::yaml::{self, Budget, Node, Partial, Parts, Problem, ProblemKind};

/// One file that was read.
#[derive(Clone, Debug)]
pub(super) struct Page {
    pub source: SourceId,
    pub documents: Vec<Node>,
    pub problems: Vec<Problem>,
    /// For each document, the part that was not parsed.
    pub rests: Vec<Option<Arc<Rest>>>,
    /// How many documents it contains.
    pub seen: usize,
    /// Kept if scalars in it are parsed (kustomizations) or the text itself is used.
    pub text: Option<Arc<str>>,
    need: Need,
}

impl Page {
    fn empty(source: SourceId, need: Need) -> Self {
        let (documents, problems, rests) = (Vec::new(), Vec::new(), Vec::new());
        Self { source, documents, problems, rests, seen: 0, text: None, need }
    }

    fn unread(source: SourceId, need: Need, why: String) -> Self {
        let span = Span::new(source, 0, 0);
        let problem = Problem { kind: ProblemKind::Limit(why), span, document: span };
        Self { problems: vec![problem], ..Self::empty(source, need) }
    }
}

/// What a file is needed for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Need {
    parse: bool,
    /// Completely, not in part.
    whole: bool,
    keep: bool,
}

/// A directory with a kustomization.
#[derive(Debug)]
pub(super) struct Directory {
    /// The paths of its kustomizations; kustomize allows one.
    pub files: Vec<String>,
    /// The first one's tree, its fields named as kustomize names them.
    pub tree: Option<Node>,
    /// The directories whose entry here would close a cycle.
    pub back: BTreeSet<String>,
    /// What it refers to that leads to a directory above it, with that one.
    pub climbs: BTreeMap<String, String>,
    /// How many layers are below it.
    pub height: usize,
    /// Its result, once it is built.
    pub layer: OnceLock<Layer>,
}

/// Every kustomization, and every file that one refers to.
#[derive(Debug)]
pub(super) struct Library {
    pub disk: Disk,
    pub pages: BTreeMap<String, Page>,
    pub directories: BTreeMap<String, Directory>,
    /// Files that some kustomization refers to.
    pub referred: BTreeSet<String>,
    /// The objects of rendered charts, by the place that requests them.
    pub rendered: BTreeMap<Span, Built>,
    partial: Option<&'static dyn Partial>,
    /// About how many bytes the pages take.
    pub memory: usize,
    found: BTreeMap<String, Found>,
    /// Files with the name of a kustomization that hold objects of Flux.
    pub not_kustomize: BTreeSet<String>,
    /// Missing files that gitignore rules cover.
    pub ignored: BTreeSet<String>,
    paths: BTreeMap<SourceId, String>,
}

impl Library {
    /// Reads all of it, in waves: what is read may refer to more.
    pub fn read(disk: Disk, partial: Option<&'static dyn Partial>, sources: &mut Sources) -> Self {
        let directories: BTreeSet<String> =
            disk.kustomizations().map(|path| super::directory(path).to_owned()).collect();
        let mut library = Self {
            disk,
            pages: BTreeMap::new(),
            directories: BTreeMap::new(),
            referred: BTreeSet::new(),
            rendered: BTreeMap::new(),
            partial,
            memory: 0,
            found: BTreeMap::new(),
            not_kustomize: BTreeSet::new(),
            ignored: BTreeSet::new(),
            paths: BTreeMap::new(),
        };
        let mut wave = library.enter(directories, sources);
        while !wave.is_empty() {
            wave = library.follow(wave, sources);
        }
        let missing = library.found.iter().filter(|(_, found)| **found == Found::Missing);
        library.ignored = library.disk.ignored(missing.map(|(path, _)| path.as_str()));
        library
    }

    /// What is at a path.
    pub fn find(&self, path: &str) -> Found {
        self.found.get(path).cloned().unwrap_or_else(|| self.disk.find(path))
    }

    /// Whether the kustomization in a directory could be read, even if it is empty.
    pub fn is_readable(&self, directory: &str) -> bool {
        let files = self.directories.get(directory).map_or(&[][..], |it| it.files.as_slice());
        let page = files.first().and_then(|file| self.pages.get(file));
        page.is_some_and(|page| page.problems.is_empty())
    }

    /// The file at a path that [`Library::find`] returned; read now if no kustomization refers to
    /// it.
    pub fn page(&self, path: &str) -> Option<Cow<'_, Page>> {
        if let Some(page) = self.pages.get(path) {
            return Some(Cow::Borrowed(page));
        }
        let source = self.disk.source(path)?;
        let need = Need { parse: true, whole: false, keep: true };
        Some(Cow::Owned(self.open(path, source, need)))
    }

    /// The text of a source that contains an inline value.
    pub fn text(&self, source: SourceId) -> Option<Arc<str>> {
        let page = self.paths.get(&source).and_then(|path| self.pages.get(path));
        if let Some(text) = page.and_then(|page| page.text.clone()) {
            return Some(text);
        }
        let path = self.disk.path(source)?;
        let bytes = self.disk.read(path).ok()?;
        Some(Arc::from(decode_lossy(&bytes)))
    }

    /// Reads the kustomizations of new directories; returns the files that they refer to.
    fn enter(&mut self, new: BTreeSet<String>, sources: &mut Sources) -> BTreeSet<Wanted> {
        let mut wanted = BTreeSet::new();
        let mut files: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for directory in new {
            if self.directories.contains_key(&directory) {
                continue;
            }
            let names = NAMES.iter().filter_map(|name| path::join(&directory, name));
            let there: Vec<String> = names
                .filter_map(|path| match self.disk.find(&path) {
                    Found::File(real) => Some(real),
                    _ => None,
                })
                .collect();
            if !there.is_empty() {
                files.insert(directory, there);
            }
        }
        let need = Need { parse: true, whole: true, keep: true };
        self.load(files.values().flatten().map(|path| (path.clone(), need)), sources);
        for (directory, files) in files {
            let page = files.first().and_then(|file| self.pages.get(file));
            if page.and_then(|page| page.documents.first()).is_some_and(is_flux) {
                self.not_kustomize.extend(files);
                continue;
            }
            let tree = page.and_then(|page| page.documents.first()).map(fields::named);
            if let Some(tree) = &tree {
                wanted.extend(reference::wanted(tree, &directory));
            }
            let back = BTreeSet::new();
            let layer = OnceLock::new();
            let climbs = BTreeMap::new();
            let entry = Directory { files, tree, back, climbs, height: 0, layer };
            self.directories.insert(directory, entry);
        }
        wanted
    }

    /// Reads those files; returns the files that they refer to.
    fn follow(&mut self, wave: BTreeSet<Wanted>, sources: &mut Sources) -> BTreeSet<Wanted> {
        let mut directories = BTreeSet::new();
        let mut files: Vec<(String, Need)> = Vec::new();
        let mut plugins: BTreeSet<(String, String)> = BTreeSet::new();
        for wanted in wave {
            let found = self.disk.find(&wanted.path);
            match &found {
                Found::File(path) => {
                    self.referred.insert(path.clone());
                    let keep = wanted.bare || wanted.plugin_of.is_some();
                    let need = Need { parse: !wanted.bare, whole: !wanted.is_resource, keep };
                    files.push((path.clone(), need));
                    plugins.extend(wanted.plugin_of.map(|directory| (path.clone(), directory)));
                }
                Found::Directory(path) => {
                    directories.insert(path.clone());
                }
                Found::Missing | Found::Outside | Found::Special => {}
            }
            self.found.insert(wanted.path, found);
        }
        self.load(files, sources);
        let mut next = self.enter(directories, sources);
        for (path, directory) in plugins {
            let documents = self.pages.get(&path).map(|page| page.documents.as_slice());
            for document in documents.unwrap_or_default() {
                next.extend(reference::wanted_by_plugin(document, &directory));
            }
        }
        next.retain(|wanted| !self.found.contains_key(&wanted.path));
        next
    }

    /// Reads files in parallel; new sources follow the order of the paths.
    fn load(&mut self, files: impl IntoIterator<Item = (String, Need)>, sources: &mut Sources) {
        let mut merged: BTreeMap<String, Need> = BTreeMap::new();
        for (path, need) in files {
            let known = self.pages.get(&path).map_or(Need::default(), |page| page.need);
            let all = merged.entry(path).or_insert(known);
            all.parse |= need.parse;
            all.whole |= need.whole;
            all.keep |= need.keep;
        }
        merged.retain(|path, need| self.pages.get(path).is_none_or(|page| page.need != *need));
        let files: Vec<(String, Need)> = merged.into_iter().collect();
        let ids: Vec<SourceId> = files
            .iter()
            .map(|(path, _)| {
                let read = self.pages.get(path).map(|page| page.source);
                read.or_else(|| self.disk.source(path)).unwrap_or_else(|| {
                    sources.add(Source::file(path.clone(), self.disk.open(path)))
                })
            })
            .collect();
        let numbered: Vec<(&(String, Need), SourceId)> = files.iter().zip(ids).collect();
        let open = |((path, need), id): &(&(String, Need), SourceId), left: &Budget| {
            self.open_within(path, *id, *need, left)
        };
        let most = self.disk.limits.memory;
        let (pages, used) = yaml::read_within(most, self.memory, &numbered, open, &|| ());
        self.memory = used;
        for ((path, _), page) in files.into_iter().zip(pages) {
            if let Some(text) = page.text.clone() {
                sources.get(page.source).keep_text(text);
            }
            self.paths.insert(page.source, path.clone());
            self.pages.insert(path, page);
        }
    }

    /// Opens a file if `left` has memory for it, and takes that from it.
    fn open_within(&self, path: &str, source: SourceId, need: Need, left: &Budget) -> Page {
        if left.is_spent() {
            let most = self.disk.limits.memory;
            let what = format!("this file exceeds the {most} MiB of memory that a run may take");
            return Page::unread(source, need, what);
        }
        let page = self.open(path, source, need);
        let trees = page.documents.iter().map(Node::memory).sum::<usize>();
        left.spend(trees + page.text.as_ref().map_or(0, |text| text.len()));
        page
    }

    fn open(&self, path: &str, source: SourceId, need: Need) -> Page {
        let mut page = Page::empty(source, need);
        let bytes = match self.disk.read(path) {
            Ok(bytes) => bytes,
            Err(why) => {
                return Page::unread(source, need, format!("this file can't be read: {why}"));
            }
        };
        let text: Cow<'_, str> = match yaml::decode_utf8(source, &bytes) {
            Ok(text) => text,
            Err(problem) => {
                page.problems.extend(need.parse.then_some(problem));
                decode_lossy(&bytes)
            }
        };
        if need.parse && page.problems.is_empty() {
            self.parse(&mut page, path, &text);
        }
        if need.keep || self.disk.stands_in(path) {
            page.text = Some(Arc::from(text));
        }
        page
    }

    fn parse(&self, page: &mut Page, path: &str, text: &str) {
        let (limits, range) = (&self.disk.limits, 0..text.len());
        let parts = match self.partial.filter(|_| !page.need.whole) {
            Some(partial) => yaml::read_partly(page.source, text, range, None, limits, partial),
            None => Parts::from(yaml::read(page.source, text, range, None, limits)),
        };
        let file = File::new(path, page.source);
        page.rests = parts.documents.iter().map(|part| Rest::of(&file, part)).collect();
        page.documents = parts.documents.into_iter().map(|part| part.root).collect();
        page.problems = parts.problems;
        page.seen = parts.seen;
    }
}

/// Whether a document is a Flux `Kustomization`, an object to apply and nothing to build.
fn is_flux(document: &Node) -> bool {
    let text = |key: &str| document.get(key).and_then(Node::as_str).unwrap_or_default();
    text("apiVersion").starts_with("kustomize.toolkit.fluxcd.io/")
        && text("kind") == "Kustomization"
        && document.get("spec").is_some()
}
