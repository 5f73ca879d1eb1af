//! Reads a chart from its directory, with the charts in the same repository that it depends on:
//! only files that a chart may consist of, so no link leads outside the repository.

use std::fs;
use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};

use indexmap::IndexMap;

use super::ignore::Rules;
use super::metadata::{Dependency, Metadata};
use super::{Elsewhere, File, Found, Loaded, Refused, archive};
use crate::repo::{self, Boundary};
use crate::text::SourceId;
use crate::yaml::{self, Limits, Node, ProblemKind};

/// The most bytes and files of one chart with its dependencies. Helm's own limit for an archive
/// (100 MiB) is similar.
const BYTES: u64 = 64 << 20;
const FILES: usize = 20_000;
/// What one chart may depend on.
const DEPENDENCIES: usize = 1000;
/// The deepest nesting of directories, with links followed: a link to a parent directory ends here.
const DEPTH: usize = 32;

/// The files of a chart, unless one of its templates requests others.
const KNOWN: [&str; 5] = ["Chart.yaml", "charts", "requirements.yaml", "templates", "values.yaml"];

/// Loads the chart in a directory; nothing is read from outside `root`.
///
/// # Errors
/// Why it can't be loaded.
pub(in crate::bundle::helm) fn load(directory: &Path, root: &Path) -> Result<Found, Refused> {
    let mut reader = Reader {
        root,
        bytes: 0,
        count: 0,
        files: Vec::new(),
        elsewhere: Vec::new(),
        left_out: Vec::new(),
    };
    let chart = reader.directory(directory, 0)?;
    let Reader { elsewhere, left_out, files, .. } = reader;
    Ok(Found { chart, elsewhere, left_out, files })
}

/// The schema of a chart's values. It is never read.
const SCHEMA: &str = "values.schema.json";

struct Reader<'r> {
    root: &'r Path,
    bytes: u64,
    count: usize,
    files: Vec<PathBuf>,
    elsewhere: Vec<Elsewhere>,
    left_out: Vec<(String, String)>,
}

