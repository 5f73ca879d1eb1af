//! Workloads that no policy of the cluster distinguishes. What policies allow is computed once per
//! class, so its cost grows with the differences that policies make and not with the pods.

use std::collections::{HashMap, HashSet};
use std::ops::{Index, RangeInclusive};

use compact_str::CompactString;
use range_set_blaze::RangeSetBlaze;

use super::stack::Selecting;
use crate::model::tiered::Ends;
use crate::model::{Direction, Field, Peer, PolicyId, PortRef, Protocol, Selector};
use crate::resolve::{Cluster, NamespaceId, Pods, SpecId, Tri, Why, WorkloadId};

/// The number of a class, in the order of its first workload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClassId(u32);

impl ClassId {
    /// The class at that position in [`Classes::iter`].
    pub(super) fn at(position: usize) -> Self {
        Self(position as u32)
    }

    /// Its position there.
    pub(super) fn position(self) -> usize {
        self.0 as usize
    }
}

/// Workloads that every selector of the cluster's policies treats alike, and that have the same
/// named ports.
#[derive(Clone, Debug)]
pub struct Class {
    /// Its workloads, by number, ascending. Never empty.
    pub workloads: Vec<WorkloadId>,
    /// The policies that select them, certainly or possibly, in the cluster's order.
    pub policies: Vec<(PolicyId, Tri)>,
    /// The specs of policies of other kinds that select them, in order.
    pub specs: Vec<(SpecId, Tri)>,
}

impl Class {
    /// Any of its workloads: they are all alike.
    pub fn example(&self) -> WorkloadId {
        self.workloads[0]
    }

    /// All that selects them.
    pub(super) fn selecting(&self) -> Selecting {
        Selecting { policies: self.policies.clone(), specs: self.specs.clone() }
    }
}

/// All classes of a cluster.
#[derive(Debug)]
pub struct Classes {
    classes: Vec<Class>,
    of_workload: Vec<ClassId>,
}

impl Index<ClassId> for Classes {
    type Output = Class;
    fn index(&self, id: ClassId) -> &Class {
        &self.classes[id.0 as usize]
    }
}

/// What distinguishes workloads: their namespace, whether they use the host network, the numbers of
/// their named ports, which policies select them and which peers match them.
type Key = (
    NamespaceId,
    bool,
    Vec<NamedPort>,
    Vec<(PolicyId, Tri)>,
    Vec<(Meaning, Tri)>,
    Vec<(SpecId, Tri)>,
);

/// A set of pods that rules match.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Meaning {
    /// A peer of NetworkPolicies, by its number among them.
    Peer(usize),
    /// What rules of policies of other kinds match, by its number among them.
    Tiered(usize),
}

/// A port that some policy names, and its number in the containers.
type NamedPort = (CompactString, Protocol, u16);

impl Classes {
    /// Splits the workloads of a cluster into classes.
    pub fn of(cluster: &Cluster) -> Self {
        let count = cluster.workload_count();
        let mut selected_by: Vec<Vec<(PolicyId, Tri)>> = vec![Vec::new(); count];
        let mut meant_by: Vec<Vec<(Meaning, Tri)>> = vec![Vec::new(); count];
        let mut wide: HashMap<NamespaceId, Vec<(PolicyId, Tri)>> = HashMap::new();
        let mut peers = Peers::default();
        for &policy in cluster.policies() {
            // A policy that selects every pod in the namespace is recorded once for the namespace.
            match cluster.policy(policy).pod_selector.get() {
                selector
                    if selector.is_none_or(Selector::is_empty)
                        && !cluster.policy(policy).pod_selector.is_wrong() =>
                {
                    wide.entry(cluster.home(policy)).or_default().push((policy, Tri::Yes));
                }
                _ => enter(&mut selected_by, cluster.selected(policy), policy),
            }
            for direction in Direction::BOTH {
                let rules = cluster.policy(policy).rules(direction).iter();
                for peer in rules.flat_map(|rule| rule.peer_list()) {
                    if let Some(number) = peers.number(cluster, policy, peer) {
                        enter(&mut meant_by, &cluster.peer_pods(policy, peer).pods, number);
                    }
                }
            }
        }
        enter_tiered(cluster, &mut meant_by);
        let names = port_names(cluster);
        let mut known: HashMap<Key, ClassId> = HashMap::new();
        let mut classes = Self { classes: Vec::new(), of_workload: Vec::with_capacity(count) };
        let sorted = selected_by.into_iter().zip(meant_by);
        for (number, (mut policies, meant)) in cluster.workload_ids().zip(sorted) {
            let workload = cluster.workload(number);
            let home = cluster.namespace_of(crate::resolve::Subject::Workload(number));
            policies.extend(wide.get(&home).into_iter().flatten());
            let ports = workload.workload.ports.iter();
            let named: Vec<NamedPort> = ports
                .filter_map(|port| Some((port.name.clone()?, port.protocol, port.number)))
                .filter(|(name, ..)| names.binary_search(name).is_ok())
                .collect();
            let host_network = workload.workload.host_network;
            let specs = cluster.specs_selecting(number);
            let key = (home, host_network, named, policies, meant, specs);
            let next = ClassId(classes.classes.len() as u32);
            let id = *known.entry(key).or_insert_with_key(|(.., policies, _, specs)| {
                let (policies, specs) = (policies.clone(), specs.clone());
                classes.classes.push(Class { workloads: Vec::new(), policies, specs });
                next
            });
            classes.classes[id.0 as usize].workloads.push(number);
            classes.of_workload.push(id);
        }
        for class in &mut classes.classes {
            class.policies.sort_by_key(|(policy, _)| *policy);
        }
        classes
    }

