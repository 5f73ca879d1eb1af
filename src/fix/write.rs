//! Files on disk: which may be edited, and writing one whole or not at all.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use super::Change;

/// Only a regular file below the root is edited: never one that a symbolic link leads to.
pub(super) fn may_edit(path: &Path, root: &Path, linked: bool) -> Result<(), String> {
    if linked {
        return Err("it was given by a symbolic link".to_owned());
    }
    let is_plain = fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_file());
    if !is_plain {
        return Err("it is not a regular file".to_owned());
    }
    let is_inside = path.canonicalize().is_ok_and(|real| real.starts_with(root));
    if is_inside { Ok(()) } else { Err("it lies outside the repository".to_owned()) }
}

/// What symbolic links among the given paths lead to: files are known by their real paths.
pub(super) fn linked(given: &[PathBuf]) -> Vec<PathBuf> {
    let is_link = |path: &&PathBuf| fs::symlink_metadata(path).is_ok_and(|data| data.is_symlink());
    given.iter().filter(is_link).filter_map(|path| path.canonicalize().ok()).collect()
}

/// In a container, root often works on files that are somebody else's. Nobody else may give a
/// file away, so it does not matter whether this succeeds.
#[cfg(unix)]
fn keep_owner(file: &fs::File, metadata: &fs::Metadata) {
    use std::os::unix::fs::MetadataExt;
    let _ = std::os::unix::fs::fchown(file, Some(metadata.uid()), Some(metadata.gid()));
}

#[cfg(not(unix))]
fn keep_owner(_: &fs::File, _: &fs::Metadata) {}

/// Writes the new text beside the file and moves it into its place, with the same permissions. A
/// file that somebody has changed since it was read is left alone.
pub(super) fn write(change: &Change, root: &Path) -> Result<(), String> {
    may_edit(&change.open, root, false)?;
    let failed = |error: std::io::Error| format!("it can't be written: {error}");
    if fs::read(&change.open).map_err(failed)? != change.before.as_bytes() {
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
    file.as_file().set_permissions(permissions).map_err(failed)?;
    file.as_file().sync_all().map_err(failed)?;
    file.persist(&change.open).map_err(|error| failed(error.error))?;
    Ok(())
}
