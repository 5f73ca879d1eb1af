//! Files of the repository, including those that the walk skipped. Nothing outside the root is ever
//! opened, whatever a symbolic link says.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use crate::repo::{Boundary, LeftOut, Repo, Role, Scope, covered};
use crate::text::SourceId;
use crate::yaml::Limits;

/// The names of a kustomization, in kustomize's order.
pub(super) const NAMES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// What is at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// A file; its path relative to the root, free of symbolic links.
    File(String),
    /// A directory; its path relative to the root, free of symbolic links.
    Directory(String),
    Missing,
    /// A symbolic link points outside the repository.
    Outside,
    /// A pipe, a device.
    Special,
}

/// The repository's files, and the texts that replace them.
#[derive(Debug)]
pub(super) struct Disk {
    root: PathBuf,
    known: BTreeMap<String, SourceId>,
    open: Vec<PathBuf>,
    roles: Vec<Role>,
    edited: BTreeMap<String, Arc<str>>,
    stdin: Option<(String, Vec<u8>)>,
    /// Symbolic links with the name of a kustomization.
    links: Vec<String>,
    pub limits: Limits,
}

impl Disk {
    pub fn new(repo: &Repo, scope: &Scope, limits: &Limits) -> Self {
        let ids = (0u32..).map(SourceId);
        let links = repo.left_out.iter().filter(|(path, why)| {
            *why == LeftOut::Symlink && NAMES.contains(&path.rsplit('/').next().unwrap_or(path))
        });
        let stdin = repo.files.iter().find(|file| file.role == Role::Stdin);
        Self {
            root: repo.root.clone(),
            known: repo.files.iter().map(|file| file.path.clone()).zip(ids).collect(),
            open: repo.files.iter().map(|file| file.open.clone()).collect(),
            roles: repo.files.iter().map(|file| file.role).collect(),
            edited: scope.edited.clone(),
            stdin: stdin.map(|file| (file.path.clone(), scope.stdin.clone().unwrap_or_default())),
            links: links.map(|(path, _)| path.clone()).collect(),
            limits: *limits,
        }
    }

    /// The paths that gitignore rules cover.
    pub fn ignored<'p>(&self, paths: impl Iterator<Item = &'p str>) -> BTreeSet<String> {
        covered(&self.root, paths)
    }

    /// Whether the root is that of a repository, and not only the directory of the given paths.
    pub fn is_repository(&self) -> bool {
        [".git", "netpol-lint.toml"].iter().any(|name| self.root.join(name).exists())
    }

    /// The source of a file that the walk found.
    pub fn source(&self, path: &str) -> Option<SourceId> {
        self.known.get(path).copied()
    }

    /// The path of a source that the walk found.
    pub fn path(&self, source: SourceId) -> Option<&str> {
        self.known.iter().find(|(_, id)| **id == source).map(|(path, _)| path.as_str())
    }

    /// Whether a file's text differs from the one on disk.
    pub fn stands_in(&self, path: &str) -> bool {
        self.edited.contains_key(path) || self.stdin.as_ref().is_some_and(|(name, _)| name == path)
    }

    /// The path to open a file with.
    pub fn open(&self, path: &str) -> PathBuf {
        let known = self.source(path).and_then(|id| self.open.get(id.0 as usize));
        known.cloned().unwrap_or_else(|| self.root.join(path))
    }

    /// The kustomizations that the walk found.
    pub fn kustomizations(&self) -> impl Iterator<Item = &str> {
        let files = self.known.iter().filter(|(path, id)| {
            let role = self.roles.get(id.0 as usize);
            let name = path.rsplit('/').next().unwrap_or(path);
            role == Some(&Role::Kustomization)
                || (role == Some(&Role::Stdin) && NAMES.contains(&name))
        });
        files.map(|(path, _)| path.as_str()).chain(self.links.iter().map(String::as_str))
    }

    /// The manifests below a directory that the walk found, sorted.
    pub fn manifests_below<'a>(&'a self, directory: &'a str) -> impl Iterator<Item = &'a str> {
        let files = self.known.iter().filter(move |(path, id)| {
            let role = self.roles.get(id.0 as usize);
            let below = directory.is_empty()
                || path.strip_prefix(directory).is_some_and(|rest| rest.starts_with('/'));
            below && matches!(role, Some(Role::Manifests | Role::Stdin))
        });
        files.map(|(path, _)| path.as_str())
    }

    /// What is at a path relative to the root.
    pub fn find(&self, path: &str) -> Found {
        if self.stands_in(path) {
            return Found::File(path.to_owned());
        }
        let Ok(real) = fs::canonicalize(self.root.join(path)) else {
            return Found::Missing;
        };
        if Boundary::new(&self.root).resolve(&real).is_err() {
            return Found::Outside;
        }
        let inner = real.strip_prefix(&self.root).unwrap_or(&real);
        let parts = inner.components().map(|part| part.as_os_str().to_string_lossy());
        let label = parts.collect::<Vec<_>>().join("/");
        match fs::metadata(&real) {
            Ok(metadata) if metadata.is_dir() => Found::Directory(label),
            Ok(metadata) if metadata.is_file() => Found::File(label),
            Ok(_) => Found::Special,
            Err(_) => Found::Missing,
        }
    }

    /// The bytes of a file that was found.
    ///
    /// # Errors
    /// Why they can't be read, in words.
    pub fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        if let Some((_, bytes)) = self.stdin.as_ref().filter(|(name, _)| name == path) {
            return Ok(bytes.clone());
        }
        if let Some(text) = self.edited.get(path) {
            return Ok(text.as_bytes().to_vec());
        }
        let boundary = Boundary::new(&self.root);
        boundary.read(&self.open(path), self.limits.file_bytes).map_err(|error| {
            let text = error.to_string();
            let text = text.split(" (os error").next().unwrap_or(&text);
            if text.contains("MiB") { text.to_owned() } else { text.to_lowercase() }
        })
    }
}
