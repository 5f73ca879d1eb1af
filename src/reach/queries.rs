//! What rules and commands ask about the pods of one workload. Where policies of other kinds may
//! select the pods, the tiers answer; else what the NetworkPolicies that select them allow, which is
//! worked out once for all pods that the same policies select.

use std::net::IpAddr;
use std::sync::Arc;

use range_set_blaze::RangeSetBlaze;

use super::Reach;
use super::grant::Answer;
use super::parties::of_node;
use super::party::Party;
use super::ports::{Allowed, PortSet};
use super::sides::Side;
use super::tiers::{Asked, Other, Tiers};
use crate::model::{At, Direction, PolicyId};
use crate::resolve::{self, Subject, Tri, Why, WorkloadId, World};

impl Reach {
    /// What NetworkPolicies let the pods of a workload do in one direction.
    pub fn side(&self, direction: Direction, workload: WorkloadId) -> Arc<Side> {
        self.sides.of(&self.cluster, direction, workload)
    }

    /// A number that a workload shares with those that the same policies select.
    pub fn set_of(&self, workload: WorkloadId) -> u32 {
        self.sides.set_of(&self.cluster, workload)
    }

    fn tiers(&self, direction: Direction, workload: WorkloadId) -> Option<Arc<Tiers>> {
        self.sides.tiers(&self.cluster, direction, workload)
    }

    /// What is so of a workload whatever the policies say that are evaluated.
    fn fixed(&self, direction: Direction, workload: WorkloadId) -> Option<Tri> {
        let cluster = &self.cluster;
        if cluster.workload(workload).workload.host_network {
            return Some(of_node(cluster, direction, &resolve::Party::Workload(workload)));
        }
        let home = cluster.namespace_of(Subject::Workload(workload));
        cluster.has_unevaluated_policies(home).then_some(Tri::Unknown(Why::OtherPolicyKind))
    }

    /// Whether the tiers restrict the pods of a workload, where more than NetworkPolicies may decide.
    pub(super) fn restricted_in_tiers(
        &self,
        direction: Direction,
        workload: WorkloadId,
    ) -> Option<Tri> {
        let fixed =
            self.fixed(direction, workload).filter(|fixed| matches!(fixed, Tri::Unknown(_)));
        fixed.or_else(|| Some(self.tiers(direction, workload)?.restricts()))
    }

    /// Whether policies let the pods of a workload send to that party on one of those ports
    /// (egress), or be reached by it (ingress).
    pub fn lets(
        &self,
        direction: Direction,
        workload: WorkloadId,
        party: Party<'_>,
        ports: &PortSet,
    ) -> Tri {
        if let Some(fixed) = self.fixed(direction, workload) {
            return fixed;
        }
        if let Some(tiers) = self.tiers(direction, workload) {
            return self.in_tiers(&tiers, direction, workload, party).allowed.overlaps(ports);
        }
        let destination = destination(direction, workload, party);
        self.side(direction, workload).lets(&self.cluster, party, ports, destination)
    }

    /// The ports on which policies let the pods of a workload send to that party (egress), or be
    /// reached by it (ingress), and the rules that do.
    pub fn ports(&self, direction: Direction, workload: WorkloadId, party: Party<'_>) -> Answer {
        if let Some(fixed) = self.fixed(direction, workload) {
            let allowed = Allowed::everything().if_so(fixed);
            return Answer { allowed, ..Answer::default() };
        }
        if let Some(tiers) = self.tiers(direction, workload) {
            return self.in_tiers(&tiers, direction, workload, party);
        }
        let destination = destination(direction, workload, party);
        self.side(direction, workload).ports(&self.cluster, party, destination)
    }

