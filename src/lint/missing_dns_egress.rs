//! Pods that are let out to others, and can't look up their names.

use super::edits::{self, New, Site};
use super::{Check, Confidence, Context, Finding, Fix, Rule, Severity, namespace_policies, words};
use crate::model::{At, Direction, DnsPolicy, Field, Peer, Policy, PortRef, Spot, TrafficRule};
use crate::reach;
use crate::resolve::{
    NAME_LABEL, Profile, Subject, Tri, Why, covers, dns_labels, is_dns_namespace,
};

/// The rule.
pub static RULE: Rule = Rule {
    id: "missing-dns-egress",
    severity: Severity::Error,
    confidence: Confidence::High,
    pedantic: false,
    page: include_str!("../../rules/missing-dns-egress.md"),
    check: Check::Cluster(check),
};

/// A policy some of whose pods can't reach DNS.
struct Cut {
    policy: u32,
    pods: Vec<Subject>,
}

fn check(cx: &Context<'_>, findings: &mut Vec<Finding>) {
    let mut told: Vec<Cut> = Vec::new();
    for &id in cx.cluster.policies() {
        if !cx.cluster.is_reported(id) {
            continue;
        }
        let policy = cx.cluster.policy(id);
        let Some(need) = need_of_names(cx, id, policy) else {
            continue;
        };
        let pods = pods_without_dns(cx, id);
        if pods.is_empty() || told.iter().any(|earlier| is_told(cx, earlier, id, &pods)) {
            continue;
        }
        let mut found = finding(cx, id, &pods, need);
        namespace_policies::lower_if_allowed_elsewhere(cx, id, &mut found);
        findings.push(found);
        told.push(Cut { policy: id, pods });
    }
}

/// Whether the pods of a policy are let out to somewhere that they reach by name, and how bad it
/// is when they can't: a note where they only go to addresses. None where nothing is restricted,
/// or where they need no names.
fn need_of_names(cx: &Context<'_>, id: u32, policy: &Policy) -> Option<Severity> {
    if !policy.isolates(Direction::Egress) || policy.is_unsure(Direction::Egress) {
        return None;
    }
    let rules = policy.rules(Direction::Egress);
    if rules.iter().any(|rule| needs_names(cx, id, rule)) {
        return Some(RULE.severity);
    }
    let to_addresses =
        |rule: &TrafficRule| rule.peer_list().iter().any(|peer| !peer.ip_block.is_absent());
    rules.iter().any(to_addresses).then_some(Severity::Note)
}

fn needs_names(cx: &Context<'_>, id: u32, rule: &TrafficRule) -> bool {
    if rule.is_for_everyone() {
        return !rule.is_for_all_ports() && !is_for_dns_or_api_server_only(rule);
    }
    rule.peer_list().iter().any(|peer| {
        let by_selector = !peer.pod_selector.is_absent() || !peer.namespace_selector.is_absent();
        by_selector && !is_pods_themselves(cx, id, peer)
    })
}

/// A rule for everyone on 443 and 6443 is how the API server is let in, whose address every pod
/// has in its environment (KUBERNETES_SERVICE_HOST).
fn is_for_dns_or_api_server_only(rule: &TrafficRule) -> bool {
    rule.port_list().iter().all(|entry| {
        let number = match entry.port.get() {
            Some(PortRef::Number(number)) => *number,
            // What port a name means can't be told for everyone.
            Some(_) => return true,
            None => return false,
        };
        matches!(number, 53 | 5353 | 443 | 6443) && entry.end_port.is_absent()
    })
}

/// The members of one application talking among themselves: they need no DNS when they find each
/// other by broadcast or by address, as Erlang and JGroups clusters do.
fn is_pods_themselves(cx: &Context<'_>, id: u32, peer: &Peer) -> bool {
    let (Field::Absent, Field::Given(own, _), Field::Given(other, _)) =
        (&peer.namespace_selector, &cx.cluster.policy(id).pod_selector, &peer.pod_selector)
    else {
        return false;
    };
    !own.is_empty() && covers(Some(own), Some(other)).is_yes()
}

/// The pods of a policy that can ask the cluster's DNS by neither UDP nor TCP.
fn pods_without_dns(cx: &Context<'_>, id: u32) -> Vec<Subject> {
    let mut pods = cx.cluster.subjects(id);
    pods.retain(|&subject| {
        asks_cluster_dns(cx, subject) && {
            let dns = reach::dns(cx.cluster, subject);
            [dns.udp, dns.tcp].iter().all(|verdict| is_refused(cx, id, subject, verdict))
        }
    });
    pods
}

/// Whether it is refused, or allowed only by policies that may be for other pods: one for
/// `tier: database` says nothing of `app: web`, only one that covers it does.
fn is_refused(cx: &Context<'_>, id: u32, subject: Subject, verdict: &reach::Verdict) -> bool {
    let is_for_others =
        |at: &At| at.policy != id && !cx.cluster.policy_selects(at.policy, subject).is_yes();
    let is_described = matches!(subject, Subject::PodsOf(_));
    let is_unsure = verdict.allowed == Tri::Unknown(Why::SelectorOnly);
    verdict.allowed.is_no() || is_described && is_unsure && verdict.by.iter().all(is_for_others)
}

