//! Applies a change of one linked label to the others.

use super::edit;
use super::links::Link;
use super::object::Object;
use crate::bundle::Writer;
use crate::yaml::{Entry, Node, Value};
use compact_str::CompactString;

impl Object {
    /// Links a label that was added at these places at once.
    pub fn link(&mut self, pair: &Entry, holders: Vec<String>) {
        if holders.len() > 1 {
            let links = self.links.0.entry(pair.key.clone()).or_default();
            links.push(Link { span: pair.value.span, holders });
        }
    }

    /// Applies a change at one place of any label to all others.
    pub fn follow_links(&mut self, writer: Writer) {
        let keys: Vec<CompactString> = self.links.0.keys().cloned().collect();
        keys.iter().for_each(|key| self.follow_links_of(key, writer));
    }

    /// The same, if only labels with this key have changed.
    pub fn follow_links_of(&mut self, key: &str, writer: Writer) {
        let Some(mut links) = self.links.0.remove(key) else { return };
        links.iter_mut().for_each(|link| self.follow(key, link, writer));
        links.retain(|link| link.holders.len() > 1);
        if !links.is_empty() {
            self.links.0.insert(key.into(), links);
        }
    }

    fn follow(&mut self, key: &str, link: &mut Link, writer: Writer) {
        let tree = &self.tree;
        link.holders.retain(|holder| find(tree, holder).is_some_and(|it| it.get(key).is_some()));
        let mut values = link.holders.iter().filter_map(|holder| find(tree, holder)?.entry(key));
        let Some(new) = values.rfind(|entry| entry.value.span != link.span).cloned() else {
            return;
        };
        for holder in &link.holders {
            let (tree, mut pen) = self.pen(writer);
            let Some(map) = find_mut(tree, holder) else { continue };
            if map.get(key).is_some_and(|value| value.span == link.span) {
                let before = edit::put(map, new.clone());
                pen.note(holder, key, new.value.span, before);
            }
        }
        link.span = new.value.span;
    }
}

/// The parts of a field path: keys, and indices in brackets. A key with a dot never precedes
/// labels.
fn parts(path: &str) -> impl Iterator<Item = &str> {
    path.split(['.', '[']).map(|part| part.trim_end_matches(']')).filter(|part| !part.is_empty())
}

fn find<'a>(tree: &'a Node, path: &str) -> Option<&'a Node> {
    parts(path).try_fold(tree, |node, part| match &node.value {
        Value::Seq(items) => items.get(part.parse::<usize>().ok()?),
        _ => node.get(part),
    })
}

fn find_mut<'a>(tree: &'a mut Node, path: &str) -> Option<&'a mut Node> {
    parts(path).try_fold(tree, |node, part| match &node.value {
        Value::Seq(_) => edit::items_mut(node)?.get_mut(part.parse::<usize>().ok()?),
        _ => edit::get_mut(node, part),
    })
}
