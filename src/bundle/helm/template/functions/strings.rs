//! sprig's functions on strings.

use super::super::literal;
use super::super::text::{Rope, Text};
use super::super::value::{Data, ItemKind, Map, MapKind, Value};
use super::{Call, Error, Function, Outcome, function};

pub(super) const FUNCTIONS: &[Function] = &[
    function("abbrev", "is", |call| Ok(abbreviated(0, call.int(0), call.str(1)).into())),
    function("abbrevboth", "iis", |call| {
        let (left, right) = (call.int(0), call.int(1));
        Ok(abbreviated(left, right, call.str(2)).into())
    }),
    function("camelcase", "s", |call| Ok(camel(call.str(0)).into())),
    function("cat", "a*", cat),
    function("contains", "ss", |call| Ok(call.str(1).contains(call.str(0)).into())),
    function("hasPrefix", "ss", |call| Ok(call.str(1).starts_with(call.str(0)).into())),
    function("hasSuffix", "ss", |call| Ok(call.str(1).ends_with(call.str(0)).into())),
    function("hello", "", |_| Ok("Hello!".into())),
    function("indent", "is", |call| indented(call, "")),
    function("nindent", "is", |call| indented(call, "\n")),
    function("initials", "s", |call| {
        let words = call.str(0).split_whitespace();
        Ok(words.filter_map(|word| word.chars().next()).collect::<String>().into())
    }),
    function("join", "sa", join),
    function("kebabcase", "s", |call| Ok(delimited(call.str(0), '-').into())),
    function("snakecase", "s", |call| Ok(delimited(call.str(0), '_').into())),
    function("lower", "s", |call| mapped(call, 0, |text| text.to_lowercase())),
    function("upper", "s", |call| mapped(call, 0, |text| text.to_uppercase())),
    function("title", "s", |call| remade(call, 0, titled)),
    function("untitle", "s", |call| remade(call, 0, untitled)),
    function("swapcase", "s", |call| remade(call, 0, swapped)),
    function("nospace", "s", |call| {
        Ok(call.str(0).chars().filter(|c| !c.is_whitespace()).collect::<String>().into())
    }),
    function("plural", "ssi", |call| Ok(call.arg(usize::from(call.int(2) != 1)))),
    function("quote", "a*", |call| quoted(call, '"')),
    function("squote", "a*", |call| quoted(call, '\'')),
    function("repeat", "is", repeat),
    function("replace", "sss", replace),
    function("split", "ss", |call| split(call, call.str(0), call.str(1), -1)),
    function("splitn", "sis", |call| split(call, call.str(0), call.str(2), call.int(1))),
    function("splitList", "ss", |call| {
        let parts = pieces(call, call.str(1), call.str(0), -1)?;
        let parts = parts.into_iter().map(Value::from).collect();
        call.list(parts, ItemKind::Str)
    }),
    function("substr", "iis", substr),
    function("toString", "a", |call| Ok(call.shown(&call.arg(0))?.into())),
    function("toStrings", "a", |call| {
        let texts = texts(call, &call.arg(0))?.into_iter().map(Value::from).collect();
        call.list(texts, ItemKind::Str)
    }),
    function("sortAlpha", "a", |call| {
        let mut texts = texts(call, &call.arg(0))?;
        texts.sort_by_key(Text::shared);
        call.list(texts.into_iter().map(Value::from).collect(), ItemKind::Str)
    }),
    function("trim", "s", |call| trimmed(call, 0, str::trim)),
    function("trimAll", "ss", trim_all),
    function("trimall", "ss", trim_all),
    function("trimPrefix", "ss", |call| {
        let prefix = call.text(0);
        trimmed(call, 1, |text| text.strip_prefix(&*prefix).unwrap_or(text))
    }),
    function("trimSuffix", "ss", |call| {
        let suffix = call.text(0);
        trimmed(call, 1, |text| text.strip_suffix(&*suffix).unwrap_or(text))
    }),
    function("trunc", "is", trunc),
    function("wrap", "is", |call| Ok(wrapped(call.int(0), "\n", call.str(1)).into())),
    function("wrapWith", "iss", |call| {
        let (line_break, text) = (call.str(1), call.str(2));
        let breaks = text.matches(' ').count();
        call.budget.room(breaks.saturating_mul(line_break.len()).saturating_add(text.len()))?;
        Ok(wrapped(call.int(0), line_break, text).into())
    }),
];

