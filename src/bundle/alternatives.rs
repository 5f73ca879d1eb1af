//! Which bundles are alternatives of one another: they never run side by side.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::branches::{self, BranchId, Branches};
use super::item::{Bundle, Item, Origin, Site};
use super::object_id::ObjectId;
use crate::text::Span;

/// Which bundle is an alternative to which. As in [`Branches`], pairs are not listed: the bundles
/// that have something in common are one group.
#[derive(Clone, Debug)]
pub(super) struct Alternatives {
    branches: Branches,
    /// The branch of each object that is in one.
    branch_of: Vec<Option<BranchId>>,
    /// For each built bundle, the groups of built bundles with the same objects: ascending.
    groups: Vec<Vec<u32>>,
    /// For each bundle, other ways to install the same, by number, ascending.
    variants: Vec<Vec<usize>>,
}

impl Alternatives {
    pub(super) fn of(
        items: &[Item<'_>],
        bundles: &[Bundle],
        branches: Branches,
        branch_of: Vec<Option<BranchId>>,
    ) -> Self {
        let mut variants = vec![Vec::new(); bundles.len()];
        for (one, other) in same_installations(items, bundles) {
            variants[one].push(other);
            variants[other].push(one);
        }
        variants.iter_mut().for_each(|list| list.sort_unstable());
        Self { branches, branch_of, groups: groups(items, bundles), variants }
    }

    /// Those of `numbers` that have an alternative among them.
    pub(super) fn among(&self, numbers: &[usize]) -> HashSet<usize> {
        let mut sizes: HashMap<u32, usize> = HashMap::new();
        for group in numbers.iter().flat_map(|&number| &self.groups[number]) {
            *sizes.entry(*group).or_default() += 1;
        }
        let all: HashSet<usize> = numbers.iter().copied().collect();
        let is_alternative = |number: &usize| {
            self.groups[*number].iter().any(|group| sizes[group] > 1)
                || self.variants[*number].iter().any(|variant| all.contains(variant))
        };
        numbers.iter().copied().filter(is_alternative).collect()
    }

    /// The alternatives to a site, for lookups.
    pub(super) fn to(&self, site: &Site, bundles: &[Bundle]) -> AlternativesOf {
        let own = || site.bundles.iter().copied();
        let variants: HashSet<usize> =
            own().flat_map(|number| &self.variants[number]).copied().collect();
        // Another way to install some plain manifests is an alternative to their alternatives too.
        let branch = |number: usize| bundles[number].branch;
        let mut branches: Vec<BranchId> =
            own().chain(variants.iter().copied()).filter_map(branch).collect();
        branches.sort_unstable();
        branches.dedup();
        let groups = own().flat_map(|number| &self.groups[number]).copied().collect();
        AlternativesOf { groups, variants, branches }
    }

    /// Whether a bundle is one of those alternatives.
    pub(super) fn is_alternative(
        &self,
        number: usize,
        bundles: &[Bundle],
        to: &AlternativesOf,
    ) -> bool {
        let branch = bundles[number].branch;
        to.variants.contains(&number)
            || self.groups[number].iter().any(|group| to.groups.contains(group))
            || branch.is_some_and(|branch| self.is_alternative_branch(branch, to))
            || branch.is_none() && self.has_alternative_variant(number, bundles, to)
    }

    /// Whether an object is in one of those alternatives, whichever bundle contains it.
    pub(super) fn contains_object(&self, object: ObjectId, to: &AlternativesOf) -> bool {
        let branch = self.branch_of.get(object.position()).copied().flatten();
        branch.is_some_and(|branch| self.is_alternative_branch(branch, to))
    }

    fn is_alternative_branch(&self, branch: BranchId, to: &AlternativesOf) -> bool {
        to.branches.iter().any(|own| self.branches.are_alternatives(*own, branch))
    }

    fn has_alternative_variant(
        &self,
        number: usize,
        bundles: &[Bundle],
        to: &AlternativesOf,
    ) -> bool {
        let branches = self.variants[number].iter().filter_map(|variant| bundles[*variant].branch);
        !to.branches.is_empty() && { branches }.any(|branch| self.is_alternative_branch(branch, to))
    }
}

/// The alternatives to one site.
#[derive(Clone, Debug, Default)]
pub(super) struct AlternativesOf {
    groups: HashSet<u32>,
    variants: HashSet<usize>,
    branches: Vec<BranchId>,
}

/// For each bundle, the groups of kustomizations and charts that contain the same object, or
/// workloads of the same base. A plain manifest with the same identity as one of theirs proves
/// nothing about the other manifests beside it.
fn groups(items: &[Item<'_>], bundles: &[Bundle]) -> Vec<Vec<u32>> {
    let mut holders: BTreeMap<Key<'_>, Vec<u32>> = BTreeMap::new();
    let is_built = |bundle: &Bundle| bundle.origin != Origin::Plain;
    for (number, bundle) in bundles.iter().enumerate().filter(|(_, bundle)| is_built(bundle)) {
        for key in bundle.members.iter().flat_map(|&id| Key::of(&items[id.position()])) {
            let list = holders.entry(key).or_default();
            if list.last() != Some(&(number as u32)) {
                list.push(number as u32);
            }
        }
    }
    let mut groups = vec![Vec::new(); bundles.len()];
    let sets = branches::find_alternatives(holders.into_values().collect(), 1);
    for (group, set) in (0u32..).zip(sets) {
        set.iter().for_each(|&number| groups[number as usize].push(group));
    }
    groups
}

/// More bundles than this with a workload of one name are overlays, which are recognized by their
/// bases.
const NAMESAKES: usize = 64;

/// Pairs of bundles, at least one of them a kustomization or a chart, that install the same in two
/// ways: one contains most of the other's workloads, in the same namespace or, for charts, in
/// whichever they are installed to.
fn same_installations(items: &[Item<'_>], bundles: &[Bundle]) -> Vec<(usize, usize)> {
    let workload = |id: &ObjectId| {
        let item = &items[id.position()];
        item.workload.and(item.identity)
    };
    let mut holders: BTreeMap<(&str, &str), Vec<(usize, &str)>> = BTreeMap::new();
    let mut counts = vec![0usize; bundles.len()];
    for (number, bundle) in bundles.iter().enumerate().filter(|(_, bundle)| !bundle.alone) {
        for (kind, namespace, name) in bundle.members.iter().filter_map(workload) {
            counts[number] += 1;
            holders.entry((kind, name)).or_default().push((number, namespace));
        }
    }
    let mut shared: BTreeMap<(usize, usize), usize> = BTreeMap::new();
    for list in holders.values().filter(|list| (2..=NAMESAKES).contains(&list.len())) {
        for (at, (one, here)) in list.iter().enumerate() {
            for (other, there) in &list[at + 1..] {
                let same_place = here == there || here.is_empty() || there.is_empty();
                if one != other && same_place {
                    *shared.entry((*one, *other)).or_default() += 1;
                }
            }
        }
    }
    let is_built = |number: usize| bundles[number].origin != Origin::Plain;
    let is_most = |(pair, shared): &(&(usize, usize), &usize)| {
        let fewest = counts[pair.0].min(counts[pair.1]);
        (is_built(pair.0) || is_built(pair.1)) && **shared * 2 > fewest
    };
    shared.iter().filter(is_most).map(|(pair, _)| *pair).collect()
}

/// What two bundles that never run side by side have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key<'a> {
    Identity((&'a str, &'a str, &'a str)),
    Base(Span),
}

impl<'a> Key<'a> {
    fn of(item: &Item<'a>) -> impl Iterator<Item = Self> {
        let base = item.workload.map(Self::Base);
        item.identity.map(Self::Identity).into_iter().chain(base)
    }
}
