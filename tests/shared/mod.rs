//! Material that lies beside the checkout: real manifests, and cases with known answers.

use std::path::PathBuf;

/// A folder of the shared material. Where it is absent the test prints why it is skipped; with
/// `CI` set that is a failure, since CI must not pass on what it did not run.
pub fn shared(folder: &str) -> Option<PathBuf> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../shared")
        .join(folder);
    if path.is_dir() {
        return Some(path);
    }
    assert!(
        std::env::var_os("CI").is_none(),
        "../shared/{folder} is absent"
    );
    println!("skipped: ../shared/{folder} is absent");
    None
}
