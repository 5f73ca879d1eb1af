//! Errors that stop a run before it begins. Each message says what to do.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// An error that stops a run before it begins.
#[derive(Debug)]
pub enum Error {
    /// A given path does not exist, or its metadata can't be read.
    Path(PathBuf, io::Error),
    /// A given path is neither a file nor a directory: the path, and what it is.
    NotAFile(PathBuf, &'static str),
    /// An invalid glob, and why.
    Glob(String, String),
    /// `--stdin-path` is not a path inside the repository: as it was typed, and the root.
    StdinPath(String, PathBuf),
    /// No YAML or JSON file under the given paths.
    NothingToRead(Vec<PathBuf>),
    /// An inventory can't be read: why, in a sentence.
    Inventory(String),
    /// Charts must be rendered and can't be: why, in a sentence.
    Helm(String),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(path, error) if error.kind() == io::ErrorKind::NotFound => {
                write!(f, "{}: no such file or directory", quoted(path))
            }
            Self::Path(path, error) => write!(f, "{}: {error}", quoted(path)),
            Self::NotAFile(path, what) => write!(
                f,
                "{} is {what}, not a file or a directory; to check the output of a command, pipe \
                 it into `netpol-lint -`",
                quoted(path)
            ),
            Self::Inventory(why) | Self::Helm(why) => f.write_str(why),
            Self::Glob(glob, why) => {
                write!(f, "`{glob}` is not a glob: {why}")
            }
            Self::StdinPath(typed, root) => {
                write!(f, "--stdin-path `{typed}` is not the path of a file in {}", quoted(root))
            }
            Self::NothingToRead(paths) => {
                let paths: Vec<String> = paths.iter().map(|path| quoted(path)).collect();
                write!(
                    f,
                    "no files to check under {}: looked for *.yaml, *.yml, *.json and \
                     Kustomization, except files that --exclude, --include, netpol-lint.toml or \
                     gitignore rules skip (--no-ignore reads gitignored files)",
                    paths.join(", ")
                )
            }
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Path(_, error) => Some(error),
            _ => None,
        }
    }
}

/// The path in backticks. Whoever prints it must escape it: file names are data too.
fn quoted(path: &Path) -> String {
    format!("`{}`", path.to_string_lossy())
}
