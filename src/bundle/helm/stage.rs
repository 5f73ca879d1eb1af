//! A copy of a chart in a directory of its own, for helm to read: what a chart may be made of and
//! nothing else, so that no link leads it out of the repository, and with the charts of the same
//! repository that it depends on. A second copy has marks in its templates.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::charts::{self, Chart};
use super::cleanup::Folder;
use super::dependencies::{Dependency, dependencies, local, name_of, packed, safe};
use super::packages::{self, Room};
use super::{flow, marks};
use crate::repo;
use crate::text::SourceId;
use crate::yaml::Node;

/// Bytes and files of one chart with all that it is made of. What helm itself takes of an archive
/// (100 MiB) is of this size.
const BYTES: u64 = 64 << 20;
const FILES: usize = 20_000;
/// Directories within each other, links followed: a link to a directory above itself ends here.
const DEPTH: usize = 32;

/// What a chart is made of, where none of its templates asks for other files.
const PARTS: [&str; 6] =
    [".helmignore", "Chart.yaml", "charts", "requirements.yaml", "templates", "values.yaml"];

/// A path within a temporary directory of ours: the only paths that helm is given.
#[derive(Clone, Debug)]
pub(super) struct StagedPath(PathBuf);

impl StagedPath {
    pub(super) fn as_path(&self) -> &Path {
        &self.0
    }
}

/// A chart that is ready for helm.
#[derive(Debug)]
pub(super) struct Staged {
    folder: Folder,
    /// The files that it was made of: where they are in a copy, and where they are from.
    files: BTreeMap<PathBuf, PathBuf>,
    /// Where in a copy the charts are, by helm's name for them (`shop/charts/db`).
    charts: BTreeMap<String, PathBuf>,
    /// What is named as a dependency and lies elsewhere.
    pub(super) elsewhere: Vec<Dependency>,
    /// Packages that are not handed to helm: their paths in the chart, and why.
    pub(super) left_out: Vec<(String, String)>,
    /// All dependencies, by helm's name for the chart that has them.
    dependencies: BTreeMap<String, Vec<Dependency>>,
    bytes: u64,
    /// How many files came out of packages.
    packed_files: usize,
    /// A template, or a package that can't be looked into, may ask for other files of the chart.
    asks_for_files: bool,
}

/// Why a chart can't be copied.
#[derive(Debug)]
pub(super) struct Refused {
    /// What is wrong, in a sentence's end: "chart `shop` …".
    pub(super) why: String,
    pub(super) help: &'static str,
}

impl Refused {
    fn unreadable(path: &str, error: &std::io::Error) -> Self {
        let why = format!("has `{path}`, which can't be read: {error}");
        Self { why, help: "make it readable, or remove it from the chart" }
    }
}

/// The directory of the copy with marks, and of the other one.
pub(super) const PLAIN: &str = "plain";
pub(super) const MARKED: &str = "marked";

impl Staged {
    /// Copies `chart`; nothing is read from outside `root`.
    pub(super) fn new(chart: &Chart, root: &Path) -> Result<Self, Refused> {
        let failed = |error: std::io::Error| Refused {
            why: format!("can't be copied to a temporary directory: {error}"),
            help: "free up space there, or set TMPDIR to another directory",
        };
        let mut staged = Self {
            folder: Folder::new().map_err(failed)?,
            files: BTreeMap::new(),
            charts: BTreeMap::new(),
            elsewhere: Vec::new(),
            dependencies: BTreeMap::new(),
            left_out: Vec::new(),
            bytes: 0,
            packed_files: 0,
            asks_for_files: false,
        };
        for name in ["home", "values"] {
            fs::create_dir(staged.folder.path().join(name)).map_err(failed)?;
        }
        let missing = staged.chart(&chart.open, Path::new(""), &chart.name, root, 0)?;
        if staged.asks_for_files {
            let places: Vec<PathBuf> = staged.charts.values().cloned().collect();
            for place in places {
                staged.other_files(&place, root)?;
            }
        }
        staged.trim(&missing).map_err(failed)?;
        Ok(staged)
    }

