//! The rules: each asks the cluster and reports findings. One file per rule; a rule never
//! reimplements Kubernetes' semantics but asks [`crate::resolve`] and [`crate::reach`].

mod allow_all_overrides;
pub mod allowing;
mod apiserver_by_address;
mod blocked_apiserver;
mod blocked_dependency;
mod blocked_scrape;
mod blocked_webhook;
mod build_faults;
mod calico_internal_api;
mod calico_label_scope;
mod clusterwide_deny_hits_system;
mod common_omission;
mod contradictory_selector;
mod deny_all_egress_without_dns;
mod deny_only_isolates;
mod deny_policy_allows_all;
mod dns_single_protocol;
mod dns_wrong_target;
mod doubts;
pub mod duplicate_key;
mod duplicate_policy;
mod earlier;
mod edits;
mod empty_peer_list;
mod empty_rule_denies;
pub mod expectation;
mod filtered_label_selector;
mod finding;
mod foreign_subject_namespace;
mod fqdn_without_dns_rule;
mod global_set_needs_global;
mod half_open_connection;
mod host_network_peer;
mod host_network_target;
mod ignored_rules;
mod implicit_ingress_isolation;
mod implicit_namespace;
mod implicit_policy_types;
mod inert_policy;
mod internet_egress_includes_metadata;
mod invalid_ip_block;
mod invalid_peer;
mod invalid_policy;
mod invalid_port;
mod invalid_selector;
mod ip_block_for_pods;
mod isolation;
mod kustomize_rewrites_peer;
mod labels_on_workload_not_pod;
mod missing_dns_egress;
mod missing_namespace_selector;
mod namespace_label_by_name;
mod namespace_policies;
mod no_effect_egress;
mod node_local_dns_blocked;
mod null_field;
mod object_meta;
mod open_to_all_namespaces;
mod orphan;
mod orphaned_namespace_selector;
mod orphaned_peer_selector;
mod orphaned_pod_selector;
mod orphans;
mod outsiders;
mod overlaid;
mod partly_orphaned_selector;
mod policy_outside_release_namespace;
mod policy_types;
mod port_protocol_mismatch;
mod redundant_rule;
mod registry;
mod remarks;
mod removed_api_version;
pub mod run;
mod selector_for_api_server;
mod self_traffic_blocked;
mod service_port_not_pod_port;
mod source_address_lost;
mod split_peer;
mod split_peers_and_ports;
mod swapped_source_destination;
mod tiered;
mod twins;
pub mod unbuilt;
mod undeclared_port;
mod undocumented_policy;
mod undone_exclusion;
mod unknown_field;
mod unknown_named_port;
mod unprotected_workload;
mod unreachable_rule;
mod unreachable_service;
mod volatile_label_selector;
mod words;
mod wrong_namespace_key;

pub(crate) use build_faults::BuildFaults;
pub use finding::{Confidence, Edit, Finding, Fix, Related, Safety, Severity, Subject};
pub use isolation::place_in as isolating_place;
pub use overlaid::overlaid;
pub use registry::{RULES, rule};

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

use rayon::prelude::*;

use crate::bundle::ObjectId;
use crate::model::tiered::{Evaluator, RefusalKind};
use crate::model::{Direction, Peer, PolicyId, TrafficRule};
use crate::reach::Reach;
use crate::resolve::{Cluster, NamespaceId, PeerPods, WorkloadId};
use crate::text::{Sources, Span};
use tiered::Tiered;

/// A rule: its metadata, its page, and its check.
#[derive(Debug)]
pub struct Rule {
    /// Its id, which users write in suppressions, so it never changes.
    pub id: &'static str,
    /// The severity of its findings, unless a finding overrides it.
    pub severity: Severity,
    /// The highest confidence its findings can have.
    pub confidence: Confidence,
    /// Only on with `--pedantic`, or when selected by name.
    pub pedantic: bool,
    /// Its page, `rules/<id>.md`.
    pub page: &'static str,
    /// How it checks.
    pub check: Check,
}

