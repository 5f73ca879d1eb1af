//! The cluster: objects that run together, and which of them selectors match.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::ops::Range;
use std::sync::{Arc, OnceLock, RwLock};

use compact_str::CompactString;
use fixedbitset::FixedBitSet;

use super::build::Settings;
use super::elsewhere::Elsewhere;
use super::group::{GroupId, Groups, PolicyGroup};
use super::known::Profile;
use super::own_labels::OwnLabels;
use super::peers::{Covered, PeerKey, Requires};
use super::places::Namespace;
use super::pods::Pods;
use super::postings::Postings;
use super::tiered::Selections;

use super::network::{Network, Plugin};
use super::trigrams::Trigrams;
use super::workload_id::{NamespaceId, WorkloadId};
use crate::bundle::{Head, ObjectId, Write, Writer};
use crate::model::tiered::{Expr, PodTerm, Scope, TieredPolicy};
use crate::model::{
    AddressRange, At, Body, Field, Object, Policy, PolicyId, Selector, Spot, Workload,
};
use crate::text::Span;
use crate::yaml::Node;

/// Whether objects may exist that the repository does not show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum World {
    /// For linting: the labels of namespaces that are not shown are unknown, and so is whether an
    /// `ipBlock` matches a pod.
    Open,
    /// For the engine's own commands: a namespace that is not shown has only its name label, and an
    /// `ipBlock` matches no pod.
    Closed,
}

/// One workload of a cluster.
#[derive(Clone, Copy, Debug)]
pub struct WorkloadRef<'a> {
    /// Its number.
    pub number: WorkloadId,
    /// Its object's head.
    pub head: &'a Head,
    /// The workload.
    pub workload: &'a Workload,
    /// Its namespace.
    pub namespace: &'a Namespace,
}

/// Where a workload is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct WorkloadPlace {
    pub(super) namespace: NamespaceId,
    pub(super) object: ObjectId,
    /// Its position in the object: a List-like object has several.
    pub(super) nth: usize,
}

/// Bundles that run together, resolved.
#[derive(Debug)]
pub struct Cluster {
    /// Its name, for the findings' `bundles`.
    pub name: String,
    /// Whether it is in a directory of tests or examples, whose files are applied one by one.
    pub is_trial: bool,
    /// Open for linting, closed for the engine's commands.
    pub world: World,
    /// Where its DNS runs.
    pub profile: Profile,
    /// What else the configuration says about it.
    pub settings: Settings,
    /// The address ranges in cluster configurations that the repository shows.
    pub described: Vec<AddressRange>,
    pub(super) objects: Arc<Vec<Object>>,
    pub(super) namespaces: Vec<Namespace>,
    pub(super) by_name: HashMap<CompactString, NamespaceId>,
    /// Namespaces by the labels that the repository shows.
    pub(super) namespace_labels: HashMap<(CompactString, CompactString), Vec<NamespaceId>>,
    /// Namespaces that may have other labels.
    pub(super) unsure_namespaces: Vec<NamespaceId>,
    /// Sorted by namespace.
    pub(super) workloads: Vec<WorkloadPlace>,
    pub(super) policies: Vec<PolicyId>,
    /// The namespace number of each policy, parallel to `policies`.
    pub(super) homes: Vec<NamespaceId>,
    pub(super) reported: Arc<FixedBitSet>,
    /// Services by namespace number.
    pub(super) services: BTreeMap<NamespaceId, Vec<ObjectId>>,
    /// Services by namespace number and name.
    pub(super) service_names: HashMap<(NamespaceId, CompactString), ObjectId>,
    /// Objects that have Services or pods called: indices among the objects, ascending.
    pub(super) callers: Vec<ObjectId>,
    /// Roles, what gives them, and ServiceAccounts without a token.
    pub(super) access: Vec<ObjectId>,
    /// Services by namespace and the first label that they select.
    pub(super) service_labels: HashMap<(NamespaceId, CompactString, CompactString), Vec<ObjectId>>,
    /// Services by the address that they request.
    pub(super) service_addresses: BTreeMap<IpAddr, ObjectId>,
    pub(super) postings: Postings<WorkloadId>,
    /// Policies that select the same pods, and the pods that they select.
    pub(super) groups: Groups,
    /// The policies of other kinds that are evaluated, as indices among the objects, ascending.
    pub(super) tiered: Vec<PolicyId>,
    /// Such policies of other bundles of the repository that may select pods of this cluster.
    pub(super) foreign: Vec<PolicyId>,
    /// The same with those that are not, and the objects that they refer to.
    pub(super) checked: Vec<ObjectId>,
    /// Whom policies match beside pods and Services.
    pub(super) network: Network,
    /// The network plugin, where it is known.
    pub plugin: Option<Plugin>,
    /// Namespaces by number that have a policy of a kind that is not evaluated.
    pub(super) other_policies: FixedBitSet,
    /// Whether such a policy selects pods in every namespace.
    pub(super) other_policy_everywhere: bool,
    /// The rest of the repository.
    pub(super) elsewhere: Option<Elsewhere>,
    /// Whether one of its objects deploys directories or charts.
    pub(super) has_deployer: bool,
    /// Workloads that declare a port that a DNS server listens on, by number, ascending.
    pub(super) resolvers: Vec<WorkloadId>,
    /// A workload that is NodeLocal DNSCache, by number.
    pub(super) dns_cache: Option<WorkloadId>,
    /// The namespaces that namespaceSelectors cover: many peers have the same selector.
    pub(super) covered: RwLock<HashMap<Vec<Requires>, Covered>>,
    /// The pods that peers select: many policies have the same peers.
    pub(super) peers: RwLock<HashMap<PeerKey, Arc<Pods>>>,
    /// The workloads of large namespaces, to find similar names.
    pub(super) trigrams: RwLock<HashMap<NamespaceId, Arc<Trigrams>>>,
    /// What policies of other kinds select.
    pub(super) selections: OnceLock<Selections>,
    /// Objects by their own labels.
    pub(super) own_labels: OnceLock<OwnLabels>,
}

