//! A directory of plain manifests, as Argo CD reads it: without kustomize, only the files that its
//! source selects, and the last of two objects with one identity wins.
//!
//! Source: argo-cd reposerver/repository/repository.go, `findManifests`; the API's
//! `ApplicationSourceDirectory`.

use std::collections::HashSet;

use super::built::{Built, FaultKind};
use crate::repo::PathSet;
use crate::text::SourceId;
use crate::yaml::{Node, ScalarKind};

/// The fields of an Application about the directory that it deploys.
#[derive(Clone, Debug, Default)]
pub struct DirectorySource {
    /// `directory.recurse`: the directories below as well.
    recurse: bool,
    /// `directory.include`, as globs relative to the directory.
    include: Option<PathSet>,
    /// `directory.exclude`, as globs relative to the directory.
    exclude: Option<PathSet>,
    /// A plugin generates the manifests instead.
    pub plugin: bool,
}

impl DirectorySource {
    /// The settings of a `spec.source`.
    pub(super) fn of(source: &Node) -> Self {
        let get = |key: &str| source.at(&["directory", key]);
        let is_true = |node: &Node| {
            node.as_scalar().is_some_and(|scalar| scalar.kind == ScalarKind::Bool(true))
        };
        let globs = |key: &str| get(key).and_then(Node::as_str).and_then(globs);
        Self {
            recurse: get("recurse").is_some_and(is_true),
            include: globs("include"),
            exclude: globs("exclude"),
            plugin: source.get("plugin").is_some_and(|plugin| !plugin.is_null()),
        }
    }

    /// Whether a file is read, by its path relative to the directory.
    fn reads(&self, path: &str) -> bool {
        let is = |globs: &Option<PathSet>| globs.as_ref().map(|globs| globs.holds(path));
        (self.recurse || !path.contains('/'))
            && is(&self.include).unwrap_or(true)
            && !is(&self.exclude).unwrap_or(false)
    }

    /// Reduces what kustomize would build of all files below `directory` to what Argo CD builds.
    pub fn apply(&self, built: &mut Built, directory: &str, path_of: &dyn Fn(SourceId) -> String) {
        // What is not a manifest is skipped, and a second object is a warning at most.
        built.faults.retain(|fault| !matches!(fault.kind, FaultKind::Refused | FaultKind::Absent));
        let below = |id: SourceId| {
            let path = path_of(id);
            let inside = path.strip_prefix(directory).unwrap_or(&path);
            self.reads(inside.trim_start_matches('/'))
        };
        built.files.retain(|id| below(*id));
        let mut seen = HashSet::new();
        let mut manifests = std::mem::take(&mut built.manifests);
        manifests.retain(|manifest| built.files.contains(&manifest.head.source));
        manifests.reverse();
        manifests.retain(|manifest| {
            let head = &manifest.head;
            let name = (head.kind.clone(), head.namespace.clone(), head.name.clone());
            seen.insert((head.group.clone(), name))
        });
        manifests.reverse();
        built.manifests = manifests;
    }
}

/// A glob, or several as `{a,b}`: Argo CD matches them against the path relative to the directory.
fn globs(pattern: &str) -> Option<PathSet> {
    let inner = pattern.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
    let each = inner.map_or(vec![pattern], |inner| inner.split(',').collect());
    let anchored: Vec<String> =
        each.iter().map(|glob| format!("/{}", glob.trim().trim_start_matches('/'))).collect();
    PathSet::new(&anchored).ok()
}
