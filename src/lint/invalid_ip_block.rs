//! An `ipBlock` that the API server rejects, or will reject after an upgrade.

use std::net::IpAddr;

use ipnet::IpNet;

use super::{Check, Confidence, Context, Finding, Rule, Severity, unknown_field, words};
use crate::model::tiered::RefusalKind;
use crate::model::{At, Direction, Field, IpBlock, Place, PolicyId, Spot, Why, is_placeholder};
use crate::yaml::Node;

/// The rule.
pub static RULE: Rule = Rule {
    id: "invalid-ip-block",
    severity: Severity::Error,
    confidence: Confidence::High,
    pedantic: false,
    page: include_str!("../../rules/invalid-ip-block.md"),
    check: Check::Refusals(check, RefusalKind::Block),
};

/// pkg/apis/networking/validation: `ValidateIPBlock`.
fn check(cx: &Context<'_>, id: PolicyId, findings: &mut Vec<Finding>) {
    let policy = cx.cluster.policy(id);
    for direction in Direction::BOTH {
        for (rule, traffic) in (0u32..).zip(policy.rules(direction)) {
            for (index, peer) in (0u32..).zip(traffic.peer_list()) {
                let spot = Spot::PeerBlock(direction, rule, index);
                if let Field::Given(block, place) = &peer.ip_block
                    && let Some(node) = written(&policy.tree, direction, rule, index)
                {
                    let block = Block { cx, at: At { policy: id, spot }, node, block };
                    block.check(*place, findings);
                }
            }
        }
    }
}

fn written(tree: &Node, direction: Direction, rule: u32, peer: u32) -> Option<&Node> {
    let rules = tree.at(&["spec", direction.field()])?.as_seq()?;
    let peers = rules.get(rule as usize)?.get(direction.peers_field())?.as_seq()?;
    peers.get(peer as usize)?.get("ipBlock")
}

/// One block, as written and as parsed.
struct Block<'a> {
    cx: &'a Context<'a>,
    at: At,
    node: &'a Node,
    block: &'a IpBlock,
}

impl Block<'_> {
    fn check(&self, place: Place, findings: &mut Vec<Finding>) {
        let text = self.text("cidr");
        if text.is_none_or(str::is_empty)
            && !matches!(self.block.cidr, Field::Wrong(_, Why::Type { .. }))
        {
            // The rest of the block is not checked then.
            if !unknown_field::is_within(self.cx, self.at.policy, place.value) {
                let key = self.block.cidr.place().map_or(place.key, |cidr| cidr.key);
                findings.push(self.finding(key, "cidr", no_cidr()));
            }
            return;
        }
        findings.extend(self.address("cidr".into(), text, &self.block.cidr));
        let Some(entry) = self.node.entry("except").filter(|entry| !entry.value.is_null()) else {
            return;
        };
        let Some(items) = entry.value.as_seq() else {
            let words = (
                "`except` must be a list: the API server rejects it".to_owned(),
                "write a list of CIDRs, one per dash".to_owned(),
            );
            findings.push(self.finding(entry.key_span, "except", words));
            return;
        };
        for ((index, item), net) in items.iter().enumerate().zip(&self.block.except) {
            let text = item.as_scalar().map(|scalar| scalar.text.as_str());
            let field = format!("except[{index}]");
            let outside = self.outside(&field, text, net);
            findings.extend(outside.or_else(|| self.address(field, text, net)));
        }
    }

    fn text(&self, key: &str) -> Option<&str> {
        let node = self.node.get(key).filter(|node| !node.is_null())?;
        node.as_scalar().map(|scalar| scalar.text.as_str())
    }

    fn finding(
        &self,
        place: crate::text::Span,
        field: &str,
        (message, help): (String, String),
    ) -> Finding {
        let mut finding = Finding::new(&RULE, place, message, help).about(self.cx, self.at);
        finding.field = format!("{}.{field}", finding.field);
        finding
    }

    /// Checks one address on its own.
    fn address(&self, field: String, text: Option<&str>, net: &Field<IpNet>) -> Option<Finding> {
        let place = net.place()?;
        let text = text.unwrap_or_default();
        match net {
            Field::Wrong(_, why) => {
                // A list or a mapping may span several lines; its key does not.
                let at = if matches!(why, Why::Type { .. }) { place.key } else { place.value };
                (!is_placeholder(text)).then(|| self.finding(at, &field, refused(text, why)))
            }
            Field::Given(net, _) => {
                let words = loose(text, *net)?;
                Some(self.finding(place.value, &field, words).severity(Severity::Warning))
            }
            Field::Absent => None,
        }
    }

    /// Reports an exception that is not a strict part of the block.
    fn outside(&self, field: &str, text: Option<&str>, except: &Field<IpNet>) -> Option<Finding> {
        let (cidr, Field::Given(hole, place)) = (self.block.cidr.get()?, except) else {
            return None;
        };
        if is_strict_part(*hole, *cidr) {
            return None;
        }
        let (hole, whole) =
            (words::quoted(text.unwrap_or_default()), words::quoted(self.text("cidr")?));
        let words = (
            format!(
                "the exception {hole} is not a strict subset of {whole}: the API server rejects \
                 the policy"
            ),
            format!("write a smaller block inside {whole}, or delete the exception"),
        );
        Some(self.finding(place.value, field, words))
    }
}