    /// The classes, in order.
    pub fn iter(&self) -> impl Iterator<Item = (ClassId, &Class)> {
        (0u32..).map(ClassId).zip(&self.classes)
    }

    /// The class of a workload.
    pub fn of_workload(&self, number: WorkloadId) -> ClassId {
        self.of_workload[number.position()]
    }

    /// The classes of those workloads, in order.
    pub(super) fn of_workloads(&self, workloads: &RangeSetBlaze<WorkloadId>) -> Vec<ClassId> {
        let mut classes: Vec<ClassId> =
            workloads.iter().map(|number| self.of_workload(number)).collect();
        classes.sort_unstable();
        classes.dedup();
        classes
    }

    /// The classes of those pods, each certainly or possibly. All pods of a class are alike, so one
    /// decides for all.
    pub fn of_pods(&self, pods: &Pods) -> Vec<(ClassId, Tri)> {
        let yes = pods.yes.iter().map(|number| (self.of_workload(number), Tri::Yes));
        let unknown = Tri::Unknown(Why::LabelsNotShown);
        let maybe = pods.maybe.iter().map(|number| (self.of_workload(number), unknown));
        let mut classes: Vec<(ClassId, Tri)> = yes.chain(maybe).collect();
        classes.sort_unstable();
        classes.dedup_by_key(|(class, _)| *class);
        classes
    }
}

/// Numbers what rules of policies of other kinds match, each set of pods once.
fn enter_tiered(cluster: &Cluster, meant_by: &mut [Vec<(Meaning, Tri)>]) {
    let mut met: HashSet<[Vec<RangeInclusive<WorkloadId>>; 2]> = HashSet::new();
    for &policy in cluster.tiered() {
        let rules = cluster.tiered_policy(policy).map_or(&[][..], |policy| policy.rules.as_slice());
        let asker = cluster.asker(policy);
        for ends in rules.iter().flat_map(|rule| [&rule.peer, &rule.own]) {
            if *ends == Ends::Everyone {
                continue;
            }
            let pods = cluster.ends_pods(asker, ends);
            let next = Meaning::Tiered(met.len());
            if met.insert([pods.yes.ranges().collect(), pods.maybe.ranges().collect()]) {
                enter(meant_by, &pods, next);
            }
        }
    }
}

fn enter<T: Copy>(lists: &mut [Vec<(T, Tri)>], pods: &Pods, number: T) {
    for workload in pods.yes.iter() {
        lists[workload.position()].push((number, Tri::Yes));
    }
    for workload in pods.maybe.iter() {
        lists[workload.position()].push((number, Tri::Unknown(Why::LabelsNotShown)));
    }
}

/// Numbers peers by their requirements: many policies have the same peers.
#[derive(Default)]
struct Peers {
    known: HashMap<(Option<NamespaceId>, String), usize>,
}

impl Peers {
    /// The number of a peer that is new and distinguishes pods in one namespace; `None` for any
    /// other.
    fn number(&mut self, cluster: &Cluster, policy: PolicyId, peer: &Peer) -> Option<Meaning> {
        let pods = peer.pod_selector.get().filter(|selector| !selector.is_empty())?;
        let (home, namespaces) = match &peer.namespace_selector {
            Field::Absent => (Some(cluster.home(policy)), String::new()),
            Field::Given(selector, _) => (None, words(selector)),
            Field::Wrong(..) => return None,
        };
        let next = self.known.len();
        let mut is_new = false;
        let key = (
            home,
            format!(
                "{namespaces}
{}",
                words(pods)
            ),
        );
        self.known.entry(key).or_insert_with(|| {
            is_new = true;
            next
        });
        is_new.then_some(Meaning::Peer(next))
    }
}

/// A selector without its spans. Values and keys of labels contain no control characters.
fn words(selector: &Selector) -> String {
    use std::fmt::Write;
    let mut out = String::new();
    for requirement in &selector.requirements {
        let _ = write!(out, "{}\u{1}{:?}", requirement.key, requirement.operator);
        for (value, _) in &requirement.values {
            let _ = write!(out, "\u{2}{value}");
        }
        out.push('\u{3}');
    }
    if selector.is_refused() {
        out.push('!');
    }
    out
}

/// The port names in rules, sorted.
fn port_names(cluster: &Cluster) -> Vec<CompactString> {
    let policies = cluster.policies().iter().map(|&id| cluster.policy(id));
    let rules = policies.flat_map(|policy| {
        Direction::BOTH.into_iter().flat_map(|direction| policy.rules(direction))
    });
    let tiered = cluster.tiered().iter().filter_map(|id| cluster.tiered_policy(*id));
    let tiered = tiered.flat_map(|policy| policy.rules.iter()).flat_map(|rule| rule.flow.ports());
    let tiered = tiered.filter_map(|port| match &port.port {
        Some(PortRef::Name(name)) => Some(name.to_lowercase()),
        _ => None,
    });
    let mut names: Vec<CompactString> = rules
        .flat_map(|rule| rule.port_list())
        .filter_map(|entry| match entry.port.get() {
            Some(PortRef::Name(name)) => Some(name.clone()),
            _ => None,
        })
        .chain(tiered)
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}
