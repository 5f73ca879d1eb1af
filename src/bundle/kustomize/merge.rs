//! Strategic merge patches: mappings merge, `null` removes, lists are replaced but for those of pod
//! templates and Services, whose items are told apart by a key.
//!
//! The keys are those of the API types (`patchMergeKey` in k8s.io/api/core/v1), as kustomize has
//! them from its OpenAPI document; lists of kinds that it does not know are replaced whole.

use crate::bundle::{Write, Writer};
use crate::yaml::{Entry, Map, Node, Value};

use super::edit;
use super::resource::Id;

/// The lists whose items are merged, and the keys that tell their items apart.
const POD_LISTS: &[(&str, &[&str])] = &[
    ("containers", &["name"]),
    ("initContainers", &["name"]),
    ("ephemeralContainers", &["name"]),
    ("env", &["name"]),
    ("ports", &["containerPort", "protocol"]),
    ("volumeMounts", &["mountPath"]),
    ("volumeDevices", &["devicePath"]),
    ("volumes", &["name"]),
    ("imagePullSecrets", &["name"]),
    ("hostAliases", &["ip"]),
    ("topologySpreadConstraints", &["topologyKey", "whenUnsatisfiable"]),
];

/// The same for Services.
const SERVICE_LISTS: &[(&str, &[&str])] = &[("ports", &["port", "protocol"])];

/// Merges `patch` into `tree`, an object of that identity. Returns false where the patch deletes
/// the object.
pub(super) fn merge(tree: &mut Node, patch: &Node, id: &Id, writes: &mut Vec<Write>) -> bool {
    if directive(patch) == Some("delete") {
        return false;
    }
    let lists = match (id.group.as_str(), id.kind.as_str()) {
        ("", "Service") => SERVICE_LISTS,
        ("", "Pod" | "ReplicationController" | "PodTemplate")
        | ("apps" | "extensions", "Deployment" | "ReplicaSet" | "DaemonSet" | "StatefulSet")
        | ("batch", "Job" | "CronJob") => POD_LISTS,
        _ => &[],
    };
    Merge { lists, writes }.node(tree, patch, &mut String::new());
    true
}

/// What a patch's mapping says of itself.
fn directive(patch: &Node) -> Option<&str> {
    patch.get("$patch").and_then(Node::as_str)
}

/// Entries that speak to the merge itself (`$patch`, `$setElementOrder/…`).
fn is_directive(entry: &Entry) -> bool {
    entry.key.starts_with('$')
}

struct Merge<'a> {
    lists: &'static [(&'static str, &'static [&'static str])],
    writes: &'a mut Vec<Write>,
}

