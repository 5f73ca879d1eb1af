//! One document, for programs: version 1, see `docs/reach.schema.json`.

use std::io::{self, Write};

use serde::Serialize;

use crate::connectivity::{ClusterConnectivity, Detail, RulePlace};
use crate::exposure;
use crate::report::inert;

#[derive(Serialize)]
struct Connection<'a> {
    from: &'a str,
    to: &'a str,
    ports: String,
    unknown: String,
    evidence: Evidence<'a>,
}

#[derive(Serialize)]
struct Evidence<'a> {
    rules: Vec<Rule<'a>>,
    isolating: &'a [String],
}

#[derive(Serialize)]
struct Rule<'a> {
    policy: &'a str,
    field: &'a str,
    path: &'a str,
    line: usize,
}

#[derive(Serialize)]
struct Entry<'a> {
    entry: &'a str,
    to: &'a str,
    ports: String,
    unknown: String,
}

#[derive(Serialize)]
struct Exposed<'a> {
    workload: &'a str,
    direction: &'a str,
    peer: &'a str,
    ports: String,
    unknown: String,
}

#[derive(Serialize)]
struct Unprotected<'a> {
    workload: &'a str,
    direction: &'a str,
}

/// Writes all clusters. Rows are written one by one, because there may be millions.
///
/// # Errors
/// Any error of `out`.
pub fn write(out: &mut dyn Write, clusters: &[ClusterConnectivity]) -> io::Result<()> {
    writeln!(out, "{{\"version\":1,\"clusters\":[")?;
    for (nth, cluster) in clusters.iter().enumerate() {
        let comma = if nth > 0 { "," } else { "" };
        write!(out, "{comma}{{\"name\":")?;
        inert::line(out, &cluster.name)?;
        writeln!(out, ",\"connections\":[")?;
        for (nth, row) in cluster.rows.iter().enumerate() {
            let comma = if nth > 0 { "," } else { " " };
            out.write_all(comma.as_bytes())?;
            let (from, to) = (cluster.end(row.from), cluster.end(row.to));
            inert::line(out, &connection(from, to, cluster.detail(row.detail)))?;
        }
        writeln!(out, "],\"entries\":[")?;
        let entries = cluster.entries.iter().map(|it| entry(cluster, it));
        write_all(out, entries)?;
        if let Some(exposure) = &cluster.exposure {
            writeln!(out, "],\"exposure\":[")?;
            write_all(out, exposure.rows.iter().map(|row| exposed(cluster, row)))?;
            writeln!(out, "],\"unprotected\":[")?;
            let unprotected = exposure.unprotected.iter();
            write_all(
                out,
                unprotected.map(|(end, direction)| Unprotected {
                    workload: cluster.end(*end),
                    direction: direction.field(),
                }),
            )?;
        }
        write!(out, "]}}")?;
    }
    writeln!(out, "]}}")
}

fn write_all(out: &mut dyn Write, items: impl Iterator<Item = impl Serialize>) -> io::Result<()> {
    for (nth, item) in items.enumerate() {
        let comma = if nth > 0 { "," } else { " " };
        out.write_all(comma.as_bytes())?;
        inert::line(out, &item)?;
    }
    Ok(())
}

fn entry<'a>(cluster: &'a ClusterConnectivity, it: &'a exposure::Entry) -> Entry<'a> {
    Entry {
        entry: &it.entry,
        to: cluster.end(it.to),
        ports: it.ports.to_string(),
        unknown: it.unknown.to_string(),
    }
}

fn exposed<'a>(cluster: &'a ClusterConnectivity, row: &'a exposure::Exposed) -> Exposed<'a> {
    Exposed {
        workload: cluster.end(row.workload),
        direction: row.direction.field(),
        peer: &row.peer,
        ports: row.ports_in_words(),
        unknown: row.unknown.to_string(),
    }
}

fn connection<'a>(from: &'a str, to: &'a str, detail: &'a Detail) -> Connection<'a> {
    let rule = |rule: &'a RulePlace| Rule {
        policy: &rule.policy,
        field: &rule.field,
        path: &rule.path,
        line: rule.line,
    };
    let rules = detail.rules.iter().map(rule).collect();
    Connection {
        from,
        to,
        ports: detail.ports.to_string(),
        unknown: detail.unknown.to_string(),
        evidence: Evidence { rules, isolating: &detail.isolating },
    }
}
