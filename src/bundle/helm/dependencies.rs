//! The charts that a chart names as parts of it, and where they are.

use std::path::{Component, Path, PathBuf};

use super::charts::{self, Chart, Unread};
use crate::text::{SourceId, Span};
use crate::yaml::{Node, ScalarKind};

/// A chart that another one names as a part of it.
#[derive(Clone, Debug)]
pub(super) struct Dependency {
    pub(super) name: String,
    pub(super) alias: Option<String>,
    pub(super) repository: String,
    /// Values that turn it on or off, as `db.enabled`, separated by commas.
    condition: Option<String>,
    /// The file that names it.
    pub(super) file: PathBuf,
    /// Where its name is written there.
    pub(super) at: Span,
}

impl Dependency {
    /// Whether that chart itself names it.
    pub(super) fn is_of(&self, chart: &Chart) -> bool {
        self.file.parent() == Some(chart.open.as_path())
    }
}

/// The dependencies that a chart names, in `Chart.yaml` or, of old, in `requirements.yaml`.
pub(super) fn dependencies(chart: &Path) -> Vec<Dependency> {
    let mut found = Vec::new();
    for name in ["Chart.yaml", "requirements.yaml"] {
        let file = chart.join(name);
        let tree: Result<Node, Unread> = charts::metadata(SourceId(0), &file);
        let Ok(tree) = tree else { continue };
        for item in tree.get("dependencies").and_then(Node::as_seq).unwrap_or_default() {
            let text = |key: &str| item.get(key).and_then(Node::as_str);
            let Some(name) = item.get("name").filter(|name| name.as_str().is_some()) else {
                continue;
            };
            found.push(Dependency {
                name: name.as_str().unwrap_or_default().to_owned(),
                alias: text("alias").filter(|alias| !alias.is_empty()).map(str::to_owned),
                condition: text("condition").map(str::to_owned),
                repository: text("repository").unwrap_or_default().to_owned(),
                file: file.clone(),
                at: name.span,
            });
        }
    }
    found
}

/// Whether values turn a dependency off; of several trees of values the last one wins. The first of
/// its conditions that they answer counts, as helm has it.
pub(super) fn is_off(dependency: &Dependency, values: &[Node]) -> bool {
    let answer = |condition: &str| {
        let route: Vec<&str> = condition.trim().split('.').collect();
        match values.iter().rev().find_map(|tree| tree.at(&route))?.as_scalar()?.kind {
            ScalarKind::Bool(on) => Some(on),
            _ => None,
        }
    };
    let conditions = dependency.condition.as_deref().unwrap_or_default();
    conditions.split(',').find_map(answer) == Some(false)
}

/// The directory of a dependency that lies in the same repository.
pub(super) fn local(dependency: &Dependency, chart: &Path, root: &Path) -> Option<PathBuf> {
    let path = dependency.repository.strip_prefix("file://")?;
    let path = Path::new(path);
    if path.components().any(|part| matches!(part, Component::RootDir | Component::Prefix(_))) {
        return None;
    }
    let target = chart.join(path).canonicalize().ok()?;
    let is_there = target.starts_with(root) && target.join("Chart.yaml").is_file();
    (is_there && !chart.starts_with(&target)).then_some(target)
}

/// The name that a chart gives itself.
pub(super) fn name_of(chart: &Path) -> Option<String> {
    let tree = charts::metadata(SourceId(0), &chart.join("Chart.yaml")).ok()?;
    tree.get("name").and_then(Node::as_str).map(str::to_owned)
}

/// A name as one part of a path.
pub(super) fn safe(name: &str) -> String {
    let safe = |c: char| if matches!(c, '/' | '\\' | ':') { '_' } else { c };
    name.chars().map(safe).collect::<String>().trim_start_matches(['.', '_']).to_owned()
}

/// The dependency that a package (`redis-17.3.2.tgz`) is of; its own name where it is of none.
pub(super) fn packed(file_name: &str, dependencies: &[Dependency]) -> Option<String> {
    let stem = file_name.strip_suffix(".tgz")?;
    let version = |rest: &str| {
        rest.strip_prefix('-').is_some_and(|rest| {
            rest.trim_start_matches('v').starts_with(|c: char| c.is_ascii_digit())
        })
    };
    let is_of = |it: &&Dependency| stem.strip_prefix(it.name.as_str()).is_some_and(version);
    let found = dependencies.iter().find(is_of);
    Some(found.map_or(stem.to_owned(), |it| it.name.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_is_of_the_dependency_whose_name_it_begins_with() {
        let dependency = |name: &str| Dependency {
            name: name.to_owned(),
            alias: None,
            repository: String::new(),
            condition: None,
            file: PathBuf::new(),
            at: Span::new(SourceId(0), 0, 0),
        };
        let all = [dependency("redis"), dependency("redis-cluster")];
        let of = |file| packed(file, &all);
        assert_eq!(of("redis-17.0.1.tgz").as_deref(), Some("redis"));
        assert_eq!(of("redis-cluster-v1.0.0.tgz").as_deref(), Some("redis-cluster"));
        assert_eq!(of("other-1.tgz").as_deref(), Some("other-1"));
        assert_eq!(of("README.md"), None);
    }
}
