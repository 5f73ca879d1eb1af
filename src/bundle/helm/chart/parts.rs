//! Which subcharts are enabled, and under which names.

use super::metadata::Dependency;
use super::values::{at, coalesced, copied, merged, table};
use super::{Enabled, Loaded, Metadata, Unfit};
use crate::bundle::helm::template::{Budget, Data, Map, MapKind};

/// Enables and disables subcharts by the given values. `own` reads a chart's own values.
///
/// # Errors
/// A value where the values of a subchart should be.
pub(in crate::bundle::helm) fn enabled<'l, E: From<Unfit>>(
    chart: &'l Loaded,
    given: &Map,
    budget: &Budget,
    own: &mut Own<'_, 'l, E>,
) -> Result<Enabled<'l>, E> {
    let mut all = whole(chart, chart.metadata.name.clone(), own)?;
    turn_on(&mut all, given, "", budget, own)?;
    import(&mut all, budget)?;
    Ok(all)
}

/// Reads the values that a chart brings.
type Own<'f, 'l, E> = dyn FnMut(&'l Loaded) -> Result<Map, E> + 'f;

fn whole<'l, E: From<Unfit>>(
    chart: &'l Loaded,
    name: String,
    own: &mut Own<'_, 'l, E>,
) -> Result<Enabled<'l>, E> {
    let part = |part: &'l Loaded| whole(part, part.metadata.name.clone(), &mut *own);
    let parts: Result<Vec<Enabled<'l>>, E> = chart.parts.iter().map(part).collect();
    let (parts, values) = (parts?, own(chart)?);
    let dependencies = chart.metadata.dependencies.clone();
    Ok(Enabled { name, chart, values, parts, dependencies })
}

fn turn_on<'l, E: From<Unfit>>(
    chart: &mut Enabled<'l>,
    given: &Map,
    path: &str,
    budget: &Budget,
    own: &mut Own<'_, 'l, E>,
) -> Result<(), E> {
    if chart.dependencies.is_empty() {
        return Ok(());
    }
    let metadata: &Metadata = &chart.chart.metadata;
    let is_named = |part: &Loaded| metadata.dependencies.iter().any(|it| it.is(&part.metadata));
    let mut parts: Vec<Enabled<'l>> = Vec::new();
    let loaded: &'l [Loaded] = &chart.chart.parts;
    for part in loaded.iter().filter(|part| !is_named(part)) {
        parts.push(whole(part, part.metadata.name.clone(), own)?);
    }
    for dependency in &mut chart.dependencies {
        if let Some(part) = loaded.iter().find(|part| dependency.is(&part.metadata)) {
            let name = dependency.alias.clone().unwrap_or_else(|| part.metadata.name.clone());
            parts.push(whole(part, name, own)?);
        }
        if let Some(alias) = &dependency.alias {
            dependency.name.clone_from(alias);
        }
    }
    chart.parts = parts;
    let values = coalesced(chart, given, false, budget)?;
    let dependencies = std::mem::take(&mut chart.dependencies);
    let (on, off): (Vec<Dependency>, Vec<Dependency>) =
        dependencies.into_iter().partition(|it| is_on(it, &values, path));
    chart.dependencies = on;
    chart.parts.retain(|part| !off.iter().any(|it| it.name == part.name));
    for part in &mut chart.parts {
        let path = format!("{path}{}.", part.name);
        turn_on(part, &values, &path, budget, own)?;
    }
    Ok(())
}

/// Tags enable or disable it, unless a condition does.
fn is_on(dependency: &Dependency, values: &Map, path: &str) -> bool {
    let answer = |data: Option<Data>| match data {
        Some(Data::Bool(on)) => Some(on),
        _ => None,
    };
    let mut on = true;
    if let Some(tags) = table(values, "tags") {
        let said: Vec<bool> = dependency
            .tags
            .iter()
            .filter_map(|tag| answer(tags.get(tag).map(|value| value.data)))
            .collect();
        on = said.contains(&true) || !said.contains(&false);
    }
    let conditions = dependency.condition.as_deref().unwrap_or_default().trim().split(',');
    let said = conditions.filter(|condition| !condition.is_empty());
    let mut said = said.filter_map(|condition| {
        answer(at(values, &format!("{path}{condition}")).map(|value| value.data))
    });
    said.next().unwrap_or(on)
}

/// Imports values of subcharts.
fn import(chart: &mut Enabled<'_>, budget: &Budget) -> Result<(), Unfit> {
    for part in &mut chart.parts {
        import(part, budget)?;
    }
    if chart.chart.metadata.dependencies.is_empty() {
        return Ok(());
    }
    let all = coalesced(chart, &Map::new(MapKind::Any), true, budget)?;
    let taken = Map::new(MapKind::Any);
    for dependency in &chart.dependencies {
        for import in &dependency.imports {
            let Some(found) = table(&all, &format!("{}.{}", dependency.name, import.child)) else {
                continue;
            };
            let mut nested = copied(&found, budget)?;
            if import.parent != "." {
                for key in import.parent.rsplit('.') {
                    let outer = Map::new(MapKind::Any);
                    outer.set(key, nested.into());
                    nested = outer;
                }
            }
            merged(&taken, &nested, budget)?;
        }
    }
    merged(&all, &taken, budget)?;
    chart.values = all;
    Ok(())
}
