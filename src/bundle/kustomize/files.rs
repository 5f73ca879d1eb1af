//! The files that kustomizations are made of, each read and parsed once.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rayon::prelude::*;

use crate::bundle::path_from;
use crate::repo::{Repo, Role, Scope};
use crate::text::{Source, SourceId, Sources, Span};
use crate::yaml::{self, Limits, Node, Problem, ProblemKind, Stream};

use super::kustomization::{self, NAMES};

/// One file, read.
#[derive(Debug)]
pub(super) struct File {
    pub(super) source: SourceId,
    pub(super) text: Arc<str>,
    /// All of its documents, or what is wrong with them.
    pub(super) stream: Stream,
}

/// What a reference leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// A file of the repository.
    File(String),
    /// A directory of the repository.
    Directory(String),
    /// Nothing is there.
    Nothing(String),
    /// It leaves the repository.
    Outside,
    /// It is fetched from elsewhere.
    Remote,
}

/// The files of all kustomizations.
#[derive(Debug)]
pub(super) struct Files {
    root: PathBuf,
    /// Whether the root is known to be one: else what lies above it is not said to be outside.
    pub(super) root_is_sure: bool,
    by_path: BTreeMap<String, File>,
    /// The kustomization files of each directory.
    kustomizations: BTreeMap<String, Vec<String>>,
    /// The repository's other files that may hold manifests.
    plain: BTreeMap<String, SourceId>,
    /// Paths that could not be read as files, and why.
    pub(super) unreadable: BTreeMap<String, String>,
}

impl Files {
    /// Reads every kustomization of the repository, and what they refer to.
    pub(super) fn find(repo: &Repo, scope: &Scope, sources: &mut Sources, limits: &Limits) -> Self {
        let sure = ["netpol-lint.toml", ".git"].iter().any(|name| repo.root.join(name).exists());
        let mut files = Self {
            root: repo.root.clone(),
            root_is_sure: sure,
            by_path: BTreeMap::new(),
            kustomizations: BTreeMap::new(),
            plain: (0u32..)
                .map(SourceId)
                .zip(&repo.files)
                .filter(|(_, file)| file.role == Role::Manifests)
                .map(|(id, file)| (file.path.clone(), id))
                .collect(),
            unreadable: BTreeMap::new(),
        };
        let known: BTreeMap<&str, SourceId> =
            (0u32..).map(SourceId).zip(&repo.files).map(|(id, f)| (f.path.as_str(), id)).collect();
        let of_kind = repo.files.iter().filter(|file| is_kustomization(file.role, &file.path));
        let mut next: BTreeSet<String> = of_kind.map(|file| file.path.clone()).collect();
        while !next.is_empty() {
            let paths: Vec<(SourceId, String)> = std::mem::take(&mut next)
                .into_iter()
                .map(|path| (files.source(&path, &known, sources), path))
                .collect();
            let read: Vec<(String, Result<File, String>)> = paths
                .into_par_iter()
                .map(|(id, path)| {
                    let file = read(id, &path, repo, scope, limits);
                    (path, file)
                })
                .collect();
            for (path, file) in read {
                match file {
                    Ok(file) => files.keep(path, file, &mut next),
                    Err(why) => {
                        files.unreadable.insert(path, why);
                    }
                }
            }
            next.retain(|path| {
                !files.by_path.contains_key(path) && !files.unreadable.contains_key(path)
            });
        }
        files
    }

    fn source(
        &self,
        path: &str,
        known: &BTreeMap<&str, SourceId>,
        sources: &mut Sources,
    ) -> SourceId {
        known
            .get(path)
            .copied()
            .unwrap_or_else(|| sources.add(Source::file(path.to_owned(), self.root.join(path))))
    }

    /// Keeps a file, and notes what it refers to.
    fn keep(&mut self, path: String, file: File, next: &mut BTreeSet<String>) {
        let (directory, name) = split(&path);
        if NAMES.contains(&name) {
            self.kustomizations.entry(directory.to_owned()).or_default().push(path.clone());
        }
        let is_kustomization = NAMES.contains(&name);
        let references = file.stream.documents.iter().flat_map(|document| match is_kustomization {
            true => kustomization::references(&document.root),
            // A replacement, a transformer: read as they are, and what they refer to as well.
            false => kustomization::references_of_part(&document.root),
        });
        for reference in references {
            match self.look(directory, reference) {
                Found::File(path) => {
                    next.insert(path);
                }
                Found::Directory(directory) => {
                    for name in NAMES {
                        let path = join(&directory, name);
                        if self.root.join(&path).is_file() {
                            next.insert(path);
                        }
                    }
                }
                Found::Nothing(_) | Found::Outside | Found::Remote => {}
            }
        }
        self.by_path.insert(path, file);
    }

    /// What a reference in a kustomization of `directory` leads to.
    pub(super) fn look(&self, directory: &str, reference: &str) -> Found {
        if is_remote(reference) {
            return Found::Remote;
        }
        // An absolute path is one of this machine, and leaves the repository with that.
        let Some(path) = path_from(directory, reference).filter(|_| !reference.contains('\n'))
        else {
            return Found::Outside;
        };
        let full = self.root.join(&path);
        let Ok(real) = full.canonicalize() else {
            return Found::Nothing(path);
        };
        // A symbolic link may lead anywhere.
        if !real.starts_with(&self.root) {
            return Found::Outside;
        }
        if real.is_dir() {
            Found::Directory(path)
        } else if real.is_file() {
            Found::File(path)
        } else {
            Found::Nothing(path)
        }
    }

