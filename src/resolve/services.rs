//! Services: which ones send to a workload, which one requests an address, and who calls them.

use std::net::IpAddr;

use compact_str::CompactString;

use super::cluster::Cluster;
use super::pods::Pods;
use super::select::Labelled;
use super::workload_id::{NamespaceId, WorkloadId};
use crate::bundle::{Head, ObjectId};
use crate::model::{BackendPort, Body, JOB_LABELS, Label, Object, Selector, Service, ServicePort};

impl Cluster {
    /// The Services in a namespace with a selector that selects that workload.
    pub fn services_of(&self, workload: WorkloadId) -> impl Iterator<Item = (&Head, &Service)> {
        let target = self.workload(workload).workload;
        let namespace = self.workloads[workload.position()].namespace;
        let labels = target.labels.iter().map(|label| (label.key.as_str(), label.value.as_str()));
        let job = JOB_LABELS.iter().filter_map(|key| Some((*key, target.job_label(key)?)));
        let known = labels.chain(job).filter_map(|(key, value)| {
            self.service_labels.get(&(namespace, key.into(), value.into()))
        });
        let mut found: Vec<ObjectId> = known.flatten().copied().collect();
        found.sort_unstable();
        found.dedup();
        let fits = |label: &Label| target.value(&label.key) == Some(label.value.as_str());
        found
            .into_iter()
            .filter_map(|id| self.service(id))
            .filter(move |(_, service)| service.selector.iter().all(fits))
    }

    pub(super) fn service(&self, id: ObjectId) -> Option<(&Head, &Service)> {
        match &self.object(id).body {
            Body::Service(service) => Some((self.head(id), service)),
            _ => None,
        }
    }

    /// The Service that requests an address.
    pub fn service_at(&self, address: IpAddr) -> Option<(&Head, &Service)> {
        self.service(*self.service_addresses.get(&address)?)
    }

    /// The Services in a namespace.
    pub fn services_in(&self, namespace: NamespaceId) -> impl Iterator<Item = (&Head, &Service)> {
        let services = self.services.get(&namespace).map_or(&[][..], Vec::as_slice);
        services.iter().filter_map(|&id| self.service(id))
    }

    /// All Services, by the number of their namespace: each with its index among the objects.
    pub fn services(&self) -> impl Iterator<Item = (NamespaceId, ObjectId, &Service)> {
        self.services.iter().flat_map(move |(namespace, ids)| {
            ids.iter().filter_map(move |&id| Some((*namespace, id, self.service(id)?.1)))
        })
    }

    /// The Service of that name: its index among the objects, and itself.
    pub fn service_named(
        &self,
        namespace: NamespaceId,
        name: &str,
    ) -> Option<(ObjectId, &Service)> {
        let id = *self.service_names.get(&(namespace, CompactString::new(name)))?;
        Some((id, self.service(id)?.1))
    }

    /// The pods that a Service of a namespace sends to; none without a selector.
    pub fn pods_of_service(&self, namespace: NamespaceId, service: &Service) -> Pods {
        if service.selector.is_empty() || service.external_name {
            return Pods::default();
        }
        self.pods_in(namespace, Some(&Selector::of_labels(&service.selector)))
    }

    /// Objects that have Services or pods called from outside the pods' own code, in order.
    pub fn callers(&self) -> impl Iterator<Item = (ObjectId, &Object)> {
        self.callers.iter().map(|&id| (id, self.object(id)))
    }
}

/// The ports of a Service that a caller may mean, for pods of that workload.
pub fn ports_meant<'a>(service: &'a Service, port: &BackendPort) -> Vec<&'a ServicePort> {
    let all = service.ports.iter();
    match port {
        BackendPort::Any | BackendPort::Unknown => all.collect(),
        BackendPort::Number(number) => all.filter(|port| port.port == *number).collect(),
        BackendPort::Name(name) => {
            all.filter(|port| port.name.as_deref() == Some(name.as_str())).collect()
        }
        BackendPort::Target(target) => {
            all.filter(|port| port.target.as_ref() == Some(target)).collect()
        }
    }
}
