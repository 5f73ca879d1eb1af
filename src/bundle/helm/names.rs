//! Names of releases and namespaces, as helm and the API server accept them. Names from a
//! repository are checked before a chart is rendered with them.

/// The longest name of a release: with the suffixes that charts append, it must fit into a DNS
/// label.
pub(super) const LONGEST_RELEASE: usize = 53;
/// The longest name of a namespace (RFC 1123).
const LONGEST_NAMESPACE: usize = 63;

/// Whether helm accepts the name of a release: DNS labels with dots between them
/// (pkg/chartutil/validate_name.go).
pub(super) fn is_release(name: &str) -> bool {
    name.len() <= LONGEST_RELEASE && name.split('.').all(is_label)
}

/// Whether the API server accepts the name of a namespace: a DNS label.
pub(super) fn is_namespace(name: &str) -> bool {
    name.len() <= LONGEST_NAMESPACE && is_label(name)
}

/// Lowercase letters, digits and `-`; it neither starts nor ends with `-`.
fn is_label(text: &str) -> bool {
    let fits = |b: u8| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-');
    !text.is_empty() && text.bytes().all(fits) && !text.starts_with('-') && !text.ends_with('-')
}

/// Whether a controller fills in the text before it uses it (`{{name}}`, `${cluster}`): the result
/// is unknown.
pub(super) fn is_filled_in(text: &str) -> bool {
    text.contains("{{") || text.contains("${")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_has_a_name_that_helm_accepts() {
        for good in ["shop", "shop-2", "shop.v2", "2", &"a".repeat(53)] {
            assert!(is_release(good), "{good}");
        }
        let bad = ["", "-", "--post-renderer=sh", "-x", "x-", "a..b", ".a", "a.", "a b", "Shop"];
        for bad in bad.into_iter().chain(["a/b", "a\n", "a=b", "ä", "{{name}}", &"a".repeat(54)]) {
            assert!(!is_release(bad), "{bad}");
        }
    }

    #[test]
    fn a_namespace_is_a_dns_label() {
        assert!(is_namespace("kube-system"));
        for bad in ["", "--kubeconfig=x", "a.b", "a_b", &"a".repeat(64)] {
            assert!(!is_namespace(bad), "{bad}");
        }
    }

    #[test]
    fn placeholders_of_a_controller_are_recognized() {
        assert!(is_filled_in("{{path.basename}}-web") && is_filled_in("${cluster}-web"));
        assert!(!is_filled_in("--set=a") && !is_filled_in("web"));
    }
}
