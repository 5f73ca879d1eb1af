//! Manifests that no kustomization refers to and no chart contains: all of them together are one
//! bundle, as for `kubectl apply -R -f .`, unless something proves that they are not.
//!
//! If the same workload or policy (kind, namespace, name) is in two directories, those directories
//! are alternatives: the directories just below their common ancestor become bundles of their own,
//! and what is above or beside them belongs to each. A directory of tests or examples is never
//! context for what is outside it, and each directory directly below it is a bundle. A manifest
//! beside a kustomization that does not list it is applied separately, if at all: it belongs to its
//! directory's loose files. Files of one directory that have two or more identities in common
//! (`install.yaml`, `namespace-install.yaml`) are alternatives as well.
//!
//! Clusters in the configuration take precedence over all of this: the files of one cluster are one
//! bundle.

use std::collections::{BTreeMap, HashMap};

use super::branches::{self, BranchId, Branches};
use super::item::{Bundle, Grouping, Item, Origin};
use super::object_id::ObjectId;

/// Plain manifests, grouped.
pub(super) struct Plain {
    /// The bundles, in the order of their names.
    pub(super) bundles: Vec<Bundle>,
    /// The directories that they come from.
    pub(super) branches: Branches,
    /// The branch of each item that is in one.
    pub(super) branch_of: Vec<Option<BranchId>>,
}

/// Groups the plain manifests.
pub(super) fn bundles(grouping: &Grouping, items: &[Item<'_>]) -> Plain {
    let mut parts: BTreeMap<Part, Vec<ObjectId>> = BTreeMap::new();
    let is_plain = |item: &Item<'_>| item.built.is_none() && !item.given;
    for (id, item) in ObjectId::numbered(items).filter(|(_, item)| is_plain(item)) {
        for part in parts_of(grouping, item) {
            parts.entry(part).or_default().push(id);
        }
    }
    let mut parting = Parting { items, branches: Branches::default(), of: vec![None; items.len()] };
    let mut bundles = Vec::new();
    for (part, members) in parts {
        bundles.extend(parting.bundles_of(grouping, &part, members));
    }
    bundles.sort_by(|a, b| a.name.cmp(&b.name));
    Plain { bundles, branches: parting.branches, branch_of: parting.of }
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

/// The parts that an object belongs to: one, unless its file belongs to several clusters.
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

fn or_dot(name: &str) -> &str {
    if name.is_empty() { "." } else { name }
}

/// One way to apply a directory.
#[derive(Debug)]
struct Alternative {
    name: String,
    members: Vec<ObjectId>,
    branch: BranchId,
}

/// What alternatives have in common is copied into each of them, up to that many objects in all. A
/// directory with more alternatives than that, out of proportion to its size, contains separate
/// applications rather than ways to apply one. What they have in common is then a bundle beside
/// them.
fn most_copies(members: usize) -> usize {
    50_000 + 16 * members
}

/// The plain manifests while they are split.
struct Parting<'a> {
    items: &'a [Item<'a>],
    branches: Branches,
    of: Vec<Option<BranchId>>,
}

/// A directory or a file, by its name in its parent.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Below<'a> {
    /// The files of the directory itself.
    Files,
    Directory(&'a str),
}

impl<'a> Parting<'a> {
    fn bundles_of(
        &mut self,
        grouping: &Grouping,
        part: &Part,
        members: Vec<ObjectId>,
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
        let alone = matches!(part, Part::File(_));
        let root = self.branches.root();
        let ways = match part {
            Part::Main | Part::Trial(_) => self.ways(members, &prefix, root),
            Part::Loose(_) => self.ways_of_files(members, &prefix, root),
            // An example in a document, or a configured cluster.
            Part::File(_) | Part::Cluster(_) => {
                vec![Alternative { name: prefix, members, branch: root }]
            }
        };
        let bundle = |way: Alternative| Bundle {
            name: or_dot(&way.name).to_owned(),
            origin: Origin::Plain,
            members: way.members,
            branch: Some(way.branch),
            trial: trial.clone(),
            clusters: clusters.clone(),
            alone,
        };
        ways.into_iter().map(bundle).collect()
    }

