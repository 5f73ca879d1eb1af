//! What policies match beside pods and Services, and which network plugin runs.

use std::collections::HashMap;

use compact_str::CompactString;
use ipnet::IpNet;

use super::cluster::Cluster;
use super::party::Asker;
use crate::bundle::{Head, ObjectId};
use crate::model::cilium::CiliumSettings;
use crate::model::tiered::{Evaluator, PolicyKind, Refusal, RefusalKind, TieredPolicy};
use crate::model::{Body, Label, NetworkObject, Object, PolicyId};

/// What enforces policies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Plugin {
    /// Cilium.
    Cilium,
    /// Calico.
    Calico,
    /// Another one, which evaluates the Network Policy API at most.
    Other,
}

impl Plugin {
    /// Its name, as the configuration has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cilium => "cilium",
            Self::Calico => "calico",
            Self::Other => "other",
        }
    }
}

/// Objects of a cluster that policies match, by number of the object.
#[derive(Debug, Default)]
pub struct Network {
    nodes: std::collections::BTreeMap<CompactString, ObjectId>,
    accounts: HashMap<(CompactString, CompactString), ObjectId>,
    slices: HashMap<(CompactString, CompactString), Vec<ObjectId>>,
    sets: Vec<ObjectId>,
    groups: Vec<ObjectId>,
    tiers: HashMap<CompactString, (Option<f64>, bool)>,
    /// Whether nodes may be policed by Calico.
    pub has_host_endpoints: bool,
    /// Settings of Cilium, where they are shown.
    pub cilium: Option<CiliumSettings>,
    /// Whether some pod's address is known.
    pub shows_addresses: bool,
}

/// Where a tier of Calico comes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TierOrder {
    /// Lower first; none last.
    pub order: Option<f64>,
    /// Whether what its policies do not decide goes on to the next tier.
    pub passes: bool,
}

/// The tiers that every cluster with Calico has (api/pkg/apis/projectcalico/v3/tier.go).
const BUILT_IN_TIERS: [(&str, f64, bool); 3] = [
    ("kube-admin", 1_000.0, true),
    ("default", 1_000_000.0, false),
    ("kube-baseline", 10_000_000.0, true),
];

impl Network {
    /// The names of the nodes that are shown, in order.
    pub fn nodes(&self) -> impl Iterator<Item = &CompactString> {
        self.nodes.keys()
    }

    /// Whether a node of that name is shown.
    pub fn has_node(&self, name: &str) -> bool {
        self.nodes.contains_key(name)
    }

    pub(super) fn enter(
        &mut self,
        id: ObjectId,
        head: &Head,
        namespace: &str,
        object: &NetworkObject,
    ) {
        let key = || (CompactString::new(namespace), head.name.clone());
        match object {
            NetworkObject::Node { .. } => {
                self.nodes.insert(head.name.clone(), id);
            }
            NetworkObject::Account { .. } => {
                self.accounts.insert(key(), id);
            }
            NetworkObject::Slice { service, .. } => {
                let key = (CompactString::new(namespace), service.clone());
                self.slices.entry(key).or_default().push(id);
            }
            NetworkObject::Set { .. } => self.sets.push(id),
            NetworkObject::CidrGroup { .. } => self.groups.push(id),
            NetworkObject::Tier { order, passes } => {
                self.tiers.insert(head.name.clone(), (*order, *passes));
            }
            NetworkObject::HostEndpoint => self.has_host_endpoints = true,
            NetworkObject::Cilium(_) | NetworkObject::CalicoInstallation => {}
        }
    }
}

impl Cluster {
    /// What the cluster's policies match beside pods and Services.
    pub fn network(&self) -> &Network {
        &self.network
    }

    fn network_object(&self, id: ObjectId) -> &NetworkObject {
        match &self.object(id).body {
            Body::Network(entry) => &entry.object,
            other => unreachable!("object {id:?} is {other:?}"),
        }
    }

