//! A peer without a namespaceSelector that is meant for pods in another namespace.

use std::collections::BTreeSet;

use super::edits::{self, New, Site};
use super::{Check, Confidence, Context, Finding, Fix, Rule, SelectorPeer, Severity, words};
use crate::model::{At, Field, PolicyId, Selector, Spot};
use crate::resolve::{NAME_LABEL, WorkloadId, selects};

/// The rule.
pub static RULE: Rule = Rule {
    id: "missing-namespace-selector",
    severity: Severity::Error,
    confidence: Confidence::High,
    pedantic: false,
    page: include_str!("../../rules/missing-namespace-selector.md"),
    check: Check::EachKind(check, super::tiered::selectors::missing_namespaces),
};

fn check(cx: &Context<'_>, id: PolicyId, findings: &mut Vec<Finding>) {
    for peer in cx.selector_peers() {
        let Field::Given(selector, place) = &peer.peer.pod_selector else {
            continue;
        };
        let alone = peer.peer.namespace_selector.is_absent();
        if !alone || selector.is_empty() || !peer.means.pods.is_none() {
            continue;
        }
        let abroad: Vec<WorkloadId> = cx.cluster.pods_anywhere(selector).yes.iter().collect();
        if !abroad.is_empty() {
            findings.push(finding(cx, id, peer, selector, place.key, &abroad));
        }
    }
}

fn finding(
    cx: &Context<'_>,
    id: PolicyId,
    peer: &SelectorPeer<'_>,
    selector: &Selector,
    place: crate::text::Span,
    abroad: &[WorkloadId],
) -> Finding {
    let home = cx.cluster.namespace(cx.cluster.home(id));
    let first = cx.cluster.workload(abroad[0]);
    let namespaces: BTreeSet<&str> =
        abroad.iter().map(|n| cx.cluster.workload(*n).namespace.name.as_str()).collect();
    let names: Vec<String> = namespaces.iter().map(|name| words::quoted(name)).collect();
    let message = format!(
        "{} matches no pod in {}: a peer without a namespaceSelector matches only its own \
         namespace, and {} is in namespace {}",
        words::selector(selector),
        words::namespace(home),
        words::workload(&first),
        words::list(&names, 3)
    );
    let help = match names.as_slice() {
        [one] => format!(
            "add `namespaceSelector: {{matchLabels: {{{NAME_LABEL}: {}}}}}` to the same peer, \
             beside its podSelector",
            one.trim_matches('`')
        ),
        _ => "add a namespaceSelector for the intended namespace to the same peer, beside its \
              podSelector"
            .to_owned(),
    };
    let spot = Spot::PeerPods(peer.direction, peer.rule, peer.index);
    let finding = Finding::new(&RULE, place, message, help).about(cx, At { policy: id, spot });
    let who = format!(
        "{} is in namespace {}",
        words::workload(&first),
        words::quoted(&first.namespace.name)
    );
    let mut finding = finding.related(first.head.name_span, who);
    // Several namespaces are several candidates; one that no manifest names has no known name.
    if namespaces.len() == 1 && !first.namespace.implicit {
        finding.fixes.extend(name_namespace(cx, id, peer, &first.namespace.name));
    }
    // The policy's own namespace may contain such pods: then it is only a note.
    let may_move_home =
        !home.implicit && abroad.iter().all(|n| cx.cluster.workload(*n).namespace.implicit);
    // Another part of the repository has such pods in the policy's own namespace.
    let mut at_home = cx.cluster.elsewhere().into_iter().flat_map(|it| it.workloads_in(&home.name));
    let is_at_home = at_home.any(|(_, workload)| selects(selector, workload).is_yes());
    match home.open {
        Some(_) => finding.severity(Severity::Note).confidence(Confidence::Medium),
        // They have no namespace, so `kubectl apply -n` may put them into the policy's.
        None if may_move_home || is_at_home => finding.confidence(Confidence::Low),
        None => finding,
    }
}

fn name_namespace(
    cx: &Context<'_>,
    id: PolicyId,
    peer: &SelectorPeer<'_>,
    name: &str,
) -> Option<Fix> {
    let site = Site::of(cx, id)?;
    let node = site.node(Spot::Peer(peer.direction, peer.rule, peer.index))?;
    // A null one counts as absent, but adding another would duplicate the key.
    if node.get("namespaceSelector").is_some() {
        return None;
    }
    let new = New::label(NAME_LABEL, edits::name(name)?);
    let edit = site.key_below(node, "podSelector", "namespaceSelector", &new);
    let effect = "allows such pods in that namespace";
    edits::risky(format!("Add a namespaceSelector for {}", words::quoted(name)), effect, edit)
}
