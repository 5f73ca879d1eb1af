//! Whether a cluster's policies keep to expectations.

use std::cell::{Cell, OnceCell};
use std::collections::HashMap;

use super::end::{End, Named, Names, have_a_pair, is_workload};
use super::explain::{self, Asked, Evidence};
use super::read::{Expectation, Expected};
use crate::model::{Direction, Protocol};
use crate::reach::addresses::{self, Addresses};
use crate::reach::{self, Allowed, ClassId, Connections, Endpoint, Port, PortSet, connections};
use crate::resolve::{Cluster, Subject, Tri, WorkloadId};

/// What became of an expectation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// The policies keep to it.
    Passed,
    /// It depends on what the repository does not show.
    Unknown,
    /// They do not.
    Failed,
    /// It can't be judged as it is written.
    Invalid,
}

impl Outcome {
    /// The word in reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Unknown => "unknown",
            Self::Failed => "failed",
            Self::Invalid => "invalid",
        }
    }
}

/// What is said of an expectation in one cluster, or in all.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// What became of it.
    pub outcome: Outcome,
    /// What is wrong, in one sentence; empty where it passed.
    pub message: String,
    /// What to do, in one sentence.
    pub help: String,
    /// The lines that show why.
    pub evidence: Vec<Evidence>,
}

impl Verdict {
    /// The policies keep to it.
    pub fn passed() -> Self {
        Self {
            outcome: Outcome::Passed,
            message: String::new(),
            help: String::new(),
            evidence: Vec::new(),
        }
    }

    /// It can't be judged.
    pub fn invalid(message: String, help: impl Into<String>) -> Self {
        Self { outcome: Outcome::Invalid, message, help: help.into(), evidence: Vec::new() }
    }
}

/// The most pairs of classes that the expectations of one cluster ask about: more would take
/// minutes.
const MOST_PAIRS: usize = 20_000_000;

/// The most ports of the cluster's DNS that one expectation asks about.
const MOST_DNS_PORTS: u64 = 64;

/// A cluster, ready to be asked.
pub struct Judge<'a> {
    cluster: &'a Cluster,
    names: Names,
    /// Worked out for the first question: many clusters are asked none.
    table: OnceCell<Table>,
    left: Cell<usize>,
}

/// The connections of a cluster, by their ends.
pub(super) struct Table {
    pub(super) found: Connections,
    between: HashMap<(ClassId, ClassId), usize>,
    outgoing: HashMap<ClassId, Vec<(Addresses, usize)>>,
    incoming: HashMap<ClassId, Vec<(Addresses, usize)>>,
}

/// A pair that does not keep to an expectation.
struct Miss<'p> {
    from: &'p End,
    to: &'p End,
    ports: PortSet,
    outcome: Outcome,
    /// An address that shows it.
    address: Option<u128>,
}

/// What is allowed between two ends, and an address that shows what is not.
pub(super) struct Answer {
    pub(super) allowed: Allowed,
    address: Option<u128>,
}

impl Table {
    fn of(cluster: &Cluster) -> Self {
        let found = connections(cluster);
        let mut between = HashMap::new();
        let mut outgoing: HashMap<ClassId, Vec<(Addresses, usize)>> = HashMap::new();
        let mut incoming: HashMap<ClassId, Vec<(Addresses, usize)>> = HashMap::new();
        for (at, connection) in found.list.iter().enumerate() {
            match (&connection.from, &connection.to) {
                (reach::End::Pods(from), reach::End::Pods(to)) => {
                    between.insert((*from, *to), at);
                }
                (reach::End::Pods(from), reach::End::Addresses(first, last)) => {
                    outgoing.entry(*from).or_default().push((addresses::range(*first, *last), at));
                }
                (reach::End::Addresses(first, last), reach::End::Pods(to)) => {
                    incoming.entry(*to).or_default().push((addresses::range(*first, *last), at));
                }
                _ => {}
            }
        }
        Self { found, between, outgoing, incoming }
    }

    /// What is allowed between two classes.
    pub(super) fn between(&self, from: ClassId, to: ClassId) -> Allowed {
        let at = self.between.get(&(from, to));
        at.map(|&at| self.found.list[at].allowed.clone()).unwrap_or_default()
    }

    /// What is allowed with addresses, from a class or to it: those that are not there, nothing.
    pub(super) fn outside(
        &self,
        direction: Direction,
        class: ClassId,
    ) -> impl Iterator<Item = (&Addresses, &Allowed)> {
        let pieces = match direction {
            Direction::Egress => self.outgoing.get(&class),
            Direction::Ingress => self.incoming.get(&class),
        };
        pieces.into_iter().flatten().map(|(set, at)| (set, &self.found.list[*at].allowed))
    }
}

