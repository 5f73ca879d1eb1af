//! The walk: directories to files, on several threads. Each thread collects its own results and
//! adds them to the others once, at its end; the caller sorts.

use std::collections::HashSet;
use std::io;
use std::mem;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use ignore::{DirEntry, ParallelVisitor, ParallelVisitorBuilder, WalkBuilder, WalkState};

use super::given::{Given, what_it_is};
use super::globs::Globs;
use super::ignored::Ignored;
use super::path::label;
use super::role::Form;
use super::{File, LeftOut, Scope};

/// What a walk found, in no order.
#[derive(Debug, Default)]
pub(super) struct Catch {
    pub(super) files: Vec<File>,
    pub(super) unreadable: Vec<(String, String)>,
    pub(super) unseen: Vec<(String, String)>,
    pub(super) left_out: Vec<(String, LeftOut)>,
    /// The directories with a `Chart.yaml`, relative to the root.
    pub(super) charts: Vec<String>,
    /// Those of the given directories that were entered.
    pub(super) entered: Vec<PathBuf>,
}

impl Catch {
    pub(super) fn add(&mut self, mut other: Catch) {
        self.files.append(&mut other.files);
        self.unreadable.append(&mut other.unreadable);
        self.unseen.append(&mut other.unseen);
        self.left_out.append(&mut other.left_out);
        self.charts.append(&mut other.charts);
        self.entered.append(&mut other.entered);
    }
}

/// How to walk, and which entries are relevant.
pub(super) struct Walk<'a> {
    pub(super) root: &'a Path,
    scope: &'a Scope,
    globs: &'a Globs,
    /// The given paths, as a set: there is one lookup per entry.
    directories: HashSet<&'a Path>,
    files: HashSet<&'a Path>,
    /// The given directories relative to the root; the empty one is the root.
    reported: HashSet<String>,
}

impl<'a> Walk<'a> {
    pub(super) fn new(
        scope: &'a Scope,
        root: &'a Path,
        given: &'a Given,
        globs: &'a Globs,
    ) -> Self {
        Self {
            root,
            scope,
            globs,
            directories: given.directories.iter().map(PathBuf::as_path).collect(),
            files: given.files.iter().map(PathBuf::as_path).collect(),
            reported: given.directories.iter().map(|path| label(root, path)).collect(),
        }
    }

    /// Everything below `directories`; `parents`: ignore files above them count too.
    pub(super) fn deep(&self, directories: &[PathBuf], parents: bool) -> Catch {
        self.run(directories, parents, None)
    }

    /// The files directly in `directories`.
    pub(super) fn shallow(&self, directories: &[PathBuf]) -> Catch {
        self.run(directories, false, Some(1))
    }

    fn run(&self, directories: &[PathBuf], parents: bool, depth: Option<usize>) -> Catch {
        let Some((first, others)) = directories.split_first() else {
            return Catch::default();
        };
        let mut builder = WalkBuilder::new(first);
        for other in others {
            builder.add(other);
        }
        builder
            // `Ignored` reads the ignore files: it opens only regular files.
            .standard_filters(false)
            .follow_links(false)
            .max_depth(depth)
            .current_dir(self.root)
            // The threads of the run, but no more than a file system can use.
            .threads(rayon::current_num_threads().min(12));
        let ignored =
            (!self.scope.no_ignore).then(|| Ignored::new(self.root, directories, parents));
        let all = Mutex::new(Catch::default());
        let mut crew = Crew { walk: self, ignored: ignored.as_ref(), all: &all };
        builder.build_parallel().visit(&mut crew);
        let mut all = all.into_inner().unwrap_or_else(PoisonError::into_inner);
        for (path, why) in ignored.into_iter().flat_map(Ignored::unreadable) {
            self.unreadable(&mut all, self.label(&path), why);
        }
        all
    }

    /// The path in reports: relative to the root, with `/`.
    pub(super) fn label(&self, path: &Path) -> String {
        label(self.root, path)
    }

    fn unreadable(&self, catch: &mut Catch, path: String, why: String) {
        let list = match self.reports(&path) {
            true => &mut catch.unreadable,
            false => &mut catch.unseen,
        };
        list.push((if path.is_empty() { ".".to_owned() } else { path }, why));
    }

    /// Whether `--exclude` matches a given path or a directory above it.
    pub(super) fn excludes(&self, path: &Path, directory: bool) -> bool {
        let path = self.label(path);
        !path.is_empty() && self.globs.exclude_with_parents(&path, directory)
    }