/// `dnsPolicy: None` and `Default` look elsewhere; a pod on the node's network is outside every
/// policy as far as the API says.
pub(super) fn asks_cluster_dns(cx: &Context<'_>, subject: Subject) -> bool {
    match subject {
        Subject::PodsOf(id) => !is_dns_itself(cx, id),
        Subject::Workload(number) => {
            let workload = cx.cluster.workload(number).workload;
            workload.dns_policy == DnsPolicy::Cluster && !workload.host_network
        }
    }
}

/// The DNS pods themselves ask the node's resolver (`dnsPolicy: Default` in CoreDNS' manifest).
fn is_dns_itself(cx: &Context<'_>, id: u32) -> bool {
    let home = &cx.cluster.namespace(cx.cluster.home(id)).name;
    let selector = cx.cluster.policy(id).pod_selector.get().filter(|s| !s.is_empty());
    let selects_dns = selector.is_some_and(|s| !dns_labels(s, cx.cluster.profile).is_no());
    is_dns_namespace(home) && selects_dns
}

/// Whether an earlier finding has told of all these pods already.
fn is_told(cx: &Context<'_>, earlier: &Cut, id: u32, pods: &[Subject]) -> bool {
    pods.iter().all(|subject| match subject {
        Subject::Workload(_) => earlier.pods.contains(subject),
        Subject::PodsOf(_) => {
            earlier.pods.contains(&Subject::PodsOf(earlier.policy))
                && cx.cluster.policy_selects(earlier.policy, Subject::PodsOf(id)).is_yes()
        }
    })
}

fn finding(cx: &Context<'_>, id: u32, pods: &[Subject], severity: Severity) -> Finding {
    let at = At { policy: id, spot: Spot::Rules(Direction::Egress) };
    let policy = cx.cluster.policy(id);
    let place = at.spot.key_span(policy).unwrap_or(cx.cluster.head(id).name_span);
    let (key, value) = cx.cluster.profile.dns_label();
    let namespace = cx.cluster.profile.dns_namespace();
    let port = cx.cluster.profile.dns_port();
    let message = format!(
        "{} can't resolve names: egress is restricted, and no rule allows the cluster's DNS on \
         port {port}, by UDP or TCP",
        who(cx, id, pods)
    );
    let help = format!(
        "add an egress rule to `{key}: {value}` in namespace `{namespace}` on port {port}, both \
         UDP and TCP"
    );
    let mut finding = Finding::new(&RULE, place, message, help).about(cx, at).severity(severity);
    for (span, words) in others(cx, id, pods) {
        finding = finding.related(span, words);
    }
    if let Some(span) = dns_under_ingress(policy) {
        let words = "this rule on port 53 stands under `ingress`: it lets others in, not DNS out";
        finding = finding.related(span, words);
    }
    finding.fixes.extend(allow_dns(cx, id));
    finding
}

fn allow_dns(cx: &Context<'_>, id: u32) -> Option<Fix> {
    let site = Site::of(cx, id)?;
    let rule = dns_rule(cx.cluster.profile);
    edits::risky("Add a DNS rule", site.first_item(site.node(Spot::Spec)?, "egress", &rule))
}

fn dns_rule(profile: Profile) -> New {
    let (key, value) = profile.dns_label();
    let peer = New::Map(vec![
        ("namespaceSelector", New::label(NAME_LABEL, profile.dns_namespace())),
        ("podSelector", New::label(key, value)),
    ]);
    let port = |protocol: &str| {
        New::Map(vec![
            ("protocol", New::text(protocol)),
            ("port", New::text(profile.dns_port().to_string())),
        ])
    };
    New::Map(vec![
        ("to", New::List(vec![peer])),
        ("ports", New::List(vec![port("UDP"), port("TCP")])),
    ])
}

fn who(cx: &Context<'_>, id: u32, pods: &[Subject]) -> String {
    let names: Vec<String> = pods
        .iter()
        .filter_map(|subject| match subject {
            Subject::Workload(number) => Some(words::workload(&cx.cluster.workload(*number))),
            Subject::PodsOf(_) => None,
        })
        .collect();
    match names.len() {
        0 => words::pods_of(cx, id),
        1 if names[0].starts_with("Pod ") => names[0].clone(),
        _ => format!("the pods of {}", words::list(&names, 3)),
    }
}

/// The other policies that restrict the egress of the same pods: DNS could be allowed in any.
fn others(cx: &Context<'_>, id: u32, pods: &[Subject]) -> Vec<(crate::text::Span, String)> {
    let Some(&first) = pods.first() else {
        return Vec::new();
    };
    let verdict = reach::dns(cx.cluster, first).udp;
    let others = verdict.isolating.into_iter().filter(|other| *other != id).take(3);
    others
        .map(|other| {
            let name = words::quoted(&cx.cluster.head(other).name);
            let words = format!("policy {name} restricts the egress of the same pods");
            let policy = cx.cluster.policy(other);
            let places = [Spot::Rules(Direction::Egress), Spot::PolicyTypes, Spot::Spec];
            let span = places.into_iter().find_map(|spot| spot.key_span(policy));
            (span.unwrap_or(cx.cluster.head(other).name_span), words)
        })
        .collect()
}

fn dns_under_ingress(policy: &Policy) -> Option<crate::text::Span> {
    let rules = policy.rules(Direction::Ingress).iter();
    let mut entries = rules.flat_map(|rule| rule.port_list());
    let entry = entries.find(|entry| entry.port.get() == Some(&PortRef::Number(53)))?;
    entry.port.place().map(|place| place.key)
}
