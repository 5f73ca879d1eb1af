//! Why a connection is allowed or not, step by step on both sides: what `netpol-lint why` explains.

use std::net::IpAddr;
use std::path::PathBuf;

use crate::assemble::Assembly;
use crate::bundle::Site;
use crate::connectivity::{closed, sites};
use crate::lint::allowing::{self, NewRule, Other};
use crate::lint::{Context, Related};
use crate::model::{At, Direction, PolicyId, Protocol};
use crate::reach::{self, Allowed, Endpoint, Mismatch, NearMiss, Party, Port, PortSet, Reach};
use crate::repo;
use crate::resolve::{Cluster, Subject, Tri, WorkloadId};
use crate::text::{Sources, Span};
use crate::{Request, fix};

/// What is asked.
#[derive(Clone, Debug)]
pub struct Question {
    /// Who connects: `namespace/workload`, `workload`, an address, `internet`, `dns`, `apiserver`.
    pub from: String,
    /// Who is connected to.
    pub to: String,
    /// On which port; none for any.
    pub port: Option<Port>,
    /// In which cluster of bundles; none for each that has both ends.
    pub cluster: Option<String>,
}

impl Question {
    /// Reads `TO[:PORT[/PROTOCOL]]`. An IPv6 address with a port stands in brackets.
    ///
    /// # Errors
    /// What is wrong with the port.
    pub fn target(text: &str) -> Result<(String, Option<Port>), String> {
        if let Some((address, rest)) = text.strip_prefix('[').and_then(|it| it.split_once(']')) {
            let port = rest.strip_prefix(':').map(port).transpose()?;
            return Ok((address.to_owned(), port));
        }
        if text.parse::<IpAddr>().is_ok() {
            return Ok((text.to_owned(), None));
        }
        match text.split_once(':') {
            None => Ok((text.to_owned(), None)),
            Some((name, rest)) => Ok((name.to_owned(), Some(port(rest)?))),
        }
    }
}

fn port(text: &str) -> Result<Port, String> {
    let (number, protocol) = text.split_once('/').unwrap_or((text, "TCP"));
    let protocol = Protocol::parse(&protocol.to_ascii_uppercase())
        .ok_or_else(|| format!("`{protocol}` is no protocol: TCP, UDP or SCTP"))?;
    let number = number.parse().ok().filter(|number: &u16| *number > 0);
    let number = number.ok_or_else(|| format!("`{text}` is no port: a number from 1 to 65535"))?;
    Ok(Port { protocol, number })
}

/// The answers, and the texts that their places lie in.
#[derive(Debug)]
pub struct Why {
    /// One for each cluster of bundles that has both ends.
    pub answers: Vec<Answer>,
    /// The texts.
    pub sources: Sources,
    /// The repository's root.
    pub root: PathBuf,
    /// The names of the workloads, where no cluster has both ends.
    pub known: Vec<String>,
}

/// Whether a connection is allowed in one cluster of bundles, and why.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The cluster.
    pub cluster: String,
    /// Who connects.
    pub from: String,
    /// Who is connected to.
    pub to: String,
    /// Whether it is allowed, on the port that was asked for or on some port.
    pub verdict: Tri,
    /// The ports on which it is.
    pub allowed: Allowed,
    /// The source's side, then the destination's.
    pub steps: Vec<Step>,
    /// For what is rejected, the rules to add: one for each side that rejects it.
    pub changes: Vec<Change>,
}

/// One side of a connection.
#[derive(Clone, Debug)]
pub struct Step {
    /// Whether this side allows it.
    pub verdict: Tri,
    /// Why, in one sentence.
    pub text: String,
    /// Where that is written.
    pub place: Option<Span>,
    /// Other places.
    pub related: Vec<Related>,
}

/// A rule that would allow what one side rejects.
#[derive(Clone, Debug)]
pub struct Change {
    /// The policy that it is added to: `namespace/name`.
    pub policy: String,
    /// Below which field: `ingress` or `egress`.
    pub field: &'static str,
    /// The rule, one item of a list.
    pub rule: String,
    /// The change of the file; none where that is not written by hand.
    pub diff: Option<String>,
}

