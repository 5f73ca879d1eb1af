//! Sets of ports, by protocol, and which of them policies allow, in three values.

use std::fmt;
use std::ops::{BitAnd, BitOr};

use range_set_blaze::RangeSetBlaze;

use super::Port;
use crate::model::Protocol;
use crate::resolve::Tri;

/// Ports of TCP, UDP and SCTP: 1 to 65535 each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PortSet {
    tcp: RangeSetBlaze<u16>,
    udp: RangeSetBlaze<u16>,
    sctp: RangeSetBlaze<u16>,
}

/// The notation of every port of every protocol.
pub const ALL: &str = "All Connections";

impl PortSet {
    /// Every port of every protocol.
    pub fn all() -> Self {
        let every = || RangeSetBlaze::from_iter([1..=u16::MAX]);
        Self { tcp: every(), udp: every(), sctp: every() }
    }

    /// The ports `first` to `last` of one protocol.
    pub fn range(protocol: Protocol, first: u16, last: u16) -> Self {
        let mut set = Self::default();
        set.insert(protocol, first, last);
        set
    }

    /// Adds the ports `first` to `last` of one protocol. There is no port 0.
    pub fn insert(&mut self, protocol: Protocol, first: u16, last: u16) {
        self.of_mut(protocol).ranges_insert(first.max(1)..=last);
    }

    /// Whether it contains no port.
    pub fn is_empty(&self) -> bool {
        self.tcp.is_empty() && self.udp.is_empty() && self.sctp.is_empty()
    }

    /// Whether it contains every port of every protocol.
    pub fn is_all(&self) -> bool {
        Protocol::ALL.iter().all(|protocol| self.of(*protocol).len() == u32::from(u16::MAX))
    }

    /// Whether it contains that port.
    pub fn contains(&self, port: Port) -> bool {
        self.of(port.protocol).contains(port.number)
    }

    /// The ports of one protocol.
    pub fn of(&self, protocol: Protocol) -> &RangeSetBlaze<u16> {
        match protocol {
            Protocol::Tcp => &self.tcp,
            Protocol::Udp => &self.udp,
            Protocol::Sctp => &self.sctp,
        }
    }

    fn of_mut(&mut self, protocol: Protocol) -> &mut RangeSetBlaze<u16> {
        match protocol {
            Protocol::Tcp => &mut self.tcp,
            Protocol::Udp => &mut self.udp,
            Protocol::Sctp => &mut self.sctp,
        }
    }

    /// The ports of `self` that are not in `other`.
    pub fn without(&self, other: &Self) -> Self {
        Self {
            tcp: &self.tcp - &other.tcp,
            udp: &self.udp - &other.udp,
            sctp: &self.sctp - &other.sctp,
        }
    }

    /// Parses the notation of [`PortSet`]: `TCP 80,8080-8090, UDP 53`, or `All Connections`. A
    /// protocol without numbers is every port of it; numbers without a protocol are TCP.
    ///
    /// # Errors
    /// The invalid part.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.trim().eq_ignore_ascii_case(ALL) || text.trim().eq_ignore_ascii_case("all") {
            return Ok(Self::all());
        }
        let mut set = Self::default();
        let mut protocol = Protocol::Tcp;
        for part in text.split(',').map(str::trim) {
            let (word, numbers) = match part.split_once(' ') {
                Some((word, numbers)) => (Some(word), Some(numbers.trim())),
                None if part.starts_with(|c: char| c.is_ascii_digit()) => (None, Some(part)),
                None => (Some(part), None),
            };
            if let Some(word) = word {
                let known = Protocol::parse(&word.to_ascii_uppercase());
                protocol = known.ok_or_else(|| part.to_owned())?;
            }
            match numbers {
                None => set.insert(protocol, 1, u16::MAX),
                Some(numbers) => {
                    let (first, last) = numbers.split_once('-').unwrap_or((numbers, numbers));
                    let number = |text: &str| text.trim().parse().ok().filter(|n: &u16| *n > 0);
                    match (number(first), number(last)) {
                        (Some(first), Some(last)) if first <= last => {
                            set.insert(protocol, first, last);
                        }
                        _ => return Err(part.to_owned()),
                    }
                }
            }
        }
        Ok(set)
    }
}

/// Most sets have no port or every port, and those need no merging.
fn union(a: &RangeSetBlaze<u16>, b: &RangeSetBlaze<u16>) -> RangeSetBlaze<u16> {
    match (a.is_empty() || is_full(b), b.is_empty() || is_full(a)) {
        (true, _) => b.clone(),
        (false, true) => a.clone(),
        (false, false) => a | b,
    }
}

fn intersection(a: &RangeSetBlaze<u16>, b: &RangeSetBlaze<u16>) -> RangeSetBlaze<u16> {
    match (a.is_empty() || is_full(b), b.is_empty() || is_full(a)) {
        (true, _) => a.clone(),
        (false, true) => b.clone(),
        (false, false) => a & b,
    }
}

