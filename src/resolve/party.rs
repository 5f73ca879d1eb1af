//! Who is at the ends of a connection, and who asks.

use std::net::IpAddr;

use compact_str::CompactString;

use super::workload_id::{NamespaceId, WorkloadId};
use crate::model::tiered::{Entity, PolicyKind};

/// Who is at an end of a connection.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Party {
    /// The pods of a workload, by number.
    Workload(WorkloadId),
    /// The cluster's DNS pods, which no manifest shows.
    ClusterDns,
    /// An address that no object has.
    Address(IpAddr),
    /// A node, by its name.
    Node(CompactString),
    /// Someone of whom only this is known.
    Entity(Entity),
    /// An address outside the cluster, looked up by this name.
    Name(CompactString),
}

/// Whose condition it is.
#[derive(Clone, Copy, Debug)]
pub struct Asker {
    /// The kind of its policy; none for Kubernetes' own.
    pub kind: Option<PolicyKind>,
    /// The namespace of the policy, by number.
    pub home: NamespaceId,
    /// A workload of the policy's pods, where one is asked about: its node matters.
    pub subject: Option<WorkloadId>,
}
