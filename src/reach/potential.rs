//! Who else may connect: pods that no manifest shows and that a rule is for, any pod of the cluster.
//! So nothing that a rule allows is dropped because nobody is there yet.

use std::collections::{BTreeMap, BTreeSet};

use compact_str::CompactString;

use super::{Allowed, rule_ports};
use crate::model::{
    At, Direction, Field, Operator, Peer, PolicyId, PortRef, Protocol, Selector, Spot,
};
use crate::resolve::{Cluster, NAME_LABEL, Subject, Tri, WorkloadId, World};

/// Ports by name, which only the pods tell the numbers of.
pub type NamedPorts = BTreeSet<(Protocol, CompactString)>;

/// Pods that may be there, and what policies let a workload do with them in one direction.
#[derive(Clone, Debug)]
pub struct Potential {
    /// Who.
    pub peer: PotentialPeer,
    /// The ports.
    pub allowed: Allowed,
    /// Ports by name.
    pub names: NamedPorts,
    /// The rules that allow it.
    pub by: Vec<At>,
}

/// Pods that may be there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PotentialPeer {
    /// Every pod of every namespace.
    EntireCluster,
    /// Pods that selectors describe.
    Described {
        /// Their namespaces, in words.
        namespaces: String,
        /// They, in words.
        pods: String,
    },
}

/// What policies let the pods of a workload do in one direction with pods that may be there. None
/// where no policy isolates them: then it is everything.
pub fn exposure(
    cluster: &Cluster,
    workload: WorkloadId,
    direction: Direction,
) -> Option<Vec<Potential>> {
    let subject = Subject::Workload(workload);
    let is_free =
        cluster.workload(workload).workload.host_network && cluster.world == World::Closed;
    let policies: Vec<PolicyId> = super::policies_of(cluster, subject)
        .into_iter()
        .filter(|id| cluster.policy(*id).isolates(direction))
        .collect();
    if is_free || policies.is_empty() {
        return None;
    }
    let mut gathered = Gathered::default();
    for id in policies {
        let selects = cluster.policy_selects(id, subject);
        for index in 0..cluster.policy(id).rules(direction).len() as u32 {
            let at = At { policy: id, spot: Spot::Rule(direction, index) };
            gathered.enter(
                cluster,
                at,
                selects,
                (direction == Direction::Ingress).then_some(workload),
            );
        }
    }
    Some(gathered.finish())
}

/// Peers by who they are.
#[derive(Default)]
struct Gathered {
    peers: BTreeMap<PotentialPeer, Potential>,
    /// Those whom a workload is shown for.
    shown: BTreeSet<PotentialPeer>,
}

impl Gathered {
    fn enter(&mut self, cluster: &Cluster, at: At, selects: Tri, destination: Option<WorkloadId>) {
        let Spot::Rule(direction, index) = at.spot else { return };
        let Some(rule) = cluster.policy(at.policy).rule(direction, index) else { return };
        let allowed = rule_ports(cluster, at, destination).if_so(selects);
        let mut names = NamedPorts::new();
        if destination.is_none() {
            for entry in rule.port_list() {
                if let (Some(PortRef::Name(name)), Some(protocol)) =
                    (entry.port.get(), entry.effective_protocol())
                {
                    names.insert((protocol, name.clone()));
                }
            }
        }
        if rule.is_for_everyone() {
            let all = PotentialPeer::EntireCluster;
            self.add((all.clone(), all), &allowed, &names, at);
        }
        for peer in rule.peer_list() {
            let describe = |order| described(cluster, at.policy, peer, order);
            let (Some((who, is_plain)), Some((shown_as, _))) =
                (describe(Order::Sorted), describe(Order::Written))
            else {
                continue;
            };
            if is_plain && !cluster.peer_pods(at.policy, peer).pods.yes.is_empty() {
                self.shown.insert(who.clone());
            }
            self.add((who, shown_as), &allowed, &names, at);
        }
    }

    /// Adds what a rule allows to a peer, which is known by the first of the two and shown as the
    /// second.
    fn add(
        &mut self,
        (who, shown_as): (PotentialPeer, PotentialPeer),
        allowed: &Allowed,
        names: &NamedPorts,
        at: At,
    ) {
        let entry = self.peers.entry(who).or_insert_with(|| Potential {
            peer: shown_as,
            allowed: Allowed::default(),
            names: NamedPorts::new(),
            by: Vec::new(),
        });
        entry.allowed = &entry.allowed | allowed;
        entry.names.extend(names.iter().cloned());
        entry.by.push(at);
        entry.by.dedup();
    }

