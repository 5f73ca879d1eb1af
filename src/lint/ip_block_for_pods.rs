//! An `ipBlock` with an address inside the cluster.

use ipnet::IpNet;

use super::{Check, Confidence, Context, Finding, Rule, Severity, words};
use crate::bundle::Head;
use crate::model::{
    AddressOwner, AddressRange, At, Direction, PolicyId, PortEntry, PortRef, Service, Spot,
    TrafficRule,
};
use crate::text::Span;

/// The rule.
pub static RULE: Rule = Rule {
    id: "ip-block-for-pods",
    severity: Severity::Warning,
    confidence: Confidence::Medium,
    pedantic: false,
    page: include_str!("../../rules/ip-block-for-pods.md"),
    check: Check::EachKind(check, super::tiered::shape::blocks_for_pods),
};

fn check(cx: &Context<'_>, id: PolicyId, findings: &mut Vec<Finding>) {
    let policy = cx.cluster.policy(id);
    for direction in Direction::BOTH.into_iter().filter(|d| policy.isolates(*d)) {
        for (index, rule) in (0u32..).zip(policy.rules(direction)) {
            if is_about_dns(rule) {
                continue;
            }
            for (nth, peer) in (0u32..).zip(rule.peer_list()) {
                let cidr = peer.ip_block.get().and_then(|block| block.cidr.get());
                let Some(inside) = cidr.and_then(|cidr| Inside::of(cx, *cidr)) else {
                    continue;
                };
                let at = At { policy: id, spot: Spot::PeerBlock(direction, index, nth) };
                findings.extend(finding(cx, at, direction, &inside));
            }
        }
    }
}

/// The DNS Service's address on port 53: with some plugins, and with NodeLocal DNSCache, it is
/// right.
fn is_about_dns(rule: &TrafficRule) -> bool {
    let is_dns = |entry: &PortEntry| matches!(entry.port.get(), Some(PortRef::Number(53 | 5353)));
    !rule.port_list().is_empty() && rule.port_list().iter().all(is_dns)
}

/// What kind of address inside the cluster a block is.
enum Inside<'a> {
    /// The address of a Service, and where that is written.
    Service(&'a Head, &'a Service, Span),
    /// In the range of the cluster's Services.
    ServiceRange(IpNet),
    /// In the range of the cluster's pods.
    PodRange(IpNet),
    /// In a range of a cluster whose configuration the repository shows.
    Described(&'a AddressRange),
}

impl<'a> Inside<'a> {
    fn of(cx: &Context<'a>, cidr: IpNet) -> Option<Self> {
        let cluster = cx.cluster;
        let is_one = cidr.prefix_len() == cidr.max_prefix_len();
        let service = cluster.service_at(cidr.addr()).filter(|_| is_one);
        let service = service.and_then(|(head, service)| {
            let (_, written) = service.cluster_ips.iter().find(|(ip, _)| *ip == cidr.addr())?;
            Some(Self::Service(head, service, *written))
        });
        let within = |ranges: &[IpNet]| ranges.iter().find(|range| range.contains(&cidr)).copied();
        service
            .or_else(|| within(&cluster.settings.service_ranges).map(Self::ServiceRange))
            .or_else(|| within(&cluster.settings.pod_ranges).map(Self::PodRange))
            .or_else(|| {
                let described = cluster.described.iter();
                described.filter(|range| range.net.contains(&cidr)).map(Self::Described).next()
            })
    }
}

fn finding(cx: &Context<'_>, at: At, direction: Direction, inside: &Inside<'_>) -> Option<Finding> {
    let policy = cx.cluster.policy(at.policy);
    let Spot::PeerBlock(_, rule, peer) = at.spot else {
        return None;
    };
    let place = policy.peer(direction, rule, peer)?.ip_block.get()?.cidr.place()?.value;
    let written = words::quoted(cx.text(place).trim_matches(['"', '\'']));
    let (message, help) = match inside {
        Inside::Service(head, service, _) => {
            let what = format!("is the address of Service {}", words::quoted(&head.name));
            (of_service(&written, &what, direction), select_pods(service))
        }
        Inside::ServiceRange(range) => service_range(&written, range, direction),
        Inside::PodRange(range) => pod_range(&written, range),
        Inside::Described(range) => match range.of {
            AddressOwner::Pods => pod_range(&written, &range.net),
            AddressOwner::Services => service_range(&written, &range.net, direction),
        },
    };
    let finding = Finding::new(&RULE, place, message, help).about(cx, at);
    Some(match inside {
        Inside::Service(head, _, span) => {
            let who = format!("Service {} has this address", words::quoted(&head.name));
            finding.related(*span, who)
        }
        Inside::Described(range) => {
            let whose = match range.of {
                AddressOwner::Pods => "pods",
                AddressOwner::Services => "Services",
            };
            let message = format!("this gives the cluster's {whose} addresses in `{}`", range.net);
            finding.related(range.place, message)
        }
        _ => finding,
    })
}

fn service_range(written: &str, range: &IpNet, direction: Direction) -> (String, String) {
    let what = format!("is in the cluster's Service range `{range}`");
    let help = "select the pods behind the Service by their labels instead";
    (of_service(written, &what, direction), help.to_owned())
}

fn pod_range(written: &str, range: &IpNet) -> (String, String) {
    let message = format!(
        "{written} is in the cluster's pod range `{range}`: an `ipBlock` is for addresses outside \
         the cluster, some network plugins never match pods with it, and pod addresses change"
    );
    let help = "select the pods by their labels instead: `podSelector` and `namespaceSelector`";
    (message, help.to_owned())
}

fn of_service(written: &str, what: &str, direction: Direction) -> String {
    match direction {
        Direction::Egress => format!(
            "{written} {what}: most network plugins apply policies after the Service address is \
             translated to a pod address, so this allows nothing"
        ),
        Direction::Ingress => format!(
            "{written} {what}: connections never come from a Service address, so this allows \
             nothing"
        ),
    }
}

fn select_pods(service: &Service) -> String {
    let labels: Vec<String> =
        service.selector.iter().map(|label| format!("{}: {}", label.key, label.value)).collect();
    if labels.is_empty() {
        return "use the addresses of the Service's endpoints instead".to_owned();
    }
    format!(
        "select the Service's pods by their labels instead: {}",
        words::quoted(&labels.join(", "))
    )
}
