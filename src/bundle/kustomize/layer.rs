//! One kustomization: its resources, generators and components, then its transformers, in
//! kustomize's order.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use super::disk::Found;
use super::fault::{refused, remote};
use super::field_spec::FieldSpec;
use super::fields;
use super::id::Id;
use super::library::{Library, Page};
use super::object::Object;
use super::reference;
use super::vars::Var;
use crate::bundle::{ChartCall, Fault, Opening, heads};
use crate::text::{SourceId, Span};
use crate::yaml::{Node, ProblemKind};

/// Layers upon layers: more are refused.
pub(super) const DEEPEST: usize = 64;

/// Objects of one build: what is doubled in every layer would grow without end.
const MOST: usize = 50_000;

/// Objects that the components of one build may go over, all in all.
const MOST_WORK: usize = 5_000_000;

/// What one component costs that has no object to go over.
const LEAST_WORK: usize = 50;

/// Faults of one build; nobody reads more.
const MOST_FAULTS: usize = 1_000;

/// What one kustomization makes, before names are final.
#[derive(Clone, Debug, Default)]
pub(super) struct Layer {
    pub objects: Vec<Object>,
    pub faults: Vec<Fault>,
    pub openings: Vec<Opening>,
    pub charts: Vec<ChartCall>,
    pub files: BTreeSet<SourceId>,
    pub vars: Vec<Var>,
    pub specs: Specs,
    /// How much work its components were.
    work: usize,
    /// It has more objects than are followed: no other layer builds on it.
    is_full: bool,
}

/// Field specifications that `configurations` add to kustomize's own.
#[derive(Clone, Debug, Default)]
pub(super) struct Specs {
    pub common_labels: Vec<FieldSpec>,
    pub labels: Vec<FieldSpec>,
    pub template_labels: Vec<FieldSpec>,
    pub namespace: Vec<FieldSpec>,
    pub name_prefix: Vec<FieldSpec>,
    pub name_suffix: Vec<FieldSpec>,
    pub var_reference: Vec<FieldSpec>,
}

impl Specs {
    fn lists(&mut self) -> [(&'static str, &mut Vec<FieldSpec>); 7] {
        [
            ("commonLabels", &mut self.common_labels),
            ("labels", &mut self.labels),
            ("templateLabels", &mut self.template_labels),
            ("namespace", &mut self.namespace),
            ("namePrefix", &mut self.name_prefix),
            ("nameSuffix", &mut self.name_suffix),
            ("varReference", &mut self.var_reference),
        ]
    }

    fn join(&mut self, other: &Self) {
        let mut other = other.clone();
        for ((_, own), (_, more)) in self.lists().into_iter().zip(other.lists()) {
            for spec in more.drain(..) {
                if !own.contains(&spec) {
                    own.push(spec);
                }
            }
        }
    }

    fn read(node: &Node) -> Self {
        let mut specs = Self::default();
        for (key, list) in specs.lists() {
            list.extend(FieldSpec::read_all(node.get(key)));
        }
        specs
    }
}

/// What the kustomization in that directory makes; made once, whoever asks.
pub(super) fn of<'a>(library: &'a Library, directory: &str) -> Option<&'a Layer> {
    let entry = library.directories.get(directory)?;
    Some(entry.layer.get_or_init(|| match &entry.tree {
        Some(tree) => {
            let mut maker = Maker::new(library, directory, tree);
            maker.enter(directory);
            maker.make()
        }
        None => {
            let mut layer = Layer::default();
            unreadable(library, directory, &mut layer);
            layer
        }
    }))
}

/// A kustomization without a tree is refused where it can't be read.
fn unreadable(library: &Library, directory: &str, layer: &mut Layer) {
    let files = library.directories.get(directory).map(|it| it.files.as_slice());
    let page = files.and_then(|files| library.pages.get(files.first()?));
    let Some(page) = page else {
        return;
    };
    layer.files.insert(page.source);
    let problem = page.problems.first();
    layer.faults.push(match problem {
        Some(problem) => refused(
            problem.span,
            format!("kustomize can't read this kustomization: {}", words(&problem.kind)),
            "Mend the YAML here.",
        ),
        None => refused(
            Span::new(page.source, 0, 0),
            "this kustomization is empty, and kustomize refuses an empty one".to_owned(),
            "List what it applies under `resources`, or remove the file.",
        ),
    });
}

/// What is wrong with a text, in words.
pub(super) fn words(kind: &ProblemKind) -> String {
    match kind {
        ProblemKind::Syntax(words) | ProblemKind::Limit(words) => words.clone(),
        ProblemKind::Template => "it is a template that some tool renders first".to_owned(),
        ProblemKind::NotUtf8 => "it is not UTF-8".to_owned(),
    }
}

