//! The tiers that decide for some pods in one direction, and what they make of traffic with another
//! end: a workload, an address, somebody of whom little is known.

use std::net::IpAddr;

use ipnet::IpNet;

use super::classes::{ClassId, Classes};
use super::grant::Answer;
use super::meanings::{Meaning, Meanings, among};
use super::ports::Allowed;
use super::rules::{Destination, peer_matches, ports_allow};
use super::sides::Side;
use super::stack::{Selecting, Stack, Stacks, Statement};
use super::traffic::{Matched, Packet, Traffic};
use super::weigh::Weighed;
use super::{Endpoint, unshown};
use crate::model::tiered::{Action, Ends, Evaluator, NamePattern, PolicyKind};
use crate::model::{Direction, PolicyId, Spot};
use crate::resolve::{Asker, Cluster, NamespaceId, Party, Pods, SpecId, Tri, Why, WorkloadId};

/// The tiers of pods that the same policies select.
#[derive(Debug)]
pub(super) struct Tiers {
    stack: Stack,
    /// The same with the policies of other bundles, which may be applied beside them or not.
    beside: Option<Stack>,
    direction: Direction,
}

/// Who is asked about.
pub(super) struct Asked<'a> {
    pub(super) cluster: &'a Cluster,
    pub(super) meanings: &'a Meanings,
    /// Whose policies they are.
    pub(super) subject: &'a Party,
    pub(super) other: Other<'a>,
    /// The packet, where the question is about one: a rule for the cluster's DNS depends on it.
    pub(super) packet: Option<Packet>,
}

/// The other end of a connection.
#[derive(Clone, Copy)]
pub(super) enum Other<'a> {
    /// Somebody who is known.
    Known(&'a Party),
    /// Somebody of whom little is known; what Kubernetes' own policies say of such is asked of a
    /// side.
    Unshown(super::Party<'a>, &'a Side),
}

impl Tiers {
    /// Of pods that those policies select, and those specs of other bundles.
    pub(super) fn of(
        cluster: &Cluster,
        stacks: &Stacks<'_>,
        selecting: &Selecting,
        foreign: Vec<(SpecId, Tri)>,
    ) -> Self {
        let direction = stacks.direction();
        let beside =
            (!foreign.is_empty() && cluster.world == crate::resolve::World::Open).then(|| {
                let specs = selecting.specs.iter().copied().chain(foreign).collect();
                stacks.of(&Selecting { policies: selecting.policies.clone(), specs })
            });
        Self { stack: stacks.of(selecting), beside, direction }
    }

    /// The policies that isolate the pods.
    pub(super) fn isolating(&self) -> &[PolicyId] {
        &self.stack.isolating
    }

    fn statements(&self) -> impl Iterator<Item = &Statement> {
        self.stack.statements()
    }

    /// Whether they restrict the pods: what no rule allows is denied, or a rule denies something.
    pub(super) fn restricts(&self) -> Tri {
        let of = |stack: &Stack| {
            let closed = Tri::any(stack.tiers.iter().map(|tier| tier.closed));
            let denying = stack.statements().filter(|it| it.action() == Action::Deny);
            closed | Tri::any(denying.map(|statement| statement.applies))
        };
        let own = of(&self.stack);
        match &self.beside {
            Some(beside) => own | of(beside).at_most_unknown(Why::OtherPolicyKind),
            None => own,
        }
    }

    /// What is allowed between the pods of a workload and those of another.
    pub(super) fn with_pods(
        &self,
        cluster: &Cluster,
        meanings: &Meanings,
        workload: WorkloadId,
        other: WorkloadId,
    ) -> Answer {
        let (subject, other) = (Party::Workload(workload), Party::Workload(other));
        let other = Other::Known(&other);
        self.answer(&Asked { cluster, meanings, subject: &subject, other, packet: None })
    }

    /// What is allowed between the pods of a workload and an address outside the cluster.
    pub(super) fn with_address(
        &self,
        cluster: &Cluster,
        meanings: &Meanings,
        workload: WorkloadId,
        address: IpAddr,
    ) -> Answer {
        let (subject, other) = (Party::Workload(workload), Party::Address(address));
        let other = Other::Known(&other);
        self.answer(&Asked { cluster, meanings, subject: &subject, other, packet: None })
    }

    /// The ports that are allowed, and the rules that decide.
    pub(super) fn answer(&self, asked: &Asked<'_>) -> Answer {
        let Weighed { allowed, by, denied_by } = self.weigh(asked);
        let allowed = Allowed { sure: allowed.sure.ports, possible: allowed.possible.ports };
        Answer { allowed, by, denied_by }
    }

