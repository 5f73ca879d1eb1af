//! Patches of every form, and which objects they change.

use crate::bundle::Write;
use crate::text::Span;
use crate::yaml::{Limits, Node, Problem, ProblemKind, Stream};

use super::files::{Files, Found};
use super::layer::Layer;
use super::resource::Id;
use super::target::Target;
use super::{edit, inline, json_patch, kustomization, merge};

/// What patches are read with.
pub(super) struct Patches<'a> {
    pub(super) files: &'a Files,
    pub(super) limits: &'a Limits,
    /// The directory of the kustomization.
    pub(super) directory: &'a str,
    /// The text that the kustomization is written in.
    pub(super) text: &'a str,
}

const NOT_THERE: &str = "create it, or mend the path (it is relative to the kustomization)";

impl Patches<'_> {
    /// `patchesStrategicMerge`: paths, or patches in place.
    pub(super) fn strategic_merge(&self, layer: &mut Layer, tree: &Node) {
        for item in kustomization::items(tree, "patchesStrategicMerge") {
            let Some(text) = edit::text(item) else { continue };
            let stream = if text.contains('\n') || text.trim_start().starts_with('{') {
                Some(inline::read(item, self.text, self.limits))
            } else {
                self.file(layer, item)
            };
            let Some(stream) = stream else { continue };
            if unread(layer, &stream, item) {
                continue;
            }
            for document in &stream.documents {
                for patch in objects(&document.root) {
                    apply_by_identity(layer, patch, item);
                }
            }
        }
    }

    /// `patches` and `patchesJson6902`.
    pub(super) fn targeted(&self, layer: &mut Layer, tree: &Node, field: &str) {
        for item in kustomization::items(tree, field) {
            self.one(layer, item);
        }
    }

    /// One item with `patch` or `path`, and perhaps a `target`; also the body of a
    /// `PatchTransformer`.
    pub(super) fn one(&self, layer: &mut Layer, item: &Node) {
        let place = edit::first_line(item);
        let written = kustomization::field(item, "patch").or_else(|| item.get("jsonOp"));
        let written = written.filter(|node| edit::text(node).is_some_and(|t| !t.trim().is_empty()));
        let path = kustomization::field(item, "path");
        let path = path.filter(|node| edit::text(node).is_some_and(|text| !text.is_empty()));
        let (stream, said) = match (written, path) {
            (Some(written), None) => (inline::read(written, self.text, self.limits), written),
            (None, Some(path)) => match self.file(layer, path) {
                Some(stream) => (stream, path),
                None => return,
            },
            (None, None) => {
                layer.refuse(
                    place,
                    "a patch has `patch` or `path`, and this has neither".to_owned(),
                    "write one of them",
                );
                return;
            }
            (Some(_), Some(path)) => {
                layer.refuse(
                    path.span,
                    "a patch has `patch` or `path`, not both".to_owned(),
                    "take one of them out",
                );
                return;
            }
        };
        if unread(layer, &stream, said) {
            return;
        }
        let target = kustomization::field(item, "target").filter(|node| !node.is_null());
        self.apply(layer, &stream, target, item, said);
    }

    fn apply(
        &self,
        layer: &mut Layer,
        stream: &Stream,
        target: Option<&Node>,
        item: &Node,
        said: &Node,
    ) {
        let Some(first) = stream.documents.first() else {
            layer.refuse(said_at(said), "this patch is empty".to_owned(), "take it out");
            return;
        };
        let target = match target.map(Target::read) {
            None => None,
            Some(Ok(target)) => Some(target),
            Some(Err((place, message))) => {
                layer.refuse(place, message, "mend it");
                return;
            }
        };
        if json_patch::is_one(&first.root) {
            let Some(target) = target else {
                let message = "a JSON patch needs a `target`: it names no object itself".to_owned();
                layer.refuse(
                    edit::first_line(item),
                    message,
                    "add `target:` with the object's kind and name",
                );
                return;
            };
            return apply_json(layer, &target, &first.root);
        }
        let patches: Vec<&Node> = stream.documents.iter().flat_map(|d| objects(&d.root)).collect();
        let Some(target) = target else {
            return patches.iter().for_each(|patch| apply_by_identity(layer, patch, said));
        };
        if patches.len() > 1 {
            let message = "with a `target`, only one patch can stand here".to_owned();
            layer.refuse(said_at(said), message, "write an item of `patches` for each");
            return;
        }
        let options = item.get("options");
        let allows = |name| options.is_some_and(|options| kustomization::is_true(options, name));
        for patch in patches {
            let kept = Kept { name: !allows("allowNameChange"), kind: !allows("allowKindChange") };
            apply_merge(layer, |resource| target.selects(resource), patch, kept);
        }
    }

    /// The documents of a file.
    fn file(&self, layer: &mut Layer, path: &Node) -> Option<Stream> {
        let text = edit::text(path)?;
        let shown = crate::text::visible(text).into_owned();
        let found = self.files.look(self.directory, text);
        if let Found::File(found) = &found {
            if let Some(file) = self.files.get(found) {
                layer.used.insert(file.source);
                return Some(file.stream.clone());
            }
            let why = self.files.unreadable.get(found).cloned().unwrap_or_default();
            layer.refuse(
                path.span,
                format!("`{shown}` can't be read: {why}"),
                "give it read permission",
            );
            return None;
        }
        let (message, help) = match found {
            Found::Outside => {
                (format!("`{shown}` leaves the repository"), "keep the patch in the repository")
            }
            Found::Remote => (
                format!("`{shown}` is no file: patches are not fetched"),
                "keep the patch in the repository",
            ),
            Found::Directory(_) => {
                (format!("`{shown}` is a directory, not a patch"), "name a file")
            }
            _ => (format!("there is no file `{shown}`"), NOT_THERE),
        };
        layer.refuse(path.span, message, help);
        None
    }
}

