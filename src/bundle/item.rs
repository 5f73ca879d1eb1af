//! What grouping works on, and what it makes: objects, bundles, sites.

use super::branches::BranchId;
use crate::repo::PathSet;
use crate::text::Span;

/// One object, as far as grouping needs it.
#[derive(Clone, Debug)]
pub struct Item<'a> {
    /// The path of its file, relative to the root.
    pub path: &'a str,
    /// Whether its file is a bundle of its own (Markdown).
    pub alone: bool,
    /// Whether it stands beside a kustomization that does not list it.
    pub loose: bool,
    /// Kind, namespace and name, for workloads and policies.
    pub identity: Option<(&'a str, &'a str, &'a str)>,
    /// Where a workload is written: the overlays of a base share it.
    pub workload: Option<Span>,
    /// The number of the [`Unit`] that made it; none for a manifest that stands for itself.
    pub built: Option<usize>,
    /// Whether it is part of an inventory, and so runs beside everything.
    pub given: bool,
}

/// What a kustomization or a chart makes, as far as grouping needs it.
#[derive(Clone, Debug, Default)]
pub struct Unit {
    /// What it is called in reports.
    pub name: String,
    /// Its directory, relative to the root; empty for the root itself.
    pub directory: String,
    /// The namespace that it gives to all its objects.
    pub namespace: Option<String>,
    /// What deploys it: units that share one run side by side.
    pub deployed_by: Option<String>,
    /// Whether it is a chart.
    pub is_chart: bool,
}

/// Where the objects of a bundle come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// From manifests that stand for themselves.
    Plain,
    /// From the [`Unit`] of that number.
    Built(usize),
}

/// Objects that are applied together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bundle {
    /// The directory it is named by, relative to the root; `.` for the root itself.
    pub name: String,
    /// Where its objects come from.
    pub origin: Origin,
    /// Indices of its objects, ascending.
    pub members: Vec<u32>,
    /// Where its manifests are, if they are plain ones.
    pub(super) branch: Option<BranchId>,
    /// The directory of tests or examples that it stands in, if it does.
    pub trial: Option<String>,
    /// The numbers of the configured clusters that it is part of.
    pub clusters: Vec<usize>,
    /// Whether it is a document's example, and context for nothing.
    pub alone: bool,
}

/// Bundles that run side by side in one cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// What it is called in reports: the name of its bundle, or of what they have in common.
    pub name: String,
    /// Its bundles, ascending.
    pub bundles: Vec<usize>,
    /// Indices of their objects, ascending.
    pub members: Vec<u32>,
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
    /// The numbers of the configured clusters that a path belongs to.
    pub(super) fn clusters_of(&self, path: &str) -> Vec<usize> {
        (0..self.clusters.len()).filter(|&number| self.clusters[number].paths.holds(path)).collect()
    }

    /// The directory of tests or examples that a path lies in: its path up to the directory
    /// directly below it, or itself for its own loose files.
    pub fn trial(&self, path: &str) -> Option<String> {
        let directories: Vec<&str> = path.split('/').collect();
        let (_, directories) = directories.split_last()?;
        let is_trial = |name: &&str| self.trial_directories.iter().any(|trial| trial == name);
        let at = directories.iter().position(is_trial)?;
        let until = (at + 2).min(directories.len());
        Some(directories[..until].join("/"))
    }
}
