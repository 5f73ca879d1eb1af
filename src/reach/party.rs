//! Who may be at the other end of a connection, where a question is about more than one pod.

use std::net::IpAddr;

use super::sides::SidePeer;
use crate::model::{At, Field, Peer, Requirement, Spot};
use crate::resolve::{
    Cluster, Labelled, NAME_LABEL, NamespaceId, Tri, Why, WorkloadId, World, is_pod_address,
    selects,
};

/// Somebody at the other end of a connection.
#[derive(Clone, Copy)]
pub enum Party<'a> {
    /// The pods of a workload, by number.
    Workload(WorkloadId),
    /// Anybody who is no pod of that namespace: pods of another one, and addresses.
    NotOf(NamespaceId),
    /// Addresses outside the cluster: any of them.
    Addresses,
    /// One address outside the cluster.
    Address(IpAddr),
    /// A pod without labels, in a namespace without labels but its name: whoever only certain pods
    /// let in does not let it in. An ingress controller may be more than that.
    Stranger,
    /// Anybody at all.
    Anybody,
    /// Where the API server calls from: its own address, or an agent on the nodes that it reaches
    /// them through (`konnectivity-agent` in `kube-system`, which GKE and AKS run).
    ApiServer,
    /// Pods of one namespace that a selector may mean, as the function says of its requirements on
    /// their labels.
    Meant(NamespaceId, &'a dyn Fn(&[&Requirement]) -> bool),
}

impl Party<'_> {
    /// Whether it may be pods that are not looked at one by one.
    pub(super) fn may_be_pods(self) -> bool {
        matches!(self, Self::NotOf(_) | Self::Stranger | Self::Anybody | Self::Meant(..))
    }

    /// Whether a peer of the rule at that place means one of them.
    pub(super) fn is_meant(self, cluster: &Cluster, rule: At, peer: &SidePeer) -> Tri {
        match (self, peer) {
            (Party::Workload(number), SidePeer::Pods(_, means)) => {
                let meant = if means.pods.yes.contains(number) {
                    Tri::Yes
                } else if means.pods.maybe.contains(number) {
                    Tri::Unknown(Why::LabelsNotShown)
                } else {
                    return Tri::No;
                };
                // Its packets carry the node's address, which no selector knows on most plugins.
                match (cluster.workload(number).workload.host_network, cluster.world) {
                    (false, _) => meant,
                    (true, World::Open) => meant.at_most_unknown(Why::HostNetwork),
                    (true, World::Closed) => Tri::No,
                }
            }
            (Party::Workload(_), SidePeer::Block(cidr, except)) => match cluster.world {
                World::Open => is_pod_address(*cidr, except, &cluster.settings.pod_ranges),
                World::Closed => Tri::No,
            },
            (Party::NotOf(home), SidePeer::Pods(_, means)) => {
                let other = means.namespaces.iter().filter(|(number, _)| *number != home);
                let covered = Tri::any(other.map(|(_, covered)| *covered));
                if means.beyond { Tri::Yes } else { covered }
            }
            (Party::Address(address), SidePeer::Block(cidr, except)) => {
                let is_excepted = except.iter().any(|hole| hole.contains(&address));
                (cidr.contains(&address) && !is_excepted).into()
            }
            (Party::ApiServer, SidePeer::Block(cidr, except)) => {
                match cidr.prefix_len() == 0 && except.is_empty() {
                    true => Tri::Yes,
                    false => Tri::Unknown(Why::Cluster),
                }
            }
            (Party::Stranger, SidePeer::Block(..)) => match cluster.world {
                World::Open => Tri::Unknown(Why::AddressInCluster),
                World::Closed => Tri::No,
            },
            (_, SidePeer::Block(..)) | (Party::Anybody, _) => Tri::Yes,
            (Party::Addresses | Party::Address(_), SidePeer::Pods(..)) => Tri::No,
            (Party::Stranger, SidePeer::Pods(index, means)) => {
                let own = peer_at(cluster, rule, *index).map_or(Tri::No, is_for_strangers);
                let home = cluster.home(rule.policy);
                let others = means.namespaces.iter().any(|(number, _)| *number != home);
                match own.is_no() && (others || means.beyond) {
                    true => Tri::Unknown(Why::Cluster),
                    false => own,
                }
            }
            (Party::ApiServer, SidePeer::Pods(index, _)) => {
                peer_at(cluster, rule, *index).map_or(Tri::No, |peer| is_agent(cluster, rule, peer))
            }
            (Party::Meant(home, is_meant), SidePeer::Pods(index, means)) => {
                let covers = means.namespaces.iter().any(|(number, _)| *number == home);
                let is_meant = covers
                    && peer_at(cluster, rule, *index).is_some_and(|peer| {
                        let selector = peer.pod_selector.get();
                        let all = selector.map_or(&[][..], |selector| &selector.requirements);
                        is_meant(&all.iter().collect::<Vec<_>>())
                    });
                is_meant.into()
            }
        }
    }
}

