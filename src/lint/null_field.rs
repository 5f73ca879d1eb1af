//! A null field: a list that looks like "these" and means "everything".

use super::{Check, Confidence, Context, Finding, Rule, Severity, empty_peer_list, remarks};
use crate::model::{At, Direction, PolicyId, Spot};
use crate::text::Span;
use crate::yaml::Node;

/// The rule.
pub static RULE: Rule = Rule {
    id: "null-field",
    severity: Severity::Warning,
    confidence: Confidence::High,
    pedantic: false,
    page: include_str!("../../rules/null-field.md"),
    check: Check::Policy(check),
};

fn check(cx: &Context<'_>, id: PolicyId, findings: &mut Vec<Finding>) {
    let policy = cx.cluster.policy(id);
    if empty_peer_list::is_called_allow_all(&cx.cluster.head(id).name) {
        return;
    }
    for direction in Direction::BOTH.into_iter().filter(|it| policy.isolates(*it)) {
        let written = policy.tree.at(&["spec", direction.field()]).and_then(Node::as_seq);
        for (index, rule) in (0u32..).zip(written.unwrap_or_default()) {
            let at = At { policy: id, spot: Spot::Rule(direction, index) };
            if let Some(place) = null(cx, rule, direction.peers_field())
                && !is_meant(cx, place)
            {
                findings.push(peers(cx, at, direction, rule, place));
            }
            if let Some(place) = null(cx, rule, "ports") {
                findings.push(ports(cx, at, place));
            }
            let entries = rule.get("ports").and_then(Node::as_seq).unwrap_or_default();
            for (nth, entry) in (0u32..).zip(entries) {
                let at = At { policy: id, spot: Spot::Port(direction, index, nth) };
                findings.extend(null(cx, entry, "port").map(|place| port(cx, at, entry, place)));
            }
        }
    }
}

/// Whether a comment says that the rule is for everyone.
fn is_meant(cx: &Context<'_>, place: Span) -> bool {
    remarks::remarks(cx, place).into_iter().any(remarks::means_everyone)
}

/// The place of that key, if its value is null and stays so.
fn null(cx: &Context<'_>, map: &Node, key: &str) -> Option<Span> {
    let entry = map.entry(key).filter(|entry| entry.value.is_null())?;
    (!cx.is_template_comment(entry.value.span)).then_some(entry.key_span)
}

fn peers(cx: &Context<'_>, at: At, direction: Direction, rule: &Node, place: Span) -> Finding {
    let field = direction.peers_field();
    let has_ports = rule.get("ports").and_then(Node::as_seq).is_some_and(|ports| !ports.is_empty());
    let ports = if has_ports { "on these ports" } else { "on every port" };
    let effect = match direction {
        Direction::Ingress => "lets everyone in",
        Direction::Egress => "lets the pods out to anywhere",
    };
    let message = format!("`{field}` has no value, which {effect} {ports}");
    let help = format!(
        "write the intended peers; to allow no one while the list is empty, omit the whole rule; \
         to allow everyone, delete `{field}`"
    );
    Finding::new(&RULE, place, message, help).about(cx, at)
}

fn ports(cx: &Context<'_>, at: At, place: Span) -> Finding {
    let message = "`ports` has no value, which allows every port over every protocol";
    let help = "write the intended ports; to allow all, delete `ports`";
    Finding::new(&RULE, place, message, help).about(cx, at)
}

fn port(cx: &Context<'_>, at: At, entry: &Node, place: Span) -> Finding {
    let protocol = entry.get("protocol").and_then(Node::as_str).unwrap_or("TCP");
    let protocol = crate::text::visible(protocol);
    let message = format!("`port` has no value, which allows every port over {protocol}");
    let help = "write the intended port; to allow all, delete `port`";
    Finding::new(&RULE, place, message, help).about(cx, at)
}