    pub(super) fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    /// The directory of a copy.
    pub(super) fn copy(&self, which: &str) -> StagedPath {
        StagedPath(self.folder.path().join(which))
    }

    /// Where the temporary directory is, to be taken out of messages.
    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Adds a values file for helm to read, and returns its path.
    pub(super) fn add_values(
        &self,
        number: usize,
        text: &[u8],
    ) -> Result<StagedPath, std::io::Error> {
        let path = self.folder.path().join("values").join(format!("{number}.yaml"));
        fs::write(&path, text)?;
        Ok(StagedPath(path))
    }

    /// Where a file is from, by helm's name for it: `shop/charts/db/templates/pod.yaml`.
    pub(super) fn origin(&self, name: &str) -> Option<&Path> {
        self.files.get(&self.place(name)?).map(PathBuf::as_path)
    }

    /// Where a file is in a copy, by helm's name for it.
    pub(super) fn place(&self, name: &str) -> Option<PathBuf> {
        let (chart, place) = self.chart_of(name)?;
        let rest = name.strip_prefix(chart)?.trim_start_matches('/');
        Some(place.join(rest)).filter(|place| self.files.contains_key(place))
    }

    /// The dependency that a file without an origin is from: it is packed.
    pub(super) fn package(&self, name: &str) -> Option<&Dependency> {
        let (chart, _) = self.chart_of(name)?;
        let rest = name.strip_prefix(chart)?.strip_prefix("/charts/")?;
        let part = rest.split('/').next()?;
        let dependencies = self.dependencies.get(chart)?;
        dependencies.iter().find(|it| it.name == part || it.alias.as_deref() == Some(part))
    }

    /// The innermost chart that a name lies in.
    fn chart_of(&self, name: &str) -> Option<(&str, &PathBuf)> {
        let within = |chart: &String| {
            name.strip_prefix(chart.as_str()).is_some_and(|rest| rest.starts_with('/'))
        };
        let found = self.charts.iter().filter(|(chart, _)| within(chart));
        found.max_by_key(|(chart, _)| chart.len()).map(|(chart, place)| (chart.as_str(), place))
    }

    /// All files that were copied, where they are from.
    pub(super) fn origins(&self) -> impl Iterator<Item = &Path> {
        self.files.values().map(PathBuf::as_path)
    }

    /// Copies a chart to `place` in the copy, with the charts in it. Returns the dependencies that
    /// are not there.
    fn chart(
        &mut self,
        from: &Path,
        place: &Path,
        name: &str,
        root: &Path,
        depth: usize,
    ) -> Result<Vec<Dependency>, Refused> {
        self.charts.insert(name.to_owned(), place.to_path_buf());
        for part in PARTS {
            if part != "charts" {
                self.entry(&from.join(part), &place.join(part), root, depth)?;
            }
        }
        let dependencies = dependencies(from);
        self.dependencies.insert(name.to_owned(), dependencies.clone());
        let there = self.parts(from, place, name, &dependencies, root, depth)?;
        let mut missing = Vec::new();
        for dependency in dependencies {
            if there.iter().any(|part| part == &dependency.name) {
                continue;
            }
            match local(&dependency, from, root) {
                Some(local) if depth < DEPTH => {
                    let place = place.join("charts").join(safe(&dependency.name));
                    let called = dependency.alias.as_ref().unwrap_or(&dependency.name);
                    let called = format!("{name}/charts/{called}");
                    self.chart(&local, &place, &called, root, depth + 1)?;
                }
                _ => missing.push(dependency),
            }
        }
        self.elsewhere.extend(missing.iter().cloned());
        Ok(missing)
    }