/// One end, found in a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Workload(WorkloadId),
    Address(IpAddr),
    Internet,
    Dns,
    ApiServer,
}

/// Answers for every cluster of bundles that has both ends.
///
/// # Errors
/// Those of [`check`](crate::check()).
pub fn why(request: &Request, question: &Question) -> Result<Why, repo::Error> {
    let repo = repo::find(&request.scope, &request.cwd)?;
    let assembly = Assembly::of(request.options(), &repo, &())?;
    let mut answers = Vec::new();
    let mut known = Vec::new();
    let wanted = |site: &&Site| question.cluster.as_ref().is_none_or(|name| site.name == *name);
    for site in sites(&repo, &assembly).into_iter().filter(wanted) {
        let reach = Reach::new(closed(request, &assembly, site));
        let cluster = reach.cluster();
        let (from, to) = (ends(cluster, &question.from), ends(cluster, &question.to));
        if from.is_empty() || to.is_empty() {
            known.extend(cluster.workload_ids().map(|number| name(cluster, number)));
        }
        for &from in &from {
            for &to in &to {
                let pair = Pair { reach: &reach, sources: &assembly.sources, from, to };
                answers.push(pair.answer(question, &site.name));
            }
        }
    }
    known.sort();
    known.dedup();
    let Assembly { sources, .. } = assembly;
    Ok(Why { answers, sources, root: repo.root, known })
}

/// Who is meant by a name; several where several are called so.
fn ends(cluster: &Cluster, wanted: &str) -> Vec<End> {
    match wanted {
        "internet" => return vec![End::Internet],
        "dns" => return vec![End::Dns],
        "apiserver" => return vec![End::ApiServer],
        _ => {}
    }
    if let Ok(address) = wanted.parse() {
        return vec![End::Address(address)];
    }
    let is_meant =
        |number: &WorkloadId| crate::connectivity::is_end(wanted, &name(cluster, *number));
    cluster.workload_ids().filter(is_meant).map(End::Workload).collect()
}

/// `namespace/name[Kind]`, or the owner of a pod.
fn name(cluster: &Cluster, number: WorkloadId) -> String {
    let it = cluster.workload(number);
    match &it.workload.owner {
        Some((kind, name)) => format!("{}/{name}[{kind}]", it.namespace.name),
        None => format!("{}/{}[{}]", it.namespace.name, it.head.name, it.head.kind),
    }
}

/// The two ends of a connection.
struct Pair<'a> {
    reach: &'a Reach,
    sources: &'a Sources,
    from: End,
    to: End,
}

/// What one side says.
struct SideAnswer {
    allowed: Allowed,
    step: Step,
    change: Option<Change>,
}

