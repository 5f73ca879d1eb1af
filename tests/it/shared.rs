//! Material that lies beside the checkout: real manifests, and cases with known answers.

use std::env;
use std::path::PathBuf;

/// A folder of the shared material: below `NETPOL_LINT_SHARED`, else below `../shared`. Where it
/// is absent the test prints why it is skipped; with `CI` set that is a failure, since CI must not
/// pass on what it did not run. `NETPOL_LINT_SHARED=absent` says that it can't be there, as on
/// machines of the public.
pub fn shared(folder: &str) -> Option<PathBuf> {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let root = env::var_os("NETPOL_LINT_SHARED").map_or_else(beside, PathBuf::from);
    let path = root.join(folder);
    if path.is_dir() {
        return Some(path);
    }
    let is_known = env::var_os("NETPOL_LINT_SHARED").is_some_and(|value| value == "absent");
    assert!(is_known || env::var_os("CI").is_none(), "../shared/{folder} is absent");
    println!("skipped: ../shared/{folder} is absent");
    None
}

/// Whether a program is on the PATH. Where it is not, the test prints that it is skipped; with
/// `CI` set that is a failure.
pub fn program(name: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    if env::split_paths(&path).any(|folder| folder.join(name).is_file()) {
        return true;
    }
    assert!(env::var_os("CI").is_none(), "{name} is not on the PATH");
    println!("skipped: {name} is not on the PATH");
    false
}
