//! Pods that policies of these kinds let out, and can't look up names.

use std::collections::HashSet;

use super::super::{Context, Finding, Rule, words};
use super::{Statement, Tiered};
use crate::model::tiered::{Closes, Ends, Entity, Flow};
use crate::model::{Direction, PortRef};
use crate::resolve::{SpecId, Subject, WorkloadId};

/// `missing-dns-egress`, once for the pods of each policy.
pub(crate) fn missing(cx: &Context<'_>, rule: &'static Rule, findings: &mut Vec<Finding>) {
    let mut told: HashSet<WorkloadId> = HashSet::new();
    for of in Tiered::reported(cx) {
        for (spec, written) in of.specs() {
            if written.closes(Direction::Egress) != Closes::Yes || !needs_names(&of, spec) {
                continue;
            }
            let is_cut = |number: &WorkloadId| {
                cx.reach.dns(Subject::Workload(*number)).is_some_and(crate::reach::Dns::is_cut)
            };
            let cut: Vec<WorkloadId> =
                cx.cluster.spec_pods(spec).yes.iter().filter(is_cut).collect();
            if cut.is_empty() || cut.iter().all(|number| told.contains(number)) {
                continue;
            }
            told.extend(&cut);
            findings.push(finding(cx, &of, spec, &cut, rule));
        }
    }
}

/// Whether a spec lets its pods out to somebody whom they find by name. Names that Cilium learns
/// from lookups are the finding of another rule.
fn needs_names(of: &Tiered<'_>, spec: SpecId) -> bool {
    let rules = of.policy.rules_of(spec.spec, Direction::Egress);
    let rules: Vec<Statement<'_>> =
        rules.map(|(number, rule)| Statement { number, rule }).filter(Statement::allows).collect();
    let has_names = rules.iter().any(|statement| {
        statement.rule.peer.terms().iter().any(|end| matches!(end, Ends::Name(_)))
    });
    // A rule on port 53 means DNS: what is wrong with its peer is the finding of another rule.
    let means_dns = rules.iter().any(|statement| {
        let ports = statement.rule.flow.ports();
        ports.iter().any(|port| matches!(port.port, Some(PortRef::Number(53 | 5353))))
            && matches!(statement.rule.peer, Ends::Any(_))
    });
    !has_names && !means_dns && rules.iter().any(by_name)
}

fn by_name(statement: &Statement<'_>) -> bool {
    statement.rule.peer.alternatives().iter().any(|end| match end {
        Ends::Pods(_) | Ends::Service(_) => true,
        Ends::Entity(Entity::World | Entity::Cluster, _) => !is_api_server(&statement.rule.flow),
        Ends::Everyone => {
            !statement.rule.flow.is_everything() && !is_api_server(&statement.rule.flow)
        }
        _ => false,
    })
}

/// Only the ports of DNS and of the API server.
fn is_api_server(flow: &Flow) -> bool {
    let ports: Vec<_> = flow.ports().into_iter().filter(|port| port.port.is_some()).collect();
    !ports.is_empty()
        && ports.iter().all(|port| {
            matches!(port.port, Some(PortRef::Number(53 | 5353 | 443 | 6443)))
                && port.last.is_none()
        })
}

fn finding(
    cx: &Context<'_>,
    of: &Tiered<'_>,
    spec: SpecId,
    cut: &[WorkloadId],
    rule: &'static Rule,
) -> Finding {
    let (key, value) = cx.cluster.profile.dns_label();
    let port = cx.cluster.profile.dns_port();
    let message = format!(
        "{} can't resolve names: egress is restricted, and no rule allows the cluster's DNS on port \
         {port}, over UDP or TCP",
        match cut {
            [one] => format!("the pods of {}", words::workload(&cx.cluster.workload(*one))),
            _ => format!("the pods of {}", words::workloads(cx, cut)),
        }
    );
    let help = format!(
        "add an egress rule to `{key}: {value}` in namespace `{}` on port {port}, for UDP and TCP",
        cx.cluster.profile.dns_namespace()
    );
    let first = of.policy.rules_of(spec.spec, Direction::Egress).next();
    let place = egress_key(of, spec).or(first.map(|(_, rule)| rule.span));
    let place = place.unwrap_or(of.policy.specs[spec.spec].subject.place.key);
    of.finding(cx, Finding::new(rule, place, message, help))
}

/// The key of the list of egress rules of a spec.
pub(crate) fn egress_key(of: &Tiered<'_>, spec: SpecId) -> Option<crate::text::Span> {
    let tree = &of.policy.tree;
    let node = match of.policy.specs[spec.spec].index {
        None => tree.get("spec"),
        Some(index) => tree.get("specs")?.as_seq()?.get(index as usize),
    };
    node?.entry("egress").map(|entry| entry.key_span)
}

/// `dns-single-protocol`: a rule for DNS over one protocol, where no other one allows the other.
pub(crate) fn single_protocol(
    cx: &Context<'_>,
    of: &Tiered<'_>,
    rule: &'static Rule,
    findings: &mut Vec<Finding>,
) {
    for statement in of.rules().filter(Statement::allows) {
        if statement.rule.direction != Direction::Egress {
            continue;
        }
        let ports = statement.rule.flow.ports();
        let dns = cx.cluster.profile.dns_port();
        let mut at_dns = ports.iter().filter(|port| port.port == Some(PortRef::Number(dns)));
        let Some(term) = at_dns.next() else { continue };
        let pods = cx.cluster.spec_pods(of.spec_of(statement.rule));
        let half =
            pods.yes.iter().find_map(|number| cx.reach.dns(Subject::Workload(number))?.half());
        let Some(half) = half.filter(|half| half.sure && term.protocols.has(half.port.protocol))
        else {
            continue;
        };
        let missing = match half.port.protocol {
            crate::model::Protocol::Udp => "TCP",
            _ => "UDP",
        };
        let message = format!(
            "DNS is allowed over {} only: {}",
            half.port.protocol,
            match missing {
                "TCP" => "long answers need TCP and fail",
                _ => "resolvers ask over UDP first, and no name resolves",
            }
        );
        let help = format!("allow port {dns} over {missing} too");
        let made = Finding::new(rule, term.span, message, help);
        findings.push(of.finding_in(cx, &statement, made));
    }
}
