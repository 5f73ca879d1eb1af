//! Sets of traffic: ports of TCP, UDP and SCTP, and types of ICMP.

use std::ops::{BitAnd, BitOr};

use range_set_blaze::RangeSetBlaze;

use super::Port;
use super::ports::PortSet;
use crate::model::tiered::IcmpFamily;
use crate::resolve::Tri;

/// What can be sent: to a port, or by ICMP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packet {
    /// To a port.
    Port(Port),
    /// ICMP of a type.
    Icmp(IcmpFamily, u8),
}

/// A set of traffic.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Ports.
    pub ports: PortSet,
    /// Types of ICMP, those of ICMPv6 behind those of ICMP.
    icmp: RangeSetBlaze<u16>,
}

/// How many types there are.
const TYPES: u16 = 256;

fn icmp_range(family: IcmpFamily, first: u8, last: u8) -> std::ops::RangeInclusive<u16> {
    let offset = match family {
        IcmpFamily::V4 => 0,
        IcmpFamily::V6 => TYPES,
    };
    offset + u16::from(first)..=offset + u16::from(last)
}

impl Traffic {
    /// All of it.
    pub fn all() -> Self {
        Self { ports: PortSet::all(), icmp: RangeSetBlaze::from_iter([0..=2 * TYPES - 1]) }
    }

    /// Some ports, and no ICMP.
    pub fn ports(ports: PortSet) -> Self {
        Self { ports, icmp: RangeSetBlaze::new() }
    }

    /// Some types of ICMP.
    pub fn icmp(family: IcmpFamily, first: u8, last: u8) -> Self {
        let icmp = RangeSetBlaze::from_iter([icmp_range(family, first, last)]);
        Self { ports: PortSet::default(), icmp }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ports.is_empty() && self.icmp.is_empty()
    }

    /// What is not in `other`.
    pub fn without(&self, other: &Self) -> Self {
        Self { ports: self.ports.without(&other.ports), icmp: &self.icmp - &other.icmp }
    }

    /// Whether a packet is in it.
    pub fn contains(&self, packet: Packet) -> bool {
        match packet {
            Packet::Port(port) => self.ports.contains(port),
            Packet::Icmp(family, kind) => {
                self.icmp.contains(*icmp_range(family, kind, kind).start())
            }
        }
    }
}

impl BitOr for &Traffic {
    type Output = Traffic;
    fn bitor(self, other: Self) -> Traffic {
        Traffic { ports: &self.ports | &other.ports, icmp: &self.icmp | &other.icmp }
    }
}

impl BitAnd for &Traffic {
    type Output = Traffic;
    fn bitand(self, other: Self) -> Traffic {
        Traffic { ports: &self.ports & &other.ports, icmp: &self.icmp & &other.icmp }
    }
}

/// Traffic that meets a condition, in three values: surely, and at most.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Matched {
    /// Surely.
    pub sure: Traffic,
    /// At most; holds `sure`.
    pub possible: Traffic,
}

impl Matched {
    /// Exactly that.
    pub fn exactly(traffic: Traffic) -> Self {
        Self { sure: traffic.clone(), possible: traffic }
    }

    /// At most that.
    pub fn at_most(traffic: Traffic) -> Self {
        Self { sure: Traffic::default(), possible: traffic }
    }

    /// What is left of it when it holds only as far as `value` does.
    #[must_use]
    pub fn if_so(self, value: Tri) -> Self {
        match value {
            Tri::Yes => self,
            Tri::Unknown(_) => Self::at_most(self.possible),
            Tri::No => Self::default(),
        }
    }

    /// All but that.
    #[must_use]
    pub fn complement(&self) -> Self {
        let all = Traffic::all();
        Self { sure: all.without(&self.possible), possible: all.without(&self.sure) }
    }
}

impl BitOr for &Matched {
    type Output = Matched;
    fn bitor(self, other: Self) -> Matched {
        Matched { sure: &self.sure | &other.sure, possible: &self.possible | &other.possible }
    }
}

impl BitAnd for &Matched {
    type Output = Matched;
    fn bitand(self, other: Self) -> Matched {
        Matched { sure: &self.sure & &other.sure, possible: &self.possible & &other.possible }
    }
}

/// What may become of traffic, as policies are asked one after the other: some of it may be
/// allowed, some denied, and some is left for those that follow. What may be more than one of them
/// is unknown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fate {
    /// May be allowed.
    pub allowed: Traffic,
    /// May be denied.
    pub denied: Traffic,
    /// May be left to the next tier.
    pub passed: Traffic,
    /// May be left to the next rule.
    pub open: Traffic,
}

impl Fate {
    /// Nothing is decided.
    pub fn undecided(open: Traffic) -> Self {
        Self { open, ..Self::default() }
    }

    /// What is surely allowed, and what may be, once nothing follows.
    pub fn outcome(&self) -> Matched {
        let possible = &(&self.allowed | &self.open) | &self.passed;
        Matched { sure: possible.without(&self.denied), possible }
    }
}
