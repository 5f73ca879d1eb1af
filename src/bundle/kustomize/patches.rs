//! `patches`, `patchesStrategicMerge` and `patchesJson6902`.

use super::booleans;
use super::edit;
use super::fault::refused;
use super::id::Id;
use super::id::{Part, Sought};
use super::identity::{Identity, restore};
use super::inline;
use super::json_patch::{self, Bounds, Operation, Patching};
use super::layer;
use super::maker::Maker;
use super::merge::{self, Clash};
use super::object::Object;
use super::resources;
use super::rest::is_in_head;
use super::select::Selector;
use crate::bundle::{Fault, Write, Writer};
use crate::text::Span;
use crate::yaml::{Node, Value};

/// What a patch changes.
enum Change {
    Merge(Vec<Node>),
    Json(Vec<Operation>),
}

/// One patch, ready to apply.
pub(super) struct Patch {
    change: Change,
    target: Option<Selector>,
    allow_name: bool,
    allow_kind: bool,
    /// The entry in the kustomization.
    place: Span,
}

/// Where a patch comes from.
pub(super) struct Source<'a> {
    /// The entry in the kustomization.
    pub place: Span,
    pub path: Option<&'a Node>,
    pub text: Option<&'a Node>,
}

impl Maker<'_> {
    /// Every entry of `patches` or `patchesJson6902`.
    pub fn patches(&mut self, key: &str) {
        for entry in self.list(key) {
            if let Some(patch) = self.patch(entry, "patch") {
                self.make_patch(&patch, key == "patches");
            }
        }
    }

    /// Every entry of `patchesStrategicMerge`.
    pub fn strategic_patches(&mut self) {
        for entry in self.list("patchesStrategicMerge") {
            self.strategic_patch(entry);
        }
    }

    /// One entry of `patchesStrategicMerge`: the patch itself or its path.
    pub fn strategic_patch(&mut self, entry: &Node) {
        let Some(text) = entry.as_str() else { return };
        let inline = super::reference::is_inline(text);
        let source = Source {
            place: entry.span,
            path: (!inline).then_some(entry),
            text: inline.then_some(entry),
        };
        let Some(roots) = self.roots(&source) else { return };
        if roots.is_empty() {
            let message = "this patch is empty: kustomize rejects it".to_owned();
            self.fault(refused(
                entry.span,
                message,
                "write the part of the object to change, or remove the patch",
            ));
            return;
        }
        if let Some(merges) = self.merges(&source, roots) {
            let change = Change::Merge(merges.iter().map(merge::copied).collect());
            let patch = Patch {
                change,
                target: None,
                allow_name: false,
                allow_kind: false,
                place: edit::token(entry),
            };
            self.make_patch(&patch, true);
        }
    }

    /// Reads an entry with `path` or an inline patch, `target` and `options`.
    pub fn patch(&mut self, entry: &Node, inline_key: &str) -> Option<Patch> {
        let given = |key: &str| {
            entry.get(key).filter(|it| it.as_str().is_some_and(|text| !text.trim().is_empty()))
        };
        let source =
            Source { place: edit::token(entry), path: given("path"), text: given(inline_key) };
        let (message, help) = match (source.path, source.text) {
            (Some(_), Some(_)) => ("this patch has both `path` and `patch`", "keep one of them"),
            (None, None) => ("this patch has neither `path` nor `patch`", "add one of them"),
            _ => ("", ""),
        };
        if !message.is_empty() {
            self.fault(refused(source.place, message.to_owned(), help));
            return None;
        }
        let target = match entry.get("target").filter(|it| !it.is_null()).map(Selector::read) {
            Some(Err((place, message))) => {
                self.fault(refused(place, message, "write it as in `kubectl get -l`"));
                return None;
            }
            Some(Ok(target)) => Some(target),
            None => None,
        };
        let option = |key: &str| {
            let value = entry.at(&["options", key]).and_then(Node::as_scalar);
            value.is_some_and(|scalar| scalar.text == "true")
        };
        let (allow_name, allow_kind) = (option("allowNameChange"), option("allowKindChange"));
        let roots = self.roots(&source)?;
        let change = match roots.first().map(|root| &root.value) {
            Some(Value::Seq(_)) => Change::Json(self.operations(&source, roots.first()?)?),
            Some(Value::Map(_)) => Change::Merge(self.merges(&source, roots)?),
            _ => {
                self.fault(refused(
                    source.place,
                    "this patch is empty, or neither a mapping nor a list of operations".to_owned(),
                    "write the part of the object to change, or JSON patch operations",
                ));
                return None;
            }
        };
        Some(Patch { change, target, allow_name, allow_kind, place: source.place })
    }

    /// The documents of a patch.
    pub fn roots(&mut self, source: &Source<'_>) -> Option<Vec<Node>> {
        if let Some(text) = source.text {
            let read = inline::documents(&self.text_of(text), text, &self.library.disk.limits);
            return match read {
                Ok(roots) => Some(roots.into_iter().filter(|root| !root.is_null()).collect()),
                Err(problem) => {
                    self.fault(refused(
                        problem.span,
                        format!("this patch is not valid YAML: {}", layer::words(&problem.kind)),
                        "fix the YAML here",
                    ));
                    None
                }
            };
        }
        let path = source.path?;
        let file = self.locate_file(path, path.as_str()?)?;
        let page = self.page(path, &file)?;
        let broken = !page.problems.is_empty();
        let roots: Vec<Node> = page.documents.into_iter().filter(|root| !root.is_null()).collect();
        (!broken || !roots.is_empty()).then_some(roots)
    }

    fn operations(&mut self, source: &Source<'_>, root: &Node) -> Option<Vec<Operation>> {
        match json_patch::read(root) {
            Ok(operations) => Some(operations),
            Err(stop) => {
                let mut fault =
                    refused(stop.place, stop.message, "fix the operation, or remove it");
                fault.related.push((source.place, "the patch is listed here".to_owned()));
                self.fault(fault);
                None
            }
        }
    }

    /// The objects of a strategic merge patch; each must identify its target.
    fn merges(&mut self, source: &Source<'_>, roots: Vec<Node>) -> Option<Vec<Node>> {
        let mut patches = Vec::new();
        for root in roots {
            let root = booleans::as_strings(&root);
            if let Some((place, what)) = resources::defect(&root) {
                let mut fault = refused(
                    source.place,
                    format!("kustomize rejects this patch: {what}"),
                    "add `kind` and `metadata.name`: a patch needs both, even with a `target`",
                );
                fault.related.push((place, "here".to_owned()));
                self.fault(fault);
                continue;
            }
            patches.extend(crate::bundle::heads(&root).into_iter().map(|(_, tree)| tree));
        }
        Some(patches)
    }

    /// Applies a patch. `remembers`: `patches` record the identity that a JSON patch changes,
    /// `patchesJson6902` do not.
    pub fn make_patch(&mut self, patch: &Patch, remembers: bool) {
        match (&patch.change, &patch.target) {
            (Change::Json(_), None) => self.fault(refused(
                patch.place,
                "this JSON patch has no `target`: kustomize rejects it".to_owned(),
                "add `target` with the `kind` and `name` of the object to change",
            )),
            (Change::Json(operations), Some(target)) => {
                for at in self.selected(patch.place, target) {
                    self.make_json(patch, at, operations, remembers);
                }
            }
            (Change::Merge(merges), Some(target)) => {
                if let [_, second, ..] = merges.as_slice() {
                    self.fault(refused(
                        edit::token(second),
                        "a patch with a `target` can't have several documents".to_owned(),
                        "split it into one patch per document",
                    ));
                    return;
                }
                if let Some(merge) = merges.first().map(merge::copied) {
                    let selected = self.selected(patch.place, target);
                    self.make_merges(patch, &selected, &merge);
                }
            }
            (Change::Merge(merges), None) => {
                for merge in merges {
                    if let Some(at) = self.named(patch, merge) {
                        self.make_merges(patch, &[at], merge);
                    }
                }
            }
        }
    }

    /// The objects that a target selects.
    fn selected(&mut self, place: Span, target: &Selector) -> Vec<usize> {
        match target.patterns() {
            Ok(patterns) => {
                let objects = &mut self.layer.objects;
                let mut found = objects.candidates(patterns.sought());
                found.retain(|at| objects.get(*at).is_some_and(|it| patterns.select(it)));
                found
            }
            Err(pattern) => {
                self.fault(refused(
                    place,
                    format!("`{pattern}` in this patch's target is not a valid regular expression"),
                    "fix the expression",
                ));
                Vec::new()
            }
        }
    }

    /// The one object that a patch identifies by any of its identities.
    fn named(&mut self, patch: &Patch, merge: &Node) -> Option<usize> {
        let id = Id::of(merge);
        let is_named = |object: &Object| object.ids().any(|known| known == id);
        let objects = &mut self.layer.objects;
        let mut found = objects.candidates(id.sought());
        found.retain(|at| objects.get(*at).is_some_and(is_named));
        if let [one] = found.as_slice() {
            return Some(*one);
        }
        if found.is_empty() && !self.layer.openings.is_empty() {
            // It may be for what is not read.
            return None;
        }
        let mut fault = match found.as_slice() {
            [] => self.names_nothing(patch.place, &id),
            _ => refused(
                patch.place,
                format!("this patch matches several objects: {}", id.words()),
                "select one with `target`",
            ),
        };
        let name = merge.at(&["metadata", "name"]).map_or(merge.span, |name| name.span);
        fault.related.push((name, "the patch names it here".to_owned()));
        self.fault(fault);
        None
    }

    fn names_nothing(&mut self, place: Span, id: &Id) -> Fault {
        let sought = Sought { namespace: Part::Any, ..id.sought() };
        let objects = &mut self.layer.objects;
        let found = objects.candidates(sought);
        let mut found = found.iter().filter_map(|at| objects.get(*at)).map(Object::id);
        let near = found.find(|it| it.name == id.name && it.kind == id.kind);
        let help = match near {
            Some(near) if near.namespace != id.namespace => format!(
                "the object is in namespace `{}` here: write that in the patch, or use `target`",
                near.namespace
            ),
            Some(near) if near.group != id.group || near.version != id.version => {
                "write the apiVersion of the object in the patch, or use `target`".to_owned()
            }
            _ => "fix the name in the patch, or remove the patch".to_owned(),
        };
        let message =
            format!("this patch is for {}, which the resources do not contain", id.words());
        refused(place, message, &help)
    }

    fn make_json(&mut self, patch: &Patch, at: usize, operations: &[Operation], remembers: bool) {
        let limits = self.library.disk.limits;
        let bounds = Bounds { depth: limits.depth, nodes: limits.nodes };
        if operations.iter().any(Operation::leaves_head) {
            self.layer.complete(at, &self.library.disk);
        }
        let steps = &mut self.layer.steps;
        let made = self.layer.objects.change(at, |object| {
            if remembers {
                object.remember();
            }
            let virtually = object.annotate(operations, patch.place);
            let mut grown = object.grown;
            let (tree, keys, pen) = object.parts(Writer::Patch);
            let mut patching = Patching { keys, pen, bounds, grown: &mut grown, steps };
            let made = patching.apply(tree, operations);
            object.grown = grown;
            if virtually {
                object.drop_empty_annotations();
            }
            // The object is rebuilt from JSON, which breaks its links.
            object.links.clear();
            made
        });
        let Some(Err(stop)) = made else { return };
        let Some(object) = self.layer.objects.get(at) else { return };
        let (words, head) = (object.id().words(), object.head.kind_span);
        let mut fault = refused(
            stop.place,
            format!("this JSON patch does not apply to {words}: {}", stop.message),
            "fix the path, or the patch's target",
        );
        fault.related.push((patch.place, "the patch is listed here".to_owned()));
        fault.related.push((head, "the object".to_owned()));
        self.fault(fault);
    }

    fn make_merges(&mut self, patch: &Patch, selected: &[usize], merge: &Node) {
        // The target's own apiVersion stays; a patch with a target may be written for another one.
        let mut merge = merge.clone();
        edit::remove(&mut merge, "apiVersion");
        let entries = merge.as_map().map_or(&[][..], |map| &map.entries);
        let leaves_head = entries.iter().any(|entry| !is_in_head(&entry.key));
        for &at in selected {
            if leaves_head {
                self.layer.complete(at, &self.library.disk);
            }
            match self.layer.objects.change(at, |object| patch.merge_into(object, &merge)) {
                Some(Ok(false)) => self.layer.objects.remove(at),
                Some(Err(clash)) => self.fault(refused(
                    clash.place,
                    clash.message,
                    "write the field in the patch as it is in the object",
                )),
                Some(Ok(true)) | None => {}
            }
        }
    }
}