    fn in_tiers(
        &self,
        tiers: &Tiers,
        direction: Direction,
        workload: WorkloadId,
        party: Party<'_>,
    ) -> Answer {
        let (cluster, meanings) = (&self.cluster, &self.sides.meanings);
        match party {
            Party::Workload(other) => tiers.with_pods(cluster, meanings, workload, other),
            Party::Address(address) => tiers.with_address(cluster, meanings, workload, address),
            Party::Addresses => {
                let pieces = self.pieces(direction, workload).into_iter();
                let all =
                    pieces.map(|piece| tiers.with_address(cluster, meanings, workload, piece));
                all.fold(Answer::default(), Answer::or)
            }
            party => {
                let side = self.side(direction, workload);
                let (subject, other) =
                    (resolve::Party::Workload(workload), Other::Unshown(party, &side));
                let subject = &subject;
                tiers.answer(&Asked { cluster, meanings, subject, other, packet: None })
            }
        }
    }

    /// An address of each part of the internet that the rules for the pods of a workload tell apart.
    pub fn pieces(&self, direction: Direction, workload: WorkloadId) -> Vec<IpAddr> {
        let blocks = match self.tiers(direction, workload) {
            Some(tiers) => tiers.blocks(&self.cluster).into_iter().collect(),
            None => self.side(direction, workload).blocks().collect(),
        };
        super::connections::pieces(&blocks).into_iter().map(|(first, _)| first).collect()
    }

    /// The policies of any kind that isolate the pods of a workload, or may, in the order of their
    /// places.
    pub fn isolating(&self, direction: Direction, workload: WorkloadId) -> Vec<PolicyId> {
        match self.tiers(direction, workload) {
            Some(tiers) => {
                let mut all = tiers.isolating().to_vec();
                all.sort_unstable();
                all.dedup();
                all
            }
            None => self.side(direction, workload).isolating.clone(),
        }
    }

    /// Those of some workloads that the pods of a workload may be allowed to connect with, whatever
    /// the ports; all of them where nothing is ruled out.
    pub fn candidates(
        &self,
        direction: Direction,
        workload: WorkloadId,
        workloads: &RangeSetBlaze<WorkloadId>,
    ) -> RangeSetBlaze<WorkloadId> {
        match self.tiers(direction, workload) {
            Some(_) => workloads.clone(),
            None => self.side(direction, workload).candidates(workloads),
        }
    }

    /// Whether no rule at all lets anybody in to the pods of a workload on one of those ports.
    pub fn is_closed_to_all(&self, workload: WorkloadId, ports: &PortSet) -> bool {
        self.lets(Direction::Ingress, workload, Party::Anybody, ports).is_no()
    }

    /// Whether a rule for the pods of a workload names those of another by a selector.
    pub fn names(&self, direction: Direction, workload: WorkloadId, other: WorkloadId) -> bool {
        self.side(direction, workload).names(other)
    }

    /// The podSelectors by which rules of NetworkPolicies for the pods of a workload name those of
    /// another, whatever their ports.
    pub fn peers_for(
        &self,
        direction: Direction,
        workload: WorkloadId,
        other: WorkloadId,
    ) -> Vec<At> {
        self.side(direction, workload).peers_for(other)
    }

    /// Whether one workload may connect to another on one of those ports: the source's egress and
    /// the destination's ingress must both let it.
    pub fn connects(&self, from: WorkloadId, to: WorkloadId, ports: &PortSet) -> Tri {
        if self.cluster.world == World::Closed && from == to {
            return Tri::Yes;
        }
        let egress = self.lets(Direction::Egress, from, Party::Workload(to), ports);
        if egress.is_no() {
            return Tri::No;
        }
        egress & self.lets(Direction::Ingress, to, Party::Workload(from), ports)
    }
}

/// The pods in which names of ports are looked up, where they are known.
fn destination(direction: Direction, workload: WorkloadId, party: Party<'_>) -> Option<WorkloadId> {
    match (direction, party) {
        (Direction::Ingress, _) => Some(workload),
        (Direction::Egress, Party::Workload(other)) => Some(other),
        (Direction::Egress, _) => None,
    }
}
