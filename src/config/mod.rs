//! `netpol-lint.toml`: a text to validated settings, each with its line.
//!
//! It works in two steps, like the command line: `file` is what is written, and the source of the
//! schema; the rest looks everything up. An error stops the run, at its line and with a suggestion,
//! because users would trust a configuration that is only partly understood.

mod error;
mod file;
mod limits;
mod names;
mod read;
mod scaffold;
mod schema;

use std::path::{Path, PathBuf};

use ipnet::IpNet;

use crate::bundle::NamedCluster;
use crate::bundle::helm::{Assignment, ChartSettings, KubeVersion, When};
use crate::lint::{Confidence, Severity};
use crate::repo::Boundary;
use crate::resolve::{Plugin, Profile, WellKnown};
use crate::triage::PerPath;

pub use error::Error;
pub use limits::{CEILINGS, most};
pub use names::{did_you_mean, look_up, rule_ids};
pub use read::read;
pub use scaffold::{Seen, scaffold};
pub use schema::schema;

/// The name of the file, at the repository's root.
pub const NAME: &str = "netpol-lint.toml";

/// The size limit of a configuration.
const LARGEST: u64 = 1 << 20;

/// A value, and its line.
#[derive(Clone, Debug)]
pub struct At<T> {
    /// The value.
    pub value: T,
    /// Its line, counted from 1.
    pub line: usize,
}

/// A validated configuration. A key that is absent is `None`, or empty.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// Rule ids to run.
    pub select: Option<At<Vec<String>>>,
    /// Rule ids to ignore.
    pub ignore: Option<At<Vec<String>>>,
    /// Pedantic rules and notes as well.
    pub pedantic: Option<At<bool>>,
    /// The lowest severity shown.
    pub min_severity: Option<At<Severity>>,
    /// The lowest confidence shown.
    pub min_confidence: Option<At<Confidence>>,
    /// The lowest severity that makes the run fail; the inner `None` is `never`.
    pub fail_on: Option<At<Option<Severity>>>,
    /// Globs of the files to report on.
    pub include: Option<At<Vec<String>>>,
    /// Globs of the files to exclude.
    pub exclude: Option<At<Vec<String>>>,
    /// Severities by rule id.
    pub severity: Vec<At<(String, Severity)>>,
    /// Rules ignored in some files: as written, and resolved.
    pub per_path: Vec<At<(Vec<String>, PerPath)>>,
    /// The namespace of objects without one.
    pub default_namespace: Option<At<String>>,
    /// The kind of cluster.
    pub profile: Option<At<Profile>>,
    /// The network plugin.
    pub cni: Option<At<Plugin>>,
    /// Pods that are not in the repository.
    pub well_known: Vec<At<WellKnown>>,
    /// The address ranges of pods.
    pub pod_ranges: Option<At<Vec<IpNet>>>,
    /// The address ranges of Services.
    pub service_ranges: Option<At<Vec<IpNet>>>,
    /// Files that list what runs elsewhere, relative to the configuration.
    pub inventory: Option<At<Vec<String>>>,
    /// Files that are applied together: their globs as written, and resolved.
    pub clusters: Vec<At<(Vec<String>, NamedCluster)>>,
    /// Names of directories whose contents are applied on their own.
    pub test_directories: Option<At<Vec<String>>>,
    /// Whether the repository's expectations are part of a check.
    pub expectations: Option<At<bool>>,
    /// How Helm charts are rendered.
    pub helm: Helm,
    /// Limits on what a file may cost.
    pub limits: Limits,
}

/// The keys of `[helm]`.
#[derive(Clone, Debug, Default)]
pub struct Helm {
    /// Whether they are rendered.
    pub render: Option<At<When>>,
    /// Seconds that one chart may take.
    pub time_limit: Option<At<u64>>,
    /// Bytes that one chart may render to.
    pub output_limit: Option<At<u64>>,
    /// The version of Kubernetes that templates see.
    pub kube_version: Option<At<KubeVersion>>,
    /// The APIs that templates see beside Kubernetes' own.
    pub api_versions: Option<At<Vec<String>>>,
    /// Values that turn policies on.
    pub sets: Option<At<Vec<Assignment>>>,
    /// How certain charts are rendered.
    pub charts: Vec<At<ChartSettings>>,
}

/// The keys of `[limits]`.
#[derive(Clone, Debug, Default)]
pub struct Limits {
    /// Bytes in a file.
    pub file_bytes: Option<At<u64>>,
    /// Nesting depth of a document.
    pub depth: Option<At<u64>>,
    /// Nodes of a document.
    pub nodes: Option<At<u64>>,
    /// Documents in a file.
    pub documents: Option<At<u64>>,
    /// MiB of memory that the objects of a run may take.
    pub memory: Option<At<u64>>,
}

/// The configuration of the repository at that root, if it has one: its path and its text.
///
/// # Errors
/// A file that can't be read, or is not UTF-8.
pub fn find(root: &Path) -> Result<Option<(PathBuf, String)>, (PathBuf, std::io::Error)> {
    let path = root.join(NAME);
    // A directory with that name is not a configuration, and does not make its parent a root.
    if !path.exists() || path.is_dir() {
        return Ok(None);
    }
    let read = Boundary::new(root).read(Path::new(NAME), LARGEST).and_then(text);
    read.map(|text| Some((path.clone(), text))).map_err(|error| (path, error))
}

/// The configuration that the user names, by an absolute path; `root` is the repository's.
///
/// # Errors
/// A file that can't be read, or is not UTF-8.
pub fn given(path: &Path, root: &Path) -> std::io::Result<String> {
    Boundary::new(root).read_given(path, LARGEST).and_then(text)
}

fn text(bytes: Vec<u8>) -> std::io::Result<String> {
    String::from_utf8(bytes).map_err(|_| std::io::Error::other("it is not UTF-8"))
}
