//! Files that are written completely or not at all.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use tempfile::Builder;

use crate::repo::{Boundary, Target};

/// Replaces a file by renaming a new one over it: a reader sees the old text or the new one, even
/// if this process is killed. The mode stays. A link in the repository at `root` never leads
/// outside it: it is replaced instead. Elsewhere links are followed, and anything that is not a
/// regular file (a pipe, a device) is written to.
pub(super) fn replace(path: &Path, text: &[u8], root: &Path) -> io::Result<()> {
    let Target { path: real, is_link } = Boundary::new(root).target(&std::path::absolute(path)?)?;
    let before = if is_link { None } else { fs::metadata(&real).ok() };
    if before.as_ref().is_some_and(|metadata| !metadata.is_file() && !metadata.is_dir()) {
        return fs::OpenOptions::new().write(true).open(&real)?.write_all(text);
    }
    let folder = real.parent().filter(|folder| !folder.as_os_str().is_empty());
    let mut builder = Builder::new();
    builder.prefix(".netpol-lint-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // The mode of any new file: the process's umask applies.
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    let mut file = builder.tempfile_in(folder.unwrap_or(Path::new(".")))?;
    file.write_all(text)?;
    if let Some(before) = before {
        file.as_file().set_permissions(before.permissions())?;
    }
    file.as_file().sync_all()?;
    file.persist(&real).map_err(|error| error.error)?;
    Ok(())
}

/// Appends to a file that others write to as well. A link that may come from the repository is not
/// followed.
pub(super) fn append(path: &Path, text: &[u8], root: &Path) -> io::Result<()> {
    let Target { path: real, is_link } = Boundary::new(root).target(&std::path::absolute(path)?)?;
    if is_link {
        return Err(io::Error::other("it is a symbolic link"));
    }
    fs::OpenOptions::new().append(true).create(true).open(real)?.write_all(text)
}

/// The message of an I/O error, without its number.
pub(super) fn words(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_lowercase()
}
