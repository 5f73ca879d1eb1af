//! Text in Markdown that stays text: nothing in it becomes a link, a mention, an image, HTML, or
//! the end of what contains it.

use crate::text::visible;

/// A sentence. Text between backticks becomes code, as intended; the rest is plain text.
pub fn prose(text: &str) -> String {
    let text = visible(text);
    let parts: Vec<&str> = text.split('`').collect();
    let mut out = String::with_capacity(text.len() + 16);
    for (i, part) in parts.iter().enumerate() {
        let closed = i + 1 < parts.len();
        match i % 2 == 1 && closed {
            true if part.is_empty() => out.push_str("\\`\\`"),
            true => out.push_str(&code(part)),
            // A backtick that is never closed.
            false if i % 2 == 1 => {
                out.push_str("\\`");
                plain(part, &mut out);
            }
            false => plain(part, &mut out),
        }
    }
    out
}

/// A code span that can't end early.
pub fn code(text: &str) -> String {
    let text = visible(text);
    let ticks = "`".repeat(longest_run(&text) + 1);
    let edge = |c: char| c == '`' || c == ' ';
    let pad =
        if text.is_empty() || text.starts_with(edge) || text.ends_with(edge) { " " } else { "" };
    format!("{ticks}{pad}{text}{pad}{ticks}")
}

/// A table cell: the bars in code are escaped too.
pub fn cell(markdown: &str) -> String {
    markdown.replace("\\|", "|").replace('|', "\\|")
}

/// The fence for a block of code that contains `text`.
pub fn fence(text: &str) -> String {
    "`".repeat((longest_run(text) + 1).max(3))
}

fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

/// Appends text in which every character is literal. GitHub and GitLab look for mentions and
/// references after unescaping: an empty comment breaks these.
fn plain(text: &str, out: &mut String) {
    let mut chars = text.chars().peekable();
    let mut last = ' ';
    while let Some(c) = chars.next() {
        let joined = chars.peek().is_some_and(|next| !next.is_whitespace());
        let special = match c {
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '<' | '>' | '#' | '|' | '~' | '&'
            | '@' | '$' | '!' | '^' => true,
            // `https://`, `:emoji:`, `www.`
            ':' => joined,
            '.' => joined && last.eq_ignore_ascii_case(&'w'),
            _ => false,
        };
        if special {
            out.push('\\');
        }
        out.push(c);
        if matches!(c, '@' | '#' | '!' | '~' | '&' | '$') {
            out.push_str("<!-- -->");
        }
        last = c;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_stays_code_and_words_stay_words() {
        assert_eq!(prose("`app: cart` selects no pod"), "`app: cart` selects no pod");
        assert_eq!(prose("a `b` c `d"), "a `b` c \\`d");
        assert_eq!(prose("<b>*x*</b>"), "\\<b\\>\\*x\\*\\</b\\>");
        assert_eq!(prose("@all ::error::"), "\\@<!-- -->all \\:\\:error\\::");
        assert_eq!(code("a`b"), "``a`b``");
        assert_eq!(code("`"), "`` ` ``");
        assert_eq!(fence("x ```` y"), "`````");
        assert_eq!(cell("`a|b` \\| c"), "`a\\|b` \\| c");
    }
}
