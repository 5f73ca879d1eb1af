//! How `.ci/run` treats skipped tests: a skip is reported, and is a failure unless the test needs
//! material beside the checkout.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

/// The output of `.ci/skips` for these lines.
fn skips(file: &Path) -> Output {
    Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join(".ci/skips"))
        .arg(file)
        .output()
        .unwrap()
}

fn printed(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn only_tests_of_material_beside_the_checkout_may_be_skipped() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let none = skips(file.path());
    assert!(none.status.success() && printed(&none) == "0 skipped\n", "{}", printed(&none));

    let shared = "a::b: ../shared/corpus is absent\nc: ../shared/corpus is absent\n";
    fs::write(file.path(), shared).unwrap();
    let absent = skips(file.path());
    assert!(absent.status.success(), "{}", printed(&absent));
    assert!(printed(&absent).starts_with("2 skipped\n  not checked:"), "{}", printed(&absent));
    assert!(printed(&absent).ends_with("2 ../shared/corpus is absent\n"), "{}", printed(&absent));

    fs::write(file.path(), format!("{shared}d::e: helm is not on the PATH\n")).unwrap();
    let unexpected = skips(file.path());
    assert_eq!(unexpected.status.code(), Some(1));
    let expected = "these tests must run:\nd::e: helm is not on the PATH\n";
    assert!(printed(&unexpected).ends_with(expected), "{}", printed(&unexpected));
}

#[test]
fn a_skipped_test_is_reported_although_it_passes() {
    const TEST: &str = "kubectl_yaml::what_kubectl_reads_is_read_and_what_it_rejects_is_rejected";
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("skips");
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", TEST])
        .env("PATH", folder.path())
        .env("NETPOL_LINT_SKIPS", &file)
        .output()
        .unwrap();
    assert!(output.status.success());
    let line = format!("{TEST}: go is not on the PATH\n");
    let shown = String::from_utf8(output.stderr).unwrap();
    assert!(shown.contains(&format!("\nskipped: {line}")), "{shown}");
    assert_eq!(fs::read_to_string(&file).unwrap(), line);
    assert_eq!(skips(&file).status.code(), Some(1));
}
