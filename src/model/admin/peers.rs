//! Peers, and the pods of a subject.

use super::Decoder;
use crate::model::policy::Direction;
use crate::model::tiered::{
    Bits, Ends, Expr, LabelOf, Laxity, NamePattern, NetTerm, Path, PodTerm, RefusalKind, Scope,
    read,
};
use crate::yaml::{Entry, Node};

/// The forms of a peer; only the first two are for ingress.
const FORMS: &[&str] = &["namespaces", "pods", "nodes", "networks", "domainNames"];

impl Decoder<'_> {
    pub(super) fn peers(&mut self, rule: &Node, direction: Direction, path: &Path<'_>) -> Ends {
        let field = direction.peers_field();
        let Some(list) = self.required(rule, path, field, "at least one peer") else {
            return Ends::Unknown;
        };
        let path = path.field(field);
        let Some(items) = list.as_seq() else { return Ends::Unknown };
        if items.is_empty() {
            let message = format!("`{path}` is empty");
            let help = "write at least one peer; `namespaces: {}` is every pod";
            let place = rule.entry(field).map_or(list.span, |entry| entry.key_span);
            self.reader.refuse(RefusalKind::Peer, place, &path, message, help);
            return Ends::Unknown;
        }
        self.at_most(rule, field, &path);
        let peers = items.iter().enumerate();
        let peers = peers.flat_map(|(index, node)| self.peer(node, direction, &path.item(index)));
        Ends::Any(peers.collect())
    }

    fn peer(&mut self, node: &Node, direction: Direction, path: &Path<'_>) -> Vec<Ends> {
        let forms = match direction {
            Direction::Ingress => &FORMS[..2],
            Direction::Egress => FORMS,
        };
        let written = read::written(node, forms);
        let [(form, entry)] = written.as_slice() else {
            let message = match written.len() {
                0 => "the peer selects nothing".to_owned(),
                _ => format!("the peer has both `{}` and `{}`", written[0].0, written[1].0),
            };
            let help = match written.len() {
                0 => "write one of `namespaces` and `pods`; `namespaces: {}` is every pod",
                _ => "write a peer for each of them",
            };
            self.reader.refuse(RefusalKind::Peer, read::token(node), path, message, help);
            return vec![Ends::Unknown];
        };
        match *form {
            "namespaces" => vec![Ends::Pods(self.namespaces(entry, path))],
            "pods" => {
                self.pods(entry, path).map_or(vec![Ends::Unknown], |term| vec![Ends::Pods(term)])
            }
            "nodes" => {
                let path = path.field("nodes");
                let labels = self.reader.selector(&entry.value, &path, LabelOf::Pod, Laxity::Types);
                vec![Ends::Nodes(labels, read::place(entry))]
            }
            "networks" => self.networks(entry, path),
            _ => self.domain_names(entry, path),
        }
    }

    /// `pods: {namespaceSelector, podSelector}`. Both are required but the first in v1alpha2, where
    /// it is every namespace by default. Who reads a policy that the API server has not checked
    /// takes a missing one for the empty one, as Go's zero value is.
    pub(super) fn pods(&mut self, entry: &Entry, path: &Path<'_>) -> Option<PodTerm> {
        let path = path.field("pods");
        let node = &entry.value;
        node.as_map()?;
        let labels = self.required(node, &path, "podSelector", "`{}` is every pod");
        let labels = labels.map(|labels| {
            self.reader.selector(labels, &path.field("podSelector"), LabelOf::Pod, Laxity::Types)
        });
        let namespaces = match self.version.is_cluster() {
            true => read::value(node, "namespaceSelector"),
            false => self.required(node, &path, "namespaceSelector", "`{}` is every namespace"),
        };
        let of = LabelOf::Namespace;
        let field = path.field("namespaceSelector");
        let namespaces =
            namespaces.map(|node| self.reader.selector(node, &field, of, Laxity::Types));
        let place = |key| node.entry(key).map_or(read::place(entry), read::place);
        Some(PodTerm {
            place: place("podSelector"),
            scope: Scope::Where(namespaces.unwrap_or(Expr::Always), place("namespaceSelector")),
            labels: labels.unwrap_or(Expr::Always),
        })
    }

    fn networks(&mut self, entry: &Entry, path: &Path<'_>) -> Vec<Ends> {
        let path = path.field("networks");
        let items = self.short_list(entry, &path, RefusalKind::Block);
        let mut found = Vec::new();
        for (index, node) in items.iter().enumerate() {
            let path = path.item(index);
            let is_mapped =
                node.as_str().is_some_and(|text| text.to_lowercase().contains("::ffff:"));
            if is_mapped {
                let message = "the network is an IPv4 one in the notation of IPv6";
                let help = "write it as an IPv4 network";
                self.reader.refuse(RefusalKind::Block, node.span, &path, message, help);
                continue;
            }
            let net = self.reader.net(node, &path, Bits::Masked);
            found.push(net.map_or(Ends::Unknown, |cidr| {
                Ends::Net(NetTerm { cidr, except: Vec::new(), span: node.span })
            }));
        }
        found
    }

    fn domain_names(&mut self, entry: &Entry, path: &Path<'_>) -> Vec<Ends> {
        let path = path.field("domainNames");
        let items = self.short_list(entry, &path, RefusalKind::Peer);
        let mut found = Vec::new();
        for (index, node) in items.iter().enumerate() {
            let Some(text) = node.as_str() else { continue };
            if !is_domain_name(text) {
                let message = format!("`{text}` is not a domain name of at least two labels");
                let help = "write a name such as `www.example.com`, or `*.example.com`";
                let path = path.item(index);
                self.reader.refuse(RefusalKind::Peer, node.span, &path, message, help);
            }
            // A star is one label or more.
            let text = text.trim_end_matches('.').to_lowercase();
            let pattern = text.strip_prefix("*.").map(|rest| format!("**.{rest}"));
            found.push(Ends::Name(NamePattern {
                has_stars: pattern.is_some(),
                text: pattern.unwrap_or(text).into(),
                span: node.span,
            }));
        }
        found
    }

    /// A list of 1 to 25 texts, each once.
    fn short_list<'n>(
        &mut self,
        entry: &'n Entry,
        path: &Path<'_>,
        kind: RefusalKind,
    ) -> &'n [Node] {
        const MOST: usize = 25;
        let items = entry.value.as_seq().unwrap_or_default();
        if entry.value.as_seq().is_some() && !(1..=MOST).contains(&items.len()) {
            let message = format!("`{path}` has {} items", items.len());
            let help = format!("write 1 to {MOST} of them");
            self.reader.refuse(kind, entry.key_span, path, message, help);
        }
        let mut met = std::collections::HashSet::new();
        for (index, node) in items.iter().enumerate() {
            if node.as_str().is_some_and(|text| !met.insert(text)) {
                let message = format!("`{path}` has `{}` twice", node.as_str().unwrap_or_default());
                let path = path.item(index);
                self.reader.refuse(kind, node.span, &path, message, "write it once");
            }
        }
        items
    }
}

/// The pattern of the CRD: `^(\*\.)?([a-zA-z0-9]([-a-zA-Z0-9_]*[a-zA-Z0-9])?\.)+[a-zA-z0-9]
/// ([-a-zA-Z0-9_]*[a-zA-Z0-9])?\.?$`, in which `A-z` also has `[ \ ] ^ _` and the backtick.
fn is_domain_name(text: &str) -> bool {
    let rest = text.strip_prefix("*.").unwrap_or(text);
    let rest = rest.strip_suffix('.').unwrap_or(rest);
    let first = |b: u8| b.is_ascii_digit() || (b'A'..=b'z').contains(&b);
    let middle = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    let is_label = |label: &str| match label.as_bytes() {
        [] => false,
        [only] => first(*only),
        [start, rest @ .., end] => {
            first(*start) && rest.iter().all(middle) && end.is_ascii_alphanumeric()
        }
    };
    rest.contains('.') && rest.split('.').all(is_label)
}