impl Cluster {
    /// The policies, as indices among the objects, in the order of their places in the sources.
    pub fn policies(&self) -> &[PolicyId] {
        &self.policies
    }

    /// Whether findings about that object are reported.
    pub fn is_reported(&self, object: impl Into<ObjectId>) -> bool {
        self.reported.contains(object.into().position())
    }

    /// An object.
    pub fn object(&self, id: impl Into<ObjectId>) -> &Object {
        &self.objects[id.into().position()]
    }

    /// An object's identity.
    pub fn head(&self, object: impl Into<ObjectId>) -> &Head {
        &self.object(object).head
    }

    /// A policy; ids come from [`Cluster::policies`].
    pub fn policy(&self, id: PolicyId) -> &Policy {
        match &self.object(id).body {
            Body::Policy(policy) => policy,
            other => unreachable!("{id:?} is not a NetworkPolicy but {other:?}"),
        }
    }

    /// The policies of the kinds beside NetworkPolicy that are evaluated, as indices among the
    /// objects, in the order of their places.
    pub fn tiered(&self) -> &[PolicyId] {
        &self.tiered
    }

    /// A policy of another kind than NetworkPolicy; ids come from [`Cluster::tiered`].
    pub fn tiered_policy(&self, object: impl Into<ObjectId>) -> Option<&TieredPolicy> {
        match &self.object(object).body {
            Body::Tiered(policy) => Some(policy),
            _ => None,
        }
    }

    /// Whether an object is one of those beside policies whose fields are checked too.
    pub fn is_network_object(&self, object: impl Into<ObjectId>) -> bool {
        matches!(self.object(object).body, Body::Network(_))
    }

    /// The policies of other kinds than NetworkPolicy, evaluated or not, and the objects that they
    /// refer to: what is rejected of them is reported.
    pub fn checked(&self) -> &[ObjectId] {
        &self.checked
    }

    /// The policies among them.
    pub fn checked_policies(&self) -> impl Iterator<Item = PolicyId> {
        let policies = self.checked.iter().filter(|id| self.tiered_policy(**id).is_some());
        policies.map(|id| PolicyId::of(*id))
    }