    /// The ways to apply what is below `prefix`: one, unless directories in it are alternatives.
    fn ways(&mut self, members: Vec<ObjectId>, prefix: &str, branch: BranchId) -> Vec<Alternative> {
        let mut units: BTreeMap<Below<'a>, Vec<ObjectId>> = BTreeMap::new();
        for &index in &members {
            let path = self.items[index.position()].path;
            let below = path.strip_prefix(prefix).unwrap_or(path).trim_start_matches('/');
            let unit =
                below.split_once('/').map_or(Below::Files, |(name, _)| Below::Directory(name));
            units.entry(unit).or_default().push(index);
        }
        let branches = self.part(branch, units.values(), 1);
        let below = units.into_iter().zip(branches).map(|((unit, members), branch)| {
            let ways = match unit {
                Below::Files => self.ways_of_files(members, prefix, branch),
                Below::Directory(name) => self.ways(members, &join(prefix, name), branch),
            };
            (branch, ways)
        });
        let below = below.collect();
        self.with_shared(below, members, prefix, branch)
    }

    /// The ways to apply the files of one directory: one, unless they install the same in several
    /// ways.
    fn ways_of_files(
        &mut self,
        members: Vec<ObjectId>,
        prefix: &str,
        branch: BranchId,
    ) -> Vec<Alternative> {
        let mut files: BTreeMap<&str, Vec<ObjectId>> = BTreeMap::new();
        for &index in &members {
            files.entry(self.items[index.position()].path).or_default().push(index);
        }
        let branches = self.part(branch, files.values(), 2);
        let below = files.into_iter().zip(branches).map(|((path, members), branch)| {
            members.iter().for_each(|&index| self.of[index.position()] = Some(branch));
            (branch, vec![Alternative { name: path.to_owned(), members, branch }])
        });
        let below = below.collect();
        self.with_shared(below, members, prefix, branch)
    }

    /// Creates a branch for each unit, and marks those that are alternatives: those with `least`
    /// identities in common.
    fn part<'m>(
        &mut self,
        parent: BranchId,
        units: impl ExactSizeIterator<Item = &'m Vec<ObjectId>>,
        least: usize,
    ) -> Vec<BranchId> {
        let mut holders: HashMap<(&str, &str, &str), Vec<u32>> = HashMap::new();
        let mut ids = Vec::with_capacity(units.len());
        for (number, members) in (0u32..).zip(units) {
            ids.push(self.branches.below(parent));
            for identity in members.iter().filter_map(|&id| self.items[id.position()].identity) {
                let list = holders.entry(identity).or_default();
                if list.last() != Some(&number) {
                    list.push(number);
                }
            }
        }
        for set in branches::find_alternatives(holders.into_values().collect(), least) {
            let set: Vec<BranchId> = set.iter().map(|&number| ids[number as usize]).collect();
            self.branches.mark_alternatives(&set);
        }
        ids
    }

    /// The ways below a directory as its own: each one that has an alternative, together with what
    /// has none, or all of it as one.
    fn with_shared(
        &mut self,
        below: Vec<(BranchId, Vec<Alternative>)>,
        members: Vec<ObjectId>,
        prefix: &str,
        branch: BranchId,
    ) -> Vec<Alternative> {
        let (mut split, mut shared) = (Vec::new(), Vec::new());
        for (branch, ways) in below {
            if ways.len() == 1 && !self.branches.has_alternative(branch) {
                shared.extend(ways.into_iter().flat_map(|way| way.members));
            } else {
                split.extend(ways);
            }
        }
        if split.is_empty() {
            return vec![Alternative { name: prefix.to_owned(), members, branch }];
        }
        if shared.len().saturating_mul(split.len()) > most_copies(members.len()) {
            let name = format!("{} (beside its alternatives)", or_dot(prefix));
            shared.sort_unstable();
            split.push(Alternative { name, members: shared, branch });
            return split;
        }
        for way in &mut split {
            way.members.extend(&shared);
            way.members.sort_unstable();
        }
        split
    }
}

fn join(prefix: &str, name: &str) -> String {
    if prefix.is_empty() { name.to_owned() } else { format!("{prefix}/{name}") }
}
