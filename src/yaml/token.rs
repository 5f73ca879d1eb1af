//! Where tokens begin and end, derived from the bytes: the parser's marks include the white space
//! and comments after a quoted scalar or a bracket, begin a block scalar at its content, and begin
//! an anchored node at its anchor.

/// UTF-8's byte order mark.
pub(super) const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// A space, a tab or a line break.
pub(super) fn is_blank_or_break(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// A byte that ends a token inside brackets.
pub(super) fn is_flow(byte: u8) -> bool {
    matches!(byte, b',' | b'[' | b']' | b'{' | b'}')
}

/// The next line break at or after `at`, or the end.
pub(super) fn line_end(bytes: &[u8], at: usize) -> usize {
    let rest = bytes.get(at..).unwrap_or(&[]);
    memchr::memchr2(b'\n', b'\r', rest).map_or(bytes.len(), |length| at + length)
}

/// Skips blanks, line breaks and comments.
pub(super) fn skip_space(bytes: &[u8], mut at: usize) -> usize {
    loop {
        match bytes.get(at) {
            Some(b'#') => at = line_end(bytes, at),
            Some(byte) if is_blank_or_break(*byte) => at += 1,
            _ => return at,
        }
    }
}

/// Skips `count` anchors and tags: the end of the last one, and the first token after them.
pub(super) fn skip_properties(bytes: &[u8], start: usize, count: usize) -> (usize, usize) {
    let mut end = start;
    let mut next = start;
    for _ in 0..count {
        end = property_end(bytes, next);
        next = skip_space(bytes, end);
    }
    (end, next)
}

fn property_end(bytes: &[u8], start: usize) -> usize {
    let rest = bytes.get(start..).unwrap_or(&[]);
    let verbatim = rest.starts_with(b"!<");
    let ends = |byte: &u8| is_blank_or_break(*byte) || (is_flow(*byte) && !verbatim);
    start + rest.iter().position(ends).unwrap_or(rest.len())
}

/// Skips the quoted scalar that opens at `start`.
pub(super) fn quoted_end(bytes: &[u8], start: usize) -> usize {
    let Some(quote) = bytes.get(start).copied() else {
        return start;
    };
    let mut at = start + 1;
    while let Some(byte) = bytes.get(at).copied() {
        if byte == b'\\' && quote == b'"' {
            at += 2;
        } else if byte != quote {
            at += 1;
        } else if quote == b'\'' && bytes.get(at + 1) == Some(&quote) {
            at += 2;
        } else {
            return at + 1;
        }
    }
    bytes.len()
}

/// Skips the indicator (`:` or `-`), if that is the next token after `at`.
pub(super) fn after_indicator(bytes: &[u8], at: usize, indicator: u8) -> Option<usize> {
    let at = skip_space(bytes, at);
    let alone = bytes.get(at + 1).is_none_or(|b| is_blank_or_break(*b) || is_flow(*b));
    (bytes.get(at) == Some(&indicator) && alone).then_some(at + 1)
}

/// The `-` of the first item of a sequence that is the value of the key that ends at `key_end`. It
/// may have the indentation of the key; the parser then marks it after the dash.
pub(super) fn first_dash(bytes: &[u8], key_end: usize) -> Option<usize> {
    let colon = after_indicator(bytes, key_end, b':')?;
    let at = skip_space(bytes, colon);
    (bytes.get(at) == Some(&b'-')).then_some(at)
}

/// The `|` or `>` of a block scalar without anchor or tag; `at` is the last token before it that is
/// not an indicator.
pub(super) fn block_header(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        at = skip_space(bytes, at);
        match bytes.get(at)? {
            b'|' | b'>' => return Some(at),
            b':' | b'-' | b'?' => at += 1,
            _ => return None,
        }
    }
}

/// The end of a block scalar: of its last non-blank line, or of its header.
pub(super) fn block_end(bytes: &[u8], header: usize, end: usize) -> usize {
    let rest = bytes.get(header..end).unwrap_or(&[]);
    let first_line = line_end(rest, 0);
    let content = rest.iter().rposition(|b| !is_blank_or_break(*b)).unwrap_or(0);
    if content > first_line {
        return header + content + 1;
    }
    let indicators = |byte: &&u8| matches!(byte, b'|' | b'>' | b'+' | b'-' | b'0'..=b'9');
    header + rest.iter().take_while(indicators).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_end_where_they_close() {
        assert_eq!(quoted_end(br#""a\"b" # c"#, 0), 6);
        assert_eq!(quoted_end(b"'it''s' x", 0), 7);
        assert_eq!(quoted_end(b"'open", 0), 5);
        assert_eq!(quoted_end(br#""a\"#, 0), 3);
    }

    #[test]
    fn properties_are_skipped_with_what_follows_them() {
        assert_eq!(skip_properties(b"&a !!str # c\n  x", 0, 2), (8, 15));
        assert_eq!(skip_properties(b"!<tag:x,y> x", 0, 1), (10, 11));
        assert_eq!(skip_properties(b"&a, x", 0, 1), (2, 2));
    }
}
