//! A policy for pods on the host network.

use super::{Check, Confidence, Context, Finding, Rule, Severity, orphans, words};
use crate::model::{At, Operator, PolicyId, Selector, Spot};
use crate::resolve::{Pods, WorkloadId};

/// The rule.
pub static RULE: Rule = Rule {
    id: "host-network-target",
    severity: Severity::Warning,
    confidence: Confidence::Medium,
    pedantic: false,
    page: include_str!("../../rules/host-network-target.md"),
    check: Check::EachKind(check, super::tiered::selectors::host_network_subjects),
};

fn check(cx: &Context<'_>, id: PolicyId, findings: &mut Vec<Finding>) {
    let selected = cx.cluster.selected(id);
    let policy = cx.cluster.policy(id);
    // The policy may also select pods that the repository does not show.
    let named = is_named(cx, policy.pod_selector.get(), selected).then_some(Confidence::Medium);
    let home = cx.cluster.namespace(cx.cluster.home(id));
    let Some(sure) = named.or_else(|| orphans::namespace_confidence(home)) else {
        return;
    };
    let on_host = |number: WorkloadId| cx.cluster.workload(number).workload.host_network;
    if selected.yes.is_empty() || !selected.is_sure() || !selected.yes.iter().all(on_host) {
        return;
    }
    let at = At { policy: id, spot: Spot::PodSelector };
    let place = at.spot.key_span(policy).unwrap_or(cx.cluster.head(id).name_span);
    let who: Vec<String> =
        selected.yes.iter().map(|n| words::workload(&cx.cluster.workload(n))).collect();
    let message = format!(
        "the pods of {} use the node's network (`hostNetwork: true`), where most network plugins \
         apply no NetworkPolicy: this one has no effect on them",
        words::list(&who, 3)
    );
    let help = "remove `hostNetwork: true` if the pods do not need it; otherwise restrict them on \
                the node (with a firewall or your network plugin's host policies) and delete this \
                policy";
    let mut finding = Finding::new(&RULE, place, message, help)
        .about(cx, at)
        .confidence(sure.min(RULE.confidence));
    if let Some(first) = selected.yes.iter().next() {
        let first = cx.cluster.workload(first);
        let message = format!("{} has `hostNetwork: true`", words::workload(&first));
        finding = finding.related(first.head.name_span, message);
    }
    findings.push(finding);
}

/// Whether a selector selects one workload by its name (`app: node-exporter`): other pods with that
/// name are not expected, even if the repository can't show all.
pub(super) fn is_named(cx: &Context<'_>, selector: Option<&Selector>, pods: &Pods) -> bool {
    let mut numbers = pods.yes.iter();
    let (Some(only), None) = (numbers.next(), numbers.next()) else {
        return false;
    };
    let name = &cx.cluster.workload(only).head.name;
    let requirements = selector.map_or(&[][..], |selector| &selector.requirements);
    requirements.iter().any(|requirement| {
        requirement.operator == Operator::In
            && matches!(requirement.values.as_slice(), [(value, _)] if value == name)
    })
}
