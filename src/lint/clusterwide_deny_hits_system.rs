//! A cluster-wide default deny that also closes the cluster's DNS.

use super::tiered::Tiered;
use super::{Check, Confidence, Context, Finding, Rule, Severity, words};
use crate::model::tiered::{Action, Closes, Expr, LabelOf, Scope, TieredRule};
use crate::model::{Direction, PolicyId, Protocol};
use crate::reach::{Destination, Port, flow_may_have};
use crate::resolve::SpecId;

/// The rule.
pub static RULE: Rule = Rule {
    id: "clusterwide-deny-hits-system",
    severity: Severity::Warning,
    confidence: Confidence::High,
    pedantic: false,
    page: include_str!("../../rules/clusterwide-deny-hits-system.md"),
    check: Check::Cluster(check),
};

fn check(cx: &Context<'_>, findings: &mut Vec<Finding>) {
    let home = cx.cluster.profile.dns_namespace();
    // A policy in the namespace of the DNS pods may let their clients in.
    let is_home = |id: &PolicyId| {
        let namespace = cx.cluster.namespace_name_of(cx.cluster.head(*id));
        let policy = cx.cluster.tiered_policy(*id);
        namespace == home && policy.is_none_or(|policy| !policy.kind.is_cluster_wide())
    };
    let mut all = cx.cluster.policies().iter().chain(cx.cluster.tiered());
    if all.any(is_home) || lets_dns_clients_in(cx) {
        return;
    }
    for of in Tiered::reported(cx) {
        for (spec, written) in of.specs() {
            let closes = written.closes(Direction::Ingress) == Closes::Yes;
            if closes && of.policy.kind.is_cluster_wide() && is_for_all(&of, spec) {
                findings.push(finding(cx, &of, spec));
                break;
            }
        }
    }
}

/// Whether a spec surely selects every pod, so the cluster's DNS as well.
fn is_for_all(of: &Tiered<'_>, spec: SpecId) -> bool {
    let subject = &of.policy.specs[spec.spec].subject;
    let is_anything = |expr: &Expr| match expr {
        Expr::Always => true,
        // `all()` as a namespaceSelector.
        Expr::Is(LabelOf::Namespace, requirement) => {
            requirement.operator == crate::model::Operator::Exists
        }
        _ => false,
    };
    let everywhere = match &subject.scope {
        Scope::Everywhere => true,
        Scope::Where(labels, _) => is_anything(labels),
        Scope::Own | Scope::Global => false,
    };
    everywhere && is_anything(&subject.labels)
}

/// Whether some rule may let clients of the cluster's DNS in.
fn lets_dns_clients_in(cx: &Context<'_>) -> bool {
    let port = Port { protocol: Protocol::Udp, number: cx.cluster.profile.dns_port() };
    let may = |id: &PolicyId, rule: &TieredRule| {
        let Some(policy) = cx.cluster.tiered_policy(*id) else { return false };
        let subject = &policy.specs[rule.spec].subject;
        rule.direction == Direction::Ingress
            && matches!(rule.action, Action::Allow | Action::Pass)
            && rule.peer != crate::model::tiered::Ends::Nobody
            && flow_may_have(cx.cluster, &rule.flow, Destination::ClusterDns, port)
            && cx.cluster.may_select_dns(cx.cluster.asker(*id), subject)
    };
    cx.cluster.tiered().iter().any(|id| {
        let policy = cx.cluster.tiered_policy(*id);
        policy.is_some_and(|policy| policy.rules.iter().any(|rule| may(id, rule)))
    })
}

fn finding(cx: &Context<'_>, of: &Tiered<'_>, spec: SpecId) -> Finding {
    let subject = &of.policy.specs[spec.spec].subject;
    let (key, value) = cx.cluster.profile.dns_label();
    let message = format!(
        "policy {} also denies ingress to the cluster's DNS and the other pods of `{}`: no policy \
         lets lookups in, so no name resolves in the whole cluster",
        words::quoted(&cx.cluster.head(of.id).name),
        cx.cluster.profile.dns_namespace()
    );
    let help = format!(
        "leave the system namespaces out of the selector, or allow port {} of `{key}: {value}`",
        cx.cluster.profile.dns_port()
    );
    of.finding(cx, Finding::new(&RULE, subject.place.key, message, help))
}
