//! Regular expressions of RE2, as Go has them, made of Rust's: classes are ASCII, braces that repeat
//! nothing are text, and no expression costs more than its text and its size allow.

use regex::{Regex, RegexBuilder};

use super::value::{Budget, Exhausted};

/// Sizes of compiled expressions, and how much dearer than the smallest a search with one is.
const SIZES: [(usize, u64); 3] = [(16 << 10, 1), (128 << 10, 8), (1 << 20, 64)];
/// The steps that the smallest takes to be compiled.
const COMPILING: u64 = 300;
/// No more repetitions are counted, as in RE2.
const REPETITIONS: u32 = 1000;

/// A compiled expression.
pub(crate) struct Pattern {
    pub(crate) regex: Regex,
    weight: u64,
}

impl Pattern {
    /// Compiles an expression, or says in Go's words what is wrong with it.
    pub(crate) fn new(text: &str, budget: &Budget) -> Result<Result<Self, String>, Exhausted> {
        budget.step(text.len() as u64)?;
        let told = |why: &str| format!("regexp: Compile({text:?}): error parsing regexp: {why}");
        let translated = match translated(text) {
            Ok(translated) => translated,
            Err(why) => return Ok(Err(told(why))),
        };
        let mut why = String::new();
        for (size, weight) in SIZES {
            budget.step(COMPILING * weight)?;
            match RegexBuilder::new(&translated).size_limit(size).build() {
                Ok(regex) => return Ok(Ok(Self { regex, weight })),
                Err(regex::Error::CompiledTooBig(_)) => {
                    why = "expression is too large".to_owned();
                }
                Err(error) => {
                    let error = error.to_string();
                    why = error.lines().last().unwrap_or("").trim().to_owned();
                    break;
                }
            }
        }
        Ok(Err(told(&why)))
    }

    /// Takes the steps to search that many bytes once.
    pub(crate) fn searches(&self, bytes: usize, budget: &Budget) -> Result<(), Exhausted> {
        budget.step((1 + bytes as u64 / 4).saturating_mul(self.weight))
    }

    /// Takes the steps of one of many searches, with that many bytes still to come: each of them
    /// may look at all of these.
    pub(crate) fn goes_on(&self, bytes: usize, budget: &Budget) -> Result<(), Exhausted> {
        budget.step((1 + bytes as u64 / 4096).saturating_mul(self.weight))
    }
}

/// The same expression in Rust's syntax.
fn translated(text: &str) -> Result<String, &'static str> {
    let mut out = String::with_capacity(text.len() + 16);
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        match c {
            '\\' => rest = escape(rest, false, &mut out)?,
            '[' => rest = class(rest, &mut out)?,
            '{' => match repetition(rest) {
                Some(length) => {
                    let (counts, after) = rest.split_at(length);
                    let numbers = counts.trim_matches(['{', '}']).split(',');
                    let most = numbers.filter_map(|number| number.parse().ok()).max();
                    if most.is_none_or(|most: u32| most > REPETITIONS) {
                        return Err("invalid repeat count");
                    }
                    out.push_str(counts);
                    rest = after;
                }
                None => {
                    out.push_str("\\{");
                    rest = rest.get(1..).unwrap_or("");
                }
            },
            c => {
                out.push(c);
                rest = rest.get(c.len_utf8()..).unwrap_or("");
            }
        }
    }
    Ok(out)
}

/// The length of `{2}`, `{2,}` or `{2,3}`; none where a brace is text.
fn repetition(text: &str) -> Option<usize> {
    let end = text.find('}')?;
    let inner = text.get(1..end)?;
    let (least, most) = inner.split_once(',').unwrap_or((inner, "0"));
    let is_number = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let fits = !least.is_empty() && is_number(least) && is_number(most);
    fits.then_some(end + 1)
}