    /// The peers, each with what is allowed to those who certainly hold it. Who may do no more than
    /// any pod of the cluster is left out, and who is shown as a workload.
    fn finish(self) -> Vec<Potential> {
        let all = self.peers.get(&PotentialPeer::EntireCluster).cloned();
        let mut found = Vec::new();
        for (who, potential) in &self.peers {
            let mut potential = potential.clone();
            for wide in wider(who).iter().filter_map(|wide| self.peers.get(wide)) {
                potential.allowed = &potential.allowed | &wide.allowed;
                potential.names.extend(wide.names.iter().cloned());
                potential.by.extend(&wide.by);
            }
            let is_more = all
                .as_ref()
                .is_none_or(|all| all.allowed != potential.allowed || all.names != potential.names);
            let is_all = *who == PotentialPeer::EntireCluster;
            let is_something = !potential.allowed.is_nothing() || !potential.names.is_empty();
            if is_something && (is_all || (is_more && !self.shown.contains(who))) {
                potential.by.sort_unstable();
                potential.by.dedup();
                found.push(potential);
            }
        }
        found
    }
}

/// The order of the values of a list: they mean the same in any.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Order {
    Sorted,
    Written,
}

const ALL_NAMESPACES: &str = "[all namespaces]";
const ALL_PODS: &str = "[all pods]";

/// Those who certainly hold them, and more.
fn wider(who: &PotentialPeer) -> Vec<PotentialPeer> {
    let PotentialPeer::Described { namespaces, pods } = who else { return Vec::new() };
    let mut found = vec![PotentialPeer::EntireCluster];
    let mut add = |namespaces: &str, pods: &str| {
        let wide = PotentialPeer::Described { namespaces: namespaces.into(), pods: pods.into() };
        if wide != *who {
            found.push(wide);
        }
    };
    add(namespaces, ALL_PODS);
    add(ALL_NAMESPACES, pods);
    found
}

/// Who a peer is for, and whether its selectors ask for labels and nothing else. None for addresses
/// and what the API server rejects.
fn described(
    cluster: &Cluster,
    policy: PolicyId,
    peer: &Peer,
    order: Order,
) -> Option<(PotentialPeer, bool)> {
    let is_rejected =
        |field: &Field<Selector>| field.is_wrong() || field.get().is_some_and(Selector::is_refused);
    if peer.wrong
        || !peer.ip_block.is_absent()
        || is_rejected(&peer.pod_selector)
        || is_rejected(&peer.namespace_selector)
    {
        return None;
    }
    let pods = peer.pod_selector.get().filter(|selector| !selector.is_empty());
    let (namespaces, plain_namespaces) = match peer.namespace_selector.get() {
        None if peer.pod_selector.is_absent() => return None,
        None => (cluster.namespace(cluster.home(policy)).name.to_string(), true),
        Some(selector) if selector.is_empty() => (ALL_NAMESPACES.to_owned(), false),
        Some(selector) => match only_name(selector) {
            Some(name) => (name.to_owned(), is_plain(selector)),
            None => {
                (format!("[namespace with {{{}}}]", words(selector, order)), is_plain(selector))
            }
        },
    };
    if namespaces == ALL_NAMESPACES && pods.is_none() {
        return Some((PotentialPeer::EntireCluster, false));
    }
    let is_plain = plain_namespaces && pods.is_some_and(is_plain);
    let pods = match pods {
        None => ALL_PODS.to_owned(),
        Some(selector) => format!("[pod with {{{}}}]", words(selector, order)),
    };
    Some((PotentialPeer::Described { namespaces, pods }, is_plain))
}

/// The one namespace that a selector names.
fn only_name(selector: &Selector) -> Option<&str> {
    match selector.requirements.as_slice() {
        [only] if only.key == NAME_LABEL && only.operator == Operator::In => {
            match only.values.as_slice() {
                [(name, _)] => Some(name),
                _ => None,
            }
        }
        _ => None,
    }
}

fn is_plain(selector: &Selector) -> bool {
    selector.requirements.iter().all(|requirement| requirement.is_label)
}

/// A selector as netpol-analyzer writes it, so that reports can be compared: labels by key, then
/// expressions by key.
fn words(selector: &Selector, order: Order) -> String {
    let mut labels = Vec::new();
    let mut expressions = Vec::new();
    for requirement in &selector.requirements {
        let mut values: Vec<&str> =
            requirement.values.iter().map(|(value, _)| value.as_str()).collect();
        if order == Order::Sorted {
            values.sort_unstable();
        }
        let key = requirement.key.as_str();
        if requirement.is_label {
            labels.push((key, format!("{key}={}", values.join(""))));
            continue;
        }
        let operator = match requirement.operator {
            Operator::In => "In",
            Operator::NotIn => "NotIn",
            Operator::Exists => "Exists",
            Operator::DoesNotExist => "DoesNotExist",
        };
        let values = values.join(" ");
        let text = format!("{{Key:{key},Operator:{operator},Values:[{values}],}}");
        expressions.push((key, text));
    }
    labels.sort();
    expressions.sort_by_key(|(key, _)| *key);
    let all = labels.into_iter().chain(expressions).map(|(_, text)| text);
    all.collect::<Vec<_>>().join(",")
}
