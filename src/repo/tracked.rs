//! The files that git tracks, from its index: an ignore rule that came later hides none of them.
//!
//! The index is the user's own, but whoever unpacks an archive did not write it: it is read up to a
//! bound, and one that is damaged tells nothing.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use filetime::FileTime;
use gix_index::State;
use gix_index::decode::Options;
use gix_index::hash::Kind;

use super::boundary::open_regular;

/// Bytes of an index: some ten million files.
const LARGEST: u64 = 1 << 30;

/// What git tracks.
#[derive(Debug, Default)]
pub(super) struct Tracked {
    files: HashSet<PathBuf>,
    /// The directories that hold one.
    directories: HashSet<PathBuf>,
}

impl Tracked {
    /// What is tracked of the repository that begins at `root`; nothing for a worktree, whose index
    /// lies outside of it.
    pub(super) fn of(root: &Path) -> Self {
        Self::read(root).unwrap_or_default()
    }

    fn read(root: &Path) -> Option<Self> {
        let git = root.join(".git");
        if !git.symlink_metadata().ok()?.is_dir() {
            return None;
        }
        let mut bytes = Vec::new();
        let file = open_regular(&git.join("index")).ok()?;
        std::io::Read::read_to_end(&mut std::io::Read::take(file, LARGEST), &mut bytes).ok()?;
        let options =
            || Options { alloc_limit_bytes: Some(LARGEST as usize), ..Options::default() };
        let state = [Kind::Sha1, Kind::Sha256]
            .into_iter()
            .find_map(|kind| State::from_bytes(&bytes, FileTime::zero(), kind, options()).ok())?;
        let mut tracked = Self::default();
        for (_, path) in state.0.entries_with_paths_by_filter_map(|path, _| {
            std::str::from_utf8(path.as_ref()).ok().map(str::to_owned)
        }) {
            tracked.add(root, &path);
        }
        Some(tracked)
    }

    fn add(&mut self, root: &Path, path: &str) {
        let file = root.join(path);
        let above = file.ancestors().skip(1).take_while(|directory| *directory != root);
        for directory in above {
            if !self.directories.insert(directory.to_owned()) {
                break;
            }
        }
        self.files.insert(file);
    }

    /// Whether git tracks a file, or one in a directory.
    pub(super) fn holds(&self, path: &Path, is_directory: bool) -> bool {
        let all = if is_directory { &self.directories } else { &self.files };
        all.contains(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_damaged_index_tells_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        assert!(Tracked::of(&root).files.is_empty(), "no repository");
        std::fs::create_dir(root.join(".git")).unwrap();
        assert!(Tracked::of(&root).files.is_empty(), "no index");
        let texts: [&[u8]; 5] = [
            b"",
            b"DIRC",
            b"DIRC\0\0\0\x02\xff\xff\xff\xff",
            b"DIRC\0\0\0\x04\0\0\0\x01aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            b"not an index at all, and rather longer than the header of one would have to be",
        ];
        for text in texts {
            std::fs::write(root.join(".git/index"), text).unwrap();
            assert!(Tracked::of(&root).files.is_empty(), "{text:?}");
        }
    }
}
