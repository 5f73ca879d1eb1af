//! Baseline files: read before a run, written whole or not at all.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use tempfile::Builder;

use crate::settle::Baseline;

use super::Failure;

/// Reads a baseline.
pub(super) fn read(path: &Path) -> Result<Baseline, Failure> {
    let name = path.to_string_lossy();
    let text = fs::read_to_string(path).map_err(|error| {
        let hint = match error.kind() {
            io::ErrorKind::NotFound => " (`--write-baseline` writes one)",
            _ => "",
        };
        Failure::Arguments(format!("the baseline `{name}` can't be read: {}{hint}", words(&error)))
    })?;
    Baseline::parse(&text).map_err(|why| Failure::Arguments(format!("`{name}` {why}")))
}

/// Writes a baseline. What stands there and is something else is not overwritten: more likely the
/// name is mistyped than a manifest meant to go.
pub(super) fn write(path: &Path, baseline: &Baseline) -> Result<(), Failure> {
    let failed = |error: io::Error| {
        let name = path.to_string_lossy();
        Failure::Arguments(format!("the baseline `{name}` can't be written: {}", words(&error)))
    };
    let is_other = |text: &Vec<u8>| {
        !text.is_empty() && Baseline::parse(&String::from_utf8_lossy(text)).is_err()
    };
    match fs::read(path) {
        Ok(text) if is_other(&text) => {
            return Err(Failure::Arguments(format!(
                "`{}` is not a baseline file: it is not overwritten",
                path.to_string_lossy()
            )));
        }
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
        _ => {}
    }
    replace(path, baseline.text().as_bytes()).map_err(failed)
}

/// The words of an I/O error without its number.
fn words(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_lowercase()
}

/// Puts `text` in the place of a file by renaming a new one over it: whoever reads sees the old
/// text or the new one, also when this is killed. A link is followed, the mode stays.
fn replace(path: &Path, text: &[u8]) -> io::Result<()> {
    let real = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let folder = real.parent().filter(|folder| !folder.as_os_str().is_empty());
    let mut builder = Builder::new();
    builder.prefix(".netpol-lint-");
    let mode = fs::metadata(&real).ok().map(|metadata| metadata.permissions());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // As any new file: what the process's mask leaves of it.
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    let mut file = builder.tempfile_in(folder.unwrap_or(Path::new(".")))?;
    file.write_all(text)?;
    if let Some(mode) = mode {
        file.as_file().set_permissions(mode)?;
    }
    file.as_file().sync_all()?;
    file.persist(&real).map_err(|error| error.error)?;
    Ok(())
}
