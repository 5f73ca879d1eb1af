//! The values that a rendering is given.

use std::collections::HashMap;

use super::chart::{Loaded, copied, overlaid};
use super::faults::{self, Trouble};
use super::template::{Budget, Data, Exhausted, Map, MapKind, Origin, Origins, Value, value_of};
use super::texts::Texts;
use super::variants::Variant;
use super::work::{Prepared, Work};
use crate::text::SourceId;
use crate::yaml::{self, Limits, Node};

/// What a text is read as that is no source.
const NOWHERE: SourceId = SourceId(u32::MAX);

/// What reads values, and where from.
pub(super) struct Reader<'r> {
    texts: &'r Texts,
    limits: &'r Limits,
    origins: &'r mut Origins,
    budget: &'r Budget,
    /// The values of charts that were read already.
    known: HashMap<*const Loaded, Map>,
}

/// The bytes that a node of a text takes as a value, about.
const NODE: usize = 128;
/// The steps that each part of a chart takes.
const PART: u64 = 50;

impl<'r> Reader<'r> {
    pub(super) fn new(
        texts: &'r Texts,
        limits: &'r Limits,
        origins: &'r mut Origins,
        budget: &'r Budget,
    ) -> Self {
        Self { texts, limits, origins, budget, known: HashMap::new() }
    }

    /// The values in a file of that name, as a map.
    pub(super) fn values(
        &mut self,
        name: &str,
        text: &str,
        source: Option<SourceId>,
    ) -> Result<Map, Trouble> {
        self.budget.room(text.len())?;
        let stream = yaml::read(source.unwrap_or(NOWHERE), text, 0..text.len(), None, self.limits);
        if let Some(problem) = stream.problems.first() {
            let place = source.map(|_| problem.span);
            return Err(Trouble::of_values(name, place, faults::in_words(&problem.kind)));
        }
        let Some(document) = stream.documents.into_iter().next() else {
            return Ok(Map::new(MapKind::Any));
        };
        let root = &document.root;
        let value = self.value(root, source.is_some())?;
        match value.data {
            Data::Map(map) => Ok(map),
            Data::Nil => Ok(Map::new(MapKind::Any)),
            _ => {
                let place = source.map(|_| root.span.at_start());
                Err(Trouble::of_values(name, place, "it is not a mapping".to_owned()))
            }
        }
    }

    /// A tree as a value that knows where it is written, if that can be shown.
    pub(super) fn value(&mut self, root: &Node, is_shown: bool) -> Result<Value, Exhausted> {
        // Aliases make much of little.
        let mut count = 0;
        let value = value_of(root, &mut |span| {
            count += 1;
            if is_shown { self.origins.value(span) } else { Origin::NONE }
        });
        self.budget.room(count * NODE)?;
        Ok(value)
    }

    /// The values that a chart brings.
    pub(super) fn own(&mut self, chart: &Loaded) -> Result<Map, Trouble> {
        self.budget.step(PART)?;
        let Some(file) = &chart.values else { return Ok(Map::new(MapKind::Any)) };
        let key = std::ptr::from_ref(chart);
        if let Some(known) = self.known.get(&key) {
            return Ok(copied(known, self.budget)?);
        }
        let source = file.path.as_ref().and_then(|path| self.texts.of(path));
        let map = self.values("values.yaml", &file.text(), source)?;
        self.known.insert(key, copied(&map, self.budget)?);
        Ok(map)
    }
}

/// The values given: files one after the other, then those written where it is asked for, then
/// those that a variant sets.
pub(super) fn given(
    work: &Work<'_>,
    prepared: &Prepared,
    variant: &Variant,
    reader: &mut Reader<'_>,
) -> Result<Map, Trouble> {
    let mut all = Map::new(MapKind::Any);
    let tested = variant.tested.and_then(|nth| prepared.tested.get(nth));
    let tested = tested.map(|file| (&file.path, &file.text));
    for (path, text) in work.values.iter().zip(&prepared.values).chain(tested) {
        let source = reader.texts.of(&reader.texts.root.join(path));
        let map = reader.values(path, text, source)?;
        all = overlaid(&all, &map, reader.budget)?;
    }
    if let Some(node) = work.inline
        && let Data::Map(map) = reader.value(node, true)?.data
    {
        all = overlaid(&all, &map, reader.budget)?;
    }
    variant.set.iter().for_each(|set| set.apply(&all));
    Ok(all)
}
