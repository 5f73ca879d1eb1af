//! The configuration that `netpol-lint init` writes: every line says what it is for, and nothing
//! changes unless the repository needs it.

use std::fmt::Write;

/// How many clusters are suggested.
const SHOWN: usize = 5;

/// What `init` found in a repository.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// Whether all of its manifests are for OpenShift.
    pub is_openshift: bool,
    /// Directories with copies of third-party files.
    pub vendored: Vec<String>,
    /// The bundles of its files, if there are several.
    pub bundles: Vec<String>,
    /// How many policies have no namespace.
    pub without_namespace: usize,
}

/// A configuration that fits what was found.
pub fn scaffold(seen: &Seen) -> String {
    let mut out = String::from(
        "# Configuration of netpol-lint for this repository. Every key is optional and has a \
         default:\n# see docs/configuration.md of netpol-lint. `netpol-lint config` prints every \
         setting, and\n# where its value comes from.\n\n",
    );
    profile(&mut out, seen);
    exclude(&mut out, seen);
    default_namespace(&mut out, seen);
    clusters(&mut out, seen);
    out.push_str(
        "\n# Run the pedantic rules and show notes too.\n# pedantic = true\n\n# Rules to ignore \
         everywhere (`netpol-lint rule` lists all).\n# ignore = [\"missing-dns-egress\"]\n",
    );
    tables(&mut out, seen);
    out
}

fn profile(out: &mut String, seen: &Seen) {
    out.push_str(
        "# The kind of cluster, which decides where its DNS runs: kubernetes, openshift, gke, \
         eks,\n# aks, k3s or rke2.",
    );
    if seen.is_openshift {
        out.push_str(" The manifests here are for OpenShift.\nprofile = \"openshift\"\n");
    } else {
        out.push_str("\n# profile = \"kubernetes\"\n");
    }
}

fn exclude(out: &mut String, seen: &Seen) {
    out.push_str("\n# Files to skip completely, written as in a .gitignore.");
    if seen.vendored.is_empty() {
        out.push_str("\n# exclude = [\"vendor/\"]\n");
    } else {
        out.push_str(
            " These contain\n# third-party files; keep them if policies select their \
                      pods.\n",
        );
        let globs = seen.vendored.iter().map(|directory| format!("/{directory}/"));
        let _ = writeln!(out, "# exclude = {}", list(globs));
    }
}

fn default_namespace(out: &mut String, seen: &Seen) {
    out.push_str("\n# The namespace for objects without metadata.namespace.");
    match seen.without_namespace {
        0 => {}
        1 => out.push_str(" Here, 1 policy has none."),
        count => {
            let _ = write!(out, " Here, {count} policies have none.");
        }
    }
    out.push_str("\n# default-namespace = \"default\"\n");
}

/// As comments, because a table header would end the keys before it.
fn clusters(out: &mut String, seen: &Seen) {
    if seen.bundles.len() > 1 {
        let _ = writeln!(
            out,
            "\n# The directories suggest {} sets of files that are applied together. If that is \
             wrong,\n# list them with [[cluster]] (below).",
            seen.bundles.len()
        );
    }
}

fn tables(out: &mut String, seen: &Seen) {
    out.push_str(
        "\n# Severities of rules, in place of their own.\n\
         # [severity]\n\
         # implicit-ingress-isolation = \"error\"\n\
         \n# Rules to leave out in some files.\n\
         # [[per-path]]\n\
         # paths = [\"legacy/**\"]\n\
         # ignore = [\"missing-dns-egress\"]\n\
         \n# Charts are rendered with their default values; another release name, namespace and\n\
         # values files can be named.\n\
         # [helm]\n\
         # render = \"auto\"\n\
         # [[helm.chart]]\n\
         # path = \"charts/shop\"\n\
         # values = [\"charts/shop/values-prod.yaml\"]\n\
         \n# Files that are applied together.\n",
    );
    let shown = if seen.bundles.len() > 1 { &seen.bundles[..] } else { &[] };
    if !shown.is_empty() {
        out.push_str("# Shared files belong to each.\n");
    }
    for name in shown.iter().take(SHOWN) {
        let paths = list([files_of(name, shown)]);
        let _ = writeln!(out, "# [[cluster]]\n# name = {}\n# paths = {paths}", text(name));
    }
    if shown.is_empty() {
        out.push_str(
            "# [[cluster]]\n# name = \"prod\"\n# paths = [\"clusters/prod/**\", \"base/**\"]\n",
        );
    }
}

/// The glob for the files of a bundle: its directory, or only the files directly in it if other
/// bundles are below.
fn files_of(name: &str, all: &[String]) -> String {
    let directory = if name == "." { String::new() } else { format!("/{name}") };
    let below = format!("{name}/");
    if name == "." || all.iter().any(|other| other.starts_with(&below)) {
        format!("{directory}/*.yaml")
    } else {
        format!("{directory}/")
    }
}

fn list(items: impl IntoIterator<Item = String>) -> String {
    let items: Vec<String> = items.into_iter().map(|item| text(&item)).collect();
    format!("[{}]", items.join(", "))
}

/// A string in TOML syntax.
fn text(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

#[cfg(test)]
mod tests {
    use super::files_of;

    #[test]
    fn a_bundle_of_loose_files_does_not_include_those_below() {
        let all = [".", "a", "a/b", "a-c"].map(str::to_owned);
        let globs = all.each_ref().map(|name| files_of(name, &all));
        assert_eq!(globs, ["/*.yaml", "/a/*.yaml", "/a/b/", "/a-c/"]);
    }
}
