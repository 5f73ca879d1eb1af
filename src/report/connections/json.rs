//! One document, for programs: version 1, see `docs/reach.schema.json`.

use std::io::{self, Write};

use serde::Serialize;

use crate::connectivity::{ClusterConnectivity, Detail, RulePlace};
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
        write!(out, "]}}")?;
    }
    writeln!(out, "]}}")
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