fn peer_at(cluster: &Cluster, rule: At, index: u32) -> Option<&Peer> {
    let Spot::Rule(direction, nth) = rule.spot else { return None };
    cluster.policy(rule.policy).peer(direction, nth, index)
}

/// Something whose labels are partly known.
struct Known {
    labels: &'static [(&'static str, &'static str)],
}

impl Labelled for Known {
    fn value(&self, key: &str) -> Option<&str> {
        self.labels.iter().find(|(known, _)| *known == key).map(|(_, value)| *value)
    }

    fn may_have(&self, _key: &str) -> Option<Why> {
        Some(Why::Cluster)
    }
}

/// The namespace and the pods of the agent.
const AGENT_NAMESPACE: Known = Known { labels: &[(NAME_LABEL, "kube-system")] };
const AGENT: Known = Known { labels: &[("k8s-app", "konnectivity-agent")] };

/// What a pod without labels has, and its namespace.
const NOTHING: Closed = Closed { named: false };
const NAMESPACE: Closed = Closed { named: true };

/// Something without labels, but for the name of a namespace, which may be any.
struct Closed {
    named: bool,
}

impl Labelled for Closed {
    fn value(&self, _key: &str) -> Option<&str> {
        None
    }

    fn may_have(&self, key: &str) -> Option<Why> {
        (self.named && key == NAME_LABEL).then_some(Why::Cluster)
    }
}

/// Whether a peer means a pod without labels in another namespace.
fn is_for_strangers(peer: &Peer) -> Tri {
    let Some(namespaces) = peer.namespace_selector.get() else { return Tri::No };
    let pods = peer.pod_selector.get().map_or(Tri::Yes, |selector| selects(selector, &NOTHING));
    selects(namespaces, &NAMESPACE) & pods
}

/// Whether a peer means the API server's agent, or the API server's own namespace on OpenShift
/// (whose network plugin matches pods on the node's network by it, or by its policy group).
fn is_agent(cluster: &Cluster, rule: At, peer: &Peer) -> Tri {
    let in_namespace = match &peer.namespace_selector {
        Field::Absent => {
            (cluster.namespace(cluster.home(rule.policy)).name == "kube-system").into()
        }
        Field::Wrong(..) => return Tri::Unknown(Why::Refused),
        Field::Given(selector, _) => {
            let names = selector.requirements.iter().flat_map(|requirement| {
                requirement.values.iter().map(|(v, _)| v.as_str()).chain([requirement.key.as_str()])
            });
            let is_apiserver =
                |name: &str| name.contains("apiserver") || name.contains("policy-group");
            if names.into_iter().any(is_apiserver) {
                return Tri::Unknown(Why::Cluster);
            }
            match cluster.namespace_named("kube-system").map(|number| cluster.namespace(number)) {
                Some(shown) => selects(selector, shown),
                None => selects(selector, &AGENT_NAMESPACE),
            }
        }
    };
    let pods = peer.pod_selector.get().map_or(Tri::Yes, |selector| selects(selector, &AGENT));
    in_namespace & pods
}
