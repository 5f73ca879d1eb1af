//! The words of helm's command line: the only place where they are put together. What comes from
//! a repository is a type of its own, checked when it is made, so that no text of a manifest can
//! become a flag. Options come first, each in one word with its value, then `--`, then the rest.

use std::ffi::{OsStr, OsString};

use super::stage::StagedPath;

/// The version that templates are told the cluster has, so that what is rendered does not hang on
/// the version of helm.
const KUBERNETES: &str = "v1.34.0";
/// The longest name of a release: with what charts put behind it, it has to fit a DNS label.
pub(super) const LONGEST_RELEASE: usize = 53;
/// The longest name of a namespace (RFC 1123).
const LONGEST_NAMESPACE: usize = 63;

/// The name of a release that helm accepts: DNS labels with dots between them
/// (pkg/chartutil/validate_name.go), so it never begins with `-`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReleaseName(String);

impl ReleaseName {
    /// None where helm rejects the name.
    pub fn new(name: &str) -> Option<Self> {
        let fits = name.len() <= LONGEST_RELEASE && name.split('.').all(is_label);
        fits.then(|| Self(name.to_owned()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The name of a namespace: a DNS label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamespaceName(String);

impl NamespaceName {
    /// None where the API server rejects the name.
    pub fn new(name: &str) -> Option<Self> {
        (name.len() <= LONGEST_NAMESPACE && is_label(name)).then(|| Self(name.to_owned()))
    }
}

impl Default for NamespaceName {
    /// What helm takes where nothing else is said.
    fn default() -> Self {
        Self("default".to_owned())
    }
}

/// Lower case letters, digits and `-`, the first and the last of them no `-`.
fn is_label(text: &str) -> bool {
    let fits = |b: u8| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-');
    !text.is_empty() && text.bytes().all(fits) && !text.starts_with('-') && !text.ends_with('-')
}

/// Whether a controller fills in the text before it uses it (`{{name}}`, `${cluster}`): what it
/// becomes is unknown.
pub(super) fn is_filled_in(text: &str) -> bool {
    text.contains("{{") || text.contains("${")
}

/// All words behind the program's name.
#[derive(Clone, Debug)]
pub(super) struct Arguments(Vec<OsString>);

/// What one `helm template` renders.
#[derive(Debug)]
pub(super) struct Template<'a> {
    pub(super) release: &'a ReleaseName,
    pub(super) namespace: &'a NamespaceName,
    pub(super) chart: &'a StagedPath,
    /// Later ones win.
    pub(super) values: &'a [StagedPath],
    /// Print also what is no YAML.
    pub(super) is_debug: bool,
}

impl Arguments {
    pub(super) fn template(template: &Template<'_>) -> Self {
        let mut words: Vec<OsString> = vec![
            "template".into(),
            option("--namespace", template.namespace.0.as_ref()),
            option("--kube-version", KUBERNETES.as_ref()),
            "--skip-tests".into(),
        ];
        for file in template.values {
            words.push(option("--values", file.as_path().as_os_str()));
        }
        if template.is_debug {
            words.push("--debug".into());
        }
        words.extend(["--".into(), template.release.as_str().into()]);
        words.push(template.chart.as_path().into());
        Self(words)
    }

    /// The words, in order.
    pub(super) fn words(&self) -> &[OsString] {
        &self.0
    }

    /// Any words, for another program than helm.
    #[cfg(test)]
    pub(super) fn of_test(words: &[&str]) -> Self {
        Self(words.iter().map(OsString::from).collect())
    }
}

fn option(flag: &str, value: &OsStr) -> OsString {
    let mut word = OsString::from(flag);
    word.push("=");
    word.push(value);
    word
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_has_a_name_that_helm_accepts() {
        for good in ["shop", "shop-2", "shop.v2", "2", &"a".repeat(53)] {
            assert!(ReleaseName::new(good).is_some(), "{good}");
        }
        let bad = ["", "-", "--post-renderer=sh", "-x", "x-", "a..b", ".a", "a.", "a b", "Shop"];
        for bad in bad.into_iter().chain(["a/b", "a\n", "a=b", "ä", "{{name}}", &"a".repeat(54)]) {
            assert!(ReleaseName::new(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn a_namespace_is_a_dns_label() {
        assert!(NamespaceName::new("kube-system").is_some());
        for bad in ["", "--kubeconfig=x", "a.b", "a_b", &"a".repeat(64)] {
            assert!(NamespaceName::new(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn what_a_controller_fills_in_is_known_as_such() {
        assert!(is_filled_in("{{path.basename}}-web") && is_filled_in("${cluster}-web"));
        assert!(!is_filled_in("--set=a") && !is_filled_in("web"));
    }
}
