//! What the API server accepts as a label, a port name, a name: `IsQualifiedName`,
//! `IsValidLabelValue`, `IsValidPortName`, `IsDNS1123Subdomain`, `IsDNS1123Label` of
//! k8s.io/apimachinery, pkg/util/validation/validation.go. Each `Err` is the end of a sentence
//! whose subject is the value.

const LABEL_MAX: usize = 63;
const SUBDOMAIN_MAX: usize = 253;
const PORT_NAME_MAX: usize = 15;

/// A label key: `[prefix/]name`.
pub fn label_key(key: &str) -> Result<(), String> {
    let (prefix, name) = match key.split_once('/') {
        None => (None, key),
        Some((prefix, name)) => (Some(prefix), name),
    };
    if name.contains('/') {
        return Err("may have at most one `/`, between a DNS prefix and a name".into());
    }
    match prefix {
        Some("") => return Err("has nothing before its `/`".into()),
        Some(prefix) if dns_subdomain(prefix).is_err() => {
            return Err("has a prefix before its `/` that is not a DNS name".into());
        }
        _ => {}
    }
    if name.is_empty() {
        return Err("has an empty name".into());
    }
    if name.len() > LABEL_MAX {
        return Err(format!("has a name of more than {LABEL_MAX} characters"));
    }
    if !is_label_shaped(name) {
        return Err("may contain only letters, digits, `-`, `_` and `.`, and must start and end \
                    with a letter or digit"
            .into());
    }
    Ok(())
}

/// A label value. The empty one is valid.
pub fn label_value(value: &str) -> Result<(), String> {
    if value.len() > LABEL_MAX {
        return Err(format!("has more than {LABEL_MAX} characters"));
    }
    if !value.is_empty() && !is_label_shaped(value) {
        return Err("may contain only letters, digits, `-`, `_` and `.`, and must start and end \
                    with a letter or digit"
            .into());
    }
    Ok(())
}

/// The name of a port.
pub fn port_name(name: &str) -> Result<(), String> {
    let bytes = name.as_bytes();
    if bytes.is_empty() {
        return Err("is empty".into());
    }
    if bytes.len() > PORT_NAME_MAX {
        return Err(format!("has more than {PORT_NAME_MAX} characters"));
    }
    let fits = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'-';
    if !bytes.iter().all(fits) {
        return Err("may contain only lowercase letters, digits and `-`".into());
    }
    if !bytes.iter().any(u8::is_ascii_lowercase) {
        return Err("is quoted, so it is a name, and a name needs a letter".into());
    }
    if name.contains("--") || name.starts_with('-') || name.ends_with('-') {
        return Err("must not start or end with `-`, or contain `--`".into());
    }
    Ok(())
}

/// A DNS subdomain, as object names are.
pub fn dns_subdomain(name: &str) -> Result<(), String> {
    if name.is_empty() || name.len() > SUBDOMAIN_MAX {
        return Err(format!("must have 1 to {SUBDOMAIN_MAX} characters"));
    }
    if !name.split('.').all(is_dns_part) {
        return Err("may contain only lowercase letters, digits, `-` and `.`, and each part must \
                    start and end with a letter or digit"
            .into());
    }
    Ok(())
}

/// A DNS label, as namespaces are.
pub fn dns_label(name: &str) -> Result<(), String> {
    if name.is_empty() || name.len() > LABEL_MAX {
        return Err(format!("must have 1 to {LABEL_MAX} characters"));
    }
    if !is_dns_part(name) {
        return Err("may contain only lowercase letters, digits and `-`, and must start and end \
                    with a letter or digit"
            .into());
    }
    Ok(())
}

fn is_dns_part(part: &str) -> bool {
    let edge = |b: Option<&u8>| b.is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    let bytes = part.as_bytes();
    edge(bytes.first())
        && edge(bytes.last())
        && bytes.iter().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'-')
}

fn is_label_shaped(text: &str) -> bool {
    let edge = |b: Option<&u8>| b.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = text.as_bytes();
    edge(bytes.first())
        && edge(bytes.last())
        && bytes.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_upstream_check_has_one_it_rejects_and_one_that_just_passes() {
        let long = "a".repeat(63);
        for good in ["app", "a.b/c_d", "kubernetes.io/metadata.name", "A", &long] {
            assert_eq!(label_key(good), Ok(()), "{good}");
        }
        for bad in ["", "/a", "a/", "a/b/c", "-a", "a-", "A.b/c", "a b", &"a".repeat(64)] {
            assert!(label_key(bad).is_err(), "{bad}");
        }
        for good in ["", "a", "1", "A_b.c-d", &long] {
            assert_eq!(label_value(good), Ok(()), "{good}");
        }
        for bad in ["-a", "a.", "a/b", "ä", "*", &"a".repeat(64)] {
            assert!(label_value(bad).is_err(), "{bad}");
        }
        for good in ["a", "1a", "http-web", "a23456789012345"] {
            assert_eq!(port_name(good), Ok(()), "{good}");
        }
        for bad in ["", "80", "HTTP", "web_1", "a--b", "-a", "a-", "a234567890123456"] {
            assert!(port_name(bad).is_err(), "{bad}");
        }
        assert!(dns_subdomain("a.b-c.1").is_ok() && dns_subdomain("a..b").is_err());
        assert!(dns_label("a-1").is_ok() && dns_label("a.b").is_err());
    }
}
