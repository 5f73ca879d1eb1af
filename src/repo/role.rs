//! What a file is: by its name, and by the charts that the walk found.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::path::Path;

use super::Role;

/// What the name alone shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Manifests,
    Kustomization,
    Chart,
    Markdown,
    Expectations,
    NoManifests,
}

/// What the names of files of expectations end in: `netpol-test.yaml`, `shop.netpol-test.yml`.
const EXPECTATIONS: &str = "netpol-test";

/// Whether a file is one of expectations, by its name.
fn is_expectations(name: &OsStr) -> bool {
    let Some(name) = name.to_str() else { return false };
    let stem = name.strip_suffix(".yaml").or_else(|| name.strip_suffix(".yml"));
    let before = stem.and_then(|stem| stem.strip_suffix(EXPECTATIONS));
    before.is_some_and(|before| before.is_empty() || before.ends_with('.'))
}

impl Form {
    /// `None` for names that are read only if they are given.
    pub(super) fn of(name: &OsStr) -> Option<Self> {
        if name == "Chart.yaml" {
            return Some(Self::Chart);
        }
        if name == "kustomization.yaml" || name == "kustomization.yml" || name == "Kustomization" {
            return Some(Self::Kustomization);
        }
        if is_expectations(name) {
            return Some(Self::Expectations);
        }
        let extension = Path::new(name).extension()?;
        let one_of = |known: &[&str]| known.iter().any(|it| extension.eq_ignore_ascii_case(it));
        if one_of(&["yaml", "yml", "json"]) {
            return Some(Self::Manifests);
        }
        one_of(&["md", "markdown"]).then_some(Self::Markdown)
    }

    /// The form of a given file: it is read whatever its extension, unless it can't contain
    /// manifests.
    pub(super) fn of_named(name: &OsStr) -> Self {
        let is_template = Path::new(name).extension().is_some_and(|it| it == "tpl");
        if is_template || name == "netpol-lint.toml" {
            return Self::NoManifests;
        }
        Self::of(name).unwrap_or(Self::Manifests)
    }

    pub(super) fn role(self) -> Role {
        match self {
            Self::Manifests => Role::Manifests,
            Self::Kustomization => Role::Kustomization,
            Self::Chart => Role::Chart,
            Self::Markdown => Role::Markdown,
            Self::Expectations => Role::Expectations,
            Self::NoManifests => Role::NoManifests,
        }
    }
}

/// Directories whose files test tools read.
const TEST_DIRECTORIES: &[&str] =
    &["chainsaw", "e2e", "kuttl", "test", "testdata", "tests", ".kyverno-test"];

/// Whether a file is a test's expectation and not a manifest: kuttl's `00-assert.yaml` and
/// `01-errors.yaml` (kuttl.dev/docs/testing/asserts-errors.html), and Chainsaw's `…-assert.yaml`
/// and `…-error.yaml` in a directory of tests.
pub(super) fn is_assertion(path: &str) -> bool {
    let (directory, name) = path.rsplit_once('/').unwrap_or(("", path));
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let mut words = stem.split(['-', '_', '.']);
    let is_numbered = words
        .clone()
        .next()
        .is_some_and(|first| !first.is_empty() && first.bytes().all(|b| b.is_ascii_digit()));
    let is_in_tests = directory.split('/').any(|part| TEST_DIRECTORIES.contains(&part));
    let expects = match is_numbered || is_in_tests {
        true => words.any(|word| matches!(word, "assert" | "asserts" | "error" | "errors")),
        false => false,
    };
    expects && (is_in_tests || stem.split(['-', '_']).count() == 2)
}

/// The directories with a `Chart.yaml`, relative to the root.
#[derive(Debug)]
pub(super) struct Charts {
    directories: HashSet<String>,
    /// The root itself is below a chart's `templates/`.
    around_root: bool,
}

impl Charts {
    pub(super) fn new(directories: Vec<String>, root: &Path) -> Self {
        let around_root = chart_above(root).is_some();
        Self { directories: directories.into_iter().collect(), around_root }
    }

    /// Looks for a chart around a path that the walk skipped: the walk may not have seen its
    /// `Chart.yaml` either.
    pub(super) fn look_above(&mut self, path: &Path, root: &Path) {
        if let Some(chart) = chart_above(path) {
            self.directories.insert(super::path::label(root, chart));
        }
    }

    /// Whether the file is below the `templates/` of a chart.
    pub(super) fn template(&self, path: &str) -> bool {
        const TEMPLATES: &str = "templates/";
        if self.around_root {
            return true;
        }
        path.match_indices(TEMPLATES).any(|(at, _)| match path[..at].strip_suffix('/') {
            Some(chart) => self.directories.contains(chart),
            None => at == 0 && self.directories.contains(""),
        })
    }
}

/// The directory of the chart whose `templates/` contains `path`, or is `path`.
fn chart_above(path: &Path) -> Option<&Path> {
    path.ancestors()
        .filter(|directory| directory.file_name().is_some_and(|name| name == "templates"))
        .filter_map(Path::parent)
        .find(|chart| chart.join("Chart.yaml").is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_expectation_is_not_a_manifest() {
        for path in [
            "tests/kuttl/x/00-assert.yaml",
            "op/01-errors.yaml",
            "e2e/net/chainsaw-step-01-assert-1-1.yaml",
            "test/x/policy-assert.yml",
        ] {
            assert!(is_assertion(path), "{path}");
        }
        for path in [
            "tests/kuttl/x/00-install.yaml",
            "apps/assert.yaml",
            "apps/error-pages.yaml",
            "apps/01-error-pages.yaml",
            "tests/assertion-service.yaml",
        ] {
            assert!(!is_assertion(path), "{path}");
        }
    }

    #[test]
    fn expectations_are_told_by_their_names() {
        for (name, is) in [
            ("netpol-test.yaml", true),
            ("shop.netpol-test.yml", true),
            ("my-netpol-test.yaml", false),
            ("netpol-test.json", false),
            ("netpol-tests.yaml", false),
        ] {
            assert_eq!(is_expectations(OsStr::new(name)), is, "{name}");
        }
    }

    #[test]
    fn templates_are_below_a_chart() {
        let directories = ["", "apps/shop", "apps/shop/charts/db"];
        let mut charts =
            Charts { directories: directories.map(str::to_owned).into(), around_root: false };
        for (path, is) in [
            ("templates/a.yaml", true),
            ("apps/shop/templates/deep/a.yaml", true),
            ("apps/shop/charts/db/templates/a.yaml", true),
            ("apps/shop/crds/a.yaml", false),
            ("apps/other/templates/a.yaml", false),
            ("my-templates/a.yaml", false),
            ("apps/shop/templates.yaml", false),
        ] {
            assert_eq!(charts.template(path), is, "{path}");
        }
        charts.around_root = true;
        assert!(charts.template("a.yaml"));
    }
}
