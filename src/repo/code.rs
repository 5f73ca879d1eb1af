//! Programs, scripts and templates of other tools: what may create objects that no manifest shows. They
//! are read only to be searched.

use std::fs;
use std::path::{Path, PathBuf};

use super::boundary::Boundary;
use super::globs::Globs;
use super::ignored::Ignored;
use super::{Scope, path};

/// Bytes of one file: what is larger is made by a machine.
const LARGEST: u64 = 1 << 20;

/// Bytes of all files. Beyond it nothing is found, and findings stay as they are.
const MOST: u64 = 1 << 28;

/// Extensions of what programs are written in, and templates that other tools fill in.
const EXTENSIONS: &[&str] = &[
    "bash",
    "bicep",
    "cjs",
    "clj",
    "cs",
    "cue",
    "ex",
    "exs",
    "fish",
    "go",
    "gotmpl",
    "groovy",
    "hcl",
    "j2",
    "java",
    "jinja",
    "jinja2",
    "js",
    "jsonnet",
    "jsx",
    "kt",
    "kts",
    "libsonnet",
    "mjs",
    "mk",
    "php",
    "pkl",
    "ps1",
    "py",
    "rb",
    "rs",
    "scala",
    "sh",
    "star",
    "swift",
    "tf",
    "tmpl",
    "ts",
    "tsx",
    "zsh",
];

/// Names of files without an extension.
const NAMES: &[&str] =
    &["GNUmakefile", "Jenkinsfile", "Justfile", "Makefile", "Tiltfile", "justfile"];

/// Directories of other people's programs.
const VENDORED: &[&str] = &["node_modules", "third_party", "vendor"];

/// Calls `visit` with the path and the bytes of each such file, in the order of their paths. What
/// gitignore rules hide and what is excluded is not read.
pub fn visit(root: &Path, scope: &Scope, mut visit: impl FnMut(&str, &[u8])) {
    let starts = [root.to_path_buf()];
    let Ok(globs) = Globs::new(scope) else { return };
    let ignored = Ignored::new(root, &starts, false);
    let boundary = Boundary::new(root);
    let mut left = MOST;
    let mut open = vec![(root.to_path_buf(), true)];
    while let Some((path, is_directory)) = open.pop() {
        let label = path::label(root, &path);
        let name = label.rsplit('/').next().unwrap_or(&label);
        let is_hidden = !label.is_empty()
            && (!scope.no_ignore && ignored.passes_by(&path, is_directory)
                || globs.exclude(&label, is_directory));
        if is_hidden {
            continue;
        }
        if is_directory {
            if name != ".git" && !VENDORED.contains(&name) {
                open.extend(entries(&path).into_iter().rev());
            }
        } else if is_code(name)
            && let Ok(bytes) = boundary.read(&path, LARGEST.min(left))
        {
            left -= bytes.len() as u64;
            visit(&label, &bytes);
        }
    }
}

/// The files and directories of a directory, sorted; symbolic links are passed by.
fn entries(directory: &Path) -> Vec<(PathBuf, bool)> {
    let Ok(entries) = fs::read_dir(directory) else { return Vec::new() };
    let kept = entries.filter_map(|entry| {
        let entry = entry.ok()?;
        let kind = entry.file_type().ok()?;
        (kind.is_dir() || kind.is_file()).then(|| (entry.path(), kind.is_dir()))
    });
    let mut kept: Vec<(PathBuf, bool)> = kept.collect();
    kept.sort_unstable();
    kept
}

fn is_code(name: &str) -> bool {
    let extension = name.rsplit_once('.').map(|(_, extension)| extension);
    // What Go calls a test is no part of a program.
    let is_test = ["_test.go", ".test.ts", ".spec.ts", ".test.js", ".spec.js"];
    !is_test.iter().any(|end| name.ends_with(end))
        && (NAMES.contains(&name) || extension.is_some_and(|it| EXTENSIONS.contains(&it)))
}
