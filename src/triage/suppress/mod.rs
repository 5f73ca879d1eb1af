//! Findings that somebody has accepted, with a comment or an annotation next to them.
//!
//! A comment applies to its own line or, if it is alone there, to the first line below it that is
//! not a comment: to a finding whose primary place or one of whose suppression spans (the object's
//! first token, the rule's list item) begins there. An annotation applies to its object.

mod annotation;
mod comment;
mod index;
mod removal;

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use crate::bundle::Head;
use crate::lint::{self, Finding, Fix, RULES, Safety, run};
use crate::model::is_placeholder;
use crate::text::{SourceId, Sources, Span, visible};
use crate::triage::Selection;
use crate::yaml::Comment;
use crate::yaml::Node;
use index::{Hit, Index};

/// A suppressed finding, and what suppresses it.
#[derive(Clone, Debug)]
pub struct Suppressed {
    /// The finding.
    pub finding: Finding,
    /// The reason as written; may be empty.
    pub reason: String,
    /// The comment or annotation.
    pub place: Span,
}

/// The comments and annotations that suppress findings.
#[derive(Debug, Default)]
pub struct Suppressions {
    all: Vec<Suppression>,
    index: Index,
    /// Suppressions that name no rule.
    malformed: Vec<Finding>,
    /// The ids for which there was a finding.
    used: BTreeSet<(Span, String)>,
}

/// One suppression.
#[derive(Debug)]
struct Suppression {
    ids: Vec<Id>,
    reason: String,
    /// The whole comment or annotation.
    place: Span,
    scope: Scope,
    /// How to remove it.
    form: removal::Form,
    /// False in a document that did not parse: the rules could not check it.
    looked_at: bool,
    /// The object, for annotations.
    subject: Option<lint::Subject>,
}

/// A rule's id and where it is written.
#[derive(Debug)]
struct Id {
    text: String,
    span: Span,
}

/// Which findings it applies to.
#[derive(Debug)]
enum Scope {
    /// Those on these lines.
    Lines(RangeInclusive<usize>),
    /// Those of the object that begins at the first span and covers the second.
    Object(Span, Span),
}

impl Suppressions {
    /// The suppressions in `comments` and in the annotations of `policies`.
    pub fn find<'a>(
        comments: &[Comment],
        policies: impl Iterator<Item = (&'a Head, &'a Node)>,
        sources: &Sources,
    ) -> Self {
        let mut found = Self::default();
        let mut reader = comment::Reader::default();
        for written in comments {
            match reader.read(written, sources) {
                comment::Read::Suppression(suppression) => found.add(suppression),
                comment::Read::Malformed(place) if written.parsed => found.malformed(place),
                comment::Read::Malformed(_) | comment::Read::Prose => {}
            }
        }
        for (head, policy) in policies {
            for read in annotation::read(head, policy, sources) {
                match read {
                    Ok(suppression) => found.add(suppression),
                    Err(place) => found.malformed(place),
                }
            }
        }
        found
    }

    fn add(&mut self, suppression: Suppression) {
        let (number, source) = (self.all.len(), suppression.place.source);
        let mut named = BTreeSet::new();
        for (position, id) in suppression.ids.iter().enumerate() {
            if named.insert(&id.text) {
                let hit = Hit { suppression: number, id: position };
                self.index.add(source, &id.text, &suppression.scope, hit);
            }
        }
        self.all.push(suppression);
    }

    fn malformed(&mut self, place: Span) {
        self.malformed.push(run::unused_suppression(
            place,
            "this suppression names no rule, so it suppresses nothing".to_owned(),
            "write `# netpol-lint: ignore[rule-id] reason`, or the annotation \
             `netpol-lint.dev/ignore: rule-id`",
        ));
    }

    /// Records which suppressions `findings` use. Pass all findings, including those below a
    /// threshold: such a suppression is needed as soon as someone lowers it.
    pub fn note_used(&mut self, findings: &[Finding], sources: &Sources) {
        let mut looked_at = BTreeSet::new();
        for list in findings.iter().flat_map(|finding| self.index.lists(finding, sources)) {
            // What applies to one finding on a line applies to all of the same rule.
            if looked_at.insert(list) {
                for hit in self.index.list(list) {
                    let id = &self.all[hit.suppression].ids[hit.id];
                    self.used.insert((id.span, id.text.clone()));
                }
            }
        }
    }

    /// Splits `findings` into those that remain and those that are suppressed.
    pub(super) fn part(
        &self,
        findings: Vec<Finding>,
        sources: &Sources,
    ) -> (Vec<Finding>, Vec<Suppressed>) {
        let (mut kept, mut suppressed) = (Vec::new(), Vec::new());
        for finding in findings {
            let lists = self.index.lists(&finding, sources);
            // Of several suppressions, the first one counts.
            let first = lists.into_iter().filter_map(|list| self.index.list(list).first()).min();
            match first
                .map(|hit| &self.all[hit.suppression])
                .map(|by| (by.reason.clone(), by.place))
            {
                None => kept.push(finding),
                Some((reason, place)) => suppressed.push(Suppressed { finding, reason, place }),
            }
        }
        (kept, suppressed)
    }

    /// The findings about suppressions that suppress nothing. Rules that did not run are ignored.
    pub(super) fn unused(&self, selection: &Selection, sources: &Sources) -> Vec<Finding> {
        let mut all: Vec<&Suppression> = self.all.iter().collect();
        all.sort_by_key(|suppression| suppression.place.source);
        let unused = all.into_iter().filter_map(|it| self.idle(it, selection, sources));
        self.malformed.iter().cloned().chain(unused).collect()
    }

    /// The finding about a suppression some of whose ids suppress nothing.
    fn idle(
        &self,
        suppression: &Suppression,
        selection: &Selection,
        sources: &Sources,
    ) -> Option<Finding> {
        let accepted = suppression.ids.iter().any(|id| id.text == run::UNUSED_SUPPRESSION.id);
        if accepted || !suppression.looked_at {
            return None;
        }
        let is_used = |id: &Id| self.used.contains(&(id.span, id.text.clone()));
        let is_idle = |id: &&Id| match lint::rule(&id.text) {
            Some(rule) => selection.is_on(rule) && !is_used(id),
            None => !is_placeholder(&id.text),
        };
        let idle: Vec<&Id> = suppression.ids.iter().filter(is_idle).collect();
        let first = idle.first()?;
        // A mistyped id must be fixed, not removed.
        let needed: Vec<&Id> =
            suppression.ids.iter().filter(|id| !is_idle(id) || nearest(id).is_some()).collect();
        let edits = match needed.len() == suppression.ids.len() {
            true => Vec::new(),
            false => removal::edits(suppression, &needed, sources),
        };
        let help = match idle.iter().find_map(|id| nearest(id)) {
            Some(near) => format!("write `{near}`, or remove it"),
            None => "remove it, or it may hide a future mistake".to_owned(),
        };
        let title = match needed.is_empty() {
            true => "Remove the suppression",
            false => "Remove the unused rules from the suppression",
        };
        let mut finding = run::unused_suppression(first.span, idle_message(&idle), help);
        if !edits.is_empty() {
            let (title, safety) = (title.to_owned(), Safety::Safe);
            finding.fixes.push(Fix { title, safety, edits });
        }
        finding.subject.clone_from(&suppression.subject);
        Some(finding)
    }
}

