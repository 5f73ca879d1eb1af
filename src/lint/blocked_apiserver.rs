//! Pods that call the API server, and may not reach it.

use std::collections::BTreeMap;

use super::{Check, Confidence, Context, Finding, Rule, Severity, isolation, words};
use crate::bundle::ObjectId;
use crate::model::{At, Direction, PolicyId, Protocol};
use crate::reach::{Party, PortSet};
use crate::resolve::WorkloadId;

/// The rule.
pub static RULE: Rule = Rule {
    id: "blocked-apiserver",
    severity: Severity::Warning,
    confidence: Confidence::Medium,
    pedantic: false,
    page: include_str!("../../rules/blocked-apiserver.md"),
    check: Check::Cluster(check),
};

/// The ports of the API server: of its Service, and its own in most clusters.
const PORTS: [u16; 2] = [443, 6443];

fn check(cx: &Context<'_>, findings: &mut Vec<Finding>) {
    let mut ports = PortSet::default();
    PORTS.iter().for_each(|port| ports.insert(Protocol::Tcp, *port, *port));
    // The workloads by the policy to change.
    let mut blocked: BTreeMap<PolicyId, Vec<(WorkloadId, ObjectId)>> = BTreeMap::new();
    for (number, binding) in cx.cluster.api_clients() {
        let lets = |party| cx.reach.lets(Direction::Egress, number, party, &ports);
        if lets(Party::Addresses).is_no()
            && lets(Party::ApiServer).is_no()
            && let Some(policy) = isolating(cx, number)
        {
            blocked.entry(policy).or_default().push((number, binding));
        }
    }
    findings.extend(blocked.iter().filter_map(|(policy, clients)| finding(cx, *policy, clients)));
}

/// The first NetworkPolicy to report on that isolates the pods of a workload: one that lets them out to
/// something, if there is one.
fn isolating(cx: &Context<'_>, workload: WorkloadId) -> Option<PolicyId> {
    let side = cx.reach.side(Direction::Egress, workload);
    let reported = || side.isolating.iter().copied().filter(|id| cx.cluster.is_reported(*id));
    let has_rules = |id: &PolicyId| !cx.cluster.policy(*id).rules(Direction::Egress).is_empty();
    reported().find(has_rules).or_else(|| reported().next())
}

fn finding(
    cx: &Context<'_>,
    policy: PolicyId,
    clients: &[(WorkloadId, ObjectId)],
) -> Option<Finding> {
    let own = cx.cluster.policy(policy);
    let place = isolation::place(own, Direction::Egress)?;
    let numbers: Vec<WorkloadId> = clients.iter().map(|(number, _)| *number).collect();
    let who = words::workloads(cx, &numbers);
    let &(first, binding) = clients.first()?;
    let message = format!(
        "no egress rule lets {who} reach the API server, though a role is bound to the \
         ServiceAccount: neither an `ipBlock` nor a rule for everyone has port 443 or 6443"
    );
    let help = "add an `egress` rule for ports 443 and 6443 without `to`, or with the API server's \
                addresses in an `ipBlock` (see `kubectl get endpoints kubernetes`)";
    let spot = isolation::spot(own, Direction::Egress);
    let finding = Finding::new(&RULE, place, message, help).about(cx, At { policy, spot });
    let head = cx.cluster.head(binding);
    let account = words::quoted(&cx.cluster.workload(first).workload.service_account);
    let name = words::quoted(&head.name);
    let mut finding = finding.related(
        head.name_span,
        format!("{} {name} binds a role to ServiceAccount {account}", head.kind),
    );
    let it = cx.cluster.workload(first);
    finding = finding.related(
        it.head.name_span,
        format!("{} runs as that ServiceAccount", words::workload(&it)),
    );
    isolation::add_isolating(cx, &mut finding, Direction::Egress, first);
    isolation::lower_if_allowed_elsewhere(cx, &mut finding, Direction::Egress, first);
    Some(finding)
}
