//! Paths as bundles name them: relative to the repository's root, with `/`.

/// The directory of a path; empty for the root.
pub fn directory(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(directory, _)| directory)
}

/// How many levels below the root the contents of a directory are.
pub(super) fn directory_depth(directory: &str) -> usize {
    directory.split('/').filter(|part| !part.is_empty()).count()
}

/// A reference relative to `directory`, as a path relative to the root; `None` if it is outside or
/// not a path (an inline patch, a URL).
pub fn path_from(directory: &str, reference: &str) -> Option<String> {
    if reference.contains('\n') || reference.contains("://") {
        return None;
    }
    join(directory, reference)
}

/// `reference`, relative to `directory`, as a path relative to the root, whatever else it may look
/// like; `None` if it leaves the repository.
pub(super) fn join(directory: &str, reference: &str) -> Option<String> {
    if reference.starts_with('/') {
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
    use super::{join, path_from};

    #[test]
    fn paths_count_from_the_root() {
        assert_eq!(join("a/b", "../c/./x.yaml").as_deref(), Some("a/c/x.yaml"));
        assert_eq!(join("a", "..").as_deref(), Some(""));
        assert_eq!(join("a", "../../x"), None);
        assert_eq!(join("a", "/etc/passwd"), None);
    }

    #[test]
    fn references_are_paths_from_the_root() {
        assert_eq!(path_from("a/b", "../c/./x.yaml").as_deref(), Some("a/c/x.yaml"));
        assert_eq!(path_from("a", "..").as_deref(), Some(""));
        assert_eq!(path_from("a", "../../x"), None);
        assert_eq!(path_from("a", "https://example.com/x"), None);
    }
}