/// What a rule checks.
#[derive(Clone, Copy, Debug)]
pub enum Check {
    /// Each policy that is reported on; policies are checked in parallel.
    Policy(fn(&Context<'_>, PolicyId, &mut Vec<Finding>)),
    /// Each policy of another kind than NetworkPolicy that is evaluated, and of which nothing is
    /// rejected.
    Tiered(fn(&Context<'_>, &Tiered<'_>, &mut Vec<Finding>)),
    /// The same for the policies of one project.
    Project(Evaluator, fn(&Context<'_>, &Tiered<'_>, &mut Vec<Finding>)),
    /// As `Policy` for NetworkPolicies, as `Tiered` for other kinds.
    EachKind(
        fn(&Context<'_>, PolicyId, &mut Vec<Finding>),
        fn(&Context<'_>, &Tiered<'_>, &'static Rule, &mut Vec<Finding>),
    ),
    /// As `Policy` for NetworkPolicies; of other kinds, and of the objects that they refer to, what
    /// is rejected for that reason.
    Refusals(fn(&Context<'_>, PolicyId, &mut Vec<Finding>), RefusalKind),
    /// Only what is rejected of other kinds, for that reason.
    Refused(RefusalKind),
    /// The cluster, if the findings of several policies have one cause.
    Cluster(fn(&Context<'_>, &mut Vec<Finding>)),
    /// What was recorded while files were read: [`crate::check`] creates its findings.
    Reading,
    /// The run itself: the stages that read files or triage findings create its findings.
    Run,
}

/// What a rule can query.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The cluster, resolved.
    pub cluster: &'a Cluster,
    /// Which connections are allowed, computed once for all rules.
    pub reach: &'a Reach,
    /// The texts, for quoting what is written.
    pub sources: &'a Sources,
    /// The policy that is checked; `None` for rules that check the cluster.
    own: Option<&'a Own<'a>>,
}

/// What is computed once about the policy that is checked, for all rules.
struct Own<'a> {
    policy: PolicyId,
    /// Its peers, in order.
    peers: Vec<SelectorPeer<'a>>,
    /// How its text is written.
    written: OnceLock<edits::Written>,
    /// The fields that the API does not have.
    strays: OnceLock<unknown_field::Strays>,
}

/// The findings of `rules` in a cluster: rules in the given order, policies in parallel.
pub fn lint(cx: &Context<'_>, rules: &[&'static Rule]) -> Vec<Finding> {
    let policies = cx.cluster.policies();
    let reported: Vec<PolicyId> =
        policies.iter().copied().filter(|id| cx.cluster.is_reported(*id)).collect();
    let of_policy = |id: &PolicyId| {
        let own = Own {
            policy: *id,
            peers: selector_peers(cx.cluster, *id),
            written: OnceLock::new(),
            strays: OnceLock::new(),
        };
        let cx = Context { own: Some(&own), ..*cx };
        let mut findings = Vec::new();
        for rule in rules {
            if let Check::Policy(check) | Check::EachKind(check, _) | Check::Refusals(check, _) =
                rule.check
            {
                check(&cx, *id, &mut findings);
            }
        }
        findings.iter_mut().for_each(|finding| split_peer::withhold(&cx, finding));
        findings
    };
    let mut findings: Vec<Finding> = reported.par_iter().flat_map_iter(of_policy).collect();
    let others: Vec<ObjectId> =
        cx.cluster.checked().iter().copied().filter(|id| cx.cluster.is_reported(*id)).collect();
    let of_other_kinds = others.par_iter().flat_map_iter(|id| of_other_kind(cx, *id, rules));
    findings.extend(of_other_kinds.collect::<Vec<Finding>>());
    for rule in rules {
        if let Check::Cluster(check) = rule.check {
            check(cx, &mut findings);
        }
    }
    findings
}

/// The findings about a policy of another kind than NetworkPolicy, or an object that they refer to.
fn of_other_kind(cx: &Context<'_>, id: ObjectId, rules: &[&'static Rule]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let of = Tiered::of(cx, id);
    for rule in rules {
        match (rule.check, &of) {
            (Check::Refusals(_, kind) | Check::Refused(kind), _) => {
                tiered::refused(cx, id, rule, kind, &mut findings);
            }
            (Check::Tiered(check), Some(of)) => check(cx, of, &mut findings),
            (Check::Project(project, check), Some(of)) if of.project() == project => {
                check(cx, of, &mut findings);
            }
            (Check::EachKind(_, check), Some(of)) => check(cx, of, rule, &mut findings),
            _ => {}
        }
    }
    findings
}

impl Rule {
    /// A rule about the run, whose findings other stages create.
    const fn about_run(id: &'static str, severity: Severity, page: &'static str) -> Self {
        let confidence = Confidence::High;
        Self { id, severity, confidence, pedantic: false, page, check: Check::Run }
    }

    /// The one-sentence summary of its page: the first paragraph after the title.
    pub fn summary(&self) -> &'static str {
        self.page.split("\n\n").nth(1).unwrap_or("").trim()
    }

    /// The URL of its page.
    pub fn url(&self) -> String {
        format!("{PAGES}/{}.md", self.id)
    }
}

/// Where the rules' pages are published.
const PAGES: &str = "https://github.com/netpol-lint/netpol-lint/blob/main/rules";

/// One peer with selectors, resolved in its cluster.
pub(crate) struct SelectorPeer<'a> {
    /// The direction of its rule.
    pub direction: Direction,
    /// The index of its rule.
    pub rule: u32,
    /// Its own index.
    pub index: u32,
    /// The peer.
    pub peer: &'a Peer,
    /// The pods and namespaces it selects.
    pub means: PeerPods,
}

impl SelectorPeer<'_> {
    /// Whether its namespaceSelector is `{}`: every namespace, including those in other
    /// repositories.
    pub fn is_for_all_namespaces(&self) -> bool {
        self.peer.namespace_selector.get().is_some_and(|selector| selector.is_empty())
    }
}

/// One rule of a policy, and the destination pods of its connections.
pub(crate) struct RuleDestinations {
    /// Its direction.
    pub direction: Direction,
    /// Its index.
    pub index: u32,
    /// The destination pods in the repository; `None` if they are unknown.
    pub shown: Option<Arc<[WorkloadId]>>,
    /// Whether all of them are in closed namespaces, so there can be no others.
    pub closed: bool,
}

impl RuleDestinations {
    /// The destination pods, if there certainly are no others.
    pub fn closed_destinations(&self) -> Option<&[WorkloadId]> {
        self.shown.as_deref().filter(|_| self.closed)
    }
}

impl<'a> Context<'a> {
    /// The context of a cluster whose spans are in `sources`.
    pub fn new(reach: &'a Reach, sources: &'a Sources) -> Self {
        Self { cluster: reach.cluster(), reach, sources, own: None }
    }

