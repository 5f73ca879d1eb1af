//! sprig's functions on lists.

use super::super::value::{Data, ItemKind, List, Value};
use super::compare::same;
use super::logic::is_empty;
use super::{Call, Error, Function, Outcome, function};

pub(super) const FUNCTIONS: &[Function] = &[
    function("list", "a*", |call| call.list(call.args.clone(), ItemKind::Any)),
    function("tuple", "a*", |call| call.list(call.args.clone(), ItemKind::Any)),
    function("append", "aa", append),
    function("push", "aa", append),
    function("mustAppend", "aa", append),
    function("mustPush", "aa", append),
    function("prepend", "aa", prepend),
    function("mustPrepend", "aa", prepend),
    function("concat", "a*", concat),
    function("chunk", "ia", chunk),
    function("mustChunk", "ia", chunk),
    function("compact", "a", compact),
    function("mustCompact", "a", compact),
    function("first", "a", first),
    function("mustFirst", "a", first),
    function("last", "a", last),
    function("mustLast", "a", last),
    function("rest", "a", rest),
    function("mustRest", "a", rest),
    function("initial", "a", initial),
    function("mustInitial", "a", initial),
    function("reverse", "a", reverse),
    function("mustReverse", "a", reverse),
    function("has", "aa", has),
    function("mustHas", "aa", has),
    function("without", "aa*", without),
    function("mustWithout", "aa*", without),
    function("uniq", "a", uniq),
    function("mustUniq", "a", uniq),
    function("slice", "aa*", slice),
    function("mustSlice", "aa*", slice),
    function("until", "i", |call| {
        let stop = call.int(0);
        numbers(call, 0, stop, if stop < 0 { -1 } else { 1 })
    }),
    function("untilStep", "iii", |call| numbers(call, call.int(0), call.int(1), call.int(2))),
    function("seq", "i*", seq),
];

/// The items of an argument that must be a list.
fn items(call: &Call<'_>, nth: usize, what: &str) -> Result<Vec<Value>, Error> {
    let value = call.arg(nth);
    if value.is_nil() {
        return Err("runtime error: invalid memory address or nil pointer dereference".into());
    }
    let items = call.items(&value);
    let items = items.ok_or_else(|| Error::from(format!("Cannot {what} {}", value.kind_name())))?;
    call.budget.room(items.len() * 16)?;
    Ok(items)
}

fn append(call: &mut Call<'_>) -> Outcome {
    let mut all = items(call, 0, "push on type")?;
    all.push(call.arg(1));
    call.list(all, ItemKind::Any)
}

fn prepend(call: &mut Call<'_>) -> Outcome {
    let mut all = items(call, 0, "prepend on type")?;
    all.insert(0, call.arg(1));
    call.list(all, ItemKind::Any)
}

fn concat(call: &mut Call<'_>) -> Outcome {
    let mut all = Vec::new();
    for nth in 0..call.args.len() {
        let Some(more) = call.items(&call.arg(nth)) else {
            let of = call.arg(nth).kind_name();
            return Err(format!("Cannot concat type {of} as list").into());
        };
        call.budget.room(more.len() * 16)?;
        all.extend(more);
    }
    call.list(all, ItemKind::Any)
}

fn chunk(call: &mut Call<'_>) -> Outcome {
    let all = items(call, 1, "chunk type")?;
    let Some(size) = usize::try_from(call.int(0)).ok().filter(|size| *size > 0) else {
        return Err("runtime error: makeslice: len out of range".into());
    };
    let mut chunks = Vec::new();
    for some in all.chunks(size) {
        chunks.push(call.list(some.to_vec(), ItemKind::Any)?);
    }
    call.list(chunks, ItemKind::Lists)
}

fn compact(call: &mut Call<'_>) -> Outcome {
    let all = items(call, 0, "compact on type")?;
    call.list(all.into_iter().filter(|item| !is_empty(item)).collect(), ItemKind::Any)
}

fn first(call: &mut Call<'_>) -> Outcome {
    Ok(items(call, 0, "find first on type")?.into_iter().next().unwrap_or(Value::nil()))
}

fn last(call: &mut Call<'_>) -> Outcome {
    Ok(items(call, 0, "find last on type")?.into_iter().next_back().unwrap_or(Value::nil()))
}