/// A part of an argument, which keeps its origins.
fn trimmed(call: &Call<'_>, nth: usize, trim: impl Fn(&str) -> &str) -> Outcome {
    let text = call.text(nth);
    let kept = text.part(trim(&text));
    Ok(Value { data: Data::Str(kept), origin: call.arg(nth).origin })
}

/// An argument with each of its pieces mapped, which keep their origins.
fn mapped(call: &Call<'_>, nth: usize, map: impl Fn(&str) -> String) -> Outcome {
    let mut rope = Rope::default();
    for (piece, mark) in call.text(nth).pieces() {
        let mapped = map(piece);
        let origin = mark.map(|mark| mark.origin).unwrap_or_default();
        // A literal is only still in its place if its length is the same.
        let offset = mark.filter(|_| mapped.len() == piece.len()).map_or(0, |mark| mark.offset);
        rope.push_from(&mapped, origin, offset as usize);
    }
    Ok(Value { data: Data::Str(rope.into_text()), origin: call.arg(nth).origin })
}

/// An argument mapped as a whole.
fn remade(call: &Call<'_>, nth: usize, map: impl Fn(&str) -> String) -> Outcome {
    Ok(Value { data: Data::Str(map(call.str(nth)).into()), origin: call.arg(nth).source() })
}

fn trim_all(call: &mut Call<'_>) -> Outcome {
    let set = call.text(0);
    trimmed(call, 1, |text| text.trim_matches(|c| set.contains(c)))
}

/// The character boundary at or before `at`: Go would cut the character in two.
fn border(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

fn trunc(call: &mut Call<'_>) -> Outcome {
    let count = call.int(0);
    trimmed(call, 1, |text| {
        let size = usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX);
        match count {
            count if count < 0 && size < text.len() => {
                text.get(border(text, text.len() - size)..).unwrap_or("")
            }
            count if count >= 0 && size < text.len() => {
                text.get(..border(text, size)).unwrap_or("")
            }
            _ => text,
        }
    })
}

fn substr(call: &mut Call<'_>) -> Outcome {
    let (start, end) = (call.int(0), call.int(1));
    let length = call.str(2).len() as i64;
    let (from, to) = match (start, end) {
        (start, end) if start < 0 => (0, end),
        (start, end) if end < 0 || end > length => (start, length),
        both => both,
    };
    if from > to || to > length || to < 0 {
        let bounds = format!("slice bounds out of range [{from}:{to}]");
        return Err(format!("runtime error: {bounds}").into());
    }
    trimmed(call, 2, |text| {
        let range = border(text, from as usize)..border(text, to as usize);
        text.get(range).unwrap_or("")
    })
}

fn indented(call: &mut Call<'_>, head: &str) -> Outcome {
    let Ok(spaces) = usize::try_from(call.int(0)) else {
        return Err("strings: negative Repeat count".into());
    };
    let text = call.text(1);
    let breaks = text.matches('\n').count();
    call.budget.room(spaces.saturating_mul(breaks + 1).saturating_add(text.len()))?;
    let pad = " ".repeat(spaces);
    let mut rope = Rope::default();
    rope.push_str(head);
    rope.push_str(&pad);
    let mut at = 0;
    for (nth, line) in text.split_inclusive('\n').enumerate() {
        if nth > 0 {
            rope.push_str(&pad);
        }
        rope.push_part(&text, at, at + line.len());
        at += line.len();
    }
    if text.ends_with('\n') {
        rope.push_str(&pad);
    }
    Ok(Value { data: Data::Str(rope.into_text()), origin: call.arg(1).origin })
}

fn quoted(call: &mut Call<'_>, quote: char) -> Outcome {
    let mut rope = Rope::default();
    let mut is_first = true;
    for value in call.args.iter().filter(|value| !value.is_nil()) {
        if !is_first {
            rope.push_str(" ");
        }
        is_first = false;
        let text = call.shown(value)?;
        call.budget.room(text.len() * 2)?;
        let shown = match quote {
            '"' => literal::quoted(&text),
            _ => format!("'{}'", super::super::format::plain(value, call.budget)?),
        };
        match shown.len() == text.len() + 2 {
            true => {
                rope.push(shown.get(..1).unwrap_or(""), value.origin);
                match value.origin == super::super::origin::Origin::NONE {
                    true => rope.push_text(&text),
                    false => rope.push(&text, value.origin),
                }
                rope.push(shown.get(..1).unwrap_or(""), value.origin);
            }
            false => rope.push(&shown, value.source()),
        }
    }
    Ok(rope.into_text().into())
}

