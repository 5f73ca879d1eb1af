//! Which parts of a chart are turned on, and under which names.

use super::metadata::Dependency;
use super::values::{at, coalesced, copied, merged, table};
use super::{Loaded, Metadata};
use crate::bundle::helm::template::{Data, Map, MapKind};

/// A chart with those of its parts that are turned on.
pub(in crate::bundle::helm) struct Enabled<'l> {
    /// What it is called: its alias, if it has one.
    pub(in crate::bundle::helm) name: String,
    pub(in crate::bundle::helm) chart: &'l Loaded,
    /// The values that it brings, with those that it takes over from its parts.
    pub(in crate::bundle::helm) values: Map,
    pub(in crate::bundle::helm) parts: Vec<Enabled<'l>>,
    /// Its dependencies that are turned on, under the names that they have here.
    dependencies: Vec<Dependency>,
}

/// Turns the parts of a chart on and off by the values given. `own` reads the values that a chart
/// brings.
///
/// # Errors
/// A value that stands where the values of a part should.
pub(in crate::bundle::helm) fn enabled<'l>(
    chart: &'l Loaded,
    given: &Map,
    own: &mut dyn FnMut(&'l Loaded) -> Map,
) -> Result<Enabled<'l>, String> {
    let mut all = whole(chart, chart.metadata.name.clone(), own);
    turn_on(&mut all, given, "", own)?;
    import(&mut all)?;
    Ok(all)
}

fn whole<'l>(
    chart: &'l Loaded,
    name: String,
    own: &mut dyn FnMut(&'l Loaded) -> Map,
) -> Enabled<'l> {
    let part = |part: &'l Loaded| whole(part, part.metadata.name.clone(), &mut *own);
    let parts: Vec<Enabled<'l>> = chart.parts.iter().map(part).collect();
    let values = own(chart);
    let dependencies = chart.metadata.dependencies.clone();
    Enabled { name, chart, values, parts, dependencies }
}

fn turn_on<'l>(
    chart: &mut Enabled<'l>,
    given: &Map,
    path: &str,
    own: &mut dyn FnMut(&'l Loaded) -> Map,
) -> Result<(), String> {
    if chart.dependencies.is_empty() {
        return Ok(());
    }
    let metadata: &Metadata = &chart.chart.metadata;
    let is_named = |part: &Loaded| metadata.dependencies.iter().any(|it| it.is(&part.metadata));
    let mut parts: Vec<Enabled<'l>> = Vec::new();
    let loaded: &'l [Loaded] = &chart.chart.parts;
    for part in loaded.iter().filter(|part| !is_named(part)) {
        parts.push(whole(part, part.metadata.name.clone(), own));
    }
    for dependency in &mut chart.dependencies {
        if let Some(part) = loaded.iter().find(|part| dependency.is(&part.metadata)) {
            let name = dependency.alias.clone().unwrap_or_else(|| part.metadata.name.clone());
            parts.push(whole(part, name, own));
        }
        if let Some(alias) = &dependency.alias {
            dependency.name.clone_from(alias);
        }
    }
    chart.parts = parts;
    let values = coalesced(chart, given, false)?;
    let dependencies = std::mem::take(&mut chart.dependencies);
    let (on, off): (Vec<Dependency>, Vec<Dependency>) =
        dependencies.into_iter().partition(|it| is_on(it, &values, path));
    chart.dependencies = on;
    chart.parts.retain(|part| !off.iter().any(|it| it.name == part.name));
    for part in &mut chart.parts {
        let path = format!("{path}{}.", part.name);
        turn_on(part, &values, &path, own)?;
    }
    Ok(())
}

/// Tags turn it on or off, unless a condition says otherwise.
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

/// Takes over values of parts.
fn import(chart: &mut Enabled<'_>) -> Result<(), String> {
    for part in &mut chart.parts {
        import(part)?;
    }
    if chart.chart.metadata.dependencies.is_empty() {
        return Ok(());
    }
    let all = coalesced(chart, &Map::new(MapKind::Any), true)?;
    let taken = Map::new(MapKind::Any);
    for dependency in &chart.dependencies {
        for import in &dependency.imports {
            let Some(found) = table(&all, &format!("{}.{}", dependency.name, import.child)) else {
                continue;
            };
            let mut nested = copied(&found);
            if import.parent != "." {
                for key in import.parent.rsplit('.') {
                    let outer = Map::new(MapKind::Any);
                    outer.set(key, nested.into());
                    nested = outer;
                }
            }
            merged(&taken, &nested);
        }
    }
    merged(&all, &taken);
    chart.values = all;
    Ok(())
}
