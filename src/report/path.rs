//! Paths and places for people to read and click.

use std::path::{Component, Path};

use super::Look;
use crate::Outcome;
use crate::text::{Origin, Span, visible};

/// `path:line:column`, with the path relative to the working directory if possible.
pub fn place(outcome: &Outcome, look: &Look, span: Span) -> String {
    let at = outcome.sources.start(span);
    format!("{}:{}:{}", path(outcome, look, span), at.line, at.column)
}

fn path(outcome: &Outcome, look: &Look, span: Span) -> String {
    let source = outcome.sources.get(span.source);
    let path = match source.origin {
        Origin::Stdin => source.path.clone(),
        Origin::File(_) => from(&look.cwd, &outcome.root.join(&source.path)),
    };
    let path = visible(&path).into_owned();
    // A line that begins with `::` is a command to GitHub's runner.
    if path.starts_with("::") { format!("./{path}") } else { path }
}

/// A file of the repository, relative to the working directory if possible.
pub fn file(outcome: &Outcome, look: &Look, path: &str) -> String {
    visible(&from(&look.cwd, &outcome.root.join(path))).into_owned()
}

/// `path` as seen from `here`: down, or up and down if both have more than the root in common. Its
/// parts are separated by `/` on every platform.
pub fn from(here: &Path, path: &Path) -> String {
    let (here_parts, parts): (Vec<_>, Vec<_>) =
        (here.components().collect(), path.components().collect());
    let shared = here_parts.iter().zip(&parts).take_while(|(a, b)| a == b).count();
    let named = |part: &&Component<'_>| matches!(part, Component::Normal(_));
    if !parts[..shared].iter().any(|part| named(&part)) {
        return path.to_string_lossy().into_owned();
    }
    let up = here_parts[shared..].iter().map(|_| "..".into());
    let down = parts[shared..].iter().map(|part| part.as_os_str().to_string_lossy());
    up.chain(down).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn paths_are_relative_to_the_working_directory() {
        let of = |here: &str, path: &str| from(Path::new(here), Path::new(path));
        assert_eq!(of("/repo", "/repo/a/b.yaml"), "a/b.yaml");
        assert_eq!(of("/repo/c", "/repo/a/b.yaml"), "../a/b.yaml");
        assert_eq!(of("/elsewhere", "/repo/a.yaml"), "/repo/a.yaml");
        assert_eq!(of("", "a.yaml"), "a.yaml");
    }
}
