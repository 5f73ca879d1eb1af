//! The repository: its root, the files to report on and the files that are context, in a stable
//! order. This module does not know YAML: it goes by names. Every file is opened through it
//! ([`Boundary`]).
//!
//! A run distinguishes two sets of files. Findings are *reported* for the given paths; selectors
//! are *resolved against* the context, the whole repository around these paths. So a hook that
//! passes one changed file still sees the workloads of all others.

mod boundary;
pub mod code;
mod error;
mod given;
mod globs;
mod ignored;
mod path;
mod revision;
mod role;
mod source_ignore;
mod tracked;
mod walk;

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rayon::prelude::*;

pub use boundary::{Boundary, Target, read_met};
pub use error::Error;
pub use globs::PathSet;
pub use ignored::covered;
pub use path::RepoPath;
pub use revision::Revision;
pub use source_ignore::SourceIgnore;

use given::{Anchor, Given};
use globs::Globs;
use role::{Charts, Form};
use walk::{Catch, Walk};

/// Which files a run looks at.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    /// What to report on: files and directories. Empty means the working directory.
    pub paths: Vec<PathBuf>,
    /// The text of standard input, when `-` is among the paths.
    pub stdin: Option<Vec<u8>>,
    /// The path under which standard input is reported. If it names a file of the repository,
    /// standard input replaces that file, which is not read. Empty means `<stdin>`.
    pub stdin_path: String,
    /// Globs; if there are any, only files that match one are reported on (and Markdown files that
    /// match one are read). They have the meaning of lines in a gitignore file at the root:
    /// `*.yaml` matches at any depth, `k8s/` everything below a directory of that name,
    /// `apps/*/np.yaml` from the root, and `!` reverses a match. Files named on the command line
    /// are always reported on.
    pub include: Vec<String>,
    /// Globs of files that are neither reported on nor context; written like `include`.
    pub exclude: Vec<String>,
    /// Read files that gitignore rules hide.
    pub no_ignore: bool,
    /// Apply `exclude` to files and directories named on the command line too.
    pub force_exclude: bool,
    /// The root, if it is not to be found upwards of the paths.
    pub root: Option<PathBuf>,
    /// Texts that replace files, by their path relative to the root: the files as fixes would
    /// change them.
    pub edited: BTreeMap<String, Arc<str>>,
}

/// What a file is, judged by its name and the files around it alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A YAML or JSON file that may contain manifests.
    Manifests,
    /// A file with one of kustomize's three names.
    Kustomization,
    /// A `Chart.yaml`.
    Chart,
    /// A file below the `templates/` of a chart.
    ChartTemplate,
    /// Markdown, whose fenced YAML is read.
    Markdown,
    /// Which connections are expected to be allowed or denied (`netpol-test.yaml`).
    Expectations,
    /// A file that a hook passes with the others and that never contains manifests: a file of named
    /// templates, or this linter's configuration.
    NoManifests,
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
    /// Whether the command line names it.
    pub named: bool,
}

/// Why a file with a relevant name, or a directory, was skipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LeftOut {
    /// A glob of [`Scope::exclude`] matches it.
    Excluded,
    /// A symbolic link: its target is walked under its own path, or is outside.
    Symlink,
}

/// The repository of a run.
#[derive(Clone, Debug)]
pub struct Repo {
    /// Its root: the nearest directory upwards with `netpol-lint.toml` or `.git`, else the
    /// common directory of the given paths. Free of symbolic links.
    pub root: PathBuf,
    /// Its files, sorted by path.
    pub files: Vec<File>,
    /// Paths that could not be entered or read, with the reason: each becomes a finding.
    pub unreadable: Vec<(String, String)>,
    /// The same outside the given paths: what is missing from the context.
    pub unseen: Vec<(String, String)>,
    /// What was skipped, with the reason. Files that gitignore rules hide are not listed.
    pub left_out: Vec<(String, LeftOut)>,
}

/// The root of the repository that contains `paths`, as [`find`] finds it.
///
/// # Errors
/// A path that does not exist or is neither a file nor a directory.
pub fn root(paths: &[PathBuf], cwd: &Path) -> Result<PathBuf, Error> {
    Ok(Given::look(paths, cwd)?.root().0)
}

