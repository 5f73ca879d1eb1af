//! Objects by their own labels, as opposed to the labels of their pods.

use std::collections::HashMap;

use compact_str::CompactString;

use super::cluster::Cluster;
use super::workload_id::{NamespaceId, WorkloadId};
use crate::bundle::{Head, ObjectId};
use crate::model::{Label, Requirement, Service};

/// Workloads and Services by namespace and own label.
#[derive(Debug, Default)]
pub(super) struct OwnLabels {
    by_label: HashMap<(NamespaceId, CompactString, CompactString), Bearers>,
}

/// The workloads, by number, and the Services, as objects, that have a label; ascending.
#[derive(Debug, Default)]
struct Bearers {
    workloads: Vec<WorkloadId>,
    services: Vec<ObjectId>,
}

impl OwnLabels {
    fn of(cluster: &Cluster) -> Self {
        let mut found = Self::default();
        for (namespace, it) in NamespaceId::numbered(cluster.namespaces()) {
            for number in WorkloadId::all(&it.workloads) {
                for label in &cluster.workload(number).workload.own_labels {
                    found.bearers(namespace, label).workloads.push(number);
                }
            }
            for id in cluster.services.get(&namespace).into_iter().flatten() {
                let labels = cluster.service(*id).map(|(_, service)| service.own_labels.as_slice());
                for label in labels.unwrap_or_default() {
                    found.bearers(namespace, label).services.push(*id);
                }
            }
        }
        found
    }

    fn bearers(&mut self, namespace: NamespaceId, label: &Label) -> &mut Bearers {
        let key = (namespace, label.key.clone(), label.value.clone());
        self.by_label.entry(key).or_default()
    }
}

impl Cluster {
    /// The workloads and the Services in a namespace whose own metadata has a label with one of the
    /// values of a requirement, in their order.
    pub fn labelled_themselves(
        &self,
        namespace: NamespaceId,
        requirement: &Requirement,
    ) -> (Vec<WorkloadId>, Vec<(&Head, &Service)>) {
        let own = self.own_labels.get_or_init(|| OwnLabels::of(self));
        let of = |value: &CompactString| {
            own.by_label.get(&(namespace, requirement.key.clone(), value.clone()))
        };
        let bearers: Vec<&Bearers> =
            requirement.values.iter().filter_map(|(value, _)| of(value)).collect();
        let services = all(&bearers, |bearers| &bearers.services);
        let services = services.into_iter().filter_map(|id| self.service(id)).collect();
        (all(&bearers, |bearers| &bearers.workloads), services)
    }
}

/// All in those lists, ascending.
fn all<T: Copy + Ord>(bearers: &[&Bearers], list: impl Fn(&Bearers) -> &[T]) -> Vec<T> {
    let mut found: Vec<T> = bearers.iter().flat_map(|it| list(it)).copied().collect();
    found.sort_unstable();
    found.dedup();
    found
}
