//! The command line in scripts: output, error output and exit codes.

use assert_cmd::Command;

fn netpol_lint(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_netpol-lint"));
    command.args(arguments).env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE");
    command
}

fn stdout(command: &mut Command) -> String {
    String::from_utf8(command.assert().success().get_output().stdout.clone()).unwrap()
}

/// The error message of a command that fails.
fn refusal(command: &mut Command) -> String {
    let assert = command.assert().code(2).stdout("");
    String::from_utf8(assert.get_output().stderr.clone()).unwrap()
}

#[test]
fn help_says_what_users_need() {
    let help = stdout(&mut netpol_lint(&["--help"]));
    for word in [
        "--output-format",
        "--output ",
        "GITHUB_STEP_SUMMARY",
        "--select",
        "--ignore",
        "--pedantic",
        "--min-severity",
        "--min-confidence",
        "--fail-on",
        "--include",
        "--exclude",
        "--show-suppressed",
        "--baseline",
        "--write-baseline",
        "--prune-baseline",
        "--no-ignore",
        "--force-exclude",
        "--threads",
        "-j,",
        "-f,",
        "--format]",
        "--statistics",
        "--color",
        "--quiet",
        "--verbose",
        "--exit-zero",
        "--fix",
        "--unsafe-fixes",
        "--diff",
        "Exit codes:",
        "NO_COLOR",
        "--stdin-filename",
        "completions",
        "man",
    ] {
        assert!(help.contains(word), "{word} is missing:\n{help}");
    }
    assert!(stdout(&mut netpol_lint(&["check", "--help"])).contains("Exit codes:"));
}

#[test]
fn version_is_the_package_s() {
    let shown = stdout(&mut netpol_lint(&["--version"]));
    assert_eq!(shown, format!("netpol-lint {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn wrong_arguments_are_exit_code_2() {
    for (arguments, shown) in [
        (&["--nope"][..], "--nope"),
        (&["--output-format", "xml"], "xml"),
        (&["--threads", "0"], "--threads"),
        (&["--fail-on", "sometimes"], "sometimes"),
        (&["-q", "-v"], "--verbose"),
    ] {
        let error = refusal(&mut netpol_lint(arguments));
        assert!(error.contains(shown), "{arguments:?}: {error}");
    }
}

#[test]
fn a_mistyped_word_gets_a_suggestion() {
    let dir = repository();
    for (arguments, right) in [
        (&["--ouput-format", "json"][..], "'--output-format'"),
        (&["--output-format", "jso"], "'json'"),
        (&["--fail-on", "eror"], "'error'"),
        (&["--select", "unknown-feld"], "`unknown-field`"),
        (&["rule", "mising-dns-egress"], "`missing-dns-egress`"),
        (&["chek"], "`check`"),
        (&["help"], "`--help`"),
        (&["explain"], "`rule`"),
        (&["lint"], "`check`"),
        (&["rules"], "`rule`"),
        (&["man", "chek"], "`check`"),
        (&["completions", "bsh"], "'bash'"),
    ] {
        let error = refusal(netpol_lint(arguments).current_dir(dir.path()));
        assert!(error.contains(right), "{arguments:?}: {error}");
    }
    let path = refusal(netpol_lint(&["./chek"]).current_dir(dir.path()));
    assert!(!path.contains("did you mean"), "{path}");
}

#[test]
fn every_shell_gets_a_script_that_knows_the_options() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = stdout(&mut netpol_lint(&["completions", shell]));
        // The last two are values, which not all shells support.
        let words = ["output-format", "completions", "concise", "missing-dns-egress"];
        let known = if ["elvish", "powershell"].contains(&shell) { 2 } else { 4 };
        for word in &words[..known] {
            assert!(script.contains(word), "{shell} does not complete {word}");
        }
    }
}

