//! The tree of directories with plain manifests, and which siblings in it are alternatives: two
//! branches of one parent that contain the same object never run side by side.
//!
//! Listing all pairs would grow with the square of the repository (six thousand directories, each
//! with a `default-deny` without a namespace). Instead, each branch lists its *groups*: a group is
//! all the branches that contain one identity.

use std::collections::{BTreeMap, HashMap};

/// The number of a branch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct BranchId(u32);

/// The number of a group of siblings that have an identity in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct GroupId(u32);

#[derive(Clone, Debug)]
struct Branch {
    parent: Option<BranchId>,
    depth: u32,
    /// Ascending.
    groups: Vec<GroupId>,
}

/// All branches.
#[derive(Clone, Debug, Default)]
pub(super) struct Branches {
    all: Vec<Branch>,
    groups: u32,
}

impl Branches {
    /// A branch without a parent.
    pub(super) fn root(&mut self) -> BranchId {
        self.push(None, 0)
    }

    /// Adds a branch below `parent`.
    pub(super) fn below(&mut self, parent: BranchId) -> BranchId {
        let depth = self.all[parent.0 as usize].depth + 1;
        self.push(Some(parent), depth)
    }

    fn push(&mut self, parent: Option<BranchId>, depth: u32) -> BranchId {
        let id = BranchId(self.all.len() as u32);
        self.all.push(Branch { parent, depth, groups: Vec::new() });
        id
    }

    /// Marks those siblings as alternatives of one another.
    pub(super) fn mark_alternatives(&mut self, branches: &[BranchId]) {
        let group = GroupId(self.groups);
        self.groups += 1;
        for branch in branches {
            self.all[branch.0 as usize].groups.push(group);
        }
    }

    /// Whether a branch is an alternative to one of its siblings.
    pub(super) fn has_alternative(&self, branch: BranchId) -> bool {
        !self.all[branch.0 as usize].groups.is_empty()
    }

    /// Whether the contents of two branches never run side by side: at the point where their paths
    /// diverge, the branches are alternatives.
    pub(super) fn are_alternatives(&self, one: BranchId, other: BranchId) -> bool {
        let (mut one, mut other) = (one, other);
        loop {
            let (a, b) = (&self.all[one.0 as usize], &self.all[other.0 as usize]);
            if one == other {
                return false;
            }
            if a.parent == b.parent {
                return shares(&a.groups, &b.groups);
            }
            // The parents differ, so the deeper of the two has one.
            if a.depth >= b.depth {
                let Some(parent) = a.parent else { return false };
                one = parent;
            }
            if b.depth >= a.depth {
                let Some(parent) = b.parent else { return false };
                other = parent;
            }
        }
    }
}

/// Whether two ascending lists have an element in common.
pub(super) fn shares<T: Ord>(a: &[T], b: &[T]) -> bool {
    let (few, many) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    few.iter().any(|one| many.binary_search(one).is_ok())
}

/// With more holders of one identity than this, they are compared as a whole, and not pair by pair.
const PAIRWISE: usize = 64;

/// The sets of `holders` that are alternatives; two of them need `least` identities in common. Each
/// list of holders is ascending; sets that several identities produce are returned once.
pub(super) fn find_alternatives(holders: Vec<Vec<u32>>, least: usize) -> Vec<Vec<u32>> {
    let mut sets: BTreeMap<Vec<u32>, usize> = BTreeMap::new();
    for set in holders.into_iter().filter(|set| set.len() > 1) {
        *sets.entry(set).or_default() += 1;
    }
    let mut found: Vec<Vec<u32>> = Vec::new();
    let mut pairs: HashMap<(u32, u32), usize> = HashMap::new();
    for (set, times) in sets {
        if times >= least {
            found.push(set);
            continue;
        }
        for (at, one) in set.iter().enumerate().filter(|_| set.len() <= PAIRWISE) {
            set[at + 1..]
                .iter()
                .for_each(|other| *pairs.entry((*one, *other)).or_default() += times);
        }
    }
    let enough = pairs.into_iter().filter(|(_, times)| *times >= least);
    found.extend(enough.map(|((one, other), _)| vec![one, other]));
    found.sort_unstable();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn branches_are_alternatives_where_their_paths_diverge() {
        let mut branches = Branches::default();
        let root = branches.root();
        let (dev, prod, docs) = (branches.below(root), branches.below(root), branches.below(root));
        branches.mark_alternatives(&[dev, prod]);
        let (web, cart) = (branches.below(dev), branches.below(prod));
        assert!(branches.are_alternatives(web, prod) && branches.are_alternatives(cart, web));
        assert!(!branches.are_alternatives(web, dev) && !branches.are_alternatives(web, web));
        assert!(!branches.are_alternatives(docs, cart) && !branches.are_alternatives(root, cart));
        let other = branches.root();
        assert!(!branches.are_alternatives(other, web));
    }

    #[test]
    fn two_identities_in_common_can_be_required() {
        let holders = || vec![vec![0, 1, 2], vec![1, 2], vec![0, 3], vec![4, 5], vec![4, 5]];
        assert_eq!(find_alternatives(holders(), 2), [vec![1, 2], vec![4, 5]]);
        let all = find_alternatives(holders(), 1);
        assert_eq!(all, [vec![0, 1, 2], vec![0, 3], vec![1, 2], vec![4, 5]]);
    }
}
