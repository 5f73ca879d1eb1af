//! A revision of a git repository, as a directory to walk: its files are read from git's object
//! database and written to a temporary directory. Neither git nor its hooks or filters run, and
//! the working tree stays as it is. What a repository keeps is a stranger's: names lead out of the
//! directory nowhere, and sizes, numbers and depths are bounded.

use std::collections::BTreeSet;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use gix::objs::TreeRefIter;
use gix::objs::tree::EntryKind;
use gix::{ObjectId, Repository};
use tempfile::TempDir;

use super::RepoPath;

/// Files, directories and links of a revision.
const ENTRIES: usize = 500_000;
/// Bytes that are written for one revision.
const BYTES: u64 = 2 << 30;
/// Bytes of one directory's list of names.
const TREE_BYTES: u64 = 64 << 20;
/// Bytes of a file that is read whatever its name: a generator may ask for any.
const ANY_FILE: u64 = 1 << 20;
/// Bytes of a path.
const PATH_BYTES: usize = 4096;

/// Directories that are there while revisions are looked at, for a signal to remove.
static FOLDERS: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

/// A revision, until it is dropped.
#[derive(Debug)]
pub struct Revision {
    /// Removed when this is dropped.
    _folder: TempDir,
    root: PathBuf,
}

impl Revision {
    /// The files of revision `spec` (a branch, a tag, `HEAD~1`, a commit) of the repository that
    /// `root` lies in, as far as they lie in `root`. `limit` bounds the bytes of a file.
    ///
    /// # Errors
    /// Why it can't be read, in a sentence.
    pub fn read(root: &Path, spec: &str, limit: u64) -> Result<Self, String> {
        let failed = |why: String| format!("revision `{spec}` can't be read: {why}");
        let (repository, below) = open(root).map_err(failed)?;
        let id = repository.rev_parse_single(spec).map_err(|error| {
            format!("`{spec}` is neither a directory nor a revision of this repository: {error}")
        })?;
        let tree = id.object().and_then(gix::Object::peel_to_tree);
        let tree = tree.map_err(|error| failed(error.to_string()))?.id().detach();
        let folder = tempfile::Builder::new().prefix("netpol-lint-").tempdir();
        let folder = folder.map_err(|error| failed(error.to_string()))?;
        // The root of a run is free of symbolic links; on some systems that of `TMPDIR` is not.
        let real = folder.path().canonicalize().map_err(|error| failed(error.to_string()))?;
        folders().insert(real.clone());
        let revision = Self { _folder: folder, root: real };
        let mut copy = Copy {
            repository: &repository,
            root: &revision.root,
            limit,
            bytes: 0,
            links: Vec::new(),
        };
        let tree = copy.descend(tree, &below).map_err(failed)?;
        if let Some(tree) = tree {
            copy.all(tree).map_err(failed)?;
        }
        Ok(revision)
    }

    /// Where its files are.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Removes what is there of all revisions: for a process that is about to end.
    pub fn abandon() {
        for folder in &*folders() {
            let _ = fs::remove_dir_all(folder);
        }
    }
}

impl Drop for Revision {
    fn drop(&mut self) {
        folders().remove(&self.root);
    }
}

fn folders() -> std::sync::MutexGuard<'static, BTreeSet<PathBuf>> {
    FOLDERS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The git repository around a directory, and the names that lead from its root to that directory.
fn open(root: &Path) -> Result<(Repository, Vec<String>), String> {
    let has_git = |directory: &&Path| directory.join(".git").exists();
    let Some(top) = root.ancestors().find(has_git) else {
        return Err("there is no git repository around it".to_owned());
    };
    let below = root.strip_prefix(top).unwrap_or(Path::new(""));
    let below = below.iter().map(|name| name.to_string_lossy().into_owned()).collect();
    // Only the repository's own configuration is read, and no object may ask for more memory.
    let limit = format!("gitoxide.objects.allocLimit={}", BYTES / 4);
    let options = gix::open::Options::isolated().config_overrides([limit]);
    let opened = gix::open_opts(top, options).map_err(|error| error.to_string())?;
    Ok((opened, below))
}

/// A revision on its way into a directory.
struct Copy<'a> {
    repository: &'a Repository,
    root: &'a Path,
    limit: u64,
    bytes: u64,
    /// Links, which are made last: nothing is written through one.
    links: Vec<(PathBuf, Vec<u8>)>,
}

/// An entry of a directory.
struct Entry {
    kind: EntryKind,
    name: Vec<u8>,
    id: ObjectId,
}

