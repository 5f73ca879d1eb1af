//! Go's comparisons.

use super::super::format;
use super::super::value::{Data, Value};
use super::{Call, Error, Function, Outcome, function};

pub(super) const FUNCTIONS: &[Function] = &[
    function("eq", "aa*", |call| equal_to_any(call).map(Value::from)),
    function("ne", "aa", |call| equal_to_any(call).map(|is| (!is).into())),
    function("lt", "aa", |call| less(call).map(Value::from)),
    function("le", "aa", |call| less_or_equal(call).map(Value::from)),
    function("gt", "aa", |call| less_or_equal(call).map(|is| (!is).into())),
    function("ge", "aa", |call| less(call).map(|is| (!is).into())),
    function("deepEqual", "aa", deep_equal),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Other,
    Bool,
    Int,
    Uint,
    Float,
    Str,
}

fn kind(value: &Value) -> Kind {
    use super::super::value::IntKind::{Uint8, Uint64};
    match &value.data {
        Data::Bool(_) => Kind::Bool,
        Data::Int(_, Uint8 | Uint64) => Kind::Uint,
        Data::Int(..) => Kind::Int,
        Data::Float(_) => Kind::Float,
        Data::Str(_) => Kind::Str,
        _ => Kind::Other,
    }
}

fn incompatible(a: &Value, b: &Value) -> Error {
    let (a, b) = (a.type_name(), b.type_name());
    format!("incompatible types for comparison: {a} and {b}").into()
}

fn equal_to_any(call: &mut Call<'_>) -> Result<bool, Error> {
    if call.args.len() < 2 {
        return Err("missing argument for comparison".into());
    }
    let first = call.arg(0);
    for other in call.args.iter().skip(1) {
        if equal(&first, other, call)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn equal(a: &Value, b: &Value, call: &Call<'_>) -> Result<bool, Error> {
    match (&a.data, &b.data) {
        (Data::Bool(a), Data::Bool(b)) => Ok(a == b),
        (Data::Int(a, _), Data::Int(b, _)) => Ok(a == b),
        (Data::Float(a), Data::Float(b)) => Ok(a == b),
        (Data::Str(a), Data::Str(b)) => Ok(**a == **b),
        _ if a.is_nil() || b.is_nil() => Ok(a.is_nil() && b.is_nil()),
        _ if kind(a) != kind(b) => Err(incompatible(a, b)),
        _ if a.kind_name() != b.kind_name() => {
            let (shown, other) = (format::plain(a, call.budget)?, format::plain(b, call.budget)?);
            let (a, b) = (a.type_name(), b.type_name());
            Err(format!("non-comparable types {shown}: {a}, {b}: {other}").into())
        }
        _ => {
            let (shown, of) = (format::plain(b, call.budget)?, b.type_name());
            Err(format!("non-comparable type {shown}: {of}").into())
        }
    }
}

fn less(call: &mut Call<'_>) -> Result<bool, Error> {
    let (a, b) = (call.arg(0), call.arg(1));
    let bad = || Err("invalid type for comparison".into());
    match (&a.data, &b.data) {
        (Data::Int(a, _), Data::Int(b, _)) => Ok(a < b),
        (Data::Float(a), Data::Float(b)) => Ok(a < b),
        (Data::Str(a), Data::Str(b)) => Ok(**a < **b),
        _ if kind(&a) == Kind::Other || kind(&b) == Kind::Other => bad(),
        _ if kind(&a) != kind(&b) => Err(incompatible(&a, &b)),
        _ => bad(),
    }
}

fn less_or_equal(call: &mut Call<'_>) -> Result<bool, Error> {
    if less(call)? {
        return Ok(true);
    }
    equal_to_any(call)
}

fn deep_equal(call: &mut Call<'_>) -> Outcome {
    Ok(same(&call.arg(0), &call.arg(1), call, 0)?.into())
}

/// Go's `reflect.DeepEqual`.
pub(super) fn same(a: &Value, b: &Value, call: &Call<'_>, depth: usize) -> Result<bool, Error> {
    call.budget.walk(depth)?;
    if a.type_name() != b.type_name() || a.is_nil() != b.is_nil() {
        return Ok(false);
    }
    match (&a.data, &b.data) {
        (Data::List(a), Data::List(b)) => {
            if a.items.len() != b.items.len() {
                return Ok(false);
            }
            for (a, b) in a.items.iter().zip(&b.items) {
                if !same(a, b, call, depth + 1)? {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        (Data::Map(a), Data::Map(b)) => {
            if a.len() != b.len() {
                return Ok(false);
            }
            for (key, slot) in a.entries() {
                let Some(other) = b.get(&key) else { return Ok(false) };
                if !same(&slot.value, &other, call, depth + 1)? {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        (Data::Bytes(a), Data::Bytes(b)) => Ok(a == b),
        (Data::Object(_), Data::Object(_)) => {
            Ok(format::plain(a, call.budget)? == format::plain(b, call.budget)?)
        }
        _ => Ok(a.is_nil() || equal(a, b, call)?),
    }
}
