//! Plain directories: all files under no kustomization and no chart are applied together, unless
//! they say themselves that they are not.
//!
//! Where the same workload or policy stands in two directories, those are alternatives (`dev/`
//! and `prod/`): the directories just below their common ancestor become bundles of their own,
//! and what lies above or beside them belongs to each. A directory of tests or examples is never
//! context for what lies outside it, and each directory directly below it is a bundle.
//!
//! What the configuration says of clusters goes before all of this: the files it names for one
//! are one bundle.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::repo::PathSet;

/// One object, as far as grouping needs it.
#[derive(Clone, Debug)]
pub struct Item<'a> {
    /// The path of its file, relative to the root.
    pub path: &'a str,
    /// Whether its file is a bundle of its own (Markdown).
    pub alone: bool,
    /// Kind, namespace and name, for workloads and policies.
    pub identity: Option<(&'a str, &'a str, &'a str)>,
}

/// Objects that are applied together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bundle {
    /// The directory it is named by, relative to the root; `.` for the root itself.
    pub name: String,
    /// Indices of its objects, ascending.
    pub members: Vec<u32>,
    /// Indices of objects elsewhere in the repository that may run beside it: neither members
    /// nor in an alternative of it, nor in a directory of tests.
    pub elsewhere: Vec<u32>,
    /// The directory of tests or examples that it stands in, if it does.
    pub trial: Option<String>,
    /// The number of the configured cluster that it is, if it is one.
    pub cluster: Option<usize>,
}

/// What the user says of how things are applied together.
#[derive(Clone, Debug)]
pub struct Grouping {
    /// Names of directories whose contents are tried out on their own.
    pub trial_directories: Vec<String>,
    /// Files that are applied together, said outright.
    pub clusters: Vec<NamedCluster>,
}

/// Files that are applied together.
#[derive(Clone, Debug)]
pub struct NamedCluster {
    /// What it is called.
    pub name: String,
    /// Its files; one file may belong to several.
    pub paths: PathSet,
}

impl Default for Grouping {
    fn default() -> Self {
        let trial_directories = TRIAL_DIRECTORIES.iter().map(|&name| name.to_owned()).collect();
        Self { trial_directories, clusters: Vec::new() }
    }
}

/// Names of directories whose contents are tried out on their own.
pub const TRIAL_DIRECTORIES: &[&str] = &[
    ".kyverno-test",
    "chainsaw",
    "e2e",
    "examples",
    "example",
    "fixtures",
    "test",
    "testdata",
    "tests",
];

