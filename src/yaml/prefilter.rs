//! Which documents are worth parsing, decided from their bytes.
//!
//! The filter errs on one side only: a document with a wanted manifest always passes, and one that
//! passes may have none. Every shortcut below therefore says why it is safe.

use std::collections::HashSet;

use memchr::{memchr_iter, memmem};

use super::token::{is_blank_or_break, is_flow, quoted_end, skip_space};

/// The manifests that a caller wants, by the value of their `kind` key.
#[derive(Debug)]
pub struct Wanted {
    kinds: HashSet<&'static str>,
    parts: Vec<memmem::Finder<'static>>,
    together: Vec<memmem::Finder<'static>>,
    /// Kinds that are wanted only in a document that contains a word.
    with_word: Vec<(&'static str, memmem::Finder<'static>)>,
    kind: memmem::Finder<'static>,
    binary: memmem::Finder<'static>,
}

impl Wanted {
    /// Wants documents with a `kind` that is one of `kinds` or contains one of `parts`, and those
    /// that contain all of the words `together` (for manifests that are recognized by their fields,
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
            with_word: Vec::new(),
            kind: memmem::Finder::new("kind"),
            binary: memmem::Finder::new("binary"),
        }
    }

    /// Wants manifests of a frequent kind too, where the document contains a word: the name of the
    /// only one that matters.
    pub fn with_word(mut self, kind: &'static str, word: &'static str) -> Self {
        self.with_word.push((kind, memmem::Finder::new(word)));
        self
    }

    /// Whether a manifest of this kind is wanted, in some document. A kind is one word, without
    /// white space, brackets and commas.
    pub fn wants(&self, kind: &str) -> bool {
        let has_it = |(of, _): &(&str, _)| *of == kind;
        !kind.bytes().any(ends_word)
            && (self.wants_word(kind.as_bytes(), b"") || self.with_word.iter().any(has_it))
    }

    /// Whether all of the words `together` may occur in it. `false` is certain.
    pub fn may_hold_words(&self, document: &[u8]) -> bool {
        self.holds_together(document)
            || has_alias_as_key(document)
            || self.has_hidden_text(document)
    }

    /// Whether a document, or a whole file, may contain a wanted manifest. `false` is certain.
    ///
    /// Bytes that are not UTF-8 are searched too (UTF-16 without its zero bytes), so that only
    /// relevant files are reported.
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

    /// A text without `kind` is not a manifest, whatever words it contains.
    fn holds_together(&self, document: &[u8]) -> bool {
        let is_in = |needle: &memmem::Finder| needle.find(document).is_some();
        !self.together.is_empty() && self.together.iter().all(is_in)
    }

    /// Whether the `kind` at `at` is a key with a wanted value, or can't be decided here.
    fn may_be_wanted_at(&self, document: &[u8], at: usize) -> bool {
        let within_word =
            |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'/');
        let before = at.checked_sub(1).and_then(|before| document.get(before));
        if before.is_some_and(within_word) {
            return false;
        }
        let (view, is_all) = view(document, at + "kind".len());
        self.is_wanted_key(document, view).unwrap_or(!is_all)
    }

    /// Whether what follows `kind` makes it a key with a wanted value; `None` if the view ends
    /// before that is certain.
    fn is_wanted_key(&self, document: &[u8], after: &[u8]) -> Option<bool> {
        let quote = matches!(after.first(), Some(b'"' | b'\''));
        // An explicit key (`? kind`) and JSON may have the colon on a later line.
        let colon = skip_space(after, usize::from(quote));
        if *after.get(colon)? != b':' {
            return Some(false);
        }
        let start = skip_space(after, colon + 1);
        match after.get(start)? {
            // An anchor, an alias, a tag, a block scalar, an explicit key.
            b'&' | b'*' | b'!' | b'|' | b'>' | b'?' => Some(true),
            b'"' | b'\'' => self.is_wanted_quoted(document, after, start),
            _ => self.is_wanted_plain(document, after.get(start..)?),
        }
    }

    fn is_wanted_quoted(&self, document: &[u8], after: &[u8], start: usize) -> Option<bool> {
        let end = quoted_end(after, start);
        let text = after.get(start + 1..end - 1)?;
        let is_undecided = text.iter().any(|b| matches!(b, b'\\' | b'\n' | b'\r'));
        let is_wanted = is_undecided || self.wants_word(text, document);
        (is_wanted || end < after.len()).then_some(is_wanted)
    }

    fn is_wanted_plain(&self, document: &[u8], value: &[u8]) -> Option<bool> {
        let end = value.iter().position(|b| ends_word(*b));
        let word = value.get(..end.unwrap_or(value.len()))?;
        // The next key, or the first one of a mapping: the value of `kind` is not a scalar.
        let is_wanted = !word.ends_with(b":") && self.wants_word(word, document);
        (is_wanted || end.is_some()).then_some(is_wanted)
    }

    fn wants_word(&self, kind: &[u8], document: &[u8]) -> bool {
        std::str::from_utf8(kind).is_ok_and(|kind| self.kinds.contains(kind))
            || self.parts.iter().any(|part| part.find(kind).is_some())
            || self
                .with_word
                .iter()
                .any(|(of, word)| of.as_bytes() == kind && word.find(document).is_some())
    }

    /// Whether the parser may see text that is not in the bytes: base64, escapes, and escaped line
    /// breaks.
    fn has_hidden_text(&self, document: &[u8]) -> bool {
        let after_tag = |at: usize| {
            let before = at.checked_sub(1).and_then(|before| document.get(before));
            before.is_some_and(|byte| matches!(byte, b'!' | b':'))
        };
        has_hiding_escape(document) || self.binary.find_iter(document).any(after_tag)
    }
}