impl Patch {
    /// Merges into one object; false if the patch deletes it.
    fn merge_into(&self, object: &mut Object, merge: &Node) -> Result<bool, Clash> {
        if self.allow_name || self.allow_kind {
            object.remember();
        }
        let identity = Identity::of(&object.tree);
        let written = object.writes.len();
        object.keys.forget();
        let (tree, mut pen) = object.pen(Writer::Patch);
        let made = merge::merge(tree, merge, &mut pen);
        self.keep_identity(tree, identity);
        let new = object.writes.split_off(written);
        object.writes.extend(new.into_iter().filter(|write| !self.is_identity(write)));
        object.follow_links(Writer::Patch);
        made
    }

    /// A patch changes neither name nor kind nor namespace, unless it is allowed to.
    fn keep_identity(&self, tree: &mut Node, before: Identity) {
        restore(tree, "apiVersion", before.api_version);
        if !self.allow_kind {
            restore(tree, "kind", before.kind);
        }
        let Some(metadata) = before.metadata else { return };
        if tree.get("metadata").is_none_or(|it| it.as_map().is_none()) {
            edit::put(tree, metadata);
        }
        let Some(now) = edit::get_mut(tree, "metadata") else { return };
        if !self.allow_name {
            restore(now, "name", before.name);
        }
        restore(now, "namespace", before.namespace);
    }

    fn is_identity(&self, write: &Write) -> bool {
        match (write.holder.as_str(), write.key.as_str()) {
            ("", "kind") => !self.allow_kind,
            ("metadata", "name") => !self.allow_name,
            ("metadata", "namespace") => true,
            _ => false,
        }
    }
}
