//! Which bundles are alternatives of one another: they never run side by side.

use std::collections::BTreeMap;

use fixedbitset::FixedBitSet;

use super::item::{Bundle, Item, Origin};
use crate::text::Span;

/// For each bundle, the bundles that it is an alternative to; between kustomizations and charts
/// only. A plain manifest that says the same as one of theirs proves nothing for all the others
/// that stand beside it.
pub(super) fn against(items: &[Item<'_>], bundles: &[Bundle]) -> Vec<FixedBitSet> {
    let mut holders: BTreeMap<Key<'_>, Vec<usize>> = BTreeMap::new();
    let is_built = |bundle: &Bundle| bundle.origin != Origin::Plain;
    for (number, bundle) in bundles.iter().enumerate().filter(|(_, bundle)| is_built(bundle)) {
        for key in bundle.members.iter().flat_map(|&id| Key::of(&items[id as usize])) {
            holders.entry(key).or_default().push(number);
        }
    }
    let mut against = vec![FixedBitSet::with_capacity(bundles.len()); bundles.len()];
    for held in holders.values().filter(|held| held.len() > 1) {
        let mut all = FixedBitSet::with_capacity(bundles.len());
        held.iter().for_each(|&number| all.insert(number));
        for &number in held {
            against[number].union_with(&all);
        }
    }
    for (one, other) in same_installations(items, bundles) {
        against[one].insert(other);
        against[other].insert(one);
    }
    for (number, set) in against.iter_mut().enumerate() {
        set.set(number, false);
    }
    against
}

/// More bundles than this with a workload of one name are overlays, which are told by their bases.
const NAMESAKES: usize = 64;

/// Pairs of bundles, at least one of them a kustomization or a chart, that are two ways to install
/// the same: most of the workloads of one are there in the other, in the same namespace or, as
/// charts have it, in whichever they are installed to.
fn same_installations(items: &[Item<'_>], bundles: &[Bundle]) -> Vec<(usize, usize)> {
    let workload = |id: &u32| {
        let item = &items[*id as usize];
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
    for held in holders.values().filter(|held| (2..=NAMESAKES).contains(&held.len())) {
        for (at, (one, here)) in held.iter().enumerate() {
            for (other, there) in &held[at + 1..] {
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
    let pairs = shared.iter().filter(is_most).map(|(pair, _)| *pair);
    pairs.flat_map(|pair| with_alternatives(pair, bundles)).collect()
}

/// What is another way to install some plain manifests is so too for their alternatives.
fn with_alternatives((one, other): (usize, usize), bundles: &[Bundle]) -> Vec<(usize, usize)> {
    let alternatives = |plain: usize, built: usize| {
        let rivals = &bundles[plain].rivals;
        let all = bundles.iter().enumerate().filter(|(_, bundle)| bundle.origin == Origin::Plain);
        let is_rival = |bundle: &Bundle| bundle.members.iter().any(|id| rivals.contains(id));
        let all = all.filter(move |(_, bundle)| !rivals.is_empty() && is_rival(bundle));
        all.map(move |(number, _)| (number, built)).collect::<Vec<_>>()
    };
    let mut pairs = vec![(one, other)];
    if bundles[one].origin == Origin::Plain {
        pairs.extend(alternatives(one, other));
    } else if bundles[other].origin == Origin::Plain {
        pairs.extend(alternatives(other, one));
    }
    pairs
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
