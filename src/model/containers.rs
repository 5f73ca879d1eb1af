//! What a pod's containers say of whom they talk to.

use std::net::IpAddr;

use compact_str::CompactString;

use crate::yaml::Node;

/// The image of NodeLocal DNSCache (kubernetes/dns, cmd/node-cache), wherever it is mirrored.
const NODE_CACHE_IMAGE: &str = "k8s-dns-node-cache";

/// The address that it answers on, where its arguments name none.
const NODE_CACHE_ADDRESS: [u8; 4] = [169, 254, 20, 10];

/// Names of hosts in `env`, `args` and `command` of a pod's containers: the first label of what
/// has a scheme before it or a port or a domain behind it, and values that are one label. Sorted,
/// each once.
pub(super) fn hosts(spec: Option<&Node>) -> Box<[CompactString]> {
    let mut found = Vec::new();
    for container in containers(spec) {
        for text in texts(container) {
            text.split(is_between_hosts).filter_map(host).for_each(|host| found.push(host));
        }
    }
    found.sort_unstable();
    found.dedup();
    found.into_boxed_slice()
}

/// The addresses that NodeLocal DNSCache answers on (`-localip`), if one of the containers is
/// that.
pub(super) fn dns_cache(spec: Option<&Node>) -> Option<Box<[IpAddr]>> {
    let is_cache = |container: &&Node| {
        let image = container.get("image").and_then(Node::as_str);
        image.is_some_and(|image| image.contains(NODE_CACHE_IMAGE))
    };
    let cache = containers(spec).find(is_cache)?;
    let words: Vec<&str> = arguments(cache).flat_map(str::split_whitespace).collect();
    let mut addresses: Vec<IpAddr> = Vec::new();
    for (index, word) in words.iter().enumerate() {
        let flag = word.trim_start_matches('-');
        let value = match flag.strip_prefix("localip") {
            Some("") => words.get(index + 1).copied(),
            Some(rest) => rest.strip_prefix('='),
            None => None,
        };
        let list = value.unwrap_or_default().split(',');
        addresses.extend(list.filter_map(|text| text.trim_matches('"').parse::<IpAddr>().ok()));
    }
    if addresses.is_empty() {
        addresses.push(IpAddr::from(NODE_CACHE_ADDRESS));
    }
    Some(addresses.into_boxed_slice())
}

fn containers(spec: Option<&Node>) -> impl Iterator<Item = &Node> {
    let list = move |key: &str| {
        spec.and_then(|spec| spec.get(key)).and_then(Node::as_seq).unwrap_or_default()
    };
    list("containers").iter().chain(list("initContainers"))
}

fn texts(container: &Node) -> impl Iterator<Item = &str> {
    let env = container.get("env").and_then(Node::as_seq).unwrap_or_default();
    let values = env.iter().filter_map(|variable| variable.get("value")?.as_str());
    values.chain(arguments(container))
}

fn arguments(container: &Node) -> impl Iterator<Item = &str> {
    let list = |key: &str| container.get(key).and_then(Node::as_seq).unwrap_or_default();
    list("command").iter().chain(list("args")).filter_map(Node::as_str)
}

fn is_between_hosts(c: char) -> bool {
    !(c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | ':' | '/' | '$' | '(' | ')' | '_'))
}

/// The first label of the name of a host in a word, if there is one.
fn host(word: &str) -> Option<CompactString> {
    let (has_scheme, rest) = match word.split_once("://") {
        Some((_, rest)) => (true, rest),
        None => (false, word),
    };
    let authority = rest.split('/').next().unwrap_or_default();
    let has_path = !has_scheme && authority.len() < rest.len();
    let (name, port) = authority.split_once(':').unwrap_or((authority, ""));
    // `$(POD).members.shop.svc`: the member's own name is filled in, its Service's is not.
    let mut labels = name.split('.').filter(|label| !label.contains(['$', '(', ')']));
    let label = labels.next()?;
    let is_port = port.is_empty() || port.bytes().all(|b| b.is_ascii_digit());
    let is_label = !label.is_empty()
        && label.len() <= 63
        && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && label.bytes().any(|b| b.is_ascii_lowercase())
        && !label.starts_with('-');
    (is_label && is_port && !has_path).then(|| CompactString::new(label))
}

#[cfg(test)]
mod tests {
    use super::host;

    #[test]
    fn host_names_are_distinguished_from_other_words() {
        for (word, wanted) in [
            ("http://backend.shop:8080/v1", Some("backend")),
            ("backend:8080", Some("backend")),
            ("backend", Some("backend")),
            ("$(POD).members.shop.svc", Some("members")),
            ("/etc/backend/config", None),
            ("--verbose", None),
            ("8080", None),
            ("config/file", None),
            ("image:latest", None),
        ] {
            assert_eq!(host(word).as_deref(), wanted, "{word}");
        }
    }
}
