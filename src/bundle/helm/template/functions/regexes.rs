//! sprig's regular expressions: RE2, as Rust's are.

use regex::{Regex, RegexBuilder};

use super::super::value::{ItemKind, Value};
use super::{Call, Error, Function, Outcome, function};

pub(super) const FUNCTIONS: &[Function] = &[
    function("regexMatch", "ss", |call| {
        Ok(compiled(call).is_ok_and(|regex| regex.is_match(call.str(1))).into())
    }),
    function("mustRegexMatch", "ss", |call| Ok(compiled(call)?.is_match(call.str(1)).into())),
    function("regexFind", "ss", find),
    function("mustRegexFind", "ss", find),
    function("regexFindAll", "ssi", find_all),
    function("mustRegexFindAll", "ssi", find_all),
    function("regexReplaceAll", "sss", |call| replace(call, false)),
    function("mustRegexReplaceAll", "sss", |call| replace(call, false)),
    function("regexReplaceAllLiteral", "sss", |call| replace(call, true)),
    function("mustRegexReplaceAllLiteral", "sss", |call| replace(call, true)),
    function("regexSplit", "ssi", split),
    function("mustRegexSplit", "ssi", split),
    function("regexQuoteMeta", "s", |call| {
        let mut out = String::new();
        for c in call.str(0).chars() {
            if r"\.+*?()|[]{}^$".contains(c) {
                out.push('\\');
            }
            out.push(c);
        }
        Ok(out.into())
    }),
];

/// No expression takes more room when it is compiled.
const SIZE: usize = 1 << 20;

fn compiled(call: &Call<'_>) -> Result<Regex, Error> {
    let pattern = call.str(0);
    call.budget.step(1 + pattern.len() as u64 * 4 + call.str(1).len() as u64 / 16)?;
    let built = RegexBuilder::new(pattern).size_limit(SIZE).build();
    built.map_err(|error| {
        let why = error.to_string();
        let why = why.lines().last().unwrap_or("").trim().to_owned();
        Error::Message(format!("regexp: Compile({pattern:?}): error parsing regexp: {why}"))
    })
}

fn find(call: &mut Call<'_>) -> Outcome {
    let regex = compiled(call)?;
    Ok(regex.find(call.str(1)).map_or("", |found| found.as_str()).into())
}

fn count(call: &Call<'_>) -> usize {
    usize::try_from(call.int(2)).unwrap_or(usize::MAX)
}

fn find_all(call: &mut Call<'_>) -> Outcome {
    let regex = compiled(call)?;
    let found = regex.find_iter(call.str(1)).take(count(call));
    call.list(found.map(|found| found.as_str().into()).collect(), ItemKind::Str)
}

fn replace(call: &mut Call<'_>, is_literal: bool) -> Outcome {
    let regex = compiled(call)?;
    let (text, replacement) = (call.text(1), call.text(2));
    let mut out = String::new();
    let mut at = 0;
    for captures in regex.captures_iter(&text) {
        let Some(whole) = captures.get(0) else { continue };
        out.push_str(text.get(at..whole.start()).unwrap_or(""));
        let before = out.len();
        if is_literal {
            out.push_str(&replacement);
        } else {
            captures.expand(&replacement, &mut out);
        }
        call.budget.room(out.len() - before)?;
        at = whole.end();
    }
    out.push_str(text.get(at..).unwrap_or(""));
    call.budget.room(text.len())?;
    Ok(Value::from(out).with_origin(call.arg(1).source()))
}

/// Go's `Regexp.Split`.
fn split(call: &mut Call<'_>) -> Outcome {
    let regex = compiled(call)?;
    let (text, most) = (call.str(1), call.int(2));
    if most == 0 {
        return call.list(Vec::new(), ItemKind::Str);
    }
    if !call.str(0).is_empty() && text.is_empty() {
        return call.list(vec!["".into()], ItemKind::Str);
    }
    let mut parts: Vec<Value> = Vec::new();
    let (mut begin, mut end) = (0, 0);
    for found in regex.find_iter(text) {
        if most > 0 && parts.len() as i64 == most - 1 {
            break;
        }
        end = found.start();
        if found.end() != 0 {
            parts.push(text.get(begin..end).unwrap_or("").into());
        }
        begin = found.end();
    }
    if end != text.len() {
        parts.push(text.get(begin..).unwrap_or("").into());
    }
    call.list(parts, ItemKind::Str)
}
