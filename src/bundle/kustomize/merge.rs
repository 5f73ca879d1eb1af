//! Strategic merge: mappings are merged, lists are replaced, except those with a merge key
//! (upstream: `kyaml/yaml/merge2` and `walk`).

use compact_str::CompactString;

use super::edit;
use super::merge_keys::{Join, Schema};
use super::object::Pen;
use crate::text::Span;
use crate::yaml::{Entry, Node, Value};

/// What a patch says about the node at its place.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Directive {
    Merge,
    Replace,
    Delete,
}

/// Why a merge fails.
pub(super) struct Clash {
    /// In the patch.
    pub place: Span,
    pub message: String,
}

/// Merges `patch` into `target`; false if the patch deletes it.
///
/// # Errors
/// The two have different types: a list where the target has a mapping.
pub(super) fn merge(target: &mut Node, patch: &Node, pen: &mut Pen<'_>) -> Result<bool, Clash> {
    let text = |key: &str| target.get(key).and_then(Node::as_str).unwrap_or_default().to_owned();
    let schema = Schema::of(&text("apiVersion"), &text("kind"));
    match directive(patch) {
        Directive::Delete => return Ok(false),
        Directive::Replace => {
            let mut bare = without_directive(patch);
            clean(&mut bare);
            *target = bare;
            return Ok(true);
        }
        Directive::Merge => {}
    }
    Merge { pen }.maps(target, patch, schema, "")?;
    Ok(true)
}

/// A patch as kustomize copies it for `patchesStrategicMerge` and for a target: labels and
/// annotations become strings, so a null is no longer null, and if there are no entries they are
/// removed (`Resource.CopyMergeMetaDataFieldsFrom`).
pub(super) fn copied(patch: &Node) -> Node {
    let mut patch = patch.clone();
    let Some(metadata) = edit::get_mut(&mut patch, "metadata") else { return patch };
    for key in ["labels", "annotations"] {
        let Some(value) = metadata.get(key) else { continue };
        if value.is_null() || value.as_map().is_some_and(|map| map.entries.is_empty()) {
            edit::remove(metadata, key);
            continue;
        }
        let entries = edit::get_mut(metadata, key).and_then(edit::entries_mut);
        for entry in entries.into_iter().flatten().filter(|entry| entry.value.is_null()) {
            let text = entry.value.as_scalar().map(|scalar| scalar.text.clone());
            entry.value = edit::string(entry.value.span, text.unwrap_or_default());
        }
    }
    patch
}

struct Merge<'a, 'b> {
    pen: &'a mut Pen<'b>,
}

impl Merge<'_, '_> {
    fn maps(
        &mut self,
        target: &mut Node,
        patch: &Node,
        schema: Schema,
        holder: &str,
    ) -> Result<(), Clash> {
        for entry in patch.as_map().map_or(&[][..], |map| &map.entries) {
            if entry.key == "$patch" || entry.key == "$retainKeys" {
                continue;
            }
            self.entry(target, entry, schema, holder)?;
        }
        Ok(())
    }

    fn entry(
        &mut self,
        target: &mut Node,
        entry: &Entry,
        schema: Schema,
        holder: &str,
    ) -> Result<(), Clash> {
        let key = entry.key.as_str();
        let there = target.get(key).filter(|there| !there.is_null());
        let deletes = entry.value.is_null() || directive(&entry.value) == Directive::Delete;
        if deletes {
            if let Some(gone) = edit::remove(target, key) {
                self.pen.note(holder, key, entry.key_span, Some(gone.value));
            }
            return Ok(());
        }
        let Some(there) = there else {
            self.add(target, entry, holder);
            return Ok(());
        };
        match (&there.value, &entry.value.value) {
            (Value::Map(_), Value::Map(_)) if directive(&entry.value) == Directive::Replace => {
                self.add(target, entry, holder);
            }
            (Value::Map(_), Value::Map(_)) => {
                let below = edit::below(holder, key);
                if let Some(inner) = edit::get_mut(target, key) {
                    self.maps(inner, &entry.value, schema.field(key), &below)?;
                }
            }
            (Value::Seq(_), Value::Seq(_)) => match schema.join(key) {
                Some(join) => self.join(target, entry, schema, holder, join)?,
                None => self.add(target, entry, holder),
            },
            (Value::Scalar(_), Value::Scalar(_)) => self.add(target, entry, holder),
            (Value::Map(map), _) if map.entries.is_empty() => self.add(target, entry, holder),
            _ => {
                return Err(Clash {
                    place: entry.key_span,
                    message: format!(
                        "`{key}` has a different type in the patch than in the object"
                    ),
                });
            }
        }
        Ok(())
    }

    /// Replaces the existing value by the patch's.
    fn add(&mut self, target: &mut Node, entry: &Entry, holder: &str) {
        let mut value = without_directive(&entry.value);
        clean(&mut value);
        let place = value.span;
        let new = Entry { key: entry.key.clone(), key_span: entry.key_span, value };
        let before = edit::put(target, new).filter(|before| !before.is_null());
        self.pen.note(holder, &entry.key, place, before);
    }