fn rest(call: &mut Call<'_>) -> Outcome {
    let all = items(call, 0, "find rest on type")?;
    call.list(all.into_iter().skip(1).collect(), ItemKind::Any)
}

fn initial(call: &mut Call<'_>) -> Outcome {
    let mut all = items(call, 0, "find initial on type")?;
    all.pop();
    call.list(all, ItemKind::Any)
}

fn reverse(call: &mut Call<'_>) -> Outcome {
    let all = items(call, 0, "find reverse on type")?;
    call.list(all.into_iter().rev().collect(), ItemKind::Any)
}

fn is_in(call: &Call<'_>, all: &[Value], value: &Value) -> Result<bool, Error> {
    for item in all {
        if same(value, item, call, 0)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn has(call: &mut Call<'_>) -> Outcome {
    if call.arg(1).is_nil() {
        return Ok(false.into());
    }
    let all = items(call, 1, "find has on type")?;
    Ok(is_in(call, &all, &call.arg(0))?.into())
}

fn without(call: &mut Call<'_>) -> Outcome {
    let all = items(call, 0, "find without on type")?;
    let mut kept = Vec::new();
    for item in all {
        if !is_in(call, call.args.get(1..).unwrap_or_default(), &item)? {
            kept.push(item);
        }
    }
    call.list(kept, ItemKind::Any)
}

fn uniq(call: &mut Call<'_>) -> Outcome {
    let mut kept: Vec<Value> = Vec::new();
    for item in items(call, 0, "find uniq on type")? {
        if !is_in(call, &kept, &item)? {
            kept.push(item);
        }
    }
    call.list(kept, ItemKind::Any)
}

fn slice(call: &mut Call<'_>) -> Outcome {
    let value = call.arg(0);
    let Some(all) = call.items(&value) else {
        let of = value.kind_name();
        return Err(format!("list should be type of slice or array but {of}").into());
    };
    if all.is_empty() {
        return Ok(Value::nil());
    }
    let index = |nth: usize, fallback: usize| match call.args.get(nth) {
        Some(value) => super::numbers::to_int(value),
        None => fallback as i64,
    };
    let (start, end) = (index(1, 0), index(2, all.len()));
    let range = usize::try_from(start).ok().zip(usize::try_from(end).ok());
    let Some(part) = range.and_then(|(start, end)| all.get(start..end)) else {
        return Err("reflect.Value.Slice: slice index out of bounds".into());
    };
    let of = match &value.data {
        Data::List(list) => list.of,
        _ => ItemKind::Any,
    };
    call.list(part.to_vec(), of)
}

/// From `start` up or down to before `stop`.
fn steps(call: &Call<'_>, start: i64, stop: i64, step: i64) -> Result<Vec<i64>, Error> {
    let is_down = stop < start;
    if step == 0 || is_down != (step < 0) {
        return Ok(Vec::new());
    }
    let count = start.abs_diff(stop).div_ceil(step.unsigned_abs());
    call.budget.room(usize::try_from(count).unwrap_or(usize::MAX).saturating_mul(64))?;
    Ok((0..count as i64).map(|nth| start + nth * step).collect())
}

fn numbers(call: &Call<'_>, start: i64, stop: i64, step: i64) -> Outcome {
    let all = steps(call, start, stop, step)?.into_iter().map(Value::int).collect();
    let list = List::new(all, ItemKind::Int).ok_or(super::Exhausted::Depth)?;
    Ok(Data::List(list).into())
}

fn seq(call: &mut Call<'_>) -> Outcome {
    let sign = |start: i64, end: i64| if end < start { -1 } else { 1 };
    let (start, end, step) = match call.args.len() {
        1 => (1, call.int(0), sign(1, call.int(0))),
        2 => (call.int(0), call.int(1), sign(call.int(0), call.int(1))),
        3 if call.int(2) < call.int(0) && call.int(1) > 0 => return Ok("".into()),
        3 => (call.int(0), call.int(2), call.int(1)),
        _ => return Ok("".into()),
    };
    let stop = end.saturating_add(sign(start, end));
    let all: Vec<String> = steps(call, start, stop, step)?.iter().map(i64::to_string).collect();
    Ok(all.join(" ").into())
}
