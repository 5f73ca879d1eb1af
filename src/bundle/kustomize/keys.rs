//! Positions of the keys of large mappings: adding entries one by one would otherwise search all of
//! the mapping each time.

use std::collections::HashMap;

use compact_str::CompactString;

use super::edit;
use crate::yaml::{Entry, Map, Node};

/// The keys of the large mappings of one object, by the field path of the mapping.
///
/// It is valid as long as entries are added or get other scalars. Code that removes entries, moves
/// items, or replaces one collection by another must call [`Keys::forget`].
#[derive(Debug, Default)]
pub(super) struct Keys(HashMap<String, HashMap<CompactString, usize>>);

/// Mappings with fewer entries are searched linearly.
const MANY: usize = 64;

/// The copy of an object rarely needs it, so it starts empty.
impl Clone for Keys {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl Keys {
    /// Forgets everything.
    pub fn forget(&mut self) {
        self.0.clear();
    }

    /// The value of `key` in the mapping at `holder`, mutable.
    pub fn get_mut<'n>(
        &mut self,
        node: &'n mut Node,
        key: &str,
        holder: &str,
    ) -> Option<&'n mut Node> {
        let at = self.position(node.as_map()?, key, holder)?;
        edit::entries_mut(node)?.get_mut(at).map(|entry| &mut entry.value)
    }

    /// Like [`edit::put`], in the mapping at `holder`.
    pub fn put(&mut self, node: &mut Node, entry: Entry, holder: &str) -> Option<Node> {
        let at = self.position(node.as_map()?, &entry.key, holder);
        let entries = edit::entries_mut(node)?;
        match at.and_then(|at| entries.get_mut(at)) {
            Some(known) => Some(std::mem::replace(known, entry).value),
            None => {
                if let Some(keys) = self.0.get_mut(holder) {
                    keys.insert(entry.key.clone(), entries.len());
                }
                entries.push(entry);
                None
            }
        }
    }

    /// The position of the last entry with that key.
    fn position(&mut self, map: &Map, key: &str, holder: &str) -> Option<usize> {
        let entries = &map.entries;
        if entries.len() < MANY {
            return entries.iter().rposition(|entry| entry.key == key);
        }
        // Entries that were added in another way show in their number.
        if self.0.get(holder).is_none_or(|keys| keys.len() != entries.len()) {
            let all = entries.iter().enumerate().map(|(at, entry)| (entry.key.clone(), at));
            self.0.insert(holder.to_owned(), all.collect());
        }
        self.0.get(holder)?.get(key).copied()
    }
}