    /// Whether the namespaces that a selector looks into are all ones that the repository mentions.
    pub fn is_within_shown(&self, term: &PodTerm) -> bool {
        let scoped = match &term.scope {
            Scope::Own => return true,
            Scope::Everywhere | Scope::Global => &Expr::Always,
            Scope::Where(labels, _) => labels,
        };
        let named = [scoped, &term.labels].into_iter().find_map(super::terms::names);
        named.is_some_and(|names| names.iter().all(|name| self.namespace_named(name).is_some()))
    }

    /// Where a rule of a policy of any kind is written, and its field path.
    pub fn place_of(&self, at: At) -> Option<(Span, String)> {
        let Some(policy) = self.tiered_policy(at.policy) else {
            return Some((at.spot.key_span(self.policy(at.policy))?, at.spot.to_string()));
        };
        match at.spot {
            Spot::Statement(number)
            | Spot::StatementPeer(number, _)
            | Spot::StatementPort(number, _) => {
                let rule = policy.rules.get(number as usize)?;
                Some((rule.span, policy.rule_path(number)?))
            }
            _ => {
                let place = policy.specs.first().and_then(|spec| spec.place);
                let head = self.head(at.policy);
                Some((place.map_or(head.name_span, |place| place.key), "spec".to_owned()))
            }
        }
    }

    /// The name of a policy of any kind: `namespace/name` for Kubernetes' own, with the kind, and
    /// the tier where one is named, for the others.
    pub fn policy_name(&self, id: PolicyId) -> String {
        let head = self.head(id);
        let namespace = self.namespace_name_of(head);
        let Some(policy) = self.tiered_policy(id) else {
            return format!("{namespace}/{}", head.name);
        };
        let name = match policy.kind.is_cluster_wide() {
            true => head.name.to_string(),
            false => format!("{namespace}/{}", head.name),
        };
        format!("{name}[{}]", policy.tier_and_kind())
    }

    /// The number of the namespace that a policy of another kind is deployed to; a cluster-wide
    /// one has none, and any number does.
    pub fn home_of_tiered(&self, policy: PolicyId) -> NamespaceId {
        self.namespace_named(self.namespace_name_of(self.head(policy))).unwrap_or_default()
    }

    /// The namespaces, sorted by name.
    pub fn namespaces(&self) -> &[Namespace] {
        &self.namespaces
    }

    /// Their numbers.
    pub fn all_namespaces(&self) -> impl Iterator<Item = NamespaceId> + use<> {
        (0..self.namespaces.len()).map(NamespaceId::at)
    }

    /// The namespace with that number.
    pub fn namespace(&self, number: NamespaceId) -> &Namespace {
        &self.namespaces[number.position()]
    }

    /// The number of the namespace with that name, if anything in the cluster mentions it.
    pub fn namespace_named(&self, name: &str) -> Option<NamespaceId> {
        self.by_name.get(name).copied()
    }

    /// The name of the namespace that an object is deployed to.
    pub fn namespace_name_of<'a>(&'a self, head: &'a Head) -> &'a str {
        head.namespace.as_deref().unwrap_or(self.settings.default_namespace())
    }

    /// The number of the namespace that a policy is deployed to.
    pub fn home(&self, policy: PolicyId) -> NamespaceId {
        self.homes[self.position(policy)]
    }

    /// The position of a policy in [`Cluster::policies`], which ascend.
    fn position(&self, policy: PolicyId) -> usize {
        self.policies.partition_point(|id| *id < policy)
    }

    /// The group of policies that select the same pods as this one.
    pub fn group_of(&self, policy: PolicyId) -> GroupId {
        self.groups.of[self.position(policy)]
    }

    /// A group of policies.
    pub fn group(&self, id: GroupId) -> &PolicyGroup {
        &self.groups.all[id.0 as usize]
    }

    /// The selector of a group of policies, as written in the first of them.
    pub fn group_selector(&self, id: GroupId) -> &Field<Selector> {
        &self.policy(self.group(id).policies[0]).pod_selector
    }

    /// All groups of policies, in the order of the first policy of each.
    pub fn groups(&self) -> &[PolicyGroup] {
        &self.groups.all
    }

