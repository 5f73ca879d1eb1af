//! Go's `fmt.Sprintf`.

use super::{Result, Style, float, plain, push, write};
use crate::bundle::helm::template::literal;
use crate::bundle::helm::template::text::{Rope, Text};
use crate::bundle::helm::template::value::{Budget, Data, Value};

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
        budget.room(flags.width.unwrap_or(0).saturating_add(flags.precision.unwrap_or(0)))?;
        let text = padded(&verbed(value, verb, flags, budget, 0)?, flags, value);
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
fn verbed(
    value: &Value,
    verb: char,
    flags: Flags,
    budget: &Budget,
    depth: usize,
) -> Result<String> {
    budget.walk(depth)?;
    budget.room(value.size())?;
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
            list.items.iter().map(|item| verbed(item, verb, flags, budget, depth + 1)).collect();
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
        (Data::Float(value), 'v') => {
            Some(signed(float(*value, 'g', flags.precision), *value < 0.0))
        }
        (Data::Float(value), 'e' | 'E' | 'f' | 'F') => {
            let precision = Some(flags.precision.unwrap_or(6));
            Some(signed(float(*value, verb, precision), *value < 0.0))
        }
        (Data::Float(value), 'g' | 'G') => {
            Some(signed(float(*value, verb, flags.precision), *value < 0.0))
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
            budget.room(key.len())?;
            items.push(format!("{key}:{}", verbed(&slot.value, verb, flags, budget, depth + 1)?));
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
