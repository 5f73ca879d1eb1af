//! Plain directories: all files under no kustomization and no chart are applied together, unless
//! they say themselves that they are not.
//!
//! Where the same workload or policy stands in two directories, those are alternatives (`dev/`
//! and `prod/`): the directories just below their common ancestor become bundles of their own,
//! and what lies above or beside them belongs to each. A directory of tests or examples is never
//! context for what lies outside it, and each directory directly below it is a bundle.

use std::collections::{BTreeMap, BTreeSet, HashMap};

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

/// Groups objects into bundles, sorted by name.
pub fn group(items: &[Item<'_>]) -> Vec<Bundle> {
    let mut parts: BTreeMap<Part, Vec<u32>> = BTreeMap::new();
    for (index, item) in (0u32..).zip(items) {
        parts.entry(part(item)).or_default().push(index);
    }
    let main = parts.get(&Part::Main).cloned().unwrap_or_default();
    let mut bundles = Vec::new();
    for (part, members) in parts {
        let (prefix, trial) = match &part {
            Part::Main => (String::new(), None),
            Part::Trial(directory) => (directory.clone(), Some(directory.clone())),
            Part::File(path) => (path.clone(), None),
        };
        let outside: &[u32] = if part == Part::Main { &[] } else { &main };
        for alternative in alternatives(items, &members, &prefix, matches!(part, Part::File(_))) {
            bundles.push(alternative.into_bundle(&members, outside, trial.clone()));
        }
    }
    bundles.sort_by(|a, b| a.name.cmp(&b.name));
    bundles
}

/// The directory of tests or examples that a path lies in: its path up to the directory directly
/// below it, or itself for its own loose files.
pub fn trial(path: &str) -> Option<String> {
    let directories: Vec<&str> = path.split('/').collect();
    let (_, directories) = directories.split_last()?;
    let at = directories.iter().position(|name| TRIAL_DIRECTORIES.contains(name))?;
    let until = (at + 2).min(directories.len());
    Some(directories[..until].join("/"))
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Main,
    Trial(String),
    File(String),
}

fn part(item: &Item<'_>) -> Part {
    if item.alone {
        return Part::File(item.path.to_owned());
    }
    trial(item.path).map_or(Part::Main, Part::Trial)
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
        let name = if self.name.is_empty() { ".".to_owned() } else { self.name };
        Bundle { name, members: self.members.into_iter().collect(), elsewhere, trial }
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
        group(&items).into_iter().map(|bundle| (bundle.name, bundle.members)).collect()
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
        let bundles = group(&items);
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
}
