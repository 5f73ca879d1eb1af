//! The pods that policies of the kinds beside NetworkPolicy select.

use fixedbitset::FixedBitSet;

use super::cluster::Cluster;
use super::network::Plugin;
use super::party::{Asker, Party};
use super::pods::{Pods, Subject};
use super::segments::SegmentTree;
use super::tri::{Tri, Why};
use super::workload_id::{NamespaceId, WorkloadId, numbers};
use crate::model::cilium::Enforcement;
use crate::model::tiered::{Closes, PodTerm};
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
    specs: Vec<(SpecId, Pods)>,
    selecting: SegmentTree,
    /// The namespaces that some spec may select pods in, by number.
    touched: FixedBitSet,
}

impl Selections {
    fn of(cluster: &Cluster) -> Self {
        let mut specs = Vec::new();
        let mut touched = FixedBitSet::with_capacity(cluster.namespaces().len());
        for &policy in cluster.tiered() {
            let Some(of) = cluster.tiered_policy(policy) else { continue };
            for (spec, selecting) in of.specs.iter().enumerate() {
                let asker = cluster.asker(policy);
                let pods = match selecting.is_for_nodes {
                    true => Pods::default(),
                    false => {
                        let namespaces = cluster.term_namespaces(asker, &selecting.subject);
                        touched.extend(namespaces.into_iter().map(|number| number.position()));
                        cluster.term_pods(asker, &selecting.subject)
                    }
                };
                specs.push((SpecId { policy, spec }, pods));
            }
        }
        let mut selecting = SegmentTree::new(cluster.workload_count() as u32);
        for (number, (_, pods)) in (0u32..).zip(&specs) {
            for range in pods.yes.ranges().chain(pods.maybe.ranges()) {
                selecting.add(numbers(range), number);
            }
        }
        Self { specs, selecting, touched }
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
        let selections = self.selections();
        let mut found: Vec<(SpecId, Tri)> = selections
            .selecting
            .at(workload.number())
            .map(|number| {
                let (id, pods) = &selections.specs[number as usize];
                let selects = match pods.yes.contains(workload) {
                    true => Tri::Yes,
                    false => Tri::Unknown(Why::LabelsNotShown),
                };
                (*id, selects)
            })
            .collect();
        found.sort_unstable_by_key(|(id, _)| *id);
        found
    }

    /// The workloads that a spec selects.
    pub fn spec_pods(&self, id: SpecId) -> &Pods {
        let specs = &self.selections().specs;
        let at = specs.partition_point(|(known, _)| *known < id);
        &specs[at].1
    }

    /// The specs of other bundles of the repository that may select a workload: whether they are
    /// applied beside this cluster is not known.
    pub fn foreign_specs(&self, workload: WorkloadId) -> Vec<(SpecId, Tri)> {
        let party = Party::Workload(workload);
        if self.workload(workload).workload.host_network {
            return Vec::new();
        }
        let mut found = Vec::new();
        for &policy in &self.foreign {
            let Some(of) = self.tiered_policy(policy) else { continue };
            for (spec, written) in of.specs.iter().enumerate().filter(|(_, s)| !s.is_for_nodes) {
                let selects = self.term_holds(self.asker(policy), &written.subject, &party);
                if !selects.is_no() {
                    found.push((SpecId { policy, spec }, selects));
                }
            }
        }
        found
    }

    /// Whether more than Kubernetes' own policies decides for a workload's pods.
    pub fn is_tiered(&self, workload: WorkloadId) -> bool {
        let is_isolated_by_default = || {
            self.plugin == Some(Plugin::Cilium) && self.cilium().enforcement != Enforcement::Default
        };
        !self.specs_selecting(workload).is_empty()
            || !self.foreign_specs(workload).is_empty()
            || is_isolated_by_default()
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
