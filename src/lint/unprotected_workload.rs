//! Pods that no policy isolates in a direction.

use super::{Check, Confidence, Context, Finding, Rule, Severity, words};
use crate::model::Direction;
use crate::resolve::WorkloadId;

/// The rule.
pub static RULE: Rule = Rule {
    id: "unprotected-workload",
    severity: Severity::Note,
    confidence: Confidence::High,
    pedantic: true,
    page: include_str!("../../rules/unprotected-workload.md"),
    check: Check::Cluster(check),
};

fn check(cx: &Context<'_>, findings: &mut Vec<Finding>) {
    for number in cx.cluster.workload_ids() {
        let id = cx.cluster.object_id_of(number);
        let it = cx.cluster.workload(number);
        if !cx.cluster.is_reported(id) || it.workload.host_network {
            continue;
        }
        let is_open = |direction: &Direction| {
            cx.reach.is_restricted(*direction, number).is_no()
                && cx.reach.policy_elsewhere(*direction, number, |_| true).is_none()
        };
        let open: Vec<Direction> = Direction::BOTH.into_iter().filter(|it| is_open(it)).collect();
        if !open.is_empty() {
            findings.push(finding(cx, number, &open));
        }
    }
}

fn finding(cx: &Context<'_>, number: WorkloadId, open: &[Direction]) -> Finding {
    let it = cx.cluster.workload(number);
    let who = words::workload(&it);
    let (what, effect) = match open {
        [Direction::Ingress] => ("ingress", "everybody may connect to them"),
        [Direction::Egress] => ("egress", "they may connect to everything"),
        _ => ("ingress or egress", "everybody may connect to them, and they to everything"),
    };
    let message = format!("no policy isolates the pods of {who} for {what}: {effect}");
    let help = format!(
        "select them in a policy, or deny all traffic of {} by default",
        words::namespace(it.namespace)
    );
    let id = cx.cluster.object_id_of(number);
    Finding::new(&RULE, it.head.name_span, message, help).of_object(cx, id, "metadata.name")
}