    /// Copies what lies in the `charts/` of a chart, and returns the names of the charts there.
    fn parts(
        &mut self,
        from: &Path,
        place: &Path,
        name: &str,
        dependencies: &[Dependency],
        root: &Path,
        depth: usize,
    ) -> Result<Vec<String>, Refused> {
        let mut there = Vec::new();
        let folder = from.join("charts");
        let Some(folder) = within(&folder, root)? else { return Ok(there) };
        for file_name in entries(&folder)? {
            let path = folder.join(&file_name);
            let place = place.join("charts").join(&file_name);
            if path.join("Chart.yaml").is_file() && depth < DEPTH {
                let Some(path) = within(&path, root)? else { continue };
                within(&path.join("Chart.yaml"), root)?;
                let part = name_of(&path).unwrap_or_else(|| file_name.clone());
                let aliases = dependencies.iter().filter(|it| it.name == part);
                let aliases: Vec<&String> = aliases.filter_map(|it| it.alias.as_ref()).collect();
                self.chart(&path, &place, &format!("{name}/charts/{part}"), root, depth + 1)?;
                for alias in aliases {
                    self.charts.insert(format!("{name}/charts/{alias}"), place.clone());
                }
                there.push(part);
            } else {
                let left_out = self.left_out.len();
                self.entry(&path, &place, root, depth)?;
                let part = packed(&file_name, dependencies);
                if let Some(part) = part.filter(|_| self.left_out.len() == left_out) {
                    self.asks_for_files = true;
                    there.push(part);
                }
            }
        }
        Ok(there)
    }

    /// The files of a chart that a template may ask for.
    fn other_files(&mut self, place: &Path, root: &Path) -> Result<(), Refused> {
        let Some(from) = self.files.get(&place.join("Chart.yaml")).and_then(|file| file.parent())
        else {
            return Ok(());
        };
        let from = from.to_path_buf();
        for name in entries(&from)? {
            if name != ".git" && !PARTS.contains(&name.as_str()) && name != "Chart.lock" {
                self.entry(&from.join(&name), &place.join(&name), root, 0)?;
            }
        }
        Ok(())
    }

    /// Copies a file or a directory with what is in it.
    fn entry(
        &mut self,
        from: &Path,
        place: &Path,
        root: &Path,
        depth: usize,
    ) -> Result<(), Refused> {
        let Some(from) = within(from, root)? else { return Ok(()) };
        if !from.is_dir() {
            return self.file(&from, place);
        }
        if depth > DEPTH {
            return Err(Refused {
                why: format!("has directories more than {DEPTH} deep: {}", shown(place)),
                help: "remove the symbolic link that points to one of its parent directories",
            });
        }
        for name in entries(&from)? {
            self.entry(&from.join(&name), &place.join(&name), root, depth + 1)?;
        }
        Ok(())
    }

    fn file(&mut self, from: &Path, place: &Path) -> Result<(), Refused> {
        let failed = |error: std::io::Error| Refused::unreadable(&shown(place), &error);
        if !from.metadata().map_err(failed)?.is_file() {
            return Err(Refused {
                why: format!("contains `{}`, which is not a regular file", shown(place)),
                help: "remove it from the chart",
            });
        }
        // helm fetches what a schema refers to, so that it is never handed one.
        if place.file_name().and_then(|name| name.to_str()).is_some_and(is_schema) {
            return Ok(());
        }
        let mut bytes = Vec::new();
        let left = BYTES - self.bytes.min(BYTES);
        repo::read_met(from, left, &mut bytes).map_err(failed)?;
        self.bytes += bytes.len() as u64;
        let files = self.files.len() + self.packed_files;
        if self.bytes > BYTES || files >= FILES {
            return Err(Refused {
                why: format!("has more than {} MiB or {FILES} files", BYTES >> 20),
                help: "move files that are not part of the chart out of its directory",
            });
        }
        if packages::is_package(&shown(place)) {
            let mut room = Room { bytes: BYTES - self.bytes, files: FILES - files };
            let before = room.files;
            match packages::repacked(&bytes, &mut room) {
                Ok(repacked) => bytes = repacked,
                Err(why) => {
                    self.left_out.push((shown(place), why));
                    return Ok(());
                }
            }
            self.bytes = BYTES - room.bytes;
            self.packed_files += before - room.files;
        }
        let is_template = place.components().any(|part| part.as_os_str() == "templates");
        let mut marked = None;
        if is_template && let Ok(text) = std::str::from_utf8(&bytes) {
            self.asks_for_files |= text.contains("Files");
            let name = place.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
            if !name.starts_with('_') && name != "NOTES.txt" {
                marked = marks::marked(text);
            }
        }
        for (copy, bytes) in
            [(PLAIN, &bytes[..]), (MARKED, marked.as_ref().map_or(&bytes[..], String::as_bytes))]
        {
            let target = self.folder.path().join(copy).join(place);
            let folder = target.parent().unwrap_or(Path::new(""));
            fs::create_dir_all(folder).map_err(failed)?;
            fs::write(&target, bytes).map_err(failed)?;
        }
        self.files.insert(place.to_path_buf(), from.to_path_buf());
        Ok(())
    }

