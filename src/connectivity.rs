//! Which connections are allowed, cluster by cluster: what `netpol-lint reach` prints.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use crate::Request;
use crate::assemble::Assembly;
use crate::bundle::{ObjectId, Site};
use crate::exposure::{self, Entry, Exposure};
use crate::model::{At, Body, Direction, PolicyId};
use crate::placement::{Placement, Snapshot};
use crate::reach::{self, Allowed, Connections, End, Evidence, PortSet, Reach, WayIn};
use crate::repo::{self, Repo};
use crate::resolve::{Cluster, Members, Settings, WorkloadId, World};
use crate::text::{LineIndex, Sources};

/// The connections that the policies of one cluster allow.
#[derive(Debug, Default)]
pub struct ClusterConnectivity {
    /// The bundles that run together, by name.
    pub name: String,
    /// The ends of connections by name, sorted: `namespace/name[Kind]`, or a range of addresses
    /// outside the cluster.
    pub ends: Vec<String>,
    /// What is allowed, and why; many rows have the same.
    pub details: Vec<Detail>,
    /// The connections, sorted by both ends.
    pub rows: Vec<Row>,
    /// What is offered to the outside: Ingresses, routes, Services, sorted.
    pub entries: Vec<Entry>,
    /// Who else may be connected with; only where it was asked for.
    pub exposure: Option<Exposure>,
}

/// The number of an end in [`ClusterConnectivity::ends`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EndId(u32);

impl EndId {
    /// Its position in [`ClusterConnectivity::ends`].
    pub fn position(self) -> usize {
        self.0 as usize
    }
}

/// The number of a detail in [`ClusterConnectivity::details`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DetailId(u32);

/// What traffic from outside the cluster comes through, in [`ClusterConnectivity::ends`]. It is
/// none of the repository's workloads for certain.
pub const CONTROLLER: &str = "{ingress-controller}";

impl DetailId {
    /// Its position in [`ClusterConnectivity::details`].
    pub fn position(self) -> usize {
        self.0 as usize
    }
}

/// One connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Row {
    /// The source.
    pub from: EndId,
    /// The destination.
    pub to: EndId,
    /// On which ports, and why.
    pub detail: DetailId,
}

/// The ports of a connection, and what allows them.
#[derive(Clone, Debug)]
pub struct Detail {
    /// Certainly allowed.
    pub ports: PortSet,
    /// Allowed unless something that the repository does not show denies it.
    pub unknown: PortSet,
    /// The rules that allow it on either side. Empty if nothing isolates either side.
    pub rules: Vec<RulePlace>,
    /// The policies that isolate either side: `namespace/name`.
    pub isolating: Vec<String>,
}

/// A rule, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RulePlace {
    /// Its policy: `namespace/name`.
    pub policy: String,
    /// `spec.egress[0]`.
    pub field: String,
    /// The file, relative to the repository's root.
    pub path: String,
    /// The line, counted from 1.
    pub line: usize,
}

impl ClusterConnectivity {
    /// A cluster in which nothing runs.
    pub(crate) fn empty() -> Self {
        Self::default()
    }

    /// The ends that occur in a row, in order.
    pub fn named_ends(&self) -> Vec<EndId> {
        let mut ends: Vec<EndId> = self.rows.iter().flat_map(|row| [row.from, row.to]).collect();
        ends.sort_unstable();
        ends.dedup();
        ends
    }

    /// The name of an end.
    pub fn end(&self, id: EndId) -> &str {
        &self.ends[id.0 as usize]
    }

    /// A detail.
    pub fn detail(&self, id: DetailId) -> &Detail {
        &self.details[id.0 as usize]
    }
}

/// Which connections are shown.
#[derive(Clone, Debug, Default)]
pub struct Shown {
    /// Only those from that end: a name, `namespace/name`, an address, or `internet`.
    pub from: Option<String>,
    /// Only those to that end.
    pub to: Option<String>,
    /// Only those that may use one of these ports.
    pub ports: Option<PortSet>,
    /// Only those of that cluster of bundles.
    pub cluster: Option<String>,
    /// Also who else may be connected with.
    pub exposure: bool,
}

impl Shown {
    /// Removes what is not shown.
    pub fn narrow(&self, clusters: &mut Vec<ClusterConnectivity>) {
        if let Some(name) = &self.cluster {
            clusters.retain(|cluster| cluster.name == *name);
        }
        for cluster in clusters {
            let mut rows = std::mem::take(&mut cluster.rows);
            let is_named = |wanted: &Option<String>, end: EndId| {
                wanted.as_ref().is_none_or(|wanted| is_end(wanted, cluster.end(end)))
            };
            rows.retain(|row| {
                let detail = cluster.detail(row.detail);
                let has_port = self.ports.as_ref().is_none_or(|ports| {
                    !(&detail.ports & ports).is_empty() || !(&detail.unknown & ports).is_empty()
                });
                has_port && is_named(&self.from, row.from) && is_named(&self.to, row.to)
            });
            cluster.rows = rows;
            crate::exposure::narrow(self, cluster);
        }
    }
}

