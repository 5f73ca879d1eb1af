//! The style of a scalar: what goyaml v2 requests, and what libyaml's emitter allows.

use std::cmp::Ordering;

use crate::bundle::helm::template::format;
use crate::yaml::{self, ScalarKind};

/// How a scalar is written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    Plain,
    Single,
    Double,
    Literal,
}

/// A float as it comes back from JSON: without a point if it is whole.
pub(super) fn number(float: f64) -> String {
    let is_whole = float.fract() == 0.0 && float.abs() < 18_446_744_073_709_551_616.0;
    match is_whole {
        true => format!("{float:.0}"),
        false => format::float(float, 'g', None),
    }
}

pub(super) fn is_break(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// What libyaml considers printable: no tab, and nothing beyond the basic plane.
fn is_printable(c: char) -> bool {
    matches!(c, '\n' | ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fefe}' | '\u{ff00}'..='\u{fffd}')
}

pub(super) fn escape(c: char) -> Option<String> {
    Some(match c {
        '\0' => "\\0".to_owned(),
        '\u{7}' => "\\a".to_owned(),
        '\u{8}' => "\\b".to_owned(),
        '\t' => "\\t".to_owned(),
        '\n' => "\\n".to_owned(),
        '\u{b}' => "\\v".to_owned(),
        '\u{c}' => "\\f".to_owned(),
        '\r' => "\\r".to_owned(),
        '\u{1b}' => "\\e".to_owned(),
        '"' => "\\\"".to_owned(),
        '\\' => "\\\\".to_owned(),
        '\u{85}' => "\\N".to_owned(),
        '\u{a0}' if !is_printable(c) => "\\_".to_owned(),
        '\u{2028}' => "\\L".to_owned(),
        '\u{2029}' => "\\P".to_owned(),
        c if is_printable(c) && c != '\u{feff}' => return None,
        c if (c as u32) < 0x100 => format!("\\x{:02X}", c as u32),
        c if (c as u32) < 0x10000 => format!("\\u{:04X}", c as u32),
        c => format!("\\U{:08X}", c as u32),
    })
}

/// The style that goyaml v2 requests and libyaml's emitter allows.
pub(super) fn style(text: &str, is_key: bool) -> Style {
    let wanted = match () {
        () if text.contains('\n') => Style::Literal,
        () if is_text_when_plain(text) => Style::Plain,
        () => Style::Double,
    };
    let allowed = Allowed::new(text);
    match wanted {
        Style::Literal if is_key || !allowed.block => Style::Double,
        Style::Plain if !allowed.plain && !allowed.single => Style::Double,
        Style::Plain if !allowed.plain => Style::Single,
        style => style,
    }
}

/// Whether a plain scalar with that text is read as a string again.
fn is_text_when_plain(text: &str) -> bool {
    yaml::resolve(text) == ScalarKind::Str && !is_timestamp(text) && !is_base60(text)
}

/// `[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?`
fn is_base60(text: &str) -> bool {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let Some((whole, rest)) = unsigned.split_once(':') else { return false };
    let is_number = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_digit())
            && part.chars().all(|c| c.is_ascii_digit() || c == '_')
    };
    let (parts, fraction) = rest.split_once('.').unwrap_or((rest, ""));
    let is_sixty = |part: &str| match part.as_bytes() {
        [one] => one.is_ascii_digit(),
        [ten, one] => (b'0'..=b'5').contains(ten) && one.is_ascii_digit(),
        _ => false,
    };
    is_number(whole)
        && parts.split(':').all(is_sixty)
        && fraction.chars().all(|c| c.is_ascii_digit() || c == '_')
}

