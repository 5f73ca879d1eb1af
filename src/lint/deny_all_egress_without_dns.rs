//! Pods that nothing at all is allowed out of, not even to ask DNS.

use super::missing_dns_egress::asks_cluster_dns;
use super::{Check, Confidence, Context, Finding, Rule, Severity, words};
use crate::model::{At, Direction, Operator, Policy, Requirement, Spot};
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

/// A policy, and those of its pods that nothing is allowed out of.
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
    // Where most policies let nothing out, that is how it is done here, and told once.
    if found.len() > 1 && found.len() * 2 > isolating {
        for subject in found.split_off(1).into_iter().flat_map(|shut_in| shut_in.pods) {
            if !found[0].pods.contains(&subject) {
                found[0].pods.push(subject);
            }
        }
    }
    findings.extend(found.iter().filter_map(|shut_in| finding(cx, shut_in)));
}

/// The policies that let none of some pods out, each with pods that no earlier one has.
fn shut_in(cx: &Context<'_>) -> Vec<ShutIn> {
    let mut found: Vec<ShutIn> = Vec::new();
    for &id in cx.cluster.policies() {
        if !cx.cluster.is_reported(id) || !denies_all_egress(cx.cluster.policy(id)) {
            continue;
        }
        let mut pods = cx.cluster.subjects(id);
        pods.retain(|subject| asks_cluster_dns(cx, *subject) && is_shut_in(cx, *subject));
        if !pods.is_empty() && !found.iter().any(|earlier| is_told(cx, earlier, id, &pods)) {
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

/// Whether no policy that may select these pods lets them out to anything.
fn is_shut_in(cx: &Context<'_>, subject: Subject) -> bool {
    let home = cx.cluster.namespace_of(subject);
    let opens = |&other: &u32| {
        let policy = cx.cluster.policy(other);
        let has_rules = policy.isolates(Direction::Egress)
            && (!policy.rules(Direction::Egress).is_empty() || policy.is_unsure(Direction::Egress));
        has_rules && may_share_pods(cx, other, subject)
    };
    !cx.cluster.may_have_other_policies(home)
        && !cx.cluster.namespace(home).policies.iter().any(opens)
}

/// Whether a policy may select some of the pods. A default deny and the policies beside it, with
/// no workload shown, are for the same pods as far as anyone can tell.
fn may_share_pods(cx: &Context<'_>, policy: u32, subject: Subject) -> bool {
    let Subject::PodsOf(own) = subject else {
        return !cx.cluster.policy_selects(policy, subject).is_no();
    };
    let requirements = |id: u32| {
        cx.cluster.policy(id).pod_selector.get().map_or(&[][..], |s| s.requirements.as_slice())
    };
    let disjoint = |a: &Requirement, b: &Requirement| {
        a.key == b.key
            && a.operator == Operator::In
            && b.operator == Operator::In
            && !a.values.iter().any(|(x, _)| b.values.iter().any(|(y, _)| x == y))
    };
    !requirements(own).iter().any(|a| requirements(policy).iter().any(|b| disjoint(a, b)))
}

/// Whether an earlier finding has told of all these pods already.
fn is_told(cx: &Context<'_>, earlier: &ShutIn, id: u32, pods: &[Subject]) -> bool {
    pods.iter().all(|subject| match subject {
        Subject::Workload(_) => earlier.pods.contains(subject),
        Subject::PodsOf(_) => {
            cx.cluster.policy_selects(earlier.policy, Subject::PodsOf(id)).is_yes()
        }
    })
}

fn finding(cx: &Context<'_>, shut_in: &ShutIn) -> Option<Finding> {
    let (place, spot) = place(cx.cluster.policy(shut_in.policy))?;
    let pods = |subject: &Subject| match subject {
        Subject::Workload(number) => {
            format!("the pods of {}", words::workload(&cx.cluster.workload(*number)))
        }
        Subject::PodsOf(policy) => words::pods_of(cx, *policy),
    };
    let who: Vec<String> = shut_in.pods.iter().map(pods).collect();
    let who = words::list(&who, 3);
    let message = format!(
        "nothing at all is allowed out of {who}, not even lookups of names: right for pods that \
         only answer, such as a database"
    );
    let help = "if they connect to anything, add a rule for it, and one for DNS (port 53, UDP and \
                TCP)";
    Some(Finding::new(&RULE, place, message, help).about(cx, At { policy: shut_in.policy, spot }))
}

/// The `egress:` key, else the `Egress` item of `policyTypes`.
fn place(policy: &Policy) -> Option<(Span, Spot)> {
    let rules = Spot::Rules(Direction::Egress);
    if let Some(key) = rules.key_span(policy) {
        return Some((key, rules));
    }
    let types = policy.policy_types.get()?;
    let item = types.iter().find(|item| item.get() == Some(&Direction::Egress))?;
    Some((item.place()?.value, Spot::PolicyTypes))
}
