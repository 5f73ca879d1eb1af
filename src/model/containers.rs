//! What a pod's containers show about their connections.

use std::net::IpAddr;

use compact_str::CompactString;

use crate::text::Span;
use crate::yaml::Node;

/// The image of NodeLocal DNSCache (kubernetes/dns, cmd/node-cache), in any registry.
const NODE_CACHE_IMAGE: &str = "k8s-dns-node-cache";

/// The address that it listens on, if its arguments contain none.
const NODE_CACHE_ADDRESS: [u8; 4] = [169, 254, 20, 10];

/// A name of a host in `env`, `args` or `command`, which may be that of a Service.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Host {
    /// Its first label: `backend` of `http://backend.shop:8080`.
    pub name: CompactString,
    /// The second label, where what follows leaves it a namespace.
    pub namespace: Option<CompactString>,
    /// The port behind it, or the one that its scheme stands for.
    pub port: Option<u16>,
    /// Whether it is surely meant as an address in the cluster: it has a scheme, a port or `.svc`,
    /// or the variable is called so; and it is no name of the internet.
    pub is_address: bool,
    /// Where the text that holds it is written.
    pub place: Span,
}

/// Names of hosts in `env`, `args` and `command` of a pod's containers: what has a scheme before it
/// or a port or a domain behind it, and values that are one label. Sorted, each once.
pub(super) fn hosts(spec: Option<&Node>) -> Box<[Host]> {
    let mut found: Vec<Host> = Vec::new();
    for container in containers(spec) {
        for (variable, node) in texts(container) {
            let text = node.as_str().unwrap_or_default();
            let (variable, text) = assigned(variable, text);
            if names_callers(variable) {
                continue;
            }
            let words = text.split(is_between_hosts);
            found.extend(words.filter_map(|word| host(word, variable, node.span)));
        }
    }
    found.sort_unstable();
    found.dedup_by(|a, b| {
        (&a.name, &a.namespace, a.port, a.is_address)
            == (&b.name, &b.namespace, b.port, b.is_address)
    });
    found.into_boxed_slice()
}

/// The addresses that NodeLocal DNSCache listens on (`-localip`), if one of the containers is that.
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

/// The texts of a container, with the name of the variable that holds one.
fn texts(container: &Node) -> impl Iterator<Item = (&str, &Node)> {
    let env = container.get("env").and_then(Node::as_seq).unwrap_or_default();
    let values = env.iter().filter_map(|variable| {
        let name = variable.get("name").and_then(Node::as_str).unwrap_or_default();
        Some((name, variable.get("value").filter(|value| value.as_str().is_some())?))
    });
    values.chain(argument_nodes(container).map(|node| ("", node)))
}

fn argument_nodes(container: &Node) -> impl Iterator<Item = &Node> {
    let list = |key: &str| container.get(key).and_then(Node::as_seq).unwrap_or_default();
    list("command").iter().chain(list("args"))
}

fn arguments(container: &Node) -> impl Iterator<Item = &str> {
    argument_nodes(container).filter_map(Node::as_str)
}

fn is_between_hosts(c: char) -> bool {
    !(c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | ':' | '/' | '$' | '(' | ')' | '_'))
}

/// The host that a word names, if it names one. `variable` is the name of the variable that holds
/// it; empty where none does.
fn host(word: &str, variable: &str, place: Span) -> Option<Host> {
    let (scheme, rest) = match word.split_once("://") {
        Some((scheme, rest)) => (Some(scheme), rest),
        None => (None, word),
    };
    let authority = rest.split('/').next().unwrap_or_default();
    let has_path = scheme.is_none() && authority.len() < rest.len();
    let (name, port) = authority.split_once(':').unwrap_or((authority, ""));
    let is_filled_in = |label: &str| label.contains(['$', '(', ')']);
    // `$(POD).members.shop.svc`: the member's own name is filled in, its Service's is not.
    let mut labels = name.split('.').filter(|label| !is_filled_in(label));
    let label = labels.next()?;
    let is_port = port.is_empty() || port.bytes().all(|b| b.is_ascii_digit());
    let is_label = !label.is_empty()
        && label.len() <= 63
        && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && label.bytes().any(|b| b.is_ascii_lowercase())
        && !label.starts_with('-');
    if !is_label || !is_port || has_path {
        return None;
    }
    let (namespace, third) = (labels.next(), labels.next());
    let is_in_cluster = third.is_none_or(|third| third == "svc");
    let is_meant =
        scheme.is_some() || !port.is_empty() || third.is_some() || is_name_of_address(variable);
    Some(Host {
        name: label.into(),
        namespace: namespace.filter(|_| is_in_cluster).map(CompactString::new),
        port: port.parse().ok().or_else(|| scheme.and_then(port_of_scheme)),
        is_address: is_in_cluster && is_meant && !is_filled_in(name),
        place,
    })
}