/// What is a timestamp to goyaml: a date, or a date with a time.
fn is_timestamp(text: &str) -> bool {
    let all_digits = |part: &str, range: std::ops::RangeInclusive<usize>| {
        range.contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit())
    };
    let mut parts = text.splitn(3, '-');
    let (Some(year), Some(month), Some(rest)) = (parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    if !all_digits(year, 4..=4) || !all_digits(month, 1..=2) {
        return false;
    }
    let day = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (day, rest) = rest.split_at(day);
    let fits = |part: &str, most: u32| part.parse().is_ok_and(|n: u32| (1..=most).contains(&n));
    if !all_digits(day, 1..=2) || !fits(month, 12) || !fits(day, 31) {
        return false;
    }
    if rest.is_empty() {
        return all_digits(month, 1..=2);
    }
    let Some(time) = rest.strip_prefix(['T', 't', ' ']) else { return false };
    let (clock, zone) = match time.find(['Z', '+', ' ']).or(time.find('-')) {
        Some(at) => time.split_at(at),
        None => (time, ""),
    };
    if rest.starts_with(' ') != zone.is_empty() {
        return false;
    }
    let mut clock = clock.split(':');
    let hours = clock.next().is_some_and(|part| all_digits(part, 1..=2));
    let minutes = clock.next().is_some_and(|part| all_digits(part, 2..=2));
    let seconds = clock.next().is_some_and(|part| {
        let (whole, fraction) = part.split_once('.').unwrap_or((part, "0"));
        all_digits(whole, 2..=2) && all_digits(fraction, 1..=9)
    });
    hours && minutes && seconds && clock.next().is_none()
}

/// What libyaml's emitter allows for a text.
struct Allowed {
    plain: bool,
    single: bool,
    block: bool,
}

impl Allowed {
    fn new(text: &str) -> Self {
        if text.is_empty() {
            return Self { plain: true, single: true, block: false };
        }
        let chars: Vec<char> = text.chars().collect();
        let at = |nth: usize| chars.get(nth).copied();
        let is_blank_at = |nth: usize| at(nth).is_none_or(|c| c == ' ' || c == '\t');
        let mut indicators = text.starts_with("---") || text.starts_with("...");
        let (mut breaks, mut special, mut break_space, mut space_break) =
            (false, false, false, false);
        let (mut after_space, mut after_break, mut after_white) = (false, false, true);
        for (nth, &c) in chars.iter().enumerate() {
            let before_white = is_blank_at(nth + 1);
            indicators |= match c {
                '#' | ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"'
                | '%' | '@' | '`'
                    if nth == 0 =>
                {
                    true
                }
                '?' | '-' if nth == 0 => before_white,
                ':' => before_white,
                '#' => after_white,
                _ => false,
            };
            special |= !is_printable(c);
            breaks |= is_break(c);
            break_space |= c == ' ' && after_break;
            space_break |= is_break(c) && after_space;
            (after_space, after_break) = (c == ' ', is_break(c));
            after_white = c == ' ' || c == '\t' || is_break(c);
        }
        let is_edge = |c: Option<char>| c.is_some_and(|c| c == ' ' || is_break(c));
        let edges = is_edge(at(0)) || is_edge(chars.last().copied());
        let has_end_space = chars.last() == Some(&' ');
        Self {
            plain: !(edges || break_space || space_break || special || breaks || indicators),
            single: !(break_space || space_break || special),
            block: !(has_end_space || space_break || special),
        }
    }
}

/// Keys in goyaml's order: numbers in them count as numbers, letters come last.
pub(super) fn natural(a: &str, b: &str) -> Ordering {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let digits = |all: &[char], from: usize| {
        let mut end = from;
        let mut value: i64 = 0;
        while let Some(digit) = all.get(end).and_then(|c| c.to_digit(10)) {
            value = value.wrapping_mul(10).wrapping_add(i64::from(digit));
            end += 1;
        }
        (value, end)
    };
    for nth in 0..a.len().min(b.len()) {
        let (Some(&x), Some(&y)) = (a.get(nth), b.get(nth)) else { break };
        if x == y {
            continue;
        }
        match (x.is_alphabetic(), y.is_alphabetic()) {
            (true, true) => return x.cmp(&y),
            (true, false) => return Ordering::Greater,
            (false, true) => return Ordering::Less,
            (false, false) => {}
        }
        let ((mut m, m_end), (mut n, n_end)) = (digits(&a, nth), digits(&b, nth));
        if x == '0' || y == '0' {
            let before = a.get(..nth).unwrap_or_default().iter().rev();
            let mut before = before.take_while(|c| c.is_numeric());
            if before.any(|c| *c != '0') {
                // Both continue a number that began before.
                (m, n) = (m.saturating_add(1), n.saturating_add(1));
            }
        }
        return m.cmp(&n).then(m_end.cmp(&n_end)).then(x.cmp(&y));
    }
    a.len().cmp(&b.len())
}
