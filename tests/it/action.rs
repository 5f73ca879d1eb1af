//! The GitHub Action: `action.yml` and its scripts, run step by step in a repository.

#![cfg(unix)]

use crate::runner;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use runner::{Ran, Runner};
use tempfile::TempDir;

const INSTALL: &str = "Install netpol-lint";
const CHECK: &str = "Run netpol-lint";
const UPLOAD: &str = "Upload the findings to code scanning";
const CONCLUDE: &str = "Report the result";

/// A release like the release workflow's, with the built binary.
static RELEASES: LazyLock<TempDir> = LazyLock::new(|| {
    let releases = tempfile::tempdir().unwrap();
    let output = Command::new(root().join("packaging/archive"))
        .args([env!("CARGO_BIN_EXE_netpol-lint"), TARGET])
        .arg(releases.path().join(concat!("v", env!("CARGO_PKG_VERSION"))))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    releases
});

const TARGET: &str = match (cfg!(target_os = "macos"), cfg!(target_arch = "aarch64")) {
    (false, false) => "x86_64-unknown-linux-musl",
    (false, true) => "aarch64-unknown-linux-musl",
    (true, false) => "x86_64-apple-darwin",
    (true, true) => "aarch64-apple-darwin",
};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// A runner that finds that release, with the shop checked out.
fn runner(shop: &str) -> Runner {
    let mut runner = Runner::new();
    let releases = format!("file://{}", RELEASES.path().display());
    runner.env.insert("NETPOL_LINT_RELEASES".to_owned(), releases);
    fs::create_dir(runner.workspace().join(".git")).unwrap();
    copy(&root().join("examples").join(shop), &runner.workspace());
    runner
}

