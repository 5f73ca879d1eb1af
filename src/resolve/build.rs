//! Builds a cluster from its members.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::{Arc, OnceLock, RwLock};

use compact_str::CompactString;
use fixedbitset::FixedBitSet;
use ipnet::IpNet;

use super::cluster::{Cluster, WorkloadPlace, World};
use super::elsewhere::Elsewhere;
use super::group::Groups;
use super::known::{Profile, WellKnown, is_dns_port};
use super::network::{self, Network, Plugin};
use super::places::{Namespace, Open, is_system};
use super::postings::Postings;
use super::workload_id::{NamespaceId, WorkloadId};
use crate::bundle::ObjectId;
use crate::model::cilium::CiliumSettings;
use crate::model::tiered::{PolicyKind, TieredPolicy};
use crate::model::{AddressRange, Body, Label, Object, PolicyId, is_placeholder};

/// The namespace of objects without one, if nothing else sets it (kubectl's own default).
pub const DEFAULT_NAMESPACE: &str = "default";

/// How to resolve.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Open for linting, closed for the engine's commands.
    pub world: World,
    /// The kind of cluster; `None` to detect it from the manifests.
    pub profile: Option<Profile>,
    /// The namespace of objects without one; `None` for kubectl's own default.
    pub default_namespace: Option<CompactString>,
    /// The addresses that the cluster's pods get.
    pub pod_ranges: Vec<IpNet>,
    /// The addresses that the cluster's Services get.
    pub service_ranges: Vec<IpNet>,
    /// Pods that are not in the repository.
    pub well_known: Vec<WellKnown>,
    /// What enforces policies; none to detect it from the manifests.
    pub plugin: Option<Plugin>,
}

/// For linting, without knowledge of the cluster.
impl Default for Settings {
    fn default() -> Self {
        Self {
            world: World::Open,
            profile: None,
            default_namespace: None,
            pod_ranges: Vec::new(),
            service_ranges: Vec::new(),
            well_known: Vec::new(),
            plugin: None,
        }
    }
}

/// What a cluster consists of.
#[derive(Clone, Debug)]
pub struct Members {
    /// The cluster's name.
    pub name: String,
    /// Whether it is in a directory of tests or examples.
    pub is_trial: bool,
    /// Indices of its objects, ascending.
    pub objects: Vec<ObjectId>,
    /// Indices of the objects in files that are reported on.
    pub reported: Arc<FixedBitSet>,
    /// The rest of the repository; `None` if there is nothing but the members.
    pub elsewhere: Option<Elsewhere>,
}

impl Settings {
    /// The namespace of objects without one.
    pub fn default_namespace(&self) -> &str {
        self.default_namespace.as_deref().unwrap_or(DEFAULT_NAMESPACE)
    }
}

impl Cluster {
    /// Resolves `members` among `objects`, which are in the order of their places in the sources.
    pub fn build(objects: Arc<Vec<Object>>, members: Members, settings: Settings) -> Self {
        let namespaces = namespaces(&objects, &members.objects, &settings);
        let by_name: HashMap<CompactString, NamespaceId> = NamespaceId::numbered(&namespaces)
            .map(|(number, namespace)| (namespace.name.clone(), number))
            .collect();
        let profile = settings.profile.unwrap_or_else(|| {
            Profile::detect(members.objects.iter().map(|&id| &objects[id.position()]))
        });
        let plugin = settings
            .plugin
            .or_else(|| network::detect(members.objects.iter().map(|&id| &objects[id.position()])))
            .or_else(|| members.elsewhere.as_ref()?.plugin());
        let configs = members.elsewhere.iter().flat_map(Elsewhere::cluster_configs);
        let described = described(&objects, members.objects.iter().copied().chain(configs));
        let mut cluster = Self {
            described,
            name: members.name,
            is_trial: members.is_trial,
            world: settings.world,
            profile,
            settings,
            objects,
            namespaces,
            by_name,
            namespace_labels: HashMap::new(),
            unsure_namespaces: Vec::new(),
            workloads: Vec::new(),
            policies: Vec::new(),
            homes: Vec::new(),
            reported: members.reported,
            services: BTreeMap::new(),
            service_names: HashMap::new(),
            callers: Vec::new(),
            access: Vec::new(),
            service_labels: HashMap::new(),
            service_addresses: BTreeMap::new(),
            postings: Postings::default(),
            groups: Groups::default(),
            tiered: Vec::new(),
            checked: Vec::new(),
            foreign: Vec::new(),
            network: Network::default(),
            plugin,
            other_policies: FixedBitSet::new(),
            other_policy_everywhere: false,
            elsewhere: members.elsewhere,
            has_deployer: false,
            resolvers: Vec::new(),
            dns_cache: None,
            covered: RwLock::default(),
            peers: RwLock::default(),
            trigrams: RwLock::default(),
            selections: OnceLock::new(),
            own_labels: OnceLock::new(),
        };
        cluster.other_policies.grow(cluster.namespaces.len());
        cluster.enter(&members.objects);
        cluster.set_up_cilium(&members.objects);
        cluster.number_namespaces();
        cluster.number_workloads();
        cluster.find_foreign();
        cluster.open_places();
        cluster.groups = Groups::build(&cluster);
        cluster
    }

