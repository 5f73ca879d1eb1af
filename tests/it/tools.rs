//! Programs of others that tests drive.

use std::env;
use std::path::PathBuf;

/// The program of that name on the PATH. Where it is absent the test prints why it is skipped;
/// with `CI` set that is a failure, since CI must not pass on what it did not run.
pub fn tool(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let found = env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file());
    if found.is_none() {
        skip(&format!("{name} is not on the PATH"));
    }
    found
}

/// Says why a test is skipped, which CI does not accept.
pub fn skip(why: &str) {
    assert!(env::var_os("CI").is_none(), "{why}");
    println!("skipped: {why}");
}
