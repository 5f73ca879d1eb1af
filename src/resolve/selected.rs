//! The pods that policies and selectors select.

use super::cluster::Cluster;
use super::pods::{Pods, Subject};
use super::select::selects;
use super::tri::{Tri, Why};
use super::workload_id::{NamespaceId, WorkloadId};
use crate::bundle::Head;
use crate::model::{PolicyId, Selector};

impl Cluster {
    /// The workloads that `spec.podSelector` of a policy selects.
    pub fn selected(&self, policy: PolicyId) -> &Pods {
        &self.group(self.group_of(policy)).pods
    }

    /// The pods whose traffic a policy decides: the workloads that it selects, or, if the
    /// repository shows none that it certainly selects, its pods as its selector describes them.
    /// Empty if it certainly selects nothing.
    pub fn subjects(&self, policy: PolicyId) -> Vec<Subject> {
        let selected = self.selected(policy);
        if selected.is_none() && self.namespace(self.home(policy)).open.is_none() {
            return Vec::new();
        }
        if selected.yes.is_empty() {
            return vec![Subject::PodsOf(policy)];
        }
        selected.yes.iter().map(Subject::Workload).collect()
    }

    /// The pods in one namespace, by number, that a selector selects. `None` selects all.
    pub fn pods_in(&self, namespace: NamespaceId, selector: Option<&Selector>) -> Pods {
        let within = self.namespace(namespace).workloads.clone();
        let well_known = self.well_known_in(&[(namespace, Tri::Yes)], selector);
        let mut pods = Pods { well_known, ..Pods::default() };
        match selector.filter(|selector| !selector.is_empty()) {
            None if within.is_empty() => {}
            None => pods.yes.extend([WorkloadId::inclusive(&within)]),
            Some(selector) => {
                let candidates = match self.postings.ruled_out(selector, &within) {
                    Some(out) if !within.is_empty() => {
                        pods.yes.extend([WorkloadId::inclusive(&within)]);
                        pods.remove(out.workloads.iter().chain(&out.unsure));
                        out.unsure
                    }
                    _ => self.postings.candidates(selector, &within),
                };
                for number in candidates {
                    pods.add(number, selects(selector, self.workload(number).workload));
                }
            }
        }
        pods
    }

    /// The pods that a selector selects in any namespace.
    pub fn pods_anywhere(&self, selector: &Selector) -> Pods {
        let mut pods = Pods::default();
        for number in self.postings.candidates(selector, &self.all_workloads()) {
            pods.add(number, selects(selector, self.workload(number).workload));
        }
        pods
    }

    /// Whether a policy selects those pods.
    pub fn policy_selects(&self, policy: PolicyId, subject: Subject) -> Tri {
        match subject {
            Subject::Workload(number) => {
                let selected = self.selected(policy);
                if selected.yes.contains(number) {
                    Tri::Yes
                } else if selected.maybe.contains(number) {
                    Tri::Unknown(Why::LabelsNotShown)
                } else {
                    Tri::No
                }
            }
            Subject::PodsOf(other) if other == policy => Tri::Yes,
            Subject::PodsOf(other) if self.home(other) != self.home(policy) => Tri::No,
            Subject::PodsOf(other) => {
                let wide = &self.policy(policy).pod_selector;
                let narrow = &self.policy(other).pod_selector;
                if wide.is_wrong() || narrow.is_wrong() {
                    return Tri::Unknown(Why::Refused);
                }
                super::covers(wide.get(), narrow.get())
            }
        }
    }

    /// The number of the namespace of those pods.
    pub fn namespace_of(&self, subject: Subject) -> NamespaceId {
        match subject {
            Subject::Workload(number) => self.workloads[number.position()].namespace,
            Subject::PodsOf(policy) => self.home(policy),
        }
    }

    /// A workload in the rest of the repository that a selector certainly selects.
    pub fn selected_elsewhere(&self, selector: &Selector) -> Option<&Head> {
        let (id, _) = self.elsewhere.as_ref()?.selected(selector).next()?;
        Some(self.head(id))
    }
}
