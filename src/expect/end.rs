//! The ends of a connection, as people name them: `namespace/workload`, `workload`, `*`, an
//! address or a block, `internet`, `dns`, `apiserver`.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::read::Expected;
use crate::reach::addresses::{self, Addresses};
use crate::reach::{ClassId, Classes};
use crate::resolve::{Cluster, WorkloadId};
use crate::text::Span;

/// A name as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// Its text.
    pub text: String,
    /// Where.
    pub span: Span,
}

impl Named {
    /// A name and its place.
    pub fn new(text: &str, span: Span) -> Self {
        Self { text: text.to_owned(), span }
    }
}

/// What a name means in one cluster.
#[derive(Clone, Debug)]
pub(super) enum End {
    /// Workloads that no policy tells apart, by number.
    Pods(ClassId, Vec<WorkloadId>),
    /// Addresses outside the cluster: all of them are meant.
    Addresses(Addresses),
    /// The API server: an address that nobody knows.
    ApiServer,
    /// The cluster's DNS.
    Dns,
}

/// The workloads of a cluster by the names that people use.
#[derive(Debug)]
pub(super) struct Names {
    /// `name` and `namespace/name` to numbers.
    by_name: BTreeMap<String, Vec<WorkloadId>>,
    by_namespace: BTreeMap<String, Vec<WorkloadId>>,
    count: usize,
}

/// `namespace/name` of a workload; pods of one owner go by the owner's name.
pub fn display_name(cluster: &Cluster, number: WorkloadId) -> String {
    let it = cluster.workload(number);
    let owner = it.workload.owner.as_ref();
    let name = owner.map_or(it.head.name.as_str(), |(_, name)| name.as_str());
    format!("{}/{name}", it.namespace.name)
}

impl Names {
    pub(super) fn of(cluster: &Cluster) -> Self {
        let mut by_name: BTreeMap<String, Vec<WorkloadId>> = BTreeMap::new();
        let mut by_namespace: BTreeMap<String, Vec<WorkloadId>> = BTreeMap::new();
        for number in cluster.workload_ids() {
            let full = display_name(cluster, number);
            let (namespace, name) = full.split_once('/').unwrap_or(("", &full));
            by_namespace.entry(namespace.to_owned()).or_default().push(number);
            by_name.entry(name.to_owned()).or_default().push(number);
            by_name.entry(full).or_default().push(number);
        }
        Self { by_name, by_namespace, count: cluster.workload_count() }
    }

    /// What a name means; nothing where no workload has it.
    pub(super) fn ends(&self, name: &str, expected: Expected, classes: &Classes) -> Vec<End> {
        match name {
            "internet" => {
                // A policy for 0.0.0.0/0 opens the internet, whether or not another names blocks of
                // IPv6; one that opens any of it does not close it.
                let meant = match expected {
                    Expected::Allow => addresses::internet_v4(),
                    Expected::Deny => addresses::internet(),
                };
                return vec![End::Addresses(meant)];
            }
            "dns" => return vec![End::Dns],
            "apiserver" => return vec![End::ApiServer],
            _ => {}
        }
        if let Some(meant) = addresses_of(name) {
            return vec![End::Addresses(meant)];
        }
        let mut of_class: BTreeMap<ClassId, Vec<WorkloadId>> = BTreeMap::new();
        for number in self.numbers(name) {
            of_class.entry(classes.of_workload(number)).or_default().push(number);
        }
        of_class.into_iter().map(|(class, numbers)| End::Pods(class, numbers)).collect()
    }

    fn numbers(&self, name: &str) -> Vec<WorkloadId> {
        match name {
            "*" | "*/*" => (0..self.count).map(WorkloadId::at).collect(),
            _ => self.named(name).to_vec(),
        }
    }

    fn named(&self, name: &str) -> &[WorkloadId] {
        let found = match name.split_once('/') {
            Some((namespace, "*")) => self.by_namespace.get(namespace),
            Some(("*", name)) => self.by_name.get(name),
            _ => self.by_name.get(name),
        };
        found.map_or(&[], Vec::as_slice)
    }

    /// Whether some workload has that name.
    pub(super) fn holds(&self, name: &str) -> bool {
        matches!(name, "*" | "*/*") && self.count > 0 || !self.named(name).is_empty()
    }

    /// The name that is most like one that no workload has.
    pub(super) fn nearest(&self, name: &str) -> Option<(usize, &str)> {
        let distance = |known: &str| strsim::damerau_levenshtein(known, name);
        // Names of workloads have at most 253 characters; nobody mistypes one of that length.
        let short = name.chars().count() <= 253;
        let close = self.by_name.keys().filter(|_| short && self.count < 5_000);
        let nearest = close.map(|known| (distance(known), known.as_str())).min()?;
        (nearest.0 <= 2.max(name.len() / 4)).then_some(nearest)
    }
}

/// Whether a name is one of a workload, and not of addresses or a well-known end.
pub(super) fn is_workload(name: &str) -> bool {
    !matches!(name, "internet" | "dns" | "apiserver") && addresses_of(name).is_none()
}

/// An address, a block, or a range as `netpol-lint reach` prints it.
fn addresses_of(name: &str) -> Option<Addresses> {
    if let Ok(address) = name.parse::<IpAddr>() {
        return Some(addresses::range(address, address));
    }
    if let Ok(block) = name.parse() {
        return Some(addresses::block(block));
    }
    let (first, last) = name.split_once('-')?;
    let (first, last) = (first.parse::<IpAddr>().ok()?, last.parse::<IpAddr>().ok()?);
    (first.is_ipv4() == last.is_ipv4() && first <= last).then(|| addresses::range(first, last))
}

/// Whether two lists of workloads hold two that are not the same one.
pub(super) fn have_a_pair(from: &[WorkloadId], to: &[WorkloadId]) -> bool {
    let all: BTreeSet<&WorkloadId> = from.iter().chain(to).collect();
    all.len() > 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_told_from_names() {
        for text in ["192.0.2.1", "192.0.2.0/24", "2001:db8::/32", "192.0.2.0-192.0.2.9"] {
            assert!(!is_workload(text), "{text}");
        }
        for text in ["shop/api", "api", "10-api", "a-b", "192.0.2.9-192.0.2.0", "*"] {
            assert!(is_workload(text), "{text}");
        }
    }
}
