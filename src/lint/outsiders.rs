//! What findings about Services that are called from outside share: whether anybody who may call
//! gets in to the pods.

use std::collections::HashMap;

use super::{Context, Finding, Related, isolation, words};
use crate::model::{Direction, PortRef, Protocol, Requirement, Service, ServicePort, Workload};
use crate::reach::{Party, PortSet};
use crate::resolve::{Namespace, NamespaceId, Open, WorkloadId};
use crate::text::Span;

/// Those who call from within a namespace, by words in their names: `prometheus` for scrapes.
pub(super) struct Insiders {
    words: &'static [&'static str],
    known: HashMap<NamespaceId, Vec<WorkloadId>>,
}

impl Insiders {
    pub(super) fn new(words: &'static [&'static str]) -> Self {
        Self { words, known: HashMap::new() }
    }

    /// Whether that port of a workload is closed to everybody outside of its namespace, and to
    /// those within it who may call.
    pub(super) fn find_closed(
        &mut self,
        cx: &Context<'_>,
        workload: WorkloadId,
        ports: &PortSet,
    ) -> bool {
        let home = cx.cluster.namespace_of(crate::resolve::Subject::Workload(workload));
        let lets = |party| !cx.reach.lets(Direction::Ingress, workload, party, ports).is_no();
        if lets(Party::NotOf(home)) {
            return false;
        }
        let (words, namespace) = (self.words, cx.cluster.namespace(home));
        let may_have_more = may_have_more(namespace);
        let is_meant = |labels: &[&Requirement]| is_for_insiders(labels, words, may_have_more);
        if lets(Party::Meant(home, &is_meant)) {
            return false;
        }
        let insiders = self.known.entry(home).or_insert_with(|| {
            let is_one =
                |number: &WorkloadId| is_insider(cx.cluster.workload(*number).workload, words);
            WorkloadId::all(&namespace.workloads).filter(is_one).collect()
        });
        !insiders.iter().any(|number| lets(Party::Workload(*number)))
    }
}

/// Whether the callers may be in a namespace though no manifest shows them: an operator makes pods
/// there, or its name is filled in later.
fn may_have_more(namespace: &Namespace) -> bool {
    matches!(namespace.open, Some(Open::Operator(_) | Open::Placeholder | Open::System))
}

/// Whether a peer within the namespace is for callers: its selector says so, or it is for every pod
/// where they may be.
fn is_for_insiders(labels: &[&Requirement], words: &[&str], may_have_more: bool) -> bool {
    let values = labels.iter().flat_map(|requirement| &requirement.values);
    let mut names = values.map(|(value, _)| value.as_str());
    names.any(|name| has_word(name, words)) || (labels.is_empty() && may_have_more)
}

fn is_insider(workload: &Workload, words: &[&str]) -> bool {
    has_word(&workload.name, words)
        || workload.labels.iter().any(|label| has_word(&label.value, words))
}

fn has_word(name: &str, words: &[&str]) -> bool {
    words.iter().any(|word| name.contains(word))
}

/// The pods behind a Service, where all of them are known.
pub(super) fn pods_behind(
    cx: &Context<'_>,
    namespace: NamespaceId,
    service: &Service,
) -> Vec<WorkloadId> {
    let pods = cx.cluster.pods_of_service(namespace, service);
    if pods.is_sure() { pods.yes.iter().collect() } else { Vec::new() }
}

/// The port of a workload that a port of a Service becomes.
pub(super) fn pod_port(port: &ServicePort, workload: &Workload) -> Option<PortSet> {
    let number = port.on(workload)?;
    Some(PortSet::range(port.protocol, number, number))
}

/// The TCP port of a workload by its number or its name.
pub(super) fn own_port(port: &PortRef, workload: &Workload) -> Option<PortSet> {
    let number = match port {
        PortRef::Number(number) => *number,
        PortRef::Placeholder(_) => return None,
        PortRef::Name(name) => {
            let mut ports = workload.ports.iter();
            ports.find(|port| port.name.as_deref() == Some(name.as_str()))?.number
        }
    };
    Some(PortSet::range(Protocol::Tcp, number, number))
}

/// Adds the policies that close the pods, and lowers the finding where others may open them.
pub(super) fn explain(cx: &Context<'_>, finding: &mut Finding, workload: WorkloadId) {
    isolation::add_isolating(cx, finding, Direction::Ingress, workload);
    if cx.reach.isolating(Direction::Ingress, workload).is_empty() {
        isolation::add_denying(cx, finding, Direction::Ingress, workload, Party::Anybody);
    }
    isolation::lower_if_allowed_elsewhere(cx, finding, Direction::Ingress, workload);
}

/// Adds where a Service maps a port to one of its pods.
pub(super) fn add_mapping(
    finding: &mut Finding,
    service: &str,
    port: &ServicePort,
    on_pod: &PortSet,
) {
    let span: Span = port.target_span;
    if span != finding.place {
        let message =
            format!("Service {} sends {} to {on_pod} here", words::quoted(service), port.port);
        finding.related.push(Related { span, message });
    }
}