/// What bash suggests for the last of these words.
#[cfg(unix)]
fn offered(words: &[&str]) -> Vec<String> {
    let script = stdout(&mut netpol_lint(&["completions", "bash"]));
    let ask = r#"
        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
        complete=$(complete -p netpol-lint | sed 's/.* -F \([^ ]*\) .*/\1/')
        "$complete" netpol-lint "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"
        printf '%s\n' "${COMPREPLY[@]}""#;
    let script = format!("{script}\n{ask}");
    let shown = stdout(Command::new("bash").args(["-c", &script, "bash"]).args(words));
    shown.lines().map(str::to_owned).collect()
}

#[cfg(unix)]
#[test]
fn bash_completes_words() {
    assert_eq!(offered(&["netpol-lint", "--output-f"]), ["--output-format"]);
    assert_eq!(offered(&["netpol-lint", "--output-format", "con"]), ["concise"]);
    assert_eq!(offered(&["netpol-lint", "rule", "missing-d"]), ["missing-dns-egress"]);
    assert_eq!(offered(&["netpol-lint", "check", "--select", "dns-w"]), ["dns-wrong-target"]);
    assert_eq!(offered(&["netpol-lint", "compl"]), ["completions"]);
}

#[test]
fn the_manual_page_has_the_text_of_help() {
    let page = stdout(&mut netpol_lint(&["man"]));
    for word in [
        ".TH netpol-lint 1",
        ".SH SYNOPSIS",
        "\\-\\-output\\-format",
        ".SH \"EXIT STATUS\"",
        ".SH ENVIRONMENT",
        "netpol\\-lint\\-check(1)",
    ] {
        assert!(page.contains(word), "{word} is missing:\n{page}");
    }
    let page = stdout(&mut netpol_lint(&["man", "rule"]));
    assert!(page.contains(".TH netpol-lint-rule 1"), "{page}");
    assert!(!page.contains("EXIT STATUS"), "{page}");
}

#[test]
fn an_unknown_rule_is_exit_code_2_everywhere() {
    for arguments in [
        &["rule", "no-such-rule"][..],
        &["--select", "no-such-rule"],
        &["check", "--ignore", "all,no-such-rule", "."],
    ] {
        let error = refusal(&mut netpol_lint(arguments));
        assert!(error.starts_with("error: there is no rule `no-such-rule`"), "{error}");
        assert!(error.contains("`netpol-lint rule`"), "{error}");
    }
}

#[test]
fn without_an_id_all_rules_are_listed() {
    let table = stdout(&mut netpol_lint(&["rule"]));
    assert!(table.starts_with("rule"), "{table}");
    for rule in netpol_lint::lint::RULES {
        let line = table.lines().find(|line| line.split(' ').next() == Some(rule.id)).unwrap();
        assert!(line.contains(rule.severity.word()) && line.contains(&rule.summary()[..10]));
    }
}

#[test]
fn every_page_can_be_shown() {
    for rule in netpol_lint::lint::RULES {
        let page = stdout(&mut netpol_lint(&["rule", rule.id]));
        assert!(page.starts_with(rule.id), "{page}");
        assert!(!page.contains('\u{1b}'), "no colours in a pipe: {page:?}");
    }
}

#[test]
fn colors_are_used_when_requested() {
    assert!(stdout(&mut netpol_lint(&["rule", "--color", "always"])).contains('\u{1b}'));
    assert!(stdout(netpol_lint(&["rule"]).env("CLICOLOR_FORCE", "1")).contains('\u{1b}'));
    let both = &["--color", "never", "rule"];
    assert!(!stdout(netpol_lint(both).env("CLICOLOR_FORCE", "1")).contains('\u{1b}'));
}

/// A repository with one correct policy: it selects an existing pod and allows no egress.
fn repository() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join(".git")).unwrap();
    std::fs::create_dir(dir.path().join("docs")).unwrap();
    std::fs::write(dir.path().join("docs/guide.md"), "# Guide\n").unwrap();
    std::fs::write(dir.path().join("all.yaml"), GOOD).unwrap();
    dir
}

