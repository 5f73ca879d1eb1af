//! Values that a tool fills in later.

/// Whether `text` contains something that envsubst, Flux, kustomize vars, Argo CD or a template
/// engine replaces before it is applied: `${APP}`, `$(APP)`, `{{ … }}`, `<namespace>`, `__NAME__`,
/// `APP_NAME`. Such a value is unknown: never invalid, never orphaned.
pub fn is_placeholder(text: &str) -> bool {
    // Called for every label: nearly none contains a character that starts a placeholder.
    if !text.bytes().any(|b| matches!(b, b'$' | b'{' | b'<' | b'%' | b'_')) {
        return false;
    }
    let wrapped = |open: &str, close: &str| {
        text.find(open).is_some_and(|at| text[at + open.len()..].contains(close))
    };
    wrapped("${", "}")
        || wrapped("$(", ")")
        || wrapped("{{", "}}")
        || wrapped("<", ">")
        || wrapped("%{", "}")
        || (text.len() > 4 && text.starts_with("__") && text.ends_with("__"))
        || is_shell_variable(text)
        || text.split(['-', '.', '/']).any(is_constant)
}

/// `APP_NAME`: placeholders for `sed` and scripts look like constants. At least two words, because
/// `PROD` may well be a label.
fn is_constant(part: &str) -> bool {
    let is_word = |word: &str| {
        !word.is_empty() && word.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
    };
    part.contains('_')
        && part.starts_with(|c: char| c.is_ascii_uppercase())
        && part.split('_').all(is_word)
}

/// `$APP`: envsubst replaces it without braces too. No label, port or name may contain a `$`.
fn is_shell_variable(text: &str) -> bool {
    text.split_once('$')
        .is_some_and(|(_, rest)| rest.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_'))
}

#[cfg(test)]
mod tests {
    use super::is_placeholder;

    #[test]
    fn placeholders_are_distinguished_from_literal_text() {
        for text in ["${APP}", "$(APP)", "a-{{ .Values.x }}", "<namespace>", "$APP", "__NS__"]
            .into_iter()
            .chain(["APP_NAME", "MY_NAMESPACE-db", "TARGET_PORT_1"])
        {
            assert!(is_placeholder(text), "{text}");
        }
        for text in ["app", "", "a-b.c", "80", "a_b", "__", "a<b", "PROD", "A_b", "_A", "A_", "V1"]
        {
            assert!(!is_placeholder(text), "{text}");
        }
    }
}