/// Makes one layer.
pub(super) struct Maker<'a> {
    pub library: &'a Library,
    pub directory: &'a str,
    pub tree: &'a Node,
    pub layer: Layer,
    /// A directory without kustomization stands for all manifests below it (Flux).
    pub takes_bare_directories: bool,
    text: Option<Arc<str>>,
    ids: HashSet<Id>,
}

impl<'a> Maker<'a> {
    pub fn new(library: &'a Library, directory: &'a str, tree: &'a Node) -> Self {
        Self {
            library,
            directory,
            tree,
            layer: Layer::default(),
            takes_bare_directories: false,
            text: library.text(tree.span.source),
            ids: HashSet::new(),
        }
    }

    /// Checks the file itself.
    fn enter(&mut self, directory: &str) {
        self.layer.files.insert(self.tree.span.source);
        let Some(entry) = self.library.directories.get(directory) else {
            return;
        };
        fields::check(self.tree).into_iter().for_each(|fault| self.fault(fault));
        if let [_, others @ ..] = entry.files.as_slice() {
            for other in others {
                let source = self.library.pages.get(other).map(|page| page.source);
                let place = source.map_or(self.tree.span.at_start(), |id| Span::new(id, 0, 0));
                self.fault(refused(
                    place,
                    "this directory has more than one kustomization file".to_owned(),
                    "Keep one of `kustomization.yaml`, `kustomization.yml` and `Kustomization`.",
                ));
            }
        }
    }

    pub fn make(mut self) -> Layer {
        for key in ["resources", "bases"] {
            for entry in self.list(key) {
                self.resource(entry);
            }
        }
        self.configurations();
        self.generate();
        for entry in self.list("components") {
            self.component(entry);
        }
        self.transform();
        self.read_vars();
        self.layer
    }

    /// Adds a fault, once.
    pub fn fault(&mut self, fault: Fault) {
        let faults = &mut self.layer.faults;
        if faults.len() < MOST_FAULTS && !faults.contains(&fault) {
            faults.push(fault);
        }
    }

