//! sprig's functions on dictionaries.

use super::super::value::{Data, ItemKind, Map, MapKind, Slot, Value};
use super::logic::is_empty;
use super::{Call, Error, Function, Outcome, function};

pub(super) const FUNCTIONS: &[Function] = &[
    function("dict", "a*", dict),
    function("get", "ms", |call| {
        let map = call.map(0)?;
        Ok(map.get(call.str(1)).unwrap_or_else(|| "".into()))
    }),
    function("set", "msa", set),
    function("unset", "ms", |call| {
        let map = call.map(0)?;
        call.budget.changes(&map)?;
        map.remove(call.str(1));
        Ok(call.arg(0))
    }),
    function("hasKey", "ms", |call| Ok(call.map(0)?.has(call.str(1)).into())),
    function("pluck", "sm*", |call| {
        let key = call.text(0);
        let maps = call.args.iter().skip(1).filter_map(Value::as_map);
        call.list(maps.filter_map(|map| map.get(&key)).collect(), ItemKind::Any)
    }),
    function("keys", "m*", |call| {
        let maps = call.args.iter().filter_map(Value::as_map);
        let entries = maps.flat_map(Map::entries);
        let keys = entries.map(|(key, slot)| Value::from(key.as_str()).with_origin(slot.key));
        call.list(keys.collect(), ItemKind::Str)
    }),
    function("values", "m", |call| {
        let entries = call.map(0)?.entries().into_iter();
        call.list(entries.map(|(_, slot)| slot.value).collect(), ItemKind::Any)
    }),
    function("pick", "ms*", |call| chosen(call, true)),
    function("omit", "ms*", |call| chosen(call, false)),
    function("merge", "mm*", |call| merged(call, false)),
    function("mustMerge", "mm*", |call| merged(call, false)),
    function("mergeOverwrite", "mm*", |call| merged(call, true)),
    function("mustMergeOverwrite", "mm*", |call| merged(call, true)),
    function("deepCopy", "a", deep_copy),
    function("mustDeepCopy", "a", deep_copy),
    function("dig", "a*", dig),
];

fn dict(call: &mut Call<'_>) -> Outcome {
    call.budget.room(call.args.len() * 64)?;
    let map = Map::new(MapKind::Any);
    for pair in call.args.chunks(2) {
        let [key, rest @ ..] = pair else { continue };
        let name = call.shown(key)?;
        call.budget.room(name.len())?;
        let value = rest.first().cloned().unwrap_or_else(|| "".into());
        map.insert((&*name).into(), Slot { key: key.source(), value });
    }
    Ok(map.into())
}

fn set(call: &mut Call<'_>) -> Outcome {
    let (map, value) = (call.map(0)?, call.arg(2));
    call.budget.changes(&map)?;
    call.budget.room(call.str(1).len())?;
    map.insert(call.str(1).into(), Slot { key: call.arg(1).source(), value });
    Ok(call.arg(0))
}

fn chosen(call: &mut Call<'_>, wanted: bool) -> Outcome {
    let map = Map::new(MapKind::Any);
    let entries = call.map(0)?.entries();
    call.budget.room(entries.len() * 64)?;
    for (key, slot) in entries {
        let is_named = (1..call.args.len()).any(|nth| call.str(nth) == key);
        if is_named == wanted {
            map.insert(key, slot);
        }
    }
    Ok(map.into())
}

fn merged(call: &mut Call<'_>, overwrite: bool) -> Outcome {
    let into = call.map(0)?;
    call.budget.changes(&into)?;
    for nth in 1..call.args.len() {
        merge(call, &into, &call.map(nth)?, overwrite, 0)?;
    }
    Ok(call.arg(0))
}

/// As in mergo: empty values are filled; with `overwrite`, existing ones are replaced.
fn merge(
    call: &Call<'_>,
    into: &Map,
    from: &Map,
    overwrite: bool,
    depth: usize,
) -> Result<(), Error> {
    call.budget.walk(depth)?;
    if into.is(from) {
        return Ok(());
    }
    for (key, slot) in from.entries() {
        call.budget.room(64 + key.len())?;
        let there = into.get(&key);
        if slot.value.is_nil() {
            if overwrite {
                into.insert(key, slot);
            }
            continue;
        }
        let fills = there.as_ref().is_none_or(is_empty);
        match (there.as_ref().map(|value| &value.data), &slot.value.data) {
            (Some(Data::Map(a)), Data::Map(b)) if !fills => {
                call.budget.changes(a)?;
                merge(call, a, b, overwrite, depth + 1)?;
            }
            _ if fills || overwrite => into.insert(key, slot),
            _ => {}
        }
    }
    Ok(())
}

fn deep_copy(call: &mut Call<'_>) -> Outcome {
    copied(call, &call.arg(0), 0)
}

fn copied(call: &Call<'_>, value: &Value, depth: usize) -> Outcome {
    call.budget.walk(depth)?;
    let data = match &value.data {
        Data::Map(map) => {
            let copy = Map::new(map.kind());
            for (key, slot) in map.entries() {
                call.budget.room(64 + key.len())?;
                let value = copied(call, &slot.value, depth + 1)?;
                copy.insert(key, Slot { key: slot.key, value });
            }
            Data::Map(copy)
        }
        Data::List(list) => {
            let items: Result<Vec<Value>, Error> =
                list.items.iter().map(|item| copied(call, item, depth + 1)).collect();
            return Ok(Value { origin: value.origin, ..call.list(items?, list.of)? });
        }
        data => data.clone(),
    };
    Ok(Value { data, origin: value.origin })
}

fn dig(call: &mut Call<'_>) -> Outcome {
    let [keys @ .., fallback, last] = call.args.as_slice() else {
        return Err("dig needs at least three arguments".into());
    };
    if keys.is_empty() {
        return Err("dig needs at least three arguments".into());
    }
    let mut at = last.clone();
    for key in keys {
        let Some(map) = at.as_map() else {
            let of = at.type_name();
            let what = format!(
                "interface conversion: interface {{}} is {of}, not map[string]interface {{}}"
            );
            return Err(what.replace("is interface {}", "is nil").into());
        };
        let Some(key) = key.as_text() else {
            let of = key.type_name();
            return Err(format!("interface conversion: interface {{}} is {of}, not string").into());
        };
        match map.get(key) {
            Some(found) => at = found,
            None => return Ok(fallback.clone()),
        }
    }
    Ok(at)
}
