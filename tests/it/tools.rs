//! Third-party programs that tests run, and what is skipped without them.

use std::env;
use std::fs::OpenOptions;
use std::io::{Write, stderr};
use std::path::PathBuf;

/// The program with that name on the PATH. If it is absent, the test is skipped.
pub fn tool(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let found = env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file());
    if found.is_none() {
        skip(&format!("{name} is not on the PATH"));
    }
    found
}

/// Reports why this test, or a part of it, is skipped. The harness captures what a passing test
/// prints with macros, so this writes to standard error directly; and to the file in
/// `NETPOL_LINT_SKIPS`, which `.ci/skips` checks.
pub fn skip(why: &str) {
    let thread = std::thread::current();
    let test = thread.name().unwrap_or("?");
    // On its own line, even if the harness has written the test's name.
    stderr().write_all(format!("\nskipped: {test}: {why}\n").as_bytes()).unwrap();
    if let Some(file) = env::var_os("NETPOL_LINT_SKIPS") {
        let mut file = OpenOptions::new().create(true).append(true).open(file).unwrap();
        file.write_all(format!("{test}: {why}\n").as_bytes()).unwrap();
    }
}