fn repeat(call: &mut Call<'_>) -> Outcome {
    let Ok(count) = usize::try_from(call.int(0)) else {
        return Err("strings: negative Repeat count".into());
    };
    call.budget.room(count.saturating_mul(call.str(1).len()))?;
    Ok(call.str(1).repeat(count).into())
}

fn replace(call: &mut Call<'_>) -> Outcome {
    let (old, new, text) = (call.text(0), call.text(1), call.text(2));
    let count = text.matches(&*old).count();
    call.budget.room(count.saturating_mul(new.len()).saturating_add(text.len()))?;
    if count == 0 {
        return Ok(call.arg(2));
    }
    if old.is_empty() {
        return Ok(text.replace(&*old, &new).into());
    }
    let mut rope = Rope::default();
    let mut at = 0;
    for (found, _) in text.match_indices(&*old) {
        rope.push_part(&text, at, found);
        rope.push_text(&new);
        at = found + old.len();
    }
    rope.push_part(&text, at, text.len());
    Ok(Value { data: Data::Str(rope.into_text()), origin: call.arg(2).origin })
}

fn cat(call: &mut Call<'_>) -> Outcome {
    let mut rope = Rope::default();
    for value in call.args.iter().filter(|value| !value.is_nil()) {
        if rope.len() > 0 {
            rope.push_str(" ");
        }
        let text: Text = super::super::format::plain(value, call.budget)?.into();
        rope.push(&text, value.source());
    }
    Ok(rope.into_text().into())
}

/// sprig's `strslice`: the strings of a list, or a single one of anything else.
pub(super) fn texts(call: &Call<'_>, value: &Value) -> Result<Vec<Text>, Error> {
    match call.items(value) {
        Some(items) => {
            items.iter().filter(|item| !item.is_nil()).map(|item| call.shown(item)).collect()
        }
        None if value.is_nil() => Ok(Vec::new()),
        None => Ok(vec![call.shown(value)?]),
    }
}

fn join(call: &mut Call<'_>) -> Outcome {
    let separator = call.text(0);
    let list = call.arg(1);
    let mut rope = Rope::default();
    for (nth, text) in texts(call, &list)?.iter().enumerate() {
        call.budget.room(text.len() + separator.len())?;
        if nth > 0 {
            rope.push_text(&separator);
        }
        rope.push_text(text);
    }
    Ok(rope.into_text().into())
}

/// Go's `strings.SplitN`; below 0 for all.
fn pieces(call: &Call<'_>, text: &str, separator: &str, count: i64) -> Result<Vec<String>, Error> {
    let own = |parts: Vec<&str>| parts.into_iter().map(str::to_owned).collect();
    if count == 0 {
        return Ok(Vec::new());
    }
    let all = match separator {
        "" => text.len(),
        separator => text.matches(separator).count() + 1,
    };
    call.budget.room(all.min(usize::try_from(count).unwrap_or(usize::MAX)).saturating_mul(128))?;
    if separator.is_empty() {
        let mut chars: Vec<String> = text.chars().map(String::from).collect();
        if let Ok(count) = usize::try_from(count)
            && chars.len() > count
        {
            let rest = chars.split_off(count - 1).concat();
            chars.push(rest);
        }
        return Ok(chars);
    }
    Ok(match usize::try_from(count) {
        Ok(count) => own(text.splitn(count, separator).collect()),
        Err(_) => own(text.split(separator).collect()),
    })
}

fn split(call: &Call<'_>, separator: &str, text: &str, count: i64) -> Outcome {
    let map = Map::new(MapKind::Strings);
    for (nth, part) in pieces(call, text, separator, count)?.into_iter().enumerate() {
        call.budget.room(part.len() + 64)?;
        map.set(
            &format!("_{nth}"),
            Value::from(part).with_origin(call.arg(call.args.len() - 1).source()),
        );
    }
    Ok(map.into())
}

