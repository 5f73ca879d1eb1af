//! Ports and ICMP of Cilium's rules.

use super::Decoder;
use crate::model::is_placeholder;
use crate::model::ports::PortRef;
use crate::model::tiered::{Flow, IcmpFamily, Path, PortTerm, Protocols, RefusalKind, read};
use crate::yaml::Node;

/// The words of the CRD's enum, with what of them opens ports (pkg/policy/api/l4.go). The tunnel
/// protocols have none.
const PROTOCOLS: [(&str, Protocols); 11] = [
    ("TCP", Protocols::TCP),
    ("UDP", Protocols::UDP),
    ("SCTP", Protocols::SCTP),
    ("ANY", Protocols::ALL),
    ("VRRP", Protocols::NONE),
    ("IGMP", Protocols::NONE),
    ("GRE", Protocols::NONE),
    ("IPIP", Protocols::NONE),
    ("IPV6", Protocols::NONE),
    ("ESP", Protocols::NONE),
    ("AH", Protocols::NONE),
];

/// The most ports of an item of `toPorts`.
const MOST: usize = 40;

impl Decoder {
    pub(super) fn flow(&mut self, node: &Node, path: &Path<'_>) -> Flow {
        let ports = read::entry(node, "toPorts");
        let items = ports.and_then(|entry| entry.value.as_seq()).unwrap_or_default();
        let icmps = read::entry(node, "icmps");
        let fields = icmps.and_then(|entry| entry.value.as_seq()).unwrap_or_default();
        if !items.is_empty()
            && let Some(entry) = icmps.filter(|_| !fields.is_empty())
        {
            let message = "the rule has both `toPorts` and `icmps`";
            let help = "write a rule for each of them";
            self.agent_refuses(RefusalKind::Port, entry.key_span, path, message, help);
        }
        if items.is_empty() && fields.is_empty() {
            return Flow::Everything;
        }
        let mut all = Vec::new();
        let outer = path.field("toPorts");
        for (index, item) in items.iter().enumerate() {
            all.push(self.port_rule(item, &outer.item(index)));
        }
        let outer = path.field("icmps");
        for (index, item) in fields.iter().enumerate() {
            let path = outer.item(index);
            let path = path.field("fields");
            for (nth, field) in read::items(item, "fields").iter().enumerate() {
                all.push(self.icmp(field, &path.item(nth)));
            }
        }
        Flow::Any(all)
    }

    fn port_rule(&mut self, node: &Node, path: &Path<'_>) -> Flow {
        // Without ports it adds none in the code; no document says so.
        let Some(entry) = read::entry(node, "ports") else {
            return Flow::Unknown;
        };
        let items = entry.value.as_seq().unwrap_or_default();
        let path = path.field("ports");
        let help = "split it into several items of `toPorts`";
        self.reader.at_most(MOST, RefusalKind::Port, entry, &path, help);
        if items.is_empty() {
            return Flow::Unknown;
        }
        let items = items.iter().enumerate();
        Flow::Any(items.map(|(index, node)| self.port(node, &path.item(index))).collect())
    }

    fn port(&mut self, node: &Node, path: &Path<'_>) -> Flow {
        let protocols = match read::value(node, "protocol") {
            None => Protocols::ALL,
            Some(word) if word.as_str() == Some("") => Protocols::ALL,
            Some(word) => {
                let field = path.field("protocol");
                let known = self.reader.word(word, &field, "protocol", &PROTOCOLS);
                match known {
                    Some(protocols) => protocols,
                    None => return Flow::Unknown,
                }
            }
        };
        let Some(entry) = read::entry(node, "port") else {
            let message = format!("`{path}` has no `port`");
            let help = "write `port`; `port: \"0\"` is every port";
            let (place, field) = (read::token(node), path.field("port"));
            self.reader.refuse(RefusalKind::Port, place, &field, message, help);
            return Flow::Unknown;
        };
        let Some(text) = entry.value.as_str() else { return Flow::Unknown };
        let port = self.port_ref(text, entry.value.span, &path.field("port"));
        let last = read::value(node, "endPort").and_then(read::integer);
        if let Some(last) = last.filter(|last| u16::try_from(*last).is_err()) {
            let message = format!("endPort {last} is not between 0 and 65535");
            let field = path.field("endPort");
            let place = read::value(node, "endPort").map_or(entry.value.span, |node| node.span);
            self.reader.refuse(RefusalKind::Port, place, &field, message, "write a port number");
        }
        match port {
            None => Flow::Unknown,
            Some(None) => {
                Flow::Port(PortTerm { protocols, port: None, last: None, span: entry.key_span })
            }
            Some(Some(port)) => {
                // It is ignored where it is not above the port, or where the port has a name.
                let last = last.and_then(|last| u16::try_from(last).ok());
                let last = last.filter(|last| matches!(port, PortRef::Number(n) if n < *last));
                Flow::Port(PortTerm { protocols, port: Some(port), last, span: entry.key_span })
            }
        }
    }

