//! Which documents can't matter, told from their bytes: no false negatives, when in doubt parse.

use std::collections::HashSet;
use std::sync::LazyLock;

use memchr::{memchr, memchr_iter, memmem};

/// What a document must have to be parsed.
#[derive(Debug)]
pub struct Wanted {
    kinds: HashSet<&'static str>,
    parts: &'static [&'static str],
    /// A document that holds all of these words passes, whatever its kind.
    together: Vec<memmem::Finder<'static>>,
}

static KIND: LazyLock<memmem::Finder<'static>> = LazyLock::new(|| memmem::Finder::new("kind"));
static BINARY: LazyLock<memmem::Finder<'static>> = LazyLock::new(|| memmem::Finder::new("binary"));

impl Wanted {
    /// Wants documents with a `kind` that is one of `kinds` or has one of `parts` in it, and those
    /// that hold all of the words `together`.
    pub fn new(
        kinds: impl IntoIterator<Item = &'static str>,
        parts: &'static [&'static str],
        together: &'static [&'static str],
    ) -> Self {
        Self {
            kinds: kinds.into_iter().collect(),
            parts,
            together: together
                .iter()
                .map(|word| memmem::Finder::new(*word))
                .collect(),
        }
    }

    /// Whether a document may be wanted. Never says no to one that is: the words `kind` and the
    /// kind itself stand in it as bytes, unless an escape, a tag or an anchor hides them, and then
    /// it says yes.
    pub fn may_be(&self, document: &[u8]) -> bool {
        let mut kinds = KIND.find_iter(document).peekable();
        if kinds.peek().is_some() {
            if kinds.any(|at| self.kind_passes(document, at)) {
                return true;
            }
            if self
                .together
                .iter()
                .all(|word| word.find(document).is_some())
            {
                return true;
            }
        }
        may_hide(document)
    }

    /// Whether `kind` at byte `at` may be the key of a wanted kind.
    fn kind_passes(&self, document: &[u8], at: usize) -> bool {
        let before = document.get(..at).unwrap_or_default();
        let after = document.get(at + 4..).unwrap_or_default();
        if is_word(before.last()) || is_word(after.first()) {
            return false;
        }
        if follows_property(before) {
            return true;
        }
        let after = match after.first() {
            Some(b'"' | b'\'') => after.get(1..).unwrap_or_default(),
            _ => after,
        };
        let after = trim(after);
        match after.first() {
            Some(b':') => self.value_passes(trim(after.get(1..).unwrap_or_default())),
            _ => false,
        }
    }

    fn value_passes(&self, value: &[u8]) -> bool {
        let value = match value.first() {
            Some(b'"' | b'\'') => value.get(1..).unwrap_or_default(),
            Some(first) if first.is_ascii_alphanumeric() => value,
            // An anchor, an alias, a tag, a block scalar, a comment, or on a later line.
            _ => return true,
        };
        let end = value
            .iter()
            .position(|b| !b.is_ascii_alphanumeric())
            .unwrap_or(value.len());
        let Ok(word) = std::str::from_utf8(value.get(..end).unwrap_or_default()) else {
            return true;
        };
        self.kinds.contains(word) || self.parts.iter().any(|part| word.contains(part))
    }
}

fn is_word(byte: Option<&u8>) -> bool {
    byte.is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b'/'))
}

/// Leaves out spaces and tabs.
fn trim(bytes: &[u8]) -> &[u8] {
    let start = bytes
        .iter()
        .position(|b| !matches!(b, b' ' | b'\t'))
        .unwrap_or(bytes.len());
    bytes.get(start..).unwrap_or_default()
}

/// Whether the token before is an anchor or a tag, or the mark of an explicit key: then the colon
/// may stand elsewhere.
fn follows_property(before: &[u8]) -> bool {
    let before = match before.last() {
        Some(b'"' | b'\'') => before.get(..before.len() - 1).unwrap_or_default(),
        _ => before,
    };
    let end = before.iter().rposition(|b| !b.is_ascii_whitespace());
    let Some(end) = end.filter(|end| end + 1 < before.len()) else {
        return false;
    };
    let token = before.get(..=end).unwrap_or_default();
    let start = token
        .iter()
        .rposition(|b| b.is_ascii_whitespace())
        .map_or(0, |at| at + 1);
    matches!(token.get(start), Some(b'&' | b'!' | b'?'))
}

/// Whether an escape or a binary scalar may hide a key or a kind: `\x`, `\u`, `\U` and line
/// continuations work in double quotes only.
fn may_hide(document: &[u8]) -> bool {
    if memchr(b'\\', document).is_none() {
        return memchr(b'!', document).is_some() && BINARY.find(document).is_some();
    }
    let hides = |at: usize| match document.get(at + 1) {
        None | Some(b'\n' | b'\r' | b'x' | b'u' | b'U') => true,
        Some(_) => false,
    };
    memchr(b'"', document).is_some() && memchr_iter(b'\\', document).any(hides)
        || (memchr(b'!', document).is_some() && BINARY.find(document).is_some())
}

#[cfg(test)]
mod tests {
    use super::Wanted;

    fn passes(document: &str) -> bool {
        let wanted = Wanted::new(
            ["Pod", "Deployment"],
            &["NetworkPolicy", "List"],
            &["template", "containers"],
        );
        wanted.may_be(document.as_bytes())
    }

    #[test]
    fn wanted_kinds_pass_however_they_are_written() {
        for document in [
            "kind: Pod",
            "kind:   \"Pod\"",
            "{\"kind\":\"Pod\"}",
            "'kind' : 'Deployment'",
            "kind: CiliumNetworkPolicy",
            "kind: PodList",
            "kind: &a Pod",
            "kind: !!str Pod",
            "kind: >-\n  Pod",
            "kind:\n  Pod",
            "kind: # why\n  Pod",
            "? kind\n: Pod",
            "? \"kind\"\n: Pod",
            "&k kind : Pod",
            "x: &k kind\n*k : Pod",
            "!!str kind: Pod",
            "\"k\\x69nd\": Pod",
            "kind: \"P\\u006fd\"",
            "kind: \"Po\\\n  d\"",
            "kind: !!binary UG9k",
            "kind: *k",
            "kind: Rollout\nspec: {template: {spec: {containers: []}}}",
        ] {
            assert!(passes(document), "{document}");
        }
    }

    #[test]
    fn others_do_not() {
        for document in [
            "kind: ConfigMap",
            "kind: PodMonitor",
            "a kind of Pod",
            "mankind: Pod",
            "a: b",
            "description: the kind of thing\nkind: Secret",
            "a: 'C:\\users'",
        ] {
            assert!(!passes(document), "{document}");
        }
    }
}
