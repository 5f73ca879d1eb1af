//! Whether pods may reach the cluster's DNS.

use std::sync::OnceLock;

use super::rules::{exceptions, peer_matches, ports_allow};
use super::union::Union;
use super::{Destination, Endpoint, Port, Reach, isolates, side};
use crate::model::{
    At, Direction, DnsPolicy, Field, IpBlock, Peer, PolicyId, PortRef, Protocol, Spot, TrafficRule,
};
use crate::resolve::{
    Cluster, NAME_LABEL, Subject, Tri, Why, WorkloadId, dns_labels, is_dns_address,
    is_dns_namespace, is_dns_port, meets, selects,
};

/// Whether pods may reach the cluster's DNS, by protocol. Resolvers try UDP first and retry over
/// TCP if an answer is truncated (RFC 7766), so both are needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dns {
    /// Over UDP.
    pub udp: Answer,
    /// Over TCP.
    pub tcp: Answer,
}

/// Whether pods may reach DNS over one protocol, and on which port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Whether they may.
    pub allowed: Tri,
    /// The port that this is the answer for.
    pub port: Port,
}

/// DNS that pods may reach over one protocol, and not over the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Half {
    /// The protocol that is allowed, and on which port.
    pub port: Port,
    /// Whether it certainly is.
    pub sure: bool,
}

impl Dns {
    /// Whether pods may reach DNS over neither protocol.
    pub fn is_cut(self) -> bool {
        self.udp.allowed.is_no() && self.tcp.allowed.is_no()
    }

    /// Whether pods may not reach DNS over one of the protocols.
    pub fn is_lacking(self) -> bool {
        self.udp.allowed.is_no() || self.tcp.allowed.is_no()
    }

    /// The one protocol that is allowed, if there is exactly one.
    pub fn half(self) -> Option<Half> {
        let allowed = match (self.udp.allowed, self.tcp.allowed) {
            (Tri::No, Tri::No) => return None,
            (_, Tri::No) => self.udp,
            (Tri::No, _) => self.tcp,
            _ => return None,
        };
        Some(Half { port: allowed.port, sure: allowed.allowed.is_yes() })
    }
}

/// The port of every cluster's DNS Service.
const SERVICE_PORT: u16 = 53;

/// Which pods of a cluster may reach its DNS: each policy is evaluated once, because its answer
/// does not depend on the pod.
#[derive(Debug)]
pub(super) struct DnsTable {
    isolated: Union,
    /// By protocol: the answers at the pods' port, then at the Service's if that differs.
    allowed: [Vec<(Port, Union)>; 2],
    /// For each workload, the answer if it uses the cluster's DNS.
    workloads: Vec<Option<Dns>>,
    /// The workloads that may reach DNS over neither protocol, by number, ascending.
    cut: Vec<WorkloadId>,
    /// What the pods of each group of policies lack.
    groups: Vec<OnceLock<Lack>>,
}

/// What some pods lack.
#[derive(Clone, Debug, Default)]
struct Lack {
    any: bool,
    /// Whether some pods certainly may reach DNS over neither protocol.
    may_be_all: bool,
    /// The halves that they have, each once, in their order.
    halves: Vec<Half>,
}

/// Queries about the cluster's DNS.
impl Reach {
    /// Whether those pods may reach the cluster's DNS; `None` for pods that do not use it.
    pub fn dns(&self, subject: Subject) -> Option<Dns> {
        self.dns_table().of(&self.cluster, subject)
    }

    /// The subjects of a policy that use the cluster's DNS, and may reach it over neither protocol.
    pub fn without_dns(&self, policy: PolicyId) -> Vec<Subject> {
        let selected = self.cluster.selected(policy);
        if selected.yes.is_empty() {
            let is_cut = |subject: &Subject| {
                self.dns(*subject)
                    .is_some_and(|dns| dns.is_cut() || self.is_for_others(dns, *subject))
            };
            return self.cluster.subjects(policy).into_iter().filter(is_cut).collect();
        }
        let cut = &self.dns_table().cut;
        let within = selected.yes.ranges().flat_map(|range| {
            let from = cut.partition_point(|number| number < range.start());
            let to = cut.partition_point(|number| number <= range.end());
            &cut[from..to]
        });
        within.copied().map(Subject::Workload).collect()
    }