    /// The items of a list.
    pub fn list(&self, key: &str) -> &'a [Node] {
        self.tree.get(key).and_then(Node::as_seq).unwrap_or_default()
    }

    /// The text of the file that the kustomization stands in.
    pub fn text(&self) -> &str {
        self.text.as_deref().unwrap_or_default()
    }

    /// More may be applied than is known.
    pub fn open(&mut self, what: &str) {
        let opening = Opening { namespace: None, what: what.to_owned() };
        if !self.layer.openings.contains(&opening) {
            self.layer.openings.push(opening);
        }
    }

    fn resource(&mut self, entry: &Node) {
        let Some(reference) = entry.as_str().filter(|text| !text.is_empty()) else {
            return;
        };
        match self.locate(entry, reference) {
            Some(Found::File(path)) => {
                let objects = self.file(entry, &path);
                self.append(entry.span, objects);
            }
            Some(Found::Directory(path)) => self.base(entry, reference, &path),
            _ => {}
        }
    }

    /// What an entry names; none (and a fault) where that is nothing of the repository.
    pub fn locate(&mut self, entry: &Node, reference: &str) -> Option<Found> {
        let found = match reference::join(self.directory, reference) {
            Some(path) => self.library.find(&path),
            None if reference::is_remote(reference) => Found::Missing,
            None => Found::Outside,
        };
        match found {
            Found::File(_) | Found::Directory(_) => return Some(found),
            Found::Missing if reference::is_remote(reference) => {
                self.fault(remote(entry.span, reference));
                self.open(reference);
            }
            Found::Missing => self.fault(refused(
                entry.span,
                format!("`{reference}` does not exist, and kustomize refuses to build"),
                "Correct the path, or remove the entry.",
            )),
            Found::Outside => {
                self.fault(refused(
                    entry.span,
                    format!("`{reference}` lies outside of this repository and is not read"),
                    "Keep what is applied inside the repository.",
                ));
                self.open(reference);
            }
            Found::Special => self.fault(refused(
                entry.span,
                format!("`{reference}` is neither a file nor a directory"),
                "Correct the path, or remove the entry.",
            )),
        }
        None
    }

    /// The page of a file, with a fault at the entry where it can't be read.
    pub fn page(&mut self, entry: &Node, path: &str) -> Option<Page> {
        let page = self.library.page(path)?.into_owned();
        self.layer.files.insert(page.source);
        if let Some(problem) = page.problems.first() {
            let mut fault = refused(
                entry.span,
                format!("kustomize can't read `{path}`: {}", words(&problem.kind)),
                "Mend the file.",
            );
            fault.related.push((problem.span, "here".to_owned()));
            self.fault(fault);
        }
        Some(page)
    }

    /// The objects of a file.
    fn file(&mut self, entry: &Node, path: &str) -> Vec<Object> {
        let Some(page) = self.page(entry, path) else {
            return Vec::new();
        };
        let mut objects = Vec::new();
        for document in &page.documents {
            if is_empty(document) {
                continue;
            }
            self.check_document(entry, path, document);
            let made = heads(document).into_iter().filter(|(head, _)| !head.name.is_empty());
            objects.extend(made.map(|(head, tree)| Object::new(head, tree)));
        }
        objects
    }

    fn check_document(&mut self, entry: &Node, path: &str, document: &Node) {
        if let Some((place, what)) = defect(document) {
            let mut fault = refused(
                entry.span,
                format!("kustomize refuses `{path}`: {what}"),
                "Mend the file.",
            );
            fault.related.push((place, "here".to_owned()));
            self.fault(fault);
        }
    }

    /// Adds objects; the same identity twice is refused, and the first one stays.
    pub fn append(&mut self, place: Span, objects: Vec<Object>) {
        for object in objects {
            if self.layer.objects.len() >= MOST {
                self.fault(refused(
                    place,
                    format!("this makes more than {MOST} objects; the rest is left out"),
                    "Build it in parts.",
                ));
                self.open("objects beyond the limit");
                self.layer.is_full = true;
                return;
            }
            let id = object.id();
            if self.ids.insert(id.clone()) {
                self.layer.objects.push(object);
                continue;
            }
            let mut fault = refused(
                place,
                format!("this brings {} a second time, and kustomize refuses that", id.words()),
                "Remove one of the two, or change one with a patch.",
            );
            let first = self.layer.objects.iter().find(|known| known.id() == id);
            let first = first.map(|first| first.head.kind_span);
            fault.related.extend(first.map(|span| (span, "the first one".to_owned())));
            fault.related.push((object.head.kind_span, "the second one".to_owned()));
            self.fault(fault);
        }
    }

    fn base(&mut self, entry: &Node, reference: &str, path: &str) {
        let Some(base) = self.directory_of(entry, reference, path, false) else {
            if self.takes_bare_directories && !self.library.directories.contains_key(path) {
                self.bare(entry, path);
            }
            return;
        };
        self.absorb(base);
        if base.is_full {
            self.layer.is_full = true;
        } else {
            self.append(entry.span, base.objects.clone());
        }
    }

    /// The layer of a directory, if it may be used here.
    fn directory_of(
        &mut self,
        entry: &Node,
        reference: &str,
        path: &str,
        as_component: bool,
    ) -> Option<&'a Layer> {
        let Some(directory) = self.library.directories.get(path) else {
            if !self.takes_bare_directories {
                self.fault(refused(
                    entry.span,
                    format!("`{reference}` is a directory without a kustomization"),
                    "Add a `kustomization.yaml` to it, or name its files one by one.",
                ));
            }
            return None;
        };
        if directory.back.contains(self.directory) {
            self.fault(refused(
                entry.span,
                format!("`{reference}` leads back to this kustomization in a circle"),
                "Remove the entry that closes the circle.",
            ));
            return None;
        }
        if directory.height >= DEEPEST {
            self.fault(refused(
                entry.span,
                format!("more than {DEEPEST} kustomizations lie upon each other here"),
                "Name what is needed directly.",
            ));
            self.open(reference);
            return None;
        }
        let component = directory.tree.as_ref().is_some_and(fields::is_component);
        if component != as_component && directory.tree.is_some() {
            let (message, help) = if component {
                (format!("`{reference}` is a component"), "List it under `components`.")
            } else {
                (format!("`{reference}` is no component"), "List it under `resources`.")
            };
            self.fault(refused(entry.span, message, help));
            return None;
        }
        of_unless_component(self.library, path, as_component)
    }

    /// Takes over everything but the objects.
    fn absorb(&mut self, base: &Layer) {
        base.faults.iter().for_each(|fault| self.fault(fault.clone()));
        let layer = &mut self.layer;
        for opening in &base.openings {
            if !layer.openings.contains(opening) {
                layer.openings.push(opening.clone());
            }
        }
        for chart in &base.charts {
            if !layer.charts.contains(chart) {
                layer.charts.push(chart.clone());
            }
        }
        layer.files.extend(&base.files);
        layer.vars.extend(base.vars.iter().cloned());
        layer.vars.dedup_by(|a, b| a.name == b.name && a.place == b.place);
        layer.specs.join(&base.specs);
    }

    /// All manifests below a directory, and the kustomizations in it as their own.
    fn bare(&mut self, entry: &Node, path: &str) {
        let library = self.library;
        let below = |directory: &str| {
            let inside = |outer: &str| {
                outer.is_empty()
                    || directory.strip_prefix(outer).is_some_and(|rest| rest.starts_with('/'))
            };
            inside(path)
        };
        let inner: Vec<&String> =
            library.directories.keys().filter(|directory| below(directory)).collect();
        let is_inner = |file: &str| {
            inner.iter().any(|directory| {
                file.strip_prefix(directory.as_str()).is_some_and(|rest| rest.starts_with('/'))
            })
        };
        for file in library.disk.manifests_below(path).filter(|file| !is_inner(file)) {
            let objects = self.file(entry, file);
            self.append(entry.span, objects);
        }
        for directory in &inner {
            let nested = inner.iter().any(|outer| {
                directory.strip_prefix(outer.as_str()).is_some_and(|rest| rest.starts_with('/'))
            });
            let component = library.directories.get(*directory).and_then(|it| it.tree.as_ref());
            if !nested && !component.is_some_and(fields::is_component) {
                self.base(entry, directory, directory);
            }
        }
    }

    fn component(&mut self, entry: &Node) {
        let Some(reference) = entry.as_str() else {
            return;
        };
        let path = match self.locate(entry, reference) {
            Some(Found::Directory(path)) => path,
            Some(_) => {
                self.fault(refused(
                    entry.span,
                    format!("`{reference}` is a file, and a component is a directory"),
                    "List the file under `resources`.",
                ));
                return;
            }
            None => return,
        };
        self.layer.work += LEAST_WORK + self.layer.objects.len();
        if self.layer.work > MOST_WORK {
            self.fault(refused(
                entry.span,
                "components are applied here too often to be followed".to_owned(),
                "List each component once.",
            ));
            self.open(reference);
            return;
        }
        if self.directory_of(entry, reference, &path, true).is_none() {
            return;
        }
        let Some((key, directory)) = self.library.directories.get_key_value(path.as_str()) else {
            return;
        };
        let Some(tree) = &directory.tree else {
            unreadable(self.library, key, &mut self.layer);
            return;
        };
        // A component works on what was gathered so far.
        let mut maker = Maker::new(self.library, key, tree);
        maker.layer = std::mem::take(&mut self.layer);
        maker.ids = std::mem::take(&mut self.ids);
        maker.enter(key);
        self.layer = maker.make();
        self.ids = self.layer.objects.iter().map(Object::id).collect();
    }

    fn configurations(&mut self) {
        for entry in self.list("configurations") {
            let Some(reference) = entry.as_str() else { continue };
            if let Some(Found::File(path)) = self.locate(entry, reference)
                && let Some(page) = self.page(entry, &path)
                && let Some(root) = page.documents.first()
            {
                self.layer.specs.join(&Specs::read(root));
            }
        }
        for entry in self.list("crds") {
            if let Some(reference) = entry.as_str()
                && let Some(Found::File(path)) = self.locate(entry, reference)
            {
                self.page(entry, &path);
            }
        }
    }
}