impl Reader<'_> {
    /// A chart in a directory, with its own `.helmignore`.
    fn directory(&mut self, from: &Path, depth: usize) -> Result<Loaded, Refused> {
        let mut text = String::new();
        if let Some(path) = self.within(&from.join(".helmignore"))?
            && path.is_file()
        {
            text = String::from_utf8_lossy(&self.bytes_of(&path)?).into_owned();
        }
        let rules = Rules::new(&text).map_err(|why| {
            Refused::new(format!("has a .helmignore that helm rejects: {why}"), "fix the pattern")
        })?;
        let mut files = Vec::new();
        for name in KNOWN {
            self.walk(&from.join(name), name, &rules, depth, &mut files)?;
        }
        let asks = files.iter().any(|file| {
            file.name.contains("templates/") && contains(&file.bytes, b"Files")
                || file.name.ends_with(".tgz")
        });
        if asks {
            for name in self.entries(from)? {
                if name != ".git" && !KNOWN.contains(&name.as_str()) && name != "Chart.lock" {
                    self.walk(&from.join(&name), &name, &rules, depth, &mut files)?;
                }
            }
        }
        let mut chart = self.chart(files, Some(from), depth)?;
        let schema = from.join(SCHEMA).symlink_metadata();
        let is_there = schema.is_ok_and(|it| it.is_file()) && !rules.ignores(SCHEMA, false);
        chart.has_schema |= is_there;
        Ok(chart)
    }

    /// The files below a path, with their names in the chart.
    fn walk(
        &mut self,
        path: &Path,
        name: &str,
        rules: &Rules,
        depth: usize,
        files: &mut Vec<File>,
    ) -> Result<(), Refused> {
        let Some(path) = self.within(path)? else { return Ok(()) };
        let is_directory = path.is_dir();
        if rules.ignores(name, is_directory) {
            return Ok(());
        }
        if !is_directory {
            let bytes = self.bytes_of(&path)?;
            let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes).into();
            files.push(File { name: name.to_owned(), bytes, path: Some(path), package: None });
            return Ok(());
        }
        if depth > DEPTH {
            return Err(Refused::new(
                format!("has directories more than {DEPTH} deep: {name}"),
                "remove the symbolic link that points to one of its parent directories",
            ));
        }
        for entry in self.entries(&path)? {
            let inner = format!("{name}/{entry}");
            self.walk(&path.join(&entry), &inner, rules, depth + 1, files)?;
        }
        Ok(())
    }

    /// A chart with these files. `home` is its directory, if it has one.
    fn chart(
        &mut self,
        files: Vec<File>,
        home: Option<&Path>,
        depth: usize,
    ) -> Result<Loaded, Refused> {
        let mut chart = Loaded {
            metadata: Metadata::default(),
            values: None,
            templates: Vec::new(),
            others: Vec::new(),
            has_schema: false,
            parts: Vec::new(),
        };
        for name in ["Chart.yaml", "requirements.yaml"] {
            if let Some(file) = files.iter().find(|file| file.name == name) {
                let tree = metadata(file)?;
                let at = file.path.as_ref().or(file.package.as_ref());
                chart.metadata.take_in(tree, at.map_or(Path::new(""), PathBuf::as_path));
            }
        }
        if chart.metadata.dependencies.len() > DEPENDENCIES {
            let why = format!("has more than {DEPENDENCIES} dependencies");
            return Err(Refused::new(why, "take out those that it does not need"));
        }
        if chart.metadata.tree.is_none() {
            return Err(Refused::new(
                "has no Chart.yaml that helm reads".to_owned(),
                "see that .helmignore does not leave it out",
            ));
        }
        let mut parts: IndexMap<String, Vec<File>> = IndexMap::new();
        for file in files {
            if let Some(rest) = file.name.strip_prefix("charts/") {
                let (part, inner) = rest.split_once('/').unwrap_or((rest, ""));
                let inner = File { name: inner.to_owned(), ..file.clone() };
                parts.entry(part.to_owned()).or_default().push(inner);
            } else if file.name.starts_with("templates/") {
                chart.templates.push(file);
            } else if file.name == "values.yaml" {
                chart.values = Some(file);
            } else if file.name == SCHEMA {
                // helm keeps it out of `.Files` too.
                chart.has_schema = true;
            } else if file.name != "Chart.yaml" && file.name != "Chart.lock" {
                chart.others.push(file);
            }
        }
        for (name, files) in parts {
            chart.parts.extend(self.part(&name, files, depth)?);
        }
        self.dependencies(&mut chart, home, depth)?;
        Ok(chart)
    }

    /// An entry of `charts/`: a directory or a package.
    fn part(
        &mut self,
        name: &str,
        files: Vec<File>,
        depth: usize,
    ) -> Result<Option<Loaded>, Refused> {
        if name.starts_with(['_', '.']) {
            return Ok(None);
        }
        if name.ends_with(".tgz")
            && let Some(package) = files.first()
        {
            return self.package(name, package, depth);
        }
        if !files.iter().any(|file| file.name == "Chart.yaml") {
            return Ok(None);
        }
        let at = |file: &File| file.path.as_deref().and_then(Path::parent).map(Path::to_path_buf);
        let home = files.iter().find(|file| file.name == "Chart.yaml").and_then(at);
        self.chart(files, home.as_deref(), depth + 1).map(Some)
    }

    /// A packaged chart; `None` if it can't be unpacked.
    fn package(
        &mut self,
        name: &str,
        package: &File,
        depth: usize,
    ) -> Result<Option<Loaded>, Refused> {
        let unpacked = match depth > DEPTH {
            true => Err(format!("is nested in packages, more than {DEPTH} levels deep")),
            false => {
                let left = BYTES.saturating_sub(self.bytes);
                archive::unpack(&package.bytes, left, FILES.saturating_sub(self.count))
            }
        };
        let files = match unpacked {
            Ok(files) => files,
            Err(why) => {
                self.left_out.push((format!("charts/{name}"), why));
                return Ok(None);
            }
        };
        let home = package.path.clone().or_else(|| package.package.clone());
        self.count += files.len();
        let files = files.into_iter().map(|(name, bytes)| {
            self.bytes += bytes.len() as u64;
            File { name, bytes: bytes.into(), path: None, package: home.clone() }
        });
        let files = files.collect();
        self.chart(files, None, depth + 1).map(Some)
    }

    /// Adds the dependencies that are in the same repository, and records those that are not.
    fn dependencies(
        &mut self,
        chart: &mut Loaded,
        home: Option<&Path>,
        depth: usize,
    ) -> Result<(), Refused> {
        for dependency in chart.metadata.dependencies.clone() {
            if chart.parts.iter().any(|part| part.metadata.name == dependency.name) {
                continue;
            }
            let local = home.and_then(|home| local(&dependency, home, self.root));
            match local {
                Some(local) if depth < DEPTH => {
                    let part = self.directory(&local, depth + 8)?;
                    chart.parts.push(part);
                }
                _ => self.elsewhere.push(Elsewhere {
                    name: dependency.name,
                    repository: dependency.repository,
                    condition: dependency.condition,
                    file: dependency.file,
                    at: dependency.at,
                    is_direct: depth == 0,
                }),
            }
        }
        Ok(())
    }

    /// The bytes of a regular file.
    fn bytes_of(&mut self, path: &Path) -> Result<Vec<u8>, Refused> {
        let shown = || shown(path.strip_prefix(self.root).unwrap_or(path));
        let mut bytes = Vec::new();
        let left = BYTES.saturating_sub(self.bytes);
        repo::read_met(path, left, &mut bytes)
            .map_err(|error| Refused::unreadable(&shown(), &error))?;
        self.bytes += bytes.len() as u64;
        self.count += 1;
        if self.bytes > BYTES || self.count > FILES {
            let why = format!("has more than {} MiB or {FILES} files", BYTES >> 20);
            return Err(Refused::new(
                why,
                "move files that are not part of the chart out of its directory",
            ));
        }
        self.files.push(path.to_path_buf());
        Ok(bytes)
    }

    /// A path without symbolic links; `None` if it does not exist.
    fn within(&self, path: &Path) -> Result<Option<PathBuf>, Refused> {
        let Ok(metadata) = path.symlink_metadata() else { return Ok(None) };
        if !metadata.file_type().is_symlink() {
            return Ok(Some(path.to_path_buf()));
        }
        Boundary::new(self.root).resolve(path).map(Some).map_err(|error| {
            let link = shown(path.strip_prefix(self.root).unwrap_or(path));
            let points = match error.kind() {
                ErrorKind::NotFound => "nowhere",
                _ => "outside the repository",
            };
            let help = "replace the link with the file: helm would read the link's target";
            Refused::new(format!("has a symbolic link `{link}` that points {points}"), help)
        })
    }

    /// The names in a directory, sorted.
    fn entries(&self, folder: &Path) -> Result<Vec<String>, Refused> {
        let failed = |error: std::io::Error| {
            Refused::unreadable(&shown(folder.strip_prefix(self.root).unwrap_or(folder)), &error)
        };
        let mut names = Vec::new();
        for entry in fs::read_dir(folder).map_err(failed)? {
            // A template can't request a name that is not UTF-8.
            names.extend(entry.map_err(failed)?.file_name().into_string().ok());
        }
        names.sort_unstable();
        Ok(names)
    }
}

