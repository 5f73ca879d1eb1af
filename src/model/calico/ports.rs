//! Protocols, ports and ICMP.

use super::Decoder;
use crate::model::is_placeholder;
use crate::model::ports::{PortRef, Protocol};
use crate::model::tiered::{Flow, IcmpFamily, Path, PortTerm, Protocols, RefusalKind, read};
use crate::yaml::Node;

/// The names of protocols, with their numbers. Case counts.
const NAMES: [(&str, u8); 6] =
    [("TCP", 6), ("UDP", 17), ("ICMP", 1), ("ICMPv6", 58), ("SCTP", 132), ("UDPLite", 136)];

/// The most ports of a list.
const MOST: usize = 50;

impl Decoder {
    pub(super) fn flow(&mut self, rule: &Node, path: &Path<'_>) -> Flow {
        let mut all = Vec::new();
        let protocol = self.protocol(rule, "protocol", path);
        let not = self.protocol(rule, "notProtocol", path);
        let entry = |field| read::entry(rule, field).map(|entry| entry.key_span);
        if let Some(number) = protocol {
            all.push(of_protocol(number, entry("protocol").unwrap_or(rule.span)));
        } else if read::value(rule, "protocol").is_some() {
            all.push(Flow::Unknown);
        }
        if let Some(number) = not {
            let span = entry("notProtocol").unwrap_or(rule.span);
            all.push(Flow::Not(Box::new(of_protocol(number, span))));
        }
        for (field, is_not) in [("icmp", false), ("notICMP", true)] {
            if let Some(icmp) = self.icmp(rule, field, protocol, path) {
                all.push(if is_not { Flow::Not(Box::new(icmp)) } else { icmp });
            }
        }
        for side in ["source", "destination"] {
            let Some(entity) = read::value(rule, side) else { continue };
            let path = path.field(side);
            for (field, is_not) in [("ports", false), ("notPorts", true)] {
                let Some(ports) = self.ports(entity, field, protocol, &path) else { continue };
                all.push(match (side, is_not) {
                    // The port of the client, which nobody knows before.
                    ("source", _) => Flow::Unknown,
                    (_, true) => Flow::Not(Box::new(ports)),
                    (_, false) => ports,
                });
            }
        }
        Flow::all(all)
    }

    /// A protocol by name or number.
    fn protocol(&mut self, rule: &Node, field: &'static str, path: &Path<'_>) -> Option<u8> {
        let value = read::value(rule, field)?;
        let path = path.field(field);
        if let Some(number) = read::integer(value) {
            let fits = u8::try_from(number).ok().filter(|number| *number > 0);
            if fits.is_none() {
                let message = format!("there is no protocol {number}");
                let help = "write a number from 1 to 255, or a name such as `TCP`";
                self.reader.refuse(RefusalKind::Policy, value.span, &path, message, help);
            }
            return fits;
        }
        self.reader.word(value, &path, "protocol", &NAMES)
    }

    fn icmp(
        &mut self,
        rule: &Node,
        field: &'static str,
        protocol: Option<u8>,
        path: &Path<'_>,
    ) -> Option<Flow> {
        let entry = read::entry(rule, field)?;
        let path = path.field(field);
        let family = match protocol {
            Some(1) => Some(IcmpFamily::V4),
            Some(58) => Some(IcmpFamily::V6),
            _ => {
                let message = format!("`{field}` needs protocol ICMP or ICMPv6");
                let help = "write `protocol: ICMP`";
                self.reader.refuse(RefusalKind::Policy, entry.key_span, &path, message, help);
                None
            }
        };
        let kind = read::value(&entry.value, "type").and_then(read::integer);
        let code = read::entry(&entry.value, "code");
        if let Some(kind) = kind.filter(|kind| !(0..=254).contains(kind)) {
            let message = format!("ICMP type {kind} is not between 0 and 254");
            let place = read::value(&entry.value, "type").map_or(entry.key_span, |node| node.span);
            let path = path.field("type");
            self.reader.refuse(RefusalKind::Policy, place, &path, message, "write its number");
            return Some(Flow::Unknown);
        }
        if let Some(code) = code.filter(|_| kind.is_none()) {
            let message = "an ICMP code needs a type";
            let path = path.field("code");
            self.reader.refuse(RefusalKind::Policy, code.key_span, &path, message, "write `type`");
        }
        let family = family?;
        let types = match kind.and_then(|kind| u8::try_from(kind).ok()) {
            Some(kind) => Flow::Icmp { family, types: (kind, kind) },
            None => all_icmp(family),
        };
        Some(match code {
            Some(_) => Flow::All(vec![types, Flow::Unknown]),
            None => types,
        })
    }