    /// Whether the policies that allow DNS may all be for other pods: one for `tier: database` says
    /// nothing about `app: web`, only one that covers it does.
    fn is_for_others(&self, dns: Dns, subject: Subject) -> bool {
        let only_selectors =
            |answer: Answer| matches!(answer.allowed, Tri::No | Tri::Unknown(Why::SelectorOnly));
        let is_other = |at: At| !self.cluster.policy_selects(at.policy, subject).is_yes();
        let answers = [dns.udp, dns.tcp];
        answers.into_iter().all(only_selectors)
            && answers
                .into_iter()
                .flat_map(|answer| self.rules_to_dns(subject, answer.port))
                .all(is_other)
    }

    /// Whether some subject of a policy may not reach DNS over one of the protocols.
    pub fn lacks_dns(&self, policy: PolicyId) -> bool {
        self.lack(policy, |lack| lack.any)
    }

    /// Whether some subject of a policy certainly may reach DNS over neither protocol.
    pub fn may_lack_dns(&self, policy: PolicyId) -> bool {
        self.lack(policy, |lack| lack.may_be_all)
    }

    /// The halves of DNS that the subjects of a policy have, each once, in their order.
    pub fn halves_of_dns(&self, policy: PolicyId) -> Vec<Half> {
        self.lack(policy, |lack| lack.halves.clone())
    }

    /// The egress rules of a policy that allow the cluster's DNS on that port, or may.
    pub fn rules_for_dns(&self, policy: PolicyId, port: Port) -> Vec<At> {
        let rules = (0u32..).zip(self.cluster.policy(policy).rules(Direction::Egress));
        rules
            .filter(|(_, rule)| !rule_allows(&self.cluster, policy, rule, port).is_no())
            .map(|(index, _)| At { policy, spot: Spot::Rule(Direction::Egress, index) })
            .collect()
    }

    /// The egress rules, of all policies that may select those pods, that allow the cluster's DNS
    /// on that port, or may.
    pub fn rules_to_dns(&self, subject: Subject, port: Port) -> Vec<At> {
        let policies = self.restricting_egress(subject, usize::MAX).into_iter();
        policies.flat_map(|policy| self.rules_for_dns(policy, port)).collect()
    }

    fn dns_table(&self) -> &DnsTable {
        self.dns.get_or_init(|| DnsTable::new(&self.cluster))
    }

    fn lack<T>(&self, policy: PolicyId, part: impl FnOnce(&Lack) -> T) -> T {
        let look = || {
            let mut lack = Lack::default();
            let subjects = self.cluster.subjects(policy).into_iter();
            for dns in subjects.filter_map(|subject| self.dns(subject)) {
                lack.any |= dns.is_lacking();
                lack.may_be_all |= !dns.udp.allowed.is_yes() && !dns.tcp.allowed.is_yes();
                lack.halves.extend(dns.half().filter(|half| !lack.halves.contains(half)));
            }
            lack
        };
        if self.cluster.selected(policy).yes.is_empty() {
            return part(&look());
        }
        let of_group = &self.dns_table().groups[self.cluster.group_of(policy).0 as usize];
        part(of_group.get_or_init(look))
    }
}

impl DnsTable {
    fn new(cluster: &Cluster) -> Self {
        let pods_port = cluster.profile.dns_port();
        let mut ports = vec![pods_port];
        // OpenShift's pods listen on 5353 behind a Service on 53, and rules match the pods' port:
        // only a resolver in the repository may listen on 53.
        let asks_both = pods_port != SERVICE_PORT && cluster.has_resolver();
        ports.extend(asks_both.then_some(SERVICE_PORT));
        let of = |protocol| {
            let ports = ports.iter().map(|&number| Port { protocol, number });
            ports.map(|port| (port, Union::new(cluster, |id| allows(cluster, id, port)))).collect()
        };
        let mut table = Self {
            isolated: Union::new(cluster, |id| isolates(cluster, id, Direction::Egress)),
            allowed: [of(Protocol::Udp), of(Protocol::Tcp)],
            workloads: Vec::new(),
            cut: Vec::new(),
            groups: cluster.groups().iter().map(|_| OnceLock::new()).collect(),
        };
        let all = cluster.workload_ids().map(Subject::Workload);
        table.workloads = all.map(|subject| table.judge(cluster, subject)).collect();
        let is_cut =
            |number: &WorkloadId| table.workloads[number.position()].is_some_and(Dns::is_cut);
        table.cut = cluster.workload_ids().filter(is_cut).collect();
        table
    }

    fn of(&self, cluster: &Cluster, subject: Subject) -> Option<Dns> {
        match subject {
            Subject::Workload(number) => self.workloads[number.position()],
            Subject::PodsOf(_) => self.judge(cluster, subject),
        }
    }

