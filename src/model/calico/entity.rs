//! `source` and `destination` of a rule: all that is written must hold.

use compact_str::CompactString;

use super::selector::{Keys, Parsed};
use super::{Decoder, accounts_named};
use crate::model::policy::Direction;
use crate::model::tiered::{
    Bits, Ends, Expr, NetTerm, Path, PodTerm, RefusalKind, Scope, ServiceTerm, read,
};
use crate::yaml::Node;

impl Decoder {
    /// Who is at one end. Nothing written is everyone.
    pub(super) fn entity(
        &mut self,
        rule: &Node,
        side: &'static str,
        direction: Direction,
        path: &Path<'_>,
    ) -> Ends {
        let Some(node) = read::value(rule, side).filter(|node| node.as_map().is_some()) else {
            return Ends::Everyone;
        };
        let path = path.field(side);
        let mut all = Vec::new();
        all.extend(self.by_labels(node, &path));
        for (field, is_not) in [("nets", false), ("notNets", true)] {
            if let Some(nets) = self.nets(node, field, &path) {
                all.push(if is_not { Ends::Not(Box::new(nets)) } else { nets });
            }
        }
        let is_peer = matches!(
            (side, direction),
            ("source", Direction::Ingress) | ("destination", Direction::Egress)
        );
        all.extend(self.services(node, direction, is_peer, &path));
        Ends::all(all)
    }

    /// Selectors and ServiceAccounts. In a NetworkPolicy they look into its own namespace unless
    /// they say another (libcalico-go/lib/backend/syncersv1/updateprocessors/rules.go).
    fn by_labels(&mut self, node: &Node, path: &Path<'_>) -> Option<Ends> {
        let selector = self.condition(node, "selector", Keys::Endpoints, path);
        let not = self.condition(node, "notSelector", Keys::Endpoints, path);
        let accounts = self.accounts(node, path);
        let namespaces = read::entry(node, "namespaceSelector");
        let parsed = self.parsed(node, "namespaceSelector", Keys::Namespaces, path);
        let written = ["selector", "serviceAccounts", "notSelector", "namespaceSelector"];
        let place = written.iter().find_map(|field| read::entry(node, field)).map(read::place)?;
        let scope = match (namespaces, parsed) {
            (Some(entry), Some(Parsed::Condition(expr))) => Scope::Where(expr, read::place(entry)),
            (Some(_), Some(Parsed::Global)) => Scope::Global,
            _ if self.is_global => Scope::Everywhere,
            _ => Scope::Own,
        };
        let is_plain = selector.is_none() && accounts.is_none();
        let labels = Expr::all([selector, accounts].into_iter().flatten().collect());
        let mut all = Vec::new();
        // Alone in a GlobalNetworkPolicy, it also leaves in who has no labels at all.
        if !(is_plain && scope == Scope::Everywhere) {
            all.push(Ends::Pods(PodTerm { place, scope, labels }));
        }
        if let Some(labels) = not {
            let place = read::entry(node, "notSelector").map_or(place, read::place);
            let term = PodTerm { place, scope: Scope::Everywhere, labels };
            all.push(Ends::Not(Box::new(Ends::Pods(term))));
        }
        Some(Ends::all(all))
    }

    fn accounts(&mut self, node: &Node, path: &Path<'_>) -> Option<Expr> {
        let entry = read::entry(node, "serviceAccounts")?;
        let path = path.field("serviceAccounts");
        let names: Vec<(CompactString, crate::text::Span)> = read::items(&entry.value, "names")
            .iter()
            .filter_map(|node| Some((node.as_str()?.into(), node.span)))
            .collect();
        let named = (!names.is_empty()).then(|| accounts_named(names, entry.key_span));
        let labelled = self.condition(&entry.value, "selector", Keys::Accounts, &path);
        Some(Expr::all([named, labelled].into_iter().flatten().collect()))
    }

    fn nets(&mut self, node: &Node, field: &'static str, path: &Path<'_>) -> Option<Ends> {
        const MOST: usize = 256;
        let entry = read::entry(node, field)?;
        let items = entry.value.as_seq()?;
        if items.is_empty() {
            return None;
        }
        let path = path.field(field);
        self.reader.at_most(MOST, RefusalKind::Block, entry, &path, "use a NetworkSet");
        let mut found = Vec::new();
        for (index, item) in items.iter().enumerate() {
            let path = path.item(index);
            let net = self.reader.net(item, &path, Bits::Exact);
            if field == "notNets" && net.is_some_and(|net| net.prefix_len() == 0) {
                let message = "`notNets` has every address, so the rule matches nothing";
                let help = "leave the rule out";
                self.reader.refuse(RefusalKind::Block, item.span, &path, message, help);
            }
            found.push(net.map_or(Ends::Unknown, |cidr| {
                Ends::Net(NetTerm { cidr, except: Vec::new(), span: item.span })
            }));
        }
        Some(Ends::Any(found))
    }

    fn services(
        &mut self,
        node: &Node,
        direction: Direction,
        is_peer: bool,
        path: &Path<'_>,
    ) -> Option<Ends> {
        let entry = read::entry(node, "services")?;
        let outer = *path;
        let path = path.field("services");
        let text = |field: &str| {
            let text = read::value(&entry.value, field).and_then(Node::as_str);
            text.filter(|text| !text.is_empty()).map(CompactString::from)
        };
        let (name, namespace) = (text("name"), text("namespace"));
        if name.is_none() {
            let message = format!("`{path}` has no `name`");
            let field = path.field("name");
            let help = "write the name of the Service";
            self.reader.refuse(RefusalKind::Peer, entry.key_span, &field, message, help);
        }
        if self.is_global && namespace.is_none() {
            let message = format!("`{path}` has no `namespace`, and the policy has none either");
            let field = path.field("namespace");
            let help = "write the namespace of the Service";
            self.reader.refuse(RefusalKind::Peer, entry.key_span, &field, message, help);
        }
        if !is_peer {
            let message = match direction {
                Direction::Ingress => "`services` in an ingress rule belongs under `source`",
                Direction::Egress => "`services` in an egress rule belongs under `destination`",
            };
            let help = "move it to the other end";
            self.reader.refuse(RefusalKind::Peer, entry.key_span, &path, message, help);
        }
        let beside =
            ["selector", "notSelector", "namespaceSelector", "nets", "notNets", "serviceAccounts"];
        if let Some((other, _)) = read::written(node, &beside).first() {
            let message = format!("`services` can't be combined with `{other}`");
            let help = "write a rule for each of them";
            self.reader.refuse(RefusalKind::Peer, entry.key_span, &outer, message, help);
        }
        if let Some(ports) = read::entry(node, "ports").filter(|_| direction == Direction::Egress) {
            let message = "`services` brings the ports of the Service";
            let field = outer.field("ports");
            let help = "leave `ports` out";
            self.reader.refuse(RefusalKind::Port, ports.key_span, &field, message, help);
        }
        let with_ports = Some(direction == Direction::Egress);
        let place = read::place(entry);
        Some(Ends::Service(ServiceTerm { name, labels: Expr::Never, namespace, with_ports, place }))
    }
}
