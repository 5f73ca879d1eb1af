//! All connections that policies allow: between classes of pods, and with addresses outside the
//! cluster. It uses the world that the cluster was built with; the engine's commands build it
//! closed.

use std::collections::{BTreeSet, HashMap};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::rc::Rc;

use super::classes::{Class, ClassId, Classes};
use super::grant::Answer;
use super::meanings::Meanings;
use super::parties::of_node;
use super::party;
use super::ports::Allowed;
use super::sides;
use super::stack::Stacks;
use super::tiers::Tiers;
use crate::model::{At, Direction, PolicyId};
use crate::resolve::{Cluster, Party, Subject, Tri};

/// One end of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// The pods of every workload of a class.
    Pods(ClassId),
    /// Addresses outside the cluster, from the first to the last.
    Addresses(IpAddr, IpAddr),
}

/// What one end may send to the other.
#[derive(Clone, Debug)]
pub struct Connection {
    /// The source.
    pub from: End,
    /// The destination.
    pub to: End,
    /// The ports; never empty.
    pub allowed: Allowed,
    /// Why.
    pub evidence: Evidence,
}

/// The evidence for a verdict, from both ends.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    /// The rules that allow it, or may, on either side.
    pub rules: Vec<At>,
    /// The policies that isolate either side.
    pub isolating: Vec<PolicyId>,
}

/// The connections of a cluster, and the classes that they connect.
#[derive(Debug)]
pub struct Connections {
    /// The classes.
    pub classes: Classes,
    /// What is allowed, or may be, in the order of the ends.
    pub list: Vec<Connection>,
}

/// Everything that is allowed in a cluster. Traffic within one class is listed as that class with
/// itself, for different workloads of it.
pub fn connections(cluster: &Cluster) -> Connections {
    let classes = Classes::of(cluster);
    let list = Sides::of(cluster, &classes).list();
    Connections { classes, list }
}

/// Both directions of every class.
struct Sides<'a> {
    cluster: &'a Cluster,
    classes: &'a Classes,
    ingress: Vec<Side>,
    egress: Vec<Side>,
    addresses: Vec<(IpAddr, IpAddr)>,
    meanings: Meanings,
}

/// One class in one direction.
#[derive(Clone)]
enum Side {
    /// Outside every policy.
    Free,
    /// It is unknown.
    Unknown,
    /// What its policies allow.
    Policies(Rc<sides::Side>),
    /// What the tiers that its policies are in allow.
    Tiers(Rc<Tiers>),
}

impl<'a> Sides<'a> {
    fn of(cluster: &'a Cluster, classes: &'a Classes) -> Self {
        let is_tiered = super::tiers::are_listed(cluster);
        let sides = |direction| {
            let mut known: HashMap<&[(PolicyId, Tri)], Rc<sides::Side>> = HashMap::new();
            let stacks = Stacks::new(cluster, direction);
            let side = |(_, class): (ClassId, &'a Class)| match fixed(cluster, class, direction) {
                Some(side) => side,
                None if is_tiered => {
                    let foreign = cluster.foreign_specs(class.example());
                    Side::Tiers(Rc::new(Tiers::of(cluster, &stacks, &class.selecting(), foreign)))
                }
                None => Side::Policies(Rc::clone(
                    known.entry(class.policies.as_slice()).or_insert_with(|| {
                        Rc::new(sides::Side::of(cluster, &class.policies, direction))
                    }),
                )),
            };
            classes.iter().map(side).collect::<Vec<Side>>()
        };
        let (ingress, egress) = (sides(Direction::Ingress), sides(Direction::Egress));
        let blocks = ingress.iter().chain(&egress).map(|side| match side {
            Side::Policies(side) => side.blocks().collect(),
            Side::Tiers(tiers) => tiers.blocks(cluster),
            _ => Vec::new(),
        });
        let addresses = pieces(&blocks.flatten().collect());
        let meanings = Meanings::default();
        Self { cluster, classes, ingress, egress, addresses, meanings }
    }

