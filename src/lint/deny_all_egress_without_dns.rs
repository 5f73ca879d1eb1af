//! Pods without any allowed egress, not even DNS.

use std::collections::HashSet;

use super::earlier::Earlier;
use super::{Check, Confidence, Context, Finding, Rule, Severity, words};
use crate::model::{At, Direction, Policy, PolicyId, Spot};
use crate::resolve::Subject;
use crate::text::Span;

/// The rule.
pub static RULE: Rule = Rule {
    id: "deny-all-egress-without-dns",
    severity: Severity::Note,
    confidence: Confidence::High,
    pedantic: true,
    page: include_str!("../../rules/deny-all-egress-without-dns.md"),
    check: Check::Cluster(check),
};

/// A policy, and those of its pods without any allowed egress.
struct Denied {
    policy: PolicyId,
    pods: Vec<Subject>,
}

fn check(cx: &Context<'_>, findings: &mut Vec<Finding>) {
    let isolates = |id: &&PolicyId| {
        cx.cluster.is_reported(**id) && cx.cluster.policy(**id).isolates(Direction::Egress)
    };
    let isolating = cx.cluster.policies().iter().filter(isolates).count();
    let mut found = denied_policies(cx);
    // If most policies allow no egress, that is this repository's practice, and reported once.
    if found.len() > 1 && found.len() * 2 > isolating {
        let mut reported: HashSet<Subject> = found[0].pods.iter().copied().collect();
        for subject in found.split_off(1).into_iter().flat_map(|denied| denied.pods) {
            if reported.insert(subject) {
                found[0].pods.push(subject);
            }
        }
    }
    findings.extend(found.iter().filter_map(|denied| finding(cx, denied)));
}

/// The policies whose pods have no allowed egress, each with pods that no earlier one has.
fn denied_policies(cx: &Context<'_>) -> Vec<Denied> {
    let mut found: Vec<Denied> = Vec::new();
    let mut earlier = Earlier::new(cx.cluster);
    for &id in cx.cluster.policies() {
        if !cx.cluster.is_reported(id)
            || !denies_all_egress(cx.cluster.policy(id))
            || earlier.covers_group(id)
        {
            continue;
        }
        let mut pods = cx.cluster.subjects(id);
        if pods.first().is_some_and(|subject| subject.workload().is_some()) {
            earlier.record_group(id);
        }
        pods.retain(|subject| cx.reach.is_shut_in(*subject));
        if !pods.is_empty() && !earlier.covers(id, &pods) {
            earlier.record(&pods);
            earlier.record_selector(id);
            found.push(Denied { policy: id, pods });
        }
    }
    found
}

fn denies_all_egress(policy: &Policy) -> bool {
    policy.isolates(Direction::Egress)
        && !policy.is_unsure(Direction::Egress)
        && policy.rules(Direction::Egress).is_empty()
}

fn finding(cx: &Context<'_>, denied: &Denied) -> Option<Finding> {
    let (place, spot) = place(cx.cluster.policy(denied.policy))?;
    let pods = |subject: &Subject| match subject {
        Subject::Workload(number) => {
            format!("the pods of {}", words::workload(&cx.cluster.workload(*number)))
        }
        Subject::PodsOf(policy) => words::pods_of(cx, *policy),
    };
    let who = words::first_of(denied.pods.iter().map(pods), denied.pods.len(), 3);
    let message = format!(
        "no egress at all is allowed for {who}, not even DNS: correct only for pods that never \
         open a connection, such as a database"
    );
    let help = "if these pods connect to anything, add an egress rule for it and one for DNS (port \
                53 over UDP and TCP)";
    Some(Finding::new(&RULE, place, message, help).about(cx, At { policy: denied.policy, spot }))
}

/// The `egress:` key, or else the `Egress` item of `policyTypes`.
fn place(policy: &Policy) -> Option<(Span, Spot)> {
    let rules = Spot::Rules(Direction::Egress);
    if let Some(key) = rules.key_span(policy) {
        return Some((key, rules));
    }
    let types = policy.policy_types.get()?;
    let item = types.iter().find(|item| item.get() == Some(&Direction::Egress))?;
    Some((item.place()?.value, Spot::PolicyTypes))
}
