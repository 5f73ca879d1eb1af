//! Builds one kustomization: its resources, generators and components, then its transformers, in
//! kustomize's order.

use super::disk::Found;
use super::fault::refused;
use super::fields;
use super::layer::{LEAST_WORK, Layer, MOST_FAULTS, MOST_WORK, Specs, words};
use super::library::Library;
use crate::bundle::{Fault, Opening};
use crate::text::{SourceId, Span};
use crate::yaml::Node;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The result of the kustomization in that directory; built once.
pub(super) fn of<'a>(library: &'a Library, directory: &str) -> Option<&'a Layer> {
    let entry = library.directories.get(directory)?;
    Some(entry.layer.get_or_init(|| match &entry.tree {
        Some(tree) => {
            let mut maker = Maker::new(library, directory, tree);
            maker.enter(directory);
            let mut layer = maker.make();
            layer.objects.finish();
            layer
        }
        None => {
            let mut layer = Layer::default();
            unreadable(library, directory, &mut layer);
            layer
        }
    }))
}

/// A kustomization without a tree is rejected where it can't be read.
fn unreadable(library: &Library, directory: &str, layer: &mut Layer) {
    let files = library.directories.get(directory).map(|it| it.files.as_slice());
    let page = files.and_then(|files| library.pages.get(files.first()?));
    let Some(page) = page else {
        return;
    };
    layer.files.insert(page.source);
    layer.openings.insert(Opening { namespace: None, what: directory.to_owned() });
    let problem = page.problems.first();
    layer.faults.push(match problem {
        Some(problem) => refused(
            problem.span,
            format!("invalid kustomization: {}", words(&problem.kind)),
            "fix the YAML here",
        ),
        None => refused(
            Span::new(page.source, 0, 0),
            "this kustomization is empty: kustomize rejects it".to_owned(),
            "list its files under `resources`, or delete this one",
        ),
    });
}

/// Builds one layer.
pub(super) struct Maker<'a> {
    pub library: &'a Library,
    pub directory: &'a str,
    pub tree: &'a Node,
    pub layer: Layer,
    /// A directory without kustomization stands for those manifests below it that this takes (Flux).
    pub takes_bare: Option<&'a dyn Fn(&str) -> bool>,
    /// A kustomization without any field is built (Flux).
    pub takes_empty: bool,
    /// Read only if a patch is written inline.
    texts: RefCell<BTreeMap<SourceId, Option<Arc<str>>>>,
}

impl<'a> Maker<'a> {
    pub fn new(library: &'a Library, directory: &'a str, tree: &'a Node) -> Self {
        Self {
            library,
            directory,
            tree,
            layer: Layer::default(),
            takes_bare: None,
            takes_empty: false,
            texts: RefCell::default(),
        }
    }

    /// Checks the file itself.
    pub fn enter(&mut self, directory: &str) {
        self.layer.files.insert(self.tree.span.source);
        let Some(entry) = self.library.directories.get(directory) else {
            return;
        };
        if !(self.takes_empty && fields::is_empty(self.tree)) {
            fields::check(self.tree).into_iter().for_each(|fault| self.fault(fault));
        }
        if let [_, others @ ..] = entry.files.as_slice() {
            for other in others {
                let source = self.library.pages.get(other).map(|page| page.source);
                let place = source.map_or(self.tree.span.at_start(), |id| Span::new(id, 0, 0));
                self.fault(refused(
                    place,
                    "this directory has more than one kustomization file".to_owned(),
                    "keep only one of `kustomization.yaml`, `kustomization.yml` and `Kustomization`",
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

    /// The text of the file that contains a value: the kustomization itself, or the object of a
    /// controller that writes into it.
    pub fn text_of(&self, node: &Node) -> Arc<str> {
        let source = node.span.source;
        let mut texts = self.texts.borrow_mut();
        let text = texts.entry(source).or_insert_with(|| self.library.text(source));
        text.clone().unwrap_or_default()
    }

    /// Records that more may be applied than is known.
    pub fn open(&mut self, what: &str) {
        self.layer.openings.insert(Opening { namespace: None, what: what.to_owned() });
    }

    /// Takes over everything except the objects.
    pub fn absorb(&mut self, base: &Layer) {
        base.faults.iter().for_each(|fault| self.fault(fault.clone()));
        let layer = &mut self.layer;
        layer.openings.extend(base.openings.iter().cloned());
        layer.files.extend(&base.files);
        layer.vars.extend(base.vars.iter().cloned());
        layer.specs.join(&base.specs);
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
                    format!("`{reference}` is a file, but a component must be a directory"),
                    "list the file under `resources`",
                ));
                return;
            }
            None => return,
        };
        self.layer.work += LEAST_WORK + self.layer.objects.len();
        if self.layer.work > MOST_WORK {
            self.fault(refused(
                entry.span,
                "components are nested too often here".to_owned(),
                "list each component once",
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
        // A component changes what was collected so far.
        let mut maker = Maker::new(self.library, key, tree);
        maker.layer = std::mem::take(&mut self.layer);
        maker.enter(key);
        self.layer = maker.make();
    }

    fn configurations(&mut self) {
        for entry in self.list("configurations") {
            let Some(reference) = entry.as_str() else { continue };
            if let Some(path) = self.locate_file(entry, reference)
                && let Some(page) = self.page(entry, &path)
                && let Some(root) = page.documents.first()
            {
                self.layer.specs.join(&Specs::read(root));
            }
        }
        for entry in self.list("crds") {
            if let Some(reference) = entry.as_str()
                && let Some(path) = self.locate_file(entry, reference)
            {
                self.page(entry, &path);
            }
        }
    }
}
