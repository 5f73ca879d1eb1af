//! Peers of Cilium's rules.

use super::{At, Decoder};
use crate::model::policy::Direction;
use crate::model::tiered::{
    Action, Bits, CidrGroup, Ends, Entity, Expr, LabelOf, NAMESPACE_NAME, NamePattern, NetTerm,
    Path, PodTerm, RefusalKind, Scope, ServiceTerm, read,
};
use crate::yaml::{Entry, Node};

const INGRESS: &[&str] = &[
    "fromEndpoints",
    "fromEntities",
    "fromCIDR",
    "fromCIDRSet",
    "fromNodes",
    "fromGroups",
    "fromRequires",
];
const EGRESS: &[&str] = &[
    "toEndpoints",
    "toEntities",
    "toCIDR",
    "toCIDRSet",
    "toNodes",
    "toServices",
    "toFQDNs",
    "toGroups",
    "toRequires",
];

impl Decoder {
    /// Who is meant, and whether that is said at all.
    pub(super) fn peers(&mut self, node: &Node, at: At, path: &Path<'_>) -> (Ends, bool) {
        let names = match at.direction {
            Direction::Ingress => INGRESS,
            Direction::Egress => EGRESS,
        };
        let written: Vec<(&'static str, &Entry)> = read::written(node, names)
            .into_iter()
            .filter(|(_, entry)| entry.value.as_seq().is_some())
            .collect();
        let items = |entry: &Entry| entry.value.as_seq().map_or(0, <[Node]>::len);
        let filled: Vec<&(&str, &Entry)> =
            written.iter().filter(|(_, entry)| items(entry) > 0).collect();
        if let [first, second, ..] = filled.as_slice()
            && !filled.iter().any(|(name, _)| name.ends_with("Requires"))
        {
            let message = format!("the rule has both `{}` and `{}`", first.0, second.0);
            let help = "write a rule for each of them: they are not combined";
            self.agent_refuses(RefusalKind::Peer, second.1.key_span, path, message, help);
        }
        let mut all = Vec::new();
        let mut is_empty = false;
        let mut has_peers = false;
        for (name, entry) in written {
            let path = path.field(name);
            let is_optional = matches!(name, "toFQDNs" | "toServices" | "toGroups" | "fromGroups");
            let list = entry.value.as_seq().unwrap_or_default();
            if list.is_empty() {
                // An empty list selects nobody, but for those that count as absent.
                is_empty |= !is_optional && !name.ends_with("Requires");
                continue;
            }
            has_peers = true;
            for (index, item) in list.iter().enumerate() {
                all.extend(self.peer(name, item, at, &path.item(index)));
            }
            if name.ends_with("Requires") {
                let message = format!("`{name}` is gone since Cilium 1.19");
                let help = "add its labels to the selectors of the peers";
                self.reader.refuse(RefusalKind::Peer, entry.key_span, &path, message, help);
            }
        }
        match is_empty {
            true => (Ends::Nobody, true),
            false => (Ends::Any(all), has_peers),
        }
    }

    fn peer(&mut self, name: &'static str, node: &Node, at: At, path: &Path<'_>) -> Option<Ends> {
        Some(match name {
            "fromEndpoints" | "toEndpoints" => Ends::Pods(self.endpoints(node, path)),
            "fromEntities" | "toEntities" => {
                let word = node.as_str()?;
                match Entity::parse(word) {
                    Some(entity) => Ends::Entity(entity, node.span),
                    None => {
                        let known = Entity::WORDS.map(|(word, _)| word);
                        self.refuse_entity(node, path, &known);
                        Ends::Unknown
                    }
                }
            }
            "fromCIDR" | "toCIDR" => match self.reader.net(node, path, Bits::Masked) {
                Some(cidr) => Ends::Net(NetTerm { cidr, except: Vec::new(), span: node.span }),
                None => Ends::Unknown,
            },
            "fromCIDRSet" | "toCIDRSet" => self.cidr_set(node, path),
            "fromNodes" | "toNodes" => {
                let message =
                    "selecting nodes by label needs the flag `enable-node-selector-labels`";
                let help = "write `toEntities` with `host` and `remote-node`";
                let place = read::token(node);
                self.agent_refuses(RefusalKind::NodeLabels, place, path, message, help);
                Ends::Nodes(self.labels(node, path), read::item_place(node))
            }
            "toServices" => self.service(node, at)?,
            "toFQDNs" => self.name(node, path)?,
            _ => Ends::Unknown,
        })
    }

    /// Without a namespace, a CiliumNetworkPolicy means its own, and a clusterwide one every
    /// namespace, but nothing outside of them.
    fn endpoints(&mut self, node: &Node, path: &Path<'_>) -> PodTerm {
        let labels = self.labels(node, path);
        let place = read::item_place(node);
        if Self::says_where(node) {
            return PodTerm { place, scope: Scope::Everywhere, labels };
        }
        match self.is_namespaced {
            true => PodTerm { place, scope: Scope::Own, labels },
            false => {
                let anywhere = Expr::exists(LabelOf::Namespace, NAMESPACE_NAME, place.key);
                PodTerm { place, scope: Scope::Where(anywhere, place), labels }
            }
        }
    }

    fn cidr_set(&mut self, node: &Node, path: &Path<'_>) -> Ends {
        let forms = read::written(node, &["cidr", "cidrGroupRef", "cidrGroupSelector"]);
        let except = self.excepted(node, path);
        match forms.as_slice() {
            [("cidr", entry)] => {
                let cidr = self.reader.net(&entry.value, &path.field("cidr"), Bits::Masked);
                let Some(cidr) = cidr else { return Ends::Unknown };
                for (index, (net, span)) in except.iter().enumerate() {
                    // An equal one passes, and leaves nothing.
                    if !cidr.contains(net) {
                        let message = format!("`{net}` is not within `{cidr}`");
                        let list = path.field("except");
                        let help = "except a part of `cidr`";
                        self.agent_refuses(
                            RefusalKind::Block,
                            *span,
                            &list.item(index),
                            message,
                            help,
                        );
                    }
                }
                let except = except.into_iter().map(|(net, _)| net).collect();
                Ends::Net(NetTerm { cidr, except, span: entry.key_span })
            }
            [(form, entry)] => {
                let except = except.into_iter().map(|(net, _)| net).collect();
                let (name, labels) = match *form {
                    "cidrGroupRef" => (entry.value.as_str().map(Into::into), Expr::Never),
                    _ => {
                        let field = path.field("cidrGroupSelector");
                        (None, self.labels(&entry.value, &field))
                    }
                };
                Ends::Group(CidrGroup { name, labels, except, span: entry.key_span })
            }
            forms => {
                let message = match forms.len() {
                    0 => "the item says no addresses".to_owned(),
                    _ => format!("the item has both `{}` and `{}`", forms[0].0, forms[1].0),
                };
                let help = "write one of `cidr`, `cidrGroupRef` and `cidrGroupSelector`";
                let place = read::token(node);
                self.reader.refuse(RefusalKind::Block, place, path, message, help);
                Ends::Unknown
            }
        }
    }

    fn excepted(&mut self, node: &Node, path: &Path<'_>) -> Vec<(ipnet::IpNet, crate::text::Span)> {
        let path = path.field("except");
        let items = read::items(node, "except").iter().enumerate();
        items
            .filter_map(|(index, item)| {
                let net = self.reader.net(item, &path.item(index), Bits::Masked)?;
                Some((net, item.span))
            })
            .collect()
    }

    /// `k8sService` or `k8sServiceSelector`. Services are not resolved for rules that deny.
    fn service(&mut self, node: &Node, at: At) -> Option<Ends> {
        let place = read::item_place(node);
        if at.action == Action::Deny {
            return Some(Ends::Unknown);
        }
        let text = |node: &Node, key: &str| {
            let text = read::value(node, key).and_then(Node::as_str);
            text.filter(|text| !text.is_empty()).map(compact_str::CompactString::from)
        };
        if let Some(service) = read::value(node, "k8sService") {
            let namespace = text(service, "namespace");
            let name = text(service, "serviceName");
            let labels = Expr::Never;
            return Some(Ends::Service(ServiceTerm {
                name,
                labels,
                namespace,
                with_ports: None,
                place,
            }));
        }
        let service = read::value(node, "k8sServiceSelector")?;
        let selector = read::value(service, "selector")?;
        let labels = match crate::model::label_selector::selector(selector, |_| Ok(())) {
            Ok(selector) => Expr::of_selector(LabelOf::Pod, &selector),
            Err(_) => Expr::Unknown,
        };
        let namespace = text(service, "namespace");
        Some(Ends::Service(ServiceTerm { name: None, labels, namespace, with_ports: None, place }))
    }

    fn name(&mut self, node: &Node, path: &Path<'_>) -> Option<Ends> {
        let forms = read::written(node, &["matchName", "matchPattern"]);
        if let [_, second] = forms.as_slice() {
            let message = "the item has both `matchName` and `matchPattern`";
            let help = "write an item for each of them";
            self.reader.refuse(RefusalKind::Peer, second.1.key_span, path, message, help);
        }
        let (form, entry) = forms.first()?;
        self.name_pattern(form, entry, &path.field(form)).map(Ends::Name)
    }

    /// A name or a pattern (pkg/policy/api/fqdn.go).
    pub(super) fn name_pattern(
        &mut self,
        form: &'static str,
        entry: &Entry,
        path: &Path<'_>,
    ) -> Option<NamePattern> {
        let text = entry.value.as_str()?;
        let has_stars = form == "matchPattern";
        let fits = |b: u8| {
            b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.') || (has_stars && b == b'*')
        };
        if !text.bytes().all(fits) && !crate::model::is_placeholder(text) {
            let (message, help) = match text.contains('*') && !has_stars {
                true => (
                    format!("`*` in `matchName: {text}` is no part of a name"),
                    "write a pattern with `*` under `matchPattern`",
                ),
                false => (
                    format!("`{text}` is not a DNS name"),
                    "write a name of letters, digits, `-`, `_` and `.`, without a scheme or path",
                ),
            };
            self.reader.refuse(RefusalKind::Peer, entry.value.span, path, message, help);
            if text.bytes().all(|b| fits(b) || b == b'*') {
                self.reader.advise(entry.key_span, "matchPattern", "Write matchPattern");
            }
        }
        let text = text.trim_end_matches('.').to_lowercase().into();
        Some(NamePattern { text, has_stars, span: entry.value.span })
    }
}
