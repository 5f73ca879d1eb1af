//! sprig's functions on dates. The time differs whenever a chart is rendered, so results that
//! depend on it are unknown.

use super::super::date;
use super::super::value::Object;
use super::super::value::{Data, Value};
use super::{Call, Function, Outcome, function};

pub(super) const FUNCTIONS: &[Function] = &[
    function("now", "", |call| Ok(now(call))),
    function("ago", "a", |call| Ok(Value::from("0s").with_origin(call.origins.unknown()))),
    function("date", "sa", |call| formatted(call, 0, 1)),
    function("dateInZone", "sas", |call| formatted(call, 0, 1)),
    function("date_in_zone", "sas", |call| formatted(call, 0, 1)),
    function("htmlDate", "a", html),
    function("htmlDateInZone", "as", html),
    function("dateModify", "st", modified),
    function("date_modify", "st", modified),
    function("mustDateModify", "st", modified),
    function("must_date_modify", "st", modified),
    function("toDate", "ss", |call| {
        let seconds = date::parse(call.str(0), call.str(1)).unwrap_or(date::YEAR_ONE);
        Ok(Data::Object(Object::Time(seconds)).into())
    }),
    function("mustToDate", "ss", |call| match date::parse(call.str(0), call.str(1)) {
        Some(seconds) => Ok(Data::Object(Object::Time(seconds)).into()),
        None => {
            let (layout, text) = (call.str(0), call.str(1));
            Err(format!("parsing time {text:?} as {layout:?}: cannot parse").into())
        }
    }),
    function("unixEpoch", "t", |call| Ok(seconds(call, 0).to_string().into())),
    function("duration", "a", |call| {
        let seconds = match &call.arg(0).data {
            Data::Str(text) => text.parse().unwrap_or(0),
            Data::Int(seconds, super::super::value::IntKind::Int64) => *seconds,
            _ => 0,
        };
        Ok(date::duration(seconds).into())
    }),
    function("durationRound", "a", |call| {
        let seconds = match &call.arg(0).data {
            Data::Str(text) => date::parse_duration(text).unwrap_or(0),
            Data::Int(nanoseconds, super::super::value::IntKind::Int64) => {
                nanoseconds / 1_000_000_000
            }
            _ => 0,
        };
        Ok(date::rounded(seconds).into())
    }),
];

fn now(call: &mut Call<'_>) -> Value {
    let origin = call.origins.unknown();
    Value { data: Data::Object(Object::Time(date::CLOCK)), origin }
}

/// The seconds of a date; now if it is not one.
fn seconds(call: &Call<'_>, nth: usize) -> i64 {
    match &call.arg(nth).data {
        Data::Object(Object::Time(seconds)) | Data::Int(seconds, _) => *seconds,
        _ => date::CLOCK,
    }
}

fn formatted(call: &mut Call<'_>, layout: usize, at: usize) -> Outcome {
    let text = Value::from(date::format(seconds(call, at), call.str(layout)));
    let is_date = matches!(call.arg(at).data, Data::Object(Object::Time(_)) | Data::Int(..));
    Ok(if is_date { text } else { text.with_origin(call.origins.unknown()) })
}

fn html(call: &mut Call<'_>) -> Outcome {
    Ok(date::format(seconds(call, 0), "2006-01-02").into())
}

fn modified(call: &mut Call<'_>) -> Outcome {
    let by = date::parse_duration(call.str(0)).unwrap_or(0);
    Ok(Data::Object(Object::Time(seconds(call, 1).saturating_add(by))).into())
}
