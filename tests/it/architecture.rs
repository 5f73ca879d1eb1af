//! The house: a module imports only from the stages before it.

use std::path::{Path, PathBuf};

/// The stages, in the order in which data flows through them.
const STAGES: [&str; 13] = [
    "repo", "text", "yaml", "bundle", "model", "resolve", "reach", "lint", "settle", "fix",
    "report", "config", "cli",
];

fn files(folder: &Path) -> Vec<PathBuf> {
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

/// The stages that a file names by `crate::stage`.
fn imports(text: &str) -> Vec<&'static str> {
    STAGES
        .into_iter()
        .filter(|stage| {
            let direct = format!("crate::{stage}::");
            let grouped =
                text.lines().filter(|line| line.starts_with("use crate::{")).any(|line| {
                    line.contains(&format!("{{{stage}")) || line.contains(&format!(" {stage}"))
                });
            text.contains(&direct) || grouped
        })
        .collect()
}

#[test]
fn a_module_imports_only_from_the_stages_before_it() {
    let src = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut wrong = Vec::new();
    let mut seen = 0;
    for (position, stage) in STAGES.iter().enumerate() {
        for file in files(&src.join(stage)) {
            seen += 1;
            let text = std::fs::read_to_string(&file).unwrap();
            // What a file's own tests use is not part of the house.
            let code = text.split("#[cfg(test)]").next().unwrap();
            for import in imports(code) {
                if STAGES.iter().position(|other| *other == import).unwrap() > position {
                    wrong.push(format!("{} imports crate::{import}", file.display()));
                }
            }
        }
    }
    assert!(seen > 50, "only {seen} files were looked at");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
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

/// Only the exit code is a process's: nothing that a repository brings is run.
#[test]
fn no_program_is_run() {
    let src = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src");
    for file in files(&src) {
        let text = std::fs::read_to_string(&file).unwrap();
        let uses = text.matches("std::process").count();
        let codes = text.matches("std::process::ExitCode").count();
        assert_eq!(uses, codes, "{}", file.display());
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