    /// A text as written.
    pub(crate) fn text(&self, span: Span) -> &'a str {
        self.sources.slice(span)
    }

    /// How the text of a policy is written, computed once for the policy that is checked.
    fn written(&self, policy: PolicyId, look: impl FnOnce() -> edits::Written) -> edits::Written {
        match self.own.filter(|own| own.policy == policy) {
            Some(own) => *own.written.get_or_init(look),
            None => look(),
        }
    }

    /// The unknown fields of the policy that is checked.
    fn strays(&self, policy: PolicyId) -> Cow<'a, unknown_field::Strays> {
        let look = || unknown_field::Strays::of(&self.cluster.policy(policy).tree);
        match self.own.filter(|own| own.policy == policy) {
            Some(own) => Cow::Borrowed(own.strays.get_or_init(look)),
            None => Cow::Owned(look()),
        }
    }

    /// Whether a value that seems to be null is filled in later: ytt writes its values as comments
    /// (`name: #@ data.values.name`, carvel.dev/ytt).
    pub(crate) fn is_template_comment(&self, value: Span) -> bool {
        let text = self.sources.get(value.source).text();
        let rest = text.get(value.end as usize..).unwrap_or_default();
        rest.trim_start_matches([' ', '\t']).starts_with("#@")
    }

    /// The rules of a policy in the directions in effect, each with the pods to which its ports
    /// belong: the peers' pods for egress, the policy's own for ingress.
    pub(crate) fn rules_with_destinations(&self, policy: PolicyId) -> Vec<RuleDestinations> {
        let cluster = self.cluster;
        let mut found = Vec::new();
        for direction in Direction::BOTH {
            let rules = cluster.policy(policy).rules(direction);
            if !cluster.policy(policy).isolates(direction) || rules.is_empty() {
                continue;
            }
            let own = match direction {
                Direction::Ingress => self.own_destinations(policy),
                Direction::Egress => None,
            };
            for (index, rule) in (0u32..).zip(rules) {
                let shown = match direction {
                    Direction::Ingress => own.clone(),
                    Direction::Egress => self.peer_destinations(index, rule),
                };
                let closed = self.are_closed(policy, direction, index);
                found.push(RuleDestinations { direction, index, shown, closed });
            }
        }
        found
    }

    /// Whether the namespaces of a rule's destinations are closed.
    fn are_closed(&self, policy: PolicyId, direction: Direction, index: u32) -> bool {
        let closed = |number: NamespaceId| self.cluster.namespace(number).open.is_none();
        match direction {
            Direction::Ingress => closed(self.cluster.home(policy)),
            Direction::Egress => self
                .peers_of_rule(direction, index)
                .iter()
                .all(|peer| peer.means.namespaces.iter().all(|(number, _)| closed(*number))),
        }
    }

    fn own_destinations(&self, policy: PolicyId) -> Option<Arc<[WorkloadId]>> {
        let selected = self.cluster.selected(policy);
        let sure = selected.is_sure() && !selected.yes.is_empty();
        sure.then(|| selected.yes.iter().collect())
    }

    fn peer_destinations(&self, index: u32, rule: &TrafficRule) -> Option<Arc<[WorkloadId]>> {
        if rule.peer_list().iter().any(|peer| !peer.ip_block.is_absent()) {
            return None;
        }
        let mut pods = Vec::new();
        for peer in self.peers_of_rule(Direction::Egress, index) {
            let means = &peer.means;
            let all_covered = means.namespaces.iter().all(|(_, covered)| covered.is_yes());
            // A well-known pod may have more ports than the configured ones.
            if means.beyond || !all_covered || !means.pods.is_sure() {
                return None;
            }
            pods.extend(means.pods.yes.iter());
        }
        pods.sort_unstable();
        pods.dedup();
        (!pods.is_empty()).then(|| pods.into())
    }

    /// The peers with selectors of the policy that is checked, in the directions in effect (rules
    /// of the others have no effect, which another rule reports).
    pub(crate) fn selector_peers(&self) -> &'a [SelectorPeer<'a>] {
        self.own.map_or(&[], |own| &own.peers)
    }

    /// The peers of one rule.
    pub(crate) fn peers_of_rule(&self, direction: Direction, rule: u32) -> &'a [SelectorPeer<'a>] {
        let peers = self.selector_peers();
        let of = |peer: &SelectorPeer<'_>| (peer.direction, peer.rule);
        let from = peers.partition_point(|peer| of(peer) < (direction, rule));
        let to = peers.partition_point(|peer| of(peer) <= (direction, rule));
        &peers[from..to]
    }
}

fn selector_peers(cluster: &Cluster, policy: PolicyId) -> Vec<SelectorPeer<'_>> {
    let mut found = Vec::new();
    for direction in Direction::BOTH {
        if !cluster.policy(policy).isolates(direction) {
            continue;
        }
        for (rule, traffic) in (0u32..).zip(cluster.policy(policy).rules(direction)) {
            for (index, peer) in (0u32..).zip(traffic.peer_list()) {
                let by_selector =
                    !peer.pod_selector.is_absent() || !peer.namespace_selector.is_absent();
                if by_selector && peer.ip_block.is_absent() {
                    let means = cluster.peer_pods(policy, peer);
                    found.push(SelectorPeer { direction, rule, index, peer, means });
                }
            }
        }
    }
    found
}