    fn judge(&self, cluster: &Cluster, subject: Subject) -> Option<Dns> {
        let answer = |ports| self.answer(cluster, ports, subject);
        let [udp, tcp] = &self.allowed;
        asks_cluster_dns(cluster, subject).then(|| Dns { udp: answer(udp), tcp: answer(tcp) })
    }

    fn answer(&self, cluster: &Cluster, ports: &[(Port, Union)], subject: Subject) -> Answer {
        let is_open = !self.isolated.of(cluster, subject);
        let has_others = cluster.has_unevaluated_policies(cluster.namespace_of(subject));
        let is_tiered = match subject {
            Subject::Workload(number) => cluster.is_tiered(number),
            Subject::PodsOf(_) => cluster.may_be_tiered(subject),
        };
        let at = |(port, union): &(Port, Union)| {
            let allowed = match (has_others, is_tiered) {
                (true, _) => Tri::Unknown(Why::OtherPolicyKind),
                (false, true) => tiered(cluster, subject, *port),
                (false, false) => is_open | union.of(cluster, subject),
            };
            Answer { allowed, port: *port }
        };
        let rank = |tri: Tri| (!tri.is_no(), tri.is_yes());
        let mut best = at(&ports[0]);
        for port in &ports[1..] {
            let other = at(port);
            if rank(other.allowed) > rank(best.allowed) {
                best = other;
            }
        }
        best
    }
}

/// The same where policies of other kinds decide: the cluster's DNS, or a resolver of the
/// repository.
fn tiered(cluster: &Cluster, subject: Subject, port: Port) -> Tri {
    let allowed = |other| side(cluster, Direction::Egress, subject, other, port).allowed;
    let own = cluster.resolvers().iter().map(|number| allowed(Endpoint::Workload(*number)));
    Tri::any(std::iter::once(allowed(Endpoint::ClusterDns)).chain(own))
}

/// Whether a policy allows its pods to reach the cluster's DNS on that port; no if it has no
/// egress.
fn allows(cluster: &Cluster, id: PolicyId, port: Port) -> Tri {
    let policy = cluster.policy(id);
    if isolates(cluster, id, Direction::Egress).is_no() {
        return Tri::No;
    }
    let unsure = match policy.is_unsure(Direction::Egress) {
        true => Tri::Unknown(Why::Refused),
        false => Tri::No,
    };
    let rules = policy.rules(Direction::Egress).iter();
    Tri::any([unsure].into_iter().chain(rules.map(|rule| rule_allows(cluster, id, rule, port))))
}

fn rule_allows(cluster: &Cluster, policy: PolicyId, rule: &TrafficRule, port: Port) -> Tri {
    let ports = ports_allow(cluster, rule, port, Destination::ClusterDns);
    if ports.is_no() {
        return Tri::No;
    }
    ports & peer_matches(cluster, policy, rule, Endpoint::ClusterDns, port)
}

/// Whether pods use the cluster's DNS at all. `dnsPolicy: None` and `Default` use another; a pod on
/// the host network is outside every policy as far as the API says.
pub(super) fn asks_cluster_dns(cluster: &Cluster, subject: Subject) -> bool {
    match subject {
        Subject::PodsOf(id) => !is_dns_itself(cluster, id),
        Subject::Workload(number) => {
            let workload = cluster.workload(number).workload;
            workload.dns_policy == DnsPolicy::Cluster && !workload.host_network
        }
    }
}

/// The DNS pods themselves use the node's resolver (`dnsPolicy: Default` in CoreDNS' manifest).
fn is_dns_itself(cluster: &Cluster, id: PolicyId) -> bool {
    let home = &cluster.namespace(cluster.home(id)).name;
    let selector = cluster.policy(id).pod_selector.get().filter(|s| !s.is_empty());
    let selects_dns = selector.is_some_and(|s| !dns_labels(s, cluster.profile).is_no());
    is_dns_namespace(home) && selects_dns
}

/// Whether a peer matches the cluster's DNS, for a rule that allows `port`.
pub(super) fn dns_peer(
    cluster: &Cluster,
    policy: PolicyId,
    rule: &TrafficRule,
    peer: &Peer,
    port: Port,
) -> Tri {
    if peer.wrong {
        return Tri::Unknown(Why::Refused);
    }
    if port.number != cluster.profile.dns_port() {
        return peer_is_own_dns(cluster, policy, peer);
    }
    match &peer.ip_block {
        Field::Wrong(..) => return Tri::Unknown(Why::Refused),
        Field::Given(block, _) => {
            let Some(cidr) = block.cidr.get() else {
                return Tri::Unknown(Why::Refused);
            };
            let holds = block_may_be_dns(cluster, block);
            // An address on the node is only meant by a rule for 53; a wide block on every port may
            // contain it by accident, and may contain the Service's address too.
            let means_dns = names_dns_port(rule) || cidr.prefix_len() == 0;
            return if means_dns { holds } else { holds.at_most_unknown(Why::AddressInCluster) };
        }
        Field::Absent => {}
    }
    peer_may_be_dns(cluster, policy, peer)
}