/// A component has no layer of its own: it stands for being there.
fn of_unless_component<'a>(library: &'a Library, path: &str, component: bool) -> Option<&'a Layer> {
    static NOTHING: std::sync::LazyLock<Layer> = std::sync::LazyLock::new(Layer::default);
    if component { Some(&NOTHING) } else { of(library, path) }
}

fn is_empty(document: &Node) -> bool {
    document.is_null() || document.as_map().is_some_and(|map| map.entries.is_empty())
}

/// What kustomize refuses about a document of a resource file.
pub(super) fn defect(document: &Node) -> Option<(Span, String)> {
    if document.as_map().is_none() {
        return Some((super::edit::token(document), "this is no object".to_owned()));
    }
    if let Some((key, place, _)) = super::edit::twice(document) {
        return Some((place, format!("`{key}` stands twice in one mapping")));
    }
    let kind = super::id::text_at(document, &["kind"]);
    if kind.is_empty() {
        return Some((super::edit::token(document), "this object has no `kind`".to_owned()));
    }
    if kind.ends_with("List") {
        let items = document.get("items").and_then(Node::as_seq).unwrap_or_default();
        return items.iter().find_map(defect);
    }
    if super::id::text_at(document, &["metadata", "name"]).is_empty() {
        let place = document.get("metadata").map_or(document.span.at_start(), super::edit::token);
        return Some((place, "this object has no `metadata.name`".to_owned()));
    }
    null_item(document).map(|place| (place, "a list has an empty item".to_owned()))
}

/// The first item of a list that is null.
fn null_item(node: &Node) -> Option<Span> {
    match &node.value {
        crate::yaml::Value::Scalar(_) => None,
        crate::yaml::Value::Map(map) => map.entries.iter().find_map(|e| null_item(&e.value)),
        crate::yaml::Value::Seq(items) => items
            .iter()
            .find_map(|item| if item.is_null() { Some(item.span) } else { null_item(item) }),
    }
}