/// Finds the repository that contains the paths of `scope`, and its files. Relative paths are
/// relative to `cwd`.
///
/// Outside any repository, the context is only the given paths and the other files in the
/// directories of given files: nobody who checks `/tmp/policy.yaml` means all of `/tmp`.
///
/// # Errors
/// A path that does not exist or is neither a file nor a directory, an invalid glob, no YAML or
/// JSON file at all under the given paths.
pub fn find(scope: &Scope, cwd: &Path) -> Result<Repo, Error> {
    let globs = Globs::new(scope)?;
    let given = Given::look(&scope.paths, cwd)?;
    let (root, anchor) = match &scope.root {
        None => given.root(),
        // Nothing above it has a say.
        Some(root) => (root.clone(), Anchor::Git),
    };
    let walk = Walk::new(scope, &root, &given, &globs);

    let mut catch = Catch::default();
    let mut starts = Vec::new();
    if anchor == Anchor::Nothing {
        let (deep, shallow) = (given.top_directories(), given.file_directories());
        catch.add(walk.deep(&deep, false));
        catch.add(walk.shallow(&shallow));
        starts.extend(deep.into_iter().chain(shallow));
    } else {
        // Ignore rules above a `.git` do not apply.
        catch.add(walk.deep(std::slice::from_ref(&root), anchor == Anchor::Config));
    }
    let hidden = hidden_directories(&given, &catch, &walk, scope);
    catch.add(walk.deep(&hidden, true));
    starts.extend(hidden);

    let mut charts = Charts::new(std::mem::take(&mut catch.charts), &root);
    starts.iter().for_each(|start| charts.look_above(start, &root));
    let spared = add_named(&mut catch, &mut charts, &given, &walk, scope);

    let mut repo = settle(catch, &charts, root);
    if given.stdin {
        repo.put_stdin(scope, given.cwd())?;
    }
    let anything = repo.files.iter().any(|file| file.reported) || !repo.unreadable.is_empty();
    if !anything && !spared {
        return Err(Error::NothingToRead(typed(&scope.paths)));
    }
    Ok(repo)
}

/// The given directories that the walk skipped, because gitignore rules or globs hide them. A
/// directory that is named is walked anyway, unless `--force-exclude` is set.
fn hidden_directories(
    given: &Given,
    catch: &Catch,
    walk: &Walk<'_>,
    scope: &Scope,
) -> Vec<PathBuf> {
    let entered: HashSet<&PathBuf> = catch.entered.iter().collect();
    let missed = given.directories.iter().filter(|directory| !entered.contains(directory));
    missed
        .filter(|directory| !(scope.force_exclude && walk.excludes(directory, true)))
        .cloned()
        .collect()
}

/// Adds the files named on the command line that the walk skipped: hidden by gitignore rules or
/// globs, or with an unusual extension. Returns whether `--force-exclude` excluded a given path:
/// then it is no error that nothing is left to read.
fn add_named(
    catch: &mut Catch,
    charts: &mut Charts,
    given: &Given,
    walk: &Walk<'_>,
    scope: &Scope,
) -> bool {
    let walked = catch.files.iter().filter(|file| file.named);
    let walked: HashSet<PathBuf> = walked.map(|file| file.open.clone()).collect();
    let mut spared = given.directories.iter().any(|directory| walk.excludes(directory, true));
    for file in given.files.iter().filter(|file| !walked.contains(*file)) {
        if walk.excludes(file, false) {
            spared = true;
            if scope.force_exclude {
                continue;
            }
        }
        charts.look_above(file, walk.root);
        let form = file.file_name().map_or(Form::Manifests, Form::of_named);
        catch.files.push(File {
            path: walk.label(file),
            open: file.clone(),
            role: form.role(),
            reported: true,
            named: true,
        });
    }
    spared && scope.force_exclude
}

/// The given paths as they were typed, for messages.
fn typed(paths: &[PathBuf]) -> Vec<PathBuf> {
    if paths.is_empty() { vec![PathBuf::from(".")] } else { paths.to_vec() }
}

/// Sorts what several threads found into the order that every later stage keeps.
fn settle(catch: Catch, charts: &Charts, root: PathBuf) -> Repo {
    let Catch { mut files, mut unreadable, mut unseen, mut left_out, .. } = catch;
    files.par_iter_mut().filter(|file| charts.template(&file.path)).for_each(|file| {
        file.role = Role::ChartTemplate;
    });
    let is_expected = |file: &&mut File| {
        file.role == Role::Manifests && !file.named && role::is_assertion(&file.path)
    };
    files.par_iter_mut().filter(is_expected).for_each(|file| file.role = Role::NoManifests);
    files.par_sort_unstable_by(|a, b| (&a.path, &a.open).cmp(&(&b.path, &b.open)));
    files.dedup_by(|a, b| a.open == b.open);
    for list in [&mut unreadable, &mut unseen] {
        list.sort_unstable();
        list.dedup();
    }
    left_out.sort_unstable();
    left_out.dedup();
    Repo { root, files, unreadable, unseen, left_out }
}

impl Repo {
    /// A given path, relative to the root.
    pub fn path_of(&self, given: &Path, cwd: &Path) -> String {
        path::label(&self.root, &given::clean(&cwd.join(given)))
    }

    /// Adds standard input as a file. An editor sends the unsaved text of a file that is also in
    /// the repository: then the text replaces the file.
    fn put_stdin(&mut self, scope: &Scope, cwd: &Path) -> Result<(), Error> {
        let path = match scope.stdin_path.as_str() {
            "" | "<stdin>" => "<stdin>".to_owned(),
            typed => RepoPath::below(&self.root, &given::clean(&cwd.join(typed)))
                .ok_or_else(|| Error::StdinPath(typed.to_owned(), self.root.clone()))?
                .into_string(),
        };
        self.files.retain(|file| file.path != path);
        let at = self.files.partition_point(|file| file.path < path);
        let open = PathBuf::new();
        self.files.insert(at, File { path, open, role: Role::Stdin, reported: true, named: true });
        Ok(())
    }
}
