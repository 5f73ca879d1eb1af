//! The tiers of a class of pods, with what each rule matches worked out for all other classes.

use std::cell::RefCell;
use std::collections::HashMap;
use std::net::IpAddr;
use std::rc::Rc;

use ipnet::IpNet;

use super::allowance::Answer;
use super::classes::{ClassId, Classes};
use super::flows;
use super::ports::Allowed;
use super::rules::Destination;
use super::stack::{Stack, Statement};
use super::traffic::{Matched, Traffic};
use super::weigh::Weighed;
use crate::model::tiered::{Action, Ends};
use crate::model::{At, Direction, PolicyId};
use crate::resolve::{Cluster, NamespaceId, Party, Pods, Tri, Why, WorkloadId};

/// What a rule matches, whoever its policy selects.
struct Meaning {
    peer: Pods,
    own: Pods,
    /// The traffic, where no name of a port has to be looked up.
    flow: Option<Matched>,
}

/// What the rules of a cluster match, each worked out when it is first asked.
pub struct Meanings<'a> {
    cluster: &'a Cluster,
    known: RefCell<HashMap<At, Rc<Meaning>>>,
}

impl<'a> Meanings<'a> {
    /// Nothing is worked out yet.
    pub fn new(cluster: &'a Cluster) -> Self {
        Self { cluster, known: RefCell::default() }
    }

    fn of(&self, statement: &Statement) -> Rc<Meaning> {
        if let Some(known) = self.known.borrow().get(&statement.at) {
            return Rc::clone(known);
        }
        let rule = statement.rule();
        let looks_up = rule.flow.ports().iter().any(|port| port.range().is_none())
            || rule.peer.terms().iter().any(|end| matches!(end, Ends::Service(_)));
        let flow = || flows::matched(self.cluster, &rule.flow, Destination::Outside);
        let meaning = Rc::new(Meaning {
            peer: self.cluster.ends_pods(statement.asker, &rule.peer),
            own: self.cluster.ends_pods(statement.asker, &rule.own),
            flow: (!looks_up).then(flow),
        });
        self.known.borrow_mut().insert(statement.at, Rc::clone(&meaning));
        meaning
    }
}

/// The tiers of one class in one direction.
pub struct Compiled {
    stack: Stack,
    direction: Direction,
    /// A workload of the class.
    example: WorkloadId,
}

impl Compiled {
    /// Of a class that has that workload.
    pub fn new(stack: Stack, direction: Direction, example: WorkloadId) -> Self {
        Self { stack, direction, example }
    }

    /// The policies that isolate the class.
    pub fn isolating(&self) -> &[PolicyId] {
        &self.stack.isolating
    }

    fn statements(&self) -> impl Iterator<Item = &Statement> {
        self.stack.statements()
    }

    /// What is allowed with pods that have that workload among them.
    pub fn with_pods(&self, meanings: &Meanings<'_>, other: WorkloadId) -> Answer {
        let cluster = meanings.cluster;
        let destination = match self.direction {
            Direction::Ingress => Destination::Workload(self.example),
            Direction::Egress if cluster.workload(other).workload.host_network => {
                Destination::Outside
            }
            Direction::Egress => Destination::Workload(other),
        };
        let own_node = match self.direction {
            Direction::Ingress => cluster.is_own_node(Some(self.example), &Party::Workload(other)),
            Direction::Egress => Tri::No,
        };
        let matches = |statement: &Statement| {
            let meaning = meanings.of(statement);
            let held = among(&meaning.peer, other) & among(&meaning.own, self.example);
            match held {
                Tri::No => Matched::default(),
                held => flow(cluster, statement, &meaning, destination).if_so(held),
            }
        };
        answer(self.stack.weigh(own_node, &matches))
    }

    /// What is allowed with an address outside the cluster.
    pub fn with_address(&self, meanings: &Meanings<'_>, address: IpAddr) -> Answer {
        let cluster = meanings.cluster;
        let destination = match self.direction {
            Direction::Ingress => Destination::Workload(self.example),
            Direction::Egress => Destination::Outside,
        };
        let learns = self.statements().any(|statement| statement.rule().dns.is_some());
        let party = Party::Address(address);
        let matches = |statement: &Statement| {
            let peer = &statement.rule().peer;
            let is_name = |end: &&Ends| matches!(end, Ends::Name(_));
            if !learns
                && statement.asker.kind.is_some_and(is_cilium)
                && peer.terms().iter().all(is_name)
            {
                return Matched::default();
            }
            let asker = crate::resolve::Asker { subject: Some(self.example), ..statement.asker };
            let meaning = meanings.of(statement);
            let held = cluster.ends_hold(asker, peer, &party) & among(&meaning.own, self.example);
            match held {
                Tri::No => Matched::default(),
                held => flow(cluster, statement, &meaning, destination).if_so(held),
            }
        };
        answer(self.stack.weigh(Tri::No, &matches))
    }

    /// The classes that it may have to do with; none where that may be any.
    pub fn classes(&self, meanings: &Meanings<'_>, classes: &Classes) -> Option<Vec<ClassId>> {
        let cluster = meanings.cluster;
        let count = cluster.workload_count() as u64;
        let is_for_all = |pods: &Pods| {
            let all = pods.yes.len() + pods.maybe.len();
            all >= count
        };
        // As if nothing were denied, and as if who is allowed by name were not there.
        let matches = |statement: &Statement| {
            let opens_all =
                statement.action() != Action::Deny && is_for_all(&meanings.of(statement).peer);
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
            .flat_map(|statement| classes.of_pods(&meanings.of(statement).peer))
            .map(|(class, _)| class)
            .collect();
        found.sort_unstable();
        found.dedup();
        Some(found)
    }

    /// The blocks that its rules name, and their exceptions.
    pub fn blocks(&self, cluster: &Cluster) -> Vec<IpNet> {
        let ends = self.statements().flat_map(|s| [&s.rule().peer, &s.rule().own]);
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

fn is_cilium(kind: crate::model::tiered::PolicyKind) -> bool {
    kind.evaluator() == crate::model::tiered::Evaluator::Cilium
}

fn flow(
    cluster: &Cluster,
    statement: &Statement,
    meaning: &Meaning,
    destination: Destination,
) -> Matched {
    if let Some(flow) = &meaning.flow {
        return flow.clone();
    }
    let rule = statement.rule();
    let flow = flows::matched(cluster, &rule.flow, destination);
    match flows::of_services(cluster, statement.asker.home, &rule.peer, destination) {
        Some(targets) => &flow & &targets,
        None => flow,
    }
}

fn among(pods: &Pods, workload: WorkloadId) -> Tri {
    if pods.yes.contains(workload) {
        Tri::Yes
    } else if pods.maybe.contains(workload) {
        Tri::Unknown(Why::LabelsNotShown)
    } else {
        Tri::No
    }
}

fn answer(weighed: Weighed) -> Answer {
    let allowed =
        Allowed { sure: weighed.allowed.sure.ports, possible: weighed.allowed.possible.ports };
    Answer { allowed, by: weighed.by }
}
