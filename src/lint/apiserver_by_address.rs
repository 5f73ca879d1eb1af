//! The API server by its address, which Cilium does not match where it is on a node.

use super::tiered::{Statement, Tiered};
use super::{Check, Confidence, Context, Finding, Rule, Severity, words};
use crate::model::tiered::{Ends, Entity, Evaluator};
use crate::model::{Direction, PortRef};
use crate::text::Span;

/// The rule.
pub static RULE: Rule = Rule {
    id: "apiserver-by-address",
    severity: Severity::Warning,
    confidence: Confidence::Medium,
    pedantic: false,
    page: include_str!("../../rules/apiserver-by-address.md"),
    check: Check::Project(Evaluator::Cilium, check),
};

fn check(cx: &Context<'_>, of: &Tiered<'_>, findings: &mut Vec<Finding>) {
    if cx.cluster.cilium().cidr_matches_nodes || has_entity(cx, of) {
        return;
    }
    for statement in of.rules().filter(Statement::allows) {
        if statement.rule.direction != Direction::Egress {
            continue;
        }
        let Some((span, what)) = by_address(cx, &statement) else { continue };
        let message = format!(
            "{what} does not match the API server where it is on a node of the cluster: Cilium \
             knows it by identity, and addresses match only what is outside"
        );
        let help = "write `toEntities: [kube-apiserver]`";
        findings.push(of.finding_in(cx, &statement, Finding::new(&RULE, span, message, help)));
    }
}

/// Whether a policy of the same pods lets them to the API server by its entity.
fn has_entity(cx: &Context<'_>, of: &Tiered<'_>) -> bool {
    let is_entity = |end: &&Ends| {
        matches!(
            end,
            Ends::Entity(Entity::ApiServer | Entity::All | Entity::Cluster | Entity::RemoteNode, _)
        )
    };
    cx.cluster.tiered().iter().any(|id| {
        let may_share = *id == of.id
            || cx.cluster.tiered_policy(*id).is_some_and(|policy| policy.kind.is_cluster_wide())
            || cx.cluster.home_of_tiered(*id) == of.asker.home;
        let policy = cx.cluster.tiered_policy(*id).filter(|_| may_share);
        policy.is_some_and(|policy| {
            let rules = policy.rules.iter().filter(|rule| rule.direction == Direction::Egress);
            rules.flat_map(|rule| rule.peer.terms()).any(|end| is_entity(&end))
        })
    })
}

/// What names the API server by an address: a rule for port 6443 to single addresses, or for the
/// Service `kubernetes`.
fn by_address(cx: &Context<'_>, statement: &Statement<'_>) -> Option<(Span, String)> {
    let ends = statement.rule.peer.alternatives();
    for end in ends {
        if let Ends::Service(service) = end
            && service.name.as_deref() == Some("kubernetes")
            && service.namespace.as_deref() == Some("default")
        {
            return Some((service.place.key, "the Service `kubernetes`".to_owned()));
        }
    }
    let ports = statement.rule.flow.ports();
    let is_6443 = |port: &&crate::model::tiered::PortTerm| port.port == Some(PortRef::Number(6443));
    if !ports.iter().any(is_6443) {
        return None;
    }
    let single = ends.iter().all(
        |end| matches!(end, Ends::Net(net) if net.cidr.prefix_len() == net.cidr.max_prefix_len()),
    );
    let first = ends.iter().find_map(|end| match end {
        Ends::Net(net) => Some(net),
        _ => None,
    })?;
    single.then(|| (first.span, words::quoted(cx.text(first.span).trim_matches(['"', '\'']))))
}