/// An argument such as `--upstream=http://backend` is a variable of that name and its value.
fn assigned<'a>(variable: &'a str, text: &'a str) -> (&'a str, &'a str) {
    match text.split_once('=') {
        Some((flag, value)) if variable.is_empty() && flag.starts_with('-') => (flag, value),
        _ => (variable, text),
    }
}

/// Whether a variable or a flag of that name lists who may call, or what a browser is sent to, rather
/// than what the container connects to: `CORS_ALLOWED_ORIGINS`, `--redirect-url`, `NO_PROXY`.
fn names_callers(variable: &str) -> bool {
    let upper = variable.to_ascii_uppercase();
    let mut words = upper.split(['_', '-', '.']);
    words.any(|word| {
        matches!(
            word.strip_suffix('S').unwrap_or(word),
            "ALLOW"
                | "ALLOWED"
                | "CALLBACK"
                | "COR"
                | "ORIGIN"
                | "REDIRECT"
                | "TRUSTED"
                | "WHITELIST"
        )
    }) || upper.trim_start_matches('-').replace('-', "_") == "NO_PROXY"
}

/// Whether a variable of that name holds an address: `DB_HOST`, `backendUrl`.
fn is_name_of_address(variable: &str) -> bool {
    let upper = variable.to_ascii_uppercase();
    ["HOST", "HOSTNAME", "URL", "URI", "ADDR", "ADDRESS", "ENDPOINT", "SERVER", "UPSTREAM"]
        .iter()
        .any(|word| upper.ends_with(word))
}

/// The port that clients of a scheme dial where none is written.
fn port_of_scheme(scheme: &str) -> Option<u16> {
    // `jdbc:postgresql://db/shop`: the last part counts.
    let scheme = scheme.rsplit(':').next().unwrap_or(scheme);
    Some(match scheme {
        "http" | "ws" => 80,
        "https" | "wss" => 443,
        "postgres" | "postgresql" => 5432,
        "mysql" | "mariadb" => 3306,
        "redis" => 6379,
        "amqp" => 5672,
        "mongodb" => 27017,
        "nats" => 4222,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::SourceId;

    fn at(word: &str, variable: &str) -> Option<Host> {
        host(word, variable, Span::new(SourceId(0), 0, 0))
    }

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
            assert_eq!(at(word, "").map(|host| host.name).as_deref(), wanted, "{word}");
        }
    }

    #[test]
    fn who_may_call_is_not_what_is_called() {
        for name in [
            "CORS_ALLOWED_ORIGINS",
            "CORS_ORIGIN",
            "DJANGO_ALLOWED_HOSTS",
            "OAUTH_REDIRECT_URI",
            "NO_PROXY",
            "no_proxy",
            "--cors-allowed-origins",
            "--trusted-proxies",
        ] {
            assert!(names_callers(name), "{name}");
        }
        for name in
            ["BACKEND_URL", "", "ORIGINAL_DB_HOST", "HTTP_PROXY", "--upstream", "SCORES_URL"]
        {
            assert!(!names_callers(name), "{name}");
        }
        assert_eq!(assigned("", "--upstream=http://web"), ("--upstream", "http://web"));
        assert_eq!(assigned("", "a=b"), ("", "a=b"));
        assert_eq!(assigned("DSN", "--x=y"), ("DSN", "--x=y"));
    }

    #[test]
    fn an_address_in_the_cluster_is_told_from_a_word_and_from_the_internet() {
        for (word, variable, namespace, port, is_address) in [
            ("http://backend.shop:8080/v1", "", Some("shop"), Some(8080), true),
            ("backend.shop.svc.cluster.local", "", Some("shop"), None, true),
            ("jdbc:postgresql://db/shop", "", None, Some(5432), true),
            ("db", "DB_HOST", None, None, true),
            ("db", "MODE", None, None, false),
            ("https://api.example.com", "", None, Some(443), false),
            ("$(POD).members.shop.svc", "", Some("shop"), None, false),
        ] {
            let host = at(word, variable).unwrap();
            assert_eq!(host.namespace.as_deref(), namespace, "{word}");
            assert_eq!((host.port, host.is_address), (port, is_address), "{word}");
        }
    }
}
