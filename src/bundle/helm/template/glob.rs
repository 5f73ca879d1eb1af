//! Names by pattern, as gobwas/glob matches them with `/` as separator.

use regex::{Regex, RegexBuilder};

/// A pattern.
pub(crate) struct Glob(Regex);

impl Glob {
    /// Compiles a pattern.
    pub(crate) fn new(pattern: &str) -> Result<Self, String> {
        let mut out = String::from("^(?s:");
        let mut chars = pattern.chars().peekable();
        let mut depth = 0;
        while let Some(c) = chars.next() {
            match c {
                '*' if chars.peek() == Some(&'*') => {
                    chars.next();
                    out.push_str(".*");
                }
                '*' => out.push_str("[^/]*"),
                '?' => out.push_str("[^/]"),
                '{' => {
                    depth += 1;
                    out.push_str("(?:");
                }
                '}' if depth > 0 => {
                    depth -= 1;
                    out.push(')');
                }
                ',' if depth > 0 => out.push('|'),
                '[' => {
                    out.push('[');
                    if chars.peek() == Some(&'!') {
                        chars.next();
                        out.push('^');
                    }
                    for c in chars.by_ref() {
                        match c {
                            ']' => break,
                            '-' => out.push('-'),
                            c => out.push_str(&regex::escape(&c.to_string())),
                        }
                    }
                    out.push(']');
                }
                '\\' => out.push_str(&regex::escape(&chars.next().unwrap_or('\\').to_string())),
                c => out.push_str(&regex::escape(&c.to_string())),
            }
        }
        out.push_str(")$");
        let built = RegexBuilder::new(&out).size_limit(1 << 18).build();
        built.map(Self).map_err(|_| format!("glob {pattern:?} can't be understood"))
    }

    pub(crate) fn is_match(&self, name: &str) -> bool {
        self.0.is_match(name)
    }
}
