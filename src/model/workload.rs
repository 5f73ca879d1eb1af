//! Anything that creates pods, as far as it matters to policies.

use std::net::IpAddr;

use compact_str::CompactString;

use super::caller::{self, Scrape};
use super::containers::{self, Host};
use super::kinds::{is_controller_label, is_deployment_like};
use super::label_selector::label_map;
use super::placeholder::is_placeholder;
use super::ports::Protocol;
use super::selector::{Label, Operator, Requirement};
use crate::text::Span;
use crate::yaml::{Node, ScalarKind};

/// What creates the pods.
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
    /// A custom resource with a pod template (Argo Rollout, Knative Service …): its controller may
    /// add labels of its own.
    Custom,
}

/// A workload: one pod template, however many pods it creates.
#[derive(Clone, Debug)]
pub struct Workload {
    /// What creates the pods.
    pub kind: WorkloadKind,
    /// The object's name: controllers derive labels from it.
    pub name: CompactString,
    /// The labels of its pods: of the pod template, or of the Pod itself.
    pub labels: Vec<Label>,
    /// The positions of the labels in the order of their keys, if there are many.
    by_key: Box<[u32]>,
    /// Whether its pods may have labels that the manifest does not show (a template inserts some,
    /// or a value is of the wrong type).
    pub labels_unsure: bool,
    /// The labels of the object's own metadata, unless it is the pod.
    pub own_labels: Vec<Label>,
    /// Ports that its containers (and restartable init containers) declare.
    pub ports: Vec<ContainerPort>,
    /// `hostNetwork: true`.
    pub host_network: bool,
    /// The ServiceAccount that its pods run as.
    pub service_account: CompactString,
    /// `dnsPolicy`.
    pub dns_policy: DnsPolicy,
    /// The Service that gives its pods their names: a StatefulSet's `serviceName`.
    pub service_name: Option<CompactString>,
    /// `replicas`, where it is written.
    pub replicas: Option<i64>,
    /// `automountServiceAccountToken`, where it is written.
    pub mounts_token: Option<bool>,
    /// What `prometheus.io/scrape` asks for.
    pub scrape: Option<Scrape>,
    /// Names in `env`, `args` and `command` that may be those of Services.
    pub hosts: Box<[Host]>,
    /// The addresses that it listens on, if it is NodeLocal DNSCache on the host network.
    pub dns_cache: Option<Box<[IpAddr]>>,
    /// The addresses of a Pod, where its status has them.
    pub addresses: Box<[IpAddr]>,
    /// The node that a Pod is on, where that is written.
    pub node: Option<CompactString>,
    /// The owner with `controller: true` of a Pod (kind, name): its siblings are one workload.
    pub owner: Option<(CompactString, CompactString)>,
}

/// Which DNS a pod uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DnsPolicy {
    /// The cluster's DNS (`ClusterFirst`, the default, and `ClusterFirstWithHostNet`).
    Cluster,
    /// Another one: `Default` (the node's resolver) or `None` (what `dnsConfig` names).
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
    /// The place of the number.
    pub span: Span,
}

/// The labels that the Job controller sets to the Job's name on its pods.
pub const JOB_LABELS: [&str; 2] = ["job-name", "batch.kubernetes.io/job-name"];

impl WorkloadKind {
    fn of(group: &str, kind: &str) -> Self {
        match (group, kind) {
            ("", "Pod") => Self::Pod,
            ("", "ReplicationController") => Self::ReplicationController,
            ("apps" | "extensions", "Deployment") => Self::Deployment,
            ("apps", "StatefulSet") => Self::StatefulSet,
            ("apps" | "extensions", "DaemonSet") => Self::DaemonSet,
            ("apps" | "extensions", "ReplicaSet") => Self::ReplicaSet,
            ("batch", "Job") => Self::Job,
            ("batch", "CronJob") => Self::CronJob,
            _ => Self::Custom,
        }
    }
}

