//! Rules on requests, which decide nothing about whether a connection opens.

use super::{At, Decoder};
use crate::model::policy::Direction;
use crate::model::tiered::{Action, NamePattern, Path, RefusalKind, read};
use crate::yaml::Node;

/// The kinds of such rules.
const KINDS: &[&str] = &["http", "dns", "kafka", "l7"];

impl Decoder {
    /// The DNS patterns of a rule, where it has any, and whether requests are looked at.
    pub(super) fn layer7(
        &mut self,
        node: &Node,
        at: At,
        path: &Path<'_>,
    ) -> (Option<Vec<NamePattern>>, bool) {
        let mut dns: Option<Vec<NamePattern>> = None;
        let mut has_l7 = false;
        let outer = path.field("toPorts");
        for (index, item) in read::items(node, "toPorts").iter().enumerate() {
            let path = outer.item(index);
            self.server_names(item, &path);
            let Some(entry) = read::entry(item, "rules").filter(|_| at.action == Action::Allow)
            else {
                continue;
            };
            has_l7 = true;
            self.requests(item, entry, at, &path);
            let path = path.field("rules");
            let kinds = read::written(&entry.value, KINDS);
            if let [first, second, ..] = kinds.as_slice() {
                let message = format!("`{path}` has both `{}` and `{}`", first.0, second.0);
                let help = "write an item of `toPorts` for each of them";
                self.reader.refuse(RefusalKind::Policy, second.1.key_span, &path, message, help);
            }
            if let Some(entry) = read::entry(&entry.value, "dns") {
                let path = path.field("dns");
                let patterns = self.dns_patterns(&entry.value, &path);
                dns.get_or_insert_default().extend(patterns);
            }
        }
        (dns, has_l7)
    }

    fn dns_patterns(&mut self, list: &Node, path: &Path<'_>) -> Vec<NamePattern> {
        let items = list.as_seq().unwrap_or_default().iter().enumerate();
        let mut found = Vec::new();
        for (index, item) in items {
            let path = path.item(index);
            for (form, entry) in read::written(item, &["matchName", "matchPattern"]) {
                found.extend(self.name_pattern(form, entry, &path.field(form)));
            }
        }
        found
    }

    /// What the agent checks of `rules` beside the ports that they are for.
    fn requests(&mut self, item: &Node, rules: &crate::yaml::Entry, at: At, path: &Path<'_>) {
        let field = path.field("rules");
        if at.is_host {
            let message = "a policy for nodes can't have rules on requests";
            let help = "leave `rules` out";
            self.agent_refuses(RefusalKind::Policy, rules.key_span, &field, message, help);
            return;
        }
        if let Some(dns) = read::entry(&rules.value, "dns") {
            let field = field.field("dns");
            if at.direction == Direction::Ingress {
                let message = "rules on DNS are for egress only";
                let help = "write them in an egress rule";
                self.agent_refuses(RefusalKind::Policy, dns.key_span, &field, message, help);
            }
            if read::items(item, "ports").is_empty() {
                let message = "rules on DNS need `ports`";
                let help = "write `ports: [{port: \"53\", protocol: ANY}]` beside `rules`";
                self.agent_refuses(RefusalKind::Policy, dns.key_span, &field, message, help);
            }
        }
        let has_http = read::value(&rules.value, "http").is_some();
        let outer = path.field("ports");
        for (index, port) in read::items(item, "ports").iter().enumerate() {
            let path = outer.item(index);
            if read::value(&rules.value, "dns").is_some()
                && let Some(last) = read::entry(port, "endPort")
            {
                let message = "rules on DNS can't have a range of ports";
                let help = "write one port";
                let path = path.field("endPort");
                self.agent_refuses(RefusalKind::Port, last.key_span, &path, message, help);
            }
            if has_http {
                self.http_port(port, &path);
            }
        }
        let outer = field.field("http");
        for (index, http) in read::items(&rules.value, "http").iter().enumerate() {
            let path = outer.item(index);
            for name in ["path", "method"] {
                self.pattern(http, name, &path);
            }
        }
    }

