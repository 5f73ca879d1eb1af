//! Anything that makes pods, as far as policies can see it.

use compact_str::CompactString;

use super::ports::Protocol;
use super::selector::Label;
use crate::text::Span;

/// What kind of thing makes the pods.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WorkloadKind {
    /// A bare Pod.
    Pod,
    /// A Deployment.
    Deployment,
    /// A StatefulSet.
    StatefulSet,
    /// A DaemonSet.
    DaemonSet,
    /// A ReplicaSet.
    ReplicaSet,
    /// A ReplicationController.
    ReplicationController,
    /// A Job.
    Job,
    /// A CronJob.
    CronJob,
    /// A custom resource that carries a pod template (Argo Rollout, Knative Service …): its
    /// controller may add labels of its own.
    Custom,
}

/// A workload: one pod template, however many pods it makes.
#[derive(Clone, Debug)]
pub struct Workload {
    /// What makes the pods.
    pub kind: WorkloadKind,
    /// The labels of its pods: of the pod template, or of the Pod itself.
    pub labels: Vec<Label>,
    /// Whether its pods may have labels that the manifest does not show (a template inserts some,
    /// or a value is of the wrong type).
    pub labels_unsure: bool,
    /// The labels of the object's own metadata, where that is not the pod.
    pub own_labels: Vec<Label>,
    /// Ports that its containers (and restartable init containers) declare.
    pub ports: Vec<ContainerPort>,
    /// `hostNetwork: true`.
    pub host_network: bool,
    /// `dnsPolicy`.
    pub dns_policy: DnsPolicy,
    /// The owner with `controller: true` of a Pod (kind, name): its siblings are one workload.
    pub owner: Option<(CompactString, CompactString)>,
}

/// Where a pod looks names up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DnsPolicy {
    /// The cluster's DNS (`ClusterFirst`, the default, and `ClusterFirstWithHostNet`).
    Cluster,
    /// Elsewhere: `Default` (the node's resolver) or `None` (what `dnsConfig` names).
    Elsewhere,
}

/// One port that a container declares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContainerPort {
    /// `containerPort`.
    pub number: u16,
    /// `protocol`, TCP when absent.
    pub protocol: Protocol,
    /// `name`.
    pub name: Option<CompactString>,
    /// Where the number is written.
    pub span: Span,
}
