//! Sets of addresses. An address of IPv4 is kept as the address of IPv6 that stands for it
//! (`::ffff:192.0.2.1`, RFC 4291), so that one set holds both.

use std::net::IpAddr;

use ipnet::IpNet;
use range_set_blaze::RangeSetBlaze;

/// Addresses outside the cluster.
pub type Addresses = RangeSetBlaze<u128>;

/// What is not on the internet: IANA's registry of special addresses, without those for
/// documentation, which examples use for servers on the internet.
const PRIVATE: &[&str] = &[
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "224.0.0.0/3",
];

/// The number of an address.
pub fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => u128::from(v4.to_ipv6_mapped()),
        IpAddr::V6(v6) => u128::from(v6),
    }
}

/// The address of a number.
pub fn address(number: u128) -> IpAddr {
    let v6 = std::net::Ipv6Addr::from(number);
    v6.to_ipv4_mapped().map_or(IpAddr::V6(v6), IpAddr::V4)
}

/// The addresses `first` to `last`.
pub fn range(first: IpAddr, last: IpAddr) -> Addresses {
    RangeSetBlaze::from_iter([number(first)..=number(last)])
}

/// The addresses of a block.
pub fn block(block: IpNet) -> Addresses {
    range(block.network(), block.broadcast())
}

/// The addresses of IPv4.
pub fn v4() -> Addresses {
    parsed("0.0.0.0/0")
}

/// The internet, as far as IPv4 goes.
pub fn internet_v4() -> Addresses {
    PRIVATE.iter().fold(v4(), |left, private| left - parsed(private))
}

/// The internet: global unicast addresses of IPv6 too (RFC 4291).
pub fn internet() -> Addresses {
    internet_v4() | parsed("2000::/3")
}

fn parsed(text: &str) -> Addresses {
    text.parse().map(block).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_internet_has_no_private_addresses() {
        let holds = |text: &str| internet().contains(number(text.parse().unwrap()));
        for inside in ["1.1.1.1", "192.0.2.7", "2606:4700::1111", "172.32.0.1"] {
            assert!(holds(inside), "{inside}");
        }
        for outside in ["10.1.2.3", "169.254.169.254", "192.168.0.1", "fd00::1", "::1"] {
            assert!(!holds(outside), "{outside}");
        }
        for text in ["192.0.2.7", "2606:4700::1111"] {
            assert_eq!(address(number(text.parse().unwrap())).to_string(), text);
        }
    }
}
