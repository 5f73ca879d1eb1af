//! sprig's regular expressions: RE2's, as Go has them.

use super::super::re2::Pattern;
use super::super::value::{ItemKind, Value};
use super::{Call, Error, Function, Outcome, function};

pub(super) const FUNCTIONS: &[Function] = &[
    function("regexMatch", "ss", |call| {
        Ok(match compiled(call) {
            Ok(pattern) => pattern.regex.is_match(call.str(1)).into(),
            Err(Error::Message(_)) => false.into(),
            Err(limit) => return Err(limit),
        })
    }),
    function("mustRegexMatch", "ss", |call| Ok(compiled(call)?.regex.is_match(call.str(1)).into())),
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

/// The expression, with the steps taken to search the text once.
fn compiled(call: &Call<'_>) -> Result<Pattern, Error> {
    let pattern = Pattern::new(call.str(0), call.budget)??;
    pattern.searches(call.str(1).len(), call.budget)?;
    Ok(pattern)
}

fn find(call: &mut Call<'_>) -> Outcome {
    let pattern = compiled(call)?;
    Ok(pattern.regex.find(call.str(1)).map_or("", |found| found.as_str()).into())
}

fn count(call: &Call<'_>) -> usize {
    usize::try_from(call.int(2)).unwrap_or(usize::MAX)
}

fn find_all(call: &mut Call<'_>) -> Outcome {
    let pattern = compiled(call)?;
    let text = call.str(1);
    let mut all = Vec::new();
    for found in pattern.regex.find_iter(text).take(count(call)) {
        pattern.goes_on(text.len() - found.start(), call.budget)?;
        call.budget.room(128 + found.len())?;
        all.push(found.as_str().into());
    }
    call.list(all, ItemKind::Str)
}

fn replace(call: &mut Call<'_>, is_literal: bool) -> Outcome {
    let pattern = compiled(call)?;
    let (text, replacement) = (call.text(1), call.text(2));
    // Each `$` may stand for all that was found.
    let groups = if is_literal { 0 } else { replacement.matches('$').count() };
    let mut out = String::new();
    let mut at = 0;
    for captures in pattern.regex.captures_iter(&text) {
        let Some(whole) = captures.get(0) else { continue };
        pattern.goes_on(text.len() - whole.start(), call.budget)?;
        let expanded = groups.saturating_mul(whole.len()).saturating_add(replacement.len());
        call.budget.room(expanded)?;
        out.push_str(text.get(at..whole.start()).unwrap_or(""));
        if is_literal {
            out.push_str(&replacement);
        } else {
            captures.expand(&replacement, &mut out);
        }
        at = whole.end();
    }
    out.push_str(text.get(at..).unwrap_or(""));
    Ok(Value::from(out).with_origin(call.arg(1).source()))
}

/// Go's `Regexp.Split`.
fn split(call: &mut Call<'_>) -> Outcome {
    let pattern = compiled(call)?;
    let (text, most) = (call.str(1), call.int(2));
    if most == 0 {
        return call.list(Vec::new(), ItemKind::Str);
    }
    if !call.str(0).is_empty() && text.is_empty() {
        return call.list(vec!["".into()], ItemKind::Str);
    }
    let mut parts: Vec<Value> = Vec::new();
    let (mut begin, mut end) = (0, 0);
    for found in pattern.regex.find_iter(text) {
        if most > 0 && parts.len() as i64 == most - 1 {
            break;
        }
        pattern.goes_on(text.len() - found.start(), call.budget)?;
        end = found.start();
        if found.end() != 0 {
            let part = text.get(begin..end).unwrap_or("");
            call.budget.room(128 + part.len())?;
            parts.push(part.into());
        }
        begin = found.end();
    }
    if end != text.len() {
        parts.push(text.get(begin..).unwrap_or("").into());
    }
    call.list(parts, ItemKind::Str)
}
