//! Findings about what could not be built: one for each root cause, where it can be fixed.

use std::collections::{BTreeMap, BTreeSet};

use super::{Finding, unbuilt};
use crate::assemble::{Build, Losses, Reported};
use crate::bundle::{Fault, FaultKind};
use crate::model::Duplicate;
use crate::text::{SourceId, Span};

/// The builds of a run, and what is lost with those that failed.
pub(crate) struct BuildFaults<'a> {
    pub(crate) reported: Reported<'a>,
    pub(crate) losses: &'a Losses<'a>,
}

impl BuildFaults<'_> {
    /// What could not be built, once each, with the bundles that it is missing from. The same fault
    /// in several lines of one file is one finding.
    pub(crate) fn findings(&self) -> Vec<Finding> {
        let mut found: Vec<Finding> = Vec::new();
        let mut seen: BTreeMap<(FaultKind, SourceId, &str), usize> = BTreeMap::new();
        let several = self.reported.assembly.grouped.sites.len() > 1;
        let by_reading = self.reported_by_reading();
        let is_reported_by_reading = |fault: &Fault| {
            let mut places =
                std::iter::once(&fault.place).chain(fault.related.iter().map(|(span, _)| span));
            places.any(|place| by_reading.contains(place))
        };
        let is_news = |fault: &&Fault| {
            self.reported.is_reported(fault.place.source) && !is_reported_by_reading(fault)
        };
        for (number, build) in self.reported.assembly.builds.iter().enumerate() {
            let built = &build.built;
            let is_lost = self.losses.is_policy_of(number);
            let faults = built.faults.iter().filter(|fault| !is_reported_by_reading(fault));
            // kustomize stops at its first error, so the others are related places of that finding.
            let mut stopped: Option<usize> = None;
            for fault in faults.filter(|fault| fault.kind != FaultKind::Unrendered) {
                let is_hidden = !self.reported.is_reported(fault.place.source);
                let anchor = if is_hidden { self.anchor(build) } else { None };
                if is_hidden && anchor.is_none() {
                    continue;
                }
                let shown = anchor.map(|anchor| seen_from(anchor, fault));
                let shown = shown.as_ref().unwrap_or(fault);
                let is_refused = fault.kind == FaultKind::Refused;
                if let Some(first) = stopped.filter(|_| is_refused) {
                    unbuilt::again(&mut found[first], shown, is_lost);
                    continue;
                }
                let source = anchor.unwrap_or(fault.place).source;
                let key = (fault.kind, source, fault.message.as_str());
                let at = *seen.entry(key).or_insert_with(|| {
                    found.push(unbuilt::finding(shown));
                    found.len() - 1
                });
                stopped = stopped.or(is_refused.then_some(at));
                unbuilt::again(&mut found[at], shown, is_lost);
                if several && !found[at].bundles.contains(&built.name) {
                    found[at].bundles.push(built.name.clone());
                }
            }
        }
        let all = self.reported.assembly.builds.iter().flat_map(|one| &one.built.faults);
        let unrendered = all.filter(is_news).filter(|fault| fault.kind == FaultKind::Unrendered);
        found.extend(unbuilt::unrendered(&unrendered.collect::<Vec<_>>()));
        found
    }

    /// Where to report a mistake in a file that is not reported on, if it keeps a reported file
    /// from being checked: at what affects the whole bundle, or else at a policy that is missing
    /// from it.
    fn anchor(&self, build: &Build) -> Option<Span> {
        let Build { built, unit } = build;
        let reported = || built.files.iter().copied().filter(|id| self.reported.is_reported(*id));
        let is_of_unit = |id: &SourceId| {
            let file = self.reported.repo.files.get(id.0 as usize);
            file.is_some_and(|file| crate::bundle::directory(&file.path) == unit.directory)
        };
        if self.reported.shapes(build) {
            let start = reported().find(is_of_unit).or_else(|| reported().next());
            return start.map(|id| Span::new(id, 0, 0));
        }
        let is_judged =
            |id: SourceId| self.reported.assembly.objects.iter().any(|it| it.head.source == id);
        let has_policy = |id: &SourceId| {
            self.reported.assembly.sources.get(*id).text().contains("kind: NetworkPolicy")
                && !is_judged(*id)
        };
        reported().find(has_policy).map(|id| Span::new(id, 0, 0))
    }

    /// The places that findings about the file itself already report: invalid YAML, a key twice.
    fn reported_by_reading(&self) -> BTreeSet<Span> {
        let loaded = &self.reported.assembly.loaded;
        let problems = loaded.problems.iter().map(|problem| problem.span);
        problems.chain(loaded.duplicates.iter().map(Duplicate::place)).collect()
    }
}

/// The same fault, reported at another place.
fn seen_from(anchor: Span, fault: &Fault) -> Fault {
    let mut related =
        vec![(fault.place, "it is here, in a file that is not reported on".to_owned())];
    related.extend(fault.related.iter().cloned());
    Fault { place: anchor, related, ..fault.clone() }
}
