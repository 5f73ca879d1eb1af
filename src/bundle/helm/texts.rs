//! The sources of charts' files.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use super::chart::shown;
use crate::repo::{Boundary, Repo};
use crate::text::{LineIndex, Source, SourceId, Sources, Span};

/// The source of each file.
pub(super) struct Texts {
    ids: HashMap<PathBuf, SourceId>,
    pub(super) root: PathBuf,
}

impl Texts {
    /// Those of the files that the repository lists.
    pub(super) fn of_repository(repo: &Repo) -> Self {
        let known = (0u32..).map(SourceId).zip(&repo.files);
        let ids = known.map(|(id, file)| (file.open.clone(), id)).collect();
        Self { ids, root: repo.root.clone() }
    }

    /// Adds a source for each other file that a finding may point at.
    pub(super) fn add<'p>(&mut self, files: impl Iterator<Item = &'p Path>, sources: &mut Sources) {
        let others: BTreeSet<&Path> =
            files.filter(|path| may_be_named(path) && !self.ids.contains_key(*path)).collect();
        for path in others {
            let label = shown(path.strip_prefix(&self.root).unwrap_or(path));
            // Links inside the repository were followed when it was read.
            let open = Boundary::new(&self.root).resolve(path);
            let open = open.unwrap_or_else(|_| path.to_path_buf());
            self.ids.insert(path.to_path_buf(), sources.add(Source::file(label, open)));
        }
    }

    pub(super) fn of(&self, path: &Path) -> Option<SourceId> {
        self.ids.get(path).copied()
    }
}

/// A template, a helper, values, or a list of dependencies.
fn may_be_named(path: &Path) -> bool {
    let is_template = path.components().any(|part| part.as_os_str() == "templates");
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let is_yaml = name.ends_with(".yaml") || name.ends_with(".yml") || name.ends_with(".json");
    is_template || is_yaml
}

/// The text of a line (from 1) of a source.
pub(super) fn line_of(sources: &Sources, source: SourceId, line: usize) -> Span {
    let text = sources.get(source).text();
    let start = LineIndex::new(text).line_start(line);
    let all = text.get(start..).and_then(|rest| rest.lines().next()).unwrap_or_default();
    let indent = all.len() - all.trim_start().len();
    Span::new(source, start + indent, start + indent.max(all.trim_end().len()))
}