    /// The same with their numbers.
    pub fn numbered_groups(&self) -> impl Iterator<Item = (GroupId, &PolicyGroup)> {
        (0u32..).map(GroupId).zip(&self.groups.all)
    }

    /// The groups of policies that select a workload, certainly or possibly, ascending.
    pub fn groups_selecting(&self, workload: WorkloadId) -> Vec<GroupId> {
        self.groups.selecting(workload)
    }

    /// How many workloads there are; they are numbered by namespace.
    pub fn workload_count(&self) -> usize {
        self.workloads.len()
    }

    /// The numbers of all workloads.
    pub fn workload_ids(&self) -> impl ExactSizeIterator<Item = WorkloadId> + Clone + use<> {
        WorkloadId::all(&self.all_workloads())
    }

    /// All workloads.
    pub fn all_workloads(&self) -> Range<WorkloadId> {
        WorkloadId::at(0)..WorkloadId::at(self.workloads.len())
    }

    /// A workload.
    pub fn workload(&self, number: WorkloadId) -> WorkloadRef<'_> {
        let WorkloadPlace { object, nth, namespace } = self.workloads[number.position()];
        let Object { head, body, .. } = self.object(object);
        let Body::Workloads(list) = body else {
            unreachable!("{object:?} is not a workload");
        };
        let namespace = self.namespace(namespace);
        WorkloadRef { number, head, workload: &list[nth], namespace }
    }

    /// The object that contains a workload.
    pub fn object_of(&self, workload: WorkloadId) -> &Object {
        self.object(self.workloads[workload.position()].object)
    }

    /// The object that a workload stands in, as an index among the objects.
    pub fn object_id_of(&self, workload: WorkloadId) -> ObjectId {
        self.workloads[workload.position()].object
    }

    /// Whether more than NetworkPolicies may decide for pods of that namespace: for code that knows
    /// NetworkPolicies only.
    pub fn may_have_other_policies(&self, namespace: NamespaceId) -> bool {
        self.has_unevaluated_policies(namespace) || self.may_have_tiered(namespace)
    }

    /// Whether a policy of a kind that is not evaluated may select pods of that namespace.
    pub fn has_unevaluated_policies(&self, namespace: NamespaceId) -> bool {
        self.other_policy_everywhere || self.other_policies.contains(namespace.position())
    }

    /// Whether an object of the cluster deploys directories (an Argo CD Application, a Flux
    /// Kustomization): it may set the namespace of objects without one.
    pub fn has_deployer(&self) -> bool {
        self.has_deployer
    }

    /// Whether something in the repository that may belong to the cluster is left out: a
    /// kustomization, a chart, a document that can't be read.
    pub fn leaves_things_out(&self) -> bool {
        self.elsewhere.as_ref().is_some_and(Elsewhere::leaves_things_out)
    }

    /// Something in the repository that is not evaluated, and whose name contains one of the
    /// selector's values as a word: the chart `…/kafka`, for `app: kafka`.
    pub fn left_out_with_name(&self, selector: &Selector) -> Option<&str> {
        self.elsewhere.as_ref()?.left_out_with_name(selector)
    }

    /// A workload that a kustomization's `namespace` moved here from the namespace of that name:
    /// its identity, and the place of that `namespace`.
    pub fn moved_from(&self, name: &str) -> Option<(&Head, Span)> {
        self.workloads.iter().find_map(|place| {
            let object = self.object(place.object);
            let writes = object.made.iter().flat_map(|made| &made.writes);
            let moves = |write: &&Write| {
                let before = write.before.as_ref().and_then(Node::as_str);
                write.writer == Writer::Namespace && before == Some(name)
            };
            writes.into_iter().find(moves).map(|write| (&object.head, write.place))
        })
    }

    /// The rest of the repository, without alternatives of this cluster.
    pub fn elsewhere(&self) -> Option<&Elsewhere> {
        self.elsewhere.as_ref()
    }

    /// Whether something in the rest of the repository is deployed to the namespace of that name,
    /// or is that Namespace.
    pub fn is_mentioned_elsewhere(&self, namespace: &str) -> bool {
        self.elsewhere
            .as_ref()
            .is_some_and(|elsewhere| elsewhere.objects_in(namespace).next().is_some())
    }
}