/// What a patch by target leaves as it is, unless its options say otherwise.
#[derive(Clone, Copy)]
struct Kept {
    name: bool,
    kind: bool,
}

/// The first line of where a patch is said.
fn said_at(said: &Node) -> Span {
    edit::first_line(said)
}

/// Notes a patch that can't be read; true where there is nothing to go on with.
fn unread(layer: &mut Layer, stream: &Stream, said: &Node) -> bool {
    let Some(Problem { kind, span }) = stream.problems.first() else { return false };
    let what = match kind {
        ProblemKind::Syntax(what) | ProblemKind::Limit(what) => what.clone(),
        ProblemKind::Template => "it is a template".to_owned(),
        ProblemKind::NotUtf8 => "it is not UTF-8".to_owned(),
    };
    // A file's own problem is told at the file already.
    if span.source == said.span.source {
        layer.refuse(*span, format!("this patch is not YAML: {what}"), "mend it");
    } else {
        let message = format!("this patch can't be read: {what}");
        layer.refuse(said.span, message, "mend it").related.push((*span, "here".to_owned()));
    }
    true
}

/// The objects of a patch's document, those of a list one by one.
fn objects(root: &Node) -> Vec<&Node> {
    let kind = root.get("kind").and_then(Node::as_str).unwrap_or_default();
    match root.get("items").and_then(Node::as_seq) {
        Some(items) if kind.ends_with("List") => items.iter().collect(),
        _ if root.is_null() => Vec::new(),
        _ => vec![root],
    }
}

/// A patch without a target names its object itself.
fn apply_by_identity(layer: &mut Layer, patch: &Node, said: &Node) {
    let id = Id::of(patch);
    let place = patch.at(&["metadata", "name"]).map_or_else(|| edit::first_line(patch), |n| n.span);
    // The line of the kustomization that brings the patch, where the patch is in a file.
    let place = if place.source == said.span.source { place } else { said.span };
    let named = layer.resources.iter().filter(|resource| resource.was(&id)).count();
    match named {
        1 => {
            let kept = Kept { name: true, kind: true };
            apply_merge(layer, |resource| resource.was(&id), patch, kept);
        }
        // It may be for what is not read.
        0 if layer.is_open() => {}
        0 => {
            let message = format!("this patch is for {}, which is not in this build", id.words());
            let near = nearest(layer, &id);
            let help = "mend its kind, apiVersion, name or namespace, or give it a `target`";
            let fault = layer.refuse(place, message, help);
            if place.source != patch.span.source {
                fault.related.push((edit::first_line(patch), "the patch".to_owned()));
            }
            fault.related.extend(near);
        }
        _ => {
            let message = format!("this patch is for {}, and several objects are", id.words());
            layer.refuse(place, message, "give it a `target`");
        }
    }
}

