//! What gitignore rules hide. The crate that walks would open anything with the name of an ignore
//! file, even a device or a pipe, so ignore files are read here like any other file of a
//! repository, and the crate gets their lines. Precedence is git's, with ripgrep's `.ignore` before
//! it.

use std::collections::{BTreeSet, HashMap};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

use super::boundary::{Boundary, open_regular};

/// The size limit of an ignore file.
const LARGEST: u64 = 4 << 20;

/// The rules of one directory and of those above it.
#[derive(Debug)]
struct Level {
    above: Option<Arc<Level>>,
    /// `.ignore`, `.gitignore`, `.git/info/exclude`.
    rules: [Gitignore; 3],
    /// A repository begins here: rules above it do not apply to what git ignores.
    has_git: bool,
}

/// The rules of all directories that a walk visits.
#[derive(Debug)]
pub(super) struct Ignored<'a> {
    root: &'a Path,
    /// Whether rules of directories above the start of a walk apply.
    parents: bool,
    starts: Vec<PathBuf>,
    global: Gitignore,
    levels: RwLock<HashMap<PathBuf, Option<Arc<Level>>>>,
    /// Ignore files that can't be read, and why.
    unreadable: Mutex<Vec<(PathBuf, String)>>,
}

impl<'a> Ignored<'a> {
    pub(super) fn new(root: &'a Path, starts: &[PathBuf], parents: bool) -> Self {
        let (global, _) = GitignoreBuilder::new(root).build_global();
        Self {
            root,
            parents,
            starts: starts.to_vec(),
            global,
            levels: RwLock::default(),
            unreadable: Mutex::default(),
        }
    }

    /// Whether rules hide what a walk found.
    pub(super) fn hides(&self, path: &Path, is_directory: bool) -> bool {
        let Some(folder) = path.parent() else { return false };
        let level = self.level(folder);
        let mut answers = [Match::<()>::None, Match::None, Match::None];
        let mut saw_git = false;
        let mut next = level.as_ref();
        while let Some(level) = next {
            for (nth, rules) in level.rules.iter().enumerate() {
                let counts = nth == 0 || !saw_git;
                if let Some(answer) = answers.get_mut(nth)
                    && answer.is_none()
                    && counts
                {
                    *answer = rules.matched(path, is_directory).map(|_| ());
                }
            }
            saw_git |= level.has_git;
            next = level.above.as_ref();
        }
        let global = self.global.matched(path, is_directory).map(|_| ());
        answers.into_iter().fold(Match::None, Match::or).or(global).is_ignore()
    }

    /// Ignore files that can't be read.
    pub(super) fn unreadable(self) -> Vec<(PathBuf, String)> {
        self.unreadable.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// The rules that apply in a directory.
    fn level(&self, folder: &Path) -> Option<Arc<Level>> {
        let known = self.levels.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(level) = known.get(folder) {
            return level.clone();
        }
        drop(known);
        let is_top = !self.parents && self.starts.iter().any(|start| start == folder);
        let above = if is_top { None } else { folder.parent().and_then(|up| self.level(up)) };
        let level = self.own(folder, above);
        let mut known = self.levels.write().unwrap_or_else(PoisonError::into_inner);
        // Another thread may have been first.
        known.entry(folder.to_path_buf()).or_insert(level).clone()
    }

    /// The level of a directory; that of its parent if it has no rules of its own.
    fn own(&self, folder: &Path, above: Option<Arc<Level>>) -> Option<Arc<Level>> {
        let git = folder.join(".git");
        let git = git.symlink_metadata().ok();
        let is_directory = git.as_ref().is_some_and(std::fs::Metadata::is_dir);
        let exclude = if is_directory { ".git/info/exclude" } else { "" };
        let rules = [".ignore", ".gitignore", exclude].map(|name| self.rules(folder, name));
        if git.is_none() && rules.iter().all(Gitignore::is_empty) {
            return above;
        }
        Some(Arc::new(Level { above, rules, has_git: git.is_some() }))
    }

    fn rules(&self, folder: &Path, name: &str) -> Gitignore {
        let path = folder.join(name);
        let text = match read(self.root, &path, name) {
            Ok(Some(text)) => text,
            Ok(None) => return Gitignore::empty(),
            Err(error) => {
                let mut unreadable = self.unreadable.lock().unwrap_or_else(PoisonError::into_inner);
                unreadable.push((path, error.to_string()));
                return Gitignore::empty();
            }
        };
        let mut builder = GitignoreBuilder::new(folder);
        for line in text.trim_start_matches('\u{feff}').lines() {
            // An invalid glob is skipped, as git does.
            let _ = builder.add_line(Some(path.clone()), line);
        }
        builder.build().unwrap_or_else(|_| Gitignore::empty())
    }
}

/// The paths that gitignore rules cover. They need not exist, so each may be meant as a file or as
/// a directory.
pub fn covered<'p>(root: &Path, paths: impl Iterator<Item = &'p str>) -> BTreeSet<String> {
    let ignored = Ignored::new(root, &[root.to_path_buf()], false);
    let is_covered = |path: &&str| {
        let above = path.match_indices('/').map(|(at, _)| path.split_at(at).0);
        let mut above = above.map(|directory| root.join(directory));
        let here = root.join(path);
        above.any(|directory| ignored.hides(&directory, true))
            || [false, true].iter().any(|is_directory| ignored.hides(&here, *is_directory))
    };
    paths.filter(is_covered).map(str::to_owned).collect()
}

/// The text of an ignore file; `None` if it does not exist.
fn read(root: &Path, path: &Path, name: &str) -> io::Result<Option<String>> {
    if name.is_empty() {
        return Ok(None);
    }
    let Ok(metadata) = path.symlink_metadata() else { return Ok(None) };
    let path = match metadata.is_symlink() {
        true => match Boundary::new(root).resolve(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            resolved => resolved?,
        },
        false => path.to_path_buf(),
    };
    let mut bytes = Vec::new();
    open_regular(&path)?.take(LARGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LARGEST {
        return Err(io::Error::other(format!("it is larger than {} MiB", LARGEST >> 20)));
    }
    Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
}
