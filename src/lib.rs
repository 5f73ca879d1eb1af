//! netpol-lint reads a repository of Kubernetes manifests, works out offline which pods each
//! NetworkPolicy selects and which connections it allows, and points at the line that is wrong.
//!
//! Data flows one way, through one folder per stage; each knows only the ones before it:
//! [`repo`] → [`text`] → [`yaml`] → [`bundle`] → [`model`] → [`resolve`] → [`reach`] →
//! [`expect`] → [`lint`] →
//! [`settle`] → [`fix`] → [`report`]. [`check`] is that table as code, and [`mend`] goes round in
//! it until nothing is left to mend; [`config`] reads what users set of it.

#![warn(missing_docs)]

pub mod bundle;
#[cfg(feature = "cli")]
pub mod cli;
pub mod config;
pub mod expect;
pub mod fix;
pub mod lint;
pub mod model;
pub mod reach;
pub mod repo;
pub mod report;
pub mod resolve;
pub mod settle;
pub mod text;
pub mod yaml;

mod assembly;
mod check;
mod clock;
pub mod comparison;
pub mod connectivity;
pub mod expectations;
mod lost;
mod making;
mod mend;
pub mod overview;
pub mod placement;

use std::path::PathBuf;
use std::time::Duration;

use lint::Finding;
use resolve::Settings;
use text::Sources;

pub use assembly::Assembly;
pub use check::check;
pub use lost::NotBuilt;
pub use mend::{Mending, mend};

/// What to check and how; the command line's arguments, understood.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// The working directory, which relative paths start from.
    pub cwd: PathBuf,
    /// What to report on, and which files count: see [`repo::find`].
    pub scope: repo::Scope,
    /// Which findings are shown.
    pub selection: settle::Selection,
    /// Bounds on what one file may cost.
    pub limits: yaml::Limits,
    /// The findings that are accepted until they are mended.
    pub baseline: Option<settle::Baseline>,
    /// Keep what is suppressed in the outcome, and not only its number.
    pub show_suppressed: bool,
    /// How things are applied together, where the user says it.
    pub grouping: bundle::Grouping,
    /// How Helm charts are rendered.
    pub helm: bundle::helm::Helm,
    /// What the user says of the cluster.
    pub settings: Settings,
    /// Whether the repository's own expectations are left out of a check.
    pub skip_expectations: bool,
    /// Files that tell what runs elsewhere in the cluster.
    pub inventories: Vec<model::InventoryFile>,
}

/// What a run found and read.
#[derive(Debug)]
pub struct Outcome {
    /// The texts that the findings' spans lie in.
    pub sources: Sources,
    /// The findings to report, in order: path, position, rule.
    pub findings: Vec<Finding>,
    /// What comments and annotations hold back, where it was asked for.
    pub suppressed: Option<Vec<settle::Suppressed>>,
    /// The baseline's entries that are no finding any more.
    pub stale: Vec<settle::Entry>,
    /// Whether what could not be read or made is among the findings, though no policy depends on
    /// it.
    pub shows_run: bool,
    /// What was read.
    pub summary: Summary,
    /// The repository's root, to which reported paths are relative.
    pub root: PathBuf,
}

impl Outcome {
    fn found(&self) -> fix::Found<'_> {
        (&self.findings, &self.sources)
    }
}

/// The figures of the closing line.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    /// YAML and JSON files read (with their context).
    pub files: usize,
    /// Documents in them.
    pub documents: usize,
    /// NetworkPolicies.
    pub policies: usize,
    /// Workloads.
    pub workloads: usize,
    /// Findings held back by suppressions.
    pub suppressed: usize,
    /// Findings that fixes have mended.
    pub mended: usize,
    /// Files in which they have.
    pub mended_files: usize,
    /// Files that could not be mended, with the reason.
    pub not_mended: Vec<(String, String)>,
    /// Findings held back by the baseline.
    pub baselined: usize,
    /// Entries that were taken out of the baseline file, as they are no finding any more.
    pub pruned: usize,
    /// Kustomizations that were evaluated, each with all that it refers to.
    pub kustomizations: usize,
    /// Helm charts that were not rendered.
    pub charts: usize,
    /// What could not be read or made, and no policy depends on it.
    pub not_built: NotBuilt,
    /// Findings in directories of tests and examples that are not shown.
    pub in_test_directories: usize,
    /// Paths that were passed by, with the reason.
    pub left_out: Vec<(String, &'static str)>,
    /// How long it took.
    pub time: Duration,
    /// How long each stage took, in their order.
    pub stages: Vec<(&'static str, Duration)>,
}

/// Told how far a run is, from several threads at once.
pub trait Progress: Sync {
    /// So many files are to be read.
    fn files(&self, count: usize) {
        let _ = count;
    }
    /// One more has been read.
    fn file_done(&self) {}
}

/// Says nothing.
impl Progress for () {}
