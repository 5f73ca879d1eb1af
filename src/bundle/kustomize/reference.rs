//! What an entry of a kustomization refers to: a path in the repository, or something remote.

use crate::bundle::path::join;
use crate::yaml::Node;

/// The lists whose entries may be files or directories.
pub(super) const TREES: &[&str] =
    &["resources", "bases", "components", "generators", "transformers", "validators"];

/// The lists whose entries are files.
pub(super) const FILES: &[&str] = &["patchesStrategicMerge", "configurations", "crds"];

/// The lists whose items name a file under `path`.
pub(super) const PATH_ITEMS: &[&str] = &["patches", "patchesJson6902", "replacements"];

/// A file or directory that a kustomization refers to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Wanted {
    /// Relative to the root.
    pub path: String,
    /// Whether its raw text is needed (generators).
    pub bare: bool,
    /// Whether it is listed as a resource and nothing else.
    pub is_resource: bool,
    /// The directory that the paths of its plugins are relative to, if it contains plugins.
    pub plugin_of: Option<String>,
}

/// Whether kustomize would treat it as a URL or a git repository. A path that exists is never
/// passed here.
pub(super) fn is_remote(reference: &str) -> bool {
    let lower = reference.to_ascii_lowercase();
    let begins = ["git@", "git::", "gh:", "github.com/", "github.com:", "oci://", "s3::", "hg::"];
    let holds = ["://", "?ref=", "?version=", "&ref=", "/_git/", ".git?", ".git//", ".git/"];
    if begins.iter().any(|it| lower.starts_with(it)) || holds.iter().any(|it| lower.contains(it)) {
        return true;
    }
    // `host.example/owner/repository`, with or without a scheme.
    let mut parts = lower.split('/');
    let host = parts.next().unwrap_or_default();
    let rest = parts.filter(|part| !part.is_empty()).count();
    lower.ends_with(".git")
        || (rest >= 2 && !host.starts_with('.') && host.contains('.') && !is_file_name(&lower))
}

fn is_file_name(path: &str) -> bool {
    [".yaml", ".yml", ".json"].iter().any(|end| path.ends_with(end))
}

/// Whether the entry of a list is inline YAML.
pub(super) fn is_inline(entry: &str) -> bool {
    entry.contains('\n') || entry.trim_start().starts_with('{') || entry.contains(": ")
}

/// Everything that a kustomization in `directory` refers to, in order.
pub(super) fn wanted(tree: &Node, directory: &str) -> Vec<Wanted> {
    let mut all = Vec::new();
    let mut add = |reference: &str, bare: bool, plugin: bool, is_resource: bool| {
        if let Some(path) = join(directory, reference).filter(|_| !is_inline(reference)) {
            let plugin_of = plugin.then(|| directory.to_owned());
            all.push(Wanted { path, bare, is_resource, plugin_of });
        }
    };
    let list = |key: &str| tree.get(key).and_then(Node::as_seq).unwrap_or_default();
    for key in TREES {
        let plugin = matches!(*key, "generators" | "transformers" | "validators");
        list(key).iter().filter_map(Node::as_str).for_each(|entry| {
            add(entry, false, plugin, !plugin);
        });
    }
    for key in FILES {
        list(key).iter().filter_map(Node::as_str).for_each(|entry| {
            add(entry, false, false, false);
        });
    }
    for key in PATH_ITEMS {
        let paths = list(key).iter().filter_map(|item| item.get("path").and_then(Node::as_str));
        paths.for_each(|path| add(path, false, false, false));
    }
    if let Some(path) = tree.at(&["openapi", "path"]).and_then(Node::as_str) {
        add(path, false, false, false);
    }
    for key in ["configMapGenerator", "secretGenerator"] {
        for generator in list(key) {
            generator_files(generator).into_iter().for_each(|path| {
                add(path, true, false, false);
            });
        }
    }
    all
}

/// The files that one generator reads.
pub(super) fn generator_files(generator: &Node) -> Vec<&str> {
    let list = |key: &str| generator.get(key).and_then(Node::as_seq).unwrap_or_default();
    let files = list("files").iter().filter_map(Node::as_str);
    let files = files.map(|file| file.split_once('=').map_or(file, |(_, path)| path));
    let envs = list("envs").iter().filter_map(Node::as_str);
    files.chain(envs).chain(generator.get("env").and_then(Node::as_str)).collect()
}

/// What a plugin's own fields refer to.
pub(super) fn wanted_by_plugin(plugin: &Node, directory: &str) -> Vec<Wanted> {
    let mut references: Vec<&str> = Vec::new();
    references.extend(plugin.get("path").and_then(Node::as_str));
    let list = |key: &str| plugin.get(key).and_then(Node::as_seq).unwrap_or_default();
    references.extend(list("paths").iter().filter_map(Node::as_str));
    references.extend(list("replacements").iter().filter_map(|it| it.get("path")?.as_str()));
    let bare = generator_files(plugin);
    let of = |bare: bool| {
        move |reference: &&str| {
            let path = join(directory, reference).filter(|_| !is_inline(reference))?;
            Some(Wanted { path, bare, is_resource: false, plugin_of: None })
        }
    };
    let files = references.iter().filter_map(of(false));
    files.chain(bare.iter().filter_map(of(true))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remote_references_are_recognized_by_their_form() {
        for remote in [
            "https://example.com/x.yaml",
            "github.com/owner/repo//deploy?ref=v1",
            "git@github.com:owner/repo.git",
            "ssh://git@example.com/owner/repo.git",
            "oci://example.com/owner/repo",
            "bitbucket.org/owner/repo",
            "git::https://example.com/owner/repo",
        ] {
            assert!(is_remote(remote), "{remote}");
        }
        for local in ["../base", "base", "app.v1/x.yaml", "a/b/c", "deploy.d/one/two.yaml"] {
            assert!(!is_remote(local), "{local}");
        }
    }
}