/// Whether `wanted` matches that end.
pub(crate) fn is_end(wanted: &str, end: &str) -> bool {
    if let Some((first, last)) = addresses(end) {
        return wanted == "internet"
            || wanted == end
            || wanted.parse().is_ok_and(|address: IpAddr| (first..=last).contains(&address));
    }
    let short = end.split_once('[').map_or(end, |(name, _)| name);
    let short = short.trim_matches(['{', '}']);
    let name = short.split_once('/').map_or(short, |(_, name)| name);
    [end, short, name].contains(&wanted)
}

/// The first and the last address of a range.
fn addresses(end: &str) -> Option<(IpAddr, IpAddr)> {
    let (first, last) = end.split_once('-')?;
    Some((first.parse().ok()?, last.parse().ok()?))
}

/// The connections of every cluster that contains something that is reported on, in the order of
/// their names.
///
/// # Errors
/// Those of [`check`](crate::check()).
pub fn connectivity(request: &Request) -> Result<Vec<ClusterConnectivity>, repo::Error> {
    of_clusters(request, false)
}

/// The same, with who else may be connected with.
///
/// # Errors
/// Those of [`check`](crate::check()).
pub fn with_exposure(request: &Request) -> Result<Vec<ClusterConnectivity>, repo::Error> {
    of_clusters(request, true)
}

fn of_clusters(request: &Request, exposure: bool) -> Result<Vec<ClusterConnectivity>, repo::Error> {
    let repo = repo::find(&request.scope, &request.cwd)?;
    let assembly = Assembly::of(request.options(), &repo, &())?;
    let sites = sites(&repo, &assembly).into_iter();
    Ok(sites.map(|site| of_site(request, &assembly, site, exposure).0).collect())
}

/// The same, with where everything is written: what a comparison asks for.
///
/// # Errors
/// Those of [`check`](crate::check()).
pub fn snapshots(request: &Request) -> Result<Vec<Snapshot>, repo::Error> {
    let repo = repo::find(&request.scope, &request.cwd)?;
    let assembly = Assembly::of(request.options(), &repo, &())?;
    let snapshot = |site| {
        let (connectivity, reach, found) = of_site(request, &assembly, site, false);
        (connectivity, Placement::of(reach.cluster(), &assembly.sources, &found))
    };
    Ok(sites(&repo, &assembly).into_iter().map(snapshot).collect())
}

/// The sites that have a policy or a workload that is reported on.
pub(crate) fn sites<'a>(repo: &Repo, assembly: &'a Assembly) -> Vec<&'a Site> {
    let matters = |id: &ObjectId| {
        let object = &assembly.objects[id.position()];
        let file = repo.files.get(object.head.source.0 as usize);
        matches!(object.body, Body::Policy(_) | Body::Tiered(_) | Body::Workloads(_))
            && file.is_some_and(|file| file.reported)
    };
    assembly.grouped.sites.iter().filter(|site| site.members.iter().any(matters)).collect()
}

fn of_site(
    request: &Request,
    assembly: &Assembly,
    site: &Site,
    exposure: bool,
) -> (ClusterConnectivity, Reach, Connections) {
    let reach = Reach::new(closed(request, assembly, site));
    let found = reach::connections(reach.cluster());
    let rows = Rows::new(&reach, &assembly.sources, &found);
    let connectivity = rows.finish(site.name.clone(), exposure);
    (connectivity, reach, found)
}

/// The cluster of a site, in which nothing is but what the repository shows.
pub(crate) fn closed(request: &Request, assembly: &Assembly, site: &Site) -> Cluster {
    let members = Members {
        name: site.name.clone(),
        is_trial: site.trial.is_some(),
        objects: site.members.clone(),
        reported: Arc::default(),
        elsewhere: None,
    };
    let settings = Settings { world: World::Closed, ..request.settings.clone() };
    Cluster::build(Arc::clone(&assembly.objects), members, settings)
}

/// Collects rows: names of ends, and details, each once.
struct Rows<'a> {
    reach: &'a Reach,
    cluster: &'a Cluster,
    sources: &'a Sources,
    found: &'a Connections,
    /// The name of each workload, or of the owner of its pods.
    names: Vec<Option<String>>,
    lines: BTreeMap<crate::text::SourceId, LineIndex>,
}

impl<'a> Rows<'a> {
    fn new(reach: &'a Reach, sources: &'a Sources, found: &'a Connections) -> Self {
        let cluster = reach.cluster();
        let names = display_names(cluster, found);
        Self { reach, cluster, sources, found, names, lines: BTreeMap::new() }
    }