/// The object that was probably meant.
fn nearest(layer: &Layer, id: &Id) -> Option<(Span, String)> {
    let same_kind = layer.resources.iter().filter(|resource| resource.born.kind == id.kind);
    let near =
        same_kind.min_by_key(|resource| strsim::levenshtein(&resource.id().name, &id.name))?;
    let distance = strsim::levenshtein(&near.id().name, &id.name);
    let is_near = distance <= 3;
    is_near.then(|| (near.born.name_span, format!("{} is", near.id().words())))
}

fn apply_merge(
    layer: &mut Layer,
    is_for: impl Fn(&super::resource::Resource) -> bool,
    patch: &Node,
    kept: Kept,
) {
    let mut deleted = Vec::new();
    for (at, resource) in layer.resources.iter_mut().enumerate() {
        if !is_for(resource) {
            continue;
        }
        let id = resource.id();
        resource.remember();
        let before = resource.tree.clone();
        let mut writes: Vec<Write> = Vec::new();
        if !merge::merge(&mut resource.tree, patch, &id, &mut writes) {
            deleted.push(at);
            continue;
        }
        keep_identity(&mut resource.tree, &before, kept);
        let is_noise = |write: &Write| {
            (write.holder.is_empty() && matches!(write.key.as_str(), "apiVersion" | "kind"))
                || (write.holder == "metadata" && write.key == "name" && kept.name)
        };
        writes.into_iter().filter(|w| !is_noise(w)).for_each(|write| resource.note(write));
    }
    for at in deleted.into_iter().rev() {
        layer.resources.remove(at);
    }
}

/// A patch's own name and kind only say what it is for (api/resource/resource.go, ApplySmPatch).
fn keep_identity(tree: &mut Node, before: &Node, kept: Kept) {
    let mut restore = |key: &str| {
        if let (Some(entry), Some(map)) = (before.entry(key), edit::map_mut(tree)) {
            edit::set(map, entry.clone());
        }
    };
    restore("apiVersion");
    if kept.kind {
        restore("kind");
    }
    if !kept.name {
        return;
    }
    for key in ["name", "namespace"] {
        let old = before.get("metadata").and_then(|metadata| metadata.entry(key)).cloned();
        let Some(map) = edit::get_mut(tree, "metadata").and_then(edit::map_mut) else { return };
        match old {
            Some(entry) => {
                edit::set(map, entry);
            }
            None => {
                edit::remove(map, key);
            }
        }
    }
}

fn apply_json(layer: &mut Layer, target: &Target, patch: &Node) {
    let mut refusals: Vec<(Span, String, Span)> = Vec::new();
    for resource in layer.resources.iter_mut().filter(|resource| target.selects(resource)) {
        resource.remember();
        let mut tree = resource.tree.clone();
        let mut writes = Vec::new();
        match json_patch::apply(&mut tree, patch, &mut writes) {
            Ok(()) => {
                resource.tree = tree;
                writes.into_iter().for_each(|write| resource.note(write));
            }
            Err(refusal) => {
                let message = format!("{} of {}", refusal.message, resource.id().words());
                refusals.push((refusal.place, message, resource.born.name_span));
            }
        }
    }
    for (place, message, object) in refusals {
        let help = "mend the path, or the `target`, so that it holds only objects that have it";
        let fault = layer.refuse(place, message, help);
        fault.related.push((object, "the object is written here".to_owned()));
    }
}
