//! The charts of a repository, by their `Chart.yaml`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::bundle::directory;
use crate::repo::{self, Repo, Role};
use crate::text::{SourceId, Span};
use crate::yaml::{self, Limits, Node, ProblemKind};

/// The size limit of a `Chart.yaml`.
const LARGEST: u64 = 1 << 20;

/// The charts of a repository.
#[derive(Clone, Debug, Default)]
pub struct Charts {
    /// All of them, including subcharts and libraries, by directory.
    all: Vec<Chart>,
}

/// One chart.
#[derive(Clone, Debug)]
pub struct Chart {
    /// Its directory relative to the repository's root; `.` for the root.
    pub directory: String,
    /// Its `Chart.yaml`.
    pub source: SourceId,
    /// Its name in `Chart.yaml`; that of its directory if there is none.
    pub name: String,
    /// Where the name is written, or else the start of `Chart.yaml`.
    pub name_span: Span,
    /// Its directory, to open files with.
    pub(super) open: PathBuf,
    /// The problem with its `Chart.yaml`.
    pub(super) problem: Option<(Span, String)>,
    /// It has nothing to apply on its own.
    pub(super) is_library: bool,
    /// It is in the `charts/` of another one.
    pub(super) is_part: bool,
}

impl Charts {
    /// Those that are applied on their own: no subcharts, no libraries. In order.
    pub fn whole(&self) -> impl Iterator<Item = &Chart> {
        self.all.iter().filter(|chart| !chart.is_part && !chart.is_library)
    }

    /// The chart in that directory (relative to the root; `.` or empty for the root), even if it is
    /// a subchart.
    pub fn get(&self, directory: &str) -> Option<&Chart> {
        let directory = directory.trim_start_matches("./").trim_end_matches('/');
        let directory = if directory.is_empty() { "." } else { directory };
        self.all.iter().find(|chart| chart.directory == directory)
    }

    /// Those that are not in one of these directories, and not a subchart of one that is.
    pub fn without(mut self, directories: &BTreeSet<String>) -> Self {
        self.all.retain(|chart| !directories.contains(&chart.directory));
        self
    }

    /// How many [`Charts::whole`] has.
    pub fn len(&self) -> usize {
        self.whole().count()
    }

    /// Whether there is nothing to render.
    pub fn is_empty(&self) -> bool {
        self.whole().next().is_none()
    }
}

/// The charts of the repository. A `Chart.yaml` that is a template of another tool is not one.
pub fn charts(repo: &Repo) -> Charts {
    let ids = (0u32..).map(SourceId).zip(&repo.files);
    let found = ids.filter(|(_, file)| file.role == Role::Chart);
    let mut all: Vec<Chart> =
        found.filter_map(|(id, file)| read(id, &file.path, &file.open)).collect();
    all.sort_by(|a, b| a.directory.cmp(&b.directory));
    let directories: Vec<String> = all.iter().map(|chart| chart.directory.clone()).collect();
    for chart in &mut all {
        chart.is_part = directories.iter().any(|above| is_part_of(&chart.directory, above));
    }
    Charts { all }
}

fn is_part_of(directory: &str, above: &str) -> bool {
    let below = match above {
        "." => Some(directory),
        _ => directory.strip_prefix(above).and_then(|rest| rest.strip_prefix('/')),
    };
    directory != above && below.is_some_and(|below| below.starts_with("charts/"))
}

fn read(source: SourceId, path: &str, open: &Path) -> Option<Chart> {
    let directory = directory(path);
    let folder = open.parent().unwrap_or(Path::new("")).to_path_buf();
    let start = Span::new(source, 0, 0);
    let mut chart = Chart {
        directory: if directory.is_empty() { ".".to_owned() } else { directory.to_owned() },
        source,
        name: folder.file_name().map_or("chart".into(), |n| n.to_string_lossy().into_owned()),
        name_span: start,
        open: folder,
        problem: None,
        is_library: false,
        is_part: false,
    };
    let tree = match metadata(source, open) {
        Ok(tree) => tree,
        Err(Unread::Template) => return None,
        Err(Unread::Problem(span, why)) => {
            chart.problem = Some((span, why));
            return Some(chart);
        }
    };
    chart.is_library =
        tree.get("type").and_then(Node::as_str).is_some_and(|t| t.eq_ignore_ascii_case("library"));
    if let Some(name) = tree.get("name")
        && let Some(text) = name.as_scalar().map(|scalar| &scalar.text)
    {
        chart.name = text.to_string();
        chart.name_span = name.span;
    }
    Some(chart)
}

/// Why there is no tree of a `Chart.yaml`.
#[derive(Debug)]
enum Unread {
    /// It is a template itself.
    Template,
    /// It can't be read: the place, and why.
    Problem(Span, String),
}

/// The tree of a `Chart.yaml`.
fn metadata(source: SourceId, open: &Path) -> Result<Node, Unread> {
    let start = Span::new(source, 0, 0);
    let mut bytes = Vec::new();
    if let Err(error) = repo::read_met(open, LARGEST, &mut bytes) {
        return Err(Unread::Problem(start, format!("it can't be read: {error}")));
    }
    if bytes.len() as u64 > LARGEST {
        return Err(Unread::Problem(start, format!("it is larger than {LARGEST} bytes")));
    }
    let text = String::from_utf8_lossy(&bytes);
    let stream = yaml::read(source, &text, 0..text.len(), None, &Limits::default());
    if let Some(document) = stream.documents.into_iter().next() {
        return Ok(document.root);
    }
    match stream.problems.into_iter().next() {
        Some(problem) => match problem.kind {
            ProblemKind::Template => Err(Unread::Template),
            ProblemKind::Syntax(why) | ProblemKind::Limit(why) => {
                Err(Unread::Problem(problem.span, why))
            }
            ProblemKind::NotUtf8 => Err(Unread::Problem(start, "it is not UTF-8".to_owned())),
        },
        None => Err(Unread::Problem(start, "it is empty".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::is_part_of;

    #[test]
    fn a_chart_in_charts_is_a_dependency() {
        assert!(is_part_of("shop/charts/db", "shop") && is_part_of("charts/db", "."));
        assert!(is_part_of("shop/charts/db/charts/x", "shop"));
        assert!(!is_part_of("shop", "shop") && !is_part_of("shop-2/charts/db", "shop"));
        assert!(!is_part_of("shop/examples/one", "shop") && !is_part_of("apps/x", "."));
    }
}