impl Pair<'_> {
    fn answer(&self, question: &Question, cluster: &str) -> Answer {
        let port = question.port.or(match self.to {
            End::Dns => Some(Port { protocol: Protocol::Udp, number: 53 }),
            _ => None,
        });
        let egress = self.side(Direction::Egress, port);
        let ingress = self.side(Direction::Ingress, port);
        let allowed = &egress.allowed & &ingress.allowed;
        let changes = [egress.change, ingress.change];
        let words = |end: End, asked: &str| match end {
            End::Workload(number) => name(self.reach.cluster(), number),
            _ => asked.to_owned(),
        };
        Answer {
            cluster: cluster.to_owned(),
            from: words(self.from, &question.from),
            to: words(self.to, &question.to),
            verdict: verdict(&allowed, port),
            allowed,
            steps: vec![egress.step, ingress.step],
            changes: changes.into_iter().flatten().collect(),
        }
    }

    fn side(&self, direction: Direction, port: Option<Port>) -> SideAnswer {
        let (own, other) = match direction {
            Direction::Egress => (self.from, self.to),
            Direction::Ingress => (self.to, self.from),
        };
        let End::Workload(number) = own else { return outside(own, direction) };
        let cluster = self.reach.cluster();
        let (allowed, by) = self.ports(direction, number, other, port);
        let who = name(cluster, number);
        let field = direction.field();
        let side = self.reach.side(direction, number);
        let answer = verdict(&allowed, port);
        let mut step =
            Step { verdict: answer, text: String::new(), place: None, related: Vec::new() };
        let mut change = None;
        if cluster.workload(number).workload.host_network {
            step.text = format!(
                "{field}: {who} uses the node's network, and no policy applies to such pods"
            );
        } else if cluster.is_more_than_network_policies(number) {
            step.text = format!(
                "{field}: unknown, because policies other than NetworkPolicy may select {who} (see \
                 `netpol-lint reach`)"
            );
        } else if side.isolating.is_empty() {
            step.text = format!("{field}: no policy isolates {who}, so everything is allowed");
        } else if answer.is_no() {
            self.rejected(&mut step, direction, number, other, port);
            change = self.change(direction, number, other, port);
        } else {
            self.allowed(&mut step, direction, &who, &by, answer);
        }
        SideAnswer { allowed, step, change }
    }

    /// The ports that one side allows, and the rules that do.
    fn ports(
        &self,
        direction: Direction,
        number: WorkloadId,
        other: End,
        port: Option<Port>,
    ) -> (Allowed, Vec<At>) {
        let ask = |party| {
            let answer = self.reach.ports(direction, number, party);
            (answer.allowed, answer.by)
        };
        match other {
            End::Workload(other) => ask(Party::Workload(other)),
            End::Address(address) => ask(Party::Address(address)),
            End::ApiServer => ask(Party::ApiServer),
            End::Internet => {
                let pieces = self.reach.pieces(direction, number).into_iter();
                let mut all = pieces.map(|address| ask(Party::Address(address)));
                let first = all.next().unwrap_or_default();
                all.fold(first, |(so_far, mut by), (next, more)| {
                    by.extend(more);
                    by.sort_unstable();
                    by.dedup();
                    let sure = &so_far.sure & &next.sure;
                    (Allowed { sure, possible: &so_far.possible | &next.possible }, by)
                })
            }
            End::Dns => {
                let port = port.unwrap_or(Port { protocol: Protocol::Udp, number: 53 });
                let cluster = self.reach.cluster();
                let subject = Subject::Workload(number);
                let verdict = reach::side(cluster, direction, subject, Endpoint::ClusterDns, port);
                let only = PortSet::range(port.protocol, port.number, port.number);
                (Allowed::exactly(only).if_so(verdict.allowed), verdict.by)
            }
        }
    }

    /// Says which rules allow it, or may.
    fn allowed(&self, step: &mut Step, direction: Direction, who: &str, by: &[At], answer: Tri) {
        let cluster = self.reach.cluster();
        let Some(first) = by.first() else {
            step.text = format!(
                "{}: unknown, since part of a policy of {who} is filled in later or rejected",
                direction.field()
            );
            return;
        };
        let may = if answer.is_yes() { "allows" } else { "may allow" };
        step.text = format!(
            "{}: `{}` of {} {may} it",
            direction.field(),
            first.spot,
            self.policy(first.policy)
        );
        step.place = first.spot.key_span(cluster.policy(first.policy));
        for at in by.iter().skip(1) {
            if let Some(span) = at.spot.key_span(cluster.policy(at.policy)) {
                let message = format!("{} {may} it too", self.policy(at.policy));
                step.related.push(Related { span, message });
            }
        }
    }

    /// Says which policies isolate the pods, and which rule comes nearest.
    fn rejected(
        &self,
        step: &mut Step,
        direction: Direction,
        number: WorkloadId,
        other: End,
        port: Option<Port>,
    ) {
        let cluster = self.reach.cluster();
        let side = self.reach.side(direction, number);
        let who = name(cluster, number);
        step.text = format!(
            "{}: rejected, since {} isolates {who} and no rule allows it",
            direction.field(),
            side.isolating.iter().take(3).map(|id| self.policy(*id)).collect::<Vec<_>>().join(", ")
        );
        for &id in side.isolating.iter().take(3) {
            let span = crate::lint::isolating_place(cluster.policy(id), direction);
            let span = span.unwrap_or(cluster.head(id).name_span);
            match step.place {
                None => step.place = Some(span),
                Some(_) => {
                    let message = format!("{} isolates them too", self.policy(id));
                    step.related.push(Related { span, message });
                }
            }
        }
        let party = match other {
            End::Workload(number) => Party::Workload(number),
            End::Address(address) => Party::Address(address),
            End::Internet | End::ApiServer => Party::Addresses,
            End::Dns => return,
        };
        let ports = port.map(|port| PortSet::range(port.protocol, port.number, port.number));
        if let Some(miss) = self.reach.nearest_miss(direction, number, party, ports.as_ref()) {
            let message = self.near_miss(&miss, other);
            step.related.push(Related { span: miss.place, message });
        }
    }

    fn near_miss(&self, miss: &NearMiss, other: End) -> String {
        let who = match other {
            End::Workload(number) => name(self.reach.cluster(), number),
            _ => "the other end".to_owned(),
        };
        let has = |label: &Option<String>| match label {
            Some(label) => format!("has `{label}`"),
            None => "has no such label".to_owned(),
        };
        match &miss.mismatch {
            Mismatch::Ports(ports) => match ports.is_empty() {
                true => {
                    "the nearest rule is for this end, on a port that its pods do not have".into()
                }
                false => format!("the nearest rule is for this end, and for {ports} only"),
            },
            Mismatch::PodLabel(words, label) => {
                format!("the nearest rule asks for `{words}`; {who} {}", has(label))
            }
            Mismatch::NamespaceLabel(words, label) => {
                format!(
                    "the nearest rule asks for a namespace with `{words}`; that of {who} {}",
                    has(label)
                )
            }
            Mismatch::OtherNamespace => format!(
                "the nearest rule has no `namespaceSelector`: it is for pods of the policy's own \
                 namespace, and {who} is in another"
            ),
            Mismatch::Address => "the nearest rule is for other addresses".into(),
            Mismatch::Pods => "the nearest rule is for pods".into(),
        }
    }

    /// The rule to add on a side that rejects the connection.
    fn change(
        &self,
        direction: Direction,
        number: WorkloadId,
        other: End,
        port: Option<Port>,
    ) -> Option<Change> {
        let other = match other {
            End::Workload(number) => Other::Workload(number),
            End::Address(address) => Other::Address(address),
            End::Internet | End::Dns | End::ApiServer => return None,
        };
        let cluster = self.reach.cluster();
        let side = self.reach.side(direction, number);
        let has_rules = |id: &&PolicyId| !cluster.policy(**id).rules(direction).is_empty();
        let policy = *side.isolating.iter().find(has_rules).or_else(|| side.isolating.first())?;
        let cx = Context::new(self.reach, self.sources);
        let NewRule { text, edit } = allowing::allow(&cx, policy, direction, other, port);
        let diff = edit.map(|edit| {
            let source = self.sources.get(edit.span.source);
            fix::diff_of(&source.path, source.text(), &edit)
        });
        Some(Change { policy: self.policy(policy), field: direction.field(), rule: text, diff })
    }

    fn policy(&self, id: PolicyId) -> String {
        let cluster = self.reach.cluster();
        let head = cluster.head(id);
        format!("NetworkPolicy {}/{}", cluster.namespace_name_of(head), head.name)
    }
}

/// What an end says that no policy is for.
fn outside(end: End, direction: Direction) -> SideAnswer {
    let what = match end {
        End::Dns => "the cluster's DNS",
        End::ApiServer => "the API server",
        _ => "addresses outside the cluster",
    };
    let text = format!("{}: no policy of the repository is for {what}", direction.field());
    let step = Step { verdict: Tri::Yes, text, place: None, related: Vec::new() };
    SideAnswer { allowed: Allowed::everything(), step, change: None }
}

/// Whether that port is allowed, or some port where none is given.
fn verdict(allowed: &Allowed, port: Option<Port>) -> Tri {
    match port {
        Some(port) => allowed.allows(port),
        None => allowed.overlaps(&PortSet::all()),
    }
}
