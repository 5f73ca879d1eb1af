//! The pods that policies of the kinds beside NetworkPolicy select.

use std::borrow::Cow;

use fixedbitset::FixedBitSet;

use super::cluster::Cluster;
use super::network::Plugin;
use super::party::Asker;
use super::pods::{Pods, Subject};
use super::segments::SegmentTree;
use super::tri::{Tri, Why};
use super::workload_id::{NamespaceId, WorkloadId, numbers};
use crate::model::cilium::Enforcement;
use crate::model::tiered::{Closes, Ends, PodTerm};
use crate::model::{Direction, PolicyId};

/// One spec of a policy, by the number of its object and its position there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SpecId {
    /// The policy.
    pub policy: PolicyId,
    /// The position of the spec in it.
    pub spec: usize,
}

/// What the specs of a cluster select; worked out when it is first asked.
#[derive(Debug)]
pub(super) struct Selections {
    own: Specs,
    /// Those of other bundles, which may be applied beside the cluster or not.
    foreign: Specs,
    /// The namespaces that some spec may select pods in, by number.
    touched: FixedBitSet,
}

/// Specs of policies, and the pods that each selects.
#[derive(Debug)]
struct Specs {
    /// In the order of their places.
    pods: Vec<(SpecId, Pods)>,
    selecting: SegmentTree,
}

impl Selections {
    fn of(cluster: &Cluster) -> Self {
        let mut touched = FixedBitSet::with_capacity(cluster.namespaces().len());
        let own = Specs::of(cluster, cluster.tiered(), &mut |namespaces| {
            touched.extend(namespaces.into_iter().map(NamespaceId::position));
        });
        let foreign = Specs::of(cluster, &cluster.foreign, &mut |_| ());
        Self { own, foreign, touched }
    }
}

impl Specs {
    /// Of those policies; `touches` is told the namespaces that each spec may select pods in.
    fn of(
        cluster: &Cluster,
        policies: &[PolicyId],
        touches: &mut dyn FnMut(Vec<NamespaceId>),
    ) -> Self {
        let mut found = Vec::new();
        for &policy in policies {
            let Some(of) = cluster.tiered_policy(policy) else { continue };
            for (spec, selecting) in of.specs.iter().enumerate() {
                let asker = cluster.asker(policy);
                let pods = match selecting.is_for_nodes {
                    true => Pods::default(),
                    false => {
                        touches(cluster.term_namespaces(asker, &selecting.subject));
                        cluster.term_pods(asker, &selecting.subject)
                    }
                };
                found.push((SpecId { policy, spec }, pods));
            }
        }
        let mut selecting = SegmentTree::new(cluster.workload_count() as u32);
        for (number, (_, pods)) in (0u32..).zip(&found) {
            for range in pods.yes.ranges().chain(pods.maybe.ranges()) {
                selecting.add(numbers(range), number);
            }
        }
        Self { pods: found, selecting }
    }

    /// Those that select a workload, surely or perhaps, in the order of their places.
    fn selecting(&self, workload: WorkloadId) -> Vec<(SpecId, Tri)> {
        let spec = |number: u32| {
            let (id, pods) = &self.pods[number as usize];
            let selects = match pods.yes.contains(workload) {
                true => Tri::Yes,
                false => Tri::Unknown(Why::LabelsNotShown),
            };
            (*id, selects)
        };
        let mut found: Vec<(SpecId, Tri)> =
            self.selecting.at(workload.number()).map(spec).collect();
        found.sort_unstable_by_key(|(id, _)| *id);
        found
    }
}

impl Cluster {
    fn selections(&self) -> &Selections {
        self.selections.get_or_init(|| Selections::of(self))
    }

    /// Whose conditions those of a policy of another kind than NetworkPolicy are.
    pub fn asker(&self, policy: PolicyId) -> Asker {
        let kind = self.tiered_policy(policy).map(|policy| policy.kind);
        let home = if kind.is_some() { self.home_of_tiered(policy) } else { self.home(policy) };
        Asker { kind, home, subject: None }
    }

