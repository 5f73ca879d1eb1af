//! The pods that may be DNS servers.

use range_set_blaze::RangeSetBlaze;

use super::cluster::Cluster;
use super::known::WellKnown;
use super::pods::Pods;
use super::workload_id::WorkloadId;
use crate::bundle::Head;
use crate::model::Workload;

impl Cluster {
    /// A workload in the repository that is NodeLocal DNSCache.
    pub fn dns_cache(&self) -> Option<(&Head, &Workload)> {
        let own = self.dns_cache.map(|number| self.workload(number));
        own.map(|it| (it.head, it.workload)).or_else(|| {
            let (id, workload) = self.elsewhere.as_ref()?.dns_cache()?;
            Some((self.head(id), workload))
        })
    }

    /// The workloads that declare a port that a DNS server listens on, by number, ascending.
    pub fn resolvers(&self) -> &[WorkloadId] {
        &self.resolvers
    }

    /// Whether any workload, or well-known pod, has a port that a DNS server listens on.
    pub fn has_resolver(&self) -> bool {
        !self.resolvers.is_empty() || self.settings.well_known.iter().any(WellKnown::is_resolver)
    }

    /// Whether `pods` includes a well-known pod that is a DNS server.
    pub fn has_known_resolver(&self, pods: &Pods) -> bool {
        let known = |position: &usize| self.settings.well_known.get(*position);
        pods.well_known.iter().filter_map(known).any(WellKnown::is_resolver)
    }

    /// Whether one of those workloads declares a port that a DNS server listens on.
    pub fn is_resolver_among(&self, workloads: &RangeSetBlaze<WorkloadId>) -> bool {
        workloads.ranges().any(|range| {
            let next = self.resolvers.partition_point(|number| number < range.start());
            self.resolvers.get(next).is_some_and(|number| number <= range.end())
        })
    }
}
