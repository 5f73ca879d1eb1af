//! The README's first commands print what it shows, in the clone itself.

use std::path::Path;
use std::process::Output;

use assert_cmd::Command;
use regex::Regex;

const README: &str = include_str!("../../README.md");

fn run(directory: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_netpol-lint"));
    command.args(arguments).current_dir(directory).env_remove("CLICOLOR_FORCE").output().unwrap()
}

/// The first code block in that language after `mark`.
fn block(mark: &str, language: &str) -> &'static str {
    let (_, rest) = README.split_once(mark).unwrap();
    let (_, rest) = rest.split_once(&format!("```{language}\n")).unwrap();
    rest.split_once("```").unwrap().0
}

#[test]
fn the_first_command_prints_what_the_readme_shows() {
    let command = block("## Try it", "sh").trim();
    let arguments = command.strip_prefix("cargo run --release -- ").unwrap();
    let arguments: Vec<&str> = arguments.split(' ').collect();
    let output = run(Path::new(env!("CARGO_MANIFEST_DIR")), &arguments);
    let time = Regex::new(r"; \d+\.\d\ds\)").unwrap();
    let shown = String::from_utf8(output.stdout).unwrap();
    let expected = block("<!-- output: examples/shop -->", "text");
    assert_eq!(time.replace(&shown, "; …)"), time.replace(expected, "; …)"));
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn the_clone_has_no_findings() {
    let output = run(Path::new(env!("CARGO_MANIFEST_DIR")), &[]);
    let shown = String::from_utf8(output.stdout).unwrap();
    assert!(shown.starts_with("No findings in "), "{shown}");
    assert!(output.status.success());
    let fixed = run(Path::new(env!("CARGO_MANIFEST_DIR")), &["examples/shop-fixed"]);
    assert!(fixed.status.success());
}

#[test]
fn the_commands_of_the_readme_run() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join(".git")).unwrap();
    let shop = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/shop");
    for entry in walkdir::WalkDir::new(&shop).min_depth(1) {
        let entry = entry.unwrap();
        let target = folder.path().join(entry.path().strip_prefix(&shop).unwrap());
        match entry.file_type().is_dir() {
            true => std::fs::create_dir(target).unwrap(),
            false if entry.file_name() == "netpol-lint.toml" => {}
            false => drop(std::fs::copy(entry.path(), target).unwrap()),
        }
    }
    let lines = block("## Use it", "sh").lines().map(|line| line.split('#').next().unwrap());
    let commands: Vec<&str> = lines.filter_map(|line| line.strip_prefix("netpol-lint")).collect();
    assert!(commands.len() > 5, "{commands:?}");
    for command in commands {
        let arguments: Vec<&str> = command.split_whitespace().collect();
        let output = run(folder.path(), &arguments);
        assert!(matches!(output.status.code(), Some(0 | 1)), "{command}: {output:?}");
    }
}