fn titled(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut is_start = true;
    for c in text.chars() {
        match is_start {
            true => out.extend(c.to_uppercase()),
            false => out.push(c),
        }
        is_start = !(c.is_alphanumeric() || c == '_' || c == '\'');
    }
    out
}

fn untitled(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut is_start = true;
    for c in text.chars() {
        match is_start {
            true => out.extend(c.to_lowercase()),
            false => out.push(c),
        }
        is_start = c.is_whitespace();
    }
    out
}

fn swapped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut is_start = true;
    for c in text.chars() {
        match c {
            c if c.is_uppercase() => out.extend(c.to_lowercase()),
            c if c.is_lowercase() && is_start => out.extend(c.to_uppercase()),
            c if c.is_lowercase() => out.extend(c.to_uppercase()),
            c => out.push(c),
        }
        is_start = c.is_whitespace();
    }
    out
}

/// As in huandu/xstrings: `_`, `-` and spaces between words are removed.
fn camel(text: &str) -> String {
    let is_connector = |c: char| c == '_' || c == '-' || c.is_whitespace();
    let lead: String = text.chars().take_while(|c| is_connector(*c)).collect();
    let rest = text.get(lead.len()..).unwrap_or("");
    let mut out = lead;
    let mut upper = true;
    let mut chars = rest.chars().peekable();
    while let Some(c) = chars.next() {
        if is_connector(c) {
            if chars.peek().is_none() {
                out.push(c);
            }
            upper = true;
            continue;
        }
        match upper {
            true => out.extend(c.to_uppercase()),
            false => out.extend(c.to_lowercase()),
        }
        upper = false;
    }
    out
}

/// As in huandu/xstrings: words in lower case, with `separator` between them.
fn delimited(text: &str, separator: char) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::new();
    for (nth, &c) in chars.iter().enumerate() {
        let before = nth.checked_sub(1).and_then(|n| chars.get(n)).copied();
        let after = chars.get(nth + 1).copied();
        if matches!(c, '_' | '-') || c.is_whitespace() {
            if !out.is_empty() && !out.ends_with(separator) {
                out.push(separator);
            }
            continue;
        }
        let is_word = |c: Option<char>, kind: fn(char) -> bool| c.is_some_and(kind);
        let starts = c.is_uppercase()
            && (is_word(before, |c| c.is_lowercase() || c.is_numeric())
                || (is_word(before, char::is_uppercase) && is_word(after, char::is_lowercase)));
        if starts && !out.is_empty() && !out.ends_with(separator) {
            out.push(separator);
        }
        out.extend(c.to_lowercase());
    }
    out
}

fn abbreviated(left: i64, right: i64, text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let width = usize::try_from(right).unwrap_or(0);
    let offset = usize::try_from(left).unwrap_or(0);
    if width < 4 || (offset > 0 && width < 7) || chars.len() <= width {
        return text.to_owned();
    }
    let offset = offset.min(chars.len());
    let offset = if chars.len() - offset < width - 3 { chars.len() - (width - 3) } else { offset };
    let take = |from: usize, count: usize| chars.iter().skip(from).take(count).collect::<String>();
    if offset <= 4 {
        return format!("{}...", take(0, width - 3));
    }
    if offset + width - 3 < chars.len() {
        let rest = take(offset, chars.len());
        return format!("...{}", abbreviated(0, right - 3, &rest));
    }
    format!("...{}", take(chars.len() - (width - 3), chars.len()))
}

/// Lines wrapped at spaces, as in Masterminds/goutils.
fn wrapped(width: i64, line_break: &str, text: &str) -> String {
    let width = usize::try_from(width).unwrap_or(0).max(1);
    let mut rest = text;
    let mut out = String::new();
    while rest.len() > width {
        if let Some(after) = rest.strip_prefix(' ') {
            rest = after;
            continue;
        }
        let limit = border(rest, width + 1);
        let space = rest.get(..limit).and_then(|head| head.rfind(' '));
        let space = space.or_else(|| {
            let from = border(rest, width);
            rest.get(from..).and_then(|tail| tail.find(' ')).map(|at| at + from)
        });
        let Some(at) = space else { break };
        out.push_str(rest.get(..at).unwrap_or(""));
        out.push_str(line_break);
        rest = rest.get(at + 1..).unwrap_or("");
    }
    out + rest
}
