//! Baselines: old findings stay hidden wherever their lines move, new ones are reported.

use std::fs;
use std::path::Path;

use assert_cmd::Command;

const POD: &str = "\
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: shop, labels: {app: db}}
spec: {containers: [{name: db, image: db}]}
";

/// A policy that selects nothing.
fn policy(name: &str, label: &str) -> String {
    format!(
        "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata:\n  name: {name}\n  \
         namespace: shop\nspec:\n  podSelector:\n    matchLabels:\n      app: {label}\n  \
         policyTypes: [Ingress]\n"
    )
}

fn repository(policies: &str) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join(".git")).unwrap();
    fs::write(dir.path().join("np.yaml"), format!("{POD}{policies}")).unwrap();
    dir
}

/// Exit code, standard output, standard error.
fn run(dir: &Path, arguments: &[&str]) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_netpol-lint"));
    // Equal policies must have equal findings here, which their ordinals distinguish.
    let arguments = [arguments, &["--ignore", "duplicate-policy"]].concat();
    let output = command.args(arguments).current_dir(dir).env("NO_COLOR", "1").output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn findings(dir: &Path) -> usize {
    let arguments = ["--output-format", "concise", "-q", "--baseline", "base.json"];
    let (code, out, _) = run(dir, &arguments);
    assert_eq!(code, i32::from(!out.is_empty()), "{out}");
    out.lines().count()
}

#[test]
fn a_hundred_findings_stay_hidden_and_a_new_one_is_reported() {
    let policies: Vec<String> =
        (0..100).map(|number| policy(&format!("p{}", number / 2), "nobody")).collect();
    let dir = repository(&policies.concat());
    let dir = dir.path();
    let (code, out, err) = run(dir, &["--write-baseline", "base.json"]);
    assert_eq!((code, out.as_str(), err.as_str()), (0, "", "Wrote 100 findings to base.json.\n"));
    assert_eq!(findings(dir), 0);

    let ten = "# a line\n".repeat(10);
    let moved: String = policies.iter().map(|policy| format!("{ten}{policy}{ten}")).collect();
    let moved = moved.replace("      app:", &format!("{ten}      app:"));
    fs::write(dir.join("np.yaml"), format!("{ten}{POD}{moved}")).unwrap();
    assert_eq!(findings(dir), 0);

    let with_a_new_one = format!("{POD}{}{moved}", policy("new", "nobody"));
    fs::write(dir.join("np.yaml"), with_a_new_one).unwrap();
    assert_eq!(findings(dir), 1);

    let again = format!("{POD}{moved}{}", policy("p7", "nobody"));
    fs::write(dir.join("np.yaml"), again).unwrap();
    assert_eq!(findings(dir), 1, "a third of two equals");
}

#[test]
fn the_file_is_sorted_and_the_same_each_time() {
    let dir = repository(&(policy("b", "nobody") + &policy("a", "nobody")));
    run(dir.path(), &["--write-baseline", "base.json"]);
    let first = fs::read_to_string(dir.path().join("base.json")).unwrap();
    let objects: Vec<&str> = first
        .lines()
        .filter_map(|line| line.split("\"object\":\"").nth(1)?.split('"').next())
        .collect();
    assert_eq!(objects, ["NetworkPolicy shop/a", "NetworkPolicy shop/b"], "{first}");
    run(dir.path(), &["--write-baseline", "base.json"]);
    assert_eq!(fs::read_to_string(dir.path().join("base.json")).unwrap(), first);
}

#[test]
fn stale_entries_are_reported_and_pruned() {
    let dir = repository(&(policy("a", "nobody") + &policy("b", "nobody")));
    let dir = dir.path();
    run(dir, &["--write-baseline", "base.json"]);
    fs::write(dir.join("np.yaml"), format!("{POD}{}", policy("a", "nobody"))).unwrap();
    let (code, out, err) = run(dir, &["--baseline", "base.json", "-v"]);
    assert_eq!(code, 0, "{out}");
    assert!(out.contains("No findings, 1 in the baseline"), "{out}");
    assert!(
        out.contains("1 baseline entry no longer matches; remove it with `--prune-baseline`"),
        "{out}"
    );
    let line = "baseline entry no longer matches: np.yaml: orphaned-pod-selector about NetworkPolicy shop/b";
    assert!(err.contains(line), "{err}");

    let (_, out, _) = run(dir, &["--baseline", "base.json", "--prune-baseline"]);
    assert!(out.contains("Removed 1 baseline entry."), "{out}");
    let left = fs::read_to_string(dir.join("base.json")).unwrap();
    assert!(left.contains("shop/a") && !left.contains("shop/b"), "{left}");
    let (_, out, _) = run(dir, &["--baseline", "base.json"]);
    assert!(!out.contains("entry"), "{out}");
}