impl<'a> Judge<'a> {
    /// Asks a cluster, which is built closed.
    pub fn new(cluster: &'a Cluster) -> Self {
        let (names, left) = (Names::of(cluster), Cell::new(MOST_PAIRS));
        Self { cluster, names, table: OnceCell::new(), left }
    }

    pub(super) fn table(&self) -> &Table {
        self.table.get_or_init(|| Table::of(self.cluster))
    }

    /// The cluster.
    pub fn cluster(&self) -> &'a Cluster {
        self.cluster
    }

    /// Whether some workload has that name, or it is no name of a workload.
    pub fn knows(&self, name: &str) -> bool {
        !is_workload(name) || self.names.holds(name)
    }

    /// The name that is most like one that no workload has, and how far it is from it.
    pub fn nearest(&self, name: &str) -> Option<(usize, &str)> {
        self.names.nearest(name)
    }

    /// Judges an expectation; none where one of its sides has no end in this cluster.
    pub fn judge(&self, expectation: &Expectation) -> Option<Verdict> {
        let is_known = |names: &[Named]| names.iter().any(|name| self.knows(&name.text));
        if !is_known(&expectation.from) || !is_known(&expectation.to) {
            return None;
        }
        let ends = |names: &[Named]| -> Vec<End> {
            let classes = &self.table().found.classes;
            let of = |name: &Named| self.names.ends(&name.text, expectation.expected, classes);
            names.iter().flat_map(of).collect()
        };
        let (from, to) = (ends(&expectation.from), ends(&expectation.to));
        let pairs = from.len().saturating_mul(to.len());
        let Some(left) = self.left.get().checked_sub(pairs) else {
            let message = format!("the expectations ask about more than {MOST_PAIRS} pairs");
            return Some(Verdict::invalid(message, "name fewer workloads than `*` does"));
        };
        self.left.set(left);
        let mut misses: Vec<Miss<'_>> = Vec::new();
        let mut asked = 0;
        for from in &from {
            for to in &to {
                match self.pair(expectation, from, to) {
                    Ok(None) => {}
                    Ok(Some(miss)) => {
                        asked += 1;
                        misses.extend(miss);
                    }
                    Err(verdict) => return Some(*verdict),
                }
            }
        }
        if asked == 0 {
            let message = "both ends are the same workload".to_owned();
            let help = "name two: connections of a workload with itself are not judged";
            return Some(Verdict::invalid(message, help));
        }
        Some(self.verdict(expectation, &misses))
    }

    /// How a pair keeps to an expectation: none where the pair is not judged, `Some(None)` where it
    /// does.
    #[allow(clippy::option_option)]
    fn pair<'p>(
        &self,
        expectation: &Expectation,
        from: &'p End,
        to: &'p End,
    ) -> Result<Option<Option<Miss<'p>>>, Box<Verdict>> {
        if let (End::Pods(from, froms), End::Pods(to, tos)) = (from, to)
            && from == to
            && !have_a_pair(froms, tos)
        {
            return Ok(None);
        }
        let wanted = match (&expectation.ports, to) {
            (Some(ports), _) => ports.clone(),
            (None, End::Dns) => self.dns_ports(),
            (None, End::ApiServer) => api_server_ports(),
            (None, _) => PortSet::all(),
        };
        let answer = self.allowed(expectation.expected, from, to, &wanted)?;
        let Allowed { sure, possible } = answer.allowed;
        let (failed, unknown) = match expectation.expected {
            Expected::Allow => (wanted.without(&possible), wanted.without(&sure)),
            Expected::Deny => (&wanted & &sure, &wanted & &possible),
        };
        let (ports, outcome) = match (failed.is_empty(), unknown.is_empty()) {
            (false, _) => (failed, Outcome::Failed),
            (true, false) => (unknown, Outcome::Unknown),
            (true, true) => return Ok(Some(None)),
        };
        Ok(Some(Some(Miss { from, to, ports, outcome, address: answer.address })))
    }

    fn allowed(
        &self,
        expected: Expected,
        from: &End,
        to: &End,
        wanted: &PortSet,
    ) -> Result<Answer, Box<Verdict>> {
        let refuse = |what: &str, help: &str| Box::new(Verdict::invalid(what.to_owned(), help));
        Ok(match (from, to) {
            (End::Pods(from, _), End::Pods(to, _)) => {
                Answer { allowed: self.table().between(*from, *to), address: None }
            }
            (End::Pods(_, workloads), End::Dns) => return self.dns(workloads[0], wanted),
            (End::Pods(class, _), End::Addresses(set)) => {
                self.with_addresses(expected, Direction::Egress, *class, set)
            }
            (End::Addresses(set), End::Pods(class, _)) => {
                self.with_addresses(expected, Direction::Ingress, *class, set)
            }
            (End::Pods(class, _), End::ApiServer) => self.with_some(Direction::Egress, *class),
            (End::ApiServer, End::Pods(class, _)) => self.with_some(Direction::Ingress, *class),
            (End::Dns, _) => {
                return Err(refuse("`dns` can't be the source", "write it as `to`"));
            }
            _ => {
                let help = "name a workload at one end at least";
                return Err(refuse("no policy decides between addresses", help));
            }
        })
    }

    /// What is allowed with every address of a set (to keep `allow`), or with any (to break
    /// `deny`).
    fn with_addresses(
        &self,
        expected: Expected,
        direction: Direction,
        class: ClassId,
        set: &Addresses,
    ) -> Answer {
        let mut uncovered = set.clone();
        let mut allowed: Option<Allowed> = None;
        let mut address = None;
        for (piece, here) in self.table().outside(direction, class) {
            let both = piece & set;
            let Some(first) = both.first() else { continue };
            uncovered = &uncovered - piece;
            allowed = Some(match (allowed, expected) {
                (None, _) => here.clone(),
                (Some(before), Expected::Allow) => &before & here,
                (Some(before), Expected::Deny) => &before | here,
            });
            address = address.or(Some(first));
        }
        if expected == Expected::Allow && !uncovered.is_empty() {
            return Answer { allowed: Allowed::default(), address: uncovered.first() };
        }
        Answer { allowed: allowed.unwrap_or_default(), address: address.or(set.first()) }
    }

    /// What is allowed with an address that nobody knows: surely, what is with all of them.
    fn with_some(&self, direction: Direction, class: ClassId) -> Answer {
        let any = self.with_addresses(Expected::Deny, direction, class, &addresses::v4());
        let all = self.with_addresses(Expected::Allow, direction, class, &addresses::v4());
        let allowed = Allowed { sure: all.allowed.sure, possible: any.allowed.possible };
        Answer { allowed, address: all.address.or(any.address) }
    }

    pub(super) fn dns_ports(&self) -> PortSet {
        let number = self.cluster.profile.dns_port();
        let (udp, tcp) = (Protocol::Udp, Protocol::Tcp);
        &PortSet::range(udp, number, number) | &PortSet::range(tcp, number, number)
    }

    pub(super) fn dns(
        &self,
        workload: WorkloadId,
        wanted: &PortSet,
    ) -> Result<Answer, Box<Verdict>> {
        let count: u64 = Protocol::ALL.iter().map(|&it| u64::from(wanted.of(it).len())).sum();
        if count > MOST_DNS_PORTS {
            let message =
                format!("more than {MOST_DNS_PORTS} ports of the cluster's DNS are meant");
            return Err(Box::new(Verdict::invalid(message, "name port 53, or no ports")));
        }
        let mut allowed = Allowed::default();
        for protocol in Protocol::ALL {
            for number in wanted.of(protocol).iter() {
                let port = Port { protocol, number };
                let subject = Subject::Workload(workload);
                let (out, dns) = (Direction::Egress, Endpoint::ClusterDns);
                let answer = reach::side(self.cluster, out, subject, dns, port).allowed;
                let ports = Allowed::exactly(PortSet::range(protocol, number, number));
                allowed = &allowed | &ports.if_so(answer & explain::dns_takes(self.cluster));
            }
        }
        Ok(Answer { allowed, address: None })
    }

    fn verdict(&self, expectation: &Expectation, misses: &[Miss<'_>]) -> Verdict {
        let worst = misses.iter().map(|miss| miss.outcome).max().unwrap_or(Outcome::Passed);
        let mut of_worst = misses.iter().filter(|miss| miss.outcome == worst);
        let Some(miss) = of_worst.next() else { return Verdict::passed() };
        let asked = Asked {
            cluster: self.cluster,
            expected: expectation.expected,
            from: miss.from,
            to: miss.to,
            ports: &miss.ports,
            address: miss.address.map(addresses::address),
            names: (&expectation.from, &expectation.to),
        };
        explain::verdict(&asked, worst, of_worst.count())
    }
}

/// The ports that API servers are known to listen on: behind the Service `kubernetes` (443), and
/// kubeadm's default.
fn api_server_ports() -> PortSet {
    let tcp = |number| PortSet::range(Protocol::Tcp, number, number);
    &tcp(443) | &tcp(6443)
}

/// Whether a value is neither yes nor no.
pub(super) fn is_unknown(value: Tri) -> bool {
    !value.is_yes() && !value.is_no()
}
