//! Parts of a chart that are not there.

use super::super::chart::Elsewhere;
use super::super::faults::{self, Trouble};
use super::super::variants::Variant;
use super::Rendering;
use crate::bundle::Opening;
use crate::text::{SourceId, Span};
use crate::yaml::{self, Limits, Node};

impl Rendering<'_> {
    /// Tells what is not there; whether everything is.
    pub(super) fn missing(&mut self) -> bool {
        let found = &self.prepared.found;
        let on = |elsewhere: &&Elsewhere| !self.is_off(elsewhere, None);
        let elsewhere: Vec<&Elsewhere> = found.elsewhere.iter().filter(on).collect();
        self.elsewhere(&elsewhere);
        let (chart, sources) = (self.work.chart, self.shared.sources);
        for (package, why) in &found.left_out {
            let why = format!("is rendered without `{package}`, which {why}");
            let trouble = Trouble::of_package(why, chart.name_span);
            self.built.faults.push(trouble.fault(chart, self.work.place, sources));
        }
        if !found.left_out.is_empty() {
            self.open();
        }
        elsewhere.is_empty() && found.left_out.is_empty()
    }

    /// Dependencies that are not there.
    fn elsewhere(&mut self, elsewhere: &[&Elsewhere]) {
        for dependency in elsewhere {
            let source = self.shared.texts.of(&dependency.file);
            let place = source.map(|source| Span { source, ..dependency.at });
            let place = place.unwrap_or(self.work.place);
            let (fault, what) = faults::remote(self.work.chart, dependency, place);
            self.built.faults.push(fault);
            self.built.openings.push(Opening { namespace: None, what });
        }
    }

    /// Whether the values that a chart is tested with turn on a dependency that is not there.
    pub(super) fn turns_on_what_is_elsewhere(&self, variant: &Variant) -> bool {
        let tested = variant.tested.and_then(|nth| self.prepared.tested.get(nth));
        let tested = tested.map(|file| file.text.as_str());
        self.prepared.found.elsewhere.iter().any(|elsewhere| !self.is_off(elsewhere, tested))
    }

    /// Whether the values turn a dependency off: the chart's own, those given, and `more`.
    fn is_off(&self, elsewhere: &Elsewhere, more: Option<&str>) -> bool {
        let Some(conditions) = elsewhere.condition.as_deref().filter(|_| elsewhere.is_direct)
        else {
            return false;
        };
        let own = self.prepared.found.chart.values.iter().map(|file| file.text().into_owned());
        let texts: Vec<String> = own.chain(self.prepared.values.iter().cloned()).collect();
        let texts = texts.iter().map(String::as_str).chain(more);
        let mut trees: Vec<Node> = texts.filter_map(tree).collect();
        trees.extend(self.work.inline.cloned());
        let answer = |condition: &str| {
            let route: Vec<&str> = condition.trim().split('.').collect();
            let found = trees.iter().rev().find_map(|tree| tree.at(&route))?;
            match found.as_scalar()?.kind {
                yaml::ScalarKind::Bool(on) => Some(on),
                _ => None,
            }
        };
        conditions.split(',').find_map(answer) == Some(false)
    }
}

fn tree(text: &str) -> Option<Node> {
    let stream = yaml::read(SourceId(0), text, 0..text.len(), None, &Limits::default());
    stream.documents.into_iter().next().map(|document| document.root)
}
