//! Pods with allowed egress that can't resolve names.

use super::earlier::Earlier;
use super::edits::{self, New, Site};
use super::{Check, Confidence, Context, Finding, Fix, Rule, Severity, namespace_policies, words};
use crate::model::{
    At, Direction, Field, Operator, Peer, Policy, PolicyId, PortRef, Selector, Spot, TrafficRule,
};
use crate::reach::names_dns_port;
use crate::resolve::{
    NAME_LABEL, Profile, Subject, WorkloadId, covers, is_dns_namespace, is_openshift_namespace,
};
use crate::text::Span;

/// The rule.
pub static RULE: Rule = Rule {
    id: "missing-dns-egress",
    severity: Severity::Error,
    confidence: Confidence::High,
    pedantic: false,
    page: include_str!("../../rules/missing-dns-egress.md"),
    check: Check::Cluster(check),
};

fn check(cx: &Context<'_>, findings: &mut Vec<Finding>) {
    let mut earlier = Earlier::new(cx.cluster);
    for &id in cx.cluster.policies() {
        if !cx.cluster.is_reported(id) || earlier.covers_group(id) {
            continue;
        }
        let policy = cx.cluster.policy(id);
        let Some(need) = need_of_names(cx, id, policy) else {
            continue;
        };
        let pods = cx.reach.without_dns(id);
        let Some(first) = pods.first() else {
            continue;
        };
        if first.workload().is_some() {
            earlier.record_group(id);
        }
        if earlier.covers(id, &pods) {
            continue;
        }
        match first {
            Subject::Workload(_) => earlier.record(&pods),
            Subject::PodsOf(_) => earlier.record_selector(id),
        }
        let mut found = finding(cx, id, &pods, need);
        namespace_policies::lower_if_allowed_elsewhere(cx, id, &mut found);
        findings.push(found);
    }
    super::tiered::dns::missing(cx, &RULE, findings);
}

