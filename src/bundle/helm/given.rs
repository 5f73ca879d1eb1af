//! The values that a rendering is given, and the switches among them.

use super::chart::Loaded;
use super::faults::{self, Trouble};
use super::template::{Data, Map, MapKind, Origin, Origins, Value, value_of};
use super::texts::Texts;
use crate::text::{SourceId, Span};
use crate::yaml::{self, Limits};

/// What a text is read as that is no source.
const NOWHERE: SourceId = SourceId(u32::MAX);

/// The values in a text, as a map.
pub(super) fn values(
    text: &str,
    source: Option<SourceId>,
    limits: &Limits,
    origins: &mut Origins,
) -> Result<Map, (Option<Span>, String)> {
    let stream = yaml::read(source.unwrap_or(NOWHERE), text, 0..text.len(), None, limits);
    if let Some(problem) = stream.problems.first() {
        return Err((source.map(|_| problem.span), faults::in_words(&problem.kind)));
    }
    let Some(document) = stream.documents.into_iter().next() else {
        return Ok(Map::new(MapKind::Any));
    };
    let root = &document.root;
    let value = value_of(root, &mut |span| match source {
        Some(_) => origins.value(span),
        None => Origin::NONE,
    });
    match value.data {
        Data::Map(map) => Ok(map),
        Data::Nil => Ok(Map::new(MapKind::Any)),
        _ => Err((source.map(|_| root.span.at_start()), "it is not a mapping".to_owned())),
    }
}

/// The values that a chart brings.
pub(super) fn own_values(
    chart: &Loaded,
    texts: &Texts,
    limits: &Limits,
    origins: &mut Origins,
) -> Result<Map, Trouble> {
    let Some(file) = &chart.values else { return Ok(Map::new(MapKind::Any)) };
    let source = file.path.as_ref().and_then(|path| texts.of(path));
    let read = values(&file.text(), source, limits, origins);
    read.map_err(|(span, why)| Trouble::of_values("values.yaml", span, why))
}

/// Where the values of a chart (`shop/charts/db`) are among those of all (`db`).
pub(super) fn values_path(path: &str) -> String {
    path.split("/charts/").skip(1).collect::<Vec<_>>().join(".")
}

/// The path of a part's value among all; what is global is global.
pub(super) fn below(prefix: &str, path: &str) -> String {
    match prefix {
        "" => path.to_owned(),
        _ if path == "global" || path.starts_with("global.") => path.to_owned(),
        prefix => format!("{prefix}.{path}"),
    }
}

/// Whether a value is off, or not there: nothing that is more than a switch is overwritten.
pub(super) fn is_switch(values: &Map, path: &str) -> bool {
    let mut at: Value = values.clone().into();
    for key in path.split('.') {
        let Some(map) = at.as_map() else { return at.is_nil() };
        match map.get(key) {
            Some(value) => at = value,
            None => return true,
        }
    }
    matches!(at.data, Data::Bool(false) | Data::Nil | Data::Nothing)
}

pub(super) fn switch_on(values: &Map, path: &str) {
    let mut map = values.clone();
    let Some((holder, key)) = path.rsplit_once('.').map_or(Some(("", path)), Some) else { return };
    for part in holder.split('.').filter(|part| !part.is_empty()) {
        map = match map.get(part) {
            Some(Value { data: Data::Map(inner), .. }) => inner,
            _ => {
                let inner = Map::new(MapKind::Any);
                map.set(part, inner.clone().into());
                inner
            }
        };
    }
    map.set(key, true.into());
}