    /// What becomes of the traffic.
    pub(super) fn weigh(&self, asked: &Asked<'_>) -> Weighed {
        let own_node = match (self.direction, asked.other) {
            // A health endpoint that is asked about is that of another node than the one that asks.
            (_, Other::Known(Party::Node(_))) if asked.workload().is_none() => Tri::No,
            (Direction::Ingress, Other::Known(other)) => {
                asked.cluster.is_own_node(asked.workload(), other)
            }
            _ => Tri::No,
        };
        let of = |stack: &Stack| {
            let matches = |statement: &Statement| asked.matches(self.direction, stack, statement);
            stack.weigh(own_node, &matches)
        };
        let mut weighed = of(&self.stack);
        // What policies of another bundle would change is not known.
        if let Some(beside) = &self.beside {
            let other = of(beside).allowed;
            weighed.allowed.sure = &weighed.allowed.sure & &other.sure;
            weighed.allowed.possible = &weighed.allowed.possible | &other.possible;
        }
        weighed
    }

    /// The classes that it may have to do with; none where that may be any.
    pub(super) fn classes(
        &self,
        cluster: &Cluster,
        meanings: &Meanings,
        classes: &Classes,
    ) -> Option<Vec<ClassId>> {
        let count = cluster.workload_count() as u64;
        let is_for_all = |pods: &Pods| {
            let all = pods.yes.len() + pods.maybe.len();
            all >= count
        };
        // As if nothing were denied, and as if who is allowed by name were not there.
        let matches = |statement: &Statement| {
            let opens_all = statement.action() != Action::Deny
                && is_for_all(&meanings.of(cluster, statement).peer);
            match opens_all {
                true => Matched::exactly(Traffic::all()),
                false => Matched::default(),
            }
        };
        let has_host_pods = self.stack.tiers.iter().any(|tier| tier.lets_node_in)
            && cluster.workload_ids().any(|number| cluster.workload(number).workload.host_network);
        if has_host_pods || !self.stack.weigh(Tri::No, &matches).allowed.possible.is_empty() {
            return None;
        }
        let opens = |statement: &&Statement| {
            matches!(statement.action(), Action::Allow | Action::Pass) && !statement.applies.is_no()
        };
        let mut found: Vec<ClassId> = self
            .statements()
            .filter(opens)
            .flat_map(|statement| classes.of_pods(&meanings.of(cluster, statement).peer))
            .map(|(class, _)| class)
            .collect();
        found.sort_unstable();
        found.dedup();
        Some(found)
    }

    /// The blocks that its rules name, and their exceptions.
    pub(super) fn blocks(&self, cluster: &Cluster) -> Vec<IpNet> {
        let stacks = [Some(&self.stack), self.beside.as_ref()].into_iter().flatten();
        let ends = stacks.flat_map(Stack::statements).flat_map(|s| [&s.rule().peer, &s.rule().own]);
        let mut found: Vec<IpNet> = Vec::new();
        for end in ends.flat_map(Ends::terms) {
            match end {
                Ends::Net(net) => found.extend(std::iter::once(&net.cidr).chain(&net.except)),
                Ends::Group(group) => {
                    found.extend(
                        cluster.cidr_groups().flat_map(|(.., nets)| nets).chain(&group.except),
                    );
                }
                Ends::Pods(_) => found.extend(cluster.sets().flat_map(|(_, _, nets, _)| nets)),
                Ends::Service(term) => {
                    let home = NamespaceId::default();
                    for (namespace, name, _) in cluster.meant_services(home, term) {
                        let addresses =
                            cluster.endpoints(namespace, name).flat_map(|(addresses, _)| addresses);
                        found.extend(addresses.map(|address| IpNet::from(*address)));
                    }
                }
                Ends::Family { .. } => {
                    let v6 = IpNet::new_assert(std::net::Ipv6Addr::UNSPECIFIED.into(), 0);
                    found.push(v6);
                }
                _ => {}
            }
        }
        found
    }
}

