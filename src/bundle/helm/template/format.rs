//! Values as text, in the format of Go's `fmt`.

mod printf;

pub(crate) use printf::printf;

use super::literal;
use super::text::{Rope, Text};
use super::value::Object;
use super::value::{Budget, Data, Exhausted, Value};

type Result<T> = std::result::Result<T, Exhausted>;

/// In the format of `%v`.
pub(crate) fn plain(value: &Value, budget: &Budget) -> Result<String> {
    let mut out = String::new();
    write(value, Style::Plain, budget, 0, &mut out)?;
    Ok(out)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    /// `%v`
    Plain,
    /// `%#v`
    Go,
}

fn write(
    value: &Value,
    style: Style,
    budget: &Budget,
    depth: usize,
    out: &mut String,
) -> Result<()> {
    budget.walk(depth)?;
    let before = out.len();
    match &value.data {
        Data::Nothing | Data::Nil if style == Style::Go => out.push_str("interface {}(nil)"),
        Data::Nothing | Data::Nil => out.push_str("<nil>"),
        Data::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Data::Int(value, _) => out.push_str(&integer(*value)),
        Data::Float(value) => out.push_str(&float(*value, 'g', None)),
        Data::Str(text) if style == Style::Go => out.push_str(&literal::quoted(text)),
        Data::Str(text) => {
            budget.room(text.len())?;
            out.push_str(text);
            return Ok(());
        }
        Data::Bytes(bytes) => write_bytes(bytes, budget, out)?,
        Data::List(list) => {
            let (open, between, close) = brackets(style, value.type_name(), '[');
            out.push_str(&open);
            for (nth, item) in list.items.iter().enumerate() {
                if nth > 0 {
                    out.push_str(between);
                }
                write(item, style, budget, depth + 1, out)?;
            }
            out.push(close);
        }
        Data::Map(map) => {
            let (open, between, close) = brackets(style, value.type_name(), 'm');
            out.push_str(&open);
            for (nth, (key, slot)) in map.entries().iter().enumerate() {
                if nth > 0 {
                    out.push_str(between);
                }
                budget.room(key.len())?;
                match style {
                    Style::Plain => out.push_str(key),
                    Style::Go => out.push_str(&literal::quoted(key)),
                }
                out.push(':');
                write(&slot.value, style, budget, depth + 1, out)?;
            }
            out.push(close);
        }
        Data::Object(object) => write_object(object, style, budget, depth, out)?,
    }
    budget.room(out.len().saturating_sub(before) / 8)
}

fn brackets(style: Style, of: &str, kind: char) -> (String, &'static str, char) {
    match (style, kind) {
        (Style::Plain, 'm') => ("map[".to_owned(), " ", ']'),
        (Style::Plain, _) => ("[".to_owned(), " ", ']'),
        (Style::Go, _) => (format!("{of}{{"), ", ", '}'),
    }
}

fn write_bytes(bytes: &[u8], budget: &Budget, out: &mut String) -> Result<()> {
    budget.room(bytes.len().saturating_mul(4))?;
    out.push('[');
    for (nth, byte) in bytes.iter().enumerate() {
        if nth > 0 {
            out.push(' ');
        }
        out.push_str(&byte.to_string());
    }
    out.push(']');
    Ok(())
}

fn write_object(
    object: &Object,
    style: Style,
    budget: &Budget,
    depth: usize,
    out: &mut String,
) -> Result<()> {
    if let Some(shown) = object.shown() {
        out.push_str(&shown);
        return Ok(());
    }
    match object {
        Object::Struct(it) => {
            out.push_str(if it.type_name.starts_with('*') { "&{" } else { "{" });
            for (nth, field) in it.fields.iter().enumerate() {
                if nth > 0 {
                    out.push(' ');
                }
                write(&field.value, style, budget, depth + 1, out)?;
            }
            out.push('}');
        }
        Object::Versions(all) => out.push_str(&format!("[{}]", all.join(" "))),
        Object::Files(files) => {
            out.push_str("map[");
            for (nth, (name, bytes)) in files.iter().enumerate() {
                let space = if nth > 0 { " " } else { "" };
                out.push_str(&format!("{space}{name}:"));
                write_bytes(bytes, budget, out)?;
            }
            out.push(']');
        }
        Object::Time(_) | Object::Version(_) => {}
    }
    Ok(())
}