impl Copy<'_> {
    /// The tree that names lead to; none where the revision does not have it.
    fn descend(
        &mut self,
        mut tree: ObjectId,
        names: &[String],
    ) -> Result<Option<ObjectId>, String> {
        for name in names {
            let entries = self.entries_of(tree)?;
            let is_it = |it: &Entry| it.kind == EntryKind::Tree && it.name == name.as_bytes();
            match entries.into_iter().find(is_it) {
                Some(entry) => tree = entry.id,
                None => return Ok(None),
            }
        }
        Ok(Some(tree))
    }

    /// Looks at everything before anything is written: a tree may hold itself many times over.
    fn all(&mut self, tree: ObjectId) -> Result<(), String> {
        // Not by recursion: how deep it goes is not for the repository to say.
        let mut open = vec![(tree, String::new())];
        let mut found: Vec<(EntryKind, ObjectId, String)> = Vec::new();
        while let Some((tree, path)) = open.pop() {
            for entry in self.entries_of(tree)? {
                if found.len() == ENTRIES {
                    return Err(format!("it has more than {ENTRIES} files and directories"));
                }
                // A name that is no text is shown as one, as the walk does.
                let name = String::from_utf8_lossy(&entry.name);
                let below = match path.as_str() {
                    "" => name.into_owned(),
                    path => format!("{path}/{name}"),
                };
                // No checkout has such a name either.
                if !is_safe(&entry.name, &below) {
                    continue;
                }
                if entry.kind == EntryKind::Tree {
                    open.push((entry.id, below.clone()));
                }
                found.push((entry.kind, entry.id, below));
            }
        }
        for (kind, id, below) in found {
            let target = self.root.join(&below);
            match kind {
                EntryKind::Blob | EntryKind::BlobExecutable => self.file(id, &target, &below)?,
                EntryKind::Link => self.link(id, target, &below)?,
                // A submodule is another repository.
                EntryKind::Tree | EntryKind::Commit => {
                    fs::create_dir(&target).map_err(|error| told(&below, &error))?;
                }
            }
        }
        self.make_links();
        Ok(())
    }

    fn entries_of(&self, tree: ObjectId) -> Result<Vec<Entry>, String> {
        let header = self.repository.find_header(tree).map_err(|error| error.to_string())?;
        if header.size() > TREE_BYTES {
            return Err(format!("a directory of it has more than {} MiB", TREE_BYTES >> 20));
        }
        let tree = self.repository.find_object(tree).map_err(|error| error.to_string())?;
        let tree = tree.try_into_tree().map_err(|error| error.to_string())?;
        let entries = TreeRefIter::from_bytes(&tree.data, tree.id.kind());
        let entry = |entry: Result<gix::objs::tree::EntryRef<'_>, _>| match entry {
            Ok(entry) => Ok(Entry {
                kind: entry.mode.kind(),
                name: entry.filename.to_vec(),
                id: entry.oid.to_owned(),
            }),
            Err(_) => Err("a directory of it is damaged".to_owned()),
        };
        entries.map(entry).collect()
    }

    /// Writes a file. What is larger than a run reads of it is there by its size only, so that a
    /// run says of it what it says of any.
    fn file(&mut self, id: ObjectId, target: &Path, below: &str) -> Result<(), String> {
        let size = self.repository.find_header(id).map_err(|error| error.to_string())?.size();
        let mut options = OpenOptions::new();
        let mut file = options
            .write(true)
            .create_new(true)
            .open(target)
            .map_err(|error| told(below, &error))?;
        let most = if is_read(target) { self.limit } else { ANY_FILE.min(self.limit) };
        if size > most {
            let size = size.min(self.limit.saturating_add(1));
            return file.set_len(size).map_err(|error| told(below, &error));
        }
        self.bytes += size;
        if self.bytes > BYTES {
            return Err(format!("its files have more than {} GiB", BYTES >> 30));
        }
        let object = self.repository.find_object(id).map_err(|error| error.to_string())?;
        file.write_all(&object.data).map_err(|error| told(below, &error))
    }

    fn link(&mut self, id: ObjectId, target: PathBuf, below: &str) -> Result<(), String> {
        let size = self.repository.find_header(id).map_err(|error| error.to_string())?.size();
        if size > PATH_BYTES as u64 {
            return Err(format!("`{below}` is a symbolic link to a path that no system has"));
        }
        let object = self.repository.find_object(id).map_err(|error| error.to_string())?;
        self.links.push((target, object.data.clone()));
        Ok(())
    }

    /// Makes the links. One that can't be made leads nowhere, as far as a run is concerned.
    fn make_links(&mut self) {
        for (target, leads_to) in std::mem::take(&mut self.links) {
            #[cfg(unix)]
            {
                use std::os::unix::ffi::OsStrExt;
                let leads_to = std::ffi::OsStr::from_bytes(&leads_to);
                let _ = std::os::unix::fs::symlink(leads_to, target);
            }
            #[cfg(not(unix))]
            let _ = (target, leads_to);
        }
    }
}

/// Whether an entry stays where it is: no name that a file of a repository can't have.
fn is_safe(name: &[u8], below: &str) -> bool {
    let separates = |byte: &u8| *byte == b'/' || cfg!(windows) && matches!(byte, b'\\' | b':');
    RepoPath::new(below).is_some()
        && below.len() <= PATH_BYTES
        && !name.iter().any(separates)
        && !name.eq_ignore_ascii_case(b".git")
}

/// Whether a run may read a file for its name, however large it is.
fn is_read(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    let known = ["yaml", "yml", "json", "md", "markdown", "tpl", "tgz"];
    extension.is_some_and(|it| known.iter().any(|known| it.eq_ignore_ascii_case(known)))
}

fn told(path: &str, error: &std::io::Error) -> String {
    format!("`{path}` can't be written to a temporary directory: {error}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_nowhere_else() {
        assert!(is_safe(b"a.yaml", "d/a.yaml"));
        for bad in ["..", ".", "", "a/b", ".git", ".GIT", "a\0"] {
            assert!(!is_safe(bad.as_bytes(), bad), "{bad:?}");
        }
        assert!(!is_safe(b"x", &"d/".repeat(3000)), "no system has such a path");
    }
}
