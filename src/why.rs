//! Why a connection is allowed or not, step by step on both sides: what `netpol-lint why` explains.

use std::net::IpAddr;
use std::path::PathBuf;

use crate::assemble::Assembly;
use crate::bundle::Site;
use crate::connectivity::{closed, sites};
pub use crate::explanation::{Change, Step};
use crate::explanation::{End, Pair, name, verdict};
use crate::model::{Direction, Protocol};
use crate::reach::{Allowed, Port, Reach};
use crate::resolve::{Cluster, Tri, WorkloadId};
use crate::text::Sources;
use crate::{Request, repo};

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
                answers.push(answer(&pair, question, &site.name));
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

/// Puts both sides together.
fn answer(pair: &Pair<'_>, question: &Question, cluster: &str) -> Answer {
    let port = question.port.or(match pair.to {
        End::Dns => Some(Port { protocol: Protocol::Udp, number: 53 }),
        _ => None,
    });
    let egress = pair.side(Direction::Egress, port);
    let ingress = pair.side(Direction::Ingress, port);
    let allowed = &egress.allowed & &ingress.allowed;
    let words = |end: End, asked: &str| match end {
        End::Workload(number) => name(pair.reach.cluster(), number),
        _ => asked.to_owned(),
    };
    Answer {
        cluster: cluster.to_owned(),
        from: words(pair.from, &question.from),
        to: words(pair.to, &question.to),
        verdict: verdict(&allowed, port),
        allowed,
        steps: vec![egress.step, ingress.step],
        changes: [egress.change, ingress.change].into_iter().flatten().collect(),
    }
}