    /// The specs that select a workload, surely or perhaps, in the order of their places.
    pub fn specs_selecting(&self, workload: WorkloadId) -> Vec<(SpecId, Tri)> {
        if self.tiered.is_empty() || self.workload(workload).workload.host_network {
            return Vec::new();
        }
        self.selections().own.selecting(workload)
    }

    /// The workloads that a spec selects.
    pub fn spec_pods(&self, id: SpecId) -> &Pods {
        let specs = &self.selections().own.pods;
        let at = specs.partition_point(|(known, _)| *known < id);
        &specs[at].1
    }

    /// The specs of other bundles of the repository that may select a workload: whether they are
    /// applied beside this cluster is not known.
    pub fn foreign_specs(&self, workload: WorkloadId) -> Vec<(SpecId, Tri)> {
        if self.foreign.is_empty() || self.workload(workload).workload.host_network {
            return Vec::new();
        }
        self.selections().foreign.selecting(workload)
    }

    /// Whether a policy of another kind than NetworkPolicy may select any pod of the cluster.
    pub fn has_tiers(&self) -> bool {
        !self.tiered.is_empty() || !self.foreign.is_empty() || self.isolates_by_default()
    }

    /// What tells the workloads apart that policies of other kinds decide for: the pods that each
    /// spec selects, and those that each rule is restricted to.
    pub fn tiered_pods(&self) -> impl Iterator<Item = Cow<'_, Pods>> {
        let selections = self.selections();
        let specs = selections.own.pods.iter().chain(&selections.foreign.pods);
        let policies = self.tiered.iter().chain(&self.foreign);
        let own = policies.flat_map(move |&policy| {
            let rules = self.tiered_policy(policy).map_or(&[][..], |of| of.rules.as_slice());
            let restricted = rules.iter().filter(|rule| rule.own != Ends::Everyone);
            restricted.map(move |rule| Cow::Owned(self.ends_pods(self.asker(policy), &rule.own)))
        });
        specs.map(|(_, pods)| Cow::Borrowed(pods)).chain(own)
    }

    /// Whether the plugin isolates pods that no policy selects.
    fn isolates_by_default(&self) -> bool {
        self.plugin == Some(Plugin::Cilium) && self.cilium().enforcement != Enforcement::Default
    }

    /// Whether more than Kubernetes' own policies decides for a workload's pods.
    pub fn is_tiered(&self, workload: WorkloadId) -> bool {
        !self.specs_selecting(workload).is_empty()
            || !self.foreign_specs(workload).is_empty()
            || self.isolates_by_default()
    }

    /// Whether more than NetworkPolicies may decide for the pods of a workload: policies of a kind
    /// that is evaluated in tiers, or of one that is not evaluated.
    pub fn is_more_than_network_policies(&self, workload: WorkloadId) -> bool {
        self.is_tiered(workload)
            || self.may_have_other_policies(self.namespace_of(Subject::Workload(workload)))
    }

    /// Whether a policy of another kind than NetworkPolicy may select those pods.
    pub fn may_be_tiered(&self, subject: Subject) -> bool {
        match subject {
            Subject::PodsOf(_) if !self.foreign.is_empty() => true,
            Subject::Workload(number) => self.is_tiered(number),
            _ if self.tiered.is_empty() => false,
            // Of pods that are not shown only the namespace is known.
            Subject::PodsOf(policy) => self.selections().touched[self.home(policy).position()],
        }
    }

    /// Whether a policy of another kind that is evaluated may select pods of a namespace.
    pub(super) fn may_have_tiered(&self, namespace: NamespaceId) -> bool {
        !self.foreign.is_empty()
            || (!self.tiered.is_empty() && self.selections().touched[namespace.position()])
    }

    /// The subject of a spec.
    pub fn spec_subject(&self, id: SpecId) -> Option<&PodTerm> {
        Some(&self.tiered_policy(id.policy)?.specs.get(id.spec)?.subject)
    }

    /// Whether a spec closes a direction for the pods that it selects.
    pub fn spec_closes(&self, id: SpecId, direction: Direction) -> Closes {
        let spec = self.tiered_policy(id.policy).and_then(|policy| policy.specs.get(id.spec));
        spec.map_or(Closes::No, |spec| spec.closes(direction))
    }
}
