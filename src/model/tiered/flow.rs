//! Protocols and ports of a rule.

use crate::model::policy::Direction;
use crate::model::ports::{PortRef, Protocol};
use crate::text::Span;

/// A condition on protocol and port. Ports are those of the pods that are connected to.
#[derive(Clone, Debug, PartialEq)]
pub enum Flow {
    /// Everything.
    Everything,
    /// Nothing.
    Nothing,
    /// What is written does not tell.
    Unknown,
    /// A port, or a range of ports.
    Port(PortTerm),
    /// ICMP.
    Icmp {
        /// Of which IP.
        family: IcmpFamily,
        /// The types, both included.
        types: (u8, u8),
    },
    /// Not those.
    Not(Box<Flow>),
    /// All of the conditions.
    All(Vec<Flow>),
    /// Any of them.
    Any(Vec<Flow>),
}

/// ICMP is another protocol in IPv6.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum IcmpFamily {
    /// ICMP.
    V4,
    /// ICMPv6.
    V6,
}

/// Some of TCP, UDP and SCTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Protocols([bool; 3]);

impl Protocols {
    /// TCP alone.
    pub const TCP: Self = Self([true, false, false]);
    /// UDP alone.
    pub const UDP: Self = Self([false, true, false]);
    /// SCTP alone.
    pub const SCTP: Self = Self([false, false, true]);
    /// All three.
    pub const ALL: Self = Self([true; 3]);
    /// None of them (GRE, and what is misspelt).
    pub const NONE: Self = Self([false; 3]);

    /// One of them.
    pub fn one(protocol: Protocol) -> Self {
        let mut found = Self::NONE;
        found.0[protocol as usize] = true;
        found
    }

    /// They, in order.
    pub fn iter(self) -> impl Iterator<Item = Protocol> {
        Protocol::ALL.into_iter().filter(move |protocol| self.0[*protocol as usize])
    }

    /// Those that are among the others too.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self(std::array::from_fn(|at| self.0[at] && other.0[at]))
    }

    /// Whether that one is among them.
    pub fn has(self, protocol: Protocol) -> bool {
        self.0[protocol as usize]
    }
}

/// One entry of a rule's ports.
#[derive(Clone, Debug, PartialEq)]
pub struct PortTerm {
    /// The protocols.
    pub protocols: Protocols,
    /// The port; none for every port.
    pub port: Option<PortRef>,
    /// The last port of a range.
    pub last: Option<u16>,
    /// Where a finding about it stands: the key of the port, or the item of a list.
    pub span: Span,
}

/// An entry for ports, and the protocols that it is for.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'f> {
    /// The entry.
    pub term: &'f PortTerm,
    /// Its protocols, as far as the rest of the rule leaves them.
    pub protocols: Protocols,
}

impl Entry<'_> {
    /// Its number, where it is for a single port.
    pub fn number(&self) -> Option<u16> {
        match (&self.term.port, self.term.last) {
            (Some(PortRef::Number(number)), None) => Some(*number),
            _ => None,
        }
    }
}

impl PortTerm {
    /// The first and the last number; none for names and values that are filled in later.
    pub fn range(&self) -> Option<(u16, u16)> {
        match &self.port {
            None => Some((1, u16::MAX)),
            Some(PortRef::Number(first)) => Some((*first, self.last.unwrap_or(*first))),
            Some(_) => None,
        }
    }
}

impl Flow {
    /// Every port of some protocols.
    pub fn of_protocols(protocols: Protocols, span: Span) -> Self {
        Self::Port(PortTerm { protocols, port: None, last: None, span })
    }

    /// All of them.
    pub fn all(mut all: Vec<Self>) -> Self {
        all.retain(|one| *one != Self::Everything);
        match all.len() {
            0 => Self::Everything,
            1 => all.remove(0),
            _ => Self::All(all),
        }
    }

    /// Its ports, wherever they are in it.
    pub fn ports(&self) -> Vec<&PortTerm> {
        match self {
            Self::Port(port) => vec![port],
            Self::Not(one) => one.ports(),
            Self::All(list) | Self::Any(list) => list.iter().flat_map(Self::ports).collect(),
            Self::Everything | Self::Nothing | Self::Unknown | Self::Icmp { .. } => Vec::new(),
        }
    }

    /// Its entries for ports, in the order in which they are written, but those that are negated;
    /// each with the protocols that the rest of the rule leaves of its own.
    pub fn entries(&self) -> Vec<Entry<'_>> {
        let mut found = Vec::new();
        self.collect(Protocols::ALL, &mut found);
        found
    }

    fn collect<'f>(&'f self, left: Protocols, found: &mut Vec<Entry<'f>>) {
        match self {
            Self::Port(term) => {
                found.push(Entry { term, protocols: term.protocols.and(left) });
            }
            Self::Any(list) => list.iter().for_each(|one| one.collect(left, found)),
            Self::All(list) => {
                let whole = list.iter().filter_map(|one| match one {
                    Self::Port(term) if term.port.is_none() => Some(term.protocols),
                    _ => None,
                });
                let left = whole.fold(left, Protocols::and);
                list.iter().for_each(|one| one.collect(left, found));
            }
            Self::Everything | Self::Nothing | Self::Unknown | Self::Icmp { .. } | Self::Not(_) => {
            }
        }
    }

    /// Whether it may be for something that no entry for a port, of [`Flow::entries`], is for: every
    /// port of a protocol, ICMP, or what is not written.
    pub fn has_more_than_ports(&self) -> bool {
        match self {
            Self::Port(term) => term.port.is_none(),
            Self::Any(list) => list.iter().any(Self::has_more_than_ports),
            // Each narrows the others.
            Self::All(list) => list.iter().all(Self::has_more_than_ports),
            Self::Nothing => false,
            Self::Everything | Self::Unknown | Self::Icmp { .. } | Self::Not(_) => true,
        }
    }

    /// Whether it is for every port and protocol.
    pub fn is_everything(&self) -> bool {
        *self == Self::Everything
    }
}

impl Direction {
    /// Its place in a pair of both.
    pub fn position(self) -> usize {
        self as usize
    }
}
