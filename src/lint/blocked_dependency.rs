//! A workload that is told of a Service which it may not reach.

use std::collections::HashSet;

use super::outsiders::{add_mapping, pod_port, pods_behind};
use super::{Check, Confidence, Context, Finding, Related, Rule, Severity, isolation, words};
use crate::bundle::{Head, ObjectId};
use crate::model::{Direction, Host, Service, ServicePort};
use crate::reach::{Party, PortSet};
use crate::resolve::{NamespaceId, Subject, WorkloadId};
use crate::text::Span;

/// The rule.
pub static RULE: Rule = Rule {
    id: "blocked-dependency",
    severity: Severity::Warning,
    confidence: Confidence::Medium,
    pedantic: false,
    page: include_str!("../../rules/blocked-dependency.md"),
    check: Check::Cluster(check),
};

fn check(cx: &Context<'_>, findings: &mut Vec<Finding>) {
    for number in cx.cluster.workload_ids() {
        let it = cx.cluster.workload(number);
        if it.workload.hosts.is_empty() || !cx.cluster.is_reported(cx.cluster.object_id_of(number))
        {
            continue;
        }
        let mut met = HashSet::new();
        for host in it.workload.hosts.iter().filter(|host| host.is_address) {
            if let Some(dependency) = Dependency::find(cx, number, host)
                && met.insert(dependency.service_id)
                && let Some(blocked) = dependency.blocked()
            {
                findings.push(dependency.finding(&blocked));
            }
        }
    }
}

/// A Service that a workload is told of.
struct Dependency<'a, 'b> {
    cx: &'b Context<'a>,
    number: WorkloadId,
    host: &'b Host,
    namespace: NamespaceId,
    service_id: ObjectId,
    head: &'b Head,
    service: &'b Service,
}

/// Where it is blocked.
struct Blocked<'a> {
    port: &'a ServicePort,
    on_pod: PortSet,
    workload: WorkloadId,
    direction: Direction,
}

impl<'a, 'b> Dependency<'a, 'b> {
    fn find(cx: &'b Context<'a>, number: WorkloadId, host: &'b Host) -> Option<Self> {
        let namespace = match &host.namespace {
            Some(name) => cx.cluster.namespace_named(name)?,
            None => cx.cluster.namespace_of(Subject::Workload(number)),
        };
        let (service_id, service) = cx.cluster.service_named(namespace, &host.name)?;
        let head = cx.cluster.head(service_id);
        Some(Self { cx, number, host, namespace, service_id, head, service })
    }

    /// The ports that may be meant: those of the number that is dialled, else all.
    fn ports(&self) -> Vec<&'b ServicePort> {
        let ports = self.service.ports.iter();
        ports.filter(|port| self.host.port.is_none_or(|number| port.port == number)).collect()
    }

    /// Where the connection is blocked, if it is on every port that may be meant and with every pod
    /// of the Service.
    fn blocked(&self) -> Option<Blocked<'b>> {
        let cx = self.cx;
        let pods = pods_behind(cx, self.namespace, self.service);
        if pods.contains(&self.number) {
            return None;
        }
        let mut blocked = None;
        for port in self.ports() {
            for &workload in &pods {
                let on_pod = pod_port(port, cx.cluster.workload(workload).workload)?;
                let written = PortSet::range(port.protocol, port.port, port.port);
                // A rule with the Service's port in the place of the pod's is another mistake.
                if !cx.reach.connects(self.number, workload, &(&on_pod | &written)).is_no() {
                    return None;
                }
                blocked.get_or_insert_with(|| {
                    let party = Party::Workload(workload);
                    let egress = cx.reach.lets(Direction::Egress, self.number, party, &on_pod);
                    let direction =
                        if egress.is_no() { Direction::Egress } else { Direction::Ingress };
                    Blocked { port, on_pod, workload, direction }
                });
            }
        }
        blocked
    }

    fn finding(&self, blocked: &Blocked<'_>) -> Finding {
        let cx = self.cx;
        let who = words::workload(&cx.cluster.workload(self.number));
        let target = words::workload(&cx.cluster.workload(blocked.workload));
        let (name, ports) = (words::quoted(&self.head.name), &blocked.on_pod);
        let (isolated, other) = match blocked.direction {
            Direction::Egress => (self.number, blocked.workload),
            Direction::Ingress => (blocked.workload, self.number),
        };
        let party = Party::Workload(other);
        let denying = isolation::denied_by(cx, blocked.direction, isolated, party);
        let (what, whose) = match (blocked.direction, &denying) {
            (Direction::Egress, Some(policy)) => {
                (format!("{policy} denies the way out to {target}"), &who)
            }
            (Direction::Ingress, Some(policy)) => {
                (format!("{policy} denies the way in to {target}"), &target)
            }
            (Direction::Egress, None) => {
                (format!("no egress rule lets {who} out to {target}"), &who)
            }
            (Direction::Ingress, None) => {
                (format!("no ingress rule of {target} lets {who} in"), &target)
            }
        };
        let message = format!("{who} can't reach Service {name}: {what} on {ports}");
        let (field, peer) = match blocked.direction {
            Direction::Egress => ("egress", &target),
            Direction::Ingress => ("ingress", &who),
        };
        let help = match &denying {
            Some(policy) => {
                format!("exclude {ports} and the pods of {peer} from the rule of {policy}")
            }
            None => format!(
                "add an `{field}` rule for {ports} and the pods of {peer} to a policy of {whose}"
            ),
        };
        let id = cx.cluster.object_id_of(self.number);
        let mut finding = Finding::new(&RULE, self.place(), message, help).of_object(cx, id, "");
        add_mapping(&mut finding, &self.head.name, blocked.port, ports);
        self.add_peers(&mut finding, blocked);
        isolation::add_nearest(cx, &mut finding, blocked.direction, isolated, (other, ports));
        if denying.is_none() {
            isolation::add_isolating(cx, &mut finding, blocked.direction, isolated);
        }
        isolation::lower_if_allowed_elsewhere(cx, &mut finding, blocked.direction, isolated);
        finding
    }

    /// Adds the peers by which the other side names the pods of this one.
    fn add_peers(&self, finding: &mut Finding, blocked: &Blocked<'_>) {
        let (named_by, named) = match blocked.direction {
            Direction::Egress => (blocked.workload, self.number),
            Direction::Ingress => (self.number, blocked.workload),
        };
        let direction = blocked.direction.opposite();
        for at in self.cx.reach.peers_for(direction, named_by, named) {
            if let Some(span) = at.spot.key_span(self.cx.cluster.policy(at.policy)) {
                let message = "the other side allows it here".to_owned();
                finding.related.push(Related { span, message });
            }
        }
    }

    /// The name in the text that holds it, which may run over several lines.
    fn place(&self) -> Span {
        let place = self.host.place;
        let text = self.cx.text(place);
        match text.find(self.host.name.as_str()) {
            Some(at) if text.contains(['\n', '\r']) => {
                let start = place.start as usize + at;
                Span::new(place.source, start, start + self.host.name.len())
            }
            _ => place,
        }
    }
}
