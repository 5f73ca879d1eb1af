//! Strings from manifests are data: they must neither control a terminal nor hide text.

use std::borrow::Cow;

/// Starts a command to GitHub's runner anywhere in a line of a log.
const RUNNER: &str = "##[";

/// `text` with every control character, escape sequence, line break and bidirectional or invisible
/// formatting character written as `\u{…}`, so that it is visible and has no effect wherever it is
/// printed. The bracket of `##[` is escaped too.
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(steers) && !text.contains(RUNNER) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if steers(c) || c == '[' && out.ends_with("##") {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

/// Control characters (with line breaks and tabs), line and paragraph separators, bidirectional
/// controls (Unicode Technical Report 36, "Trojan Source") and zero-width characters.
fn steers(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{200B}'..='\u{200F}'
            | '\u{2028}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}'
            | '\u{061C}'
            | '\u{FEFF}'
            | '\u{FFF9}'..='\u{FFFB}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_is_borrowed_and_controls_are_written_out() {
        assert!(matches!(visible("app: bäckend"), Cow::Borrowed(_)));
        assert_eq!(visible("a\u{1b}[31mb\n"), "a\\u{1b}[31mb\\u{a}");
        assert_eq!(visible("x\u{202e}y"), "x\\u{202e}y");
        assert_eq!(visible("a ##[group]b #[c]"), "a ##\\u{5b}group]b #[c]");
    }
}