    /// Joins two lists: the patch's items first, then those that only the target has.
    fn join(
        &mut self,
        target: &mut Node,
        entry: &Entry,
        schema: Schema,
        holder: &str,
        join: Join,
    ) -> Result<(), Clash> {
        let key = entry.key.as_str();
        let holder = edit::below(holder, key);
        let items = entry.value.as_seq().unwrap_or_default();
        let replaces = items
            .iter()
            .any(|item| is_bare_directive(item) && directive(item) == Directive::Replace);
        let items: Vec<&Node> = items.iter().filter(|item| !is_bare_directive(item)).collect();
        let Some(list) = edit::get_mut(target, key) else {
            return Ok(());
        };
        let old = if replaces { Vec::new() } else { list.as_seq().unwrap_or_default().to_vec() };
        // If items are compared by two keys, the target's order counts; by one, the patch's order.
        let stays = by_two_keys(join, &old, &items);
        let mut kept: Vec<Option<Node>> = vec![None; old.len()];
        let mut rest: Vec<Option<Node>> = old.into_iter().map(Some).collect();
        let mut joined: Vec<Node> = Vec::new();
        for item in items {
            let at = match like(join, stays, &rest, item) {
                Like::At(at) => Some(at),
                Like::New => None,
                Like::Lost => continue,
            };
            let there = at.and_then(|at| rest.get_mut(at)).and_then(Option::take);
            let below = format!("{holder}[{}]", at.filter(|_| stays).unwrap_or(joined.len()));
            let Some(made) = self.item(there, item, schema.field(key), &below)? else {
                continue;
            };
            match at.and_then(|at| kept.get_mut(at)).filter(|_| stays) {
                Some(slot) => *slot = Some(made),
                None => joined.push(made),
            }
        }
        let rest = rest.into_iter().zip(kept);
        joined.extend(rest.filter_map(|(rest, kept)| kept.or(rest)));
        list.value = Value::Seq(joined.into());
        Ok(())
    }

    /// One item of a joined list: deleted, merged with its match, or new.
    fn item(
        &mut self,
        there: Option<Node>,
        item: &Node,
        schema: Schema,
        place: &str,
    ) -> Result<Option<Node>, Clash> {
        if directive(item) == Directive::Delete {
            self.pen.note(place, "", edit::token(item), there);
            return Ok(None);
        }
        match there {
            Some(mut there) if item.as_map().is_some() && directive(item) == Directive::Merge => {
                self.maps(&mut there, item, schema, place)?;
                Ok(Some(there))
            }
            _ => {
                let mut new = without_directive(item);
                clean(&mut new);
                self.pen.note(place, "", edit::token(item), there);
                Ok(Some(new))
            }
        }
    }
}

/// Whether the second key counts: some item has it.
fn by_two_keys(join: Join, old: &[Node], items: &[&Node]) -> bool {
    let Join::Keys([_, second, ..]) = join else {
        return false;
    };
    old.iter().chain(items.iter().copied()).any(|item| item.get(second).is_some())
}

/// Where an item of a patch belongs.
enum Like {
    /// It is merged with this one.
    At(usize),
    New,
    /// One of the two has no second key: kustomize keeps the target's item as it is.
    Lost,
}

fn like(join: Join, by_two: bool, rest: &[Option<Node>], item: &Node) -> Like {
    let text = |node: &Node, key: &str| {
        node.get(key).and_then(Node::as_scalar).map(|scalar| scalar.text.clone())
    };
    let position = |same: &dyn Fn(&Node) -> bool| {
        rest.iter().position(|there| there.as_ref().is_some_and(same))
    };
    let Join::Keys([first, others @ ..]) = join else {
        let own = |node: &Node| node.as_scalar().map(|scalar| scalar.text.clone());
        let same = |there: &Node| own(there).is_some() && own(there) == own(item);
        return position(&same).map_or(Like::New, Like::At);
    };
    let name = text(item, first);
    let others = if by_two { others } else { &[] };
    let same = |there: &Node| {
        name.is_some()
            && text(there, first) == name
            && others.iter().all(|key| text(there, key) == text(item, key))
    };
    if let Some(at) = position(&same) {
        return Like::At(at);
    }
    let differs = |a: Option<CompactString>, b: Option<CompactString>| a.is_some() != b.is_some();
    let nearly = |there: &Node| {
        name.is_some()
            && text(there, first) == name
            && others.iter().any(|key| differs(text(there, key), text(item, key)))
    };
    position(&nearly).map_or(Like::New, |_| Like::Lost)
}

fn directive(node: &Node) -> Directive {
    match node.get("$patch").and_then(Node::as_str) {
        Some("delete") => Directive::Delete,
        Some("replace") => Directive::Replace,
        _ => Directive::Merge,
    }
}

/// `- $patch: replace` as an item of a list applies to the list.
fn is_bare_directive(node: &Node) -> bool {
    node.get("$patch").is_some() && node.as_map().is_some_and(|map| map.entries.len() == 1)
}

fn without_directive(node: &Node) -> Node {
    let mut node = node.clone();
    if node.get("$patch").is_some() {
        edit::remove(&mut node, "$patch");
    }
    node
}

/// A mapping that is added loses its nulls and its directives. Lists are copied as they are.
fn clean(node: &mut Node) {
    let needs = |node: &Node| {
        node.as_map().is_some_and(|map| {
            map.entries.iter().any(|entry| {
                entry.value.is_null() || entry.key == "$patch" || entry.value.as_map().is_some()
            })
        })
    };
    if !needs(node) {
        return;
    }
    if let Some(entries) = edit::entries_mut(node) {
        entries.retain(|entry| {
            !entry.value.is_null()
                && entry.key != "$patch"
                && directive(&entry.value) != Directive::Delete
        });
        entries.iter_mut().for_each(|entry| clean(&mut entry.value));
    }
}
