//! Values of charts and their parts, put together as helm does it.

use super::{Enabled, Unfit};
use crate::bundle::helm::template::{Budget, Data, Exhausted, Map, MapKind, Slot, Value};

/// Where all charts find what is meant for all.
const GLOBAL: &str = "global";
/// The bytes that an entry of a map takes, about.
const ENTRY: usize = 64;

/// Values that win over others; maps are merged (values files, one after the other).
pub(in crate::bundle::helm) fn overlaid(
    base: &Map,
    over: &Map,
    budget: &Budget,
) -> Result<Map, Exhausted> {
    let out = copied(base, budget)?;
    for (key, slot) in over.entries() {
        budget.room(ENTRY)?;
        let merged = match (out.get(&key).map(|value| value.data), &slot.value.data) {
            (Some(Data::Map(a)), Data::Map(b)) => Some(overlaid(&a, b, budget)?),
            _ => None,
        };
        let value = match merged {
            Some(map) => Value { data: Data::Map(map), origin: slot.value.origin },
            None => slot.value.clone(),
        };
        out.insert(key, Slot { key: slot.key, value });
    }
    Ok(out)
}

/// The values of a chart and its parts, with those given before those that they bring. Keys that
/// are given as null are taken out, or kept where values are merged only.
///
/// # Errors
/// A value that stands where the values of a part should.
pub(in crate::bundle::helm) fn coalesced(
    chart: &Enabled<'_>,
    given: &Map,
    keeps_null: bool,
    budget: &Budget,
) -> Result<Map, Unfit> {
    let values = copied(given, budget)?;
    coalesce(chart, &values, keeps_null, budget)?;
    Ok(values)
}

fn coalesce(
    chart: &Enabled<'_>,
    into: &Map,
    keeps_null: bool,
    budget: &Budget,
) -> Result<(), Unfit> {
    own_values(chart, into, keeps_null, budget)?;
    for part in &chart.parts {
        let values = match into.get(&part.name) {
            None => {
                let map = Map::new(MapKind::Any);
                into.set(&part.name, map.clone().into());
                map
            }
            Some(Value { data: Data::Map(map), .. }) => map,
            Some(_) => {
                let why = format!("has a value `{}` that is not a mapping", part.name);
                return Err(Unfit::Wrong(why));
            }
        };
        globals(&values, into, budget)?;
        coalesce(part, &values, keeps_null, budget)?;
    }
    Ok(())
}

/// Hands what is global on to a part.
fn globals(into: &Map, from: &Map, budget: &Budget) -> Result<(), Exhausted> {
    let table = |map: &Map| match map.get(GLOBAL) {
        None => Some(Map::new(MapKind::Any)),
        Some(Value { data: Data::Map(map), .. }) => Some(map),
        Some(_) => None,
    };
    let (Some(there), Some(here)) = (table(into), table(from)) else { return Ok(()) };
    for (key, slot) in here.entries() {
        budget.room(ENTRY)?;
        let Data::Map(map) = &slot.value.data else {
            if !matches!(there.get(&key).map(|value| value.data), Some(Data::Map(_))) {
                there.insert(key, slot);
            }
            continue;
        };
        let copy = shallow(map, budget)?;
        match there.get(&key).map(|value| value.data) {
            None => {}
            Some(Data::Map(own)) => tables(&copy, &own, true, budget)?,
            Some(_) => continue,
        }
        let value = Value { data: Data::Map(copy), origin: slot.value.origin };
        there.insert(key, Slot { key: slot.key, value });
    }
    let origin = from.get(GLOBAL).map(|value| value.origin).unwrap_or_default();
    into.insert(
        GLOBAL.into(),
        Slot { key: origin, value: Value { data: Data::Map(there), origin } },
    );
    Ok(())
}

fn own_values(
    chart: &Enabled<'_>,
    into: &Map,
    keeps_null: bool,
    budget: &Budget,
) -> Result<(), Exhausted> {
    for (key, slot) in copied(&chart.values, budget)?.entries() {
        match into.get(&key).map(|value| value.data) {
            Some(Data::Nil | Data::Nothing) if !keeps_null => into.remove(&key),
            Some(Data::Map(given)) => {
                if let Data::Map(own) = &slot.value.data {
                    tables(&given, own, keeps_null, budget)?;
                }
            }
            Some(_) => {}
            None => into.insert(key, slot),
        }
    }
    Ok(())
}

/// Fills what is missing in `into`.
fn tables(into: &Map, from: &Map, keeps_null: bool, budget: &Budget) -> Result<(), Exhausted> {
    for (key, slot) in from.entries() {
        budget.room(ENTRY)?;
        match (into.get(&key).map(|value| value.data), &slot.value.data) {
            (Some(Data::Nil | Data::Nothing), _) if !keeps_null => into.remove(&key),
            (None, _) => into.insert(key, slot),
            (Some(Data::Map(a)), Data::Map(b)) => tables(&a, b, keeps_null, budget)?,
            _ => {}
        }
    }
    Ok(())
}

/// As helm's `MergeTables`.
pub(super) fn merged(into: &Map, from: &Map, budget: &Budget) -> Result<(), Exhausted> {
    tables(into, from, true, budget)
}

fn shallow(map: &Map, budget: &Budget) -> Result<Map, Exhausted> {
    budget.room(map.len() * ENTRY)?;
    let copy = Map::new(MapKind::Any);
    map.entries().into_iter().for_each(|(key, slot)| copy.insert(key, slot));
    Ok(copy)
}

/// A copy that shares nothing. Depth is bounded where values are read.
pub(in crate::bundle::helm) fn copied(map: &Map, budget: &Budget) -> Result<Map, Exhausted> {
    let copy = Map::new(MapKind::Any);
    for (key, slot) in map.entries() {
        budget.room(ENTRY)?;
        let data = match &slot.value.data {
            Data::Map(inner) => Data::Map(copied(inner, budget)?),
            data => data.clone(),
        };
        let value = Value { data, origin: slot.value.origin };
        copy.insert(key, Slot { key: slot.key, value });
    }
    Ok(copy)
}

/// The map at a path of keys with points between them.
pub(super) fn table(map: &Map, path: &str) -> Option<Map> {
    path.split('.').try_fold(map.clone(), |map, key| match map.get(key)?.data {
        Data::Map(inner) => Some(inner),
        _ => None,
    })
}

/// The value at a path, if it is no map.
pub(super) fn at(map: &Map, path: &str) -> Option<Value> {
    let (holder, key) = match path.rsplit_once('.') {
        Some((holder, key)) => (table(map, holder)?, key),
        None => (map.clone(), path),
    };
    holder.get(key).filter(|value| value.as_map().is_none())
}