/// Writes the escape that a text begins with, and returns what follows.
fn escape<'t>(text: &'t str, is_in_class: bool, out: &mut String) -> Result<&'t str, &'static str> {
    let mut chars = text.chars();
    chars.next();
    let Some(c) = chars.next() else { return Err("trailing backslash at end of expression") };
    let rest = chars.as_str();
    let ascii = match c.to_ascii_lowercase() {
        'd' => "0-9",
        'w' => "0-9A-Za-z_",
        's' => "\\t\\n\\x0c\\r ",
        _ => "",
    };
    match c {
        'd' | 'w' | 's' if is_in_class => out.push_str(ascii),
        'd' | 'w' | 's' => out.push_str(&format!("[{ascii}]")),
        'D' | 'W' | 'S' => out.push_str(&format!("[^{ascii}]")),
        'b' if !is_in_class => out.push_str("(?-u:\\b)"),
        'Q' if !is_in_class => {
            let (quoted, after) = rest.split_once("\\E").unwrap_or((rest, ""));
            out.push_str(&regex::escape(quoted));
            return Ok(after);
        }
        // Word boundaries in Rust, text in Go.
        '<' | '>' => out.push(c),
        c => {
            out.push('\\');
            out.push(c);
        }
    }
    Ok(rest)
}

/// Writes the class that a text begins with, and returns what follows.
fn class<'t>(text: &'t str, out: &mut String) -> Result<&'t str, &'static str> {
    out.push('[');
    let mut rest = text.get(1..).unwrap_or("");
    if let Some(after) = rest.strip_prefix('^') {
        out.push('^');
        rest = after;
    }
    let mut is_first = true;
    while let Some(c) = rest.chars().next() {
        match c {
            ']' if !is_first => {
                out.push(']');
                return Ok(rest.get(1..).unwrap_or(""));
            }
            '\\' => {
                rest = escape(rest, true, out)?;
                is_first = false;
                continue;
            }
            '[' if rest.starts_with("[:") && rest.contains(":]") => {
                let end = rest.find(":]").unwrap_or(0) + 2;
                out.push_str(rest.get(..end).unwrap_or(""));
                rest = rest.get(end..).unwrap_or("");
                is_first = false;
                continue;
            }
            // Sets within sets, and operations on them, are Rust's alone.
            ']' | '[' | '&' | '~' => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
        is_first = false;
        rest = rest.get(c.len_utf8()..).unwrap_or("");
    }
    Err("missing closing ]")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compiled(text: &str) -> Result<Pattern, String> {
        Pattern::new(text, &Budget::new(1_000_000, 1 << 20)).unwrap()
    }

    fn found<'t>(pattern: &str, text: &'t str) -> Option<&'t str> {
        compiled(pattern).unwrap().regex.find(text).map(|found| found.as_str())
    }

    #[test]
    fn expressions_mean_what_they_mean_in_go() {
        for (pattern, text, expected) in [
            (r"\w+", "äb", Some("b")),
            (r"\d", "٣4", Some("4")),
            (r"[^\s]+", "a\u{a0}b c", Some("a\u{a0}b")),
            (r"[\D]", "1a", Some("a")),
            (r"{{.*}}", "x{{ a }}", Some("{{ a }}")),
            (r"a{,2}", "a{,2}", Some("a{,2}")),
            (r"a{2,3}", "aaaa", Some("aaa")),
            (r"[[a]", "[", Some("[")),
            (r"[]a]+", "a]", Some("a]")),
            (r"[a&&b]+", "&", Some("&")),
            (r"[[:alpha:]-]+", "1a-b", Some("a-b")),
            (r"\Qa.b\E+", "a.bb", Some("a.bb")),
            (r"\<a\>", "<a>", Some("<a>")),
            (r"\bb", "äb", Some("b")),
        ] {
            assert_eq!(found(pattern, text), expected, "{pattern}");
        }
        for bad in ["(", "[a", "a{1001}", "\\", "(?<!a)", "\\1"] {
            let why = compiled(bad).err().unwrap_or_else(|| panic!("{bad}"));
            assert!(why.contains("error parsing regexp: "), "{why}");
        }
    }

    #[test]
    fn no_expression_is_larger_or_slower_than_its_steps() {
        let budget = Budget::new(2_000_000, 1 << 20);
        let mut count = 0;
        while Pattern::new("((a{1,100}){1,100}){1,100}", &budget).is_ok() {
            count += 1;
        }
        assert!(count < 100, "{count}");
        let large = compiled(r"(.{1,300}x){3}").unwrap();
        assert!(large.weight > 1);
        assert!(large.searches(1 << 20, &Budget::new(1_000_000, 1)).is_err());
    }
}