    /// Takes out of the copy what stops helm from rendering what is there: dependencies that are
    /// not, and the versions of clusters that the chart may be installed to.
    fn trim(&self, missing: &[Dependency]) -> Result<(), std::io::Error> {
        let is_missing = |item: &Node| {
            let name = item.get("name").and_then(Node::as_str);
            missing.iter().any(|it| Some(it.name.as_str()) == name)
        };
        let leave_out = |key: &str, item: Option<&Node>| match item {
            Some(item) => key == "dependencies" && is_missing(item),
            None => key == "kubeVersion",
        };
        for name in ["Chart.yaml", "requirements.yaml"] {
            let Some(from) = self.files.get(Path::new(name)) else { continue };
            let Ok(tree) = charts::metadata(SourceId(0), from) else { continue };
            for copy in [PLAIN, MARKED] {
                let target = self.folder.path().join(copy).join(name);
                fs::write(target, flow::flow(&tree, &leave_out))?;
            }
        }
        Ok(())
    }
}

/// A path without symbolic links; none where nothing is there.
///
/// # Errors
/// A link that leads out of the repository, or nowhere.
fn within(path: &Path, root: &Path) -> Result<Option<PathBuf>, Refused> {
    let Ok(metadata) = path.symlink_metadata() else {
        return Ok(None);
    };
    if !metadata.file_type().is_symlink() {
        return Ok(Some(path.to_path_buf()));
    }
    let link = path.strip_prefix(root).unwrap_or(path);
    let refused = |what: &str| Refused {
        why: format!("has a symbolic link `{}` that points {what}", shown(link)),
        help: "replace the link with the file: helm would read the link's target",
    };
    match path.canonicalize() {
        Ok(target) if target.starts_with(root) && !is_in_git(&target, root) => Ok(Some(target)),
        Ok(_) => Err(refused("outside the repository")),
        Err(_) => Err(refused("nowhere")),
    }
}

fn is_in_git(path: &Path, root: &Path) -> bool {
    let below = path.strip_prefix(root).unwrap_or(path);
    below.components().any(|part| part.as_os_str() == ".git")
}

/// The names in a directory, sorted.
fn entries(folder: &Path) -> Result<Vec<String>, Refused> {
    let failed = |error: std::io::Error| Refused::unreadable(&shown(folder), &error);
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        // A name that is no text can't be asked for by a template.
        names.extend(entry.map_err(failed)?.file_name().into_string().ok());
    }
    names.sort_unstable();
    Ok(names)
}

/// A path with `/` on every platform.
pub(super) fn shown(path: &Path) -> String {
    path.to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/")
}

/// Whether helm takes a file of that name for the schema of values.
pub(super) fn is_schema(name: &str) -> bool {
    name == "values.schema.json"
}