pub(crate) fn integer(value: i64) -> String {
    value.to_string()
}

/// A double has no more digits; behind them are zeros. (More than 65,535 panic in Rust.)
const DIGITS: usize = 1100;

/// A float in Go's shortest form (`precision` is `None`) or with that many digits.
pub(crate) fn float(value: f64, verb: char, precision: Option<usize>) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    match (verb, precision) {
        ('e' | 'E', _) => exponential(value, precision, verb),
        ('f' | 'F', Some(precision)) => {
            let digits = precision.min(DIGITS);
            format!("{value:.digits$}") + &"0".repeat(precision - digits)
        }
        ('f' | 'F', None) => format!("{value}"),
        (_, Some(precision)) => {
            let digits = precision.clamp(1, DIGITS);
            let shown = format!("{value:.*e}", digits - 1);
            let exponent: i32 = shown.split('e').nth(1).and_then(|e| e.parse().ok()).unwrap_or(0);
            if exponent < -4 || exponent >= digits as i32 {
                let (mantissa, _) = shown.split_once('e').unwrap_or((&shown, ""));
                let mantissa = trimmed(mantissa);
                return with_exponent(&mantissa, exponent, 'e');
            }
            let decimals = (digits as i32 - 1 - exponent).max(0) as usize;
            trimmed(&format!("{value:.decimals$}"))
        }
        (_, None) => {
            let shown = format!("{value:e}");
            let exponent: i32 = shown.split('e').nth(1).and_then(|e| e.parse().ok()).unwrap_or(0);
            if value != 0.0 && !(-4..6).contains(&exponent) {
                exponential(value, None, if verb == 'G' { 'E' } else { 'e' })
            } else {
                format!("{value}")
            }
        }
    }
}

fn trimmed(digits: &str) -> String {
    match digits.contains('.') {
        true => digits.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => digits.to_owned(),
    }
}

fn exponential(value: f64, precision: Option<usize>, verb: char) -> String {
    let shown = match precision {
        Some(precision) => {
            let digits = precision.min(DIGITS);
            let shown = format!("{value:.digits$e}");
            let zeros = "0".repeat(precision - digits);
            shown.replace('e', &format!("{zeros}e"))
        }
        None => format!("{value:e}"),
    };
    let (mantissa, exponent) = shown.split_once('e').unwrap_or((&shown, "0"));
    with_exponent(mantissa, exponent.parse().unwrap_or(0), verb)
}

fn with_exponent(mantissa: &str, exponent: i32, verb: char) -> String {
    let sign = if exponent < 0 { '-' } else { '+' };
    let e = if verb == 'E' { 'E' } else { 'e' };
    format!("{mantissa}{e}{sign}{:02}", exponent.abs())
}

/// Go's `fmt.Sprint`: a space between two operands if neither is a string.
pub(crate) fn print(values: &[Value], budget: &Budget) -> Result<Text> {
    let mut rope = Rope::default();
    for (nth, value) in values.iter().enumerate() {
        let is_text = |value: &Value| matches!(value.data, Data::Str(_));
        if nth > 0 && !is_text(value) && !values.get(nth - 1).is_some_and(is_text) {
            rope.push_str(" ");
        }
        push(value, budget, &mut rope)?;
    }
    Ok(rope.into_text())
}

/// Go's `fmt.Sprintln`.
pub(crate) fn println(values: &[Value], budget: &Budget) -> Result<Text> {
    let mut rope = Rope::default();
    for (nth, value) in values.iter().enumerate() {
        if nth > 0 {
            rope.push_str(" ");
        }
        push(value, budget, &mut rope)?;
    }
    rope.push_str("\n");
    Ok(rope.into_text())
}

/// Adds a value in the format of `%v`, with its origin.
fn push(value: &Value, budget: &Budget, rope: &mut Rope) -> Result<()> {
    match &value.data {
        Data::Str(text) => {
            budget.room(text.len())?;
            match value.origin == super::origin::Origin::NONE {
                true => rope.push_text(text),
                false => rope.push(text, value.origin),
            }
        }
        _ => rope.push(&plain(value, budget)?, value.origin),
    }
    Ok(())
}
