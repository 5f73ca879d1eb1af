//! Which files Flux fetches of this repository: those of the artifact that source-controller makes
//! of a GitRepository.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::OnceLock;

use super::deployed::Build;
use crate::bundle::Head;
use crate::bundle::gitops::GitSource;
use crate::model::{Body, Object, kinds};
use crate::repo::SourceIgnore;

/// The artifacts of all GitRepositories.
pub(crate) struct Artifacts<'a> {
    root: &'a Path,
    directories: &'a BTreeSet<&'a str>,
    /// `spec.ignore` of those that have one.
    ignores: BTreeMap<GitSource, String>,
    /// Read when Flux deploys a directory without a kustomization.
    source_ignore: OnceLock<SourceIgnore>,
}

impl<'a> Artifacts<'a> {
    /// Those of a repository with these directories and objects.
    pub(crate) fn of(
        root: &'a Path,
        directories: &'a BTreeSet<&'a str>,
        plain: &[Object],
        made: &[Build],
    ) -> Self {
        let plain = plain.iter().filter_map(|object| match &object.body {
            Body::GitSource(Some(ignore)) => Some((&object.head, ignore.to_string())),
            _ => None,
        });
        let made = made.iter().flat_map(|one| &one.built.manifests).filter_map(|it| {
            let is_one = kinds::is_git_source(&it.head.group, &it.head.kind);
            let ignore = it.tree.at(&["spec", "ignore"]).filter(|_| is_one)?;
            Some((&it.head, ignore.as_str()?.to_owned()))
        });
        let named = |(head, ignore): (&Head, String)| {
            let (namespace, name) = (head.namespace.clone(), head.name.clone());
            (GitSource { namespace, name }, ignore)
        };
        let ignores = plain.chain(made).map(named).collect();
        Self { root, directories, ignores, source_ignore: OnceLock::new() }
    }

    /// Whether kustomize-controller reads a file of a directory without a kustomization: YAML, by
    /// its extension (fluxcd/pkg kustomize, `scanManifests`), that the artifact has.
    pub(crate) fn have(&self, source: Option<&GitSource>, path: &str) -> bool {
        let ignore = source.and_then(|source| self.ignores.get(source)).map(String::as_str);
        let read = || SourceIgnore::read(self.root, self.directories.iter().copied());
        let is_yaml = path.ends_with(".yaml") || path.ends_with(".yml");
        is_yaml && !self.source_ignore.get_or_init(read).leaves_out(path, ignore)
    }
}
