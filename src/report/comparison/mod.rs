//! What a change opens and closes: one file per format.

pub mod json;
pub mod markdown;
pub mod text;

use crate::comparison::{ClusterComparison, Kind, Ports, State};

/// The figures of a comparison.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    opened: usize,
    closed: usize,
    changed: usize,
    appeared: usize,
    vanished: usize,
}

impl Counts {
    fn of(clusters: &[ClusterComparison]) -> Self {
        let mut counts = Self::default();
        for cluster in clusters {
            for change in &cluster.changes {
                *match change.kind {
                    Kind::Opened => &mut counts.opened,
                    Kind::Closed => &mut counts.closed,
                    Kind::Changed => &mut counts.changed,
                } += 1;
            }
            counts.appeared += cluster.appeared.len();
            counts.vanished += cluster.vanished.len();
        }
        counts
    }

    /// `1 connection opened, 0 closed, 2 changed; 1 workload appeared, 0 vanished`.
    fn line(self) -> String {
        let Self { opened, closed, changed, appeared, vanished } = self;
        let connections = if opened == 1 { "connection" } else { "connections" };
        let workloads = if appeared == 1 { "workload" } else { "workloads" };
        format!(
            "{opened} {connections} opened, {closed} closed, {changed} changed; {appeared} \
             {workloads} appeared, {vanished} vanished"
        )
    }
}

/// The ports in one cell: those surely allowed, then those that may be.
fn ports(ports: &Ports) -> String {
    match (ports.sure.is_empty(), ports.unknown.is_empty()) {
        (true, true) => "nothing".to_owned(),
        (false, true) => ports.sure.to_string(),
        (true, false) => format!("unknown: {}", ports.unknown),
        (false, false) => format!("{}; unknown: {}", ports.sure, ports.unknown),
    }
}

fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::Opened => "opened",
        Kind::Closed => "closed",
        Kind::Changed => "changed",
    }
}

/// The sign of a line that only one state has, as `diff` writes it.
fn sign(state: State) -> char {
    match state {
        State::Base => '-',
        State::Head => '+',
    }
}
