//! Ports and protocols.

use std::fmt;

use compact_str::CompactString;

use super::field::{Field, Why};
use super::placeholder::is_placeholder;
use super::read::{field, first_token, is_wrong_item, string, wrong_type};
use super::validate;
use crate::text::Span;
use crate::yaml::{Node, Scalar, ScalarKind};

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

pub(super) fn port_entry(node: &Node) -> PortEntry {
    PortEntry {
        first_token: first_token(node),
        whole: node.span,
        protocol: field(Some(node), "protocol", protocol),
        port: field(Some(node), "port", port_ref),
        end_port: field(Some(node), "endPort", end_port),
        wrong: is_wrong_item(node),
    }
}

pub(super) fn protocol(node: &Node) -> Result<Protocol, Why> {
    let text = string(node)?;
    Protocol::parse(&text)
        .ok_or_else(|| Why::Refused("must be `TCP`, `UDP` or `SCTP`, in uppercase".into()))
}

/// `IntOrString`: a whole number in any notation of YAML 1.1 (`80.0` and `8e1` too, because JSON
/// has one number type), or a name.
pub(super) fn port_ref(node: &Node) -> Result<PortRef, Why> {
    let Some(scalar) = node.as_scalar() else {
        return Err(wrong_type("a number or a name", node));
    };
    match scalar.kind {
        ScalarKind::Int(_) | ScalarKind::Float(_) => port_number(scalar).map(PortRef::Number),
        ScalarKind::Bool(_) | ScalarKind::NotJson | ScalarKind::Null => {
            Err(wrong_type("a number or a name", node))
        }
        ScalarKind::Str if is_placeholder(&scalar.text) => {
            Ok(PortRef::Placeholder(scalar.text.clone()))
        }
        ScalarKind::Str => {
            validate::port_name(&scalar.text).map_err(Why::Refused)?;
            Ok(PortRef::Name(scalar.text.clone()))
        }
    }
}

pub(super) fn port_number(scalar: &Scalar) -> Result<u16, Why> {
    let outside = || Why::Refused("must be between 1 and 65535".into());
    let number = match scalar.kind {
        ScalarKind::Int(number) => number,
        ScalarKind::Float(float) if float.fract() == 0.0 && float.abs() < 1e9 => float as i64,
        ScalarKind::Float(float) if float.fract() != 0.0 => {
            return Err(Why::Refused("must be a whole number".into()));
        }
        _ => return Err(outside()),
    };
    u16::try_from(number).ok().filter(|n| *n > 0).ok_or_else(outside)
}

pub(super) fn end_port(node: &Node) -> Result<u16, Why> {
    match node.as_scalar() {
        Some(scalar) if matches!(scalar.kind, ScalarKind::Int(_) | ScalarKind::Float(_)) => {
            port_number(scalar)
        }
        _ => Err(wrong_type("a number", node)),
    }
}