impl Asked<'_> {
    /// The subject, where it is a workload.
    fn workload(&self) -> Option<WorkloadId> {
        match self.subject {
            Party::Workload(number) => Some(*number),
            _ => None,
        }
    }

    /// The traffic with the other end that a rule matches.
    fn matches(&self, direction: Direction, stack: &Stack, statement: &Statement) -> Matched {
        if let Some(answer) = self.of_kubernetes_to_dns(statement) {
            return Matched::exactly(Traffic::all()).if_so(answer);
        }
        let meaning = self.meanings.of(self.cluster, statement);
        let rule = statement.rule();
        let asker = Asker { subject: self.workload(), ..statement.asker };
        let own = match self.workload() {
            _ if rule.own == Ends::Everyone => Tri::Yes,
            Some(workload) => among(&meaning.own, workload),
            None => self.cluster.ends_hold(asker, &rule.own, self.subject),
        };
        if own.is_no() {
            return Matched::default();
        }
        let peer = self.peer(stack, statement, asker, &meaning);
        if peer.is_no() {
            return Matched::default();
        }
        let destination = self.destination(direction);
        meaning.flow(self.cluster, statement, destination).if_so(own & peer)
    }

    /// Whether a rule is for the other end.
    fn peer(&self, stack: &Stack, statement: &Statement, asker: Asker, meaning: &Meaning) -> Tri {
        let peer = &statement.rule().peer;
        let is_name = |end: &&Ends| matches!(end, Ends::Name(_));
        match self.other {
            Other::Known(Party::Workload(number)) => among(&meaning.peer, *number),
            // Cilium does not know an address by a name that nobody may look up.
            Other::Known(Party::Address(_))
                if statement.asker.kind.is_some_and(is_cilium)
                    && peer.terms().iter().all(is_name)
                    && !stack.statements().any(|other| other.rule().dns.is_some()) =>
            {
                Tri::No
            }
            Other::Known(other) => {
                let held = self.cluster.ends_hold(asker, peer, other);
                match other {
                    Party::Name(name) if !held.is_no() && peer.terms().iter().any(is_name) => {
                        held & self.learns(stack, name)
                    }
                    _ => held,
                }
            }
            Other::Unshown(other, side) => match statement.asker.kind {
                None => side.rule_is_for(self.cluster, statement.at, other),
                Some(_) => unshown::hold(self.cluster, asker, peer, other),
            },
        }
    }

    /// Kubernetes' own policies know more ways to reach the cluster's DNS.
    fn of_kubernetes_to_dns(&self, statement: &Statement) -> Option<Tri> {
        let (Other::Known(Party::ClusterDns), None) = (self.other, statement.asker.kind) else {
            return None;
        };
        let (Spot::Rule(direction, index), Some(Packet::Port(port))) =
            (statement.at.spot, self.packet)
        else {
            return None;
        };
        let policy = statement.at.policy;
        let rule = self.cluster.policy(policy).rule(direction, index)?;
        let ports = ports_allow(self.cluster, rule, port, Destination::ClusterDns);
        let peers = peer_matches(self.cluster, policy, rule, Endpoint::ClusterDns, port);
        Some(ports & peers)
    }

    /// The pods that are connected to, where names of ports are looked up.
    fn destination(&self, direction: Direction) -> Destination {
        match (direction, self.other) {
            (Direction::Ingress, _) => {
                self.workload().map_or(Destination::Outside, Destination::Workload)
            }
            (_, Other::Known(Party::Workload(number))) => {
                match self.cluster.workload(*number).workload.host_network {
                    true => Destination::Outside,
                    false => Destination::Workload(*number),
                }
            }
            (_, Other::Known(Party::ClusterDns)) => Destination::ClusterDns,
            (_, Other::Unshown(super::Party::NotOf(_) | super::Party::Anybody, _)) => {
                Destination::Unknown
            }
            _ => Destination::Outside,
        }
    }

    /// Whether Cilium learns the addresses of a name: only from answers to lookups that pass its
    /// DNS proxy, which a rule of any policy of the pods asks for and lets through.
    fn learns(&self, stack: &Stack, name: &str) -> Tri {
        Tri::any(stack.statements().map(|statement| {
            let admits =
                |patterns: &Vec<NamePattern>| patterns.iter().any(|pattern| pattern.fits(name));
            match statement.rule().dns.as_ref().is_some_and(admits) {
                true => statement.applies & self.is_for_resolver(statement),
                false => Tri::No,
            }
        }))
    }

    /// Whether a rule with DNS patterns is one for a resolver: the cluster's DNS, or anything else
    /// in the cluster that may be one.
    fn is_for_resolver(&self, statement: &Statement) -> Tri {
        let cluster = self.cluster;
        let asker = Asker { subject: self.workload(), ..statement.asker };
        let peer = &statement.rule().peer;
        let world = Party::Entity(crate::model::tiered::Entity::World);
        let holds = |party: Party| cluster.ends_hold(asker, peer, &party);
        Tri::any(
            std::iter::once(holds(Party::ClusterDns))
                .chain(cluster.resolvers().iter().map(|number| holds(Party::Workload(*number))))
                .chain(std::iter::once(holds(world))),
        )
    }
}

fn is_cilium(kind: PolicyKind) -> bool {
    kind.evaluator() == Evaluator::Cilium
}

/// Whether connections are listed by tiers: without policies of other kinds, and a plugin that reads
/// NetworkPolicies in its own way, there is one tier, in which nothing is denied.
pub(super) fn are_listed(cluster: &Cluster) -> bool {
    !cluster.tiered().is_empty() || cluster.plugin.is_some()
}
