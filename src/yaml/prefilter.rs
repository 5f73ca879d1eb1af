//! Which documents are worth parsing, decided from their bytes.
//!
//! The filter errs on one side only: a document that holds a wanted manifest always passes, one
//! that passes may hold none. Every shortcut below therefore names what makes it safe.

use std::collections::HashSet;

use memchr::{memchr_iter, memmem};

use super::token::{is_blank_or_break, is_flow, quoted_end, skip_space};

/// The manifests that a caller wants, by the value of their `kind` key.
#[derive(Debug)]
pub struct Wanted {
    kinds: HashSet<&'static str>,
    parts: Vec<memmem::Finder<'static>>,
    together: Vec<memmem::Finder<'static>>,
    kind: memmem::Finder<'static>,
    binary: memmem::Finder<'static>,
}

impl Wanted {
    /// Wants documents with a `kind` that is one of `kinds` or contains one of `parts`, and those
    /// in which all of the words `together` occur (for manifests that are told by their fields,
    /// not by their kind).
    pub fn new(
        kinds: impl IntoIterator<Item = &'static str>,
        parts: &[&'static str],
        together: &[&'static str],
    ) -> Self {
        let finder = |needle: &&'static str| memmem::Finder::new(*needle);
        Self {
            kinds: kinds.into_iter().collect(),
            parts: parts.iter().map(finder).collect(),
            together: together.iter().map(finder).collect(),
            kind: memmem::Finder::new("kind"),
            binary: memmem::Finder::new("binary"),
        }
    }

    /// Whether a manifest of this kind is wanted. Kinds hold no white space.
    pub fn wants(&self, kind: &str) -> bool {
        !kind.bytes().any(is_blank_or_break)
            && (self.kinds.contains(kind) || self.holds_part(kind.as_bytes()))
    }

    /// Whether a document, or a whole file, may hold a wanted manifest. `false` is certain.
    ///
    /// Bytes that are not UTF-8 are looked at too, so that only files that matter are complained
    /// about; UTF-16 without its zero bytes.
    pub fn may_be(&self, document: &[u8]) -> bool {
        if document.starts_with(b"\xff\xfe") || document.starts_with(b"\xfe\xff") {
            let narrow: Vec<u8> = document.iter().copied().filter(|byte| *byte != 0).collect();
            return self.passes(&narrow);
        }
        self.passes(document)
    }

    fn passes(&self, document: &[u8]) -> bool {
        let mut kinds = self.kind.find_iter(document).peekable();
        let has_kind = kinds.peek().is_some();
        kinds.any(|at| self.may_be_wanted_at(document, at))
            || (has_kind && (self.holds_together(document) || has_alias_as_key(document)))
            || self.has_hidden_text(document)
    }

    /// What has no `kind` at all is no manifest, whatever words it holds.
    fn holds_together(&self, document: &[u8]) -> bool {
        let is_in = |needle: &memmem::Finder| needle.find(document).is_some();
        !self.together.is_empty() && self.together.iter().all(is_in)
    }

    /// Whether the `kind` at `at` is a key whose value is wanted, or can't be told here.
    fn may_be_wanted_at(&self, document: &[u8], at: usize) -> bool {
        let within_word =
            |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'/');
        if at
            .checked_sub(1)
            .and_then(|before| document.get(before))
            .is_some_and(within_word)
        {
            return false;
        }
        let end = at + "kind".len();
        let quote = document.get(end).is_some_and(|b| matches!(b, b'"' | b'\''));
        // An explicit key (`? kind`) and JSON may have the colon on a later line.
        let colon = skip_space(document, if quote { end + 1 } else { end });
        document.get(colon) == Some(&b':') && self.may_be_wanted(document, colon + 1)
    }

    /// Whether the value after a colon is wanted, or can't be told here.
    fn may_be_wanted(&self, document: &[u8], after_colon: usize) -> bool {
        let start = skip_space(document, after_colon);
        match document.get(start) {
            None => false,
            // An anchor, an alias, a tag, a block scalar, an explicit key.
            Some(b'&' | b'*' | b'!' | b'|' | b'>' | b'?') => true,
            Some(b'"' | b'\'') => {
                let text = document.get(start + 1..quoted_end(document, start) - 1);
                text.is_none_or(|text| {
                    text.iter().any(|b| matches!(b, b'\\' | b'\n' | b'\r'))
                        || self.wants_bytes(text)
                })
            }
            Some(_) => self.wants_plain(plain(document, start)),
        }
    }

    /// Whether what stands on the line of a plain value is wanted. `rest` ends at a comment.
    fn wants_plain(&self, rest: &[u8]) -> bool {
        let token = rest
            .split(|b| is_blank_or_break(*b) || is_flow(*b))
            .next()
            .unwrap_or(rest);
        // The next key, or the first one of a mapping: the value is no scalar. Inside brackets
        // the line may go on with other entries, so only what comes before them counts.
        let before_flow = rest.split(|b| is_flow(*b)).next().unwrap_or(rest);
        if has_key_mark(before_flow) {
            return false;
        }
        self.wants_bytes(token) || self.holds_part(rest)
    }

    fn wants_bytes(&self, kind: &[u8]) -> bool {
        std::str::from_utf8(kind).is_ok_and(|kind| self.kinds.contains(kind))
            || self.holds_part(kind)
    }

    fn holds_part(&self, text: &[u8]) -> bool {
        self.parts.iter().any(|needle| needle.find(text).is_some())
    }

    /// Whether the parser may see text that is not in the bytes: base64, escapes, and line breaks
    /// that are escaped away. Escapes only exist in double quotes; and as neither kinds nor keys
    /// hold white space, the first escape of such a scalar stands on the line of its opening quote.
    fn has_hidden_text(&self, document: &[u8]) -> bool {
        let after_tag = |at: usize| {
            let before = at.checked_sub(1).and_then(|before| document.get(before));
            before.is_some_and(|byte| matches!(byte, b'!' | b':'))
        };
        memchr_iter(b'\\', document).any(|at| hides_text(document, at))
            || self.binary.find_iter(document).any(after_tag)
    }
}

/// A plain value from `start` to the end of its line, less a comment.
fn plain(document: &[u8], start: usize) -> &[u8] {
    let rest = document.get(start..).unwrap_or(&[]);
    let line = rest.get(..super::token::line_end(rest, 0)).unwrap_or(rest);
    let is_comment = |pair: &[u8]| matches!(pair, [b' ' | b'\t', b'#']);
    let end = line.windows(2).position(is_comment).unwrap_or(line.len());
    line.get(..end).unwrap_or(line)
}

/// Whether a colon that makes a key stands on the line, or a dash that makes an item begins it.
fn has_key_mark(line: &[u8]) -> bool {
    let ends = |at: usize| line.get(at).is_none_or(|b| is_blank_or_break(*b));
    memchr_iter(b':', line).any(|at| ends(at + 1)) || (line.first() == Some(&b'-') && ends(1))
}

/// Whether an alias stands as a key somewhere: it may be `kind`, anchored as a value elsewhere.
fn has_alias_as_key(document: &[u8]) -> bool {
    memchr_iter(b'*', document).any(|at| {
        let name = document.get(at + 1..).unwrap_or(&[]);
        let ends = |byte: &u8| is_blank_or_break(*byte) || is_flow(*byte);
        let length = name.iter().position(ends).unwrap_or(name.len());
        length > 0 && document.get(skip_space(document, at + 1 + length)) == Some(&b':')
    })
}

/// Whether the backslash at `at` may hide text.
fn hides_text(document: &[u8], at: usize) -> bool {
    let next = document.get(at + 1);
    if !next.is_none_or(|b| matches!(b, b'x' | b'u' | b'U' | b'\n' | b'\r')) {
        return false;
    }
    let before = document.get(..at).unwrap_or(&[]);
    let line_start = memchr::memrchr2(b'\n', b'\r', before).map_or(0, |end| end + 1);
    before
        .get(line_start..)
        .is_some_and(|line| line.contains(&b'"'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted() -> Wanted {
        Wanted::new(
            ["Pod"],
            &["NetworkPolicy", "List"],
            &["emplate", "containers"],
        )
    }

    #[test]
    fn wanted_kinds_pass() {
        for text in [
            "kind: Pod",
            "kind: Pod # c",
            "kind:   'Pod'",
            "\"kind\" : \"Pod\"",
            "{\"kind\":\"Pod\",\"a\":1}",
            "{kind: Pod, a: 1}",
            "{kind: Pod}",
            "{\"kind\"\n:\n\"Pod\"}",
            "{\"kind\":\n Pod, a: b}",
            "kind: NetworkPolicy",
            "kind: CiliumNetworkPolicy\r\n",
            "kind: PodList",
            "- kind: Pod",
            "? kind\n: Pod",
            "? kind # c\n# d\n: Pod",
            "kind:\n  Pod",
            "kind: # c\n  # d\n  Pod # see: this",
            "&k kind: Pod",
            "a: &k kind\n*k : Pod",
            "{a: &k kind, ? *k\n: Pod}",
        ] {
            assert!(wanted().may_be(text.as_bytes()), "{text:?}");
        }
    }

    #[test]
    fn what_can_not_be_told_passes() {
        for text in [
            "kind: &a Deployment",
            "kind: *a",
            "kind: !!str Deployment",
            "kind: |-\n  Deployment",
            "kind: >-\n  Deployment",
            "kind: \"Po\\\n  d\"",
            "kind: \"Po\n  d\"",
            "\"k\\x69nd\": \"P\\u006fd\"",
            "!!binary a2luZA==: Pod",
            "!<tag:yaml.org,2002:binary> a2luZA==: Pod",
            "{\"ki\\\n  nd\": Pod}",
            "kind: Rollout\na: {template: {containers: []}}",
        ] {
            assert!(wanted().may_be(text.as_bytes()), "{text:?}");
        }
    }

    #[test]
    fn the_rest_is_dropped() {
        for text in [
            "",
            "kind: Deployment",
            "kind: \"Deployment\"",
            "subkind: Pod",
            "kinds: Pod",
            "# a kind of Pod",
            "kind:\n  description: a Pod\n  type: string",
            "kind:\n- Pod",
            "kind:",
            "required:\n- kind\n- Pod\n",
            "kind: ConfigMap\ndata:\n  x: |\n    sed 's/\\x//' \\\n    && echo * :\n",
            "kind: ConfigMap\nbinaryData: {}",
            "template: {containers: []}",
            "kind: Rollout\ntemplate: container",
        ] {
            assert!(!wanted().may_be(text.as_bytes()), "{text:?}");
        }
    }

    #[test]
    fn wide_encodings_are_looked_at_too() {
        let wide: Vec<u8> = "\u{feff}kind: Pod"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        assert!(wanted().may_be(&wide));
        assert!(wanted().may_be(b"kind: Pod\n# \xff"));
        assert!(!wanted().may_be(b"kind: Other\n# \xff"));
    }
}
