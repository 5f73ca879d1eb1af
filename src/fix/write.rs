//! Files on disk: which ones may be edited, and how one is written completely or not at all.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use super::Change;
use crate::repo::Boundary;

/// Only a regular file below the root is edited: never the target of a symbolic link.
pub(super) fn may_edit(path: &Path, root: &Path, linked: bool) -> Result<(), String> {
    if linked {
        return Err("it was passed as a symbolic link".to_owned());
    }
    let is_plain = fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_file());
    if !is_plain {
        return Err("it is not a regular file".to_owned());
    }
    let is_inside = path.canonicalize().is_ok_and(|real| real.starts_with(root));
    if is_inside { Ok(()) } else { Err("it is outside the repository".to_owned()) }
}

/// The targets of symbolic links among the given paths: files are known by their real paths. A
/// directory counts if a link points outside the repository that contains its name.
pub(super) fn linked(given: &[PathBuf]) -> Vec<PathBuf> {
    let is_file_link = |path: &Path| {
        path.is_file() && fs::symlink_metadata(path).is_ok_and(|data| data.is_symlink())
    };
    let is_link = |path: &&PathBuf| is_file_link(path) || leads_out(path);
    given.iter().filter(is_link).filter_map(|path| path.canonicalize().ok()).collect()
}

/// Whether a path that is typed as one inside a repository is outside it.
fn leads_out(path: &Path) -> bool {
    let (Ok(full), Ok(real)) = (std::path::absolute(path), path.canonicalize()) else {
        return false;
    };
    let is_root = |it: &&Path| it.join(".git").exists() || it.join("netpol-lint.toml").is_file();
    let mut roots = full.ancestors().filter(is_root);
    roots.any(|root| root.canonicalize().is_ok_and(|root| !real.starts_with(root)))
}

/// Extended attributes (access lists, SELinux labels, a user's own). Only root may set some of
/// them, which is no reason not to edit the file.
#[cfg(unix)]
fn keep_attributes(file: &fs::File, from: &Path) {
    use xattr::FileExt;
    for name in xattr::list(from).into_iter().flatten() {
        if let Ok(Some(value)) = xattr::get(from, &name) {
            let _ = file.set_xattr(&name, &value);
        }
    }
}

#[cfg(not(unix))]
fn keep_attributes(_: &fs::File, _: &Path) {}

/// In a container, root often works on other users' files. Only root may change a file's owner, so
/// it does not matter whether this succeeds.
#[cfg(unix)]
fn keep_owner(file: &fs::File, metadata: &fs::Metadata) {
    use std::os::unix::fs::MetadataExt;
    let _ = std::os::unix::fs::fchown(file, Some(metadata.uid()), Some(metadata.gid()));
}

#[cfg(not(unix))]
fn keep_owner(_: &fs::File, _: &fs::Metadata) {}

/// Writes the new text to a temporary file beside the file and renames it, with the same
/// permissions. A file that has changed since it was read is not touched.
pub(super) fn write(change: &Change, root: &Path) -> Result<(), String> {
    may_edit(&change.open, root, false)?;
    let failed = |error: std::io::Error| format!("it can't be written: {error}");
    let most = change.before.len() as u64;
    let read = Boundary::new(root).read(&change.open, most);
    // A file that has grown is too large to read.
    if !read.is_ok_and(|text| text == change.before.as_bytes()) {
        return Err("it has changed since it was read".to_owned());
    }
    let metadata = fs::metadata(&change.open).map_err(failed)?;
    let permissions = metadata.permissions();
    if permissions.readonly() {
        return Err("it is read-only".to_owned());
    }
    let folder = change.open.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
    file.write_all(change.after.as_bytes()).map_err(failed)?;
    keep_owner(file.as_file(), &metadata);
    keep_attributes(file.as_file(), &change.open);
    file.as_file().set_permissions(permissions).map_err(failed)?;
    file.as_file().sync_all().map_err(failed)?;
    file.persist(&change.open).map_err(|error| failed(error.error))?;
    Ok(())
}