    /// Finds out how Cilium is set up: as the members have it, else as the rest of the repository has.
    fn set_up_cilium(&mut self, members: &[ObjectId]) {
        let own =
            members.iter().filter_map(|id| network::cilium_settings(&self.objects[id.position()]));
        let elsewhere = || self.elsewhere.as_ref().and_then(Elsewhere::cilium);
        self.network.cilium = CiliumSettings::common(own).or_else(elsewhere);
    }

    /// Adds every member to the list for its kind.
    fn enter(&mut self, members: &[ObjectId]) {
        let objects = Arc::clone(&self.objects);
        for &id in members {
            let Object { head, body, .. } = &objects[id.position()];
            let name = self.namespace_name_of(head).to_owned();
            let Some(namespace) = self.namespace_named(&name) else {
                continue;
            };
            match body {
                Body::Policy(_) => {
                    self.policies.push(PolicyId::of(id));
                    self.homes.push(namespace);
                    self.namespaces[namespace.position()].policies.push(PolicyId::of(id));
                }
                Body::Workloads(list) => {
                    let place = |nth| WorkloadPlace { namespace, object: id, nth };
                    self.workloads.extend((0..list.len()).map(place));
                }
                Body::Service(service) => {
                    self.services.entry(namespace).or_default().push(id);
                    self.service_names.insert((namespace, head.name.clone()), id);
                    if let Some(Label { key, value, .. }) = service.selector.first() {
                        let label = (namespace, key.clone(), value.clone());
                        self.service_labels.entry(label).or_default().push(id);
                    }
                    for (address, _) in &service.cluster_ips {
                        self.service_addresses.entry(*address).or_insert(id);
                    }
                }
                Body::Tiered(policy) => self.enter_tiered(id, namespace, policy),
                Body::Network(entry) => {
                    if !entry.refusals.is_empty() {
                        self.checked.push(id);
                    }
                    self.network.enter(id, head, &name, &entry.object);
                }
                Body::OtherPolicy(policy) if policy.cluster_wide => {
                    self.other_policy_everywhere = true;
                }
                Body::OtherPolicy(_) => self.other_policies.insert(namespace.position()),
                Body::Deployer(_) => self.has_deployer = true,
                Body::Caller(_) | Body::Monitor(_) => self.callers.push(id),
                Body::Role(_) | Body::Binding(_) | Body::NoToken => self.access.push(id),
                Body::PodMaker
                | Body::Namespace(_)
                | Body::ClusterConfig(_)
                | Body::Templates(_)
                | Body::Unread(_)
                | Body::GitSource(_)
                | Body::TestCase(_)
                | Body::Other => {}
            }
        }
    }

    /// Enters a policy of another kind: its pods are unknown where nobody can tell whether it is
    /// evaluated.
    fn enter_tiered(&mut self, id: ObjectId, namespace: NamespaceId, policy: &TieredPolicy) {
        self.checked.push(id);
        if policy.kind == PolicyKind::CalicoStaged {
            return;
        }
        match self.evaluates(policy.kind) {
            Some(true) => self.tiered.push(PolicyId::of(id)),
            Some(false) => {}
            None if policy.kind.is_cluster_wide() => self.other_policy_everywhere = true,
            None => self.other_policies.insert(namespace.position()),
        }
    }

    /// Finds the policies of other kinds, in other bundles, that may select pods of this cluster.
    fn find_foreign(&mut self) {
        let Some(elsewhere) = &self.elsewhere else { return };
        let is_tiered = |id: &ObjectId| match &self.object(*id).body {
            Body::Tiered(policy) => {
                policy.kind != PolicyKind::CalicoStaged
                    && self.evaluates(policy.kind) != Some(false)
            }
            _ => false,
        };
        let namespaces = self.namespaces.iter();
        let beside = namespaces.flat_map(|namespace| elsewhere.objects_in(&namespace.name));
        let clusterwide = elsewhere.clusterwide().map(PolicyId::object);
        let mut found: Vec<PolicyId> =
            beside.chain(clusterwide).filter(is_tiered).map(PolicyId::of).collect();
        found.sort_unstable();
        found.dedup();
        self.foreign = found;
    }

