//! The way in: what the cluster offers to the outside, and the ports of pods that are reached so.

use std::collections::BTreeMap;

use super::{Allowed, Party, PortSet, Reach};
use crate::bundle::ObjectId;
use crate::model::{At, BackendPort, Body, CallerKind, Direction, PortRef, Protocol, Service};
use crate::model::{ServicePort, Workload};
use crate::resolve::{NamespaceId, WorkloadId, ports_meant};

/// Pods that are offered to the outside.
#[derive(Clone, Debug)]
pub struct WayIn {
    /// The Ingress, the route, or the Service: an index among the objects.
    pub object: ObjectId,
    /// Whether traffic comes through an ingress controller, a gateway or a router: pods whose
    /// manifests are mostly elsewhere. Else it comes from addresses outside the cluster.
    pub through_controller: bool,
    /// The workload whose pods they are.
    pub workload: WorkloadId,
    /// The ports of the pods that are offered and let in.
    pub allowed: Allowed,
    /// The rules that let it in, or may.
    pub by: Vec<At>,
}

/// All ways in, in the order of the objects. Through a controller, what lets any pod in is certain,
/// and what lets in certain pods of other namespaces, of which the controller may be one, unknown.
pub fn entries(reach: &Reach) -> Vec<WayIn> {
    let cluster = reach.cluster();
    let mut found = Ways::new();
    for (id, object) in cluster.callers() {
        let Body::Caller(caller) = &object.body else { continue };
        if caller.kind != CallerKind::Entry {
            continue;
        }
        let own = cluster.namespace_name_of(&object.head);
        for backend in &caller.backends {
            let name = backend.namespace.as_deref().unwrap_or(own);
            let Some(namespace) = cluster.namespace_named(name) else { continue };
            let Some((_, service)) = cluster.service_named(namespace, &backend.service) else {
                continue;
            };
            enter(reach, &mut found, (id, true), namespace, service, &backend.port);
        }
    }
    for (namespace, id, service) in cluster.services() {
        if service.outside.is_some() {
            enter(reach, &mut found, (id, false), namespace, service, &BackendPort::Any);
        }
    }
    found.into_values().collect()
}

/// By object and workload.
type Ways = BTreeMap<(ObjectId, WorkloadId), WayIn>;

fn enter(
    reach: &Reach,
    found: &mut Ways,
    (object, through_controller): (ObjectId, bool),
    namespace: NamespaceId,
    service: &Service,
    port: &BackendPort,
) {
    let cluster = reach.cluster();
    let pods = cluster.pods_of_service(namespace, service);
    for (workloads, is_sure) in [(&pods.yes, true), (&pods.maybe, false)] {
        for workload in workloads.iter() {
            let it = cluster.workload(workload).workload;
            let offered = offered(service, port, it, through_controller);
            let party = if through_controller { Party::Stranger } else { Party::Addresses };
            let answer = reach.ports(Direction::Ingress, workload, party);
            let mut allowed = &answer.allowed & &Allowed::exactly(offered);
            if through_controller {
                // What no container declares may be listened on all the same, or not.
                allowed.sure = &allowed.sure & &declared(it);
            }
            if !is_sure {
                allowed.sure = PortSet::default();
            }
            if allowed.is_nothing() {
                continue;
            }
            let by = answer.by;
            let way = found.entry((object, workload)).or_insert_with(|| WayIn {
                object,
                through_controller,
                workload,
                allowed: Allowed::default(),
                by,
            });
            way.allowed = &way.allowed | &allowed;
        }
    }
}

/// The ports of the pods that a Service sends to where a caller asks for that port. Controllers
/// speak TCP.
fn offered(
    service: &Service,
    port: &BackendPort,
    workload: &Workload,
    through_controller: bool,
) -> PortSet {
    let mut offered = PortSet::default();
    let mut add = |port: &ServicePort| {
        if let Some(number) = port.on(workload)
            && (!through_controller || port.protocol == Protocol::Tcp)
        {
            offered.insert(port.protocol, number, number);
        }
    };
    let meant = ports_meant(service, port);
    meant.iter().for_each(|port| add(port));
    if let BackendPort::Target(PortRef::Number(number)) = port
        && meant.is_empty()
    {
        offered.insert(Protocol::Tcp, *number, *number);
    }
    offered
}

fn declared(workload: &Workload) -> PortSet {
    let mut declared = PortSet::default();
    workload.ports.iter().for_each(|it| declared.insert(it.protocol, it.number, it.number));
    declared
}