    /// The labels and addresses of a node, as far as it is shown.
    pub fn node(&self, name: &str) -> (&[Label], &[std::net::IpAddr]) {
        match self.network.nodes.get(name).map(|id| self.network_object(*id)) {
            Some(NetworkObject::Node { labels, addresses }) => (labels, addresses),
            _ => (&[], &[]),
        }
    }

    /// The labels of a ServiceAccount, where it is shown.
    pub fn account_labels(&self, namespace: &str, name: &str) -> Option<&[Label]> {
        let key = (CompactString::new(namespace), CompactString::new(name));
        match self.network_object(*self.network.accounts.get(&key)?) {
            NetworkObject::Account { labels } => Some(labels),
            _ => None,
        }
    }

    /// The addresses behind a Service, and their ports, as its EndpointSlices have them.
    pub fn endpoints(
        &self,
        namespace: &str,
        service: &str,
    ) -> impl Iterator<Item = (&[std::net::IpAddr], &[(crate::model::Protocol, u16)])> {
        let key = (CompactString::new(namespace), CompactString::new(service));
        let slices = self.network.slices.get(&key).into_iter().flatten();
        slices.filter_map(|id| match self.network_object(*id) {
            NetworkObject::Slice { addresses, ports, .. } => Some((&**addresses, &**ports)),
            _ => None,
        })
    }

    /// The sets of addresses of Calico: head, labels, addresses, whether it has no namespace.
    pub fn sets(&self) -> impl Iterator<Item = (&Head, &[Label], &[IpNet], bool)> {
        self.network.sets.iter().filter_map(|id| match self.network_object(*id) {
            NetworkObject::Set { labels, nets, is_global } => {
                Some((self.head(*id), &**labels, &**nets, *is_global))
            }
            _ => None,
        })
    }

    /// The CiliumCIDRGroups: name, labels, addresses.
    pub fn cidr_groups(&self) -> impl Iterator<Item = (&str, &[Label], &[IpNet])> {
        self.network.groups.iter().filter_map(|id| match self.network_object(*id) {
            NetworkObject::CidrGroup { labels, nets } => {
                Some((self.head(*id).name.as_str(), &**labels, &**nets))
            }
            _ => None,
        })
    }

    /// Where a tier of Calico comes; none for a tier that nothing shows.
    pub fn tier_order(&self, name: &str) -> Option<TierOrder> {
        let built_in = BUILT_IN_TIERS.iter().find(|(known, ..)| *known == name);
        let built_in =
            built_in.map(|(_, order, passes)| TierOrder { order: Some(*order), passes: *passes });
        built_in.or_else(|| {
            let (order, passes) = *self.network.tiers.get(name)?;
            Some(TierOrder { order, passes })
        })
    }

    /// Settings of Cilium: those that are shown, else its defaults.
    pub fn cilium(&self) -> CiliumSettings {
        self.network.cilium.clone().unwrap_or_default()
    }

    /// Whether a policy is rejected, so that nothing of it is enforced, as this cluster is set up.
    pub fn rejects(&self, policy: &TieredPolicy) -> bool {
        policy.refusals.iter().any(|refusal| self.counts(refusal) && refusal.kind.is_refused())
    }

    /// Whether something is rejected as this cluster is set up.
    pub fn counts(&self, refusal: &Refusal) -> bool {
        refusal.kind != RefusalKind::NodeLabels || !self.cilium().node_labels
    }

    /// Whether policies of a kind are evaluated: yes, no because another plugin runs, and none
    /// where nobody knows which one does.
    pub fn evaluates(&self, kind: PolicyKind) -> Option<bool> {
        match (kind.evaluator(), self.plugin) {
            (Evaluator::NetworkPolicyApi, Some(Plugin::Cilium)) => {
                // Cilium evaluates v1alpha2 (since 1.20), and no AdminNetworkPolicy.
                (kind == PolicyKind::ClusterNetworkPolicy).then_some(true)
            }
            (Evaluator::NetworkPolicyApi, _) => Some(true),
            (_, None) => None,
            (Evaluator::Cilium, Some(plugin)) => Some(plugin == Plugin::Cilium),
            (Evaluator::Calico, Some(plugin)) => Some(plugin == Plugin::Calico),
        }
    }
}

