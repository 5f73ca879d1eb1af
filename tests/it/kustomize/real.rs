//! The real kustomize, if it is installed. It is cut off from the network and from git, so that it
//! rejects remote resources at once.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use netpol_lint::text::SourceId;
use netpol_lint::yaml::{self, Limits};

use super::build::reduce;
use crate::tools;

fn find() -> Option<PathBuf> {
    let paths = std::env::var_os("PATH")?;
    std::env::split_paths(&paths).map(|path| path.join("kustomize")).find(|path| path.is_file())
}

/// Whether it is installed.
pub fn is_there() -> bool {
    tools::tool("kustomize").is_some()
}

/// The compared part of what it builds of a directory.
///
/// # Errors
/// Its error message.
pub fn build(directory: &Path) -> Result<Vec<Value>, String> {
    let nowhere = "http://127.0.0.1:1";
    let output = Command::new(find().unwrap())
        .env_clear()
        .env("HOME", std::env::temp_dir())
        .envs([("HTTP_PROXY", nowhere), ("HTTPS_PROXY", nowhere), ("PATH", "")])
        .args(["build", "--load-restrictor", "LoadRestrictionsNone"])
        .arg(directory)
        .output()
        .unwrap();
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).trim().to_owned());
    }
    let text = String::from_utf8(output.stdout).unwrap();
    let stream = yaml::read(SourceId(0), &text, 0..text.len(), None, &Limits::default());
    assert!(stream.problems.is_empty(), "{}: {:?}", directory.display(), stream.problems);
    Ok(stream.documents.iter().filter_map(|document| reduce(&document.root)).collect())
}