    fn finish(mut self, name: String, with_exposure: bool) -> ClusterConnectivity {
        let ways = reach::entries(self.reach);
        let ranges: Vec<(String, String)> = self
            .found
            .list
            .iter()
            .map(|connection| (range(&connection.from), range(&connection.to)))
            .collect();
        let named = self.names.iter().flatten();
        let outside = ranges.iter().flat_map(|(from, to)| [from, to]);
        let mut ends: Vec<String> =
            named.chain(outside).filter(|name| !name.is_empty()).cloned().collect();
        if ways.iter().any(|way| way.through_controller) {
            ends.push(CONTROLLER.to_owned());
        }
        ends.sort_unstable();
        ends.dedup();
        let number = |name: &str| EndId(ends.partition_point(|end| end.as_str() < name) as u32);
        let mut rows = Vec::new();
        let mut details = Vec::with_capacity(self.found.list.len());
        for (connection, (from_range, to_range)) in self.found.list.iter().zip(&ranges) {
            let detail = DetailId(details.len() as u32);
            details.push(self.detail(&connection.allowed, &connection.evidence));
            let sides = |end: &End, range: &str| match end {
                End::Pods(class) => self.of_class(*class).map(&number).collect(),
                End::Addresses(..) => vec![number(range)],
            };
            let to = sides(&connection.to, to_range);
            for from in sides(&connection.from, from_range) {
                let others = to.iter().filter(|to| **to != from);
                rows.extend(others.map(|&to| Row { from, to, detail }));
            }
        }
        for (workload, way) in through_controller(&ways) {
            let Some(to) = self.names[workload.position()].as_deref() else { continue };
            let (from, to) = (number(CONTROLLER), number(to));
            let isolating = self.reach.isolating(Direction::Ingress, workload);
            let evidence = Evidence { rules: way.by.clone(), isolating };
            rows.push(Row { from, to, detail: DetailId(details.len() as u32) });
            details.push(self.detail(&way.allowed, &evidence));
        }
        rows.sort_unstable();
        let names: Vec<Option<EndId>> =
            self.names.iter().map(|name| name.as_deref().map(&number)).collect();
        let entries = exposure::entries(self.reach, &ways, &names);
        let exposure = with_exposure.then(|| Exposure::of(self.reach, self.found, &names));
        ClusterConnectivity { name, ends, details, rows, entries, exposure }
    }

    /// The names of a class's workloads.
    fn of_class(&self, class: reach::ClassId) -> impl Iterator<Item = &str> {
        let workloads = &self.found.classes[class].workloads;
        workloads.iter().filter_map(|&number| self.names[number.position()].as_deref())
    }

    fn detail(&mut self, allowed: &Allowed, evidence: &Evidence) -> Detail {
        let mut isolating = evidence.isolating.clone();
        isolating.sort_unstable();
        isolating.dedup();
        Detail {
            ports: allowed.sure.clone(),
            unknown: allowed.unsure(),
            rules: evidence.rules.iter().filter_map(|at| self.place(*at)).collect(),
            isolating: isolating.into_iter().map(|id| self.policy(id)).collect(),
        }
    }

    fn policy(&self, id: PolicyId) -> String {
        self.cluster.policy_name(id)
    }

    fn place(&mut self, at: At) -> Option<RulePlace> {
        let (span, field) = self.cluster.place_of(at)?;
        let policy = self.policy(at.policy);
        let source = self.sources.get(span.source);
        let lines = self.lines.entry(span.source).or_insert_with(|| LineIndex::new(source.text()));
        Some(RulePlace {
            policy,
            field,
            path: source.path.clone(),
            line: lines.line(span.start as usize),
        })
    }
}

/// `namespace/name[Kind]` for each workload. Pods of one owner that no policy distinguishes are
/// listed once, as their owner.
pub(crate) fn display_names(cluster: &Cluster, found: &Connections) -> Vec<Option<String>> {
    let mut seen = std::collections::HashSet::new();
    let name = |number: WorkloadId| {
        let it = cluster.workload(number);
        let namespace = &it.namespace.name;
        match &it.workload.owner {
            Some((kind, name)) => {
                let is_first = seen.insert((found.classes.of_workload(number), kind, name));
                is_first.then(|| format!("{namespace}/{name}[{kind}]"))
            }
            None => Some(format!("{namespace}/{}[{}]", it.head.name, it.head.kind)),
        }
    };
    cluster.workload_ids().map(name).collect()
}

/// What comes through a controller, workload by workload.
fn through_controller(ways: &[WayIn]) -> BTreeMap<WorkloadId, WayIn> {
    let mut found: BTreeMap<WorkloadId, WayIn> = BTreeMap::new();
    for way in ways.iter().filter(|way| way.through_controller) {
        let known = found.entry(way.workload).or_insert_with(|| way.clone());
        known.allowed = &known.allowed | &way.allowed;
    }
    found
}

/// `10.0.0.0-10.0.0.255`; empty for pods.
fn range(end: &End) -> String {
    match end {
        End::Pods(_) => String::new(),
        End::Addresses(first, last) => format!("{first}-{last}"),
    }
}
