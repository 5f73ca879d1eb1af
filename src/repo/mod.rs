//! The repository: its root, the files to report on and the files that are context, in a stable
//! order. This module knows nothing of YAML.

mod globs;
mod walk;

use std::collections::HashSet;
use std::fmt;
use std::path::{Path, PathBuf};

use globs::Globs;
use walk::{Walk, is_markdown, relative, without_code};

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
    /// A path given is neither a file nor a directory.
    Irregular(PathBuf),
    /// A glob given is none: the glob, and why.
    Glob(String, String),
    /// No YAML or JSON file under the given paths.
    NothingToRead(Vec<PathBuf>),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(path, error) => {
                write!(f, "{}: {}", path.display(), without_code(error))
            }
            Self::Irregular(path) => write!(
                f,
                "{}: no regular file or directory (a pipe, a socket or a device is never opened)",
                path.display()
            ),
            Self::Glob(glob, why) => write!(f, "`{glob}` is no glob: {why}"),
            Self::NothingToRead(paths) => {
                let paths: Vec<String> = paths.iter().map(|p| p.display().to_string()).collect();
                write!(
                    f,
                    "no YAML or JSON file under {}: looked for *.yaml, *.yml, *.json and \
                     Kustomization (files that .gitignore hides are left out; --no-ignore reads \
                     them)",
                    paths.join(", ")
                )
            }
        }
    }
}

impl std::error::Error for Error {}

/// The marks of a repository's root.
const ROOT_MARKS: [&str; 2] = ["netpol-lint.toml", ".git"];

/// Finds the repository of the paths in `scope`, and its files: those below the paths are
/// reported on, all others are context.
///
/// # Errors
/// A path that does not exist, a glob that is none, or nothing to read at all.
pub fn find(scope: &Scope, cwd: &Path) -> Result<Repo, Error> {
    let globs = Globs::new(&scope.include, &scope.exclude)?;
    let given = given(scope, cwd)?;
    let root = root(&given, cwd);
    let walk = Walk {
        root: &root,
        globs: &globs,
        ignore_rules: !scope.no_ignore,
    };
    let mut walked = walk.run(&root);
    // A directory that is named is walked even where the rules of a parent hide it.
    for directory in given.iter().filter(|path| path.is_dir() && **path != root) {
        let start = relative(&root, directory);
        let is_known = walked.files.iter().any(|(path, _)| is_below(path, &start));
        if !is_known && !(scope.force_exclude && globs.excludes(&start)) {
            let found = Walk {
                ignore_rules: false,
                ..walk
            }
            .run(directory);
            walked.files.extend(found.files);
            walked.unreadable.extend(found.unreadable);
        }
    }
    let named = named(scope, &given, &root, &globs);
    for (path, open) in &named {
        walked.files.insert((path.clone(), open.clone()));
    }
    let mut files = classify(walked.files.iter(), &named, &given, &root, &globs);
    if scope.stdin.is_some() {
        files.push(stdin_file(scope));
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    if !files.iter().any(|file| file.reported) && walked.unreadable.is_empty() && named.is_empty() {
        return Err(Error::NothingToRead(shown(scope)));
    }
    let unreadable = reported(walked.unreadable, &given, &root);
    Ok(Repo {
        root,
        files,
        unreadable,
    })
}

/// The paths to report on, absolute; the working directory where none is given.
fn given(scope: &Scope, cwd: &Path) -> Result<Vec<PathBuf>, Error> {
    let mut paths: Vec<&Path> = scope.paths.iter().map(PathBuf::as_path).collect();
    if paths.is_empty() && scope.stdin.is_none() {
        paths.push(Path::new("."));
    }
    let absolute = |path: &Path| -> Result<PathBuf, Error> {
        let refuse = |error| Error::Path(path.to_owned(), error);
        // The directory is made canonical and the name kept, so that a link given by name is
        // reported by the name it was given.
        let joined = cwd.join(path);
        let metadata = std::fs::metadata(&joined).map_err(refuse)?;
        if !metadata.is_dir() && !metadata.is_file() {
            return Err(Error::Irregular(path.to_owned()));
        }
        match (joined.parent(), joined.file_name()) {
            (Some(parent), Some(name)) if metadata.is_file() => {
                Ok(parent.canonicalize().map_err(refuse)?.join(name))
            }
            _ => joined.canonicalize().map_err(refuse),
        }
    };
    paths.into_iter().map(absolute).collect()
}

/// Upwards from the paths' common directory to the nearest with a mark of a root, else that
/// directory itself.
fn root(given: &[PathBuf], cwd: &Path) -> PathBuf {
    let directory = |path: &PathBuf| {
        if path.is_dir() {
            path.clone()
        } else {
            path.parent().unwrap_or(path).to_owned()
        }
    };
    let common = given.iter().map(directory).reduce(|a, b| {
        a.ancestors()
            .find(|up| b.starts_with(up))
            .unwrap_or(Path::new("/"))
            .to_owned()
    });
    let common = common.unwrap_or_else(|| cwd.canonicalize().unwrap_or_else(|_| cwd.to_owned()));
    let is_root = |directory: &&Path| ROOT_MARKS.iter().any(|mark| directory.join(mark).exists());
    common
        .ancestors()
        .find(is_root)
        .unwrap_or(&common)
        .to_owned()
}

/// The files that are named themselves: read whatever they are called, and whatever ignore rules
/// say.
fn named(scope: &Scope, given: &[PathBuf], root: &Path, globs: &Globs) -> Vec<(String, PathBuf)> {
    let files = given.iter().filter(|path| path.is_file());
    let pairs = files.map(|path| (relative(root, path), path.clone()));
    pairs
        .filter(|(path, _)| !(scope.force_exclude && globs.excludes(path)))
        .collect()
}

fn classify<'a>(
    walked: impl Iterator<Item = &'a (String, PathBuf)>,
    named: &[(String, PathBuf)],
    given: &[PathBuf],
    root: &Path,
    globs: &Globs,
) -> Vec<File> {
    let walked: Vec<&(String, PathBuf)> = walked.collect();
    let charts: HashSet<&str> = walked
        .iter()
        .filter(|(path, _)| name(path) == CHART)
        .map(|(path, _)| path.strip_suffix(CHART).unwrap_or(path))
        .collect();
    let named: HashSet<&str> = named.iter().map(|(path, _)| path.as_str()).collect();
    let given: Vec<String> = given.iter().map(|path| relative(root, path)).collect();
    let file = |(path, open): &(String, PathBuf)| {
        let is_named = named.contains(path.as_str());
        let below = given.iter().any(|start| is_below(path, start));
        File {
            role: role(path, &charts),
            reported: is_named || (below && globs.includes(path)),
            named: is_named,
            path: path.clone(),
            open: open.clone(),
        }
    };
    walked.into_iter().map(file).collect()
}

