//! `.helmignore`, as helm reads it.

use std::iter::Peekable;
use std::str::Chars;

/// Each is held against each file of the chart.
const MOST: usize = 1000;

/// Which files are no part of a chart.
#[derive(Debug)]
pub(super) struct Rules {
    rules: Vec<Rule>,
}

#[derive(Debug)]
struct Rule {
    pattern: Pattern,
    is_negated: bool,
    is_for_directories: bool,
    /// It is held against the whole path, and not against the last part of it.
    is_whole: bool,
}

impl Rules {
    /// Understands the text of a `.helmignore`.
    ///
    /// # Errors
    /// A pattern that helm does not take.
    pub(super) fn new(text: &str) -> Result<Self, String> {
        let mut rules = Vec::new();
        for line in text.lines().map(str::trim) {
            if !line.is_empty() && !line.starts_with('#') {
                rules.push(rule(line)?);
            }
            if rules.len() > MOST {
                return Err(format!("it has more than {MOST} patterns"));
            }
        }
        // What helm adds.
        rules.push(rule("templates/.?*")?);
        Ok(Self { rules })
    }

    /// Whether a file, or a directory with all that is in it, is no part of the chart.
    pub(super) fn ignores(&self, path: &str, is_directory: bool) -> bool {
        if path.is_empty() || path == "." || path == "./" {
            return false;
        }
        for rule in &self.rules {
            let base = path.rsplit('/').next().unwrap_or(path);
            let is_match = rule.pattern.is_match(if rule.is_whole { path } else { base });
            let is_kept_for_kind = rule.is_for_directories && !is_directory;
            // A negated rule ignores all that it does not match.
            if rule.is_negated {
                if is_kept_for_kind || !is_match {
                    return true;
                }
            } else if !is_kept_for_kind && is_match {
                return true;
            }
        }
        false
    }
}

fn rule(line: &str) -> Result<Rule, String> {
    if line.contains("**") {
        return Err(format!("`{line}`: double-star (**) syntax is not supported"));
    }
    let (line, is_negated) = line.strip_prefix('!').map_or((line, false), |rest| (rest, true));
    let (line, is_for_directories) =
        line.strip_suffix('/').map_or((line, false), |rest| (rest, true));
    let is_whole = line.contains('/');
    let line = line.strip_prefix('/').unwrap_or(line);
    let pattern = Pattern::new(line).ok_or_else(|| format!("`{line}`: syntax error in pattern"))?;
    Ok(Rule { pattern, is_negated, is_for_directories, is_whole })
}

/// A pattern of Go's `filepath.Match`.
#[derive(Debug)]
struct Pattern {
    parts: Vec<Part>,
}

#[derive(Debug)]
enum Part {
    /// Any characters but `/`.
    Star,
    /// One of them.
    Any,
    Char(char),
    Class {
        is_negated: bool,
        ranges: Vec<(char, char)>,
    },
}

impl Pattern {
    /// None where Go calls it malformed.
    fn new(text: &str) -> Option<Self> {
        let mut parts = Vec::new();
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            parts.push(match c {
                '*' => Part::Star,
                '?' => Part::Any,
                '\\' => Part::Char(chars.next()?),
                '[' => class(&mut chars)?,
                c => Part::Char(c),
            });
        }
        Some(Self { parts })
    }

    fn is_match(&self, text: &str) -> bool {
        let text: Vec<char> = text.chars().collect();
        let (mut part, mut at) = (0, 0);
        // After the last star: what follows it, and where that was tried.
        let mut star: Option<(usize, usize)> = None;
        loop {
            let c = text.get(at).copied();
            match (self.parts.get(part), c) {
                (None, None) => return true,
                (Some(Part::Star), _) => {
                    star = Some((part + 1, at));
                    part += 1;
                    continue;
                }
                (Some(it), Some(c)) if it.is(c) => {
                    (part, at) = (part + 1, at + 1);
                    continue;
                }
                _ => {}
            }
            // The star takes one more.
            let Some((after, tried)) = star else { return false };
            if text.get(tried).is_none_or(|c| *c == '/') {
                return false;
            }
            star = Some((after, tried + 1));
            (part, at) = (after, tried + 1);
        }
    }
}

impl Part {
    fn is(&self, c: char) -> bool {
        match self {
            Self::Star => false,
            Self::Any => c != '/',
            Self::Char(own) => *own == c,
            Self::Class { is_negated, ranges } => {
                ranges.iter().any(|(low, high)| (*low..=*high).contains(&c)) != *is_negated
            }
        }
    }
}

/// A class, after its `[`.
fn class(chars: &mut Peekable<Chars<'_>>) -> Option<Part> {
    let is_negated = chars.next_if_eq(&'^').is_some();
    let mut ranges = Vec::new();
    loop {
        let low = match chars.next()? {
            ']' if !ranges.is_empty() => return Some(Part::Class { is_negated, ranges }),
            '\\' => chars.next()?,
            '-' | ']' => return None,
            c => c,
        };
        let high = match chars.next_if_eq(&'-') {
            None => low,
            Some(_) => match chars.next()? {
                '\\' => chars.next()?,
                '-' | ']' => return None,
                c => c,
            },
        };
        ranges.push((low, high));
    }
}

#[cfg(test)]
mod tests {
    use super::Rules;

    #[test]
    fn files_are_ignored_as_helm_ignores_them() {
        let rules = Rules::new("# why\n*.swp\n/docs\nci/\ncharts/*.md\n").unwrap();
        let ignored = |path: &str| rules.ignores(path, false);
        assert!(ignored("a/b.swp") && ignored("docs") && ignored("charts/README.md"));
        assert!(ignored("templates/.hidden.yaml"));
        assert!(rules.ignores("ci", true) && !ignored("ci"));
        assert!(!ignored("a/docs") && !ignored("README.md") && !ignored("templates/x.yaml"));
        for (pattern, yes, no) in [
            ("a*c*", ["abc", "aXcc", "acd"], ["ab", "a/c", "bac"]),
            ("[a-c]?[^x]", ["aqq", "c.y", "bxa"], ["dqq", "aqx", "a/x"]),
            ("\\*[\\]\\-]", ["*]", "*-", "*]"], ["a]", "**", "*"]),
        ] {
            let pattern = super::Pattern::new(pattern).unwrap();
            assert!(yes.iter().all(|text| pattern.is_match(text)), "{pattern:?}");
            assert!(!no.iter().any(|text| pattern.is_match(text)), "{pattern:?}");
        }
        assert!(
            ["[", "[]", "[a", "[-a]", "a\\"].iter().all(|bad| super::Pattern::new(bad).is_none())
        );
        assert!(Rules::new(&"a\n".repeat(1001)).is_err());
        let long = super::Pattern::new(&"*a".repeat(300)).unwrap();
        assert!(!long.is_match(&("a".repeat(20_000) + "b")));
        // All that is no YAML.
        let rules = Rules::new("!*.yaml").unwrap();
        assert!(rules.ignores("values.json", false) && !rules.ignores("values.yaml", false));
        assert!(Rules::new("a/**").is_err());
    }
}
