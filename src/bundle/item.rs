//! The input and output of grouping: objects, bundles, sites.

use super::branches::BranchId;
use super::object_id::ObjectId;
use crate::repo::PathSet;
use crate::text::Span;

/// One object, as far as grouping needs it.
#[derive(Clone, Debug)]
pub struct Item<'a> {
    /// The path of its file, relative to the root.
    pub path: &'a str,
    /// Whether its file is a bundle of its own (Markdown).
    pub alone: bool,
    /// Whether it is beside a kustomization that does not list it.
    pub loose: bool,
    /// Kind, namespace and name, for workloads and policies.
    pub identity: Option<(&'a str, &'a str, &'a str)>,
    /// Where a workload is written: overlays of one base have the same place.
    pub workload: Option<Span>,
    /// The number of the [`Unit`] that built it; `None` for a plain manifest.
    pub built: Option<usize>,
    /// Whether it comes from an inventory, and so runs beside everything.
    pub given: bool,
}

/// The result of a kustomization or a chart, as far as grouping needs it.
#[derive(Clone, Debug, Default)]
pub struct Unit {
    /// Its name in reports.
    pub name: String,
    /// Its directory, relative to the root; empty for the root itself.
    pub directory: String,
    /// The namespace that it sets on all its objects.
    pub namespace: Option<String>,
    /// What deploys it: units that are deployed by the same run side by side.
    pub deployed_by: Option<String>,
    /// Whether it is a chart.
    pub is_chart: bool,
}

/// Where the objects of a bundle come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// From plain manifests.
    Plain,
    /// From the [`Unit`] with that number.
    Built(usize),
}

/// Objects that are applied together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bundle {
    /// The directory that gives it its name, relative to the root; `.` for the root itself.
    pub name: String,
    /// Where its objects come from.
    pub origin: Origin,
    /// Indices of its objects, ascending.
    pub members: Vec<ObjectId>,
    /// The branch of its manifests, if they are plain ones.
    pub(super) branch: Option<BranchId>,
    /// The directory of tests or examples that it is in, if it is.
    pub trial: Option<String>,
    /// The numbers of the configured clusters that it is part of.
    pub clusters: Vec<usize>,
    /// Whether it is an example in a document, and not context for anything else.
    pub alone: bool,
}

/// Bundles that run side by side in one cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// Its name in reports: that of its bundle, or what they have in common.
    pub name: String,
    /// Its bundles, ascending.
    pub bundles: Vec<usize>,
    /// Indices of their objects, ascending.
    pub members: Vec<ObjectId>,
    /// The directory of tests or examples that it is in, if it is.
    pub trial: Option<String>,
    /// The number of the configured cluster that it is, if it is one.
    pub cluster: Option<usize>,
}

/// What the user says about which manifests are applied together.
#[derive(Clone, Debug)]
pub struct Grouping {
    /// Names of directories whose contents are applied on their own.
    pub trial_directories: Vec<String>,
    /// Files that are explicitly applied together.
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

/// Names of directories whose contents are applied on their own.
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

    /// The directory of tests or examples that contains a path: its path up to the directory
    /// directly below it, or itself for its own files.
    pub fn trial(&self, path: &str) -> Option<String> {
        let directories: Vec<&str> = path.split('/').collect();
        let (_, directories) = directories.split_last()?;
        let is_trial = |name: &&str| self.trial_directories.iter().any(|trial| trial == name);
        let at = directories.iter().position(is_trial)?;
        let until = (at + 2).min(directories.len());
        Some(directories[..until].join("/"))
    }
}
