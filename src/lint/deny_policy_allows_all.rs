//! A policy with "deny" in its name that allows everyone.

use super::{Check, Confidence, Context, Finding, Rule, Severity, words};
use crate::model::{At, Direction, Policy, PolicyId, Spot};

/// The rule.
pub static RULE: Rule = Rule {
    id: "deny-policy-allows-all",
    severity: Severity::Warning,
    confidence: Confidence::High,
    pedantic: false,
    page: include_str!("../../rules/deny-policy-allows-all.md"),
    check: Check::Policy(check),
};

fn check(cx: &Context<'_>, id: PolicyId, findings: &mut Vec<Finding>) {
    let policy = cx.cluster.policy(id);
    let name = &cx.cluster.head(id).name;
    if !is_called_deny(name) {
        return;
    }
    let mut directions: Vec<Direction> =
        Direction::BOTH.into_iter().filter(|direction| policy.isolates(*direction)).collect();
    if let Some(named) = named_direction(name) {
        directions.retain(|direction| *direction == named);
    }
    // One denied and one open direction is a common way to deny only one of them.
    let open: Vec<At> =
        directions.iter().filter_map(|direction| everyone_rule(id, policy, *direction)).collect();
    if open.len() == directions.len() {
        findings.extend(open.into_iter().filter_map(|at| finding(cx, at, name)));
    }
}

/// The words of a name: `default-deny.ingress` has three.
fn name_words(name: &str) -> impl Iterator<Item = &str> {
    name.split(|c: char| !c.is_ascii_alphanumeric())
}

fn is_called_deny(name: &str) -> bool {
    let denies =
        |word: &str| matches!(word, "deny" | "denyall" | "isolate" | "isolated" | "isolation");
    // Elsewhere in a name `block` is often the name of a thing: `ceph-block-pool`.
    let blocks = matches!(name_words(name).find(|word| *word != "default"), Some("block"));
    // "deny all except …" and "block and allow" mention an exception, which may be this rule.
    let excepts = |word: &str| {
        ["allow", "except", "permit", "open"].iter().any(|start| word.starts_with(start))
    };
    (blocks || name_words(name).any(denies)) && !name_words(name).any(excepts)
}

/// The one direction that the name mentions.
fn named_direction(name: &str) -> Option<Direction> {
    let mentions = |direction: Direction| {
        let words: &[&str] = match direction {
            Direction::Ingress => &["ingress", "inbound", "incoming"],
            Direction::Egress => &["egress", "outbound", "outgoing"],
        };
        name_words(name).any(|word| words.contains(&word))
    };
    match (mentions(Direction::Ingress), mentions(Direction::Egress)) {
        (true, false) => Some(Direction::Ingress),
        (false, true) => Some(Direction::Egress),
        _ => None,
    }
}

/// The rule that allows everyone on every port: `- {}`.
fn everyone_rule(id: PolicyId, policy: &Policy, direction: Direction) -> Option<At> {
    let mut rules = (0u32..).zip(policy.rules(direction));
    let (index, _) = rules.find(|(_, rule)| rule.is_for_everyone() && rule.is_for_all_ports())?;
    Some(At { policy: id, spot: Spot::Rule(direction, index) })
}

fn finding(cx: &Context<'_>, at: At, name: &str) -> Option<Finding> {
    let place = at.spot.key_span(cx.cluster.policy(at.policy))?;
    let direction = at.spot.direction()?;
    let (effect, field) = match direction {
        Direction::Ingress => ("allows ingress from everyone", "ingress"),
        Direction::Egress => ("allows egress to everyone", "egress"),
    };
    let message = format!(
        "policy {} denies nothing, despite its name: this empty rule {effect} on every port",
        words::quoted(name)
    );
    let help = format!(
        "to deny all, delete the rule: `{}` in `policyTypes` and no rule under `{field}` allow \
         nothing",
        direction.policy_type()
    );
    Some(Finding::new(&RULE, place, message, help).about(cx, at))
}
