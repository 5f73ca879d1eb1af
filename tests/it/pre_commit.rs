//! The hooks as users run them: a git repository, the real pre-commit, and commits.

#![cfg(unix)]

use crate::tools;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

/// The start of an egress rule; the first one of the fixed policy allows DNS.
const RULE: &str = "    - to:\n";

/// A user's repository, and the hook's.
struct Shop {
    /// The directory of everything: both repositories and pre-commit's cache.
    folder: TempDir,
    /// Where pip finds wheels, for a hook that installs one.
    wheels: Option<PathBuf>,
}

impl Shop {
    /// The fixed shop, with the hook `id` of the repository in `hooks`.
    fn new(hooks: &Path, id: &str, wheels: Option<PathBuf>) -> Self {
        let shop = Self { folder: tempfile::tempdir().unwrap(), wheels };
        let (user, hook) = (shop.user(), shop.folder.path().join("hook"));
        copy(&root().join("examples/shop-fixed"), &user);
        copy(hooks, &hook);
        for repository in [&hook, &user] {
            shop.succeeds(repository, &["git", "init", "--quiet", "--initial-branch=main"]);
        }
        shop.succeeds(&hook, &["git", "add", "."]);
        shop.succeeds(&hook, &["git", "commit", "--quiet", "--message=A hook"]);
        let rev = shop.succeeds(&hook, &["git", "rev-parse", "HEAD"]);
        let config = format!(
            "repos:\n- repo: {}\n  rev: {}\n  hooks: [{{id: {id}}}]\n",
            hook.display(),
            rev.trim()
        );
        fs::write(user.join(".pre-commit-config.yaml"), config).unwrap();
        shop.succeeds(&user, &["pre-commit", "install"]);
        shop
    }

    fn user(&self) -> PathBuf {
        self.folder.path().join("user")
    }

    fn run(&self, directory: &Path, words: &[&str]) -> Output {
        let home = self.folder.path().join("home");
        fs::create_dir_all(&home).unwrap();
        let binary = Path::new(env!("CARGO_BIN_EXE_netpol-lint")).parent().unwrap();
        let path = std::env::var_os("PATH").unwrap_or_default();
        let folders = [binary.to_owned()].into_iter().chain(std::env::split_paths(&path));
        let mut command = Command::new(words[0]);
        command.args(&words[1..]).current_dir(directory);
        command.env("PATH", std::env::join_paths(folders).unwrap());
        command.env("HOME", &home).env("PRE_COMMIT_HOME", home.join("pre-commit"));
        command.env("GIT_CONFIG_NOSYSTEM", "1");
        for who in ["AUTHOR", "COMMITTER"] {
            command.env(format!("GIT_{who}_NAME"), "Somebody");
            command.env(format!("GIT_{who}_EMAIL"), "somebody@example.com");
        }
        if let Some(wheels) = &self.wheels {
            command.env("PIP_NO_INDEX", "1").env("PIP_FIND_LINKS", wheels);
        }
        command.output().unwrap()
    }

    fn succeeds(&self, directory: &Path, words: &[&str]) -> String {
        let output = self.run(directory, words);
        assert!(output.status.success(), "{words:?}: {}", printed(&output));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Whether the changes can be committed, and the hook's output.
    fn commit(&self) -> (bool, String) {
        self.succeeds(&self.user(), &["git", "add", "--all"]);
        let output = self.run(&self.user(), &["git", "commit", "--message=A change"]);
        (output.status.success(), printed(&output))
    }

    #[track_caller]
    fn commits(&self) -> String {
        let (committed, printed) = self.commit();
        assert!(committed, "{printed}");
        assert!(printed.contains("Passed"), "{printed}");
        printed
    }

    /// Commits, and returns the reason why the hook rejects it.
    #[track_caller]
    fn is_refused(&self) -> String {
        let (committed, printed) = self.commit();
        assert!(!committed, "{printed}");
        assert!(printed.contains("Failed"), "{printed}");
        printed
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.user().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.user().join(path)).unwrap()
    }

