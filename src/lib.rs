//! netpol-lint reads a repository of Kubernetes manifests, works out offline which pods each
//! NetworkPolicy selects and which connections it allows, and points at the line that is wrong.
//!
//! Data flows one way, through one folder per stage; each knows only the ones before it:
//! [`repo`] → [`text`] → [`yaml`] → [`bundle`] → [`model`] → [`resolve`] → [`reach`] → [`lint`] →
//! [`settle`] → [`report`]. [`check`] is that table as code.

#![warn(missing_docs)]

pub mod bundle;
pub mod lint;
pub mod model;
pub mod reach;
pub mod repo;
pub mod report;
pub mod resolve;
pub mod settle;
pub mod text;
pub mod yaml;

use std::path::PathBuf;
use std::time::Duration;

use lint::Finding;
use text::Sources;

/// What to check and how; the command line's arguments, understood.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// What to report on, and which files count: see [`repo::find`].
    pub scope: repo::Scope,
    /// Which findings are shown.
    pub selection: settle::Selection,
    /// Bounds on what one file may cost.
    pub limits: yaml::Limits,
    /// The kind of cluster, for where its DNS lives; none to detect it from the manifests.
    pub profile: Option<resolve::Profile>,
}

/// What a run found and read.
#[derive(Debug)]
pub struct Outcome {
    /// The texts that the findings' spans lie in.
    pub sources: Sources,
    /// The findings to report, in order: path, position, rule.
    pub findings: Vec<Finding>,
    /// What was read.
    pub summary: Summary,
    /// The repository's root, to which reported paths are relative.
    pub root: PathBuf,
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
    /// Kustomizations that were recognised and left out.
    pub kustomizations: usize,
    /// Helm charts that were recognised and left out.
    pub charts: usize,
    /// How long it took.
    pub time: Duration,
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

/// Reads, resolves and judges: the whole pipeline.
///
/// # Errors
/// What stops the run: a path that does not exist, a glob that is none, no YAML or JSON file at
/// all under the given paths. Bad input in a file is a finding.
pub fn check(request: &Request, progress: &dyn Progress) -> Result<Outcome, repo::Error> {
    todo!()
}
