//! sprig's arithmetic.

use super::super::literal;
use super::super::value::{Data, Value};
use super::{Call, Error, Function, Outcome, function};

pub(super) const FUNCTIONS: &[Function] = &[
    function("add", "a*", |call| folded(call, 0, i64::wrapping_add)),
    function("add1", "a", |call| Ok(Value::int64(to_int(&call.arg(0)).wrapping_add(1)))),
    function("sub", "aa", |call| two(call, |a, b| Ok(a.wrapping_sub(b)))),
    function("mul", "aa*", |call| folded(call, 1, i64::wrapping_mul)),
    function("div", "aa", |call| two(call, divided)),
    function("mod", "aa", |call| {
        two(call, |a, b| match b {
            0 => Err("runtime error: integer divide by zero".into()),
            b => Ok(a.wrapping_rem(b)),
        })
    }),
    function("max", "aa*", |call| chosen(call, i64::max)),
    function("biggest", "aa*", |call| chosen(call, i64::max)),
    function("min", "aa*", |call| chosen(call, i64::min)),
    function("addf", "a*", |call| float(call, Some(0.0), |a, b| a + b)),
    function("add1f", "a", |call| Ok(Value::float(to_float(&call.arg(0)) + 1.0))),
    function("subf", "aa*", |call| float(call, None, |a, b| a - b)),
    function("mulf", "aa*", |call| float(call, None, |a, b| a * b)),
    function("divf", "aa*", divf),
    function("maxf", "aa*", |call| float(call, None, f64::max)),
    function("minf", "aa*", |call| float(call, None, f64::min)),
    function("floor", "a", |call| Ok(Value::float(to_float(&call.arg(0)).floor()))),
    function("ceil", "a", |call| Ok(Value::float(to_float(&call.arg(0)).ceil()))),
    function("round", "aif*", round),
    function("int", "a", |call| Ok(Value::int(to_int(&call.arg(0))))),
    function("int64", "a", |call| Ok(Value::int64(to_int(&call.arg(0))))),
    function("float64", "a", |call| Ok(Value::float(to_float(&call.arg(0))))),
    function("atoi", "s", |call| {
        let text = call.str(0);
        Ok(Value::int(text.strip_prefix('+').unwrap_or(text).parse().unwrap_or(0)))
    }),
    function("toDecimal", "a", |call| {
        let text = call.shown(&call.arg(0))?;
        Ok(Value::int64(i64::from_str_radix(&text, 8).unwrap_or(0)))
    }),
];

/// spf13/cast's `ToInt64`: 0 if it is not a number.
pub(super) fn to_int(value: &Value) -> i64 {
    match &value.data {
        Data::Int(int, _) => *int,
        Data::Float(float) => *float as i64,
        Data::Bool(value) => i64::from(*value),
        Data::Str(text) => whole(text),
        _ => 0,
    }
}

/// A text as an integer: zeros after the point are dropped.
fn whole(text: &str) -> i64 {
    let text = match text.split_once('.') {
        Some((whole, rest)) if !rest.is_empty() && rest.bytes().all(|b| b == b'0') => whole,
        Some((whole, "")) => whole,
        _ => text,
    };
    literal::integer(text).unwrap_or(0)
}

/// spf13/cast's `ToFloat64`.
pub(super) fn to_float(value: &Value) -> f64 {
    match &value.data {
        Data::Int(int, _) => *int as f64,
        Data::Float(float) => *float,
        Data::Bool(value) => f64::from(u8::from(*value)),
        Data::Str(text) => text.parse().unwrap_or(0.0),
        _ => 0.0,
    }
}

fn folded(call: &mut Call<'_>, start: i64, fold: fn(i64, i64) -> i64) -> Outcome {
    Ok(Value::int64(call.args.iter().map(to_int).fold(start, fold)))
}

fn chosen(call: &mut Call<'_>, choose: fn(i64, i64) -> i64) -> Outcome {
    Ok(Value::int64(call.args.iter().map(to_int).reduce(choose).unwrap_or(0)))
}

fn two(call: &mut Call<'_>, make: fn(i64, i64) -> Result<i64, Error>) -> Outcome {
    make(to_int(&call.arg(0)), to_int(&call.arg(1))).map(Value::int64)
}

fn divided(a: i64, b: i64) -> Result<i64, Error> {
    match b {
        0 => Err("runtime error: integer divide by zero".into()),
        b => Ok(a.wrapping_div(b)),
    }
}

/// Floats are added and multiplied as decimals, as sprig does, so that 0.1 + 0.2 is 0.3.
fn float(call: &mut Call<'_>, start: Option<f64>, fold: fn(f64, f64) -> f64) -> Outcome {
    let mut all = call.args.iter().map(to_float);
    let first = start.or_else(|| all.next()).unwrap_or(0.0);
    Ok(Value::float(decimal(all.fold(first, |a, b| decimal(fold(a, b))))))
}

fn decimal(value: f64) -> f64 {
    format!("{value:.15e}").parse().map_or(value, |rounded: f64| {
        let is_closer = format!("{rounded}").len() < format!("{value}").len();
        if is_closer { rounded } else { value }
    })
}

fn divf(call: &mut Call<'_>) -> Outcome {
    if call.args.iter().skip(1).any(|value| to_float(value) == 0.0) {
        return Err("decimal division by 0".into());
    }
    float(call, None, |a, b| a / b)
}

fn round(call: &mut Call<'_>) -> Outcome {
    let on = match call.args.get(2).map(|value| &value.data) {
        Some(Data::Float(on)) => *on,
        _ => 0.5,
    };
    let power = 10f64.powi(i32::try_from(call.int(1)).unwrap_or(0));
    let digit = power * to_float(&call.arg(0));
    let rounded = if digit.fract() >= on { digit.ceil() } else { digit.floor() };
    Ok(Value::float(rounded / power))
}
