//! What connections there may be beyond those with the pods that the repository shows: what is offered
//! to the outside, and who a rule is for though nobody is there yet.

use std::collections::HashMap;

use crate::connectivity::{ClusterConnectivity, EndId, Shown, is_end};
use crate::model::{Direction, Protocol};
use crate::reach::{
    self, Class, Connections, End, NamedPorts, PortSet, PotentialPeer, Reach, WayIn,
};
use crate::resolve::Cluster;

/// Something that is offered to the outside, and pods behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The Ingress, the route or the Service: `namespace/name[Kind]`.
    pub entry: String,
    /// Whose pods they are.
    pub to: EndId,
    /// The ports that are surely let in from outside.
    pub ports: PortSet,
    /// Those that may be.
    pub unknown: PortSet,
}

/// Who else may be connected with.
#[derive(Clone, Debug, Default)]
pub struct Exposure {
    /// Pods that may be there, and addresses, sorted.
    pub rows: Vec<Exposed>,
    /// The workloads that no policy isolates in a direction, sorted.
    pub unprotected: Vec<(EndId, Direction)>,
}

/// One workload in one direction, and somebody who may be there.
#[derive(Clone, Debug)]
pub struct Exposed {
    /// The workload.
    pub workload: EndId,
    /// Into its pods, or out of them.
    pub direction: Direction,
    /// `entire-cluster`, a description of pods, or a range of addresses.
    pub peer: String,
    /// The ports that are surely allowed.
    pub ports: PortSet,
    /// Ports by name, which only the pods tell the numbers of.
    pub names: NamedPorts,
    /// Those that may be.
    pub unknown: PortSet,
}

impl Exposed {
    /// The ports that are surely allowed, with those by name.
    pub fn ports_in_words(&self) -> String {
        if self.names.is_empty() {
            return match self.ports.is_empty() {
                true => String::new(),
                false => self.ports.to_string(),
            };
        }
        let of = |protocol: Protocol| {
            let mut only = PortSet::default();
            for range in self.ports.of(protocol).ranges() {
                only.insert(protocol, *range.start(), *range.end());
            }
            let numbers = only.to_string();
            let numbers = numbers.split_once(' ').map(|(_, numbers)| numbers.to_owned());
            let names = self.names.iter().filter(|(of, _)| *of == protocol);
            let all: Vec<String> =
                numbers.into_iter().chain(names.map(|(_, name)| name.to_string())).collect();
            (!all.is_empty()).then(|| format!("{protocol} {}", all.join(",")))
        };
        let all = [Protocol::Sctp, Protocol::Tcp, Protocol::Udp].into_iter().filter_map(of);
        all.collect::<Vec<_>>().join(", ")
    }
}

impl Exposure {
    /// Of all workloads, by the number of each.
    pub(crate) fn of(reach: &Reach, found: &Connections, names: &[Option<EndId>]) -> Self {
        let cluster = reach.cluster();
        let mut exposure = Self::default();
        let outside = outside(found);
        for (id, class) in found.classes.iter() {
            for direction in Direction::BOTH {
                let ends = class.workloads.iter().filter_map(|number| names[number.position()]);
                let ends: Vec<EndId> = ends.collect();
                let rows = match cluster.is_more_than_network_policies(class.example()) {
                    true => Some(vec![Exposed::unknown(direction)]),
                    false => rows_of(cluster, class, direction),
                };
                if rows.is_none() {
                    exposure.unprotected.extend(ends.iter().map(|end| (*end, direction)));
                }
                let everything = || vec![Exposed::entire_cluster(direction)];
                let mut rows = rows.unwrap_or_else(everything);
                rows.extend(outside.get(&(id, direction)).into_iter().flatten().cloned());
                for end in ends {
                    let own = rows.iter().map(|row| Exposed { workload: end, ..row.clone() });
                    exposure.rows.extend(own);
                }
            }
        }
        exposure.rows.sort_by(|a, b| {
            (a.workload, a.direction, &a.peer).cmp(&(b.workload, b.direction, &b.peer))
        });
        exposure.unprotected.sort_unstable();
        exposure
    }
}

impl Exposed {
    fn entire_cluster(direction: Direction) -> Self {
        Self {
            workload: EndId::default(),
            direction,
            peer: ENTIRE_CLUSTER.to_owned(),
            ports: PortSet::all(),
            names: NamedPorts::new(),
            unknown: PortSet::default(),
        }
    }