impl Grouping {
    /// Groups objects into bundles, sorted by name.
    pub fn group(&self, items: &[Item<'_>]) -> Vec<Bundle> {
        let mut parts: BTreeMap<Part, Vec<u32>> = BTreeMap::new();
        for (index, item) in (0u32..).zip(items) {
            for part in self.parts(item) {
                parts.entry(part).or_default().push(index);
            }
        }
        let main = parts.get(&Part::Main).cloned().unwrap_or_default();
        // Who names clusters may have forgotten a directory: what stands in none of them is not
        // proved to run alone.
        let clustered: Vec<u32> = parts
            .iter()
            .filter(|(part, _)| matches!(part, Part::Cluster(_)))
            .flat_map(|(_, members)| members.iter().copied())
            .collect();
        let mut bundles = Vec::new();
        for (part, members) in parts {
            let outside = if part == Part::Main { &clustered } else { &main };
            bundles.extend(self.bundles(items, &part, &members, outside));
        }
        bundles.sort_by(|a, b| a.name.cmp(&b.name));
        bundles
    }

    fn bundles(
        &self,
        items: &[Item<'_>],
        part: &Part,
        members: &[u32],
        outside: &[u32],
    ) -> Vec<Bundle> {
        let (prefix, trial, cluster) = match part {
            Part::Main => (String::new(), None, None),
            Part::Trial(directory) => (directory.clone(), Some(directory.clone()), None),
            Part::File(path) => (path.clone(), None, None),
            Part::Cluster(number) => (self.clusters[*number].name.clone(), None, Some(*number)),
        };
        let whole = matches!(part, Part::File(_) | Part::Cluster(_));
        alternatives(items, members, &prefix, whole)
            .into_iter()
            .map(|one| Bundle { cluster, ..one.into_bundle(members, outside, trial.clone()) })
            .collect()
    }

    /// The parts that an object belongs to: one, unless several clusters share its file.
    fn parts(&self, item: &Item<'_>) -> Vec<Part> {
        if item.alone {
            return vec![Part::File(item.path.to_owned())];
        }
        let clusters: Vec<Part> = (0..self.clusters.len())
            .filter(|&number| self.clusters[number].paths.holds(item.path))
            .map(Part::Cluster)
            .collect();
        if clusters.is_empty() {
            return vec![self.trial(item.path).map_or(Part::Main, Part::Trial)];
        }
        clusters
    }

    /// Whether what stands under `path`, and is not evaluated or can't be read, may belong to a
    /// bundle: not where it stands in a cluster that the bundle is not, or in another directory
    /// of tests or examples.
    pub fn concerns(&self, bundle: &Bundle, path: &str) -> bool {
        let mut owners =
            (0..self.clusters.len()).filter(|&n| self.clusters[n].paths.holds(path)).peekable();
        if owners.peek().is_some() {
            // Outside of all clusters nobody has said what runs beside what.
            return bundle.cluster.is_none_or(|number| owners.any(|owner| owner == number));
        }
        self.trial(path).is_none_or(|trial| bundle.trial.as_ref() == Some(&trial))
    }

    /// The directory of tests or examples that a path lies in: its path up to the directory
    /// directly below it, or itself for its own loose files.
    fn trial(&self, path: &str) -> Option<String> {
        let directories: Vec<&str> = path.split('/').collect();
        let (_, directories) = directories.split_last()?;
        let is_trial = |name: &&str| self.trial_directories.iter().any(|trial| trial == name);
        let at = directories.iter().position(is_trial)?;
        let until = (at + 2).min(directories.len());
        Some(directories[..until].join("/"))
    }
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Main,
    Trial(String),
    File(String),
    Cluster(usize),
}

/// One way to apply a directory.
#[derive(Debug, Default)]
struct Alternative {
    name: String,
    members: BTreeSet<u32>,
    /// Objects of the directories that it is an alternative to.
    rivals: BTreeSet<u32>,
}

impl Alternative {
    fn into_bundle(self, part: &[u32], outside: &[u32], trial: Option<String>) -> Bundle {
        let beside = part.iter().chain(outside).copied();
        let mut elsewhere: Vec<u32> =
            beside.filter(|id| !self.members.contains(id) && !self.rivals.contains(id)).collect();
        elsewhere.sort_unstable();
        elsewhere.dedup();
        let name = if self.name.is_empty() { ".".to_owned() } else { self.name };
        let members = self.members.into_iter().collect();
        Bundle { name, members, elsewhere, trial, cluster: None }
    }
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
    let rivals = rivals(items, &units);
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
fn rivals<'a>(
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

#[cfg(test)]
mod tests {
    use super::*;

    fn names(files: &[(&str, &str)]) -> Vec<(String, Vec<u32>)> {
        let items: Vec<Item<'_>> = files
            .iter()
            .map(|(path, name)| Item {
                path,
                alone: path.ends_with(".md"),
                identity: Some(("Deployment", "default", name)),
            })
            .collect();
        Grouping::default()
            .group(&items)
            .into_iter()
            .map(|bundle| (bundle.name, bundle.members))
            .collect()
    }

    #[test]
    fn everything_is_one_bundle() {
        assert_eq!(names(&[("a/x.yaml", "x"), ("b/y.yaml", "y")]), [(".".into(), vec![0, 1])]);
    }

    #[test]
    fn what_stands_twice_makes_alternatives_and_the_rest_belongs_to_each() {
        let found = names(&[
            ("base/db.yaml", "db"),
            ("env/dev/app.yaml", "app"),
            ("env/prod/app.yaml", "app"),
            ("env/shared.yaml", "cache"),
        ]);
        assert_eq!(found, [("env/dev".into(), vec![0, 1, 3]), ("env/prod".into(), vec![0, 2, 3])]);
    }

    #[test]
    fn loose_files_can_be_an_alternative_to_a_directory_below_them() {
        let found = names(&[("deploy/all.yaml", "app"), ("deploy/parts/app.yaml", "app")]);
        assert_eq!(found, [("deploy".into(), vec![0]), ("deploy/parts".into(), vec![1])]);
    }

    #[test]
    fn alternatives_side_by_side_are_not_multiplied() {
        let found = names(&[
            ("x/1/a.yaml", "a"),
            ("x/2/a.yaml", "a"),
            ("y/1/b.yaml", "b"),
            ("y/2/b.yaml", "b"),
        ]);
        assert_eq!(found.len(), 4);
        let items = [("x/1/a.yaml", "a"), ("x/2/a.yaml", "a"), ("y/1/b.yaml", "b")];
        let items: Vec<Item<'_>> = items
            .iter()
            .map(|(path, name)| Item { path, alone: false, identity: Some(("Pod", "", name)) })
            .collect();
        let bundles = Grouping::default().group(&items);
        assert_eq!(bundles[0].members, [0, 2], "y has one way to be applied, so x/1 has it too");
        assert!(bundles[0].elsewhere.is_empty(), "x/2 is an alternative and runs nowhere beside");
    }

    #[test]
    fn trials_stand_alone_and_markdown_does_too() {
        let found = names(&[
            ("app.yaml", "app"),
            ("examples/one/app.yaml", "app"),
            ("examples/two/app.yaml", "app"),
            ("examples/loose.yaml", "x"),
            ("doc.md", "app"),
        ]);
        let bundles: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(bundles, [".", "doc.md", "examples", "examples/one", "examples/two"]);
        assert_eq!(found[0].1, [0]);
    }

    #[test]
    fn clusters_are_what_the_user_says() {
        let named = |name: &str, globs: &[&str]| NamedCluster {
            name: name.to_owned(),
            paths: PathSet::new(&globs.iter().map(|&glob| glob.to_owned()).collect::<Vec<_>>())
                .unwrap(),
        };
        let clusters = vec![named("dev", &["dev/", "base/"]), named("prod", &["prod/", "base/"])];
        let grouping = Grouping { clusters, trial_directories: vec!["trial".to_owned()] };
        let paths = ["base/x", "dev/y", "prod/y", "stray/z", "trial/a/x", "examples/z"];
        let items: Vec<Item<'_>> = paths
            .iter()
            .map(|path| Item {
                path,
                alone: false,
                identity: Some(("Pod", "", &path[path.len() - 1..])),
            })
            .collect();
        let bundles = grouping.group(&items);
        let told: Vec<(&str, &[u32])> =
            bundles.iter().map(|b| (b.name.as_str(), b.members.as_slice())).collect();
        // `examples` is no name of a trial here; both `z` are alternatives.
        let expected: [(&str, &[u32]); 5] = [
            ("dev", &[0, 1]),
            ("examples", &[5]),
            ("prod", &[0, 2]),
            ("stray", &[3]),
            ("trial/a", &[4]),
        ];
        assert_eq!(told, expected);
        assert_eq!(bundles[0].elsewhere, [3, 5], "the other cluster runs nowhere beside");
        assert_eq!(bundles[3].elsewhere, [0, 1, 2]);
        let concerns = |bundle: usize, path| grouping.concerns(&bundles[bundle], path);
        assert!(
            concerns(0, "dev/chart") && concerns(0, "base/chart") && concerns(0, "other/chart")
        );
        assert!(!concerns(0, "prod/chart") && !concerns(0, "trial/a/chart"));
        assert!(concerns(4, "trial/a/chart"));
    }
}