    /// Indexes the labels of the namespaces.
    fn number_namespaces(&mut self) {
        for (number, namespace) in NamespaceId::numbered(&self.namespaces) {
            let mut values = namespace.labels.iter().map(|label| &label.value);
            if namespace.labels_unsure || values.any(|value| is_placeholder(value)) {
                self.unsure_namespaces.push(number);
            }
            for label in &namespace.labels {
                let label = (label.key.clone(), label.value.clone());
                self.namespace_labels.entry(label).or_default().push(number);
            }
        }
    }

    /// Sorts the workloads by namespace, so that each namespace is a range of numbers, and
    /// indexes their labels.
    fn number_workloads(&mut self) {
        self.workloads.sort_by_key(|place| (place.namespace, place.object, place.nth));
        let mut start = 0;
        for (at, namespace) in self.namespaces.iter_mut().enumerate() {
            let is_here = |place: &&WorkloadPlace| place.namespace == NamespaceId::at(at);
            let end = start + self.workloads[start..].iter().take_while(is_here).count();
            namespace.workloads = WorkloadId::at(start)..WorkloadId::at(end);
            start = end;
        }
        let (mut postings, mut resolvers) = (Postings::default(), Vec::new());
        let (mut dns_cache, mut shows_addresses) = (None, false);
        for number in self.workload_ids() {
            let workload = self.workload(number).workload;
            postings.add(number, workload);
            shows_addresses |= !workload.addresses.is_empty();
            if workload.ports.iter().any(|port| is_dns_port(port.number)) {
                resolvers.push(number);
            }
            if workload.dns_cache.is_some() {
                dns_cache.get_or_insert(number);
            }
        }
        self.dns_cache = dns_cache;
        self.network.shows_addresses = shows_addresses;
        (self.postings, self.resolvers) = (postings, resolvers);
    }

    fn open_places(&mut self) {
        for namespace in &mut self.namespaces {
            let name = namespace.name.as_str();
            namespace.open = if is_placeholder(name) {
                Some(Open::Placeholder)
            } else if is_system(name) {
                Some(Open::System)
            } else if namespace.workloads.is_empty() {
                Some(Open::NoWorkloads)
            } else {
                self.elsewhere.as_ref().and_then(|elsewhere| elsewhere.why_open(name)).cloned()
            };
        }
    }
}

/// The address ranges in the cluster configurations among those objects.
fn described(objects: &[Object], ids: impl Iterator<Item = ObjectId>) -> Vec<AddressRange> {
    ids.filter_map(|id| match &objects[id.position()].body {
        Body::ClusterConfig(config) => Some(&config.ranges),
        _ => None,
    })
    .flatten()
    .copied()
    .collect()
}

/// The namespaces that the members mention, sorted by name, with their known labels.
fn namespaces(objects: &[Object], members: &[ObjectId], settings: &Settings) -> Vec<Namespace> {
    let mut found: BTreeMap<CompactString, Namespace> = BTreeMap::new();
    let mut mention = |name: &str, explicit: bool| -> CompactString {
        let name = CompactString::new(name);
        let entry = found.entry(name.clone()).or_insert_with(|| Namespace {
            name: name.clone(),
            object: None,
            labels: Vec::new(),
            labels_unsure: settings.world == World::Open,
            workloads: Range::default(),
            policies: Vec::new(),
            open: None,
            implicit: true,
        });
        entry.implicit &= !explicit;
        name
    };
    let mut shown = Vec::new();
    for &id in members {
        let Object { head, body, .. } = &objects[id.position()];
        if let Body::Namespace(namespace) = body {
            shown.push((mention(&head.name, true), id, namespace));
        }
        // A configured default namespace is where such objects are deployed.
        let explicit = head.namespace.is_some() || settings.default_namespace.is_some();
        mention(head.namespace.as_deref().unwrap_or(settings.default_namespace()), explicit);
        if let Body::Deployer(deployer) = body
            && let Some(target) = &deployer.namespace
        {
            mention(target, true);
        }
    }
    for pod in &settings.well_known {
        mention(&pod.namespace, true);
    }
    for (name, id, object) in shown {
        if let Some(namespace) = found.get_mut(&name) {
            namespace.object = Some(id);
            namespace.labels = object.labels.clone();
            namespace.labels_unsure = object.labels_unsure;
        }
    }
    found.into_values().collect()
}