impl Workload {
    /// Whether its controller may set that label on its pods although the template does not.
    pub fn may_get_label(&self, key: &str) -> bool {
        let by_kind: &[WorkloadKind] = match key {
            "job-name"
            | "controller-uid"
            | "batch.kubernetes.io/job-name"
            | "batch.kubernetes.io/controller-uid"
            | "batch.kubernetes.io/job-completion-index" => {
                &[WorkloadKind::Job, WorkloadKind::CronJob]
            }
            "statefulset.kubernetes.io/pod-name" | "apps.kubernetes.io/pod-index" => {
                &[WorkloadKind::StatefulSet]
            }
            "controller-revision-hash" => &[WorkloadKind::StatefulSet, WorkloadKind::DaemonSet],
            "pod-template-generation" => &[WorkloadKind::DaemonSet],
            "pod-template-hash" => &[WorkloadKind::Deployment, WorkloadKind::ReplicaSet],
            _ => return is_controller_label(key),
        };
        by_kind.contains(&self.kind) || self.kind == WorkloadKind::Custom
    }

    /// The label that the Job controller sets to the Job's name on its pods.
    pub fn job_label(&self, key: &str) -> Option<&str> {
        (JOB_LABELS.contains(&key) && self.kind == WorkloadKind::Job && !self.name.is_empty())
            .then_some(self.name.as_str())
    }

    /// Whether its Jobs can't have that name: a CronJob's Jobs have its name with a timestamp after
    /// it, in digits (pkg/controller/cronjob/utils.go, getJobName).
    pub fn never_job_named(&self, key: &str, value: &str) -> bool {
        let is_job_name = JOB_LABELS.contains(&key);
        let is_known =
            !self.name.is_empty() && ![&*self.name, value].iter().any(|name| is_placeholder(name));
        let time = value.strip_prefix(self.name.as_str()).and_then(|rest| rest.strip_prefix('-'));
        let is_time = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        is_job_name && is_known && self.kind == WorkloadKind::CronJob && !time.is_some_and(is_time)
    }

    /// Whether a requirement matches the Jobs of this CronJob by a name that they can't have.
    pub fn never_job(&self, requirement: &Requirement) -> bool {
        let mut values = requirement.values.iter();
        requirement.operator == Operator::In
            && values.any(|(value, _)| {
                self.name == *value && self.never_job_named(&requirement.key, value)
            })
    }

    /// Whether some controller sets that label on pods whose template does not show it.
    pub fn some_may_get_label(key: &str) -> bool {
        const BY_KIND: [&str; 8] = [
            "controller-uid",
            "batch.kubernetes.io/controller-uid",
            "batch.kubernetes.io/job-completion-index",
            "statefulset.kubernetes.io/pod-name",
            "apps.kubernetes.io/pod-index",
            "controller-revision-hash",
            "pod-template-generation",
            "pod-template-hash",
        ];
        JOB_LABELS.contains(&key) || BY_KIND.contains(&key) || is_controller_label(key)
    }

    /// Whether each of its pods has a name of its own in a Service.
    pub fn has_member_names(&self) -> bool {
        self.service_name.is_some()
    }

    /// The label with that key on its pods, as written.
    pub fn label(&self, key: &str) -> Option<&Label> {
        if self.by_key.is_empty() {
            return self.labels.iter().find(|label| label.key == key);
        }
        let of = |at: &u32| &self.labels[*at as usize];
        let at = self.by_key.partition_point(|at| of(at).key.as_str() < key);
        self.by_key.get(at).map(of).filter(|label| label.key == key)
    }
}