    /// Removes the DNS rule from a policy, and restores it.
    fn breaks_and_fixes_dns(&self) {
        const POLICY: &str = "policies/catalogue.yaml";
        let right = self.read(POLICY);
        let rules: Vec<&str> = right.split(RULE).collect();
        self.write(POLICY, &[rules[0], rules[2]].join(RULE));
        let printed = self.is_refused();
        assert!(
            printed.contains("policies/catalogue.yaml:20:3: error[missing-dns-egress]"),
            "{printed}"
        );
        self.write(POLICY, &format!("# Asks DNS.\n{right}"));
        self.commits();
    }
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn copy(from: &Path, to: &Path) {
    for entry in walkdir::WalkDir::new(from).min_depth(1) {
        let entry = entry.unwrap();
        let target = to.join(entry.path().strip_prefix(from).unwrap());
        if entry.file_type().is_dir() {
            fs::create_dir_all(target).unwrap();
        } else {
            fs::create_dir_all(target.parent().unwrap()).unwrap();
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

fn printed(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr].concat()).into_owned()
}

/// A shop with the hook that runs the built binary.
fn shop() -> Option<Shop> {
    tools::tool("pre-commit")?;
    let hooks = tempfile::tempdir().unwrap();
    let file = ".pre-commit-hooks.yaml";
    fs::copy(root().join(file), hooks.path().join(file)).unwrap();
    Some(Shop::new(hooks.path(), "netpol-lint-system", None))
}

#[test]
fn a_commit_that_breaks_dns_is_rejected_and_one_that_fixes_it_passes() {
    let Some(shop) = shop() else { return };
    shop.commits();
    shop.breaks_and_fixes_dns();
}

#[test]
fn the_hook_reports_only_committed_files() {
    let Some(shop) = shop() else { return };
    shop.commits();
    // Wrong, and committed without the hook.
    let policy = shop.read("policies/catalogue-db.yaml");
    shop.write("policies/catalogue-db.yaml", &policy.replace("app: catalogue\n", "app: catalog\n"));
    let user = shop.user();
    shop.succeeds(&user, &["git", "commit", "--quiet", "--all", "--no-verify", "--message=No"]);
    let frontend = shop.read("policies/frontend.yaml");
    shop.write("policies/frontend.yaml", &format!("# The shop's face.\n{frontend}"));
    shop.commits();
    // `--all-files` checks the whole repository.
    let output = shop.run(&user, &["pre-commit", "run", "--all-files"]);
    assert!(printed(&output).contains("policies/catalogue-db.yaml:"), "{}", printed(&output));
    assert_eq!(output.status.code(), Some(1));
    // A path with a space in it.
    shop.write("policies/the data base.yaml", &shop.read("policies/catalogue-db.yaml"));
    assert!(shop.is_refused().contains("policies/the data base.yaml:"));
}

#[test]
fn files_that_are_not_manifests_pass() {
    let Some(shop) = shop() else { return };
    shop.commits();
    for (path, text) in [
        ("chart/Chart.yaml", "apiVersion: v2\nname: shop\nversion: 1.0.0\n"),
        ("chart/values.yaml", "replicas: 2\n"),
        ("chart/templates/_names.tpl", "{{- define \"name\" }}kind: NetworkPolicy{{ end }}\n"),
        ("overlay/kustomization.yaml", "namePrefix: test-\n"),
        ("other/Kustomization", "namePrefix: test-\n"),
        ("netpol-lint.toml", "exclude = [\"old/\"]\n"),
        ("old/policy.json", "{\"kind\": \"NetworkPolicy\", \"spec\": }"),
    ] {
        shop.write(path, text);
        shop.commits();
    }
    shop.write("netpol-lint.toml", "exclde = []\n");
    assert!(shop.is_refused().contains("did you mean `exclude`?"));
    shop.write("netpol-lint.toml", "");
    shop.write("README.md", "# The shop\n");
    shop.commits();
    shop.write("README.md", "# A shop\n");
    let (committed, printed) = shop.commit();
    assert!(committed && printed.contains("Skipped"), "{printed}");
}

/// `packaging/try-wheel` has put the wheel and what it takes to install it there.
#[test]
fn the_mirror_s_hook_installs_the_wheel() {
    let Some(wheels) = std::env::var_os("NETPOL_LINT_WHEELS") else {
        return tools::skip("NETPOL_LINT_WHEELS is not set: packaging/try-wheel sets it");
    };
    if tools::tool("pre-commit").is_none() {
        return;
    }
    let wheels = root().join(wheels);
    let shop = Shop::new(&root().join("packaging/pre-commit-mirror"), "netpol-lint", Some(wheels));
    shop.commits();
    shop.breaks_and_fixes_dns();
    let installed = walkdir::WalkDir::new(shop.folder.path().join("home/pre-commit"))
        .into_iter()
        .filter_map(Result::ok)
        .find(|entry| entry.path().ends_with("bin/netpol-lint"))
        .expect("the hook runs a program of its own");
    let version = shop.succeeds(&shop.user(), &[installed.path().to_str().unwrap(), "--version"]);
    assert_eq!(version, format!("netpol-lint {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn the_mirror_wants_the_version_that_is_built() {
    let text =
        fs::read_to_string(root().join("packaging/pre-commit-mirror/pyproject.toml")).unwrap();
    let wanted = format!("dependencies = [\"netpol-lint=={}\"]", env!("CARGO_PKG_VERSION"));
    assert!(text.contains(&wanted), "{text}");
}

#[test]
fn every_hook_does_the_same() {
    let own = fs::read_to_string(root().join(".pre-commit-hooks.yaml")).unwrap();
    let mirror = root().join("packaging/pre-commit-mirror/.pre-commit-hooks.yaml");
    let all = own + &fs::read_to_string(mirror).unwrap();
    for key in ["entry", "files", "types", "require_serial"] {
        let mark = format!("  {key}: ");
        let mut values: Vec<&str> =
            all.lines().filter_map(|line| line.strip_prefix(&mark)).collect();
        assert_eq!(values.len(), 3, "{key}");
        values.dedup();
        assert_eq!(values.len(), 1, "{key}: {values:?}");
    }
}
