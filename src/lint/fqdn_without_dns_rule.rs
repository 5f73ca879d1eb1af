//! Names that Cilium never learns the addresses of, because no rule sends lookups through its proxy.

use super::tiered::{self, Statement, Tiered};
use super::{Check, Confidence, Context, Finding, Rule, Severity, words};
use crate::bundle::ObjectId;
use crate::model::tiered::{Ends, Evaluator, NamePattern, TieredPolicy};
use crate::model::{Body, Direction, PolicyId, PortRef, Protocol};
use crate::reach::{Packet, Port, party_side};
use crate::resolve::{Party, SpecId, WorkloadId};

/// The rule.
pub static RULE: Rule = Rule {
    id: "fqdn-without-dns-rule",
    severity: Severity::Error,
    confidence: Confidence::High,
    pedantic: false,
    page: include_str!("../../rules/fqdn-without-dns-rule.md"),
    check: Check::Cluster(check),
};

fn check(cx: &Context<'_>, findings: &mut Vec<Finding>) {
    let mut elsewhere: Option<bool> = None;
    for of in Tiered::reported(cx).filter(|of| of.project() == Evaluator::Cilium) {
        for statement in of.rules().filter(Statement::allows) {
            let names = names(&statement);
            let Some(first) = names.first() else { continue };
            let Some(confidence) = dropped(cx, &of, &statement, first) else { continue };
            // One clusterwide policy of another bundle may be for these pods too.
            if *elsewhere.get_or_insert_with(|| has_dns_rule_elsewhere(cx)) {
                continue;
            }
            findings.push(finding(cx, &of, &statement, &names).confidence(confidence));
        }
    }
}

fn names<'a>(statement: &Statement<'a>) -> Vec<&'a NamePattern> {
    let ends = statement.rule.peer.alternatives().iter();
    ends.filter_map(|end| match end {
        Ends::Name(name) => Some(name),
        _ => None,
    })
    .collect()
}

/// How sure it is that connections to a name are dropped for want of a lookup; none where they may
/// not be.
fn dropped(
    cx: &Context<'_>,
    of: &Tiered<'_>,
    statement: &Statement<'_>,
    name: &NamePattern,
) -> Option<Confidence> {
    let spec = of.spec_of(statement.rule);
    let pods = cx.cluster.spec_pods(spec);
    if pods.yes.is_empty() {
        let may_be_learned = cx.cluster.tiered().iter().any(|id| may_learn(cx, *id, of));
        return (!may_be_learned).then_some(Confidence::Medium);
    }
    let party = Party::Name(name.text.replace('*', "x").trim_start_matches("xx.").into());
    let packet = packet(statement);
    let is_dropped = |number: WorkloadId| {
        let side =
            party_side(cx.cluster, Direction::Egress, &Party::Workload(number), &party, packet);
        side.allowed.is_no() && !has_dns_rule(cx, number)
    };
    pods.yes.iter().all(is_dropped).then_some(Confidence::High)
}

/// A packet that the rule lets through.
fn packet(statement: &Statement<'_>) -> Packet {
    let ports = statement.rule.flow.ports();
    let first = ports.first();
    let number = first.and_then(|port| match port.port {
        Some(PortRef::Number(number)) => Some(number),
        _ => None,
    });
    let protocol = first.and_then(|port| port.protocols.iter().next()).unwrap_or(Protocol::Tcp);
    Packet::Port(Port { protocol, number: number.unwrap_or(443) })
}

/// Whether a policy that may select a workload looks at its lookups.
fn has_dns_rule(cx: &Context<'_>, workload: WorkloadId) -> bool {
    cx.cluster.specs_selecting(workload).into_iter().any(|(SpecId { policy, spec }, _)| {
        let policy = cx.cluster.tiered_policy(policy);
        policy.is_some_and(|policy| {
            policy.rules_of(spec, Direction::Egress).any(|(_, rule)| rule.dns.is_some())
        })
    })
}

/// Whether a policy may look at the lookups of pods that no manifest shows.
fn may_learn(cx: &Context<'_>, id: PolicyId, of: &Tiered<'_>) -> bool {
    let Some(policy) = cx.cluster.tiered_policy(id) else { return false };
    let may_select =
        policy.kind.is_cluster_wide() || cx.cluster.home_of_tiered(id) == of.asker.home;
    may_select && looks_at_dns(policy)
}

fn looks_at_dns(policy: &TieredPolicy) -> bool {
    policy.rules.iter().any(|rule| rule.dns.is_some())
}

/// Whether a clusterwide policy in another bundle of the repository looks at lookups.
fn has_dns_rule_elsewhere(cx: &Context<'_>) -> bool {
    let own = |id: ObjectId| cx.cluster.tiered().binary_search(&PolicyId::of(id)).is_ok();
    cx.cluster.repository().any(|(id, object)| match &object.body {
        Body::Tiered(policy) => policy.kind.is_cluster_wide() && looks_at_dns(policy) && !own(id),
        _ => false,
    })
}

fn finding(
    cx: &Context<'_>,
    of: &Tiered<'_>,
    statement: &Statement<'_>,
    names: &[&NamePattern],
) -> Finding {
    let shown: Vec<String> = names.iter().map(|name| words::quoted(&name.text)).collect();
    let spec = of.spec_of(statement.rule);
    let message = format!(
        "Cilium never learns the addresses of {}, so it drops these connections: no policy of {} \
         has an egress rule to the cluster's DNS with `rules.dns`",
        words::list(&shown, 2),
        tiered::pods_of(cx, spec)
    );
    let help = "add an egress rule to `k8s-app: kube-dns` in namespace `kube-system` on port 53 \
                with `rules: {dns: [{matchPattern: \"*\"}]}` under `toPorts`";
    let made = Finding::new(&RULE, names[0].span, message, help);
    of.finding_in(cx, statement, made)
}
