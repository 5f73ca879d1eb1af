//! `--output-format` and `--output FORMAT=FILE`: several reports of one run.

use crate::sample;
use std::fs;
use std::path::Path;

use assert_cmd::Command;

use sample::{FILES, repository};

fn netpol_lint(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_netpol-lint"));
    command.current_dir(folder).args(arguments);
    for name in ["NO_COLOR", "CLICOLOR_FORCE", "GITHUB_STEP_SUMMARY"] {
        command.env_remove(name);
    }
    command
}

/// The output of a run that fails because of its findings.
fn stdout(command: &mut Command) -> String {
    String::from_utf8(command.assert().code(1).get_output().stdout.clone()).unwrap()
}

fn refusal(folder: &Path, arguments: &[&str]) -> String {
    let assert = netpol_lint(folder, arguments).assert().code(2).stdout("");
    String::from_utf8(assert.get_output().stderr.clone()).unwrap()
}

#[test]
fn one_run_writes_every_format_as_it_prints_it() {
    let folder = repository(FILES);
    let formats = [
        "text",
        "concise",
        "json",
        "jsonl",
        "sarif",
        "github",
        "gitlab",
        "junit",
        "checkstyle",
        "markdown",
    ];
    let outputs: Vec<String> =
        formats.iter().map(|format| format!("--output={format}=out.{format}.txt")).collect();
    let mut arguments: Vec<&str> = outputs.iter().map(String::as_str).collect();
    arguments.extend(["-q", "--color", "always", "--output-format", "concise"]);
    let printed = stdout(&mut netpol_lint(folder.path(), &arguments));
    assert!(printed.contains("\u{1b}[1;31m"), "colours on the terminal: {printed:?}");
    for format in formats {
        let written = fs::read_to_string(folder.path().join(format!("out.{format}.txt"))).unwrap();
        assert!(!written.contains('\u{1b}'), "{format}");
        let alone = ["-q", "--output-format", format];
        assert_eq!(written, stdout(&mut netpol_lint(folder.path(), &alone)), "{format}");
    }
    let left = fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(left, 10 + 4, "the reports, three directories and .git: nothing else is left");
}

#[test]
fn machine_formats_ignore_color() {
    let folder = repository(FILES);
    for format in ["github", "sarif", "junit", "markdown"] {
        let arguments = ["--color", "always", "--output-format", format];
        assert!(
            !stdout(&mut netpol_lint(folder.path(), &arguments)).contains('\u{1b}'),
            "{format}"
        );
    }
}

#[test]
fn a_file_is_written_even_if_nothing_is_printed() {
    let folder = repository(FILES);
    let printed = stdout(&mut netpol_lint(folder.path(), &["-qq", "--output", "json=out.json"]));
    assert_eq!(printed, "");
    let report = fs::read_to_string(folder.path().join("out.json")).unwrap();
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["version"], 1);
    // The report is a file in the repository now, and is replaced anyway.
    stdout(&mut netpol_lint(folder.path(), &["-qq", "--output", "json=out.json"]));
}

#[test]
fn text_files_have_the_closing_line_too() {
    let folder = repository(FILES);
    stdout(&mut netpol_lint(folder.path(), &["--output", "text=out.txt"]));
    let text = fs::read_to_string(folder.path().join("out.txt")).unwrap();
    assert!(text.contains("\nFound 5 errors and 1 warning, 1 suppressed in "), "{text}");
}

#[test]
fn wrong_outputs_are_rejected_with_a_reason() {
    let folder = repository(FILES);
    let folder = folder.path();
    for (output, shown) in [
        ("sarfi=x", "Did you mean `sarif`?"),
        ("yaml=x", "there is no format `yaml`"),
        ("sarif", "FORMAT=FILE"),
        ("sarif=", "missing file"),
        ("sarif=-", "--output-format sarif"),
        ("sarif=no/such/x.sarif", "`no/such/x.sarif` can't be written: no such file or directory"),
        ("sarif=apps", "`apps` can't be written"),
        ("sarif=policies/frontend.yaml", "is a file that was checked"),
    ] {
        let error = refusal(folder, &["-q", "--output", output]);
        assert!(error.contains(shown), "{output}: {error}");
    }
    assert!(fs::read_to_string(folder.join("policies/frontend.yaml")).unwrap().contains("Policy"));
    let twice = ["--output", "sarif=out.x", "--output", "json=./policies/../out.x"];
    assert!(refusal(folder, &twice).contains("two reports"));
    assert!(!folder.join("out.x").exists(), "nothing is written by a run that is refused");
    let error = refusal(folder, &["--diff", "--output", "sarif=out.x"]);
    assert!(error.contains("--diff"), "{error}");
}

#[cfg(unix)]
#[test]
fn a_file_keeps_its_mode_and_a_link_is_followed() {
    use std::os::unix::fs::PermissionsExt;
    let folder = repository(FILES);
    let (real, link) = (folder.path().join("real.sarif"), folder.path().join("link.sarif"));
    fs::write(&real, "old").unwrap();
    fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).unwrap();
    std::os::unix::fs::symlink(&real, &link).unwrap();
    stdout(&mut netpol_lint(folder.path(), &["-qq", "--output", "sarif=link.sarif"]));
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert!(fs::read_to_string(&real).unwrap().contains("2.1.0"));
    assert_eq!(fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o640);
    let twice = ["--output", "sarif=link.sarif", "--output", "json=real.sarif"];
    assert!(refusal(folder.path(), &twice).contains("two reports"));
    let piped = ["-qq", "--output", "concise=/dev/stdout"];
    assert_eq!(stdout(&mut netpol_lint(folder.path(), &piped)).lines().count(), 6);
}

#[test]
fn the_summary_of_a_job_is_appended_for_github_only() {
    let folder = repository(FILES);
    let summary = folder.path().join("summary.txt");
    fs::write(&summary, "# Another step\n").unwrap();
    let run = |arguments: &[&str]| {
        stdout(netpol_lint(folder.path(), arguments).env("GITHUB_STEP_SUMMARY", &summary));
        fs::read_to_string(&summary).unwrap()
    };
    assert_eq!(run(&["--output-format", "concise"]), "# Another step\n");
    assert_eq!(run(&["-qq", "--output-format", "github"]), "# Another step\n");
    let once = run(&["--output-format", "github"]);
    assert!(once.starts_with("# Another step\n## netpol-lint: 5 errors, 1 warning"), "{once}");
    let twice = run(&["--output", "github=out.txt"]);
    assert_eq!(twice.matches("## netpol-lint").count(), 2);

    let mut unwritable = netpol_lint(folder.path(), &["--output-format", "github"]);
    let assert = unwritable.env("GITHUB_STEP_SUMMARY", folder.path()).assert().code(2);
    let error = String::from_utf8(assert.get_output().stderr.clone()).unwrap();
    assert!(error.contains("GITHUB_STEP_SUMMARY"), "{error}");
}
