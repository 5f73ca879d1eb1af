//! An index of selectors by what they require, for reasoning about pods that no manifest shows:
//! most selectors of a namespace are for other values of one key, and none of those is looked at.

use std::collections::HashMap;

use compact_str::CompactString;

use crate::model::{Operator, Requirement, Selector, is_placeholder};

/// Selectors in the order in which they are added, each with an item.
#[derive(Debug, Default)]
pub struct SelectorIndex {
    entries: Vec<Entry>,
    keys: HashMap<CompactString, Key>,
    /// Those without an anchor.
    loose: Vec<usize>,
}

#[derive(Debug)]
struct Entry {
    item: u32,
    /// The key of its anchor, by number.
    key: Option<usize>,
    /// Where the next entry with another anchor stands.
    next: usize,
}

/// The anchors on one key.
#[derive(Debug, Default)]
struct Key {
    number: usize,
    /// The entries by the values that they are for, ascending.
    values: HashMap<CompactString, Vec<usize>>,
}

/// The requirement that a selector is found by: its first one for certain values.
fn anchor(selector: Option<&Selector>) -> Option<&Requirement> {
    selector?.requirements.iter().find(|requirement| is_plain(requirement))
}

/// Whether a requirement is for values that are all known.
fn is_plain(requirement: &Requirement) -> bool {
    requirement.operator == Operator::In
        && !requirement.values.iter().any(|(value, _)| is_placeholder(value))
}

fn values(requirement: &Requirement) -> impl Iterator<Item = &str> {
    requirement.values.iter().map(|(value, _)| value.as_str())
}

/// The requirements of a selector that rule out any other one for other values: each is the only
/// one on its key.
fn decisive(selector: Option<&Selector>) -> Vec<&Requirement> {
    let all = selector.map_or(&[][..], |selector| &selector.requirements);
    let mut on_key: HashMap<&str, usize> = HashMap::new();
    for requirement in all {
        *on_key.entry(&requirement.key).or_default() += 1;
    }
    all.iter().filter(|r| is_plain(r) && on_key.get(r.key.as_str()) == Some(&1)).collect()
}

impl SelectorIndex {
    /// Adds a selector (none selects everything) and what it stands for.
    pub fn add(&mut self, selector: Option<&Selector>, item: u32) {
        let position = self.entries.len();
        // A refused selector selects nobody knows what, whatever else it requires.
        let anchor = anchor(selector.filter(|selector| !selector.is_refused()));
        let key = anchor.map(|requirement| self.anchor(requirement, position));
        if key.is_none() {
            self.loose.push(position);
        }
        self.entries.push(Entry { item, key, next: position + 1 });
    }

    fn anchor(&mut self, requirement: &Requirement, position: usize) -> usize {
        let next = Key { number: self.keys.len(), values: HashMap::new() };
        let key = self.keys.entry(requirement.key.clone()).or_insert(next);
        for (value, _) in &requirement.values {
            let list = key.values.entry(value.clone()).or_default();
            if list.last() != Some(&position) {
                list.push(position);
            }
        }
        key.number
    }

    /// Readies it for [`SelectorIndex::overlapping`].
    pub fn finish(&mut self) {
        for position in (0..self.entries.len().saturating_sub(1)).rev() {
            if self.entries[position].key == self.entries[position + 1].key {
                self.entries[position].next = self.entries[position + 1].next;
            }
        }
    }

    /// The items whose selectors may select pods that `selector` selects, in order: every other
    /// one requires another value of a key.
    pub fn overlapping(&self, selector: Option<&Selector>) -> impl Iterator<Item = u32> {
        let decisive = decisive(selector.filter(|selector| !selector.is_refused()));
        let known = decisive.iter().filter_map(|r| Some((r, self.keys.get(r.key.as_str())?)));
        let known: Vec<(&&Requirement, &Key)> = known.collect();
        let hits = known.iter().flat_map(|(r, key)| values(r).filter_map(|v| key.values.get(v)));
        let hits: Vec<&[usize]> = hits.map(Vec::as_slice).collect();
        let decided = known.iter().map(|(_, key)| key.number).collect();
        let others = Others { entries: &self.entries, decided, at: 0 };
        Merged { hits, others: others.peekable() }.map(|position| self.entries[position].item)
    }

    /// The items whose selectors may select all pods that `selector` selects, in no order.
    pub fn covering(&self, selector: Option<&Selector>) -> impl Iterator<Item = u32> {
        let all = selector.map_or(&[][..], |selector| &selector.requirements);
        let lists = all.iter().filter(|requirement| is_plain(requirement)).filter_map(|r| {
            let key = self.keys.get(r.key.as_str())?;
            // Whoever covers it is for each of its values.
            let rarest = values(r)
                .map(|value| key.values.get(value))
                .min_by_key(|list| list.map_or(0, Vec::len));
            rarest.flatten()
        });
        let positions: Vec<usize> = lists.chain([&self.loose]).flatten().copied().collect();
        positions.into_iter().map(|position| self.entries[position].item)
    }
}

/// The entries whose anchors are on other keys than those that decide.
struct Others<'i> {
    entries: &'i [Entry],
    decided: Vec<usize>,
    at: usize,
}

impl Iterator for Others<'_> {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        loop {
            let entry = self.entries.get(self.at)?;
            if entry.key.is_some_and(|key| self.decided.contains(&key)) {
                self.at = entry.next;
                continue;
            }
            self.at += 1;
            return Some(self.at - 1);
        }
    }
}

/// Several ascending lists of positions as one, each position once.
struct Merged<'i, O: Iterator<Item = usize>> {
    hits: Vec<&'i [usize]>,
    others: std::iter::Peekable<O>,
}

impl<O: Iterator<Item = usize>> Iterator for Merged<'_, O> {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        let heads = self.hits.iter().filter_map(|list| list.first());
        let least = heads.chain(self.others.peek()).min().copied()?;
        self.others.next_if_eq(&least);
        for list in &mut self.hits {
            if list.first() == Some(&least) {
                *list = &list[1..];
            }
        }
        Some(least)
    }
}
