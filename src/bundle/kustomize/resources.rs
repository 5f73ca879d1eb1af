//! What a kustomization lists: files of objects, directories, remote resources.

use super::booleans;
use super::disk::Found;
use super::edit;
use super::fault::{refused, remote};
use super::fields;
use super::id::text_at;
use super::layer::{DEEPEST, Layer, MOST, words};
use super::library::{Library, Page};
use super::made_before;
use super::maker::{self, Maker};
use super::object::Object;
use super::reference;
use crate::bundle::{Fault, FaultKind, heads, path};
use crate::text::Span;
use crate::yaml::{Node, Problem};

impl<'a> Maker<'a> {
    pub fn resource(&mut self, entry: &Node) {
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

    /// What an entry refers to; `None` (and a fault) if it is not in the repository.
    pub fn locate(&mut self, entry: &Node, reference: &str) -> Option<Found> {
        let path = path::join(self.directory, reference);
        let made_before = |path: &String| made_before::why(self.library, path);
        let why_absent = path.as_ref().and_then(made_before);
        let found = match path {
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
            Found::Missing => {
                self.fault(missing(entry.span, reference, why_absent));
                self.open(reference);
            }
            Found::Outside if !self.library.disk.is_repository() && !reference.starts_with('/') => {
                // Outside a repository, other files may exist that were not given.
                self.fault(remote(entry.span, reference));
                self.open(reference);
            }
            Found::Outside => {
                self.fault(refused(
                    entry.span,
                    format!("`{reference}` is outside the repository and is not read"),
                    "move it inside the repository",
                ));
                self.open(reference);
            }
            Found::Special => self.fault(refused(
                entry.span,
                format!("`{reference}` is neither a file nor a directory"),
                "fix the path, or remove the entry",
            )),
        }
        None
    }

    /// The file that an entry refers to; `None` (and a fault) if it is not in the repository.
    pub fn locate_file(&mut self, entry: &Node, reference: &str) -> Option<String> {
        match self.locate(entry, reference)? {
            Found::File(path) => Some(path),
            _ => {
                self.fault(refused(
                    entry.span,
                    format!("`{reference}` is a directory, but this must be a file"),
                    "write the path of a file",
                ));
                None
            }
        }
    }

    /// The page of a file, with a fault at the entry if it can't be read.
    pub fn page(&mut self, entry: &Node, path: &str) -> Option<Page> {
        let mut page = self.partial_page(entry, path)?;
        for (document, rest) in page.documents.iter_mut().zip(page.rests.drain(..)) {
            let Some(rest) = rest else { continue };
            match rest.whole(&self.library.disk) {
                Ok(whole) => *document = whole,
                Err(problem) => self.fault(unreadable(entry, path, &problem)),
            }
        }
        Some(page)
    }

    /// The same, with documents that were read in part.
    fn partial_page(&mut self, entry: &Node, path: &str) -> Option<Page> {
        let page = self.library.page(path)?.into_owned();
        self.layer.files.insert(page.source);
        if let Some(problem) = page.problems.first() {
            self.fault(unreadable(entry, path, problem));
            self.open(path);
        }
        Some(page)
    }

    /// The objects of a file.
    fn file(&mut self, entry: &Node, path: &str) -> Vec<Object> {
        let Some(page) = self.partial_page(entry, path) else {
            return Vec::new();
        };
        let mut objects = Vec::new();
        for (document, rest) in page.documents.iter().zip(page.rests) {
            if is_empty(document) {
                continue;
            }
            self.check_document(entry, path, document);
            let document = &booleans::as_strings(document);
            let made = heads(document).into_iter().filter(|(head, _)| !head.name.is_empty());
            objects.extend(made.map(|(head, tree)| {
                let mut object = Object::new(head, tree);
                object.rest.clone_from(&rest);
                object
            }));
        }
        objects
    }

    fn check_document(&mut self, entry: &Node, path: &str, document: &Node) {
        if let Some((place, what)) = defect(document) {
            let mut fault =
                refused(entry.span, format!("kustomize rejects `{path}`: {what}"), "fix the file");
            fault.related.push((place, "here".to_owned()));
            self.fault(fault);
        }
    }

    /// Adds objects; a second one with the same identity is rejected, and the first one stays.
    pub fn append(&mut self, place: Span, objects: impl IntoIterator<Item = Object>) {
        for object in objects {
            if self.layer.objects.len() >= MOST {
                self.fault(refused(
                    place,
                    format!("this builds more than {MOST} objects: the rest are ignored"),
                    "split the kustomization",
                ));
                self.open("objects beyond the limit");
                self.layer.is_full = true;
                return;
            }
            let id = object.id();
            let Some(first) = self.layer.objects.holder(id).map(|first| first.head.kind_span)
            else {
                self.layer.objects.push(object);
                continue;
            };
            let mut fault = refused(
                place,
                format!("this adds {} a second time: kustomize rejects it", id.words()),
                "remove one of the two, or write one as a patch",
            );
            fault.related.push((first, "the first one".to_owned()));
            fault.related.push((object.head.kind_span, "the second one".to_owned()));
            self.fault(fault);
        }
    }

    pub fn base(&mut self, entry: &Node, reference: &str, path: &str) {
        let Some(base) = self.directory_of(entry, reference, path, false) else {
            if self.takes_bare.is_some() && !self.library.directories.contains_key(path) {
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
    pub fn directory_of(
        &mut self,
        entry: &Node,
        reference: &str,
        path: &str,
        as_component: bool,
    ) -> Option<&'a Layer> {
        let Some(directory) = self.library.directories.get(path) else {
            if self.takes_bare.is_none() {
                self.fault(refused(
                    entry.span,
                    format!("`{reference}` is a directory without a kustomization"),
                    "add a `kustomization.yaml` to it, or list its files one by one",
                ));
            }
            return None;
        };
        // A Flux object is in no directory, so no cycle includes it.
        if self.takes_bare.is_none() && directory.back.contains(self.directory) {
            self.fault(refused(
                entry.span,
                format!(
                    "`{reference}` leads back to this kustomization: kustomize rejects the \
                         cycle"
                ),
                "remove the entry that closes the cycle",
            ));
            return None;
        }
        if self.takes_bare.is_none() && is_above(path, self.directory) {
            self.fault(refused(
                entry.span,
                format!("`{reference}` contains this kustomization: kustomize rejects the cycle"),
                "move shared files to a sibling directory",
            ));
            self.open(reference);
            return None;
        }
        let own = self.library.directories.get(self.directory);
        if let Some(above) = own.and_then(|own| own.climbs.get(path)).filter(|it| *it != path) {
            let name = if above.is_empty() { "." } else { above };
            self.fault(refused(
                entry.span,
                format!(
                    "`{reference}` leads to `{name}`, which contains this kustomization: kustomize \
                     rejects the cycle"
                ),
                "move shared files to a sibling directory",
            ));
            self.open(reference);
            return None;
        }
        if directory.height >= DEEPEST {
            self.fault(refused(
                entry.span,
                format!("kustomizations are nested more than {DEEPEST} levels deep here"),
                "refer to the needed bases directly",
            ));
            self.open(reference);
            return None;
        }
        let component = directory.tree.as_ref().is_some_and(fields::is_component);
        if component != as_component && directory.tree.is_some() {
            let (message, help) = if component {
                (format!("`{reference}` is a component"), "list it under `components`")
            } else {
                (format!("`{reference}` is not a component"), "list it under `resources`")
            };
            self.fault(refused(entry.span, message, help));
            return None;
        }
        of_unless_component(self.library, path, as_component)
    }

    /// All manifests below a directory, and the kustomizations in it separately.
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
        let is_taken = |file: &&str| self.takes_bare.is_none_or(|takes| takes(file));
        let files = library.disk.manifests_below(path).filter(|file| !is_inner(file));
        for file in files.filter(is_taken).collect::<Vec<_>>() {
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
}

/// What is not there; no error if something makes it before the build.
fn missing(place: Span, reference: &str, why_absent: Option<String>) -> Fault {
    let Some(why) = why_absent else {
        return refused(
            place,
            format!("`{reference}` does not exist: kustomize fails to build"),
            "fix the path, or remove the entry",
        );
    };
    let message =
        format!("`{reference}` does not exist ({why}): `kustomize build` fails without it");
    let help = "ignore this if another step creates it before the build";
    Fault { kind: FaultKind::Absent, ..refused(place, message, help) }
}

fn unreadable(entry: &Node, path: &str, problem: &Problem) -> Fault {
    let message = format!("kustomize can't read `{path}`: {}", words(&problem.kind));
    let mut fault = refused(entry.span, message, "fix the file");
    fault.related.push((problem.span, "here".to_owned()));
    fault
}

/// A component has no layer of its own: an empty one stands for it.
fn of_unless_component<'a>(library: &'a Library, path: &str, component: bool) -> Option<&'a Layer> {
    static NOTHING: std::sync::LazyLock<Layer> = std::sync::LazyLock::new(Layer::default);
    if component { Some(&NOTHING) } else { maker::of(library, path) }
}

/// Whether a directory contains another one.
fn is_above(outer: &str, inner: &str) -> bool {
    let rest = if outer.is_empty() { Some(inner) } else { inner.strip_prefix(outer) };
    rest.is_some_and(|rest| !rest.is_empty() && (outer.is_empty() || rest.starts_with('/')))
}

fn is_empty(document: &Node) -> bool {
    document.is_null() || document.as_map().is_some_and(|map| map.entries.is_empty())
}

/// What kustomize rejects about a document of a resource file.
pub(super) fn defect(document: &Node) -> Option<(Span, String)> {
    if document.as_map().is_none() {
        return Some((edit::token(document), "this is not a Kubernetes object".to_owned()));
    }
    if let Some((key, place, _)) = edit::twice(document) {
        return Some((place, format!("`{key}` appears twice in one mapping")));
    }
    let kind = text_at(document, &["kind"]);
    if kind.is_empty() {
        return Some((edit::token(document), "this object has no `kind`".to_owned()));
    }
    if kind.ends_with("List") {
        let items = document.get("items").and_then(Node::as_seq).unwrap_or_default();
        return items.iter().find_map(defect);
    }
    if text_at(document, &["metadata", "name"]).is_empty() {
        let place = document.get("metadata").map_or(document.span.at_start(), edit::token);
        return Some((place, "this object has no `metadata.name`".to_owned()));
    }
    None
}
