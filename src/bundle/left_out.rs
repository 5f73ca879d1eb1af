//! Kustomizations and charts are recognised and left out: what they refer to is never read as
//! loose files, and what they would apply may stand where they put it.

use std::collections::BTreeSet;

use crate::yaml::Node;

/// One kustomization of the repository.
#[derive(Clone, Debug)]
pub struct Kustomization {
    /// Its path, relative to the repository's root.
    pub path: String,
    /// Its tree; none where it can't be read.
    pub tree: Option<Node>,
}

/// What is left out, and where it could stand.
#[derive(Clone, Debug, Default)]
pub struct LeftOut {
    /// Files that a kustomization refers to.
    pub files: BTreeSet<String>,
    /// What each root may apply: its path, and the namespace it gives to all of it, if it does.
    pub roots: Vec<(String, Option<String>)>,
}

/// The fields of a kustomization that name files or directories directly.
const PATH_LISTS: &[&str] = &[
    "bases",
    "components",
    "configurations",
    "crds",
    "generators",
    "patchesStrategicMerge",
    "resources",
    "transformers",
    "validators",
];

/// The fields whose items name a file under `path`.
const PATH_ITEMS: &[&str] = &["patches", "patchesJson6902", "replacements"];

/// What kustomizations leave out. A root is one that no other refers to.
pub fn left_out(kustomizations: &[Kustomization]) -> LeftOut {
    let mut out = LeftOut::default();
    let mut referred: BTreeSet<String> = BTreeSet::new();
    for kustomization in kustomizations {
        let directory = directory(&kustomization.path);
        for reference in references(kustomization.tree.as_ref()) {
            let Some(path) = resolve(directory, reference) else {
                continue;
            };
            referred.insert(path.clone());
            out.files.insert(path);
        }
    }
    for kustomization in kustomizations {
        if referred.contains(directory(&kustomization.path)) {
            continue;
        }
        let namespace = kustomization.tree.as_ref().and_then(|tree| tree.get("namespace"));
        let namespace = namespace.and_then(Node::as_str).map(str::to_owned);
        out.roots.push((kustomization.path.clone(), namespace));
    }
    out
}

fn references(tree: Option<&Node>) -> Vec<&str> {
    let Some(tree) = tree else { return Vec::new() };
    let list = |key: &&str| tree.get(key).and_then(Node::as_seq).unwrap_or_default();
    let direct = PATH_LISTS.iter().flat_map(list).filter_map(Node::as_str);
    let items = PATH_ITEMS.iter().flat_map(list);
    direct.chain(items.filter_map(|item| item.get("path").and_then(Node::as_str))).collect()
}

/// The directory of a path; empty for the root.
pub fn directory(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(directory, _)| directory)
}

/// A reference relative to `directory`, as a path relative to the root; none for what lies
/// outside of it or is no path (an inline patch, a URL).
fn resolve(directory: &str, reference: &str) -> Option<String> {
    if reference.contains('\n') || reference.contains("://") || reference.starts_with('/') {
        return None;
    }
    let mut parts: Vec<&str> = directory.split('/').filter(|part| !part.is_empty()).collect();
    for part in reference.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::resolve;

    #[test]
    fn references_are_paths_from_the_root() {
        assert_eq!(resolve("a/b", "../c/./x.yaml").as_deref(), Some("a/c/x.yaml"));
        assert_eq!(resolve("a", "..").as_deref(), Some(""));
        assert_eq!(resolve("a", "../../x"), None);
        assert_eq!(resolve("a", "https://example.com/x"), None);
    }
}
