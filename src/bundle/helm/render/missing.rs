//! Parts of a chart that are not there.

use super::super::chart::Elsewhere;
use super::super::faults::{self, Trouble};
use super::Rendering;
use crate::bundle::Opening;
use crate::text::{SourceId, Span};
use crate::yaml::{self, Limits, Node};

impl Rendering<'_> {
    /// Tells what is not there; whether everything is.
    pub(super) fn missing(&mut self) -> bool {
        let found = &self.prepared.found;
        let off = |elsewhere: &&Elsewhere| !self.is_off(elsewhere);
        let elsewhere: Vec<&Elsewhere> = found.elsewhere.iter().filter(off).collect();
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

    /// Whether the values turn a dependency off.
    fn is_off(&self, elsewhere: &Elsewhere) -> bool {
        let Some(conditions) = elsewhere.condition.as_deref().filter(|_| elsewhere.is_direct)
        else {
            return false;
        };
        let own = self.prepared.found.chart.values.iter().map(|file| file.text().into_owned());
        let texts: Vec<String> = own.chain(self.prepared.values.iter().cloned()).collect();
        let mut trees: Vec<Node> = texts.iter().filter_map(|text| tree(text)).collect();
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