    /// Rules on HTTP need `protocol: TCP` written out, and a port.
    fn http_port(&mut self, port: &Node, path: &Path<'_>) {
        let protocol = read::entry(port, "protocol");
        if protocol.is_none_or(|entry| entry.value.as_str() != Some("TCP")) {
            let place = protocol.map_or(read::token(port), |entry| entry.value.span);
            let message = "rules on HTTP need `protocol: TCP`, written out";
            let path = path.field("protocol");
            self.agent_refuses(RefusalKind::Port, place, &path, message, "write `protocol: TCP`");
        }
        if let Some(entry) = read::entry(port, "port")
            && entry.value.as_str() == Some("0")
        {
            let message = "rules on HTTP need a port, and 0 is every port";
            let path = path.field("port");
            let help = "write the port";
            self.agent_refuses(RefusalKind::Port, entry.value.span, &path, message, help);
        }
    }

    /// `path` and `method` are regular expressions.
    fn pattern(&mut self, http: &Node, name: &'static str, path: &Path<'_>) {
        let Some(entry) = read::entry(http, name) else { return };
        let Some(text) = entry.value.as_str() else { return };
        if !crate::model::is_placeholder(text) && repeats_nothing(text) {
            let message = format!("`{text}` is not a regular expression");
            let help = "write `.*` for anything";
            let path = path.field(name);
            self.agent_refuses(RefusalKind::Policy, entry.value.span, &path, message, help);
        }
    }

    fn server_names(&mut self, item: &Node, path: &Path<'_>) {
        let Some(entry) = read::entry(item, "serverNames") else { return };
        let names = entry.value.as_seq().unwrap_or_default();
        let path = path.field("serverNames");
        if names.iter().any(|name| name.as_str() == Some("")) {
            let message = "a server name is empty";
            self.agent_refuses(RefusalKind::Policy, entry.key_span, &path, message, "write a name");
        }
        let has_rules = read::value(item, "rules").is_some();
        if !names.is_empty() && has_rules && read::value(item, "terminatingTLS").is_none() {
            let message = "`serverNames` can't be combined with `rules` without `terminatingTLS`";
            let help = "write an item of `toPorts` for each of them";
            self.agent_refuses(RefusalKind::Policy, entry.key_span, &path, message, help);
        }
    }
}

/// Whether an expression is certainly none: it begins with a repetition, or brackets do not match.
fn repeats_nothing(text: &str) -> bool {
    let mut depth = 0i32;
    let mut in_class = false;
    let mut after = true;
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        let was_start = std::mem::replace(&mut after, false);
        match c {
            '\\' if characters.next().is_none() => return true,
            '\\' => {}
            ']' if in_class => in_class = false,
            _ if in_class => {}
            '[' => in_class = true,
            '(' => {
                depth += 1;
                // `(?:` and `(?i)` begin with a flag.
                let mut rest = characters.clone();
                after = rest.next() != Some('?');
            }
            ')' => {
                depth -= 1;
                if depth < 0 {
                    return true;
                }
            }
            '|' => after = true,
            '*' | '+' | '?' if was_start => return true,
            _ => {}
        }
    }
    depth != 0 || in_class
}

#[cfg(test)]
mod tests {
    use super::repeats_nothing;

    #[test]
    fn what_is_surely_no_regular_expression_is_told() {
        for text in ["*", "+a", "a|*", "(a", "a)", "[a", "a\\", "(*)"] {
            assert!(repeats_nothing(text), "{text}");
        }
        for text in ["/api/.*", "GET|POST", "(?i)get", "[*+]", "a?", "\\*", "", "a{2}", "(?:a)+"] {
            assert!(!repeats_nothing(text), "{text}");
        }
    }
}