/// Whether the pods of a policy are allowed egress to something that they reach by name, and the
/// severity if they can't: a note if they only connect to addresses. `None` if egress is not
/// restricted, or they need no names.
fn need_of_names(cx: &Context<'_>, id: PolicyId, policy: &Policy) -> Option<Severity> {
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

fn needs_names(cx: &Context<'_>, id: PolicyId, rule: &TrafficRule) -> bool {
    if rule.is_for_everyone() {
        return !rule.is_for_all_ports() && !is_for_dns_or_api_server_only(rule);
    }
    rule.peer_list().iter().any(|peer| {
        let by_selector = !peer.pod_selector.is_absent() || !peer.namespace_selector.is_absent();
        by_selector
            && (!is_pods_themselves(cx, id, peer) || are_found_by_name(cx, id))
            && !(is_for_dns_or_api_server_only(rule) && is_api_server(cx, id, rule, peer))
    })
}

/// A rule for everyone on 443 and 6443 is a usual way to allow the API server, whose address every
/// pod has in its environment (KUBERNETES_SERVICE_HOST).
fn is_for_dns_or_api_server_only(rule: &TrafficRule) -> bool {
    rule.port_list().iter().all(|entry| {
        let number = match entry.port.get() {
            Some(PortRef::Number(number)) => *number,
            // For everyone, the port of a name is unknown.
            Some(_) => return true,
            None => return false,
        };
        matches!(number, 53 | 5353 | 443 | 6443) && entry.end_port.is_absent()
    })
}

/// Labels that select the pods of the API server: a static pod's (kubeadm), and those of
/// OpenShift's operators.
const API_SERVER_LABELS: &[(&str, &[&str])] = &[
    ("apiserver", &["true"]),
    ("app", &["kube-apiserver", "openshift-apiserver", "openshift-kube-apiserver"]),
    ("component", &["kube-apiserver"]),
    ("k8s-app", &["kube-apiserver"]),
    ("tier", &["control-plane"]),
];

/// Whether a peer is the API server, whose address clients have in their environment: the rule is
/// for 6443, or the peer has its pods' labels, or it is an OpenShift namespace with nothing else in
/// it. Pods that the repository shows are another server, reached by name.
fn is_api_server(cx: &Context<'_>, id: PolicyId, rule: &TrafficRule, peer: &Peer) -> bool {
    let asks = |selector: &Selector, is_it: &dyn Fn(&str, &str) -> bool| {
        selector.requirements.iter().any(|requirement| {
            requirement.operator == Operator::In
                && requirement.values.iter().all(|(value, _)| is_it(&requirement.key, value))
        })
    };
    let has_label = |key: &str, value: &str| {
        API_SERVER_LABELS.iter().any(|(known, values)| *known == key && values.contains(&value))
    };
    let is_namespace = |key: &str, value: &str| {
        key == NAME_LABEL && is_openshift_namespace(value) && value.ends_with("apiserver")
    };
    let says_port = rule.port_list().iter().any(|e| e.port.get() == Some(&PortRef::Number(6443)));
    let pods = cx.cluster.peer_pods(id, peer).pods;
    let is_shown = pods.yes.iter().any(|number| {
        let ports = &cx.cluster.workload(number).workload.ports;
        peer.pod_selector.get().is_some_and(|selector| !selector.is_empty())
            || ports.iter().any(|port| port.number == 6443)
    });
    let by_selector = peer.pod_selector.get().is_some_and(|selector| asks(selector, &has_label))
        || peer.namespace_selector.get().is_some_and(|selector| asks(selector, &is_namespace));
    !is_shown && (says_port || by_selector)
}

/// Whether pods find one another by name: the members of a StatefulSet have names of their own in
/// its Service (`serviceName`), and a pod that names a Service in its namespace looks it up.
fn are_found_by_name(cx: &Context<'_>, id: PolicyId) -> bool {
    let services: Vec<&str> =
        cx.cluster.services_in(cx.cluster.home(id)).map(|(head, _)| head.name.as_str()).collect();
    cx.cluster.selected(id).yes.iter().any(|number| {
        let workload = cx.cluster.workload(number).workload;
        workload.has_member_names()
            || workload.hosts.iter().any(|host| services.contains(&host.name.as_str()))
    })
}

/// The members of one application that connect to each other: they need no DNS if they find each
/// other by broadcast or by address, as Erlang and JGroups clusters do.
fn is_pods_themselves(cx: &Context<'_>, id: PolicyId, peer: &Peer) -> bool {
    let (Field::Absent, Field::Given(own, _), Field::Given(other, _)) =
        (&peer.namespace_selector, &cx.cluster.policy(id).pod_selector, &peer.pod_selector)
    else {
        return false;
    };
    !own.is_empty() && covers(Some(own), Some(other)).is_yes()
}

fn finding(cx: &Context<'_>, id: PolicyId, pods: &[Subject], severity: Severity) -> Finding {
    let at = At { policy: id, spot: Spot::Rules(Direction::Egress) };
    let policy = cx.cluster.policy(id);
    let place = at.spot.key_span(policy).unwrap_or(cx.cluster.head(id).name_span);
    let (key, value) = cx.cluster.profile.dns_label();
    let namespace = cx.cluster.profile.dns_namespace();
    let port = cx.cluster.profile.dns_port();
    let message = format!(
        "{} can't resolve names: egress is restricted, and no rule allows the cluster's DNS (port \
         {port} over UDP or TCP)",
        who(cx, id, pods)
    );
    let why = match cx.cluster.profile {
        Profile::OpenShift => {
            " (on OpenShift the DNS pods listen on 5353, and their Service on 53)"
        }
        _ => "",
    };
    let help = format!(
        "add an egress rule to `{key}: {value}` in namespace `{namespace}` on port {port}, over \
         both UDP and TCP{why}"
    );
    let mut finding = Finding::new(&RULE, place, message, help).about(cx, at).severity(severity);
    for (span, words) in others(cx, id, pods) {
        finding = finding.related(span, words);
    }
    if let Some(span) = dns_under_ingress(policy) {
        let words = "this rule on port 53 is under `ingress`: it allows incoming DNS, not lookups";
        finding = finding.related(span, words);
    }
    for span in missed(cx, id, pods) {
        finding = finding.related(span, "this rule is for DNS, and does not reach the cluster's");
    }
    finding.fixes.extend(allow_dns(cx, id));
    finding
}

/// The rules for DNS of the policies that restrict the pods: another finding may say what is wrong
/// with one of them.
fn missed(cx: &Context<'_>, id: PolicyId, pods: &[Subject]) -> Vec<Span> {
    let restricting = pods.first().map(|first| cx.reach.restricting_egress(*first, 4));
    let restricting = restricting.unwrap_or_default().into_iter().filter(|other| *other != id);
    let mut found = Vec::new();
    for policy in [id].into_iter().chain(restricting).map(|id| cx.cluster.policy(id)) {
        let rules = (0u32..).zip(policy.rules(Direction::Egress));
        let meant = rules.filter(|(_, rule)| is_for_dns(rule)).map(|(nth, _)| nth);
        found.extend(meant.filter_map(|nth| Spot::Rule(Direction::Egress, nth).key_span(policy)));
    }
    found
}

/// Whether a rule has the port of DNS, or every port of what is called like the namespace of DNS.
fn is_for_dns(rule: &TrafficRule) -> bool {
    let names_dns = |peer: &Peer| {
        let selector = peer.namespace_selector.get();
        let requirements = selector.map_or(&[][..], |selector| &selector.requirements);
        let mut values = requirements.iter().flat_map(|requirement| &requirement.values);
        values.any(|(value, _)| is_dns_namespace(value))
    };
    names_dns_port(rule) || rule.port_list().is_empty() && rule.peer_list().iter().any(names_dns)
}

fn allow_dns(cx: &Context<'_>, id: PolicyId) -> Option<Fix> {
    let site = Site::of(cx, id)?;
    let rule = dns_rule(cx.cluster.profile);
    let edit = site.first_item(site.node(Spot::Spec)?, "egress", &rule);
    let effect = format!("allows port {} to the cluster's DNS pods", cx.cluster.profile.dns_port());
    edits::risky("Add a DNS rule", effect, edit)
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

fn who(cx: &Context<'_>, id: PolicyId, pods: &[Subject]) -> String {
    let workload = |number: WorkloadId| words::workload(&cx.cluster.workload(number));
    let is_pod = |number: WorkloadId| cx.cluster.workload(number).head.kind == "Pod";
    match pods {
        [Subject::PodsOf(_), ..] | [] => words::pods_of(cx, id),
        [Subject::Workload(number)] if is_pod(*number) => workload(*number),
        _ => {
            let numbers = pods.iter().filter_map(|subject| subject.workload());
            format!("the pods of {}", words::first_of(numbers.map(workload), pods.len(), 3))
        }
    }
}

/// The other policies that restrict the egress of the same pods: DNS could be allowed in any of
/// them.
fn others(cx: &Context<'_>, id: PolicyId, pods: &[Subject]) -> Vec<(crate::text::Span, String)> {
    let Some(&first) = pods.first() else {
        return Vec::new();
    };
    let restricting = cx.reach.restricting_egress(first, 4).into_iter();
    restricting
        .filter(|other| *other != id)
        .take(3)
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
