//! `--include` and `--exclude` have the meaning of gitignore lines at the repository's root: users
//! know these rules, and the `ignore` crate implements them.

use std::path::Path;

use ignore::gitignore::{Gitignore, GitignoreBuilder};

use super::{Error, Scope};

/// Both lists, compiled.
#[derive(Debug)]
pub(super) struct Globs {
    include: Gitignore,
    exclude: Gitignore,
}

impl Globs {
    pub(super) fn new(scope: &Scope) -> Result<Self, Error> {
        Ok(Self { include: compile(&scope.include)?, exclude: compile(&scope.exclude)? })
    }

    /// Whether `--include` allows findings in the file; without any, every file is reported on.
    pub(super) fn includes(&self, path: &str) -> bool {
        self.include.is_empty() || self.asks_for(path)
    }

    /// Whether an `--include` matches the file.
    pub(super) fn asks_for(&self, path: &str) -> bool {
        self.include.matched_path_or_any_parents(path, false).is_ignore()
    }

    /// Whether `--exclude` has any glob.
    pub(super) fn exclude_any(&self) -> bool {
        !self.exclude.is_empty()
    }

    /// Whether `--exclude` matches this path itself; the walk has already asked about its parents.
    pub(super) fn exclude(&self, path: &str, directory: bool) -> bool {
        self.exclude.matched(path, directory).is_ignore()
    }

    /// Whether `--exclude` matches the path or a directory above it.
    pub(super) fn exclude_with_parents(&self, path: &str, directory: bool) -> bool {
        self.exclude.matched_path_or_any_parents(path, directory).is_ignore()
    }
}

/// Globs that match paths of a repository: the configuration's lists.
#[derive(Clone, Debug)]
pub struct PathSet {
    globs: Gitignore,
    /// The top directories of all possible matches; `None` if they match anywhere.
    tops: Option<Vec<String>>,
}

impl PathSet {
    /// Globs in the syntax of [`Scope::exclude`].
    ///
    /// # Errors
    /// An invalid glob.
    pub fn new(globs: &[String]) -> Result<Self, Error> {
        let tops = globs.iter().map(|glob| top(glob)).collect();
        Ok(Self { globs: compile(globs)?, tops })
    }

    /// Whether they match the file with that path, relative to the root, or a directory above it.
    pub fn holds(&self, path: &str) -> bool {
        // A file outside the repository keeps its absolute path, which no glob can match. A
        // configuration with a cluster per directory has thousands of sets, and a path is in few of
        // them.
        let top = path.split('/').next().unwrap_or_default();
        let may = self.tops.as_ref().is_none_or(|tops| tops.iter().any(|one| one == top));
        may && !Path::new(path).has_root()
            && self.globs.matched_path_or_any_parents(path, false).is_ignore()
    }

    /// Whether they match that directory itself, relative to the root.
    pub fn is(&self, directory: &str) -> bool {
        !Path::new(directory).has_root() && self.globs.matched(directory, true).is_ignore()
    }
}

/// The directory at the root that contains everything a glob matches; `None` if there is no single
/// one.
fn top(glob: &str) -> Option<String> {
    let glob = glob.strip_prefix("./").unwrap_or(glob);
    let (first, rest) = glob.strip_prefix('/').unwrap_or(glob).split_once('/')?;
    // A glob whose only slash is at its end matches at any depth, as in a gitignore file.
    let is_anchored = glob.starts_with('/') || !rest.is_empty();
    let is_plain = !first.is_empty() && !first.contains(['*', '?', '[', '{', '\\', '!', '#', ' ']);
    (is_anchored && is_plain).then(|| first.to_owned())
}

fn compile(globs: &[String]) -> Result<Gitignore, Error> {
    // All paths are relative to the root already.
    let mut builder = GitignoreBuilder::new("");
    builder.allow_unclosed_class(false);
    for glob in globs {
        let line = glob.strip_prefix("./").unwrap_or(glob);
        builder.add_line(None, line).map_err(|error| wrong(glob, &error))?;
    }
    builder.build().map_err(|error| wrong(&globs.join(", "), &error))
}

/// The error without the position that the crate puts before it.
fn wrong(glob: &str, error: &ignore::Error) -> Error {
    let mut error = error;
    let why = loop {
        match error {
            ignore::Error::WithLineNumber { err, .. }
            | ignore::Error::WithPath { err, .. }
            | ignore::Error::WithDepth { err, .. } => error = err,
            ignore::Error::Glob { err, .. } => break err.clone(),
            other => break other.to_string(),
        }
    };
    Error::Glob(glob.to_owned(), why)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn excluding(globs: &[&str]) -> Globs {
        let exclude = globs.iter().map(|glob| (*glob).to_owned()).collect();
        Globs::new(&Scope { exclude, ..Scope::default() }).unwrap()
    }

    #[test]
    fn a_set_contains_what_its_globs_match() {
        let holds = |globs: &[&str], path| {
            let globs: Vec<String> = globs.iter().map(|glob| (*glob).to_owned()).collect();
            PathSet::new(&globs).unwrap().holds(path)
        };
        assert!(holds(&["a/**", "base/"], "a/x.yaml") && holds(&["a/**", "base/"], "x/base/y"));
        assert!(holds(&["./a/b"], "a/b/c.yaml") && holds(&["/a"], "a/b.yaml"));
        assert!(!holds(&["a/**"], "b/a/x.yaml") && !holds(&["/a/b/"], "c/a/b/x"));
        assert!(holds(&["[ab]/x"], "b/x") && holds(&["\\#a/x"], "#a/x"));
    }

    #[test]
    fn globs_mean_what_they_mean_in_a_gitignore() {
        for (glob, path, hit) in [
            ("*.yaml", "a/b/c.yaml", true),
            ("*.yaml", "a/b/c.yml", false),
            ("vendor/", "a/vendor/c.yaml", true),
            ("vendor", "a/vendor/c.yaml", true),
            ("a/**", "a/b/c.yaml", true),
            ("./a/b", "a/b/c.yaml", true),
            ("/b", "a/b/c.yaml", false),
            ("a/*/c.yaml", "a/b/c.yaml", true),
            ("{x,a}/**", "a/b/c.yaml", true),
        ] {
            let globs = excluding(&[glob]);
            assert_eq!(globs.exclude_with_parents(path, false), hit, "{glob} {path}");
        }
        let taken_back = excluding(&["*.yaml", "!keep.yaml"]);
        assert!(!taken_back.exclude("a/keep.yaml", false));
    }

    #[test]
    fn an_invalid_glob_is_reported() {
        let scope = Scope { include: vec!["a[".to_owned()], ..Scope::default() };
        let error = Globs::new(&scope).unwrap_err().to_string();
        assert!(error.starts_with("`a[` is not a glob: "), "{error}");
    }
}