    fn ports(
        &mut self,
        entity: &Node,
        field: &'static str,
        protocol: Option<u8>,
        path: &Path<'_>,
    ) -> Option<Flow> {
        let entry = read::entry(entity, field)?;
        let items = entry.value.as_seq()?;
        if items.is_empty() {
            return None;
        }
        let path = path.field(field);
        let help = "write ranges, such as `\"8000:8100\"`";
        self.reader.at_most(MOST, RefusalKind::Port, entry, &path, help);
        let mut found = Vec::new();
        let mut has_numbers = false;
        for (index, item) in items.iter().enumerate() {
            let port = self.port(item, &path.item(index));
            has_numbers |=
                matches!(&port, Some(term) if matches!(term.port, Some(PortRef::Number(_))));
            found.push(port.map_or(Flow::Unknown, Flow::Port));
        }
        if has_numbers && !matches!(protocol, Some(6 | 17 | 132)) {
            let message = format!("`{path}` has numbers, and the rule has no protocol with ports");
            let help = "write `protocol: TCP`, `UDP` or `SCTP` beside `source` and `destination`";
            self.reader.refuse(RefusalKind::Port, entry.key_span, &path, message, help);
        }
        Some(Flow::Any(found))
    }

    /// A number, a range `first:last`, or a name (api/pkg/lib/numorstring/port.go).
    fn port(&mut self, node: &Node, path: &Path<'_>) -> Option<PortTerm> {
        let term = |port, last| {
            Some(PortTerm { protocols: Protocols::ALL, port: Some(port), last, span: node.span })
        };
        if let Some(number) = read::integer(node) {
            return match u16::try_from(number).ok().filter(|number| *number > 0) {
                Some(number) => term(PortRef::Number(number), None),
                None => self.no_port(node, path, &number.to_string()),
            };
        }
        let text = node.as_str()?;
        if is_placeholder(text) {
            return term(PortRef::Placeholder(text.into()), None);
        }
        let number = |text: &str| text.parse::<u16>().ok().filter(|number| *number > 0);
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        if is_number(text) {
            return match number(text) {
                Some(number) => term(PortRef::Number(number), None),
                None => self.no_port(node, path, text),
            };
        }
        if let Some((first, last)) = text.split_once(':')
            && is_number(first)
            && is_number(last)
        {
            return match (number(first), number(last)) {
                (Some(first), Some(last)) if first <= last => {
                    term(PortRef::Number(first), Some(last))
                }
                _ => {
                    let message = format!("the range `{text}` does not ascend from 1 to 65535");
                    let help = "write the lower port first: `\"80:90\"`";
                    self.reader.refuse(RefusalKind::Port, node.span, path, message, help);
                    if number(first).is_some() && number(last).is_some() {
                        let right = format!("{last}:{first}");
                        self.reader.advise(node.span, &*right, format!("Write {right}"));
                    }
                    None
                }
            };
        }
        let is_name = (1..=128).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'));
        if is_name {
            return term(PortRef::Name(text.into()), None);
        }
        self.no_port(node, path, text)
    }

    fn no_port(&mut self, node: &Node, path: &Path<'_>, text: &str) -> Option<PortTerm> {
        let message = format!("`{text}` is not a port");
        let help = "write a number from 1 to 65535, a range such as `\"80:90\"`, or a name";
        self.reader.refuse(RefusalKind::Port, node.span, path, message, help);
        None
    }
}

/// The number of a rule's protocol, if there is such a protocol.
pub(super) fn protocol_number(rule: &Node) -> Option<u8> {
    let value = read::value(rule, "protocol")?;
    let by_name = |name: &str| NAMES.iter().find(|(known, _)| *known == name);
    match read::integer(value) {
        Some(number) => u8::try_from(number).ok(),
        None => by_name(value.as_str()?).map(|(_, number)| *number),
    }
}

/// Every type of ICMP.
pub(super) fn all_icmp(family: IcmpFamily) -> Flow {
    Flow::Icmp { family, types: (0, u8::MAX) }
}

/// All of a protocol.
fn of_protocol(number: u8, span: crate::text::Span) -> Flow {
    match number {
        6 => Flow::of_protocols(Protocols::one(Protocol::Tcp), span),
        17 => Flow::of_protocols(Protocols::one(Protocol::Udp), span),
        132 => Flow::of_protocols(Protocols::one(Protocol::Sctp), span),
        1 => all_icmp(IcmpFamily::V4),
        58 => all_icmp(IcmpFamily::V6),
        _ => Flow::Nothing,
    }
}
