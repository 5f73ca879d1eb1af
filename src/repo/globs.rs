//! The globs of `--include` and `--exclude`, with the meaning they have in a `.gitignore`:
//! relative to the root, a name without `/` at any depth, a directory with all below it.

use globset::{Glob, GlobSet, GlobSetBuilder};

use super::Error;

/// Compiled globs.
#[derive(Clone, Debug)]
pub(super) struct Globs {
    include: Option<GlobSet>,
    exclude: GlobSet,
}

impl Globs {
    /// Compiles them.
    pub fn new(include: &[String], exclude: &[String]) -> Result<Self, Error> {
        Ok(Self {
            include: if include.is_empty() {
                None
            } else {
                Some(compile(include)?)
            },
            exclude: compile(exclude)?,
        })
    }

    /// Whether a path is left out altogether.
    pub fn excludes(&self, path: &str) -> bool {
        !path.is_empty() && self.exclude.is_match(path)
    }

    /// Whether findings in a file are wanted.
    pub fn includes(&self, path: &str) -> bool {
        self.include
            .as_ref()
            .is_none_or(|globs| globs.is_match(path))
    }

    /// Whether a Markdown file is asked for: never without a glob that says so.
    pub fn includes_markdown(&self, path: &str) -> bool {
        self.include
            .as_ref()
            .is_some_and(|globs| globs.is_match(path))
    }
}

fn compile(globs: &[String]) -> Result<GlobSet, Error> {
    let mut set = GlobSetBuilder::new();
    for glob in globs {
        let refuse = |error: globset::Error| Error::Glob(glob.clone(), error.kind().to_string());
        let anchored = glob.trim_end_matches('/').trim_start_matches("./");
        let pattern = match anchored.strip_prefix('/') {
            Some(rest) => rest.to_owned(),
            None if anchored.contains('/') => anchored.to_owned(),
            None => format!("**/{anchored}"),
        };
        let build = |pattern: &str| {
            globset::GlobBuilder::new(pattern)
                .literal_separator(true)
                .build()
                .map_err(refuse)
        };
        let whole: Glob = build(&pattern)?;
        set.add(whole);
        set.add(build(&format!("{pattern}/**"))?);
    }
    set.build()
        .map_err(|error| Error::Glob(globs.join(", "), error.to_string()))
}