    /// Whether the path is under a given directory.
    fn reports(&self, path: &str) -> bool {
        let above = || path.match_indices('/').map(|(at, _)| &path[..at]);
        self.reported.contains("")
            || self.reported.contains(path)
            || (!self.reported.is_empty() && above().any(|path| self.reported.contains(path)))
    }
}

/// Builds a visitor for each thread.
struct Crew<'a> {
    walk: &'a Walk<'a>,
    ignored: Option<&'a Ignored<'a>>,
    all: &'a Mutex<Catch>,
}

impl<'s, 'a: 's> ParallelVisitorBuilder<'s> for Crew<'a> {
    fn build(&mut self) -> Box<dyn ParallelVisitor + 's> {
        Box::new(Visitor {
            walk: self.walk,
            ignored: self.ignored,
            all: self.all,
            catch: Catch::default(),
        })
    }
}

/// What one thread collects.
struct Visitor<'a> {
    walk: &'a Walk<'a>,
    /// `None` if ignore rules are off.
    ignored: Option<&'a Ignored<'a>>,
    all: &'a Mutex<Catch>,
    catch: Catch,
}

impl Drop for Visitor<'_> {
    fn drop(&mut self) {
        let catch = mem::take(&mut self.catch);
        self.all.lock().unwrap_or_else(PoisonError::into_inner).add(catch);
    }
}

impl ParallelVisitor for Visitor<'_> {
    fn visit(&mut self, entry: Result<DirEntry, ignore::Error>) -> WalkState {
        match entry {
            Ok(entry) if entry.file_type().is_some_and(|kind| kind.is_dir()) => {
                return self.directory(&entry);
            }
            Ok(entry) => self.file(entry),
            Err(error) => self.failure(&error, None),
        }
        WalkState::Continue
    }
}

impl Visitor<'_> {
    fn directory(&mut self, entry: &DirEntry) -> WalkState {
        // Depth 0 is the start of the walk: it was asked for, whatever globs say.
        if entry.depth() > 0 {
            if entry.file_name() == ".git" || self.is_hidden(entry, true) {
                return WalkState::Skip;
            }
            if self.walk.globs.exclude_any() {
                let path = self.walk.label(entry.path());
                if self.walk.globs.exclude(&path, true) {
                    self.catch.left_out.push((path + "/", LeftOut::Excluded));
                    return WalkState::Skip;
                }
            }
        }
        if self.walk.directories.contains(entry.path()) {
            self.catch.entered.push(entry.path().to_path_buf());
        }
        WalkState::Continue
    }

    fn file(&mut self, entry: DirEntry) {
        let (Some(form), Some(kind)) = (Form::of(entry.file_name()), entry.file_type()) else {
            return;
        };
        if self.is_hidden(&entry, false) {
            return;
        }
        let walk = self.walk;
        let path = walk.label(entry.path());
        if form == Form::Markdown && !walk.globs.asks_for(&path) {
            return;
        }
        if kind.is_symlink() {
            self.catch.left_out.push((path, LeftOut::Symlink));
            return;
        }
        // Before the globs: a directory is a chart even if its Chart.yaml is excluded.
        if form == Form::Chart {
            let directory = path.rsplit_once('/').map_or("", |(directory, _)| directory);
            self.catch.charts.push(directory.to_owned());
        }
        if walk.globs.exclude(&path, false) {
            self.catch.left_out.push((path, LeftOut::Excluded));
            return;
        }
        if !kind.is_file() {
            self.unreadable(path, format!("is {}, not a regular file", what_it_is(kind)));
            return;
        }
        let named = walk.files.contains(entry.path());
        let reported = named || (walk.reports(&path) && walk.globs.includes(&path));
        let role = form.role();
        self.catch.files.push(File { path, open: entry.into_path(), role, reported, named });
    }

    /// An error with a path comes from the file system; the others are invalid globs in ignore
    /// files, which git skips too.
    fn failure(&mut self, error: &ignore::Error, path: Option<&Path>) {
        match error {
            ignore::Error::WithPath { path, err } => self.failure(err, Some(path)),
            ignore::Error::WithDepth { err, .. } => self.failure(err, path),
            // Deleted since its directory was read.
            ignore::Error::Io(error) if error.kind() == io::ErrorKind::NotFound => {}
            ignore::Error::Io(error) => {
                if let Some(path) = path {
                    self.unreadable(self.walk.label(path), error.to_string());
                }
            }
            _ => {}
        }
    }

    fn unreadable(&mut self, path: String, why: String) {
        self.walk.unreadable(&mut self.catch, path, why);
    }

    fn is_hidden(&self, entry: &DirEntry, is_directory: bool) -> bool {
        self.ignored.is_some_and(|ignored| ignored.passes_by(entry.path(), is_directory))
    }
}