fn metadata(file: &File) -> Result<Node, Refused> {
    let text = file.text();
    let stream = yaml::read(SourceId(0), &text, 0..text.len(), None, &Limits::default());
    if let Some(document) = stream.documents.into_iter().next() {
        return Ok(document.root);
    }
    let why =
        stream.problems.into_iter().next().map_or(
            "it is empty".to_owned(),
            |problem| match problem.kind {
                ProblemKind::Syntax(why) | ProblemKind::Limit(why) => why,
                ProblemKind::Template => "it is a template".to_owned(),
                ProblemKind::NotUtf8 => "it is not UTF-8".to_owned(),
            },
        );
    Err(Refused::new(
        format!("has a {} that can't be read: {why}", file.name),
        "fix the file: helm can't read it",
    ))
}

/// The directory of a dependency in the same repository.
fn local(dependency: &Dependency, chart: &Path, root: &Path) -> Option<PathBuf> {
    let path = Path::new(dependency.repository.strip_prefix("file://")?);
    if path.components().any(|part| matches!(part, Component::RootDir | Component::Prefix(_))) {
        return None;
    }
    let target = Boundary::new(root).resolve(&chart.join(path)).ok()?;
    let is_there = target.join("Chart.yaml").is_file();
    (is_there && !chart.starts_with(&target)).then_some(target)
}

/// A path with `/` on every platform.
pub(in crate::bundle::helm) fn shown(path: &Path) -> String {
    path.to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/")
}

fn contains(bytes: &[u8], word: &[u8]) -> bool {
    memchr::memmem::find(bytes, word).is_some()
}