/// "`a` finds nothing here that this could suppress; there is no rule `b`, …".
fn idle_message(idle: &[&Id]) -> String {
    let quoted = |id: &Id| format!("`{}`", visible(&id.text));
    let (known, unknown): (Vec<&Id>, Vec<&Id>) =
        idle.iter().partition(|id| lint::rule(&id.text).is_some());
    let known: Vec<String> = known.into_iter().map(quoted).collect();
    let mut parts = Vec::new();
    if !known.is_empty() {
        let verb = if known.len() == 1 { "finds" } else { "find" };
        parts.push(format!("{} {verb} nothing to suppress here", known.join(" and ")));
    }
    for id in unknown {
        let near = nearest(id).map(|near| format!(" (did you mean `{near}`?)"));
        let id = quoted(id);
        parts.push(format!(
            "there is no rule {id}{}: it suppresses nothing",
            near.unwrap_or_default()
        ));
    }
    parts.join("; ")
}

/// How similar an unknown id and a rule's must be to be suggested.
const ALIKE: f64 = 0.85;

/// The rule that an unknown id may be meant for.
fn nearest(id: &Id) -> Option<&'static str> {
    if lint::rule(&id.text).is_some() {
        return None;
    }
    let typed = id.text.to_lowercase().replace('_', "-");
    let alike = RULES.iter().map(|rule| (strsim::jaro_winkler(&typed, rule.id), rule.id));
    // Among equals the first by id: `max_by` would take the last.
    let best = alike.rev().max_by(|a, b| a.0.total_cmp(&b.0))?;
    (best.0 >= ALIKE).then_some(best.1)
}

/// Ids separated by commas, each with its place; `text` begins at byte `base`.
fn ids(text: &str, source: SourceId, base: usize) -> Vec<Id> {
    let mut found = Vec::new();
    let mut at = base;
    for part in text.split(',') {
        let id = part.trim();
        if !id.is_empty() {
            let start = at + (part.len() - part.trim_start().len());
            let span = Span::new(source, start, start + id.len());
            found.push(Id { text: id.to_owned(), span });
        }
        at += part.len() + 1;
    }
    found
}