impl Cluster {
    /// The policies of which nobody can tell whether they are evaluated: those of two plugins, where
    /// nothing shows which one runs.
    pub fn undecided(&self) -> impl Iterator<Item = PolicyId> {
        let decided = self.plugin.is_some();
        self.checked_policies().filter(move |id| {
            let kind = self.tiered_policy(*id).map(|policy| policy.kind);
            kind.is_some_and(|kind| {
                !decided && kind != PolicyKind::CalicoStaged && self.evaluates(kind).is_none()
            })
        })
    }
}

/// The plugin that objects show: an installation of it, else the kinds of policies in use. None
/// where they show none, or both.
pub(super) fn detect<'o>(objects: impl Iterator<Item = &'o Object>) -> Option<Plugin> {
    // Installed, and in use.
    let mut shown = [[false; 2]; 2];
    for object in objects {
        if let Some(plugin) = installs(object) {
            shown[0][usize::from(plugin == Plugin::Calico)] = true;
        }
        if let Body::Tiered(policy) = &object.body {
            match policy.kind.evaluator() {
                Evaluator::Cilium => shown[1][0] = true,
                Evaluator::Calico => shown[1][1] = true,
                Evaluator::NetworkPolicyApi => {}
            }
        }
    }
    shown.into_iter().find_map(|which| match which {
        [true, false] => Some(Plugin::Cilium),
        [false, true] => Some(Plugin::Calico),
        _ => None,
    })
}

/// How an object sets up Cilium.
pub(super) fn cilium_settings(object: &Object) -> Option<&CiliumSettings> {
    match &object.body {
        Body::Network(network) => match &network.object {
            NetworkObject::Cilium(settings) => Some(settings),
            _ => None,
        },
        Body::Deployer(deployer) => deployer.cilium.as_ref()?.settings.as_ref(),
        _ => None,
    }
}

/// The plugin that an object is a part of.
fn installs(object: &Object) -> Option<Plugin> {
    let name = object.head.name.as_str();
    match &object.body {
        Body::Network(network) => match network.object {
            NetworkObject::Cilium(_) => Some(Plugin::Cilium),
            NetworkObject::CalicoInstallation => Some(Plugin::Calico),
            _ => None,
        },
        Body::Workloads(_) if object.head.kind == "DaemonSet" => match name {
            "cilium" => Some(Plugin::Cilium),
            "calico-node" => Some(Plugin::Calico),
            _ => None,
        },
        Body::Deployer(deployer) if deployer.cilium.is_some() => Some(Plugin::Cilium),
        Body::Deployer(deployer) => {
            let chart = [
                &["spec", "chart", "spec", "chart"][..],
                &["spec", "chart"],
                &["spec", "source", "chart"],
                &["spec", "chartRef", "name"],
            ];
            let chart = chart.iter().find_map(|route| deployer.tree.at(route)?.as_str())?;
            match chart.rsplit('/').next() {
                Some("tigera-operator" | "calico") => Some(Plugin::Calico),
                _ => None,
            }
        }
        _ => None,
    }
}

/// How a kind of policy reads blocks of addresses against ends inside of the cluster.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Blocks {
    /// By the address.
    Addresses,
    /// They match nothing inside; nodes where Cilium is told so.
    Outside,
    /// It is not defined.
    Undefined,
}

impl Cluster {
    /// How policies of a kind, or NetworkPolicies, read blocks of addresses here.
    pub(super) fn blocks(&self, kind: Option<PolicyKind>) -> Blocks {
        match (kind.map(PolicyKind::evaluator), self.plugin) {
            (Some(Evaluator::Cilium), _) | (None, Some(Plugin::Cilium)) => Blocks::Outside,
            (Some(Evaluator::Calico | Evaluator::NetworkPolicyApi), _)
            | (None, Some(Plugin::Calico)) => Blocks::Addresses,
            (None, _) => Blocks::Undefined,
        }
    }

    /// Whether blocks match no pod with an address of its own.
    pub(super) fn blocks_are_outside(&self, asker: Asker) -> bool {
        self.blocks(asker.kind) == Blocks::Outside
    }
}
