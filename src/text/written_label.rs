//! Labels in the text of programs: `"app": "runner"` in Go, Python and JSON, `role: 'runner'` in
//! JavaScript, `app=runner` in scripts, `app = "runner"` in Terraform.

use memchr::memmem;

/// The line (from 1) of the first place where a text writes that label; a query for pods that have
/// it, and a comment, do not count.
pub fn written_label(text: &str, key: &str, value: &str) -> Option<usize> {
    let found = memmem::find_iter(text.as_bytes(), value.as_bytes());
    let at = found.into_iter().find(|&at| is_written(text, at, key, value))?;
    Some(text.get(..at)?.matches('\n').count() + 1)
}

fn is_written(text: &str, at: usize, key: &str, value: &str) -> bool {
    let (Some(before), Some(behind)) = (text.get(..at), text.get(at + value.len()..)) else {
        return false;
    };
    let line = before.rsplit('\n').next().unwrap_or_default();
    let is_part = |c: char| c.is_alphanumeric() || "-_./".contains(c);
    let is_whole = !behind.starts_with(is_part) || behind.starts_with(['.', '/']) && ends(behind);
    let quotes = ['"', '\'', '`'];
    let rest = line.trim_end_matches(quotes);
    let bare = rest.trim_end();
    let operators = ["=>", ":=", ":", "=", ","];
    let Some(rest) = operators.iter().find_map(|operator| bare.strip_suffix(operator)) else {
        return false;
    };
    let rest = rest.trim_end().trim_end_matches(']').trim_end_matches(quotes);
    let Some(rest) = rest.strip_suffix(key) else { return false };
    is_whole && !rest.ends_with(is_part) && !is_query(rest) && !is_comment(rest)
}

/// Whether a full stop or a slash is where a sentence or a path ends.
fn ends(behind: &str) -> bool {
    behind.chars().nth(1).is_none_or(char::is_whitespace)
}

/// Whether what stands before a label asks for pods that have it.
fn is_query(before: &str) -> bool {
    let words = [" -l ", " -l=", " -l'", " -l\"", "--selector", "elector("];
    let lower = ["label_selector", "labelselector", "matchlabels"];
    words.iter().any(|word| before.contains(word))
        || lower.iter().any(|word| before.to_ascii_lowercase().contains(word))
}

fn is_comment(before: &str) -> bool {
    let start = before.trim_start();
    start.starts_with('#') || start.starts_with("//") || start.starts_with("* ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_found_in_several_languages() {
        for text in [
            "map[string]string{\"app\": \"runner\"}",
            "labels: { role: 'x', app: 'runner' }",
            "kubectl run x --labels=app=runner,tier=y",
            "kubectl label pod x app=runner\n",
            "labels[\"app\"] = \"runner\"",
            "  app = \"runner\"",
            ".withLabel(\"app\", \"runner\")",
            ":app => 'runner'",
        ] {
            assert_eq!(written_label(text, "app", "runner"), Some(1), "{text}");
        }
        assert_eq!(written_label("a\nb\n{\"a.b/c\": \"runner\"}", "a.b/c", "runner"), Some(3));
    }

    #[test]
    fn what_only_looks_like_it_does_not_count() {
        for text in [
            "kubectl get pods -l app=runner",
            "kubectl logs --selector app=runner",
            "kubectl delete pod -n x --selector=tier=y,app=runner",
            "// app: runner",
            "# app=runner",
            "app: runner-2",
            "myapp: runner",
            "x/app: runner",
            "app: 'the runner'",
            "runner",
            "label_selector=\"app=runner\"",
            "MatchLabels: map[string]string{\"app\": \"runner\"}",
        ] {
            assert_eq!(written_label(text, "app", "runner"), None, "{text}");
        }
    }
}
