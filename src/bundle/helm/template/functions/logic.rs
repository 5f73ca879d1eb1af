//! Functions that choose among values, and Go's own functions on them.

use super::super::format;
use super::super::value::{Data, Value};
use super::{Call, Function, Outcome, Special, function, special};

pub(super) const FUNCTIONS: &[Function] = &[
    special("and", "aa*", Special::And),
    special("or", "aa*", Special::Or),
    function("not", "a", |call| Ok((!call.arg(0).is_true()).into())),
    function("default", "aa*", default),
    function("empty", "a", |call| Ok(is_empty(&call.arg(0)).into())),
    function("coalesce", "a*", |call| {
        let found = call.args.iter().find(|value| !is_empty(value));
        Ok(found.cloned().unwrap_or(Value::nil()))
    }),
    function("all", "a*", |call| Ok((!call.args.iter().any(is_empty)).into())),
    function("any", "a*", |call| Ok(call.args.iter().any(|value| !is_empty(value)).into())),
    function("ternary", "aab", |call| {
        let is_first = matches!(call.arg(2).data, Data::Bool(true));
        Ok(call.arg(usize::from(!is_first)))
    }),
    function("len", "a", length),
    function("index", "aa*", index),
    function("print", "a*", |call| Ok(format::print(&call.args, call.budget)?.into())),
    function("println", "a*", |call| Ok(format::println(&call.args, call.budget)?.into())),
    function("printf", "sa*", |call| {
        let text = call.text(0);
        let rest = call.args.get(1..).unwrap_or_default();
        Ok(format::printf(&text, rest, call.budget)?.into())
    }),
    function("html", "a*", |call| {
        let text = format::print(&call.args, call.budget)?;
        call.budget.room(text.len().saturating_mul(5))?;
        Ok(escaped(&text, |c| match c {
            '"' => Some("&#34;".into()),
            '\'' => Some("&#39;".into()),
            '&' => Some("&amp;".into()),
            '<' => Some("&lt;".into()),
            '>' => Some("&gt;".into()),
            '\0' => Some("\u{fffd}".into()),
            _ => None,
        })
        .into())
    }),
    function("js", "a*", |call| {
        let text = format::print(&call.args, call.budget)?;
        call.budget.room(text.len().saturating_mul(6))?;
        Ok(escaped(&text, |c| match c {
            '\\' => Some("\\\\".into()),
            '\'' => Some("\\'".into()),
            '"' => Some("\\\"".into()),
            '<' | '>' | '&' | '=' | '\0'..='\x1f' => Some(format!("\\u{:04X}", c as u32)),
            _ => None,
        })
        .into())
    }),
    function("urlquery", "a*", |call| {
        let text = format::print(&call.args, call.budget)?;
        Ok(super::paths::query_escaped(&text).into())
    }),
    function("call", "aa*", |call| {
        Err(match call.arg(0).is_nil() {
            true => "call of nil".into(),
            false => format!("non-function of type {}", call.arg(0).type_name()).into(),
        })
    }),
];

/// sprig's `empty`: like `if`, except that a struct is never empty.
pub(super) fn is_empty(value: &Value) -> bool {
    !value.is_true()
}

fn default(call: &mut Call<'_>) -> Outcome {
    let given = call.args.get(1).cloned();
    Ok(match given {
        Some(given) if !is_empty(&given) => given,
        // A value that replaces a missing one also points at the place that lacks it.
        Some(given) => {
            let fallback = call.arg(0);
            let origin = fallback.source().or(given.origin);
            match fallback.data {
                Data::Str(_) => Value { origin, ..fallback },
                data => Value { data, origin },
            }
        }
        None => call.arg(0),
    })
}

fn escaped(text: &str, escape: impl Fn(char) -> Option<String>) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match escape(c) {
            Some(escape) => out.push_str(&escape),
            None => out.push(c),
        }
    }
    out
}

fn length(call: &mut Call<'_>) -> Outcome {
    let value = call.arg(0);
    let length = match &value.data {
        Data::Str(text) => text.len(),
        Data::Map(map) => map.len(),
        Data::Nothing | Data::Nil => return Err("len of nil pointer".into()),
        Data::Object(super::super::value::Object::Files(files)) => files.len(),
        _ => match call.items(&value) {
            Some(items) => items.len(),
            None => return Err(format!("len of type {}", value.type_name()).into()),
        },
    };
    Ok(Value::int(length as i64))
}

fn index(call: &mut Call<'_>) -> Outcome {
    let mut value = call.arg(0);
    if value.is_nil() {
        return Err("index of untyped nil".into());
    }
    for at in call.args.iter().skip(1) {
        if value.is_nil() {
            return Err("index of nil pointer".into());
        }
        value = match (&value.data, &at.data) {
            (Data::Map(map), Data::Str(key)) => match map.get(key) {
                Some(found) => found,
                None if map.kind() == super::super::value::MapKind::Strings => "".into(),
                None => Value::nil().with_origin(value.origin),
            },
            (Data::Object(object @ super::super::value::Object::Files(_)), Data::Str(key)) => {
                object.field(key).unwrap_or(Value::nil())
            }
            (Data::Map(_), Data::Nothing | Data::Nil) => {
                return Err("value is nil; should be of type string".into());
            }
            (Data::Map(_), _) => {
                let of = at.type_name();
                return Err(format!("value has type {of}; should be string").into());
            }
            (Data::Str(text), Data::Int(at, _)) => {
                let byte = position(*at, text.len())?;
                let byte = text.as_bytes().get(byte).copied().unwrap_or_default();
                Data::Int(byte.into(), super::super::value::IntKind::Uint8).into()
            }
            (Data::List(list), Data::Int(at, _)) => {
                let at = position(*at, list.items.len())?;
                list.items.get(at).cloned().unwrap_or(Value::nil())
            }
            (Data::List(_) | Data::Str(_), Data::Nothing | Data::Nil) => {
                return Err("cannot index slice/array with nil".into());
            }
            (Data::List(_) | Data::Str(_), _) => {
                let of = at.type_name();
                return Err(format!("cannot index slice/array with type {of}").into());
            }
            _ => {
                let of = value.type_name();
                return Err(format!("can't index item of type {of}").into());
            }
        };
    }
    Ok(value)
}

fn position(at: i64, length: usize) -> Result<usize, super::Error> {
    match usize::try_from(at) {
        Ok(position) if position < length => Ok(position),
        _ => Err(format!("index out of range: {at}").into()),
    }
}