const GOOD: &str = "\
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: shop, labels: {app: db}}
spec: {containers: [{name: db, image: db, ports: [{containerPort: 5432}]}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: db, namespace: shop}
spec:
  podSelector: {matchLabels: {app: db}}
  policyTypes: [Ingress]
  ingress: [{from: [{podSelector: {matchLabels: {app: db}}}], ports: [{port: 5432}]}]
";

#[test]
fn a_repository_without_mistakes_is_exit_code_0() {
    let dir = repository();
    for arguments in [&[][..], &["check"], &["."], &["check", "all.yaml"], &["--threads", "1"]] {
        netpol_lint(arguments).current_dir(dir.path()).assert().code(0).stderr("");
    }
    netpol_lint(&["-qq"]).current_dir(dir.path()).assert().code(0).stdout("").stderr("");
}

#[test]
fn paths_that_do_not_exist_are_exit_code_2() {
    let dir = repository();
    let missing = refusal(netpol_lint(&["nope.yaml"]).current_dir(dir.path()));
    assert_eq!(missing, "error: `nope.yaml`: no such file or directory\n");
    let empty = refusal(netpol_lint(&["--exit-zero", "docs"]).current_dir(dir.path()));
    assert!(
        empty.starts_with("error: no files to check under `docs`: looked for *.yaml"),
        "{empty}"
    );
    let glob = refusal(netpol_lint(&["--exclude", "a["]).current_dir(dir.path()));
    assert!(glob.starts_with("error: `a[` is not a glob"), "{glob}");
}

#[test]
fn a_hook_whose_only_file_is_excluded_has_nothing_to_report() {
    let dir = repository();
    let arguments = ["--exclude", "all.yaml", "--force-exclude", "all.yaml"];
    netpol_lint(&arguments).current_dir(dir.path()).assert().code(0);
}

#[test]
fn a_dash_is_standard_input() {
    let dir = repository();
    netpol_lint(&["-"]).current_dir(dir.path()).write_stdin("").assert().code(0);
    for option in ["--stdin-path", "--stdin-filename"] {
        let good = [option, "all.yaml", "-"];
        netpol_lint(&good).current_dir(dir.path()).write_stdin(GOOD).assert().code(0);
        let wrong = GOOD.replace("port: 5432}]}]", "port: postgres}]}]");
        let bad = ["--output-format", "concise", option, "all.yaml", "-"];
        let assert = netpol_lint(&bad).current_dir(dir.path()).write_stdin(wrong).assert().code(1);
        let shown = String::from_utf8(assert.get_output().stdout.clone()).unwrap();
        assert!(shown.starts_with("all.yaml:12:"), "{shown}");
    }
}

#[test]
fn verbose_prints_what_was_read_on_standard_error() {
    let dir = repository();
    let assert = netpol_lint(&["-v"]).current_dir(dir.path()).assert().code(0);
    let shown = String::from_utf8(assert.get_output().stderr.clone()).unwrap();
    assert!(shown.contains("repository root: ") && shown.contains("reported on: ."), "{shown}");
}

#[test]
fn options_may_come_before_the_command() {
    let after = stdout(&mut netpol_lint(&["rule", "split-peer", "--format", "json"]));
    let before = stdout(&mut netpol_lint(&["-f", "json", "rule", "split-peer"]));
    assert_eq!(before, after);
    let error = refusal(&mut netpol_lint(&["--pedantic", "rule", "split-peer"]));
    assert!(error.contains("unexpected argument '--pedantic'"), "{error}");
}

#[test]
fn help_of_a_command_lists_only_its_options() {
    for (command, has, lacks) in [
        (
            "config",
            &["--select", "--exclude", "--config"][..],
            &["--fix", "--output", "--baseline"][..],
        ),
        (
            "bundles",
            &["--exclude", "--output-format"],
            &["--fix", "--select", "sarif", "--threads"],
        ),
        ("inventory", &["--exclude", "--helm"], &["--fix", "--select", "--output-format"]),
        ("rule", &["--output-format"], &["--exclude", "sarif"]),
        ("init", &["[PATH]"], &["--exclude"]),
    ] {
        let help = stdout(&mut netpol_lint(&[command, "--help"]));
        has.iter().for_each(|word| assert!(help.contains(word), "{command} lacks {word}:\n{help}"));
        lacks
            .iter()
            .for_each(|word| assert!(!help.contains(word), "{command} has {word}:\n{help}"));
    }
}

#[test]
fn rules_are_a_json_document_for_programs() {
    let all = stdout(&mut netpol_lint(&["rule", "--output-format", "json"]));
    let all: Vec<serde_json::Value> = serde_json::from_str(&all).unwrap();
    assert_eq!(all.len(), netpol_lint::lint::RULES.len());
    let one = stdout(&mut netpol_lint(&["rule", "split-peer", "-f", "json"]));
    let one: Vec<serde_json::Value> = serde_json::from_str(&one).unwrap();
    assert_eq!(one[0]["id"], "split-peer");
    assert!(all.contains(&one[0]));
    assert!(one[0]["summary"].as_str().is_some_and(|summary| !summary.contains('\n')));
}

#[test]
fn pages_fit_eighty_columns() {
    let page = stdout(&mut netpol_lint(&["rule", "missing-dns-egress"]));
    // Examples are printed as they are written.
    let prose = page.lines().filter(|line| !line.starts_with("    ") && !line.contains("http"));
    for line in prose {
        assert!(line.chars().count() <= 80, "{line}");
    }
}

#[test]
fn a_run_in_which_no_rule_is_on_is_exit_code_2() {
    let dir = repository();
    for arguments in [
        &["--select", "split-peer", "--ignore", "split-peer"][..],
        &["--select", "split-peer", "--ignore", "all"],
        &["--config", "none.toml", "--ignore", "unknown-field"],
    ] {
        std::fs::write(dir.path().join("none.toml"), "select = ['unknown-field']\n").unwrap();
        let error = refusal(netpol_lint(arguments).current_dir(dir.path()));
        assert!(error.contains("no rule is on"), "{arguments:?}: {error}");
    }
    for some in [
        &["--ignore", "split-peer"][..],
        &["--ignore", "all"],
        &["--select", "split-peer,unknown-field", "--ignore", "split-peer"],
        &["--config", "none.toml", "--select", "split-peer"],
    ] {
        netpol_lint(some).current_dir(dir.path()).assert().success();
    }
}

#[test]
fn statistics_count_the_findings_of_each_rule() {
    let dir = repository();
    let wrong = GOOD.replace("app: db}}\n  pol", "app: bd}}\n  pol");
    for name in ["a", "b"] {
        let text =
            wrong.replace("name: db, namespace: shop", &format!("name: {name}, namespace: shop"));
        std::fs::write(dir.path().join(format!("{name}.yaml")), text).unwrap();
    }
    let counted = |arguments: &[&str]| {
        let assert = netpol_lint(arguments).current_dir(dir.path()).assert().code(1);
        String::from_utf8(assert.get_output().stdout.clone()).unwrap()
    };
    let table = counted(&["--statistics"]);
    assert!(table.starts_with("  2  "), "{table}");
    assert!(table.contains("[orphaned-pod-selector]") && !table.contains(" │ "), "{table}");
    assert!(table.contains("\n\nFound 2 "), "{table}");
    assert!(!counted(&["--statistics", "-q"]).contains("Found"));
    let error = refusal(netpol_lint(&["--statistics", "-f", "json"]).current_dir(dir.path()));
    assert!(error.contains("--statistics"), "{error}");
    std::fs::remove_file(dir.path().join("a.yaml")).unwrap();
    std::fs::remove_file(dir.path().join("b.yaml")).unwrap();
    let none = stdout(netpol_lint(&["--statistics"]).current_dir(dir.path()));
    assert!(none.starts_with("No findings"), "{none}");
}
