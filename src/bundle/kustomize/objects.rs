//! The objects of one build, indexed by their current and earlier identities: a patch that names
//! its target looks it up, and only patterns without a fixed beginning visit all objects.
//!
//! The index only narrows a search. An object stays listed under every name it ever had, so callers
//! compare the results with the relevant identities.

use std::collections::{BTreeMap, HashMap};

use compact_str::CompactString;

use super::id::{Id, NO_NAMESPACE, Part, Sought};
use super::object::Object;

/// The objects of one build, in their order. A number identifies an object for its lifetime:
/// deleting one moves no other.
#[derive(Clone, Debug, Default)]
pub(super) struct Objects {
    slots: Vec<Option<Object>>,
    count: usize,
    /// The current identities.
    present: HashMap<Id, usize>,
    /// Built on first use.
    index: Option<Index>,
}

impl Objects {
    pub fn len(&self) -> usize {
        self.count
    }

    pub fn iter(&self) -> impl Iterator<Item = &Object> {
        self.slots.iter().flatten()
    }

    pub fn numbered(&self) -> impl Iterator<Item = (usize, &Object)> {
        let slots = self.slots.iter().enumerate();
        slots.filter_map(|(at, slot)| Some((at, slot.as_ref()?)))
    }

    pub fn get(&self, at: usize) -> Option<&Object> {
        self.slots.get(at)?.as_ref()
    }

    /// The object with this current identity.
    pub fn holder(&self, id: &Id) -> Option<&Object> {
        self.get(*self.present.get(id)?)
    }

    /// Adds an object.
    pub fn push(&mut self, object: Object) {
        let at = self.slots.len();
        self.present.insert(object.id().clone(), at);
        if let Some(index) = &mut self.index {
            index.list(at, &object);
        }
        self.slots.push(Some(object));
        self.count += 1;
    }

    /// Removes an object.
    pub fn remove(&mut self, at: usize) {
        if let Some(gone) = self.slots.get_mut(at).and_then(Option::take) {
            self.count -= 1;
            if self.present.get(gone.id()) == Some(&at) {
                self.present.remove(gone.id());
            }
        }
    }

    /// Changes one; its identity may change.
    pub fn change<R>(&mut self, at: usize, change: impl FnOnce(&mut Object) -> R) -> Option<R> {
        let object = self.slots.get_mut(at)?.as_mut()?;
        let result = change(object);
        if let Some(before) = object.identify() {
            if self.present.get(&before) == Some(&at) {
                self.present.remove(&before);
            }
            self.present.insert(object.id().clone(), at);
            if let Some(index) = &mut self.index {
                index.list_one(at, object.id());
            }
        }
        Some(result)
    }

    /// Changes each of them; their identities may change.
    pub fn change_all(&mut self, mut change: impl FnMut(&mut Object)) {
        for at in 0..self.slots.len() {
            self.change(at, &mut change);
        }
    }

    /// The numbers of the objects that may match, ascending: all that match, and perhaps more.
    pub fn candidates(&mut self, sought: Sought<'_>) -> Vec<usize> {
        let slots = &self.slots;
        let index = self.index.get_or_insert_with(|| {
            let mut index = Index::default();
            for (at, object) in slots.iter().enumerate() {
                object.iter().for_each(|object| index.list(at, object));
            }
            index
        });
        let mut found = index.shortest(sought).unwrap_or_else(|| (0..slots.len()).collect());
        found.sort_unstable();
        found.dedup();
        found.retain(|at| matches!(slots.get(*at), Some(Some(_))));
        found
    }

    /// Drops what later steps of the build do not need.
    pub fn finish(&mut self) {
        self.index = None;
        if self.count < self.slots.len() {
            let slots = std::mem::take(&mut self.slots);
            *self = Self::default();
            slots.into_iter().flatten().for_each(|object| self.push(object));
        }
    }
}

impl IntoIterator for Objects {
    type Item = Object;
    type IntoIter = std::iter::Flatten<std::vec::IntoIter<Option<Object>>>;

    fn into_iter(self) -> Self::IntoIter {
        self.slots.into_iter().flatten()
    }
}

/// Where each word of an identity occurs, or did.
#[derive(Clone, Debug, Default)]
struct Index {
    /// Sorted, for lookups by prefix.
    names: BTreeMap<CompactString, Vec<usize>>,
    kinds: HashMap<CompactString, Vec<usize>>,
    namespaces: HashMap<CompactString, Vec<usize>>,
}

impl Index {
    fn list(&mut self, at: usize, object: &Object) {
        object.ids().for_each(|id| self.list_one(at, &id));
    }

    fn list_one(&mut self, at: usize, id: &Id) {
        let put = |list: &mut Vec<usize>| {
            if list.last() != Some(&at) {
                list.push(at);
            }
        };
        put(self.names.entry(id.name.clone()).or_default());
        put(self.kinds.entry(id.kind.clone()).or_default());
        put(self.namespaces.entry(id.namespace.clone()).or_default());
        if id.namespace == NO_NAMESPACE {
            // For literal comparison it is in `default`.
            put(self.namespaces.entry("default".into()).or_default());
        }
    }

    /// The shortest list that contains all matches; `None` if they may be any object.
    fn shortest(&self, sought: Sought<'_>) -> Option<Vec<usize>> {
        let by_word = |lists: &HashMap<CompactString, Vec<usize>>, part| match part {
            Part::Word(word) => Some(lists.get(word).cloned().unwrap_or_default()),
            Part::Any | Part::Prefix(_) => None,
        };
        let by_name = match sought.name {
            Part::Any => None,
            Part::Word(name) => Some(self.names.get(name).cloned().unwrap_or_default()),
            Part::Prefix(prefix) => {
                let from = self.names.range(CompactString::new(prefix)..);
                let with = from.take_while(|(name, _)| name.starts_with(prefix));
                Some(with.flat_map(|(_, list)| list.iter().copied()).collect())
            }
        };
        let lists = [
            by_name,
            by_word(&self.kinds, sought.kind),
            by_word(&self.namespaces, sought.namespace),
        ];
        lists.into_iter().flatten().min_by_key(Vec::len)
    }
}
