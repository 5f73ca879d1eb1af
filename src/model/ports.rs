//! Ports and protocols.

use std::fmt;

use compact_str::CompactString;

use super::field::Field;
use crate::text::Span;

/// A transport protocol of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Protocol {
    /// TCP, the default.
    Tcp,
    /// UDP.
    Udp,
    /// SCTP.
    Sctp,
}

impl Protocol {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Tcp, Self::Udp, Self::Sctp];

    /// Parses the API's spelling; case matters (pkg/apis/core/validation: `TCP`, `UDP`, `SCTP`).
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "TCP" => Some(Self::Tcp),
            "UDP" => Some(Self::Udp),
            "SCTP" => Some(Self::Sctp),
            _ => None,
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tcp => "TCP",
            Self::Udp => "UDP",
            Self::Sctp => "SCTP",
        })
    }
}

/// A port by number or by name, the API's `IntOrString`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PortRef {
    /// A number, 1 to 65535.
    Number(u16),
    /// A name, to be looked up in the destination's containers.
    Name(CompactString),
    /// A value that a tool fills in later (`${PORT}`).
    Placeholder(CompactString),
}

impl fmt::Display for PortRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Name(name) | Self::Placeholder(name) => f.write_str(name),
        }
    }
}

/// One item of a rule's `ports`.
#[derive(Clone, Debug)]
pub struct PortEntry {
    /// The item's first token (a key after its dash), or the item if it has none.
    pub first_token: Span,
    /// The whole item.
    pub whole: Span,
    /// `protocol`; absent is TCP (pkg/apis/networking/v1/defaults.go).
    pub protocol: Field<Protocol>,
    /// `port`; absent is every port of the protocol.
    pub port: Field<PortRef>,
    /// `endPort`, inclusive.
    pub end_port: Field<u16>,
    /// Whether the item itself is of the wrong type.
    pub wrong: bool,
}

impl PortEntry {
    /// The protocol in effect; `None` if it is invalid.
    pub fn effective_protocol(&self) -> Option<Protocol> {
        match self.protocol {
            Field::Absent => Some(Protocol::Tcp),
            Field::Given(protocol, _) => Some(protocol),
            Field::Wrong(..) => None,
        }
    }

    /// The first and last port number; `None` for a name, a placeholder or an invalid value.
    pub fn range(&self) -> Option<(u16, u16)> {
        if self.wrong || self.port.is_wrong() || self.end_port.is_wrong() {
            return None;
        }
        match (self.port.get(), self.end_port.get()) {
            (None, _) => Some((1, u16::MAX)),
            (Some(PortRef::Number(first)), None) => Some((*first, *first)),
            (Some(PortRef::Number(first)), Some(last)) if last >= first => Some((*first, *last)),
            _ => None,
        }
    }
}
