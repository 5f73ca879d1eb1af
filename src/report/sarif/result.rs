//! A finding as a SARIF result.

use serde::Serialize;

use super::location::{
    Artifact, Location, LogicalLocation, Message, PhysicalLocation, Region, escaped,
};
use crate::lint::{Edit, Finding, Fix, Safety, Severity};
use crate::report::details;
use crate::text::{Sources, visible};
use crate::triage::Suppressed;

/// The most related places of a result: GitHub reads no more.
const RELATED: usize = 100;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SarifResult<'a> {
    rule_id: &'a str,
    rule_index: usize,
    level: &'static str,
    message: Message,
    locations: [Location; 1],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related_locations: Vec<Location>,
    partial_fingerprints: Fingerprints<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fixes: Vec<SarifFix<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    suppressions: Option<[Suppression; 1]>,
    properties: Properties<'a>,
}

#[derive(Serialize)]
struct Fingerprints<'a> {
    /// The name has a version, as the specification asks: the fingerprint's ingredients may change
    /// one day.
    #[serde(rename = "netpolLint/v1")]
    ours: &'a str,
}

#[derive(Serialize)]
struct Properties<'a> {
    confidence: &'static str,
    bundles: &'a [String],
}

#[derive(Serialize)]
struct Suppression {
    kind: &'static str,
    status: &'static str,
    justification: String,
    location: Location,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SarifFix<'a> {
    description: Message,
    artifact_changes: Vec<Change<'a>>,
    properties: FixProperties,
}

#[derive(Serialize)]
struct FixProperties {
    safety: Safety,
}

/// The edits of one file.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Change<'a> {
    artifact_location: Artifact,
    replacements: Vec<Replacement<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Replacement<'a> {
    deleted_region: Region,
    inserted_content: Content<'a>,
}

/// The text that an edit inserts: literal, not escaped.
#[derive(Serialize)]
struct Content<'a> {
    text: &'a str,
}

impl<'a> SarifResult<'a> {
    pub fn of(
        finding: &'a Finding,
        suppressed: Option<&Suppressed>,
        rule_index: usize,
        sources: &Sources,
    ) -> Self {
        Self {
            rule_id: finding.rule.id,
            rule_index,
            level: level(finding.severity),
            message: message(finding, sources),
            locations: [primary(finding, sources)],
            related_locations: related(finding, sources),
            partial_fingerprints: Fingerprints { ours: &finding.fingerprint },
            fixes: finding.fixes.iter().map(|fix| SarifFix::of(fix, sources)).collect(),
            suppressions: suppressed.map(|suppressed| [Suppression::of(suppressed, sources)]),
            properties: Properties {
                confidence: finding.confidence.word(),
                bundles: &finding.bundles,
            },
        }
    }
}

/// The SARIF level of a severity.
pub fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

/// The message, the help, and links to the other places.
fn message(finding: &Finding, sources: &Sources) -> Message {
    let mut lines = vec![escaped(&finding.message)];
    if !finding.help.is_empty() {
        lines.push(escaped(&finding.help));
    }
    let links = finding.related.iter().take(RELATED).zip(1..);
    let links = links.map(|(related, id)| format!("[{}]({id})", escaped(&related.message)));
    let links: Vec<_> = links.collect();
    if !links.is_empty() {
        lines.push(format!("See {}.", links.join(", ")));
    }
    if let Some(names) = details::bundles(finding, sources) {
        lines.push(format!("Seen in {}.", escaped(&names)));
    }
    Message { text: lines.join("\n") }
}

fn primary(finding: &Finding, sources: &Sources) -> Location {
    let object = finding.subject.as_ref().map(|subject| {
        let namespace = subject.namespace.as_deref();
        let parts = [Some(subject.kind.as_str()), namespace, Some(subject.name.as_str())];
        let name = parts.into_iter().flatten().collect::<Vec<_>>().join("/");
        LogicalLocation { fully_qualified_name: visible(&name).into_owned(), kind: "resource" }
    });
    Location {
        id: None,
        physical_location: PhysicalLocation::of(finding.place, sources),
        logical_locations: object.into_iter().collect(),
        message: None,
    }
}

fn related(finding: &Finding, sources: &Sources) -> Vec<Location> {
    let related = finding.related.iter().take(RELATED).zip(1..);
    related
        .map(|(related, id)| Location {
            id: Some(id),
            physical_location: PhysicalLocation::of(related.span, sources),
            logical_locations: Vec::new(),
            message: Some(Message::plain(&related.message)),
        })
        .collect()
}

impl Suppression {
    fn of(suppressed: &Suppressed, sources: &Sources) -> Self {
        let location = Location {
            id: None,
            physical_location: PhysicalLocation::of(suppressed.place, sources),
            logical_locations: Vec::new(),
            message: None,
        };
        let justification = visible(&suppressed.reason).into_owned();
        Self { kind: "inSource", status: "accepted", justification, location }
    }
}

impl<'a> SarifFix<'a> {
    fn of(fix: &'a Fix, sources: &Sources) -> Self {
        let files = fix.edits.chunk_by(|a, b| a.span.source == b.span.source);
        let changes = files.filter_map(|edits| Change::of(edits, sources));
        Self {
            description: Message::plain(&fix.title),
            artifact_changes: changes.collect(),
            properties: FixProperties { safety: fix.safety },
        }
    }
}

impl<'a> Change<'a> {
    fn of(edits: &'a [Edit], sources: &Sources) -> Option<Self> {
        let first = edits.first()?;
        let replacements = edits.iter().map(|edit| Replacement {
            deleted_region: Region::whole(edit.span, sources),
            inserted_content: Content { text: &edit.text },
        });
        Some(Self {
            artifact_location: Artifact::of(first.span, sources),
            replacements: replacements.collect(),
        })
    }
}
