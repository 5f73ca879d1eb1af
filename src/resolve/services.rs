//! Services: which ones send to a workload, and which one requests an address.

use std::net::IpAddr;

use super::cluster::Cluster;
use super::select::Labelled;
use crate::bundle::Head;
use crate::model::{Body, JOB_LABELS, Label, Service};

impl Cluster {
    /// The Services in a namespace with a selector that selects that workload.
    pub fn services_of(&self, workload: u32) -> impl Iterator<Item = (&Head, &Service)> {
        let target = self.workload(workload).workload;
        let namespace = self.workloads[workload as usize].2;
        let labels = target.labels.iter().map(|label| (label.key.as_str(), label.value.as_str()));
        let job = JOB_LABELS.iter().filter_map(|key| Some((*key, target.job_label(key)?)));
        let known = labels.chain(job).filter_map(|(key, value)| {
            self.service_labels.get(&(namespace, key.into(), value.into()))
        });
        let mut found: Vec<u32> = known.flatten().copied().collect();
        found.sort_unstable();
        found.dedup();
        let fits = |label: &Label| target.value(&label.key) == Some(label.value.as_str());
        found
            .into_iter()
            .filter_map(|id| self.service(id))
            .filter(move |(_, service)| service.selector.iter().all(fits))
    }

    pub(super) fn service(&self, id: u32) -> Option<(&Head, &Service)> {
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
    pub fn services_in(&self, namespace: u32) -> impl Iterator<Item = (&Head, &Service)> {
        let services = self.services.get(&namespace).map_or(&[][..], Vec::as_slice);
        services.iter().filter_map(|&id| self.service(id))
    }
}