/// Recursion is as deep as the patch, whose depth is bounded where it is read.
impl Merge<'_> {
    fn node(&mut self, node: &mut Node, patch: &Node, at: &mut String) {
        let Value::Map(from) = &patch.value else { return };
        if directive(patch) == Some("replace") {
            *node = without_directives(patch);
            return;
        }
        let Some(_) = edit::map_mut(node) else { return };
        for entry in from.entries.iter().filter(|entry| !is_directive(entry)) {
            self.entry(node, entry, at);
        }
    }

    fn entry(&mut self, node: &mut Node, new: &Entry, at: &mut String) {
        let Some(map) = edit::map_mut(node) else { return };
        if new.value.is_null() || directive(&new.value) == Some("delete") {
            if let Some(old) = edit::remove(map, &new.key) {
                self.note(at, new, Some(old.value));
            }
            return;
        }
        let length = at.len();
        let old = map.entries.iter_mut().rev().find(|entry| entry.key == new.key);
        match old.map(|entry| &mut entry.value) {
            Some(value) if value.as_map().is_some() && new.value.as_map().is_some() => {
                enter(at, &new.key);
                self.node(value, &new.value, at);
            }
            Some(value) if value.as_seq().is_some() && new.value.as_seq().is_some() => {
                enter(at, &new.key);
                match self.keys(&new.key, value, &new.value) {
                    Some(keys) => self.items(value, &new.value, keys, at),
                    None => {
                        let before = std::mem::replace(value, list_of(&new.value));
                        at.truncate(length);
                        self.note(at, new, Some(before));
                    }
                }
            }
            _ => {
                let value = clean(&new.value);
                let before = edit::set(map, Entry { value, ..new.clone() });
                self.note(at, new, before);
            }
        }
        at.truncate(length);
    }

    /// The keys of a list whose items are merged: they must be mappings that have the first.
    fn keys(&self, name: &str, old: &Node, new: &Node) -> Option<&'static [&'static str]> {
        let (_, keys) = self.lists.iter().find(|(list, _)| *list == name)?;
        let has = |item: &Node| item.get(keys[0]).is_some() || directive(item).is_some();
        let all = |node: &Node| node.as_seq().unwrap_or_default().iter().all(has);
        (all(old) && all(new)).then_some(*keys)
    }

    fn items(&mut self, old: &mut Node, new: &Node, keys: &[&str], at: &mut String) {
        let patches = new.as_seq().unwrap_or_default();
        let replaces =
            |item: &&Node| directive(item) == Some("replace") && item.get(keys[0]).is_none();
        if patches.iter().any(|item| replaces(&item)) {
            let kept: Vec<Node> =
                patches.iter().filter(|item| !replaces(item)).map(clean).collect();
            *old = edit::sequence(kept, new.span);
            return;
        }
        let mut items: Vec<Node> = old.as_seq().unwrap_or_default().to_vec();
        let mut added = Vec::new();
        for patch in patches {
            let found = items.iter().position(|item| is_same(item, patch, keys));
            match (found, directive(patch)) {
                (Some(index), Some("delete")) => {
                    items.remove(index);
                }
                (None, Some("delete")) => {}
                (Some(index), _) => {
                    let length = at.len();
                    at.push_str(&format!("[{index}]"));
                    self.node(&mut items[index], patch, at);
                    at.truncate(length);
                }
                (None, _) => added.push(clean(patch)),
            }
        }
        // What is new goes before what is there (kyaml's MergeOptionsListPrepend).
        added.append(&mut items);
        *old = edit::sequence(added, old.span);
    }

    fn note(&mut self, at: &str, new: &Entry, before: Option<Node>) {
        let place = edit::first_line(&new.value);
        self.writes.push(Write {
            holder: at.to_owned(),
            key: new.key.clone(),
            writer: Writer::Patch,
            place,
            before,
        });
    }
}

fn enter(at: &mut String, key: &str) {
    if !at.is_empty() {
        at.push('.');
    }
    at.push_str(key);
}

/// Whether two items are the same one. A further key counts only where both have it.
fn is_same(item: &Node, patch: &Node, keys: &[&str]) -> bool {
    keys.iter().enumerate().all(|(nth, key)| {
        match (item.get(key).and_then(edit::text), patch.get(key).and_then(edit::text)) {
            (Some(a), Some(b)) => a == b,
            _ => nth > 0,
        }
    })
}

/// A list of a patch that takes the place of another one.
fn list_of(patch: &Node) -> Node {
    let items = patch.as_seq().unwrap_or_default();
    let marks = |item: &Node| {
        let map = item.as_map();
        map.is_some_and(|map| !map.entries.is_empty() && map.entries.iter().all(is_directive))
    };
    edit::sequence(items.iter().filter(|item| !marks(item)).map(clean).collect(), patch.span)
}

fn without_directives(patch: &Node) -> Node {
    clean(patch)
}

/// What a patch adds: without nulls, which remove what is not there, and without directives.
fn clean(patch: &Node) -> Node {
    match &patch.value {
        Value::Scalar(_) => patch.clone(),
        Value::Seq(items) if items.iter().all(|item| item.as_scalar().is_some()) => patch.clone(),
        Value::Seq(_) => list_of(patch),
        Value::Map(map) => {
            let kept = map.entries.iter().filter(|entry| !is_directive(entry));
            let kept = kept.filter(|entry| !entry.value.is_null());
            let entries = kept.map(|entry| Entry { value: clean(&entry.value), ..entry.clone() });
            let map = Map { entries: entries.collect() };
            Node { span: patch.span, value: Value::Map(map.into()) }
        }
    }
}
