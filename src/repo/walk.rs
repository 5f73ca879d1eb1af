//! Walking the repository, in parallel, by the rules of gitignore.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::mpsc;

use ignore::{DirEntry, WalkBuilder, WalkState};

use super::globs::Globs;

/// What a walk came across.
#[derive(Debug, Default)]
pub(super) struct Walked {
    /// Files that may be read, by path relative to the root.
    pub files: BTreeSet<(String, PathBuf)>,
    /// What could not be entered or is no regular file, with the reason.
    pub unreadable: Vec<(String, String)>,
}

enum Met {
    File(String, PathBuf),
    Unreadable(String, String),
}

/// How to walk.
#[derive(Clone, Copy)]
pub(super) struct Walk<'a> {
    pub root: &'a Path,
    pub globs: &'a Globs,
    pub ignore_rules: bool,
}

impl Walk<'_> {
    /// Walks `start`, which lies at or below the root.
    pub fn run(self, start: &Path) -> Walked {
        let (sender, receiver) = mpsc::channel::<Met>();
        let walker = self.builder(start).build_parallel();
        walker.run(|| {
            let sender = sender.clone();
            Box::new(move |entry| {
                if let Some(met) = self.meet(entry) {
                    // The receiver outlives the walk, so nothing is lost.
                    let _ = sender.send(met);
                }
                WalkState::Continue
            })
        });
        drop(sender);
        let mut walked = Walked::default();
        for met in receiver {
            match met {
                Met::File(path, open) => {
                    walked.files.insert((path, open));
                }
                Met::Unreadable(path, why) => walked.unreadable.push((path, why)),
            }
        }
        walked.unreadable.sort();
        walked
    }

    fn builder(self, start: &Path) -> WalkBuilder {
        let mut builder = WalkBuilder::new(start);
        let root = self.root.to_owned();
        let globs = self.globs.clone();
        builder
            .hidden(false)
            .follow_links(false)
            .require_git(false)
            .git_global(self.ignore_rules)
            .git_ignore(self.ignore_rules)
            .git_exclude(self.ignore_rules)
            .ignore(self.ignore_rules)
            .parents(self.ignore_rules)
            .threads(rayon::current_num_threads())
            .filter_entry(move |entry| {
                entry.file_name() != ".git" && !globs.excludes(&relative(&root, entry.path()))
            });
        builder
    }

    fn meet(self, entry: Result<DirEntry, ignore::Error>) -> Option<Met> {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => return self.unreadable(&error),
        };
        let kind = entry.file_type()?;
        let path = entry.path();
        // A directory may be called `x.yaml`; what a symbolic link leads to is met by itself, or
        // lies outside.
        if kind.is_dir() || kind.is_symlink() || !self.is_wanted(path) {
            return None;
        }
        let relative = relative(self.root, path);
        if kind.is_file() {
            return Some(Met::File(relative, entry.into_path()));
        }
        Some(Met::Unreadable(relative, IRREGULAR.to_owned()))
    }

    fn is_wanted(self, path: &Path) -> bool {
        super::has_manifest_name(path)
            || (is_markdown(path) && self.globs.includes_markdown(&relative(self.root, path)))
    }

    fn unreadable(self, error: &ignore::Error) -> Option<Met> {
        let (path, why) = place_of(error)?;
        Some(Met::Unreadable(relative(self.root, path), why))
    }
}

/// The path that a walk stumbled over, and why. An ignore file that can't be parsed is no reason
/// to say anything: git says nothing either.
fn place_of(error: &ignore::Error) -> Option<(&Path, String)> {
    match error {
        ignore::Error::WithPath { path, err } => {
            let why = err.io_error().map_or_else(|| err.to_string(), without_code);
            Some((path, why))
        }
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => {
            place_of(err)
        }
        _ => None,
    }
}

/// The words of an I/O error without "(os error 13)".
pub(super) fn without_code(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error")
        .next()
        .unwrap_or(&text)
        .to_lowercase()
}

pub(super) fn is_markdown(path: &Path) -> bool {
    let extension = path
        .extension()
        .and_then(|e| e.to_str())
        .map(str::to_lowercase);
    matches!(extension.as_deref(), Some("md" | "markdown"))
}

const IRREGULAR: &str = "it is no regular file (a pipe, a socket or a device is never opened)";

/// A path relative to the root, with `/` on every platform.
pub(super) fn relative(root: &Path, path: &Path) -> String {
    let below = path.strip_prefix(root).unwrap_or(path);
    let parts = below
        .components()
        .map(|part| part.as_os_str().to_string_lossy());
    parts.collect::<Vec<_>>().join("/")
}
