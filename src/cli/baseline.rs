//! Baseline files: read before a run, written completely or not at all.

use std::io;
use std::path::Path;

use crate::repo::Boundary;
use crate::triage::Baseline;

use super::Failure;
use super::replace::{replace, words};

/// Reads a baseline.
pub(super) fn read(path: &Path, root: &Path) -> Result<Baseline, Failure> {
    let name = path.to_string_lossy();
    let text = read_text(path, root).map_err(|error| {
        let hint = match error.kind() {
            io::ErrorKind::NotFound => " (`--write-baseline` writes one)",
            _ => "",
        };
        Failure::Arguments(format!("the baseline `{name}` can't be read: {}{hint}", words(&error)))
    })?;
    Baseline::parse(&text).map_err(|why| Failure::Arguments(format!("`{name}` {why}")))
}

/// The size limit of a baseline.
const LARGEST: u64 = 64 << 20;

fn read_text(path: &Path, root: &Path) -> io::Result<String> {
    let bytes = Boundary::new(root).read_given(&std::path::absolute(path)?, LARGEST)?;
    String::from_utf8(bytes).map_err(|_| io::Error::other("it is not UTF-8"))
}

/// Writes a baseline. A file that is not a baseline is not overwritten: the name is probably
/// mistyped.
pub(super) fn write(path: &Path, baseline: &Baseline, root: &Path) -> Result<(), Failure> {
    let failed = |error: io::Error| {
        let name = path.to_string_lossy();
        Failure::Arguments(format!("the baseline `{name}` can't be written: {}", words(&error)))
    };
    let is_other = |text: &String| !text.is_empty() && Baseline::parse(text).is_err();
    match read_text(path, root) {
        Ok(text) if is_other(&text) => {
            return Err(Failure::Arguments(format!(
                "`{}` is not a baseline file: refusing to overwrite it",
                path.to_string_lossy()
            )));
        }
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
        _ => {}
    }
    replace(path, baseline.text().as_bytes(), root).map_err(failed)
}
