//! An empty rule or list that reads as "nobody" and means "everyone".

use super::{Check, Confidence, Context, Finding, Rule, Severity};
use crate::model::{At, Direction, Spot, TrafficRule};
use crate::text::Span;
use crate::yaml::Node;

/// The rule.
pub static RULE: Rule = Rule {
    id: "empty-peer-list",
    severity: Severity::Warning,
    confidence: Confidence::High,
    pedantic: false,
    page: include_str!("../../rules/empty-peer-list.md"),
    check: Check::Policy(check),
};

fn check(cx: &Context<'_>, id: u32, findings: &mut Vec<Finding>) {
    let policy = cx.cluster.policy(id);
    if is_called_allow_all(&cx.cluster.head(id).name) {
        return;
    }
    for direction in Direction::BOTH.into_iter().filter(|it| policy.isolates(*it)) {
        let written = policy.tree.at(&["spec", direction.field()]).and_then(Node::as_seq);
        let written = written.unwrap_or_default();
        for ((index, rule), node) in (0u32..).zip(policy.rules(direction)).zip(written) {
            let at = At { policy: id, spot: Spot::Rule(direction, index) };
            if let Some((place, message, help)) = empty(direction, rule, node) {
                findings.push(Finding::new(&RULE, place, message, help).about(cx, at));
            }
        }
    }
}

/// Whether its name says that everyone is meant.
fn is_called_allow_all(name: &str) -> bool {
    let has = |wanted: &[&str]| name.split(['-', '.']).any(|word| wanted.contains(&word));
    has(&["allow", "accept", "permit"]) && has(&["all", "any", "anyone", "everyone", "everything"])
}

fn empty(direction: Direction, rule: &TrafficRule, node: &Node) -> Option<(Span, String, String)> {
    let let_through = match direction {
        Direction::Ingress => "lets everyone in",
        Direction::Egress => "lets the pods out to anywhere",
    };
    let help = format!(
        "to allow nobody, delete the rule (`{}: []` where it is the only one); to allow everyone, \
         write `- {{}}`, which nobody takes for none",
        direction.field()
    );
    if node.is_null() {
        return Some((
            rule.span,
            format!("a rule of which nothing is written {let_through}, on every port"),
            help,
        ));
    }
    if !rule.is_for_everyone() || !rule.is_for_all_ports() {
        return None;
    }
    let peers = direction.peers_field();
    if let Some(place) = rule.peers.place() {
        let message =
            format!("an empty `{peers}` {let_through}, on every port: it means all, not none");
        return Some((place.key, message, help));
    }
    let place = rule.ports.place()?;
    let message = format!("an empty `ports` {let_through}, on every port: it means all, not none");
    Some((place.key, message, help))
}