    fn list(&self) -> Vec<Connection> {
        let mut list = Vec::new();
        let (open, named_by) = self.destinations();
        for ((from, _), egress) in self.classes.iter().zip(&self.egress) {
            let mut candidates: Vec<usize> = match self.named(egress) {
                Some(classes) => classes.into_iter().map(ClassId::position).collect(),
                None => {
                    let named = named_by.get(&from).into_iter().flatten();
                    open.iter().chain(named).copied().collect()
                }
            };
            candidates.sort_unstable();
            candidates.dedup();
            for to in candidates {
                list.extend(self.between(from, egress, to));
            }
            let outside = self.outside(egress, from, Direction::Egress);
            list.extend(outside.into_iter().map(|(range, allowed, evidence)| Connection {
                from: End::Pods(from),
                to: End::Addresses(range.0, range.1),
                allowed,
                evidence,
            }));
        }
        for ((to, _), ingress) in self.classes.iter().zip(&self.ingress) {
            let outside = self.outside(ingress, to, Direction::Ingress);
            list.extend(outside.into_iter().map(|(range, allowed, evidence)| Connection {
                from: End::Addresses(range.0, range.1),
                to: End::Pods(to),
                allowed,
                evidence,
            }));
        }
        list
    }

    /// The classes that have a rule for everyone, and for each class those with a rule that matches
    /// it.
    fn destinations(&self) -> (Vec<usize>, HashMap<ClassId, Vec<usize>>) {
        let mut open = Vec::new();
        let mut named_by: HashMap<ClassId, Vec<usize>> = HashMap::new();
        for (at, ingress) in self.ingress.iter().enumerate() {
            match self.named(ingress) {
                Some(classes) => {
                    for class in classes {
                        named_by.entry(class).or_default().push(at);
                    }
                }
                None => open.push(at),
            }
        }
        (open, named_by)
    }

    /// The classes that a side may be open to; none where that may be any.
    fn named(&self, side: &Side) -> Option<Vec<ClassId>> {
        match side {
            Side::Policies(side) if !side.may_be_for_all() => {
                Some(self.classes.of_workloads(side.named()))
            }
            Side::Tiers(tiers) => tiers.classes(self.cluster, &self.meanings, self.classes),
            _ => None,
        }
    }

    fn between(&self, from: ClassId, egress: &Side, to: usize) -> Option<Connection> {
        let to_id = ClassId::at(to);
        let destination = &self.classes[to_id];
        if from == to_id && destination.workloads.len() < 2 {
            return None;
        }
        let with = |side: &Side, own: ClassId, other: ClassId| match side {
            Side::Policies(side) => {
                let other = party::Party::Workload(self.classes[other].example());
                side.ports(self.cluster, other, Some(destination.example()))
            }
            Side::Tiers(tiers) => {
                let [own, other] = [own, other].map(|class| self.classes[class].example());
                tiers.with_pods(self.cluster, &self.meanings, own, other)
            }
            side => side.fixed_answer(),
        };
        let ingress = &self.ingress[to];
        let (out, into) = (with(egress, from, to_id), with(ingress, to_id, from));
        let allowed = &out.allowed & &into.allowed;
        if allowed.is_nothing() {
            return None;
        }
        let isolating = egress.isolating().iter().chain(ingress.isolating()).copied().collect();
        let rules = out.by.into_iter().chain(into.by).collect();
        let evidence = Evidence { rules, isolating };
        Some(Connection { from: End::Pods(from), to: End::Pods(to_id), allowed, evidence })
    }

