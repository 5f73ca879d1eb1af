//! What it takes to read JSON as YAML: characters that are escaped as two surrogates, which YAML
//! rejects, and a start that keeps the parser from buffering the whole file.

use super::token::quoted_end;

/// Fills up an escape that was replaced, so that every later character keeps its position. It is a
/// noncharacter: text for interchange never contains it.
pub(super) const FILLER: char = '\u{fdd1}';

/// Goes before a JSON text. After a marker on the same line no key can begin; without it the parser
/// must consider the whole text as a possible key, and buffers all its tokens to the end.
pub(super) const MARKER: &str = "--- ";

/// How much white space precedes a text that begins like JSON; `None` if it does not.
pub(super) fn indent(text: &str) -> Option<usize> {
    let trimmed = text.trim_start_matches([' ', '\t', '\n', '\r']);
    trimmed.starts_with(['{', '[']).then(|| text.len() - trimmed.len())
}

/// The text with every surrogate pair replaced by its character, padded to the same number of
/// characters; a lone surrogate becomes U+FFFD, as in Go.
pub(super) fn join_surrogates(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut joined = String::with_capacity(text.len());
    let mut at = 0;
    while let Some(length) = bytes.get(at..).and_then(|rest| memchr::memchr(b'"', rest)) {
        let open = at + length;
        let close = quoted_end(bytes, open);
        joined.push_str(text.get(at..open).unwrap_or(""));
        push_string(text.get(open..close).unwrap_or(""), &mut joined);
        at = close;
    }
    joined.push_str(text.get(at..).unwrap_or(""));
    joined
}

/// One string, with its quotes.
fn push_string(mut rest: &str, joined: &mut String) {
    while let Some(at) = memchr::memchr(b'\\', rest.as_bytes()) {
        let (before, escape) = rest.split_at(at);
        joined.push_str(before);
        let length = match (code_unit(escape), escape.get(6..).and_then(code_unit)) {
            (Some(first), second) if (0xd800..0xe000).contains(&first) => {
                push_character(first, second, joined)
            }
            _ => 0,
        };
        if length == 0 {
            joined.push('\\');
            let escaped = escape.get(1..).and_then(|tail| tail.chars().next());
            joined.extend(escaped);
            rest = escape.get(1 + escaped.map_or(0, char::len_utf8)..).unwrap_or("");
        } else {
            rest = escape.get(length..).unwrap_or("");
        }
    }
    joined.push_str(rest);
}

/// The character of one or two surrogates, and how many bytes of escapes it took.
fn push_character(first: u32, second: Option<u32>, joined: &mut String) -> usize {
    let low = second.filter(|low| first < 0xdc00 && (0xdc00..0xe000).contains(low));
    let pair =
        low.and_then(|low| char::from_u32(0x10000 + ((first - 0xd800) << 10) + low - 0xdc00));
    let length = if pair.is_some() { 12 } else { 6 };
    joined.push(pair.unwrap_or(char::REPLACEMENT_CHARACTER));
    joined.extend(std::iter::repeat_n(FILLER, length - 1));
    length
}

/// The number of the `\uXXXX` that the text begins with.
fn code_unit(text: &str) -> Option<u32> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    let is_hex = digits.bytes().all(|b| b.is_ascii_hexdigit());
    is_hex.then(|| u32::from_str_radix(digits, 16).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn surrogates_are_joined_in_place() {
        let text = r#"{"a\\ud83d": "\ud83d\ude00 \u00e9", "b": "\ud83d", "c": "é\udc00"}"#;
        let joined = join_surrogates(text);
        assert_eq!(joined.chars().count(), text.chars().count());
        let stripped = joined.replace(FILLER, "");
        assert_eq!(stripped, r#"{"a\\ud83d": "😀 \u00e9", "b": "�", "c": "é�"}"#);
    }
}
