//! A connection that one side allows by name and the other side rejects.

use std::collections::HashSet;

use range_set_blaze::RangeSetBlaze;

use super::{Check, Confidence, Context, Finding, Rule, SelectorPeer, Severity, isolation, words};
use crate::model::{At, Direction, PolicyId, PortRef, Spot};
use crate::reach::{Allowed, Party, PortSet, rule_ports};
use crate::resolve::{NamespaceId, WorkloadId};

/// The rule.
pub static RULE: Rule = Rule {
    id: "half-open-connection",
    severity: Severity::Error,
    confidence: Confidence::High,
    pedantic: false,
    page: include_str!("../../rules/half-open-connection.md"),
    check: Check::EachKind(check, super::tiered::connections::half_open),
};

fn check(cx: &Context<'_>, id: PolicyId, findings: &mut Vec<Finding>) {
    let own = cx.cluster.selected(id);
    if own.yes.is_empty() || !own.is_sure() {
        return;
    }
    for peer in cx.selector_peers().iter().filter(|peer| names_shown_pods(peer)) {
        let spot = Spot::Rule(peer.direction, peer.rule);
        let connection = Connection { cx, at: At { policy: id, spot }, own: &own.yes, peer };
        if let Some(rejecting) = connection.rejecting() {
            findings.extend(connection.finding(rejecting));
        }
    }
}

/// Whether a peer names pods by their labels, and all that it may mean are shown.
fn names_shown_pods(peer: &SelectorPeer<'_>) -> bool {
    let is_named = peer.peer.pod_selector.get().is_some_and(|selector| !selector.is_empty());
    is_named && peer.means.pods.is_sure() && !peer.means.pods.yes.is_empty()
}

/// What one peer of a rule allows between the policy's own pods and those that it names.
struct Connection<'a, 'b> {
    cx: &'b Context<'a>,
    at: At,
    own: &'b RangeSetBlaze<WorkloadId>,
    peer: &'b SelectorPeer<'b>,
}

impl Connection<'_, '_> {
    /// The first of the named workloads, where the policies of all of them reject the connection
    /// with all of the policy's own pods, on every port that the rule allows.
    fn rejecting(&self) -> Option<WorkloadId> {
        let other = self.peer.direction.opposite();
        let has_names = self.has_named_ports();
        let mut asked = HashSet::new();
        let mut rejecting = None;
        for named in self.peer.means.pods.yes.iter() {
            if !has_names && !asked.insert(self.cx.reach.set_of(named)) {
                continue;
            }
            // Who is no candidate is named by no rule of the other side.
            let candidates = self.cx.reach.candidates(other, named, self.own);
            for own in candidates.iter().filter(|own| *own != named) {
                let ports = self.ports(own, named).possible;
                let party = Party::Workload(own);
                if !ports.is_empty() && !self.cx.reach.lets(other, named, party, &ports).is_no() {
                    return None;
                }
            }
            let is_open = |own: WorkloadId| own != named && !self.ports(own, named).is_nothing();
            if rejecting.is_none() && self.own.iter().any(is_open) {
                rejecting = Some(named);
            }
        }
        rejecting
    }

    /// The rule's ports on the pods that are connected to.
    fn ports(&self, own: WorkloadId, named: WorkloadId) -> Allowed {
        let destination = match self.peer.direction {
            Direction::Ingress => own,
            Direction::Egress => named,
        };
        rule_ports(self.cx.cluster, self.at, Some(destination))
    }

    fn has_named_ports(&self) -> bool {
        let rule = self.cx.cluster.policy(self.at.policy).rule(self.peer.direction, self.peer.rule);
        let entries = rule.map_or(&[][..], |rule| rule.port_list());
        entries.iter().any(|entry| matches!(entry.port.get(), Some(PortRef::Name(_))))
    }

    fn finding(&self, rejecting: WorkloadId) -> Option<Finding> {
        let cx = self.cx;
        let spot = Spot::PeerPods(self.peer.direction, self.peer.rule, self.peer.index);
        let place = spot.key_span(cx.cluster.policy(self.at.policy))?;
        let other = self.peer.direction.opposite();
        let who = words::workload(&cx.cluster.workload(rejecting));
        let own = self.own.iter().find(|own| *own != rejecting)?;
        let ports = on(&self.ports(own, rejecting).possible);
        let pods = words::pods_of(cx, self.at.policy);
        let denying = isolation::denied_by(cx, other, rejecting, Party::Workload(own));
        let (message, help) = match (self.peer.direction, &denying) {
            (Direction::Egress, Some(policy)) => (
                format!("{who} rejects this connection{ports}: {policy} denies it"),
                format!("delete this peer, or narrow the rule of {policy}"),
            ),
            (Direction::Ingress, Some(policy)) => (
                format!("{who} can't open this connection{ports}: {policy} denies it"),
                format!("delete this peer, or narrow the rule of {policy}"),
            ),
            (Direction::Egress, None) => (
                format!("{who} rejects this connection{ports}: no ingress rule lets {pods} in"),
                format!(
                    "add an `ingress` rule for {pods} to a policy of {who}, or delete this peer"
                ),
            ),
            (Direction::Ingress, None) => (
                format!(
                    "{who} can't open this connection{ports}: no egress rule lets it out to {pods}"
                ),
                format!(
                    "add an `egress` rule for {pods} to a policy of {who}, or delete this peer"
                ),
            ),
        };
        let at = At { spot, ..self.at };
        let mut finding = Finding::new(&RULE, place, message, help).about(cx, at);
        let is_open = |number: &NamespaceId| cx.cluster.namespace(*number).open.is_some();
        let namespaces = self.peer.means.namespaces.iter().map(|(number, _)| number);
        if self.peer.means.beyond || namespaces.into_iter().any(is_open) {
            finding.confidence = Confidence::Medium;
        }
        let asked = (own, &self.ports(own, rejecting).possible);
        isolation::add_nearest(cx, &mut finding, other, rejecting, asked);
        if denying.is_none() {
            isolation::add_isolating(cx, &mut finding, other, rejecting);
        }
        isolation::lower_if_allowed_elsewhere(cx, &mut finding, other, rejecting);
        Some(finding)
    }
}

/// " on TCP 80"; nothing where it is every port.
fn on(ports: &PortSet) -> String {
    if ports.is_all() { String::new() } else { format!(" on {ports}") }
}
