//! Baseline files: read before a run, written whole or not at all.

use std::fs;
use std::io;
use std::path::Path;

use crate::settle::Baseline;

use super::Failure;
use super::replace::{replace, words};

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