fn is_full(ports: &RangeSetBlaze<u16>) -> bool {
    ports.len() == u32::from(u16::MAX)
}

impl BitOr for &PortSet {
    type Output = PortSet;
    fn bitor(self, other: Self) -> PortSet {
        PortSet {
            tcp: union(&self.tcp, &other.tcp),
            udp: union(&self.udp, &other.udp),
            sctp: union(&self.sctp, &other.sctp),
        }
    }
}

impl BitAnd for &PortSet {
    type Output = PortSet;
    fn bitand(self, other: Self) -> PortSet {
        PortSet {
            tcp: intersection(&self.tcp, &other.tcp),
            udp: intersection(&self.udp, &other.udp),
            sctp: intersection(&self.sctp, &other.sctp),
        }
    }
}

impl fmt::Display for PortSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_all() {
            return f.write_str(ALL);
        }
        let mut lead = "";
        for protocol in [Protocol::Sctp, Protocol::Tcp, Protocol::Udp] {
            let mut before = format!("{lead}{protocol} ");
            for range in self.of(protocol).ranges() {
                let (first, last) = range.into_inner();
                match first == last {
                    true => write!(f, "{before}{first}")?,
                    false => write!(f, "{before}{first}-{last}")?,
                }
                before = ",".to_owned();
                lead = ", ";
            }
        }
        Ok(())
    }
}

/// Which ports are allowed, in three values: certainly, and at most. Ports that are possible and
/// not certain are unknown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Allowed {
    /// Allowed whatever the repository does not show.
    pub sure: PortSet,
    /// Allowed unless something that the repository does not show denies it; includes `sure`.
    pub possible: PortSet,
}

impl Allowed {
    /// Everything.
    pub fn everything() -> Self {
        Self { sure: PortSet::all(), possible: PortSet::all() }
    }

    /// Everything is unknown.
    pub fn unknown() -> Self {
        Self { sure: PortSet::default(), possible: PortSet::all() }
    }

    /// Those ports.
    pub fn exactly(ports: PortSet) -> Self {
        Self { sure: ports.clone(), possible: ports }
    }

    /// Limits it to `value`: certain only if `value` is yes.
    #[must_use]
    pub fn if_so(self, value: Tri) -> Self {
        match value {
            Tri::Yes => self,
            Tri::Unknown(_) => Self { sure: PortSet::default(), possible: self.possible },
            Tri::No => Self::default(),
        }
    }

    /// Whether nothing is allowed, whatever the repository does not show.
    pub fn is_nothing(&self) -> bool {
        self.possible.is_empty()
    }

    /// What may be allowed but is not certain.
    pub fn unsure(&self) -> PortSet {
        self.possible.without(&self.sure)
    }

    /// Whether one of those ports is allowed.
    pub fn overlaps(&self, ports: &PortSet) -> Tri {
        if !(&self.sure & ports).is_empty() {
            Tri::Yes
        } else if !(&self.possible & ports).is_empty() {
            Tri::Unknown(crate::resolve::Why::SelectorOnly)
        } else {
            Tri::No
        }
    }

    /// Whether that port is allowed.
    pub fn allows(&self, port: Port) -> Tri {
        if self.sure.contains(port) {
            Tri::Yes
        } else if self.possible.contains(port) {
            Tri::Unknown(crate::resolve::Why::SelectorOnly)
        } else {
            Tri::No
        }
    }
}

impl BitOr for &Allowed {
    type Output = Allowed;
    fn bitor(self, other: Self) -> Allowed {
        Allowed { sure: &self.sure | &other.sure, possible: &self.possible | &other.possible }
    }
}

impl BitAnd for &Allowed {
    type Output = Allowed;
    fn bitand(self, other: Self) -> Allowed {
        Allowed { sure: &self.sure & &other.sure, possible: &self.possible & &other.possible }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_read_as_they_are_written() {
        for text in [ALL, "TCP 80,8080-8090, UDP 53", "SCTP 1-65535, TCP 1-65535", "UDP 53"] {
            assert_eq!(PortSet::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(PortSet::parse("80, 443").unwrap().to_string(), "TCP 80,443");
        assert_eq!(PortSet::parse("udp").unwrap().to_string(), "UDP 1-65535");
        for wrong in ["", "TCP 0", "TCP 9-8", "ICMP", "TCP 70000", "80,"] {
            assert!(PortSet::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn unknown_traffic_is_neither_allowed_nor_denied() {
        let web = PortSet::range(Protocol::Tcp, 80, 80);
        let maybe = Allowed::exactly(web.clone()).if_so(Tri::Unknown(crate::resolve::Why::Refused));
        assert_eq!(maybe.unsure(), web);
        assert!(maybe.sure.is_empty() && !maybe.is_nothing());
        let both = &maybe & &Allowed::everything();
        assert_eq!(both, maybe);
        assert!((&maybe & &Allowed::default()).is_nothing());
    }
}