/// The workloads of an object: one for kinds of the API itself, one for each pod template of a
/// custom resource, none for an object that creates no pods.
pub(super) fn decode(group: &str, kind: &str, tree: &Node) -> Vec<Workload> {
    let what = WorkloadKind::of(group, kind);
    let own = label_map(tree.at(&["metadata", "labels"])).0;
    let name = tree.at(&["metadata", "name"]).and_then(Node::as_str).unwrap_or_default();
    let template = match what {
        WorkloadKind::Pod => Some(tree),
        WorkloadKind::CronJob => tree.at(&["spec", "jobTemplate", "spec", "template"]),
        WorkloadKind::Custom => {
            return custom_templates(group, tree)
                .into_iter()
                .map(|template| {
                    let mut workload = from_template(what, name, template, own.clone());
                    workload.labels_unsure |= !is_deployment_like(group, kind);
                    workload
                })
                .collect();
        }
        _ => tree.at(&["spec", "template"]),
    };
    // The API server rejects a workload without a template, so it creates no pods.
    let own = if what == WorkloadKind::Pod { Vec::new() } else { own };
    let workload = template.map(|template| from_template(what, name, template, own));
    let service = tree.at(&["spec", "serviceName"]).and_then(Node::as_str);
    let service = service.filter(|name| what == WorkloadKind::StatefulSet && !name.is_empty());
    let service_name = service.map(CompactString::new);
    let replicas = match tree.at(&["spec", "replicas"]).and_then(Node::as_scalar).map(|s| s.kind) {
        Some(ScalarKind::Int(replicas)) => Some(replicas),
        _ => None,
    };
    let finish = |workload| Workload { service_name, replicas, ..workload };
    workload.map(finish).into_iter().collect()
}

/// Groups whose objects contain pod templates as patterns or schemas and create no pods from them.
const QUOTING_GROUPS: &[&str] = &[
    "apiextensions.k8s.io",
    "constraints.gatekeeper.sh",
    "kyverno.io",
    "mutations.gatekeeper.sh",
    "policies.kyverno.io",
    "templates.gatekeeper.sh",
];

/// Whether objects of that group create no pods from the templates in them.
pub(super) fn only_quotes_templates(group: &str) -> bool {
    QUOTING_GROUPS.contains(&group)
}

/// How deep below `spec` a custom resource may have its pod template.
const TEMPLATE_DEPTH: usize = 6;

/// The pod templates of a custom resource: mappings under a key that ends in `template`, with a
/// list of containers in their `spec`. Breadth first, so that the order is the reader's.
fn custom_templates<'a>(group: &str, tree: &'a Node) -> Vec<&'a Node> {
    let mut found = Vec::new();
    if only_quotes_templates(group) {
        return found;
    }
    let mut level: Vec<&Node> = tree.get("spec").into_iter().collect();
    for _ in 0..TEMPLATE_DEPTH {
        let mut next = Vec::new();
        for node in level {
            for entry in node.as_map().map_or(&[][..], |map| &map.entries) {
                let is_template = entry.key.to_lowercase().ends_with("template");
                let has_containers = entry.value.at(&["spec", "containers"]);
                if is_template && has_containers.is_some_and(|n| n.as_seq().is_some()) {
                    found.push(&entry.value);
                } else {
                    next.push(&entry.value);
                }
            }
            next.extend(node.as_seq().unwrap_or_default());
        }
        level = next;
    }
    found
}

fn from_template(
    kind: WorkloadKind,
    name: &str,
    template: &Node,
    own_labels: Vec<Label>,
) -> Workload {
    let (labels, labels_unsure) = label_map(template.at(&["metadata", "labels"]));
    let spec = template.get("spec");
    let get = |key: &str| spec.and_then(|spec| spec.get(key));
    let is_true = |node: Option<&Node>| {
        node.and_then(Node::as_scalar).is_some_and(|s| s.kind == ScalarKind::Bool(true))
    };
    Workload {
        kind,
        name: CompactString::new(name),
        by_key: order_of_many(&labels),
        labels,
        labels_unsure,
        own_labels,
        ports: container_ports(spec),
        host_network: is_true(get("hostNetwork")),
        service_account: get("serviceAccountName")
            .or_else(|| get("serviceAccount"))
            .and_then(Node::as_str)
            .filter(|name| !name.is_empty())
            .unwrap_or("default")
            .into(),
        dns_policy: match get("dnsPolicy").and_then(Node::as_str) {
            Some("None" | "Default") => DnsPolicy::Elsewhere,
            _ => DnsPolicy::Cluster,
        },
        service_name: None,
        replicas: None,
        mounts_token: match get("automountServiceAccountToken").and_then(Node::as_scalar) {
            Some(scalar) => match scalar.kind {
                ScalarKind::Bool(mounts) => Some(mounts),
                _ => None,
            },
            None => None,
        },
        scrape: caller::scrape(template.at(&["metadata", "annotations"])),
        hosts: containers::hosts(spec),
        dns_cache: containers::dns_cache(spec).filter(|_| is_true(get("hostNetwork"))),
        addresses: pod_addresses(template),
        node: get("nodeName").and_then(Node::as_str).map(CompactString::new),
        owner: controller(template),
    }
}

