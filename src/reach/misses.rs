//! The rule that comes nearest to allowing a connection, and what of it does not fit.

use std::net::IpAddr;

use super::{Party, PortSet, Reach, peer_holds_address, rule_ports};
use crate::model::{At, Direction, Field, Peer, Requirement, Selector, Spot};
use crate::resolve::{Labelled, NAME_LIKE, Subject, WorkloadId, meets};
use crate::text::Span;

/// Why a rule does not allow a connection.
#[derive(Clone, Debug)]
pub struct NearMiss {
    /// The rule, or the peer of it.
    pub at: At,
    /// Where the part is written that does not fit.
    pub place: Span,
    /// What does not fit.
    pub mismatch: Mismatch,
}

/// What of a rule does not fit.
#[derive(Clone, Debug)]
pub enum Mismatch {
    /// Its peers fit; its ports are these.
    Ports(PortSet),
    /// A requirement on the labels of the other pods, in words, and the label that they have.
    PodLabel(String, Option<String>),
    /// A requirement on the labels of their namespace.
    NamespaceLabel(String, Option<String>),
    /// A podSelector alone is for the policy's own namespace.
    OtherNamespace,
    /// The peer is for addresses, or for other ones.
    Address,
    /// The peer is for pods, and the other end is an address.
    Pods,
}

impl Reach {
    /// The rule of the policies of a workload that comes nearest to letting that party through on
    /// one of those ports (on any port, where none are given).
    pub fn nearest_miss(
        &self,
        direction: Direction,
        workload: WorkloadId,
        party: Party<'_>,
        ports: Option<&PortSet>,
    ) -> Option<NearMiss> {
        let side = self.side(direction, workload);
        let destination = match (direction, party) {
            (Direction::Ingress, _) => Some(workload),
            (Direction::Egress, Party::Workload(other)) => Some(other),
            (Direction::Egress, _) => None,
        };
        let mut nearest: Option<(usize, NearMiss)> = None;
        for at in side.likely_rules(party) {
            if let Some((far, miss)) = self.miss(at, party, ports, destination)
                && nearest.as_ref().is_none_or(|(best, _)| far < *best)
            {
                nearest = Some((far, miss));
            }
        }
        nearest.map(|(_, miss)| miss)
    }

    /// How far a rule is from allowing it, and what does not fit; none where it does.
    fn miss(
        &self,
        at: At,
        party: Party<'_>,
        ports: Option<&PortSet>,
        destination: Option<WorkloadId>,
    ) -> Option<(usize, NearMiss)> {
        let cluster = &self.cluster;
        let policy = cluster.policy(at.policy);
        let (direction, index) = (at.spot.direction()?, at.spot.rule()?);
        let rule = policy.rule(direction, index)?;
        let allowed = rule_ports(cluster, at, destination).possible;
        let fits = ports.is_none_or(|ports| !(&allowed & ports).is_empty());
        let peers = (0u32..).zip(rule.peer_list());
        let misses = peers.map(|(nth, peer)| {
            let spot = Spot::Peer(direction, index, nth);
            self.peer_miss(At { spot, ..at }, peer, party)
        });
        let misses: Vec<Option<(usize, NearMiss)>> = misses.collect();
        if rule.is_for_everyone() || misses.iter().any(Option::is_none) {
            let place = Spot::Port(direction, index, 0).key_span(policy).unwrap_or(rule.span);
            let miss = NearMiss { at, place, mismatch: Mismatch::Ports(allowed) };
            // Who is meant by name is nearer than who is among everyone.
            return (!fits).then_some((usize::from(rule.is_for_everyone()), miss));
        }
        let nearest = misses.into_iter().flatten().min_by_key(|(far, _)| *far)?;
        Some((nearest.0 + if fits { 0 } else { FAR }, nearest.1))
    }

    /// How far a peer is from meaning a party; none where it does.
    fn peer_miss(&self, at: At, peer: &Peer, party: Party<'_>) -> Option<(usize, NearMiss)> {
        let miss = |place, mismatch| NearMiss { at, place, mismatch };
        let number = match party {
            Party::Workload(number) if peer.ip_block.is_absent() => number,
            Party::Address(address) if is_held(peer, address) => return None,
            Party::Workload(_) | Party::Address(_) => {
                let is_block = !peer.ip_block.is_absent();
                let mismatch = if is_block { Mismatch::Address } else { Mismatch::Pods };
                return Some((FAR, miss(peer.first_token, mismatch)));
            }
            _ => return Some((FAR, miss(peer.first_token, Mismatch::Address))),
        };
        let it = self.cluster.workload(number);
        let home = self.cluster.home(at.policy);
        let (mut far, mut first) = (0, None);
        let mut add = |place: Span, mismatch: Mismatch| {
            far += 1;
            first.get_or_insert(miss(place, mismatch));
        };
        let mut names_it = false;
        match &peer.namespace_selector {
            Field::Absent => {
                if self.cluster.namespace_of(Subject::Workload(number)) != home {
                    let place = peer.pod_selector.place();
                    add(place.map_or(peer.first_token, |it| it.key), Mismatch::OtherNamespace);
                }
            }
            field => {
                for (requirement, has) in failed(field.get(), it.namespace) {
                    let words = requirement.words();
                    names_it |= NAME_LIKE.contains(&requirement.key.as_str())
                        && requirement.values.iter().any(|(name, _)| *name == it.namespace.name);
                    add(requirement.key_span, Mismatch::NamespaceLabel(words, has));
                }
            }
        }
        for (requirement, has) in failed(peer.pod_selector.get(), it.workload) {
            add(requirement.key_span, Mismatch::PodLabel(requirement.words(), has));
        }
        // A label that was to be the namespace's name says that this namespace is meant.
        first.map(|miss| (far - usize::from(names_it), miss))
    }
}

/// More than any number of labels.
const FAR: usize = 1000;

fn is_held(peer: &Peer, address: IpAddr) -> bool {
    peer.ip_block.get().is_some_and(|block| peer_holds_address(block, address))
}

/// The requirements that are not met, each with the label of its key that is there.
fn failed<'a>(
    selector: Option<&'a Selector>,
    labels: &impl Labelled,
) -> Vec<(&'a Requirement, Option<String>)> {
    let requirements = selector.map_or(&[][..], |selector| &selector.requirements);
    let unmet = requirements.iter().filter(|requirement| !meets(requirement, labels).is_yes());
    unmet
        .map(|it| (it, labels.value(&it.key).map(|value| format!("{}: {value}", it.key))))
        .collect()
}
