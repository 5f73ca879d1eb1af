//! `netpol-lint.toml`: a text to settings that are understood, each with the line it stands in.
//!
//! In two steps, like the command line: `file` is what is written, and what its schema is made
//! of; the rest looks everything up. What is wrong stops the run, at its line and with the word
//! that was probably meant: a configuration that is half understood would be trusted whole.

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
use crate::bundle::helm::{ChartSettings, When};
use crate::lint::{Confidence, Severity};
use crate::repo::Boundary;
use crate::resolve::{Profile, WellKnown};
use crate::triage::PerPath;

pub use error::Error;
pub use limits::{CEILINGS, most};
pub use names::{did_you_mean, look_up, rule_ids};
pub use read::read;
pub use scaffold::{Seen, scaffold};
pub use schema::schema;

/// The name of the file, at the repository's root.
pub const NAME: &str = "netpol-lint.toml";

/// Bytes of a configuration.
const LARGEST: u64 = 1 << 20;

/// A value, and the line it stands in.
#[derive(Clone, Debug)]
pub struct At<T> {
    /// The value.
    pub value: T,
    /// Its line, from 1.
    pub line: usize,
}

/// A configuration, understood. A key that is not written is none, or empty.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// Rule ids to run.
    pub select: Option<At<Vec<String>>>,
    /// Rule ids to leave out.
    pub ignore: Option<At<Vec<String>>>,
    /// Pedantic rules and notes too.
    pub pedantic: Option<At<bool>>,
    /// The least severity shown.
    pub min_severity: Option<At<Severity>>,
    /// The least confidence shown.
    pub min_confidence: Option<At<Confidence>>,
    /// The least severity that makes the run fail; none in it for never.
    pub fail_on: Option<At<Option<Severity>>>,
    /// Globs of the files to report on.
    pub include: Option<At<Vec<String>>>,
    /// Globs of the files to leave out.
    pub exclude: Option<At<Vec<String>>>,
    /// Severities by rule id.
    pub severity: Vec<At<(String, Severity)>>,
    /// Rules left out in some files: as written, and understood.
    pub per_path: Vec<At<(Vec<String>, PerPath)>>,
    /// The namespace of objects that name none.
    pub default_namespace: Option<At<String>>,
    /// The kind of cluster.
    pub profile: Option<At<Profile>>,
    /// Pods that are not in the repository.
    pub well_known: Vec<At<WellKnown>>,
    /// The addresses of pods.
    pub pod_ranges: Option<At<Vec<IpNet>>>,
    /// The addresses of Services.
    pub service_ranges: Option<At<Vec<IpNet>>>,
    /// Files that tell what runs elsewhere, relative to the configuration.
    pub inventory: Option<At<Vec<String>>>,
    /// Files that are applied together: their globs as written, and understood.
    pub clusters: Vec<At<(Vec<String>, NamedCluster)>>,
    /// Names of directories whose contents are tried out on their own.
    pub test_directories: Option<At<Vec<String>>>,
    /// Whether the repository's expectations are part of a check.
    pub expectations: Option<At<bool>>,
    /// How Helm charts are rendered.
    pub helm: Helm,
    /// Bounds on what a file may cost.
    pub limits: Limits,
}

/// What is written of Helm charts.
#[derive(Clone, Debug, Default)]
pub struct Helm {
    /// Whether they are rendered.
    pub render: Option<At<When>>,
    /// Seconds that one may take.
    pub time_limit: Option<At<u64>>,
    /// Bytes that one may make.
    pub output_limit: Option<At<u64>>,
    /// How some are rendered.
    pub charts: Vec<At<ChartSettings>>,
}

/// The bounds that are written.
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
}

/// The configuration of the repository with that root, if it has one: its path and its text.
///
/// # Errors
/// A file that can't be read, or is not UTF-8.
pub fn find(root: &Path) -> Result<Option<(PathBuf, String)>, (PathBuf, std::io::Error)> {
    let path = root.join(NAME);
    // A directory of that name is none of ours: it does not make a root either.
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