    /// What policies in tiers allow with pods that are not shown is not worked out.
    fn unknown(direction: Direction) -> Self {
        let everything = Self::entire_cluster(direction);
        Self { ports: PortSet::default(), unknown: PortSet::all(), ..everything }
    }
}

const ENTIRE_CLUSTER: &str = "entire-cluster";

/// Who may be there for the pods of a class; none where no policy isolates them.
fn rows_of(cluster: &Cluster, class: &Class, direction: Direction) -> Option<Vec<Exposed>> {
    let potential = reach::exposure(cluster, class.example(), direction)?;
    let row = |it: reach::Potential| Exposed {
        workload: EndId::default(),
        direction,
        peer: match it.peer {
            PotentialPeer::EntireCluster => ENTIRE_CLUSTER.to_owned(),
            PotentialPeer::Described { namespaces, pods } => format!("{namespaces}/{pods}"),
        },
        unknown: it.allowed.unsure(),
        ports: it.allowed.sure,
        names: it.names,
    };
    Some(potential.into_iter().map(row).collect())
}

/// The rows with addresses, by class and direction.
fn outside(found: &Connections) -> HashMap<(reach::ClassId, Direction), Vec<Exposed>> {
    let mut rows: HashMap<_, Vec<Exposed>> = HashMap::new();
    for connection in &found.list {
        let (class, direction, first, last) = match (&connection.from, &connection.to) {
            (End::Addresses(first, last), End::Pods(class)) => {
                (*class, Direction::Ingress, first, last)
            }
            (End::Pods(class), End::Addresses(first, last)) => {
                (*class, Direction::Egress, first, last)
            }
            _ => continue,
        };
        rows.entry((class, direction)).or_default().push(Exposed {
            peer: format!("{first}-{last}"),
            ports: connection.allowed.sure.clone(),
            unknown: connection.allowed.unsure(),
            ..Exposed::entire_cluster(direction)
        });
    }
    rows
}

/// What is offered to the outside, for people.
pub(crate) fn entries(reach: &Reach, ways: &[WayIn], names: &[Option<EndId>]) -> Vec<Entry> {
    let cluster = reach.cluster();
    let entry = |way: &WayIn| {
        let head = cluster.head(way.object);
        let namespace = cluster.namespace_name_of(head);
        Some(Entry {
            entry: format!("{namespace}/{}[{}]", head.name, head.kind),
            to: names[way.workload.position()]?,
            ports: way.allowed.sure.clone(),
            unknown: way.allowed.unsure(),
        })
    };
    let mut found: Vec<Entry> = ways.iter().filter_map(entry).collect();
    found.sort_by(|a, b| (&a.entry, a.to).cmp(&(&b.entry, b.to)));
    found
}

/// Takes out what is not shown.
pub(crate) fn narrow(shown: &Shown, cluster: &mut ClusterConnectivity) {
    let mut entries = std::mem::take(&mut cluster.entries);
    let is_named = |wanted: &Option<String>, end: &str| {
        wanted.as_ref().is_none_or(|wanted| is_end(wanted, end))
    };
    let has_port = |ports: &PortSet, unknown: &PortSet| {
        shown
            .ports
            .as_ref()
            .is_none_or(|wanted| !(ports & wanted).is_empty() || !(unknown & wanted).is_empty())
    };
    entries.retain(|entry| {
        is_named(&shown.from, &entry.entry)
            && is_named(&shown.to, cluster.end(entry.to))
            && has_port(&entry.ports, &entry.unknown)
    });
    cluster.entries = entries;
    let Some(mut exposure) = cluster.exposure.take() else { return };
    // Whoever is asked for is the workload: who may be there has no name.
    let is_shown = |end: EndId, direction: Direction| match direction {
        Direction::Egress => is_named(&shown.from, cluster.end(end)) && shown.to.is_none(),
        Direction::Ingress => is_named(&shown.to, cluster.end(end)) && shown.from.is_none(),
    };
    exposure.rows.retain(|row| {
        is_shown(row.workload, row.direction)
            && (has_port(&row.ports, &row.unknown) || !row.names.is_empty())
    });
    exposure.unprotected.retain(|(end, direction)| is_shown(*end, *direction));
    cluster.exposure = Some(exposure);
}
