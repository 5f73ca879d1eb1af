//! JSON as Go's `encoding/json` reads and writes it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::format;
use super::origin::{Origin, Origins};
use super::text::Text;
use super::value::{Budget, Data, Exhausted, ItemKind, List, Map, MapKind, Value};

/// The style of JSON output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    Plain,
    /// On several lines, indented by two spaces.
    Pretty,
    /// With `<`, `>` and `&` unescaped.
    Raw,
}

/// A value as JSON.
pub(crate) fn write(value: &Value, style: Style, budget: &Budget) -> Result<String, Exhausted> {
    let mut out = String::new();
    node(value, style, budget, 0, &mut out)?;
    Ok(out)
}

fn line(style: Style, depth: usize, out: &mut String) {
    if style == Style::Pretty {
        out.push('\n');
        out.push_str(&"  ".repeat(depth));
    }
}

fn node(
    value: &Value,
    style: Style,
    budget: &Budget,
    depth: usize,
    out: &mut String,
) -> Result<(), Exhausted> {
    budget.walk(depth)?;
    budget.room(16 + depth)?;
    match &value.data {
        Data::Nothing | Data::Nil => out.push_str("null"),
        Data::Bool(_) | Data::Int(..) => out.push_str(&format::plain(value, budget)?),
        Data::Float(float) => out.push_str(&number(*float)),
        Data::Str(text) => {
            budget.room(text.len())?;
            quote(text, style, out);
        }
        Data::Bytes(bytes) => {
            budget.room(bytes.len().saturating_mul(2))?;
            out.push_str(&format!("\"{}\"", encoded_bytes(value)));
        }
        Data::List(list) => {
            out.push('[');
            for (nth, item) in list.items.iter().enumerate() {
                if nth > 0 {
                    out.push(',');
                }
                line(style, depth + 1, out);
                node(item, style, budget, depth + 1, out)?;
            }
            if !list.items.is_empty() {
                line(style, depth, out);
            }
            out.push(']');
        }
        Data::Map(map) => {
            out.push('{');
            for (nth, (key, slot)) in map.entries().iter().enumerate() {
                if nth > 0 {
                    out.push(',');
                }
                line(style, depth + 1, out);
                budget.room(key.len())?;
                quote(key, style, out);
                out.push_str(if style == Style::Pretty { ": " } else { ":" });
                node(&slot.value, style, budget, depth + 1, out)?;
            }
            if !map.is_empty() {
                line(style, depth, out);
            }
            out.push('}');
        }
        Data::Object(object) => {
            budget.room(object.json_size())?;
            node(&object.as_json(), style, budget, depth + 1, out)?;
        }
    }
    Ok(())
}

/// Bytes are base64 in JSON.
pub(crate) fn encoded_bytes(value: &Value) -> String {
    match &value.data {
        Data::Bytes(bytes) => STANDARD.encode(bytes),
        _ => String::new(),
    }
}

/// A float: an exponent only for the very small and the very large.
pub(crate) fn number(float: f64) -> String {
    let size = float.abs();
    if size != 0.0 && !(1e-6..1e21).contains(&size) {
        let shown = format::float(float, 'e', None);
        // e-09 is e-9.
        return match shown.split_once("e-0") {
            Some((mantissa, exponent)) => format!("{mantissa}e-{exponent}"),
            None => shown,
        };
    }
    format!("{float}")
}

fn quote(text: &str, style: Style, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '<' | '>' | '&' if style != Style::Raw => {
                out.push_str(&format!("\\u{:04x}", c as u32));
            }
            '\u{2028}' | '\u{2029}' | '\0'..='\x1f' => {
                out.push_str(&format!("\\u{:04x}", c as u32));
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

/// The value of a JSON text, or its error.
pub(crate) fn read(
    text: &Text,
    origins: &Origins,
    budget: &Budget,
) -> Result<Result<Value, String>, Exhausted> {
    // A value takes more room than its text.
    budget.room(text.len().saturating_mul(32))?;
    if text.trim().is_empty() {
        return Ok(Err("unexpected end of JSON input".to_owned()));
    }
    match serde_json::from_str::<serde_json::Value>(text) {
        Ok(value) => Ok(Ok(value_of(value, text.origin_of(0, text.len(), origins)))),
        Err(error) if error.is_eof() => Ok(Err("unexpected end of JSON input".to_owned())),
        Err(error) => {
            let lines = text.split_inclusive('\n').take(error.line().saturating_sub(1));
            let at = lines.map(str::len).sum::<usize>() + error.column().saturating_sub(1);
            let found = text.get(at..).and_then(|rest| rest.chars().next()).unwrap_or(' ');
            let why = match at {
                0 => "looking for beginning of value",
                _ => "in literal",
            };
            Ok(Err(format!("invalid character '{found}' {why}")))
        }
    }
}

fn value_of(value: serde_json::Value, origin: Origin) -> Value {
    let data = match value {
        serde_json::Value::Null => Data::Nil,
        serde_json::Value::Bool(value) => Data::Bool(value),
        serde_json::Value::Number(number) => Data::Float(number.as_f64().unwrap_or(0.0)),
        serde_json::Value::String(text) => Data::Str(text.into()),
        serde_json::Value::Array(items) => {
            let items = items.into_iter().map(|item| value_of(item, origin)).collect();
            List::new(items, ItemKind::Any).map_or(Data::Nil, Data::List)
        }
        serde_json::Value::Object(entries) => {
            let map = Map::new(MapKind::Any);
            for (key, value) in entries {
                map.set(&key, value_of(value, origin));
            }
            Data::Map(map)
        }
    };
    Value { data, origin }
}

/// The name of a value's type in the errors of Go's JSON.
pub(crate) fn type_name(value: &Value) -> &'static str {
    match &value.data {
        Data::Bool(_) => "bool",
        Data::Int(..) | Data::Float(_) => "number",
        Data::Str(_) | Data::Bytes(_) => "string",
        Data::List(_) => "array",
        _ => "object",
    }
}