    pub(super) fn get(&self, path: &str) -> Option<&File> {
        self.by_path.get(path)
    }

    pub(super) fn paths(&self) -> impl Iterator<Item = (&str, &File)> {
        self.by_path.iter().map(|(path, file)| (path.as_str(), file))
    }

    /// The directories that hold a kustomization.
    pub(super) fn directories(&self) -> impl Iterator<Item = &str> {
        self.kustomizations.keys().map(String::as_str)
    }

    /// The kustomization files of a directory: more than one is an error.
    pub(super) fn kustomizations(&self, directory: &str) -> &[String] {
        self.kustomizations.get(directory).map_or(&[], Vec::as_slice)
    }

    /// The text of a file that is no manifest, read now; none where it is none, or too large.
    pub(super) fn text(&self, path: &str, limits: &Limits) -> Option<String> {
        let bytes = bytes(&self.root.join(path), limits).ok()?;
        let text = String::from_utf8(bytes).ok()?;
        (text.len() as u64 <= limits.file_bytes).then_some(text)
    }

    /// The plain manifests below a directory, read now: only what a controller deploys as it
    /// is needs them.
    pub(super) fn plain_below(&self, directory: &str, limits: &Limits) -> Vec<(String, File)> {
        let prefix = format!("{directory}/");
        let start = self.plain.range(prefix.clone()..);
        let below = start.take_while(|(path, _)| path.starts_with(&prefix));
        let read = below.filter_map(|(path, id)| {
            let bytes = bytes(&self.root.join(path), limits).ok()?;
            let text = yaml::decode_utf8(*id, &bytes).ok()?;
            let stream = yaml::read(*id, &text, 0..text.len(), None, limits);
            Some((path.clone(), File { source: *id, text: Arc::from(text.as_ref()), stream }))
        });
        read.collect()
    }
}

fn is_kustomization(role: Role, path: &str) -> bool {
    role == Role::Kustomization || (role == Role::Stdin && NAMES.contains(&split(path).1))
}

pub(super) fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('/').unwrap_or(("", path))
}

pub(super) fn join(directory: &str, name: &str) -> String {
    if directory.is_empty() { name.to_owned() } else { format!("{directory}/{name}") }
}

/// A URL, a git repository, an OCI image (api/internal/git/repospec.go).
pub(super) fn is_remote(reference: &str) -> bool {
    let reference = reference.trim();
    let hosts = ["github.com/", "github.com:", "gitlab.com/", "bitbucket.org/", "git@", "git::"];
    !reference.contains('\n')
        && (reference.contains("://")
            || hosts.iter().any(|host| reference.starts_with(host))
            || reference.contains("?ref=")
            || reference.contains(".git/")
            || reference.ends_with(".git"))
}

fn read(
    id: SourceId,
    path: &str,
    repo: &Repo,
    scope: &Scope,
    limits: &Limits,
) -> Result<File, String> {
    let is_stdin = repo.files.get(id.0 as usize).is_some_and(|file| file.role == Role::Stdin);
    let bytes: Vec<u8> = if is_stdin {
        scope.stdin.clone().unwrap_or_default()
    } else if let Some(text) = scope.edited.get(path) {
        text.as_bytes().to_vec()
    } else {
        bytes(&repo.root.join(path), limits)?
    };
    let problem = |kind| Problem { kind, span: Span::new(id, 0, 0) };
    if bytes.len() as u64 > limits.file_bytes {
        let what = format!("this file is larger than {} MiB", limits.file_bytes >> 20);
        let problems = vec![problem(ProblemKind::Limit(what))];
        let stream = Stream { problems, ..Stream::default() };
        return Ok(File { source: id, text: Arc::from(""), stream });
    }
    match yaml::decode_utf8(id, &bytes) {
        Ok(text) => {
            let stream = yaml::read(id, &text, 0..text.len(), None, limits);
            Ok(File { source: id, text: Arc::from(text.as_ref()), stream })
        }
        Err(problem) => {
            let text = Arc::from(String::from_utf8_lossy(&bytes));
            let stream = Stream { problems: vec![problem], ..Stream::default() };
            Ok(File { source: id, text, stream })
        }
    }
}

/// The bytes of a file, up to one more than the limit.
fn bytes(path: &Path, limits: &Limits) -> Result<Vec<u8>, String> {
    use std::io::Read;
    let mut bytes = Vec::new();
    let read = std::fs::File::open(path)
        .and_then(|file| file.take(limits.file_bytes + 1).read_to_end(&mut bytes));
    read.map(|_| bytes).map_err(|error| {
        let text = error.to_string();
        text.split(" (os error").next().unwrap_or(&text).to_lowercase()
    })
}

/// The documents of a file as resources: problems stay where they are.
pub(super) fn roots(file: &File) -> impl Iterator<Item = &Node> {
    file.stream.documents.iter().map(|document| &document.root)
}