/// The part of the document from `start` that one decision may look at, and whether that is all:
/// without a limit, a line of many keys would be read to its end for each of them.
fn view(document: &[u8], start: usize) -> (&[u8], bool) {
    const MOST: usize = 2_048;
    let rest = document.get(start..).unwrap_or(&[]);
    (rest.get(..MOST).unwrap_or(rest), rest.len() <= MOST)
}

fn ends_word(byte: u8) -> bool {
    is_blank_or_break(byte) || is_flow(byte)
}

/// Whether any key is an alias: it may be `kind`, anchored as a value elsewhere.
fn has_alias_as_key(document: &[u8]) -> bool {
    let is_key = |after: &[u8]| {
        let length = after.iter().position(|b| ends_word(*b))?;
        let next = after.get(skip_space(after, length))?;
        Some(length > 0 && *next == b':')
    };
    memchr_iter(b'*', document).any(|at| {
        let (view, is_all) = view(document, at + 1);
        is_key(view).unwrap_or(!is_all)
    })
}

/// Whether a backslash may hide text: before `x`, `u`, `U` or a line break, and after a `"` on the
/// same line. Escapes exist only in double quotes; and because neither kinds nor keys contain white
/// space, the first one of such a scalar is on the line of its opening quote.
fn has_hiding_escape(document: &[u8]) -> bool {
    let mut seen = 0;
    let mut is_quote_on_line = false;
    for at in memchr_iter(b'\\', document) {
        let before = document.get(seen..at).unwrap_or(&[]);
        let line_start = memchr::memrchr2(b'\n', b'\r', before);
        let line = before.get(line_start.map_or(0, |end| end + 1)..).unwrap_or(&[]);
        is_quote_on_line &= line_start.is_none();
        is_quote_on_line |= line.contains(&b'"');
        let next = document.get(at + 1);
        let hides = next.is_none_or(|b| matches!(b, b'x' | b'u' | b'U' | b'\n' | b'\r'));
        if hides && is_quote_on_line {
            return true;
        }
        seen = at;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted() -> Wanted {
        Wanted::new(["Pod"], &["NetworkPolicy", "List"], &["emplate", "containers"])
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
    fn what_is_unknown_passes() {
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
    fn a_frequent_kind_is_wanted_only_with_its_word() {
        let wanted = wanted().with_word("ConfigMap", "cilium-config");
        for text in [
            "kind: ConfigMap\nmetadata: {name: cilium-config}",
            "{\"kind\":\"ConfigMap\",\"n\":\"\\u0063\"}",
        ] {
            assert!(wanted.may_be(text.as_bytes()), "{text:?}");
        }
        for text in ["kind: ConfigMap\nmetadata: {name: other}", "kind: Secret # cilium-config"] {
            assert!(!wanted.may_be(text.as_bytes()), "{text:?}");
        }
    }

    #[test]
    fn utf_16_is_searched_too() {
        let wide: Vec<u8> = "\u{feff}kind: Pod".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert!(wanted().may_be(&wide));
        assert!(wanted().may_be(b"kind: Pod\n# \xff"));
        assert!(!wanted().may_be(b"kind: Other\n# \xff"));
    }

    #[test]
    fn long_lines_take_no_longer_than_short_ones() {
        let many = 200_000;
        for text in [
            "{\"kind\":{\"a\":1},".repeat(many),
            "\"kind\":1,".repeat(many),
            "kind # ".repeat(many),
            "\\x ".repeat(many),
            format!("kind {}", "*a".repeat(many)),
            format!("kind {}", "*a # ".repeat(many)),
        ] {
            let start = std::time::Instant::now();
            let _ = wanted().may_be(text.as_bytes());
            let took = start.elapsed();
            assert!(took.as_secs() < 2, "{took:?} for {:?}", &text[..20]);
        }
    }
}
