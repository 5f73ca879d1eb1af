//! Paths inside the repository.

use std::fmt;
use std::path::{MAIN_SEPARATOR, Path};

/// A path relative to the repository's root, with `/` on every platform: never absolute, never
/// empty, and without `.` and `..`, so it is always inside the root.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RepoPath(String);

impl RepoPath {
    /// `None` if it is not such a path.
    pub fn new(path: &str) -> Option<Self> {
        let is_name = |part: &str| !matches!(part, "" | "." | "..") && !part.contains('\0');
        path.split('/').all(is_name).then(|| Self(path.to_owned()))
    }

    /// An absolute path, made relative to `root`.
    pub(super) fn below(root: &Path, path: &Path) -> Option<Self> {
        path.strip_prefix(root).is_ok().then(|| label(root, path)).and_then(|it| Self::new(&it))
    }

    /// The path as text.
    pub fn into_string(self) -> String {
        self.0
    }
}

impl fmt::Display for RepoPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// `path` relative to `root`, with `/` on every platform; paths elsewhere are unchanged.
pub(super) fn label(root: &Path, path: &Path) -> String {
    let relative = path.strip_prefix(root).unwrap_or(path).to_string_lossy();
    if MAIN_SEPARATOR == '/' {
        relative.into_owned()
    } else {
        relative.replace(MAIN_SEPARATOR, "/")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_path_inside_is_absolute_or_climbs() {
        for good in ["a.yaml", "a/b.yaml", "<stdin>", "..a/b..", "a b"] {
            assert!(RepoPath::new(good).is_some(), "{good}");
        }
        for bad in ["", "/", "/tmp/x", "..", "../x", "a/../../x", "a//b", "a/", "./a", "a\0"] {
            assert!(RepoPath::new(bad).is_none(), "{bad}");
        }
        let below = |path: &str| RepoPath::below(Path::new("/r"), Path::new(path));
        assert_eq!(below("/r/a/b").unwrap().to_string(), "a/b");
        assert!(below("/r").is_none() && below("/rx/a").is_none() && below("/").is_none());
    }
}
