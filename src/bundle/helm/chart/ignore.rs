//! `.helmignore`, as helm reads it.

use regex::Regex;

/// Which files are no part of a chart.
#[derive(Debug)]
pub(super) struct Rules {
    rules: Vec<Rule>,
}

#[derive(Debug)]
struct Rule {
    pattern: Regex,
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
    let pattern = pattern(line).ok_or_else(|| format!("`{line}`: syntax error in pattern"))?;
    Ok(Rule { pattern, is_negated, is_for_directories, is_whole })
}

/// Go's `filepath.Match`.
fn pattern(glob: &str) -> Option<Regex> {
    let mut out = String::from("^(?s:");
    let mut chars = glob.chars();
    while let Some(c) = chars.next() {
        match c {
            '*' => out.push_str("[^/]*"),
            '?' => out.push_str("[^/]"),
            '\\' => out.push_str(&regex::escape(&chars.next()?.to_string())),
            '[' => {
                out.push('[');
                let mut is_first = true;
                loop {
                    match chars.next()? {
                        ']' if !is_first => break,
                        '^' if is_first => out.push('^'),
                        '-' => out.push('-'),
                        '\\' => out.push_str(&regex::escape(&chars.next()?.to_string())),
                        c => out.push_str(&regex::escape(&c.to_string())),
                    }
                    is_first = false;
                }
                out.push(']');
            }
            c => out.push_str(&regex::escape(&c.to_string())),
        }
    }
    out.push_str(")$");
    Regex::new(&out).ok()
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
        // All that is no YAML.
        let rules = Rules::new("!*.yaml").unwrap();
        assert!(rules.ignores("values.json", false) && !rules.ignores("values.yaml", false));
        assert!(Rules::new("a/**").is_err());
    }
}
