//! The architecture: a module imports only from the stages before it.

use std::path::{Path, PathBuf};

use super::imports::Imports;

/// The stages, in the order in which data flows through them.
const STAGES: [&str; 15] = [
    "repo", "text", "yaml", "bundle", "model", "assemble", "resolve", "reach", "expect", "lint",
    "triage", "fix", "report", "config", "cli",
];

pub fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn src() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// The position of the stage that a file, given from `src`, belongs to; files beside the stages
/// tell the story of several of them.
fn stage(file: &Path) -> Option<usize> {
    let folder = file.parent()?.iter().next()?;
    STAGES.iter().position(|stage| folder == *stage)
}

#[test]
fn a_module_imports_only_from_the_stages_before_it() {
    let imports = Imports::of(&src());
    let mut wrong = Vec::new();
    for (file, used) in &imports.uses {
        let backwards = |other: &&PathBuf| stage(file) < stage(other) && stage(file).is_some();
        wrong.extend(used.iter().filter(backwards).map(|other| (file, other)));
    }
    assert!(imports.uses.len() > 300, "only {} files were looked at", imports.uses.len());
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Folders in which files still use one another in circles, and files beside the stages that do: the
/// list only gets shorter.
const CIRCLES: [&str; 4] = ["connectivity.rs", "expect", "reach", "resolve"];

#[test]
fn no_files_use_one_another_in_a_circle() {
    let circles = Imports::of(&src()).circles();
    let is_known = |circle: &Vec<PathBuf>| CIRCLES.iter().any(|known| circle[0].starts_with(known));
    let new: Vec<_> = circles.iter().filter(|circle| !is_known(circle)).collect();
    assert!(new.is_empty(), "{new:#?}");
    let is_left = |known: &&&str| circles.iter().any(|circle| circle[0].starts_with(known));
    let opened: Vec<_> = CIRCLES.iter().filter(|known| !is_left(known)).collect();
    assert!(opened.is_empty(), "there is no circle any more in {opened:?}");
}

#[test]
fn a_file_fits_into_one_head() {
    let lines = |file: &PathBuf| std::fs::read_to_string(file).unwrap().lines().count();
    let is_code = |file: &PathBuf| !file.ends_with("tests.rs");
    let code = files(&src()).into_iter().filter(is_code);
    let too_long: Vec<PathBuf> = code.filter(|file| lines(file) > 450).collect();
    assert!(too_long.is_empty(), "{too_long:#?}");
}

#[test]
fn one_file_knows_the_yaml_parser() {
    let src = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src");
    let knowing: Vec<String> = files(&src)
        .iter()
        .filter(|file| std::fs::read_to_string(file).unwrap().contains("use saphyr_parser"))
        .map(|file| file.file_name().unwrap().to_string_lossy().into_owned())
        .collect();
    assert_eq!(knowing.len(), 1, "{knowing:?}");
}

/// Only the exit code uses `std::process`: nothing from a repository is run.
#[test]
fn no_program_is_run() {
    let src = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src");
    for file in files(&src) {
        let text = std::fs::read_to_string(&file).unwrap();
        let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
        let words = |line: &str| line.split(|c: char| !c.is_alphanumeric()).any(|w| w == "process");
        let uses: Vec<&str> = code.filter(|line| words(line)).collect();
        let is_code = |line: &&str| **line == *"use std::process::ExitCode;";
        assert!(uses.iter().all(is_code), "{}: {uses:?}", file.display());
    }
}

#[test]
fn every_stage_of_the_table_is_a_folder_and_the_other_way_round() {
    let src = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut folders: Vec<String> = std::fs::read_dir(&src)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
        .collect();
    folders.sort();
    let mut stages = STAGES.map(str::to_owned);
    stages.sort();
    assert_eq!(folders, stages);
}

/// The files that may reach outside this process, in code that is not a test.
fn doing(words: &[&str]) -> Vec<String> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let does = |file: &PathBuf| {
        let text = std::fs::read_to_string(file).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap();
        let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
        lines.into_iter().any(|line| words.iter().any(|word| line.contains(word)))
    };
    let found = files(&root.join("src")).into_iter().filter(does);
    let name = |file: PathBuf| {
        let below = file.strip_prefix(&root).unwrap().to_string_lossy().into_owned();
        below.replace(std::path::MAIN_SEPARATOR, "/")
    };
    found.map(name).collect()
}

#[test]
fn files_are_only_written_by_the_listed_modules() {
    let writes = [
        "fs::write",
        "fs::copy",
        "fs::rename",
        "fs::remove",
        "fs::create_dir",
        "fs::hard_link",
        "File::create",
        "OpenOptions",
        "tempfile::",
        "tempfile_in",
        "fs::set_permissions",
        "fs::symlink(",
        "symlink_file(",
    ];
    let writing = doing(&writes);
    let expected = [
        "src/cli/init.rs",
        "src/cli/replace.rs",
        "src/fix/write.rs",
        "src/repo/boundary.rs",
        "src/repo/revision.rs",
    ];
    assert_eq!(writing, expected);
}

#[test]
fn files_of_a_repository_are_opened_in_one_place() {
    let reads = ["fs::read(", "read_to_string(", "File::open", "OpenFile", "fs::read_link"];
    assert_eq!(doing(&reads), ["src/repo/boundary.rs"]);
}
