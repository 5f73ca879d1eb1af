//! About how much memory an object takes in a run, with what the stages after this one work out
//! about it. The figures are measured: peak memory of runs on many such objects, divided by their
//! number (64-bit, release build).

use super::tiered::TieredPolicy;
use super::{Body, Direction, NetworkObject, Object, Policy, Selector, Workload};

/// An object of any kind, by number of bytes.
const OBJECT: usize = 600;
/// A policy, its rules and the pods it selects.
const POLICY: usize = 2_000;
/// A peer, and the pods it selects.
const PEER: usize = 2_100;
/// A port of a rule or of a container.
const PORT: usize = 200;
/// A requirement of a selector, or a label.
const REQUIREMENT: usize = 250;
/// A workload.
const WORKLOAD: usize = 1_000;

impl Object {
    /// About how many bytes it takes.
    pub fn memory(&self) -> usize {
        let body = match &self.body {
            Body::Policy(policy) => of_policy(policy),
            Body::Workloads(list) | Body::Templates(list) => list.iter().map(of_workload).sum(),
            Body::Service(service) => (service.ports.len() + service.selector.len()) * REQUIREMENT,
            Body::Namespace(namespace) => namespace.labels.len() * REQUIREMENT,
            Body::Deployer(deployer) => deployer.tree.memory(),
            Body::Tiered(policy) => of_tiered(policy),
            Body::Network(entry) => of_network(&entry.object),
            _ => 0,
        };
        OBJECT + body
    }
}

fn of_policy(policy: &Policy) -> usize {
    let selector = |selector: Option<&Selector>| selector.map_or(0, of_selector);
    let rules = Direction::BOTH.into_iter().flat_map(|direction| policy.rules(direction));
    let rules = rules.map(|rule| {
        let peers = rule.peer_list().iter().map(|peer| {
            PEER + selector(peer.pod_selector.get()) + selector(peer.namespace_selector.get())
        });
        PEER + peers.sum::<usize>() + rule.port_list().len() * PORT
    });
    POLICY + policy.tree.memory() + selector(policy.pod_selector.get()) + rules.sum::<usize>()
}

fn of_tiered(policy: &TieredPolicy) -> usize {
    let rules = policy.rules.iter().map(|rule| {
        let ends = rule.peer.terms().len() + rule.own.terms().len();
        PEER + ends * (PEER + REQUIREMENT) + rule.flow.ports().len() * PORT
    });
    let specs = policy.specs.len() * PEER;
    let refusals = policy.refusals.len() * OBJECT;
    POLICY + policy.tree.memory() + specs + refusals + rules.sum::<usize>()
}

fn of_network(object: &NetworkObject) -> usize {
    match object {
        NetworkObject::Node { labels, addresses } => {
            labels.len() * REQUIREMENT + addresses.len() * PORT
        }
        NetworkObject::Account { labels } => labels.len() * REQUIREMENT,
        NetworkObject::Slice { addresses, ports, .. } => (addresses.len() + ports.len()) * PORT,
        NetworkObject::Set { labels, nets, .. } | NetworkObject::CidrGroup { labels, nets } => {
            labels.len() * REQUIREMENT + nets.len() * PORT
        }
        _ => 0,
    }
}

fn of_selector(selector: &Selector) -> usize {
    let values = selector.requirements.iter().map(|it| it.values.len().max(1));
    values.sum::<usize>() * REQUIREMENT + selector.faults.len() * REQUIREMENT
}

fn of_workload(workload: &Workload) -> usize {
    WORKLOAD + workload.labels.len() * REQUIREMENT + workload.ports.len() * PORT
}
