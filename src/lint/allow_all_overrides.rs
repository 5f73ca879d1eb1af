//! A rule for everyone on every port, beside rules that then have no effect.

use std::collections::BTreeMap;

use super::{Check, Confidence, Context, Finding, Rule, Severity, words};
use crate::model::{At, Direction, Policy, PolicyId, Spot, TrafficRule};
use crate::resolve::{NamespaceId, SelectorIndex, covers};

/// The rule.
pub static RULE: Rule = Rule {
    id: "allow-all-overrides",
    severity: Severity::Warning,
    confidence: Confidence::High,
    pedantic: false,
    page: include_str!("../../rules/allow-all-overrides.md"),
    check: Check::Cluster(check),
};

fn check(cx: &Context<'_>, findings: &mut Vec<Finding>) {
    for direction in Direction::BOTH {
        for (rule, overridden) in overridden(cx, direction) {
            if cx.cluster.is_reported(rule.policy) {
                findings.extend(finding(cx, rule, &overridden));
            }
        }
    }
}

/// The rules that allow everything, each with rules that have no effect beside it. A rule is counted
/// with the first one that overrides it.
fn overridden(cx: &Context<'_>, direction: Direction) -> BTreeMap<At, Vec<At>> {
    let mut wide: BTreeMap<NamespaceId, SelectorIndex<PolicyId>> = BTreeMap::new();
    for &id in cx.cluster.policies() {
        let policy = cx.cluster.policy(id);
        if !policy.pod_selector.is_wrong() && allows_all(policy, direction).is_some() {
            let home = cx.cluster.home(id);
            wide.entry(home).or_default().add(policy.pod_selector.get(), id);
        }
    }
    let mut found: BTreeMap<At, Vec<At>> = BTreeMap::new();
    if wide.is_empty() {
        return found;
    }
    for &id in cx.cluster.policies() {
        let policy = cx.cluster.policy(id);
        let others = others(id, policy, direction);
        if others.is_empty() {
            continue;
        }
        let by = match allows_all(policy, direction) {
            Some(own) => Some((id, own)),
            None => {
                wide.get(&cx.cluster.home(id)).and_then(|wide| first_over(cx, wide, id, direction))
            }
        };
        if let Some((policy, spot)) = by {
            found.entry(At { policy, spot }).or_default().extend(others);
        }
    }
    found
}

/// The first policy that selects all pods of that one and allows everything.
fn first_over(
    cx: &Context<'_>,
    wide: &SelectorIndex<PolicyId>,
    id: PolicyId,
    direction: Direction,
) -> Option<(PolicyId, Spot)> {
    let own = cx.cluster.policy(id).pod_selector.get();
    let is_over = |other: &PolicyId| {
        *other != id && covers(cx.cluster.policy(*other).pod_selector.get(), own).is_yes()
    };
    let first = wide.covering(own).filter(is_over).min()?;
    Some((first, allows_all(cx.cluster.policy(first), direction)?))
}

/// The first rule of a policy that is for everyone, on every port.
fn allows_all(policy: &Policy, direction: Direction) -> Option<Spot> {
    if !policy.isolates(direction) || policy.is_unsure(direction) {
        return None;
    }
    let at = policy.rules(direction).iter().position(is_for_all)?;
    Some(Spot::Rule(direction, at as u32))
}

fn is_for_all(rule: &TrafficRule) -> bool {
    rule.is_for_everyone() && rule.is_for_all_ports()
}

/// The rules of a policy that restrict something.
fn others(id: PolicyId, policy: &Policy, direction: Direction) -> Vec<At> {
    if !policy.isolates(direction) || policy.is_unsure(direction) || policy.pod_selector.is_wrong()
    {
        return Vec::new();
    }
    let rules = (0u32..).zip(policy.rules(direction));
    let others = rules.filter(|(_, rule)| !is_for_all(rule) && !rule.wrong);
    others.map(|(index, _)| At { policy: id, spot: Spot::Rule(direction, index) }).collect()
}

/// The most overridden rules that are named.
const MOST: usize = 3;

fn finding(cx: &Context<'_>, rule: At, overridden: &[At]) -> Option<Finding> {
    let place = rule.spot.key_span(cx.cluster.policy(rule.policy))?;
    let field = rule.spot.direction()?.field();
    let count = overridden.len();
    let what = match (count, overridden.iter().all(|at| at.policy == rule.policy)) {
        (1, true) => format!("the other `{field}` rule of this policy has no effect"),
        (_, true) => format!("the {count} other `{field}` rules of this policy have no effect"),
        (1, false) => format!("another `{field}` rule for the same pods has no effect"),
        (_, false) => format!("{count} other `{field}` rules for the same pods have no effect"),
    };
    let everyone = match rule.spot.direction()? {
        Direction::Ingress => "lets everyone in on every port",
        Direction::Egress => "lets these pods out to everyone on every port",
    };
    let message = format!("this rule {everyone}, so {what}");
    let help = "delete this rule if the others are meant, or delete the others";
    let mut finding = Finding::new(&RULE, place, message, help).about(cx, rule);
    for at in overridden.iter().take(MOST) {
        if let Some(span) = at.spot.key_span(cx.cluster.policy(at.policy)) {
            let name = words::quoted(&cx.cluster.head(at.policy).name);
            finding = finding.related(span, format!("this rule of {name} has no effect"));
        }
    }
    Some(finding)
}
