//! The paths of the command line, each resolved once, and the repository root above them.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use super::Error;

/// The given paths, absolute and free of symbolic links, so that one file has one path however it
/// was named.
#[derive(Debug)]
pub(super) struct Given {
    pub(super) directories: Vec<PathBuf>,
    pub(super) files: Vec<PathBuf>,
    pub(super) stdin: bool,
    cwd: PathBuf,
}

/// Why a directory is the root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Anchor {
    /// It has a `netpol-lint.toml`; a `.git` may be above it.
    Config,
    /// It has a `.git`: a directory, or the file of a submodule or worktree.
    Git,
    /// No reason: it is the common directory of the given paths.
    Nothing,
}

impl Given {
    /// Resolves every path; an empty list means the working directory.
    pub(super) fn look(paths: &[PathBuf], cwd: &Path) -> Result<Self, Error> {
        let cwd = fs::canonicalize(cwd).map_err(|error| Error::Path(cwd.to_path_buf(), error))?;
        let mut given = Self { directories: vec![], files: vec![], stdin: false, cwd };
        let mut parents = HashMap::new();
        for path in paths {
            if path.as_os_str() == "-" {
                given.stdin = true;
            } else {
                given.add(path, &mut parents)?;
            }
        }
        if paths.is_empty() {
            given.directories.push(given.cwd.clone());
        }
        for list in [&mut given.directories, &mut given.files] {
            list.sort_unstable();
            list.dedup();
        }
        Ok(given)
    }

    /// `parents` caches the directories of files: a hook passes thousands of files in a few
    /// directories, and resolving a path costs a system call per component.
    fn add(&mut self, path: &Path, parents: &mut HashMap<PathBuf, PathBuf>) -> Result<(), Error> {
        let failed = |error: io::Error| Error::Path(path.to_path_buf(), error);
        let full = self.cwd.join(path);
        let kind = fs::metadata(&full).map_err(failed)?.file_type();
        if kind.is_dir() {
            self.directories.push(fs::canonicalize(&full).map_err(failed)?);
            return Ok(());
        }
        if !kind.is_file() {
            return Err(Error::NotAFile(path.to_path_buf(), what_it_is(kind)));
        }
        let link = fs::symlink_metadata(&full).map_err(failed)?.file_type().is_symlink();
        let file = match (full.parent(), full.file_name()) {
            (Some(parent), Some(name)) if !link => match parents.get(parent) {
                Some(known) => known.join(name),
                None => {
                    let known = fs::canonicalize(parent).map_err(failed)?;
                    let file = known.join(name);
                    parents.insert(parent.to_path_buf(), known);
                    file
                }
            },
            _ => fs::canonicalize(&full).map_err(failed)?,
        };
        self.files.push(file);
        Ok(())
    }

    /// The repository's root: the search goes up from the common directory of the given paths.
    pub(super) fn root(&self) -> (PathBuf, Anchor) {
        let common = self.common_directory();
        for directory in common.ancestors() {
            if directory.join(".git").exists() {
                return (directory.to_path_buf(), Anchor::Git);
            }
            if directory.join("netpol-lint.toml").is_file() {
                return (directory.to_path_buf(), Anchor::Config);
            }
        }
        (common, Anchor::Nothing)
    }

    /// The deepest directory that contains all given paths; standard input counts as a file in the
    /// working directory.
    fn common_directory(&self) -> PathBuf {
        let files = self.files.iter().filter_map(|file| file.parent());
        let stdin = self.stdin.then_some(self.cwd.as_path());
        let mut all = self.directories.iter().map(PathBuf::as_path).chain(files).chain(stdin);
        let Some(first) = all.next() else {
            return self.cwd.clone();
        };
        let mut common = first;
        for directory in all {
            while !directory.starts_with(common) {
                common = common.parent().unwrap_or(Path::new(""));
            }
        }
        common.to_path_buf()
    }

    /// The given directories that are not inside another one.
    pub(super) fn top_directories(&self) -> Vec<PathBuf> {
        let mut tops: Vec<PathBuf> = Vec::new();
        // Sorted, so a directory is followed by what is in it.
        for directory in &self.directories {
            if !tops.last().is_some_and(|top| directory.starts_with(top)) {
                tops.push(directory.clone());
            }
        }
        tops
    }

    /// The directories of the named files, and the working directory for standard input.
    pub(super) fn file_directories(&self) -> Vec<PathBuf> {
        let files = self.files.iter().filter_map(|file| file.parent());
        let stdin = self.stdin.then_some(self.cwd.as_path());
        let mut all: Vec<PathBuf> = files.chain(stdin).map(Path::to_path_buf).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// The working directory, free of symbolic links.
    pub(super) fn cwd(&self) -> &Path {
        &self.cwd
    }
}

/// `path` without `.` and `..`, as text: for paths that need not exist.
pub(super) fn clean(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                out.pop();
            }
            other => out.push(other),
        }
    }
    out
}

/// What a path is if it is neither a file nor a directory.
pub(super) fn what_it_is(kind: fs::FileType) -> &'static str {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        if kind.is_fifo() {
            return "a pipe";
        }
        if kind.is_socket() {
            return "a socket";
        }
        if kind.is_char_device() || kind.is_block_device() {
            return "a device";
        }
    }
    let _ = kind;
    "something else"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(directories: &[&str], files: &[&str]) -> Given {
        Given {
            directories: directories.iter().map(PathBuf::from).collect(),
            files: files.iter().map(PathBuf::from).collect(),
            stdin: false,
            cwd: PathBuf::from("/w"),
        }
    }

    #[test]
    fn paths_meet_in_their_common_directory() {
        assert_eq!(given(&["/a/b", "/a/bc"], &[]).common_directory(), Path::new("/a"));
        assert_eq!(given(&[], &["/a/b/x.yaml"]).common_directory(), Path::new("/a/b"));
        assert_eq!(given(&["/a/b"], &["/c/x.yaml"]).common_directory(), Path::new("/"));
        assert_eq!(given(&["/a", "/a/b", "/a-b"], &[]).top_directories().len(), 2);
    }

    #[test]
    fn cleaning_is_textual() {
        assert_eq!(clean(Path::new("/a/./b/../c.yaml")), Path::new("/a/c.yaml"));
    }
}