fn no_cidr() -> (String, String) {
    (
        "this ipBlock has no `cidr`: the API server rejects the policy".into(),
        "add the CIDR, such as `cidr: 10.0.0.0/8`".into(),
    )
}

fn refused(text: &str, why: &Why) -> (String, String) {
    let written = words::quoted(text);
    match why {
        Why::Type { wanted, found } => (
            format!("a CIDR must be {wanted}, not {found}: the API server rejects it"),
            "write an address with a prefix length, such as `10.0.0.0/8`".into(),
        ),
        Why::Unquoted(read_as) => (
            format!(
                "YAML reads {written} as {read_as}, which is not a CIDR: the API server \
                     rejects it"
            ),
            "write an address with a prefix length, such as `10.0.0.0/8`".into(),
        ),
        Why::Refused(_) => match text.parse::<IpAddr>() {
            Ok(address) => (
                format!("{written} has no prefix length: the API server rejects it"),
                format!("write `{}` for this single address", IpNet::from(address)),
            ),
            Err(_) => (
                format!("{written} is not a CIDR: the API server rejects it"),
                "write an address with a prefix length, such as `10.0.0.0/8`".into(),
            ),
        },
    }
}

/// `cidrIPNet.Contains(exceptCIDR.IP)` and a longer mask, as upstream has it: an IPv4-mapped
/// network counts as IPv4 when addresses are compared, and keeps the length of its own mask.
fn is_strict_part(hole: IpNet, whole: IpNet) -> bool {
    let address = hole.network().to_canonical();
    let contains = match whole {
        IpNet::V6(net) => match net.network().to_ipv4_mapped() {
            Some(_) => address.is_ipv4() && whole.contains(&mapped(address)),
            None => whole.contains(&address),
        },
        IpNet::V4(_) => whole.contains(&address),
    };
    contains && whole.prefix_len() < hole.prefix_len()
}

fn mapped(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(v4) => IpAddr::V6(v4.to_ipv6_mapped()),
        v6 @ IpAddr::V6(_) => v6,
    }
}

/// What `IsValidCIDR` rejects and the older check accepts (apimachinery pkg/util/validation/ip.go;
/// gate `StrictIPCIDRValidation`, on since 1.36).
fn loose(text: &str, net: IpNet) -> Option<(String, String)> {
    let (address, length) = text.split_once('/')?;
    let has_zeros = |part: &str| part.len() > 1 && part.starts_with('0');
    let octets = address.split('.').filter(|_| !address.contains(':'));
    let is_mapped = matches!(net, IpNet::V6(v6) if v6.network().to_ipv4_mapped().is_some());
    let what = if octets.chain([length]).any(has_zeros) {
        "has leading zeros"
    } else if is_mapped {
        "is an IPv4-mapped IPv6 address"
    } else if value(address)? != net.network() {
        "has host bits set"
    } else {
        return None;
    };
    let meant = plain(net);
    Some((
        format!(
            "{} {what}: Kubernetes 1.36 and newer reject this by default, older versions read it \
             as `{meant}`",
            words::quoted(text)
        ),
        format!("write `{meant}`"),
    ))
}

fn value(address: &str) -> Option<IpAddr> {
    if address.contains(':') {
        return address.parse().ok();
    }
    let octets: Vec<u8> =
        address.split('.').map(|octet| octet.parse().ok()).collect::<Option<_>>()?;
    <[u8; 4]>::try_from(octets).ok().map(IpAddr::from)
}

/// The network in canonical form.
fn plain(net: IpNet) -> IpNet {
    let IpNet::V6(v6) = net else { return net };
    let address = v6.network().to_ipv4_mapped();
    let length = v6.prefix_len().checked_sub(96);
    let v4 = address.zip(length).and_then(|(it, length)| ipnet::Ipv4Net::new(it, length).ok());
    v4.map_or(net, IpNet::V4)
}

#[cfg(test)]
#[allow(clippy::expect_used)]
mod tests {
    use super::is_strict_part;

    #[test]
    fn mapped_networks_are_compared_as_upstream_does() {
        let is_part = |hole: &str, whole: &str| {
            is_strict_part(hole.parse().expect("a CIDR"), whole.parse().expect("a CIDR"))
        };
        assert!(is_part("10.1.0.0/16", "10.0.0.0/8"));
        assert!(is_part("::ffff:10.1.0.0/112", "10.0.0.0/8"));
        assert!(is_part("::ffff:10.1.0.0/112", "::ffff:10.0.0.0/104"));
        // The mask of an IPv4 network is shorter than that of the mapped one around it.
        assert!(!is_part("10.1.0.0/16", "::ffff:10.0.0.0/104"));
        // Go's `IP.To4` treats the hole as an IPv4 address, which `::/0` does not contain.
        assert!(!is_part("::ffff:10.1.0.0/112", "::/0"));
    }
}
