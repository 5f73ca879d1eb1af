//! An index of selectors by their requirements, to reason about pods that no manifest shows: most
//! selectors in a namespace have different values for one key, and those are never compared.

use std::collections::HashMap;

use compact_str::CompactString;

use crate::model::{Operator, Requirement, Selector, is_placeholder};

/// Selectors in insertion order, each with an item.
#[derive(Debug)]
pub struct SelectorIndex<T> {
    entries: Vec<Entry<T>>,
    keys: HashMap<CompactString, Key>,
    /// Those without an anchor.
    loose: Vec<usize>,
}

#[derive(Debug)]
struct Entry<T> {
    item: T,
    /// The key of its anchor, by number.
    key: Option<usize>,
    /// The position of the next entry with another anchor.
    next: usize,
}

/// The anchors on one key.
#[derive(Debug, Default)]
struct Key {
    number: usize,
    /// The entries by the values of their anchors, ascending.
    values: HashMap<CompactString, Vec<usize>>,
}

/// The requirement under which a selector is indexed: its first one with known values.
fn anchor(selector: Option<&Selector>) -> Option<&Requirement> {
    selector?.requirements.iter().find(|requirement| is_plain(requirement))
}

/// Whether all values of a requirement are known.
fn is_plain(requirement: &Requirement) -> bool {
    requirement.operator == Operator::In
        && !requirement.values.iter().any(|(value, _)| is_placeholder(value))
}

fn values(requirement: &Requirement) -> impl Iterator<Item = &str> {
    requirement.values.iter().map(|(value, _)| value.as_str())
}

/// The requirements of a selector that exclude any selector with other values: each is the only one
/// on its key.
fn decisive(selector: Option<&Selector>) -> Vec<&Requirement> {
    let all = selector.map_or(&[][..], |selector| &selector.requirements);
    let mut on_key: HashMap<&str, usize> = HashMap::new();
    for requirement in all {
        *on_key.entry(&requirement.key).or_default() += 1;
    }
    all.iter().filter(|r| is_plain(r) && on_key.get(r.key.as_str()) == Some(&1)).collect()
}

impl<T> Default for SelectorIndex<T> {
    fn default() -> Self {
        Self { entries: Vec::new(), keys: HashMap::new(), loose: Vec::new() }
    }
}

impl<T: Copy> SelectorIndex<T> {
    /// Adds a selector (`None` selects everything) and its item.
    pub fn add(&mut self, selector: Option<&Selector>, item: T) {
        let position = self.entries.len();
        // What an invalid selector matches is unknown, whatever else it requires.
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

    /// Prepares it for [`SelectorIndex::overlapping`].
    pub fn finish(&mut self) {
        for position in (0..self.entries.len().saturating_sub(1)).rev() {
            if self.entries[position].key == self.entries[position + 1].key {
                self.entries[position].next = self.entries[position + 1].next;
            }
        }
    }

    /// The items whose selectors may select pods that `selector` selects, in order: every other one
    /// requires a different value of a key.
    pub fn overlapping(&self, selector: Option<&Selector>) -> impl Iterator<Item = T> {
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
    pub fn covering(&self, selector: Option<&Selector>) -> impl Iterator<Item = T> {
        let all = selector.map_or(&[][..], |selector| &selector.requirements);
        let lists = all.iter().filter(|requirement| is_plain(requirement)).filter_map(|r| {
            let key = self.keys.get(r.key.as_str())?;
            // A selector that covers it has each of its values.
            let rarest = values(r)
                .map(|value| key.values.get(value))
                .min_by_key(|list| list.map_or(0, Vec::len));
            rarest.flatten()
        });
        let positions: Vec<usize> = lists.chain([&self.loose]).flatten().copied().collect();
        positions.into_iter().map(|position| self.entries[position].item)
    }
}

/// The entries whose anchors have other keys than the decisive ones.
struct Others<'i, T> {
    entries: &'i [Entry<T>],
    decided: Vec<usize>,
    at: usize,
}

impl<T> Iterator for Others<'_, T> {
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::{Fault, Why};
    use crate::resolve::{Tri, covers};
    use crate::text::{SourceId, Span};

    const NOWHERE: Span = Span { source: SourceId(0), start: 0, end: 0 };

    fn requirement() -> impl Strategy<Value = Requirement> {
        let operators = [Operator::In, Operator::NotIn, Operator::Exists, Operator::DoesNotExist];
        let values = prop::collection::vec(prop::sample::select(vec!["x", "y", "z", "${V}"]), 1..3);
        (prop::sample::select(vec!["a", "b", "c"]), 0..6usize, values).prop_map(
            move |(key, operator, values)| {
                // `In` is the most common.
                let operator = operators.get(operator).copied().unwrap_or(Operator::In);
                let has_values = matches!(operator, Operator::In | Operator::NotIn);
                let values = values.iter().filter(|_| has_values);
                Requirement {
                    key: key.into(),
                    operator,
                    values: values.map(|value| (CompactString::new(value), NOWHERE)).collect(),
                    key_span: NOWHERE,
                    span: NOWHERE,
                    is_label: false,
                }
            },
        )
    }

    fn selector() -> impl Strategy<Value = Option<Selector>> {
        let fault = Fault {
            span: NOWHERE,
            field: String::new(),
            text: CompactString::default(),
            why: Why::Refused(String::new()),
            accepted: false,
        };
        let requirements = prop::collection::vec(requirement(), 0..4);
        (requirements, 0..12u32).prop_map(move |(requirements, kind)| {
            let faults = if kind == 0 { vec![fault.clone()] } else { Vec::new() };
            (kind != 1).then_some(Selector { requirements, faults })
        })
    }

    proptest! {
        #[test]
        fn it_omits_only_what_certainly_does_not_overlap_or_cover(
            wide in prop::collection::vec(selector(), 0..12),
            narrow in selector(),
        ) {
            let mut index = SelectorIndex::default();
            for (item, selector) in (0u32..).zip(&wide) {
                index.add(selector.as_ref(), item);
            }
            index.finish();
            let overlapping: Vec<u32> = index.overlapping(narrow.as_ref()).collect();
            prop_assert!(overlapping.is_sorted_by(|a, b| a < b), "{overlapping:?}");
            let covering: Vec<u32> = index.covering(narrow.as_ref()).collect();
            for (item, selector) in (0u32..).zip(&wide) {
                let covers = covers(selector.as_ref(), narrow.as_ref());
                prop_assert!(covers.is_no() || overlapping.contains(&item));
                prop_assert!(covers != Tri::Yes || covering.contains(&item));
            }
        }

        #[test]
        fn selectors_for_other_values_are_skipped(count in 2..40u32) {
            let of = |value: u32| {
                let value = (CompactString::new(value.to_string()), NOWHERE);
                let requirement = Requirement {
                    key: "app".into(),
                    operator: Operator::In,
                    values: vec![value],
                    key_span: NOWHERE,
                    span: NOWHERE,
                    is_label: true,
                };
                Selector { requirements: vec![requirement], faults: Vec::new() }
            };
            let mut index = SelectorIndex::default();
            for item in 0..count {
                index.add(Some(&of(item)), item);
            }
            index.finish();
            prop_assert_eq!(index.overlapping(Some(&of(1))).collect::<Vec<_>>(), [1]);
            prop_assert_eq!(index.covering(Some(&of(1))).collect::<Vec<_>>(), [1]);
        }
    }
}
