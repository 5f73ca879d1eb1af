//! Values as text: what Go's `fmt` makes of them.

use super::literal;
use super::object::Object;
use super::text::{Rope, Text};
use super::value::{Budget, Data, Exhausted, Value};

type Result<T> = std::result::Result<T, Exhausted>;

/// As `%v` has it.
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
        Data::Bytes(bytes) => {
            let shown: Vec<String> = bytes.iter().map(u8::to_string).collect();
            out.push_str(&format!("[{}]", shown.join(" ")));
        }
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
                let shown: Vec<String> = bytes.iter().map(u8::to_string).collect();
                let space = if nth > 0 { " " } else { "" };
                out.push_str(&format!("{space}{name}:[{}]", shown.join(" ")));
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

/// A float in Go's shortest form (`precision` none) or with that many digits.
pub(crate) fn float(value: f64, verb: char, precision: Option<usize>) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    match (verb, precision) {
        ('e' | 'E', _) => exponential(value, precision, verb),
        ('f' | 'F', Some(precision)) => format!("{value:.precision$}"),
        ('f' | 'F', None) => format!("{value}"),
        (_, Some(precision)) => {
            let digits = precision.max(1);
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
        Some(precision) => format!("{value:.precision$e}"),
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

/// Go's `fmt.Sprint`: a space between two operands where neither is a string.
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

/// Adds a value as `%v` has it, with what is known of where it comes from.
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

/// What stands between `%` and the verb.
#[derive(Clone, Copy, Debug, Default)]
struct Flags {
    minus: bool,
    plus: bool,
    sharp: bool,
    space: bool,
    zero: bool,
    width: Option<usize>,
    precision: Option<usize>,
}

/// No width and no precision is larger, as in Go.
const WIDEST: usize = 1_000_000;

/// Go's `fmt.Sprintf`.
pub(crate) fn printf(format: &str, values: &[Value], budget: &Budget) -> Result<Text> {
    let mut rope = Rope::default();
    let mut rest = format;
    let mut nth = 0;
    while let Some(at) = rest.find('%') {
        rope.push_str(rest.get(..at).unwrap_or(""));
        rest = rest.get(at + 1..).unwrap_or("");
        let mut flags = Flags::default();
        while let Some(flag) = rest.chars().next() {
            match flag {
                '-' => (flags.minus, flags.zero) = (true, false),
                '+' => flags.plus = true,
                '#' => flags.sharp = true,
                ' ' => flags.space = true,
                '0' => flags.zero = true,
                _ => break,
            }
            rest = rest.get(1..).unwrap_or("");
        }
        let mut problem = String::new();
        flags.width = number(&mut rest, values, &mut nth, &mut flags.minus, "WIDTH", &mut problem);
        if let Some(after) = rest.strip_prefix('.') {
            rest = after;
            let mut negative = false;
            let precision =
                number(&mut rest, values, &mut nth, &mut negative, "PREC", &mut problem);
            flags.precision = if negative { None } else { Some(precision.unwrap_or(0)) };
        }
        rope.push_str(&problem);
        let Some(verb) = rest.chars().next() else {
            rope.push_str("%!(NOVERB)");
            break;
        };
        rest = rest.get(verb.len_utf8()..).unwrap_or("");
        if verb == '%' {
            rope.push_str("%");
            continue;
        }
        let Some(value) = values.get(nth) else {
            rope.push_str(&format!("%!{verb}(MISSING)"));
            continue;
        };
        nth += 1;
        let is_bare = flags.width.is_none() && flags.precision.is_none();
        if is_bare
            && matches!(verb, 's' | 'v')
            && matches!(value.data, Data::Str(_))
            && !flags.sharp
        {
            push(value, budget, &mut rope)?;
            continue;
        }
        let text = padded(&verbed(value, verb, flags, budget)?, flags, value);
        budget.room(text.len())?;
        rope.push(&text, value.source());
    }
    rope.push_str(rest);
    if nth < values.len() {
        rope.push_str("%!(EXTRA ");
        for (n, value) in values.iter().enumerate().skip(nth) {
            if n > nth {
                rope.push_str(", ");
            }
            match value.is_nil() {
                true => rope.push_str("<nil>"),
                false => {
                    let shown = plain(value, budget)?;
                    rope.push_str(&format!("{}={shown}", value.type_name()));
                }
            }
        }
        rope.push_str(")");
    }
    Ok(rope.into_text())
}

fn number(
    rest: &mut &str,
    values: &[Value],
    nth: &mut usize,
    negative: &mut bool,
    what: &str,
    problem: &mut String,
) -> Option<usize> {
    if let Some(after) = rest.strip_prefix('*') {
        *rest = after;
        let given = values.get(*nth).map(|value| &value.data);
        *nth += 1;
        return match given {
            Some(Data::Int(number, _)) if number.unsigned_abs() as usize <= WIDEST => {
                *negative |= *number < 0;
                Some(number.unsigned_abs() as usize)
            }
            _ => {
                problem.push_str(&format!("%!(BAD{what})"));
                None
            }
        };
    }
    let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, after) = rest.split_at(digits);
    *rest = after;
    number.parse().ok().filter(|number| *number <= WIDEST)
}

/// A value as a verb has it, before it is padded.
fn verbed(value: &Value, verb: char, flags: Flags, budget: &Budget) -> Result<String> {
    if verb == 'T' {
        return Ok(match value.is_nil() {
            true => "<nil>".to_owned(),
            false => value.type_name().to_owned(),
        });
    }
    if let Data::List(list) = &value.data
        && verb != 'v'
    {
        let items: Result<Vec<String>> =
            list.items.iter().map(|item| verbed(item, verb, flags, budget)).collect();
        return Ok(format!("[{}]", items?.join(" ")));
    }
    let signed = |text: String, is_negative: bool| match (flags.plus, flags.space) {
        (true, _) if !is_negative => format!("+{text}"),
        (_, true) if !is_negative => format!(" {text}"),
        _ => text,
    };
    let known = match (&value.data, verb) {
        (_, 'v') if flags.sharp => {
            let mut out = String::new();
            write(value, Style::Go, budget, 0, &mut out)?;
            Some(out)
        }
        (Data::Nothing | Data::Nil, 'v') => Some("<nil>".to_owned()),
        (Data::Bool(value), 'v' | 't') => Some(value.to_string()),
        (Data::Int(int, _), _) => whole(*int, verb, flags).map(|text| signed(text, *int < 0)),
        (Data::Float(float), 'v') => {
            Some(signed(self::float(*float, 'g', flags.precision), *float < 0.0))
        }
        (Data::Float(float), 'e' | 'E' | 'f' | 'F') => {
            let precision = Some(flags.precision.unwrap_or(6));
            Some(signed(self::float(*float, verb, precision), *float < 0.0))
        }
        (Data::Float(float), 'g' | 'G') => {
            Some(signed(self::float(*float, verb, flags.precision), *float < 0.0))
        }
        (Data::Str(text), _) => of_text(text, verb, flags),
        (Data::Bytes(bytes), 's' | 'q' | 'x' | 'X') => {
            of_text(&String::from_utf8_lossy(bytes), verb, flags)
        }
        (Data::Object(object), 's') if object.shown().is_some() => object.shown(),
        (_, 'v') => Some(plain(value, budget)?),
        _ => None,
    };
    if let Some(known) = known {
        return Ok(known);
    }
    if value.is_nil() {
        return Ok(format!("%!{verb}(<nil>)"));
    }
    if let Data::Map(map) = &value.data {
        let mut items = Vec::new();
        for (key, slot) in map.entries() {
            items.push(format!("{key}:{}", verbed(&slot.value, verb, flags, budget)?));
        }
        return Ok(format!("map[{}]", items.join(" ")));
    }
    let shown = plain(value, budget)?;
    Ok(format!("%!{verb}({}={shown})", value.type_name()))
}

fn of_text(text: &str, verb: char, flags: Flags) -> Option<String> {
    let cut = || match flags.precision {
        Some(precision) => text.chars().take(precision).collect(),
        None => text.to_owned(),
    };
    match verb {
        'v' | 's' => Some(cut()),
        'q' => Some(literal::quoted(&cut())),
        'x' => Some(cut().bytes().map(|byte| format!("{byte:02x}")).collect()),
        'X' => Some(cut().bytes().map(|byte| format!("{byte:02X}")).collect()),
        _ => None,
    }
}

fn whole(int: i64, verb: char, flags: Flags) -> Option<String> {
    let sign = if int < 0 { "-" } else { "" };
    let size = int.unsigned_abs();
    let (digits, prefix) = match verb {
        'v' | 'd' => (size.to_string(), ""),
        'b' => (format!("{size:b}"), "0b"),
        'o' => (format!("{size:o}"), "0"),
        'O' => return Some(format!("{sign}0o{size:o}")),
        'x' => (format!("{size:x}"), "0x"),
        'X' => (format!("{size:X}"), "0X"),
        'c' => return Some(char_of(int).to_string()),
        'q' => {
            let quoted = literal::quoted(&char_of(int).to_string());
            return Some(format!("'{}'", quoted.trim_matches('"')));
        }
        'U' => return Some(format!("U+{size:04X}")),
        _ => return None,
    };
    let prefix = if flags.sharp { prefix } else { "" };
    let missing = flags.precision.unwrap_or(0).saturating_sub(digits.len());
    let zeros = "0".repeat(missing);
    Some(format!("{sign}{prefix}{zeros}{digits}"))
}

fn char_of(int: i64) -> char {
    u32::try_from(int).ok().and_then(char::from_u32).unwrap_or('\u{fffd}')
}

fn padded(text: &str, flags: Flags, value: &Value) -> String {
    let length = text.chars().count();
    let Some(missing) = flags.width.and_then(|width| width.checked_sub(length)) else {
        return text.to_owned();
    };
    let is_number = matches!(value.data, Data::Int(..) | Data::Float(_));
    if flags.minus {
        return format!("{text}{}", " ".repeat(missing));
    }
    if flags.zero && (is_number || matches!(value.data, Data::Str(_))) {
        let sign = text.len() - text.trim_start_matches(['-', '+', ' ']).len();
        let (sign, digits) = if is_number { text.split_at(sign) } else { ("", text) };
        return format!("{sign}{}{digits}", "0".repeat(missing));
    }
    format!("{}{text}", " ".repeat(missing))
}
