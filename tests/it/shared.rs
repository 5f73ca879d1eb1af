//! Material beside the checkout: real manifests, and cases with known answers.

use std::env;
use std::path::PathBuf;

use crate::tools;

/// A folder of the shared material: below `NETPOL_LINT_SHARED`, or else below `../shared`. If it is
/// absent, as in a public clone, the test is skipped.
pub fn shared(folder: &str) -> Option<PathBuf> {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let root = env::var_os("NETPOL_LINT_SHARED").map_or_else(beside, PathBuf::from);
    let path = root.join(folder);
    if path.is_dir() {
        return Some(path);
    }
    tools::skip(&format!("../shared/{folder} is absent"));
    None
}
