//! Which bundles contain an object: several alternatives may.

use super::item::Bundle;
use super::object_id::ObjectId;

/// The bundles that contain each object: one list after the other.
#[derive(Clone, Debug)]
pub(super) struct Holders {
    starts: Vec<u32>,
    bundles: Vec<u32>,
}

impl Holders {
    pub(super) fn of(bundles: &[Bundle], objects: usize) -> Self {
        let mut starts = vec![0u32; objects + 1];
        let members = || bundles.iter().flat_map(|bundle| &bundle.members);
        members().for_each(|&id| starts[id.position() + 1] += 1);
        for at in 1..starts.len() {
            starts[at] += starts[at - 1];
        }
        let mut next = starts.clone();
        let mut numbers = vec![0u32; members().count()];
        for (number, bundle) in (0u32..).zip(bundles) {
            for &id in &bundle.members {
                numbers[next[id.position()] as usize] = number;
                next[id.position()] += 1;
            }
        }
        Self { starts, bundles: numbers }
    }

    /// The numbers of those that contain an object.
    pub(super) fn of_object(&self, object: ObjectId) -> &[u32] {
        let at = |object: usize| self.starts.get(object).map_or(0, |&at| at as usize);
        self.bundles.get(at(object.position())..at(object.position() + 1)).unwrap_or_default()
    }
}