    /// What is allowed with addresses outside the cluster; adjacent ranges with the same answer are
    /// joined.
    fn outside(
        &self,
        side: &Side,
        own: ClassId,
        direction: Direction,
    ) -> Vec<((IpAddr, IpAddr), Allowed, Evidence)> {
        let own = self.classes[own].example();
        let destination = (direction == Direction::Ingress).then_some(own);
        let mut found: Vec<((IpAddr, IpAddr), Answer)> = Vec::new();
        for &(first, last) in &self.addresses {
            let answer = match side {
                Side::Policies(side) => {
                    side.ports(self.cluster, party::Party::Address(first), destination)
                }
                Side::Tiers(tiers) => tiers.with_address(self.cluster, &self.meanings, own, first),
                side => side.fixed_answer(),
            };
            match found.last_mut() {
                Some((range, before))
                    if next(range.1) == Some(first)
                        && before.allowed == answer.allowed
                        && before.by == answer.by =>
                {
                    range.1 = last;
                }
                _ => found.push(((first, last), answer)),
            }
        }
        let isolating = side.isolating();
        found
            .into_iter()
            .filter(|(_, answer)| !answer.allowed.is_nothing())
            .map(|(range, answer)| {
                let evidence = Evidence { rules: answer.by, isolating: isolating.to_vec() };
                (range, answer.allowed, evidence)
            })
            .collect()
    }
}

impl Side {
    fn fixed_answer(&self) -> Answer {
        let allowed = match self {
            Self::Unknown => Allowed::unknown(),
            _ => Allowed::everything(),
        };
        Answer { allowed, ..Answer::default() }
    }

    fn isolating(&self) -> &[PolicyId] {
        match self {
            Self::Policies(side) => &side.isolating,
            Self::Tiers(tiers) => tiers.isolating(),
            _ => &[],
        }
    }
}

/// What is known about a class whatever its policies say. Pods on the host network have its
/// address; the API leaves undefined whether policies apply to them, and most plugins ignore them.
fn fixed(cluster: &Cluster, class: &Class, direction: Direction) -> Option<Side> {
    let subject = Subject::Workload(class.example());
    if cluster.workload(class.example()).workload.host_network {
        return Some(match of_node(cluster, direction, &Party::Workload(class.example())) {
            Tri::Yes => Side::Free,
            _ => Side::Unknown,
        });
    }
    cluster.has_unevaluated_policies(cluster.namespace_of(subject)).then_some(Side::Unknown)
}

/// All addresses, cut where some block begins or ends. IPv6 is included only if some block is IPv6.
pub(super) fn pieces(blocks: &BTreeSet<ipnet::IpNet>) -> Vec<(IpAddr, IpAddr)> {
    let mut starts: BTreeSet<IpAddr> = BTreeSet::from([Ipv4Addr::UNSPECIFIED.into()]);
    if blocks.iter().any(|block| matches!(block, ipnet::IpNet::V6(_))) {
        starts.insert(Ipv6Addr::UNSPECIFIED.into());
    }
    for block in blocks {
        starts.insert(block.network());
        starts.extend(next(block.broadcast()));
    }
    let starts: Vec<IpAddr> = starts.into_iter().collect();
    let ends = starts.iter().skip(1).map(|&next| previous(next)).chain([None]);
    let last = |of: IpAddr| match of {
        IpAddr::V4(_) => IpAddr::from(Ipv4Addr::BROADCAST),
        IpAddr::V6(_) => Ipv6Addr::from(u128::MAX).into(),
    };
    starts.iter().zip(ends).map(|(&first, end)| (first, end.unwrap_or(last(first)))).collect()
}

/// The address after this one, of the same family.
fn next(address: IpAddr) -> Option<IpAddr> {
    match address {
        IpAddr::V4(v4) => Some(Ipv4Addr::from(u32::from(v4).checked_add(1)?).into()),
        IpAddr::V6(v6) => Some(Ipv6Addr::from(u128::from(v6).checked_add(1)?).into()),
    }
}

/// The address before this one; `None` before the first of its family.
fn previous(address: IpAddr) -> Option<IpAddr> {
    match address {
        IpAddr::V4(v4) => Some(Ipv4Addr::from(u32::from(v4).checked_sub(1)?).into()),
        IpAddr::V6(v6) => Some(Ipv6Addr::from(u128::from(v6).checked_sub(1)?).into()),
    }
}
