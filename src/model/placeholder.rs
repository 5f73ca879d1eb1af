//! Values that a tool fills in later.

/// Whether `text` holds something that envsubst, Flux, kustomize vars, Argo CD or a template
/// engine replaces before it is applied: `${APP}`, `$(APP)`, `{{ … }}`, `<namespace>`,
/// `__NAME__`. Such a value is unknown: never invalid, never orphaned.
pub fn is_placeholder(text: &str) -> bool {
    // Asked of every label: nearly none holds any of the characters that begin one.
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
}

/// `$APP`: envsubst replaces it without braces too. No label, port or name may hold a `$`.
fn is_shell_variable(text: &str) -> bool {
    text.split_once('$')
        .is_some_and(|(_, rest)| rest.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_'))
}

#[cfg(test)]
mod tests {
    use super::is_placeholder;

    #[test]
    fn what_tools_fill_in_is_told_from_what_is_meant() {
        for text in ["${APP}", "$(APP)", "a-{{ .Values.x }}", "<namespace>", "$APP", "__NS__"] {
            assert!(is_placeholder(text), "{text}");
        }
        for text in ["app", "", "a-b.c", "80", "a_b", "__", "a<b"] {
            assert!(!is_placeholder(text), "{text}");
        }
    }
}
