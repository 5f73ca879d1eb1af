//! netpol-lint reads a repository of Kubernetes manifests, works out offline which pods each
//! NetworkPolicy selects and which connections it allows, and points at the line that is wrong.
//!
//! Data flows one way, through one folder per stage; each knows only the ones before it:
//! [`repo`] → [`text`] → [`yaml`] → [`bundle`] → [`model`] → `assemble` → [`resolve`] → [`reach`] →
//! [`expect`] → [`lint`] → [`triage`] → [`fix`] → [`report`]. [`check`] is that table as code, and [`apply_fixes`] repeats
//! it until nothing is left to fix; [`config`] reads the settings.

#![warn(missing_docs)]

mod assemble;
pub mod bundle;
#[cfg(feature = "cli")]
pub mod cli;
pub mod config;
pub mod expect;
pub mod fix;
mod ids;
pub mod lint;
pub mod model;
pub mod reach;
pub mod repo;
pub mod report;
pub mod resolve;
pub mod text;
pub mod triage;
pub mod yaml;

mod apply_fixes;
mod check;
pub mod comparison;
pub mod connectivity;
pub mod expectations;
mod explanation;
pub mod exposure;
mod mentions;
pub mod overview;
pub mod placement;
mod progress;
mod summary;
pub mod why;

use std::path::PathBuf;

use lint::Finding;
use resolve::Settings;
use text::Sources;

pub use apply_fixes::{FixOptions, apply_fixes};
pub use assemble::{Assembly, NotBuilt};
pub use check::check;
pub use progress::Progress;
pub use summary::Summary;

/// What to check and how: the arguments, resolved.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// The working directory, to which relative paths are relative.
    pub cwd: PathBuf,
    /// What to report on, and which files are read: see [`repo::find`].
    pub scope: repo::Scope,
    /// Which findings are shown.
    pub selection: triage::Selection,
    /// Limits on what one file may cost.
    pub limits: yaml::Limits,
    /// The findings that are accepted until they are fixed.
    pub baseline: Option<triage::Baseline>,
    /// Keep suppressed findings in the outcome, and not only their number.
    pub show_suppressed: bool,
    /// Which manifests are applied together, if the user says so.
    pub grouping: bundle::Grouping,
    /// How Helm charts are rendered.
    pub helm: bundle::helm::Helm,
    /// What the user says about the cluster.
    pub settings: Settings,
    /// Whether the repository's own expectations are left out of a check.
    pub skip_expectations: bool,
    /// Files that list what runs elsewhere in the cluster.
    pub inventories: Vec<model::InventoryFile>,
}

/// What a run found and read.
#[derive(Debug)]
pub struct Outcome {
    /// The sources of the findings' spans.
    pub sources: Sources,
    /// The findings to report, in order: path, position, rule.
    pub findings: Vec<Finding>,
    /// What comments and annotations suppress, if requested.
    pub suppressed: Option<Vec<triage::Suppressed>>,
    /// The baseline's entries that no longer match.
    pub stale: Vec<triage::Entry>,
    /// Whether the findings include what could not be read or built and does not affect a policy.
    pub shows_run: bool,
    /// What was read.
    pub summary: Summary,
    /// The repository's root, to which reported paths are relative.
    pub root: PathBuf,
}

impl Outcome {
    /// Nothing found: for places of those texts to be drawn.
    #[cfg(feature = "cli")]
    pub(crate) fn of_texts(sources: Sources, root: PathBuf) -> Self {
        Self {
            sources,
            findings: Vec::new(),
            suppressed: None,
            stale: Vec::new(),
            shows_run: false,
            summary: Summary::default(),
            root,
        }
    }
}

impl Request {
    fn options(&self) -> assemble::Options<'_> {
        assemble::Options {
            scope: &self.scope,
            limits: &self.limits,
            grouping: &self.grouping,
            helm: &self.helm,
            inventories: &self.inventories,
        }
    }
}

impl Outcome {
    fn found(&self) -> fix::Found<'_> {
        (&self.findings, &self.sources)
    }
}
