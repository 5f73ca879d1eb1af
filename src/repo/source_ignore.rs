//! What Flux leaves out of the artifact of a git repository: what `.sourceignore` files and
//! `spec.ignore` say, and by default the files of CI and a few tools.
//!
//! Sources: fluxcd/pkg sourceignore/sourceignore.go; fluxcd/source-controller
//! `SourceIgnoreFilter`, which applies the defaults only if there are no patterns at all.

use std::path::{Path, PathBuf};

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

use super::boundary::Boundary;

/// Bytes of a `.sourceignore`.
const LARGEST: u64 = 1 << 20;

/// `ExcludeVCS`: never in an artifact.
const ALWAYS: &[&str] = &[".git/", ".gitignore", ".gitmodules", ".gitattributes"];

/// `ExcludeCI` and `ExcludeExtra`, of what is YAML or a directory.
const BY_DEFAULT: &[&str] = &[
    ".github/",
    ".circleci/",
    ".travis.yml",
    ".gitlab-ci.yml",
    "appveyor.yml",
    ".drone.yml",
    "cloudbuild.yaml",
    "codeship-services.yml",
    "codeship-steps.yml",
    "**/.goreleaser.yml",
    "**/.goreleaser.brew.yml",
    "**/.sops.yaml",
    "**/.flux.yaml",
    "**/.golangci.yaml",
];

/// The `.sourceignore` files of a repository.
#[derive(Debug)]
pub struct SourceIgnore {
    root: PathBuf,
    /// From the root down: a later one wins.
    files: Vec<Gitignore>,
    always: Gitignore,
    by_default: Gitignore,
}

impl SourceIgnore {
    /// Reads those of the root and of `directories`, which are sorted and relative to it.
    pub fn read<'d>(root: &Path, directories: impl Iterator<Item = &'d str>) -> Self {
        let boundary = Boundary::new(root);
        let read = |directory: &str| {
            let folder = root.join(directory);
            let bytes = boundary.read(&folder.join(".sourceignore"), LARGEST).ok()?;
            Some(compile(&folder, String::from_utf8_lossy(&bytes).lines()))
        };
        Self {
            root: root.to_owned(),
            files: std::iter::once("").chain(directories).filter_map(read).collect(),
            always: compile(root, ALWAYS.iter().copied()),
            by_default: compile(root, BY_DEFAULT.iter().copied()),
        }
    }

    /// Whether the artifact lacks the file of that path; `ignore` is `spec.ignore`.
    pub fn leaves_out(&self, path: &str, ignore: Option<&str>) -> bool {
        let path = self.root.join(path);
        let spec = ignore.map(|lines| compile(&self.root, lines.lines()));
        let has_own = !self.files.is_empty() || spec.as_ref().is_some_and(|it| !it.is_empty());
        let defaults = (!has_own).then_some(&self.by_default);
        let applied = spec.iter().chain(self.files.iter().rev()).chain(defaults);
        let answers = applied.chain([&self.always]).map(|rules| answer(rules, &path));
        answers.into_iter().fold(Match::None, Match::or).is_ignore()
    }
}

/// What rules say of a file; those of a directory have no say outside of it.
fn answer(rules: &Gitignore, path: &Path) -> Match<()> {
    match path.starts_with(rules.path()) {
        true => rules.matched_path_or_any_parents(path, false).map(|_| ()),
        false => Match::None,
    }
}

fn compile<'l>(folder: &Path, lines: impl Iterator<Item = &'l str>) -> Gitignore {
    let mut builder = GitignoreBuilder::new(folder);
    for line in lines {
        // Git passes over a line that is no glob, and so does Flux.
        let _ = builder.add_line(None, line);
    }
    builder.build().unwrap_or_else(|_| Gitignore::empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left_out(files: &[(&str, &str)], ignore: Option<&str>, paths: &[&str]) -> Vec<bool> {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        std::fs::create_dir_all(root.join("apps/web")).unwrap();
        for (path, text) in files {
            std::fs::write(root.join(path), text).unwrap();
        }
        let read = SourceIgnore::read(&root, ["apps", "apps/web"].into_iter());
        paths.iter().map(|path| read.leaves_out(path, ignore)).collect()
    }

    #[test]
    fn the_files_of_some_tools_are_left_out_by_default() {
        let paths = ["apps/.sops.yaml", ".github/x.yaml", "cloudbuild.yaml", "apps/sops.yaml"];
        assert_eq!(left_out(&[], None, &paths), [true, true, true, false]);
    }

    #[test]
    fn own_patterns_replace_the_defaults() {
        let paths = ["apps/.sops.yaml", "apps/web/x.yaml", "apps/x.yaml"];
        assert_eq!(left_out(&[], Some("web/"), &paths), [false, true, false]);
        let files = [("apps/.sourceignore", "/x.yaml\n")];
        assert_eq!(left_out(&files, None, &paths), [false, false, true]);
    }

    #[test]
    fn what_the_object_says_wins_over_files() {
        let files = [(".sourceignore", "/*\n!/apps\n"), ("apps/.sourceignore", "*.txt\nx.yaml\n")];
        let paths = ["apps/x.yaml", "apps/y.yaml", "docs/x.yaml"];
        assert_eq!(left_out(&files, None, &paths), [true, false, true]);
        assert_eq!(left_out(&files, Some("!apps/x.yaml\n"), &paths), [false, false, true]);
    }
}
