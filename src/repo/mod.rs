//! The repository: its root, the files to report on and the files that are context, in a stable
//! order. This module knows nothing of YAML.

use std::path::PathBuf;

/// Which files a run looks at.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    /// What to report on: files and directories. Empty means the working directory.
    pub paths: Vec<PathBuf>,
    /// The text of standard input, when `-` is among the paths.
    pub stdin: Option<Vec<u8>>,
    /// The path under which standard input is reported.
    pub stdin_path: String,
    /// Globs; when there are any, only files that match one are reported on.
    pub include: Vec<String>,
    /// Globs of files that are neither reported on nor context.
    pub exclude: Vec<String>,
    /// Read files that gitignore rules hide.
    pub no_ignore: bool,
    /// Apply `exclude` to files named on the command line too.
    pub force_exclude: bool,
}

/// What a file is, told by its name and its neighbours alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A YAML or JSON file that may hold manifests.
    Manifests,
    /// One of kustomize's three names.
    Kustomization,
    /// A `Chart.yaml`.
    Chart,
    /// A file below the `templates/` beside a `Chart.yaml`.
    ChartTemplate,
    /// Markdown, whose fenced YAML is read.
    Markdown,
    /// Standard input.
    Stdin,
}

/// One file of the repository.
#[derive(Clone, Debug)]
pub struct File {
    /// Its path relative to the root, with `/` on every platform.
    pub path: String,
    /// The path to open it with.
    pub open: PathBuf,
    /// What it is.
    pub role: Role,
    /// Whether findings in it are reported; the others are context.
    pub reported: bool,
    /// Whether it was named on the command line itself.
    pub named: bool,
}

/// The repository of a run.
#[derive(Clone, Debug)]
pub struct Repo {
    /// Its root: the nearest directory upwards with `netpol-lint.toml` or `.git`, else the
    /// common directory of the given paths.
    pub root: PathBuf,
    /// Its files, sorted by path.
    pub files: Vec<File>,
    /// Paths that could not be entered or read, with the reason: each becomes a finding.
    pub unreadable: Vec<(String, String)>,
}

/// What stops a run before it begins.
#[derive(Debug)]
pub enum Error {
    /// A path given does not exist or can't be looked at.
    Path(PathBuf, std::io::Error),
    /// A glob given is none: the glob, and why.
    Glob(String, String),
    /// No YAML or JSON file under the given paths.
    NothingToRead(Vec<PathBuf>),
}
