//! What one rule grants, as far as ports matter, and what several grant together.

use super::ports::{Allowed, PortSet};
use crate::model::{At, Field, PortEntry, PortRef, Spot, TrafficRule};
use crate::resolve::{Cluster, Tri, Why, WorkloadId};

/// A rule, as far as its ports matter.
#[derive(Clone, Debug)]
pub struct Grant {
    /// The rule.
    pub at: At,
    /// Whether its policy selects the pods.
    pub(super) selects: Tri,
    /// The ports by number.
    ports: Allowed,
    /// The ports by name, which are looked up in the destination pods.
    pub(super) has_names: bool,
}

/// What is allowed, and by which rules.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// The ports.
    pub allowed: Allowed,
    /// The rules that allow some of them, or may.
    pub by: Vec<At>,
    /// The rules of policies of other kinds that deny some of them, or may.
    pub denied_by: Vec<At>,
}

impl Answer {
    /// What one or the other allows.
    #[must_use]
    pub fn or(mut self, other: Self) -> Self {
        self.allowed = &self.allowed | &other.allowed;
        for (own, more) in [(&mut self.by, other.by), (&mut self.denied_by, other.denied_by)] {
            own.extend(more);
            own.sort_unstable();
            own.dedup();
        }
        self
    }
}

impl Grant {
    /// Of a rule.
    pub(super) fn of(rule: &TrafficRule, at: At, selects: Tri) -> Self {
        let (ports, has_names) = numbers(rule);
        Self { at, selects, ports, has_names }
    }

    /// Its ports on the pods of `destination`; an address outside the cluster has no port names.
    pub(super) fn ports_at(&self, cluster: &Cluster, destination: Option<WorkloadId>) -> Allowed {
        let Some(workload) = destination.filter(|_| self.has_names) else {
            return self.ports.clone();
        };
        let Spot::Rule(direction, index) = self.at.spot else {
            return self.ports.clone();
        };
        let rule = cluster.policy(self.at.policy).rule(direction, index);
        let mut named = PortSet::default();
        for entry in rule.map_or(&[][..], TrafficRule::port_list) {
            let (Some(PortRef::Name(name)), Some(protocol)) =
                (entry.port.get(), entry.effective_protocol())
            else {
                continue;
            };
            // By name and protocol; the first that fits (API reference, NetworkPolicyPort).
            let declared = &cluster.workload(workload).workload.ports;
            let fits = declared.iter().find(|port| {
                port.name.as_deref() == Some(name.as_str()) && port.protocol == protocol
            });
            if let Some(port) = fits {
                named.insert(protocol, port.number, port.number);
            }
        }
        &self.ports | &Allowed::exactly(named)
    }
}

/// The ports of a rule that are given by number, and whether it has some by name.
fn numbers(rule: &TrafficRule) -> (Allowed, bool) {
    if rule.ports.is_wrong() {
        return (Allowed::unknown(), false);
    }
    if rule.is_for_all_ports() {
        return (Allowed::everything(), false);
    }
    let mut ports = Allowed::default();
    let mut has_names = false;
    for entry in rule.port_list() {
        match number(entry) {
            Some(allowed) => ports = &ports | &allowed,
            None => has_names = true,
        }
    }
    (ports, has_names)
}

/// The ports of one entry; `None` if they are given by name.
fn number(entry: &PortEntry) -> Option<Allowed> {
    let Some(protocol) = entry.effective_protocol().filter(|_| !entry.wrong) else {
        return Some(Allowed::unknown());
    };
    match &entry.port {
        Field::Given(PortRef::Name(_), _) => None,
        Field::Given(PortRef::Placeholder(_), _) => {
            let any = Allowed::exactly(PortSet::range(protocol, 1, u16::MAX));
            Some(any.if_so(Tri::Unknown(Why::Placeholder)))
        }
        _ => Some(match entry.range() {
            Some((first, last)) => Allowed::exactly(PortSet::range(protocol, first, last)),
            None => Allowed::unknown(),
        }),
    }
}
