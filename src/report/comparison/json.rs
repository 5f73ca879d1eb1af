//! One document, for programs: version 1, see `docs/diff.schema.json`.

use std::io::{self, Write};

use serde::Serialize;

use super::{Counts, word};
use crate::comparison::{Change, ClusterComparison, Ports, State};
use crate::placement;
use crate::report::inert;

#[derive(Serialize)]
struct Entry<'a> {
    kind: &'static str,
    from: &'a str,
    to: &'a str,
    before: Allowed,
    after: Allowed,
    reasons: Vec<Reason>,
}

#[derive(Serialize)]
struct Allowed {
    ports: String,
    unknown: String,
}

#[derive(Serialize)]
struct Reason {
    state: &'static str,
    message: String,
    path: String,
    line: usize,
}

#[derive(Serialize)]
struct Workload<'a> {
    name: &'a str,
    path: &'a str,
    line: usize,
}

/// Writes all clusters that differ. Change by change, since there may be millions.
///
/// # Errors
/// Those of `out`.
pub fn write(out: &mut dyn Write, clusters: &[ClusterComparison]) -> io::Result<()> {
    let Counts { opened, closed, changed, appeared, vanished } = Counts::of(clusters);
    writeln!(
        out,
        "{{\"version\":1,\"summary\":{{\"opened\":{opened},\"closed\":{closed},\"changed\":{changed},\
         \"appeared\":{appeared},\"vanished\":{vanished}}},\"clusters\":["
    )?;
    for (nth, cluster) in clusters.iter().enumerate() {
        write!(out, "{}{{\"name\":", comma(nth))?;
        inert::line(out, &cluster.name)?;
        writeln!(out, ",\"changes\":[")?;
        for (nth, change) in cluster.changes.iter().enumerate() {
            write!(out, "{}", comma(nth))?;
            inert::line(out, &entry(cluster, change))?;
        }
        for (key, list) in [("appeared", &cluster.appeared), ("vanished", &cluster.vanished)] {
            write!(out, "],\"{key}\":[")?;
            for (nth, it) in list.iter().enumerate() {
                write!(out, "{}", comma(nth))?;
                inert::line(out, &workload(it))?;
            }
        }
        writeln!(out, "]}}")?;
    }
    writeln!(out, "]}}")
}

fn comma(nth: usize) -> &'static str {
    if nth > 0 { "," } else { " " }
}

fn workload((name, line): &(String, placement::Line)) -> Workload<'_> {
    Workload { name, path: &line.path, line: line.line }
}

fn entry<'a>(cluster: &ClusterComparison, change: &'a Change) -> Entry<'a> {
    let reasons = cluster.reasons(change).into_iter().map(|reason| Reason {
        state: match reason.state {
            State::Base => "base",
            State::Head => "head",
        },
        message: reason.what,
        path: reason.line.path,
        line: reason.line.line,
    });
    Entry {
        kind: word(change.kind),
        from: &change.from,
        to: &change.to,
        before: allowed(&cluster.before(change)),
        after: allowed(&cluster.after(change)),
        reasons: reasons.collect(),
    }
}

fn allowed(ports: &Ports) -> Allowed {
    Allowed { ports: ports.sure.to_string(), unknown: ports.unknown.to_string() }
}
