//! Findings for the tests of this stage.

use std::sync::Arc;

use super::precedence::TABLE;
use crate::bundle::ObjectId;
use crate::lint::{Check, Confidence, Finding, Rule, Severity, Subject};
use crate::model::PolicyId;
use crate::model::{At, Direction, Spot};
use crate::text::{Origin, Source, SourceId, Sources, Span};

/// Spots that differ in every respect that the table's scopes distinguish.
pub const SPOTS: [Option<Spot>; 9] = [
    None,
    Some(Spot::Spec),
    Some(Spot::PodSelector),
    Some(Spot::Rules(Direction::Egress)),
    Some(Spot::Rule(Direction::Egress, 0)),
    Some(Spot::Peer(Direction::Egress, 0, 1)),
    Some(Spot::PeerPods(Direction::Egress, 0, 0)),
    Some(Spot::PeerNamespaces(Direction::Egress, 0, 1)),
    Some(Spot::Port(Direction::Egress, 0, 0)),
];

/// The parts of a finding that a test sets.
#[derive(Clone, Debug)]
pub struct Sample {
    pub id: &'static str,
    pub policy: u32,
    pub spot: Option<Spot>,
    pub place: u32,
    pub message: String,
    pub bundles: Vec<&'static str>,
}

impl Sample {
    pub fn finding(&self) -> Finding {
        let at = self
            .spot
            .map(|spot| At { policy: PolicyId::of(ObjectId::at(self.policy as usize)), spot });
        let mut finding = finding(self.id, at, self.place, &self.message, &self.bundles);
        finding.bundles.retain(|bundle| !bundle.is_empty());
        finding
    }
}

/// Two files, the later id with the earlier path.
pub fn sources() -> Sources {
    let mut sources = Sources::default();
    for path in ["b.yaml", "a.yaml"] {
        let text = Arc::from("a b c d e f g h");
        sources.add(Source::with_text(path.to_owned(), Origin::Stdin, text));
    }
    sources
}

/// Places 0 and 1 are in the first file, all others in the second.
fn place(number: u32) -> Span {
    let source = SourceId(u32::from(number > 1));
    let start = (number % 2) as usize * 2;
    Span::new(source, start, start + 1)
}

/// A rule with that id; leaked, as tests are short.
pub fn rule(id: &'static str, severity: Severity, pedantic: bool, check: Check) -> &'static Rule {
    let page = "# rule\n\nSays something.\n";
    Box::leak(Box::new(Rule { id, severity, confidence: Confidence::High, pedantic, page, check }))
}

/// A finding of an ordinary rule, about `Policy shop/p`.
pub fn finding(
    id: &'static str,
    at: Option<At>,
    number: u32,
    message: &str,
    bundles: &[&str],
) -> Finding {
    Finding {
        rule: rule(id, Severity::Warning, false, Check::Cluster(|_, _| ())),
        severity: Severity::Warning,
        confidence: Confidence::High,
        place: place(number),
        related: Vec::new(),
        suppression_spans: Vec::new(),
        absent: Vec::new(),
        message: message.to_owned(),
        help: String::new(),
        subject: Some(Subject {
            kind: "NetworkPolicy".to_owned(),
            namespace: Some("shop".to_owned()),
            name: "p".to_owned(),
        }),
        at,
        field: at.map_or_else(String::new, |at| at.spot.to_string()),
        bundles: bundles.iter().map(|&bundle| bundle.to_owned()).collect(),
        fixes: Vec::new(),
        withheld: None,
        fingerprint: String::new(),
    }
}

/// Every rule id in the table, on either side.
pub fn ids_in_the_table() -> Vec<&'static str> {
    let mut ids: Vec<_> = TABLE
        .iter()
        .flat_map(|entry| [entry.winners, entry.losers])
        .flat_map(|rules| rules.named().iter().copied())
        .collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}
