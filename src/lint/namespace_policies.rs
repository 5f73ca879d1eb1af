//! The other policies in a namespace, in any bundle: all of them are consulted before something is
//! reported as missing there.

use super::{Confidence, Context, Finding, words};
use crate::bundle::ObjectId;
use crate::model::{Body, Direction, Field, Policy, PolicyId, PortRef, TrafficRule};
use crate::reach::peer_may_be_dns;
use crate::resolve::covers;

/// Lowers a finding that a policy's pods can't reach DNS, if a policy of another bundle in the same
/// namespace allows it for these pods; and names that policy.
pub(super) fn lower_if_allowed_elsewhere(cx: &Context<'_>, id: PolicyId, finding: &mut Finding) {
    let Some(elsewhere) = cx.cluster.elsewhere() else { return };
    let home = cx.cluster.namespace_name_of(cx.cluster.head(id));
    let own = &cx.cluster.policy(id).pod_selector;
    let lets_out = |other: &ObjectId| match &cx.cluster.object(*other).body {
        Body::Policy(policy) => {
            !policy.pod_selector.is_wrong()
                && covers(policy.pod_selector.get(), own.get()).is_yes()
                && policy.isolates(Direction::Egress)
                && allows_dns(cx, id, policy)
        }
        _ => false,
    };
    let Some(other) = elsewhere.objects_in(home).find(lets_out) else { return };
    let head = cx.cluster.head(other);
    finding.confidence = Confidence::Low;
    let name = words::quoted(&head.name);
    let message = format!("{} {name} elsewhere in the repository allows it", head.kind);
    finding.related.push(super::Related { span: head.name_span, message });
}

/// Whether a policy allows DNS that is in the same namespace as the cluster's policy `id`, and may itself
/// be of another cluster.
fn allows_dns(cx: &Context<'_>, id: PolicyId, policy: &Policy) -> bool {
    let is_to_dns = |rule: &&TrafficRule| {
        let peers = rule.peer_list();
        peers.is_empty() || peers.iter().any(|peer| !peer_may_be_dns(cx.cluster, id, peer).is_no())
    };
    policy.rules(Direction::Egress).iter().filter(is_to_dns).any(is_on_dns_port)
}

fn is_on_dns_port(rule: &TrafficRule) -> bool {
    let entries = rule.ports.get().map_or(&[][..], Vec::as_slice);
    let is_dns = |port: &Field<PortRef>| match port.get() {
        None => true,
        Some(PortRef::Number(number)) => matches!(number, 53 | 5353),
        Some(PortRef::Name(name)) => name.starts_with("dns"),
        Some(PortRef::Placeholder(_)) => true,
    };
    entries.is_empty() || entries.iter().any(|entry| is_dns(&entry.port))
}
