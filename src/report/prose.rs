//! Wraps sentences at words, for people.

use unicode_width::UnicodeWidthChar;

/// The longest piece of code that is kept on one line, in columns.
const WHOLE: usize = 32;

/// `text` in lines of at most `width` columns, broken at spaces; a longer word stays whole.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    lay(words(text).map(|word| (word, columns(word))), width, width)
}

/// The units between which lines are broken. A short piece of code (`app: web`) is one unit.
pub fn words(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let end = end_of_word(text);
        rest = text.get(end + 1..);
        text.get(..end)
    })
}

fn end_of_word(text: &str) -> usize {
    let (mut is_code, mut used) = (false, 0);
    for (at, c) in text.char_indices() {
        match c {
            ' ' if !is_code => return at,
            '`' => is_code = !is_code,
            _ => {}
        }
        used += c.width().unwrap_or(0);
        if used > WHOLE {
            break;
        }
    }
    // Too long, or a backtick that does not start code, or the last word.
    text.find(' ').filter(|_| is_code || used > WHOLE).unwrap_or(text.len())
}

/// Words, each with its columns, in lines of at most `width` columns, the first one of `first`.
pub fn lay<T: AsRef<str>>(
    words: impl IntoIterator<Item = (T, usize)>,
    first: usize,
    width: usize,
) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut left = 0;
    for (word, wide) in words {
        let word = word.as_ref();
        let begun = lines.len();
        match lines.last_mut() {
            // A word with `::` at the start of a line would be a command to GitHub's runner.
            Some(line) if wide < left || word.starts_with("::") => {
                line.push(' ');
                line.push_str(word);
                left = left.saturating_sub(wide + 1);
            }
            _ => {
                lines.push(word.to_owned());
                left = if begun == 0 { first } else { width }.saturating_sub(wide);
            }
        }
    }
    lines
}

/// How many columns an escaped text takes.
pub fn columns(text: &str) -> usize {
    text.chars().map(|c| c.width().unwrap_or(0)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_code_stays_on_one_line_and_long_code_does_not() {
        assert_eq!(wrap("write `app: web` here", 14), ["write", "`app: web`", "here"]);
        let long = format!("write `{}` here", "a: b, ".repeat(6));
        assert_eq!(wrap(&long, 20), ["write `a: b, a: b,", "a: b, a: b, a: b, a:", "b, ` here"]);
        assert_eq!(wrap("a ` that is alone", 8), ["a ` that", "is alone"]);
    }

    #[test]
    fn lines_are_as_wide_as_they_may_be_and_no_wider() {
        assert_eq!(wrap("日本 ab c", 7), ["日本 ab", "c"]);
        assert_eq!(wrap("ab averylongword c", 5), ["ab", "averylongword", "c"]);
        assert_eq!(wrap("a ::error:: b", 3), ["a ::error::", "b"]);
        assert_eq!(wrap("", 5), [""]);
        let words = [("one", 3), ("two", 3), ("three", 5)];
        assert_eq!(lay(words, 3, 9), ["one", "two three"]);
    }
}
