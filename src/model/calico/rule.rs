//! One rule: action, protocol, and conditions on both ends.

use super::ports::{all_icmp, protocol_number};
use super::{ACTIONS, Decoder};
use crate::model::policy::Direction;
use crate::model::tiered::{
    Action, Effect, Ends, Flow, IcmpFamily, Path, RefusalKind, TieredRule, read,
};
use crate::yaml::Node;

impl Decoder {
    pub(super) fn rule(
        &mut self,
        node: &Node,
        direction: Direction,
        path: &Path<'_>,
    ) -> TieredRule {
        let action = match read::value(node, "action") {
            Some(action) => self.reader.word(action, &path.field("action"), "action", &ACTIONS),
            None => {
                let message = format!("`{path}` has no `action`");
                let help = "write `action: Allow`, `Deny`, `Log` or `Pass`";
                let (place, path) = (read::token(node), path.field("action"));
                self.reader.refuse(RefusalKind::Policy, place, &path, message, help);
                None
            }
        };
        let (peer_side, own_side) = match direction {
            Direction::Ingress => ("source", "destination"),
            Direction::Egress => ("destination", "source"),
        };
        let peer = self.entity(node, peer_side, direction, path);
        let own = self.entity(node, own_side, direction, path);
        let version = self.version(node, path);
        let flow = self.flow(node, path);
        self.families(node, version, path);
        self.icmp_version(node, version, path);
        self.http(node, direction, action, path);
        let family = version.map(|v6| Ends::Family { v6 });
        let packets = version.map(|v6| {
            Flow::Not(Box::new(all_icmp(match v6 {
                true => IcmpFamily::V4,
                false => IcmpFamily::V6,
            })))
        });
        TieredRule {
            spec: 0,
            direction,
            action: action.unwrap_or(Action::Deny),
            list: direction.field(),
            index: 0,
            span: read::token(node),
            whole: node.span,
            peer: Ends::all([Some(peer), family].into_iter().flatten().collect()),
            own,
            flow: Flow::all([Some(flow), packets].into_iter().flatten().collect()),
            effect: if action.is_some() { Effect::Sure } else { Effect::Unknown },
            dns: None,
            has_l7: read::value(node, "http").is_some(),
        }
    }

    /// `ipVersion`: whether it is IPv6.
    fn version(&mut self, node: &Node, path: &Path<'_>) -> Option<bool> {
        let value = read::value(node, "ipVersion")?;
        match read::integer(value)? {
            4 => Some(false),
            6 => Some(true),
            other => {
                let message = format!("there is no IP version {other}");
                let path = path.field("ipVersion");
                self.reader.refuse(RefusalKind::Policy, value.span, &path, message, "write 4 or 6");
                None
            }
        }
    }

    /// ICMP is a protocol of IPv4, ICMPv6 one of IPv6.
    fn icmp_version(&mut self, node: &Node, version: Option<bool>, path: &Path<'_>) {
        let is_v6 = match protocol_number(node) {
            Some(1) => false,
            Some(58) => true,
            _ => return,
        };
        if let Some(entry) = read::entry(node, "ipVersion")
            && version.is_some_and(|version| version != is_v6)
        {
            let message = "the rule's protocol is one of the other IP version";
            let path = path.field("ipVersion");
            let help = "write `ICMP` with version 4, or `ICMPv6` with version 6";
            self.reader.refuse(RefusalKind::Policy, entry.value.span, &path, message, help);
        }
    }

    /// All networks of a rule are of one family, that of `ipVersion` if there is one.
    fn families(&mut self, node: &Node, version: Option<bool>, path: &Path<'_>) {
        let mut known = version;
        for side in ["source", "destination"] {
            let Some(entity) = read::value(node, side) else { continue };
            let outer = path.field(side);
            for list in ["nets", "notNets"] {
                for net in read::items(entity, list) {
                    let Some(text) = net.as_str() else { continue };
                    let v6 = text.contains(':');
                    if known.is_some_and(|known| known != v6) {
                        let message = format!("`{text}` is of another IP version than the rule");
                        let help = "write a rule for each of IPv4 and IPv6";
                        let path = outer.field(list);
                        self.reader.refuse(RefusalKind::Block, net.span, &path, message, help);
                        return;
                    }
                    known = Some(v6);
                }
            }
        }
    }

    fn http(&mut self, node: &Node, direction: Direction, action: Option<Action>, path: &Path<'_>) {
        let Some(entry) = read::entry(node, "http") else { return };
        let path = path.field("http");
        let protocol = read::value(node, "protocol");
        let is_tcp = protocol
            .is_none_or(|node| node.as_str() == Some("TCP") || read::integer(node) == Some(6));
        let wrong = match (direction, action) {
            (Direction::Egress, _) => Some("`http` is for ingress rules only"),
            (_, Some(Action::Allow)) if is_tcp => None,
            (_, Some(Action::Allow)) => Some("`http` needs protocol TCP"),
            _ => Some("`http` is for rules that allow only"),
        };
        if let Some(message) = wrong {
            let help = "leave `http` out";
            self.reader.refuse(RefusalKind::Policy, entry.key_span, &path, message, help);
        }
        let methods: Vec<&str> =
            read::items(&entry.value, "methods").iter().filter_map(Node::as_str).collect();
        for (index, node) in read::items(&entry.value, "methods").iter().enumerate() {
            if node.as_str().is_some_and(|method| methods[..index].contains(&method)) {
                let path = path.field("methods");
                let message = "the method is there twice";
                self.reader.refuse(RefusalKind::Policy, node.span, &path, message, "write it once");
            }
        }
        let outer = path.field("paths");
        for (index, node) in read::items(&entry.value, "paths").iter().enumerate() {
            self.http_path(node, &outer.item(index));
        }
    }

    fn http_path(&mut self, node: &Node, path: &Path<'_>) {
        let forms = read::written(node, &["exact", "prefix"]);
        if let [_, second] = forms.as_slice() {
            let message = "the path has both `exact` and `prefix`";
            let help = "write one of them";
            self.reader.refuse(RefusalKind::Policy, second.1.key_span, path, message, help);
        }
        for (_, entry) in forms {
            let Some(text) = entry.value.as_str() else { continue };
            if !text.starts_with('/') || text.contains(['?', '#', ' ']) {
                let message = format!("`{text}` is not a path");
                let help = "write a path that begins with `/`, without `?`, `#` and blanks";
                self.reader.refuse(RefusalKind::Policy, entry.value.span, path, message, help);
            }
        }
    }
}
