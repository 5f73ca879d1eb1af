//! Manifests that no kustomization refers to and no chart holds: all of them together are one
//! bundle, as `kubectl apply -R -f .` would have it, but for what proves that they are not.
//!
//! Where the same workload or policy (kind, namespace, name) stands in two directories, those
//! directories are alternatives: the directories just below their common ancestor become bundles
//! of their own, and what lies above or beside them belongs to each. A directory of tests or
//! examples is never context for what lies outside it, and each directory directly below it is a
//! bundle. A manifest beside a kustomization that does not list it is applied, if at all, by
//! itself: it belongs to its own directory's loose files.
//!
//! What the configuration says of clusters goes before all of this: the files it names for one
//! are one bundle.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::item::{Bundle, Grouping, Item, Origin};

/// What the plain manifests make: bundles, in the order of their names.
pub(super) fn bundles(grouping: &Grouping, items: &[Item<'_>]) -> Vec<Bundle> {
    let mut parts: BTreeMap<Part, Vec<u32>> = BTreeMap::new();
    let is_plain = |item: &Item<'_>| item.built.is_none() && !item.given;
    for (index, item) in (0u32..).zip(items).filter(|(_, item)| is_plain(item)) {
        for part in parts_of(grouping, item) {
            parts.entry(part).or_default().push(index);
        }
    }
    let mut bundles = Vec::new();
    for (part, members) in parts {
        bundles.extend(bundles_of(grouping, items, &part, &members));
    }
    bundles.sort_by(|a, b| a.name.cmp(&b.name));
    bundles
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Main,
    Trial(String),
    /// The files of a directory that its kustomization does not list.
    Loose(String),
    File(String),
    Cluster(usize),
}

/// The parts that an object belongs to: one, unless several clusters share its file.
fn parts_of(grouping: &Grouping, item: &Item<'_>) -> Vec<Part> {
    if item.alone {
        return vec![Part::File(item.path.to_owned())];
    }
    let clusters = grouping.clusters_of(item.path);
    if !clusters.is_empty() {
        return clusters.into_iter().map(Part::Cluster).collect();
    }
    if item.loose {
        return vec![Part::Loose(super::directory(item.path).to_owned())];
    }
    vec![grouping.trial(item.path).map_or(Part::Main, Part::Trial)]
}

fn bundles_of(
    grouping: &Grouping,
    items: &[Item<'_>],
    part: &Part,
    members: &[u32],
) -> Vec<Bundle> {
    let (prefix, trial, clusters) = match part {
        Part::Main => (String::new(), None, Vec::new()),
        Part::Trial(directory) => (directory.clone(), Some(directory.clone()), Vec::new()),
        Part::Loose(directory) => {
            let trial = grouping.trial(&format!("{directory}/loose"));
            (format!("{} (beside its kustomization)", or_dot(directory)), trial, Vec::new())
        }
        Part::File(path) => (path.clone(), None, Vec::new()),
        Part::Cluster(number) => (grouping.clusters[*number].name.clone(), None, vec![*number]),
    };
    let whole = matches!(part, Part::File(_) | Part::Cluster(_) | Part::Loose(_));
    let alone = matches!(part, Part::File(_));
    alternatives(items, members, &prefix, whole)
        .into_iter()
        .map(|one| Bundle {
            name: or_dot(&one.name).to_owned(),
            origin: Origin::Plain,
            members: one.members.into_iter().collect(),
            rivals: one.rivals,
            trial: trial.clone(),
            clusters: clusters.clone(),
            alone,
        })
        .collect()
}

fn or_dot(name: &str) -> &str {
    if name.is_empty() { "." } else { name }
}

/// One way to apply a directory.
#[derive(Debug, Default)]
struct Alternative {
    name: String,
    members: BTreeSet<u32>,
    /// Objects of the directories that it is an alternative to.
    rivals: BTreeSet<u32>,
}

/// The ways to apply what lies below `prefix`: one, unless directories in it are alternatives.
fn alternatives(
    items: &[Item<'_>],
    members: &[u32],
    prefix: &str,
    whole: bool,
) -> Vec<Alternative> {
    let all = || Alternative {
        name: prefix.to_owned(),
        members: members.iter().copied().collect(),
        rivals: BTreeSet::new(),
    };
    if whole {
        return vec![all()];
    }
    let units = units(items, members, prefix);
    let rivals = sharing(items, &units);
    let mut shared: BTreeSet<u32> = BTreeSet::new();
    let mut split = Vec::new();
    for (name, unit) in &units {
        let below = match name {
            // Loose files stand in one directory and are never split.
            None => vec![Alternative {
                name: prefix.to_owned(),
                members: unit.iter().copied().collect(),
                rivals: BTreeSet::new(),
            }],
            Some(name) => alternatives(items, unit, &join(prefix, name), false),
        };
        let against = rivals.get(name);
        if below.len() == 1 && against.is_none() {
            shared.extend(unit);
            continue;
        }
        for mut alternative in below {
            for other in against.into_iter().flatten() {
                alternative.rivals.extend(&units[other]);
            }
            split.push(alternative);
        }
    }
    if split.is_empty() {
        return vec![all()];
    }
    for alternative in &mut split {
        alternative.members.extend(&shared);
    }
    split
}

/// The name of a directory; none for the loose files beside it.
type Unit = Option<String>;

fn units(items: &[Item<'_>], members: &[u32], prefix: &str) -> BTreeMap<Unit, Vec<u32>> {
    let mut units: BTreeMap<Unit, Vec<u32>> = BTreeMap::new();
    for &index in members {
        let path = items[index as usize].path;
        let below = path.strip_prefix(prefix).unwrap_or(path).trim_start_matches('/');
        let unit = below.split_once('/').map(|(directory, _)| directory.to_owned());
        units.entry(unit).or_default().push(index);
    }
    units
}

/// For each unit that shares an object's identity with others, those others.
fn sharing<'a>(
    items: &[Item<'_>],
    units: &'a BTreeMap<Unit, Vec<u32>>,
) -> BTreeMap<&'a Unit, BTreeSet<&'a Unit>> {
    let mut holders: HashMap<(&str, &str, &str), Vec<&Unit>> = HashMap::new();
    let mut rivals: BTreeMap<&Unit, BTreeSet<&Unit>> = BTreeMap::new();
    if units.len() < 2 {
        return rivals;
    }
    for (unit, members) in units {
        for &index in members {
            let Some(identity) = items[index as usize].identity else {
                continue;
            };
            let earlier = holders.entry(identity).or_default();
            for other in earlier.iter().copied().filter(|other| *other != unit) {
                rivals.entry(unit).or_default().insert(other);
                rivals.entry(other).or_default().insert(unit);
            }
            if earlier.last() != Some(&unit) {
                earlier.push(unit);
            }
        }
    }
    rivals
}

fn join(prefix: &str, name: &str) -> String {
    if prefix.is_empty() { name.to_owned() } else { format!("{prefix}/{name}") }
}