fn copy(from: &Path, to: &Path) {
    for entry in walkdir::WalkDir::new(from).min_depth(1) {
        let entry = entry.unwrap();
        let target = to.join(entry.path().strip_prefix(from).unwrap());
        if entry.file_type().is_dir() {
            fs::create_dir(target).unwrap();
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

fn run(runner: &Runner, inputs: &[(&str, &str)]) -> Ran {
    runner.run(&root(), inputs)
}

fn counts(ran: &Ran) -> [&str; 3] {
    ["errors", "warnings", "notes"].map(|name| ran.outputs[name].as_str())
}

#[test]
fn mistakes_are_annotated_counted_uploaded_and_only_then_fail_the_job() {
    let ran = run(&runner("shop"), &[("sarif-upload", "true"), ("output", "junit=junit.xml")]);
    assert_eq!(ran.steps, [INSTALL, CHECK, UPLOAD, CONCLUDE], "{}", ran.log);
    assert_eq!(ran.failed, Some(1), "{}", ran.log);
    assert_eq!(counts(&ran), ["3", "1", "0"]);
    assert_eq!(ran.outputs["exit-code"], "1");
    assert!(ran.log.contains("::error file=policies/catalogue.yaml,"), "{}", ran.log);
    assert!(ran.summary.contains("missing-dns-egress"), "{}", ran.summary);

    let sarif = &ran.used[0]["sarif_file"];
    assert_eq!(*sarif, ran.outputs["sarif"]);
}

#[test]
fn every_report_is_of_the_same_run() {
    let runner = runner("shop");
    let ran = run(&runner, &[("output", "junit=junit.xml\nconcise=out put.txt\n")]);
    let sarif = fs::read_to_string(&ran.outputs["sarif"]).unwrap();
    let sarif: serde_json::Value = serde_json::from_str(&sarif).unwrap();
    assert_eq!(sarif["runs"][0]["results"].as_array().unwrap().len(), 4);
    let junit = fs::read_to_string(runner.workspace().join("junit.xml")).unwrap();
    assert!(junit.contains("missing-dns-egress"), "{junit}");
    let concise = fs::read_to_string(runner.workspace().join("out put.txt")).unwrap();
    assert_eq!(concise.matches("policies/").count(), 4, "{concise}");
}

#[test]
fn without_mistakes_the_job_passes() {
    let ran = run(&runner("shop-fixed"), &[]);
    assert_eq!(ran.steps, [INSTALL, CHECK, CONCLUDE], "{}", ran.log);
    assert_eq!(ran.failed, None, "{}", ran.log);
    assert_eq!(counts(&ran), ["0", "0", "0"]);
}

#[test]
fn fail_on_says_what_fails() {
    let runner = runner("shop");
    let ran = run(&runner, &[("fail-on", "never")]);
    assert_eq!((ran.failed, ran.outputs["exit-code"].as_str()), (None, "0"), "{}", ran.log);
    let ran = run(&runner, &[("fail-on", "error"), ("paths", "policies/catalogue-db.yaml")]);
    assert_eq!((ran.failed, counts(&ran)), (None, ["0", "1", "0"]), "{}", ran.log);
    let ran = run(&runner, &[("fail-on", "sometimes")]);
    assert_eq!(ran.failed, Some(2), "{}", ran.log);
}

#[test]
fn a_failed_run_uploads_nothing_and_is_reported() {
    let runner = runner("shop");
    fs::write(runner.workspace().join("wrong.toml"), "exclde = []\n").unwrap();
    for inputs in [
        ("config", "wrong.toml"),
        ("paths", "nowhere"),
        ("args", "--nope"),
        ("output-format", "nope"),
        ("output", "nope=file"),
    ] {
        let ran = run(&runner, &[inputs, ("sarif-upload", "true")]);
        assert_eq!(ran.steps, [INSTALL, CHECK, CONCLUDE], "{inputs:?}: {}", ran.log);
        assert_eq!(ran.failed, Some(2), "{inputs:?}: {}", ran.log);
        assert!(ran.log.contains("netpol-lint failed to run"), "{inputs:?}: {}", ran.log);
        assert_eq!(ran.outputs["sarif"], "");
        assert_eq!(counts(&ran), ["", "", ""]);
    }
    for inputs in [("working-directory", "nowhere"), ("args", "--select 'open")] {
        let ran = run(&runner, &[inputs]);
        assert_eq!(ran.failed, Some(2), "{inputs:?}: {}", ran.log);
        assert!(ran.log.contains("::error title=netpol-lint::the input "), "{}", ran.log);
    }
}

#[test]
fn options_are_split_as_in_a_shell() {
    let runner = runner("shop");
    let ran = run(&runner, &[("args", "--select missing-dns-egress\n  --ignore 'split-peer'")]);
    assert_eq!(counts(&ran), ["1", "0", "0"], "{}", ran.log);
    let ran = run(&runner, &[("args", " \n ")]);
    assert_eq!(counts(&ran), ["3", "1", "0"], "{}", ran.log);
    fs::write(runner.workspace().join("my settings.toml"), "select = [\"missing-dns-egress\"]")
        .unwrap();
    let ran = run(&runner, &[("args", "--config \"my settings.toml\"")]);
    assert_eq!(counts(&ran), ["1", "0", "0"], "{}", ran.log);
}

#[test]
fn paths_may_be_called_anything() {
    let runner = runner("shop");
    let workspace = runner.workspace();
    let policy = workspace.join("policies/catalogue-db.yaml");
    for name in ["the data base.yaml", "--help", "-qq.yaml", "*.yaml", "check", "$HOME"] {
        fs::copy(&policy, workspace.join(name)).unwrap();
        let ran = run(&runner, &[("paths", name), ("fail-on", "never")]);
        assert_eq!(counts(&ran), ["0", "1", "0"], "{name}: {}", ran.log);
        fs::remove_file(workspace.join(name)).unwrap();
    }
    let ran = run(&runner, &[("paths", "\npolicies/frontend.yaml\n\napps\n")]);
    assert_eq!(counts(&ran), ["2", "0", "0"], "{}", ran.log);
    for name in ["-", "a shop"] {
        fs::create_dir(workspace.join(name)).unwrap();
        fs::copy(&policy, workspace.join(name).join("np.yaml")).unwrap();
        let inputs = [("working-directory", name), ("paths", "np.yaml"), ("fail-on", "never")];
        let ran = run(&runner, &inputs);
        assert_eq!(counts(&ran), ["0", "1", "0"], "{name}: {}", ran.log);
        fs::remove_dir_all(workspace.join(name)).unwrap();
    }
}

#[test]
fn no_input_is_ever_run() {
    let runner = runner("shop");
    let run_me = "$(touch pwned) `touch pwned`; touch pwned #\"'; touch pwned\n\"$(touch pwned)\"";
    let names = [
        "paths",
        "config",
        "version",
        "fail-on",
        "output-format",
        "output",
        "sarif-upload",
        "working-directory",
        "args",
    ];
    for name in names {
        let ran = run(&runner, &[(name, run_me)]);
        let found = walkdir::WalkDir::new(runner.workspace())
            .into_iter()
            .any(|entry| entry.unwrap().file_name() == "pwned");
        assert!(!found, "{name}: {}", ran.log);
        // `sarif-upload` is only compared with `true`.
        assert!(name == "sarif-upload" || ran.failed >= Some(1), "{name}: {}", ran.log);
    }
}

/// A `cargo` that prints its arguments and puts the built binary where it would.
fn cargo(runner: &mut Runner) -> PathBuf {
    let folder = runner.workspace().join("../tools");
    fs::create_dir_all(&folder).unwrap();
    let script = format!(
        "#!/usr/bin/env bash\necho \"cargo $*\" >>\"$(dirname \"$0\")/asked\"\n\
         mkdir -p bin && cp '{}' bin/\n",
        env!("CARGO_BIN_EXE_netpol-lint")
    );
    fs::write(folder.join("cargo"), script).unwrap();
    fs::set_permissions(folder.join("cargo"), fs::Permissions::from_mode(0o755)).unwrap();
    runner.tools.push(folder.clone());
    folder.join("asked")
}

#[test]
fn without_a_release_cargo_builds_from_the_lock_file() {
    let mut runner = runner("shop-fixed");
    let asked = cargo(&mut runner);
    let ran = run(&runner, &[]);
    assert!(!asked.exists() && ran.failed.is_none(), "a release is there: {}", ran.log);

    runner.env.insert("RUNNER_ARCH".to_owned(), "RISCV".to_owned());
    let other = run(&runner, &[("version", "v9.8.7")]);
    let asked_for = fs::read_to_string(&asked).unwrap();
    assert!(asked_for.starts_with("cargo install --locked --root "), "{asked_for}");
    assert!(asked_for.contains(" --tag v9.8.7 netpol-lint\n"), "{asked_for}");
    assert_eq!(other.failed, None, "{}", other.log);

    let mut runner = runner_without_release();
    let asked = cargo(&mut runner);
    let own = run(&runner, &[]);
    let asked_for = fs::read_to_string(asked).unwrap();
    assert!(asked_for.trim_end().ends_with(&format!("--path {}", root().display())), "{asked_for}");
    const NOTICE: &str =
        concat!("::notice title=netpol-lint::v", env!("CARGO_PKG_VERSION"), " has no binary");
    assert!(own.log.contains(NOTICE), "{}", own.log);
}

fn runner_without_release() -> Runner {
    let mut runner = runner("shop-fixed");
    runner.env.insert("NETPOL_LINT_RELEASES".to_owned(), "file:///nowhere".to_owned());
    runner
}

#[test]
fn an_archive_with_a_wrong_checksum_is_rejected() {
    let mut runner = runner("shop-fixed");
    let asked = cargo(&mut runner);
    let releases = tempfile::tempdir().unwrap();
    let version = concat!("v", env!("CARGO_PKG_VERSION"));
    let (from, to) = (RELEASES.path().join(version), releases.path().join(version));
    fs::create_dir(&to).unwrap();
    copy(&from, &to);
    let archive = to.join(format!("netpol-lint-{version}-{TARGET}.tar.gz"));
    let mut bytes = fs::read(&archive).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&archive, bytes).unwrap();
    let url = format!("file://{}", releases.path().display());
    runner.env.insert("NETPOL_LINT_RELEASES".to_owned(), url);
    let refused = run(&runner, &[]);
    assert_eq!(refused.steps, [INSTALL], "{}", refused.log);
    assert!(refused.log.contains("does not match its checksum"), "{}", refused.log);

    let checksum = PathBuf::from(format!("{}.sha256", archive.display()));
    fs::write(&checksum, "\n").unwrap();
    let refused = run(&runner, &[]);
    assert!(refused.log.contains(".sha256 does not contain a checksum"), "{}", refused.log);
    fs::remove_file(&checksum).unwrap();
    let refused = run(&runner, &[]);
    assert_eq!(refused.steps, [INSTALL], "{}", refused.log);
    assert!(refused.log.contains(".sha256\n"), "{}", refused.log);
    assert!(!asked.exists(), "and building from source would hide it");
}

#[test]
fn a_version_is_a_version() {
    let runner = runner("shop-fixed");
    let own = concat!("v", env!("CARGO_PKG_VERSION"));
    assert_eq!(run(&runner, &[("version", own)]).failed, None);
    assert_eq!(run(&runner, &[("version", &own[1..])]).failed, None);
    for version in ["latest", "../v0.1.0", "v0.1", "0.1.0/../../x", "0.1.0\nx", "-h"] {
        let ran = run(&runner, &[("version", version)]);
        assert_eq!(ran.steps, [INSTALL], "{version}: {}", ran.log);
        assert!(ran.log.contains("is not a version of netpol-lint"), "{version}: {}", ran.log);
    }
}

const DIFF: &str = "Compare what is allowed";
const COMMENT: &str = "Comment on the pull request";

/// A runner with a pull request checked out: a merge of a change that lets the frontend reach the
/// database.
fn pull_request() -> Option<Runner> {
    let mut runner = runner("shop-fixed");
    let workspace = runner.workspace();
    fs::remove_dir(workspace.join(".git")).unwrap();
    let git = |arguments: &[&str]| -> Option<String> {
        let config = ["-c", "user.name=t", "-c", "user.email=t@example.com"];
        let mut command = Command::new("git");
        let output = command.current_dir(&workspace).args(config).args(arguments).output().ok()?;
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Some(String::from_utf8(output.stdout).unwrap().trim().to_owned())
    };
    if git(&["init", "-q", "-b", "main"]).is_none() {
        crate::tools::skip("git is not on the PATH");
        return None;
    }
    git(&["add", "."]);
    git(&["commit", "-qm", "main"]);
    let base = git(&["rev-parse", "HEAD"])?;
    git(&["checkout", "-qb", "change"]);
    let policy = workspace.join("policies/default-deny.yaml");
    fs::remove_file(policy).unwrap();
    git(&["commit", "-qam", "change"]);
    git(&["checkout", "-q", "--detach", "main"]);
    git(&["merge", "-q", "--no-ff", "-m", "merge", "change"]);
    runner.github.insert("github.event.pull_request.base.sha".to_owned(), base);
    runner.github.insert("github.event.pull_request.number".to_owned(), "7".to_owned());
    Some(runner)
}

#[test]
fn the_summary_says_what_a_pull_request_opens_and_closes() {
    let Some(runner) = pull_request() else { return };
    let ran = run(&runner, &[("diff", "true")]);
    assert_eq!(ran.steps, [INSTALL, CHECK, DIFF, CONCLUDE], "{}", ran.log);
    assert_eq!(ran.failed, None, "{}", ran.log);
    assert!(ran.summary.contains("## What this pull request opens and closes"), "{}", ran.summary);
    assert!(ran.summary.contains("#### Opened"), "{}", ran.summary);
    assert!(fs::read_to_string(&ran.outputs["diff"]).unwrap().contains("#### Opened"));
    let ran = run(&runner, &[("diff", "true"), ("diff-fail-on", "opened")]);
    assert_eq!(ran.failed, Some(1), "{}", ran.log);
    let ran = run(&runner, &[("diff", "true"), ("diff-fail-on", "closed")]);
    assert_eq!(ran.failed, None, "{}", ran.log);
    let ran = run(&runner, &[]);
    assert!(!ran.summary.contains("opens and closes"), "only if it is asked for");
}

#[test]
fn what_there_is_nothing_to_compare_with_is_said() {
    let Some(mut runner) = pull_request() else { return };
    let ran = run(&runner, &[("diff", "true"), ("diff-base", "--output=evil")]);
    assert_eq!(ran.failed, Some(2), "{}", ran.log);
    assert!(ran.log.contains("diff-base is not in the checkout"), "{}", ran.log);
    runner.github.clear();
    let ran = run(&runner, &[("diff", "true")]);
    assert_eq!(ran.failed, None, "{}", ran.log);
    assert!(ran.log.contains("nothing to compare with"), "{}", ran.log);
    let ran = run(&runner, &[("diff", "true"), ("diff-base", "main")]);
    assert!(ran.summary.contains("#### Opened"), "{}", ran.summary);
}

#[test]
fn one_comment_is_written_and_then_updated_if_it_is_asked_for() {
    let Some(mut runner) = pull_request() else { return };
    let tools = tempfile::tempdir().unwrap();
    let gh = tools.path().join("gh");
    let script = "#!/bin/sh\nprintf '%s\\n' \"$*\" >> \"$GH_LOG\"\ncase $* in *--jq*) cat \"$GH_KNOWN\" ;; esac\n";
    fs::write(&gh, script).unwrap();
    fs::set_permissions(&gh, fs::Permissions::from_mode(0o755)).unwrap();
    let (log, known) = (tools.path().join("log"), tools.path().join("known"));
    for (name, value) in [("GH_LOG", &log), ("GH_KNOWN", &known)] {
        runner.env.insert(name.to_owned(), value.display().to_string());
    }
    runner.env.insert("GITHUB_REPOSITORY".to_owned(), "o/r".to_owned());
    runner.tools.push(tools.path().to_owned());
    fs::write(&known, "").unwrap();
    let inputs = [("diff", "true"), ("diff-comment", "true")];
    let ran = run(&runner, &inputs);
    assert_eq!(ran.steps, [INSTALL, CHECK, DIFF, COMMENT, CONCLUDE], "{}", ran.log);
    let said = fs::read_to_string(&log).unwrap();
    assert!(said.contains("--method POST repos/o/r/issues/7/comments"), "{said}");
    fs::write(&known, "41\n42\n").unwrap();
    run(&runner, &inputs);
    let said = fs::read_to_string(&log).unwrap();
    assert!(said.contains("--method PATCH repos/o/r/issues/comments/41"), "{said}");
    assert_eq!(said.matches("POST").count(), 1, "{said}");
    fs::write(&gh, "#!/bin/sh\nexit 1\n").unwrap();
    let ran = run(&runner, &inputs);
    assert_eq!(ran.failed, None, "a fork's token may not write: {}", ran.log);
    assert!(ran.log.contains("pull-requests: write"), "{}", ran.log);
}
