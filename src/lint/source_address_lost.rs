//! Clients of a Service that are allowed by address, where their address is not kept.

use std::collections::BTreeMap;

use range_set_blaze::RangeSetBlaze;

use super::{Check, Confidence, Context, Finding, Rule, Severity, words};
use crate::bundle::ObjectId;
use crate::model::{At, Direction, Field, PolicyId, Spot};
use crate::reach::rule_ports;
use crate::resolve::WorkloadId;

use super::outsiders::pod_port;

/// The rule.
pub static RULE: Rule = Rule {
    id: "source-address-lost",
    severity: Severity::Note,
    confidence: Confidence::Medium,
    pedantic: true,
    page: include_str!("../../rules/source-address-lost.md"),
    check: Check::Cluster(check),
};

/// The Services by which each workload is reached with the node's address as the source.
type Translated = BTreeMap<WorkloadId, Vec<ObjectId>>;

fn check(cx: &Context<'_>, findings: &mut Vec<Finding>) {
    let translated = translated(cx);
    let reached: RangeSetBlaze<WorkloadId> = translated.keys().copied().collect();
    if reached.is_empty() {
        return;
    }
    for &id in cx.cluster.policies().iter().filter(|id| cx.cluster.is_reported(**id)) {
        let policy = cx.cluster.policy(id);
        if !policy.isolates(Direction::Ingress) {
            continue;
        }
        let pods = &cx.cluster.selected(id).yes & &reached;
        for (index, _) in (0u32..).zip(policy.rules(Direction::Ingress)) {
            findings.extend(of_rule(cx, id, index, &pods, &translated));
        }
    }
}

fn translated(cx: &Context<'_>) -> Translated {
    let mut found = Translated::new();
    for (namespace, id, service) in cx.cluster.services() {
        if service.outside.is_some() && !service.keeps_source {
            for number in cx.cluster.pods_of_service(namespace, service).yes.iter() {
                found.entry(number).or_default().push(id);
            }
        }
    }
    found
}

/// The first block of a rule that is for single clients of such a Service.
fn of_rule(
    cx: &Context<'_>,
    id: PolicyId,
    index: u32,
    pods: &RangeSetBlaze<WorkloadId>,
    translated: &Translated,
) -> Option<Finding> {
    let spot = Spot::Rule(Direction::Ingress, index);
    let rule = cx.cluster.policy(id).rule(Direction::Ingress, index)?;
    let mut peers = (0u32..).zip(rule.peer_list());
    let (nth, block) = peers.find_map(|(nth, peer)| match &peer.ip_block {
        // Every address holds the node's too.
        Field::Given(block, _) if block.cidr.get()?.prefix_len() > 0 => Some((nth, block)),
        _ => None,
    })?;
    let (number, service) = pods.iter().find_map(|number| {
        let ports = rule_ports(cx.cluster, At { policy: id, spot }, Some(number));
        let workload = cx.cluster.workload(number).workload;
        let is_for = |id: &&ObjectId| match &cx.cluster.object(**id).body {
            crate::model::Body::Service(service) => service.ports.iter().any(|port| {
                pod_port(port, workload).is_some_and(|on_pod| ports.overlaps(&on_pod).is_yes())
            }),
            _ => false,
        };
        Some((number, *translated.get(&number)?.iter().find(is_for)?))
    })?;
    let at = At { policy: id, spot: Spot::PeerBlock(Direction::Ingress, index, nth) };
    let place = block.cidr.place()?.value;
    let (head, who) = (cx.cluster.head(service), words::workload(&cx.cluster.workload(number)));
    let name = words::quoted(&head.name);
    let message = format!(
        "clients that come through Service {name} may not arrive at {who} with their own address: \
         without `externalTrafficPolicy: Local` a node may put its own in the place of it, which this \
         block then does not match"
    );
    let help = format!(
        "set `externalTrafficPolicy: Local` on Service {name}, or limit its clients by `loadBalancerSourceRanges`"
    );
    let finding = Finding::new(&RULE, place, message, help).about(cx, at);
    Some(
        finding.related(
            head.name_span,
            format!("Service {name} has no `externalTrafficPolicy: Local`"),
        ),
    )
}