const CHART: &str = "Chart.yaml";
const KUSTOMIZATIONS: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

fn role(path: &str, charts: &HashSet<&str>) -> Role {
    let name = name(path);
    if name == CHART {
        Role::Chart
    } else if is_template(path, charts) {
        Role::ChartTemplate
    } else if KUSTOMIZATIONS.contains(&name) {
        Role::Kustomization
    } else if is_markdown(Path::new(path)) {
        Role::Markdown
    } else {
        Role::Manifests
    }
}

/// Whether a path lies below the `templates/` beside a `Chart.yaml`.
fn is_template(path: &str, charts: &HashSet<&str>) -> bool {
    const TEMPLATES: &str = "templates/";
    let mut places = path.match_indices(TEMPLATES).map(|(at, _)| at);
    places.any(|at| {
        let before = &path[..at];
        (before.is_empty() || before.ends_with('/')) && charts.contains(before)
    })
}

fn name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// Whether a path lies at or below another; everything lies below the root, which is empty.
fn is_below(path: &str, start: &str) -> bool {
    start.is_empty()
        || path
            .strip_prefix(start)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Whether a file may hold manifests by its name.
fn has_manifest_name(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    let is_yaml = |extension: &str| {
        ["yaml", "yml", "json"]
            .iter()
            .any(|known| extension.eq_ignore_ascii_case(known))
    };
    extension.is_some_and(is_yaml)
        || path.file_name().and_then(|name| name.to_str()) == Some("Kustomization")
}

fn stdin_file(scope: &Scope) -> File {
    let path = if scope.stdin_path.is_empty() {
        "<stdin>"
    } else {
        &scope.stdin_path
    };
    File {
        path: path.to_owned(),
        open: PathBuf::new(),
        role: Role::Stdin,
        reported: true,
        named: true,
    }
}

/// What could not be read among the paths to report on.
fn reported(
    unreadable: Vec<(String, String)>,
    given: &[PathBuf],
    root: &Path,
) -> Vec<(String, String)> {
    let given: Vec<String> = given.iter().map(|path| relative(root, path)).collect();
    let is_reported = |path: &str| given.iter().any(|start| is_below(path, start));
    unreadable
        .into_iter()
        .filter(|(path, _)| is_reported(path))
        .collect()
}

fn shown(scope: &Scope) -> Vec<PathBuf> {
    if scope.paths.is_empty() {
        vec![PathBuf::from(".")]
    } else {
        scope.paths.clone()
    }
}