/// `status.podIPs`, else `status.podIP`.
fn pod_addresses(pod: &Node) -> Box<[IpAddr]> {
    let Some(status) = pod.get("status") else {
        return Box::default();
    };
    let list = status.get("podIPs").and_then(Node::as_seq).unwrap_or_default();
    let texts = list.iter().filter_map(|item| item.get("ip")).chain(status.get("podIP"));
    let mut found: Vec<IpAddr> = Vec::new();
    for address in texts.filter_map(|node| node.as_str()?.parse().ok()) {
        if !found.contains(&address) {
            found.push(address);
        }
    }
    found.into()
}

/// The positions of labels by key, if there are too many for a linear search.
fn order_of_many(labels: &[Label]) -> Box<[u32]> {
    const MANY: usize = 16;
    let mut order: Vec<u32> = (0..labels.len() as u32).collect();
    order.sort_by(|a, b| labels[*a as usize].key.cmp(&labels[*b as usize].key));
    if labels.len() > MANY { order.into() } else { Box::default() }
}

/// The declared ports of the containers and of restartable init containers (sidecars, KEP-753),
/// which is where kube-proxy and network plugins look up names (k8s.io/kubernetes pkg/api/v1/pod
/// FindPort).
fn container_ports(spec: Option<&Node>) -> Vec<ContainerPort> {
    let list =
        |key: &str| spec.and_then(|spec| spec.get(key)).and_then(Node::as_seq).unwrap_or_default();
    let restartable =
        |node: &&Node| node.get("restartPolicy").and_then(Node::as_str) == Some("Always");
    let sidecars = list("initContainers").iter().filter(restartable);
    list("containers")
        .iter()
        .chain(sidecars)
        .filter_map(|container| container.get("ports")?.as_seq())
        .flatten()
        .filter_map(container_port)
        .collect()
}

fn container_port(node: &Node) -> Option<ContainerPort> {
    let port = node.get("containerPort")?;
    let number = match port.as_scalar()?.kind {
        ScalarKind::Int(number) => u16::try_from(number).ok()?,
        _ => return None,
    };
    let protocol = match node.get("protocol").filter(|n| !n.is_null()) {
        None => Protocol::Tcp,
        Some(written) => Protocol::parse(written.as_str()?)?,
    };
    Some(ContainerPort {
        number,
        protocol,
        name: node.get("name").and_then(Node::as_str).map(CompactString::new),
        span: port.span,
    })
}

fn controller(pod: &Node) -> Option<(CompactString, CompactString)> {
    let owners = pod.at(&["metadata", "ownerReferences"])?.as_seq()?;
    let owner = owners.iter().find(|owner| {
        owner
            .get("controller")
            .and_then(Node::as_scalar)
            .is_some_and(|s| s.kind == ScalarKind::Bool(true))
    })?;
    let text = |key: &str| owner.get(key).and_then(Node::as_str).map(CompactString::new);
    let kind = text("kind").unwrap_or_else(|| CompactString::const_new("Pod"));
    (kind != "Node").then(|| text("name").map(|name| (kind, name))).flatten()
}
