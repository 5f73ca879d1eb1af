//! Which suppressions apply to a finding, without comparing all the others in its file.

use std::collections::BTreeMap;

use super::Scope;
use crate::lint::Finding;
use crate::text::{SourceId, Sources, Span};

/// A suppression, and which of its ids applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Hit {
    /// Its number.
    pub(super) suppression: usize,
    /// The position of the id.
    pub(super) id: usize,
}

/// Suppressions by their file, their rule, and where they apply.
#[derive(Debug, Default)]
pub(super) struct Index {
    by_source: BTreeMap<SourceId, BTreeMap<String, OfRule>>,
    /// Those that apply to the same places, in insertion order.
    lists: Vec<Vec<Hit>>,
}

/// Where the suppressions of one rule in one file apply, each with the number of its list.
#[derive(Debug, Default)]
struct OfRule {
    /// First and last line.
    lines: BTreeMap<(usize, usize), usize>,
    /// Where objects begin.
    starts: BTreeMap<Span, usize>,
    /// The whole of each object.
    wholes: BTreeMap<Span, usize>,
}

/// How many ranges of lines can contain one line: one for all comments above it, and one for a
/// comment on the line itself.
const OVERLAPPING: usize = 2;

impl Index {
    /// Adds a suppression of a rule in a file.
    pub(super) fn add(&mut self, source: SourceId, rule: &str, scope: &Scope, hit: Hit) {
        let Self { by_source, lists } = self;
        let mut list = |number: &mut usize| {
            if *number == usize::MAX {
                *number = lists.len();
                lists.push(Vec::new());
            }
            lists[*number].push(hit);
        };
        let of_source = by_source.entry(source).or_default();
        let of_rule = of_source.entry(rule.to_owned()).or_default();
        match scope {
            Scope::Lines(own) => {
                list(of_rule.lines.entry((*own.start(), *own.end())).or_insert(usize::MAX));
            }
            Scope::Object(start, whole) => {
                list(of_rule.starts.entry(*start).or_insert(usize::MAX));
                list(of_rule.wholes.entry(*whole).or_insert(usize::MAX));
            }
        }
    }

    /// The numbers of the lists that apply to `finding`.
    pub(super) fn lists(&self, finding: &Finding, sources: &Sources) -> Vec<usize> {
        let source = finding.place.source;
        let of_rule = self.by_source.get(&source).and_then(|it| it.get(finding.rule.id));
        let Some(of_rule) = of_rule else {
            return Vec::new();
        };
        let mut found: Vec<usize> = finding
            .suppression_spans
            .iter()
            .filter_map(|start| of_rule.starts.get(start).copied())
            .collect();
        let around = of_rule.wholes.range(..=Span { end: u32::MAX, ..finding.place }).next_back();
        found.extend(around.filter(|(whole, _)| whole.contains(finding.place)).map(|(_, at)| at));
        if !of_rule.lines.is_empty() {
            let places = std::iter::once(&finding.place).chain(&finding.suppression_spans);
            for place in places.filter(|place| place.source == source) {
                let line = sources.start(*place).line;
                let before = of_rule.lines.range(..=(line, usize::MAX)).rev().take(OVERLAPPING);
                found.extend(before.filter(|((_, last), _)| *last >= line).map(|(_, at)| at));
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    /// The contents of a list.
    pub(super) fn list(&self, number: usize) -> &[Hit] {
        &self.lists[number]
    }
}
