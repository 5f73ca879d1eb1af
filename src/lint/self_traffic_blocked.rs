//! Members of a StatefulSet that may not reach one another.

use super::outsiders::pod_port;
use super::{Check, Confidence, Context, Finding, Rule, Severity, isolation, words};
use crate::bundle::ObjectId;
use crate::model::{At, Direction, Service, ServicePort};
use crate::reach::{Party, PortSet};
use crate::resolve::WorkloadId;

/// The rule.
pub static RULE: Rule = Rule {
    id: "self-traffic-blocked",
    severity: Severity::Warning,
    confidence: Confidence::Medium,
    pedantic: false,
    page: include_str!("../../rules/self-traffic-blocked.md"),
    check: Check::Cluster(check),
};

/// Words in the names of ports by which members find one another or replicate.
const BETWEEN_MEMBERS: &[&str] = &[
    "cluster",
    "dist",
    "epmd",
    "galera",
    "gossip",
    "group",
    "intern",
    "jgroups",
    "memberlist",
    "mesh",
    "peer",
    "raft",
    "repl",
    "serf",
    "transport",
];

fn check(cx: &Context<'_>, findings: &mut Vec<Finding>) {
    for number in cx.cluster.workload_ids() {
        let workload = cx.cluster.workload(number).workload;
        let Some(name) = &workload.service_name else { continue };
        if workload.replicas.is_none_or(|replicas| replicas < 2) {
            continue;
        }
        let home = cx.cluster.namespace_of(crate::resolve::Subject::Workload(number));
        let service = cx.cluster.service_named(home, name);
        let Some((id, service)) = service.filter(|(_, service)| service.headless) else { continue };
        for direction in Direction::BOTH {
            findings.extend(blocked(cx, number, id, service, direction));
        }
    }
}

fn blocked(
    cx: &Context<'_>,
    number: WorkloadId,
    service_id: ObjectId,
    service: &Service,
    direction: Direction,
) -> Option<Finding> {
    let mut closed = PortSet::default();
    let mut first: Option<&ServicePort> = None;
    for port in &service.ports {
        let Some(on_pod) = pod_port(port, cx.cluster.workload(number).workload) else { continue };
        let lets = cx.reach.lets(direction, number, Party::Workload(number), &on_pod);
        if lets.is_no() && is_between_members(cx, number, service, port, &on_pod, direction) {
            closed = &closed | &on_pod;
            first = first.or(Some(port));
        }
    }
    let port = first?;
    let side = cx.reach.side(direction, number);
    let policy = *side.isolating.iter().find(|id| cx.cluster.is_reported(**id))?;
    let own = cx.cluster.policy(policy);
    let place = isolation::place(own, direction)?;
    let it = cx.cluster.workload(number);
    let (who, field) = (words::workload(&it), direction.field());
    let name = words::quoted(&cx.cluster.head(service_id).name);
    let message = format!(
        "the members of {who} can't reach one another on {closed}, which headless Service {name} \
         offers: no {field} rule allows it"
    );
    let labels = words::pods_of(cx, policy);
    let word = direction.peers_field();
    let help = format!("add an `{field}` rule for {closed} {word} {labels}");
    let spot = isolation::spot(own, direction);
    let finding = Finding::new(&RULE, place, message, help).about(cx, At { policy, spot });
    let mut finding = finding
        .related(port.port_span, format!("Service {name} offers it here"))
        .related(it.head.name_span, format!("{who} has more than one member"));
    isolation::add_isolating(cx, &mut finding, direction, number);
    isolation::lower_if_allowed_elsewhere(cx, &mut finding, direction, number);
    Some(finding)
}

/// Whether a port is for members: its Service is for finding them before they are ready, its name
/// says so, or the policies tell. A port of a headless Service may as well be for clients only.
fn is_between_members(
    cx: &Context<'_>,
    number: WorkloadId,
    service: &Service,
    port: &ServicePort,
    on_pod: &PortSet,
    direction: Direction,
) -> bool {
    let name = port.name.as_deref().unwrap_or_default();
    service.is_for_members
        || BETWEEN_MEMBERS.iter().any(|word| name.contains(word))
        || match direction {
            // Nobody may enter, so nobody else is what it is for.
            Direction::Ingress => cx.reach.is_closed_to_all(number, on_pod),
            // They may enter, and can't leave.
            Direction::Egress => {
                let ingress = Direction::Ingress;
                cx.reach.names(ingress, number, number)
                    && cx.reach.lets(ingress, number, Party::Workload(number), on_pod).is_yes()
            }
        }
}