    /// A number as a string, or a name; `0` is every port (none within).
    fn port_ref(
        &mut self,
        text: &str,
        span: crate::text::Span,
        path: &Path<'_>,
    ) -> Option<Option<PortRef>> {
        if is_placeholder(text) {
            return Some(Some(PortRef::Placeholder(text.into())));
        }
        if text.is_empty() {
            let help = "write a port; `\"0\"` is every port";
            self.reader.refuse(RefusalKind::Port, span, path, "the port is empty", help);
            return None;
        }
        if text.bytes().all(|b| b.is_ascii_digit()) {
            return match text.parse::<u16>() {
                Ok(0) => Some(None),
                Ok(number) => Some(Some(PortRef::Number(number))),
                Err(_) => {
                    let message = format!("port {text} is not between 0 and 65535");
                    let help = "write a port number";
                    self.agent_refuses(RefusalKind::Port, span, path, message, help);
                    None
                }
            };
        }
        if !is_service_name(text) {
            let message = format!("`{text}` is neither a port number nor the name of a port");
            let help = "write one port; a range is `port` with `endPort`";
            self.agent_refuses(RefusalKind::Port, span, path, message, help);
            return None;
        }
        Some(Some(PortRef::Name(text.to_lowercase().into())))
    }

    /// A type of ICMP by number, or by its name in that family (pkg/policy/api/icmp.go).
    fn icmp(&mut self, node: &Node, path: &Path<'_>) -> Flow {
        let known = [("IPv4", IcmpFamily::V4), ("IPv6", IcmpFamily::V6), ("", IcmpFamily::V4)];
        let family = match read::value(node, "family") {
            None => Some(IcmpFamily::V4),
            Some(word) => self.reader.word(word, &path.field("family"), "family", &known),
        };
        let (Some(family), Some(kind)) = (family, read::value(node, "type")) else {
            return Flow::Unknown;
        };
        let number = match (read::integer(kind), kind.as_str()) {
            (Some(number), _) => u8::try_from(number).ok(),
            (None, Some(text)) => text.parse().ok().or_else(|| by_name(family, text)),
            (None, None) => None,
        };
        match number {
            Some(number) => Flow::Icmp { family, types: (number, number) },
            None => {
                let written = kind.as_scalar().map(|s| s.text.as_str()).unwrap_or_default();
                let message = format!("there is no ICMP type `{written}` in this family");
                let help = "write its number";
                let field = path.field("type");
                self.agent_refuses(RefusalKind::Port, kind.span, &field, message, help);
                Flow::Unknown
            }
        }
    }
}

/// A name of a service: letters, digits and single dashes, with a letter (pkg/iana, RFC 6335).
fn is_service_name(text: &str) -> bool {
    const MOST: usize = 15;
    text.len() <= MOST
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        && text.bytes().any(|b| b.is_ascii_alphabetic())
        && !text.starts_with('-')
        && !text.ends_with('-')
        && !text.contains("--")
}

fn by_name(family: IcmpFamily, name: &str) -> Option<u8> {
    const V4: &[(&str, u8)] = &[
        ("EchoReply", 0),
        ("DestinationUnreachable", 3),
        ("Redirect", 5),
        ("Echo", 8),
        ("EchoRequest", 8),
        ("RouterAdvertisement", 9),
        ("RouterSelection", 10),
        ("TimeExceeded", 11),
        ("ParameterProblem", 12),
        ("Timestamp", 13),
        ("TimestampReply", 14),
        ("Photuris", 40),
        ("ExtendedEcho Request", 42),
        ("ExtendedEcho Reply", 43),
    ];
    const V6: &[(&str, u8)] = &[
        ("DestinationUnreachable", 1),
        ("PacketTooBig", 2),
        ("TimeExceeded", 3),
        ("ParameterProblem", 4),
        ("EchoRequest", 128),
        ("EchoReply", 129),
        ("MulticastListenerQuery", 130),
        ("MulticastListenerReport", 131),
        ("MulticastListenerDone", 132),
        ("RouterSolicitation", 133),
        ("RouterAdvertisement", 134),
        ("NeighborSolicitation", 135),
        ("NeighborAdvertisement", 136),
        ("RedirectMessage", 137),
        ("RouterRenumbering", 138),
        ("ICMPNodeInformationQuery", 139),
        ("ICMPNodeInformationResponse", 140),
        ("InverseNeighborDiscoverySolicitation", 141),
        ("InverseNeighborDiscoveryAdvertisement", 142),
        ("HomeAgentAddressDiscoveryRequest", 144),
        ("HomeAgentAddressDiscoveryReply", 145),
        ("MobilePrefixSolicitation", 146),
        ("MobilePrefixAdvertisement", 147),
        ("DuplicateAddressRequestCodeSuffix", 157),
        ("DuplicateAddressConfirmationCodeSuffix", 158),
        ("ExtendedEchoRequest", 160),
        ("ExtendedEchoReply", 161),
    ];
    let known = match family {
        IcmpFamily::V4 => V4,
        IcmpFamily::V6 => V6,
    };
    known.iter().find(|(known, _)| *known == name).map(|(_, number)| *number)
}
