//! Pods without any allowed egress, not even DNS.

use std::collections::HashSet;

use super::earlier::Earlier;
use super::{Check, Confidence, Context, Finding, Rule, Severity, words};
use crate::model::{At, Direction, Policy, Spot};
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
struct ShutIn {
    policy: u32,
    pods: Vec<Subject>,
}

fn check(cx: &Context<'_>, findings: &mut Vec<Finding>) {
    let isolates = |id: &&u32| {
        cx.cluster.is_reported(**id) && cx.cluster.policy(**id).isolates(Direction::Egress)
    };
    let isolating = cx.cluster.policies().iter().filter(isolates).count();
    let mut found = shut_in(cx);
    // If most policies allow no egress, that is this repository's practice, and reported once.
    if found.len() > 1 && found.len() * 2 > isolating {
        let mut told: HashSet<Subject> = found[0].pods.iter().copied().collect();
        for subject in found.split_off(1).into_iter().flat_map(|shut_in| shut_in.pods) {
            if told.insert(subject) {
                found[0].pods.push(subject);
            }
        }
    }
    findings.extend(found.iter().filter_map(|shut_in| finding(cx, shut_in)));
}

/// The policies whose pods have no allowed egress, each with pods that no earlier one has.
fn shut_in(cx: &Context<'_>) -> Vec<ShutIn> {
    let mut found: Vec<ShutIn> = Vec::new();
    let mut earlier = Earlier::new(cx.cluster);
    for &id in cx.cluster.policies() {
        if !cx.cluster.is_reported(id)
            || !denies_all_egress(cx.cluster.policy(id))
            || earlier.has_told_of_group(id)
        {
            continue;
        }
        let mut pods = cx.cluster.subjects(id);
        if pods.first().is_some_and(|subject| subject.workload().is_some()) {
            earlier.tell_of_group(id);
        }
        pods.retain(|subject| cx.reach.is_shut_in(*subject));
        if !pods.is_empty() && !earlier.has_told(id, &pods) {
            earlier.tell(&pods);
            earlier.tell_of_selector(id);
            found.push(ShutIn { policy: id, pods });
        }
    }
    found
}

fn denies_all_egress(policy: &Policy) -> bool {
    policy.isolates(Direction::Egress)
        && !policy.is_unsure(Direction::Egress)
        && policy.rules(Direction::Egress).is_empty()
}

fn finding(cx: &Context<'_>, shut_in: &ShutIn) -> Option<Finding> {
    let (place, spot) = place(cx.cluster.policy(shut_in.policy))?;
    let pods = |subject: &Subject| match subject {
        Subject::Workload(number) => {
            format!("the pods of {}", words::workload(&cx.cluster.workload(*number)))
        }
        Subject::PodsOf(policy) => words::pods_of(cx, *policy),
    };
    let who = words::first_of(shut_in.pods.iter().map(pods), shut_in.pods.len(), 3);
    let message = format!(
        "no egress at all is allowed for {who}, not even DNS: correct only for pods that never \
         open a connection, such as a database"
    );
    let help = "if these pods connect to anything, add an egress rule for it and one for DNS (port \
                53 over UDP and TCP)";
    Some(Finding::new(&RULE, place, message, help).about(cx, At { policy: shut_in.policy, spot }))
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