/// Whether an address block contains an address of the cluster's DNS, or may.
pub fn block_may_be_dns(cluster: &Cluster, block: &IpBlock) -> Tri {
    let Some(cidr) = block.cidr.get() else {
        return Tri::Unknown(Why::Refused);
    };
    let settings = &cluster.settings;
    let ranges = settings.pod_ranges.iter().chain(&settings.service_ranges);
    is_dns_address(*cidr, &exceptions(block), ranges)
}

/// Whether a rule for everyone allows the cluster's DNS on `port`: its pods listen on it, or a
/// resolver in the repository may.
pub(super) fn everyone_holds_dns(cluster: &Cluster, port: Port) -> Tri {
    if port.number == cluster.profile.dns_port() {
        return Tri::Yes;
    }
    if cluster.has_resolver() { Tri::Unknown(Why::Cluster) } else { Tri::No }
}

/// Whether a peer with selectors matches the cluster's DNS pods, on any port: those of the
/// cluster's profile, or a workload in the repository that declares port 53.
pub fn peer_may_be_dns(cluster: &Cluster, policy: PolicyId, peer: &Peer) -> Tri {
    if peer.wrong || peer.pod_selector.is_wrong() || peer.namespace_selector.is_wrong() {
        return Tri::Unknown(Why::Refused);
    }
    let in_namespace = dns_namespace(cluster, policy, peer);
    let labelled = match peer.pod_selector.get() {
        None => Tri::from(!peer.namespace_selector.is_absent()),
        Some(selector) => dns_labels(selector, cluster.profile),
    };
    (in_namespace & labelled) | peer_is_own_dns(cluster, policy, peer)
}

fn dns_namespace(cluster: &Cluster, policy: PolicyId, peer: &Peer) -> Tri {
    let name = cluster.profile.dns_namespace();
    let Some(selector) = peer.namespace_selector.get() else {
        let home = &cluster.namespace(cluster.home(policy)).name;
        return is_dns_namespace(home).into();
    };
    if let Some(shown) = cluster.namespace_named(name) {
        return selects(selector, cluster.namespace(shown));
    }
    if selector.is_refused() {
        return Tri::Unknown(Why::Refused);
    }
    // Not shown: its name is known, other labels of it are not.
    Tri::all(selector.requirements.iter().map(|requirement| {
        if requirement.key == NAME_LABEL {
            meets(requirement, &NameOnly(name))
        } else {
            Tri::Unknown(Why::NamespaceNotShown)
        }
    }))
}

struct NameOnly<'a>(&'a str);

impl crate::resolve::Labelled for NameOnly<'_> {
    fn value(&self, key: &str) -> Option<&str> {
        (key == NAME_LABEL).then_some(self.0)
    }
    fn may_have(&self, _key: &str) -> Option<Why> {
        None
    }
}

/// Whether the peer selects a workload in the repository, or a well-known pod, that is a resolver:
/// one that declares port 53 (or the profile's port).
pub fn peer_is_own_dns(cluster: &Cluster, policy: PolicyId, peer: &Peer) -> Tri {
    // Called for every peer, so the cheap check comes first: most repositories contain no resolver.
    if !cluster.has_resolver() {
        return Tri::No;
    }
    let pods = cluster.peer_pods(policy, peer).pods;
    if cluster.is_resolver_among(&pods.yes) || cluster.has_known_resolver(&pods) {
        Tri::Yes
    } else if cluster.is_resolver_among(&pods.maybe) {
        Tri::Unknown(Why::LabelsNotShown)
    } else {
        Tri::No
    }
}

/// Whether a rule lists port 53 (or its name) explicitly, rather than every port.
pub fn names_dns_port(rule: &TrafficRule) -> bool {
    rule.port_list().iter().any(|entry| match entry.port.get() {
        Some(PortRef::Number(number)) => is_dns_port(*number),
        Some(PortRef::Name(name)) => name.starts_with("dns"),
        _ => false,
    })
}