#[test]
fn entries_of_unchecked_files_are_not_stale() {
    let dir = repository(&policy("a", "nobody"));
    let dir = dir.path();
    fs::write(dir.join("other.yaml"), policy("other", "nobody")).unwrap();
    run(dir, &["--write-baseline", "base.json"]);
    let severe = ["--min-severity", "error"];
    for arguments in
        [&["np.yaml"][..], &["--select", "split-peer"], &["--exclude", "other.yaml"], &severe]
    {
        let all = [arguments, &["--baseline", "base.json", "--prune-baseline"]].concat();
        let (code, out, _) = run(dir, &all);
        assert!(code == 0 && !out.contains("baseline."), "{arguments:?}: {out}");
        assert_eq!(findings(dir), 0, "{arguments:?}");
    }
    fs::remove_file(dir.join("other.yaml")).unwrap();
    let (_, out, _) = run(dir, &["np.yaml", "--baseline", "base.json", "--prune-baseline"]);
    assert!(out.contains("Removed 1 baseline entry"), "{out}");
}

#[test]
fn suppressed_findings_are_not_written_and_do_not_rename_their_neighbours() {
    let two = policy("a", "nobody").repeat(2);
    let dir = repository(&two);
    let dir = dir.path();
    run(dir, &["--write-baseline", "base.json"]);
    let word = "app: nobody # netpol-lint: ignore[orphaned-pod-selector]";
    let suppressed = format!("{POD}{}", two.replacen("app: nobody", word, 1));
    fs::write(dir.join("np.yaml"), suppressed).unwrap();
    assert_eq!(findings(dir), 0);
    let (_, _, err) = run(dir, &["--write-baseline", "base.json"]);
    assert_eq!(err, "Wrote 1 finding to base.json.\n");
}

#[test]
fn a_missing_file_is_exit_code_2() {
    let dir = repository(&policy("a", "nobody"));
    let dir = dir.path();
    fs::write(dir.join("v2.json"), r#"{"version": 2, "findings": []}"#).unwrap();
    for (file, printed) in [
        ("missing.json", "error: the baseline `"),
        ("np.yaml", "is not a baseline file: "),
        ("v2.json", "has baseline version 2, but this netpol-lint reads version 1"),
    ] {
        let (code, out, err) = run(dir, &["--baseline", file]);
        assert_eq!((code, out.as_str()), (2, ""), "{file}: {err}");
        assert!(err.contains(printed) && err.contains(file), "{err}");
    }
    let before = fs::read_to_string(dir.join("np.yaml")).unwrap();
    let (code, _, err) = run(dir, &["--write-baseline", "np.yaml"]);
    assert!(code == 2 && err.contains("refusing to overwrite it"), "{err}");
    assert_eq!(fs::read_to_string(dir.join("np.yaml")).unwrap(), before);
    let (code, _, err) = run(dir, &["--write-baseline", "no/such/folder.json"]);
    assert!(code == 2 && err.contains("can't be written"), "{err}");
    assert_eq!(run(dir, &["--prune-baseline"]).0, 2);
    assert_eq!(run(dir, &["--baseline", "a", "--write-baseline", "b"]).0, 2);
}

#[cfg(unix)]
#[test]
fn the_mode_and_a_link_stay() {
    use std::os::unix::fs::PermissionsExt;
    let dir = repository(&policy("a", "nobody"));
    let dir = dir.path();
    let mode = |name: &str| fs::metadata(dir.join(name)).unwrap().permissions().mode() & 0o777;
    fs::write(dir.join("plain"), "").unwrap();
    run(dir, &["--write-baseline", "new.json"]);
    assert_eq!(mode("new.json"), mode("plain"), "as any new file");

    fs::set_permissions(dir.join("new.json"), fs::Permissions::from_mode(0o640)).unwrap();
    std::os::unix::fs::symlink("new.json", dir.join("link.json")).unwrap();
    fs::write(dir.join("np.yaml"), POD).unwrap();
    let (_, _, err) = run(dir, &["--write-baseline", "link.json"]);
    assert_eq!(err, "Wrote 0 findings to link.json.\n");
    assert!(fs::symlink_metadata(dir.join("link.json")).unwrap().is_symlink());
    assert_eq!(mode("new.json"), 0o640);
    let text = fs::read_to_string(dir.join("new.json")).unwrap();
    assert_eq!(text, "{\n  \"version\": 1,\n  \"findings\": []\n}\n");
}
