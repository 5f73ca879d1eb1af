//! Connections that a rule of these kinds allows by name, and that the other side denies.

use super::super::{Confidence, Context, Finding, Rule, isolation, words};
use super::selectors::{place, selector};
use super::{Selecting, Statement, Tiered, pods_of};
use crate::model::tiered::{Effect, Ends};
use crate::model::{Direction, PolicyId};
use crate::reach::{Packet, PartySide, Port, party_side};
use crate::resolve::{Party, WorkloadId};
use crate::text::Span;

/// With more pods on either side, or more ports, than this nothing is said.
const MOST: usize = 16;
/// The most isolating policies that a finding names.
const NAMED: usize = 3;

/// `half-open-connection`: a rule that names pods which deny the connection on every port.
pub(crate) fn half_open(
    cx: &Context<'_>,
    of: &Tiered<'_>,
    rule: &'static Rule,
    findings: &mut Vec<Finding>,
) {
    for (statement, at) in of.peers() {
        let Some(connection) = Connection::of(cx, of, statement, at) else { continue };
        let Some((named, own, side)) = connection.rejected() else { continue };
        let made = connection.finding(rule, named, own, &side);
        findings.push(of.finding_at(cx, &at, made));
    }
}

/// What one peer of a rule allows between the policy's own pods and those that it names.
struct Connection<'a> {
    cx: &'a Context<'a>,
    of: &'a Tiered<'a>,
    statement: Statement<'a>,
    at: Selecting<'a>,
    own: Vec<WorkloadId>,
    named: Vec<WorkloadId>,
    packets: Vec<Packet>,
}

impl<'a> Connection<'a> {
    /// None where not all pods are shown, or the ports can't be listed.
    fn of(
        cx: &'a Context<'a>,
        of: &'a Tiered<'a>,
        statement: Statement<'a>,
        at: Selecting<'a>,
    ) -> Option<Self> {
        let rule = statement.rule;
        if !statement.allows() || rule.effect != Effect::Sure || rule.own != Ends::Everyone {
            return None;
        }
        selector(at.term)?;
        let few = |pods: &crate::resolve::Pods| -> Option<Vec<WorkloadId>> {
            let all: Vec<WorkloadId> = pods.yes.iter().take(MOST + 1).collect();
            (pods.is_sure() && (1..=MOST).contains(&all.len())).then_some(all)
        };
        let own = few(cx.cluster.spec_pods(of.spec_of(rule)))?;
        let named = few(&of.pods(cx, at.term))?;
        let packets = packets(&statement)?;
        Some(Self { cx, of, statement, at, own, named, packets })
    }

    fn side(
        &self,
        direction: Direction,
        pods: WorkloadId,
        other: WorkloadId,
        packet: Packet,
    ) -> PartySide {
        let (pods, other) = (Party::Workload(pods), Party::Workload(other));
        party_side(self.cx.cluster, direction, &pods, &other, packet)
    }

    /// The first pair that the policy lets connect and the other side does not, where none connects
    /// on any of the ports.
    fn rejected(&self) -> Option<(WorkloadId, WorkloadId, PartySide)> {
        let direction = self.statement.rule.direction;
        let mut rejected = None;
        for &named in &self.named {
            for &own in self.own.iter().filter(|own| **own != named) {
                for &packet in &self.packets {
                    let side = self.side(direction.opposite(), named, own, packet);
                    if !side.allowed.is_no() {
                        return None;
                    }
                    let is_let = || !self.side(direction, own, named, packet).allowed.is_no();
                    if rejected.is_none() && is_let() {
                        rejected = Some((named, own, side));
                    }
                }
            }
        }
        rejected
    }

    fn finding(
        &self,
        rule: &'static Rule,
        named: WorkloadId,
        own: WorkloadId,
        side: &PartySide,
    ) -> Finding {
        let cx = self.cx;
        let other = self.statement.rule.direction.opposite();
        let who = words::workload(&cx.cluster.workload(named));
        let pods = match self.own.as_slice() {
            [_] => format!("the pods of {}", words::workload(&cx.cluster.workload(own))),
            _ => pods_of(cx, self.of.spec_of(self.statement.rule)),
        };
        let denying = side.evidence.denied_by.first().copied();
        let why = match (denying, other) {
            (Some(at), _) => format!("{} denies it", policy(cx, at.policy)),
            (None, Direction::Ingress) => format!("no ingress rule lets {pods} in"),
            (None, Direction::Egress) => format!("no egress rule lets it out to {pods}"),
        };
        let message = match other {
            Direction::Ingress => format!("{who} rejects this connection: {why}"),
            Direction::Egress => format!("{who} can't open this connection: {why}"),
        };
        let help = match denying {
            Some(_) => "delete this peer, or narrow the rule that denies it".to_owned(),
            None => format!(
                "add an `{}` rule for {pods} to a policy of {who}, or delete this peer",
                other.field()
            ),
        };
        let mut made = Finding::new(rule, place(self.at.term), message, help);
        if let Some((span, _)) = denying.and_then(|at| cx.cluster.place_of(at)) {
            made = made.related(span, "this rule denies it");
        }
        for &id in side.isolating.iter().take(NAMED).filter(|_| denying.is_none()) {
            let words = format!("{} isolates these pods for {}", policy(cx, id), other.field());
            made = made.related(closing(cx, id, other), words);
        }
        let namespaces = cx.cluster.term_namespaces(self.of.asker, self.at.term);
        if namespaces.iter().any(|number| cx.cluster.namespace(*number).open.is_some()) {
            made.confidence = Confidence::Medium;
        }
        isolation::lower_if_allowed_elsewhere(cx, &mut made, other, named);
        made
    }
}

/// A policy in words.
fn policy(cx: &Context<'_>, id: PolicyId) -> String {
    let kind = cx.cluster.tiered_policy(id).map_or("NetworkPolicy", |policy| policy.kind.name());
    format!("{kind} {}", words::quoted(&cx.cluster.head(id).name))
}

/// Where a policy closes a direction.
fn closing(cx: &Context<'_>, id: PolicyId, direction: Direction) -> Span {
    let name = cx.cluster.head(id).name_span;
    match cx.cluster.tiered_policy(id) {
        Some(policy) => policy.specs.first().and_then(|spec| spec.place).map_or(name, |it| it.key),
        None => isolation::place(cx.cluster.policy(id), direction).unwrap_or(name),
    }
}

/// A packet to each port that a rule is for, where all of them are written as numbers.
fn packets(statement: &Statement<'_>) -> Option<Vec<Packet>> {
    let entries = statement.rule.flow.entries();
    let mut packets = Vec::new();
    for entry in entries.iter().filter(|entry| entry.term.port.is_some()) {
        let number = entry.number()?;
        packets
            .extend(entry.protocols.iter().map(|protocol| Packet::Port(Port { protocol, number })));
    }
    let has_whole = statement.rule.flow.has_more_than_ports();
    (!has_whole && (1..=MOST).contains(&packets.len())).then_some(packets)
}
