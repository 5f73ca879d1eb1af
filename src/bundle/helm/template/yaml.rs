//! YAML as `sigs.k8s.io/yaml` reads and writes it, byte for byte.

use std::cmp::Ordering;

use compact_str::CompactString;

use super::format;
use super::json;
use super::origin::Origin;
use super::text::{Rope, Text};
use super::value::{Budget, Data, Exhausted, ItemKind, List, Map, MapKind, Slot, Value};
use crate::text::{SourceId, Span};
use crate::yaml::{self, Entry, Limits, Node, ProblemKind, ScalarKind};

/// A value as YAML without a line break at its end.
pub(crate) fn to_yaml(value: &Value, budget: &Budget) -> Result<Text, Exhausted> {
    let mut writer = Writer { out: Rope::default(), budget };
    writer.node(value, -1, Context::Root, 0)?;
    Ok(writer.out.into_text())
}

/// What a text says as YAML; else what is wrong with it.
pub(crate) fn read(text: &Text, budget: &Budget) -> Result<Result<Value, String>, Exhausted> {
    budget.room(text.len() * 4)?;
    budget.step(text.len() as u64 / 8)?;
    let limits = Limits { file_bytes: 16 << 20, nodes: 200_000, ..Limits::default() };
    let stream = yaml::read(SourceId(u32::MAX), text, 0..text.len(), None, &limits);
    if let Some(problem) = stream.problems.first() {
        let why = match &problem.kind {
            ProblemKind::Syntax(why) | ProblemKind::Limit(why) => why.clone(),
            ProblemKind::Template => "could not find expected ':'".to_owned(),
            ProblemKind::NotUtf8 => "invalid UTF-8".to_owned(),
        };
        let before = text.get(..problem.span.start as usize).unwrap_or("");
        let line = before.matches('\n').count() + 1;
        return Ok(Err(format!("error converting YAML to JSON: yaml: line {line}: {why}")));
    }
    let origin = text.origin();
    let root = stream.documents.into_iter().next().map(|document| document.root);
    Ok(Ok(root.map_or(Value::nil(), |root| value_of(&root, &mut |_| origin))))
}

/// A tree as a value: what JSON makes of it, so that all numbers are floats.
pub(crate) fn value_of(node: &Node, origin: &mut dyn FnMut(Span) -> Origin) -> Value {
    let data = match &node.value {
        yaml::Value::Map(entries) => {
            let map = Map::new(MapKind::Any);
            for entry in &entries.entries {
                let value = value_of(&entry.value, origin);
                map.insert(key_of(entry), Slot { key: origin(entry.key_span), value });
            }
            Data::Map(map)
        }
        yaml::Value::Seq(items) => {
            let items = items.iter().map(|item| value_of(item, origin)).collect();
            List::new(items, ItemKind::Any).map_or(Data::Nil, Data::List)
        }
        yaml::Value::Scalar(scalar) => match scalar.kind {
            ScalarKind::Null => Data::Nil,
            ScalarKind::Bool(value) => Data::Bool(value),
            ScalarKind::Int(int) => Data::Float(int as f64),
            ScalarKind::Float(float) => Data::Float(float),
            ScalarKind::Str | ScalarKind::NotJson => Data::Str(scalar.text.as_str().into()),
        },
    };
    Value { data, origin: origin(node.span) }
}

/// A key as JSON has it: of a plain `on` the truth is left.
fn key_of(entry: &Entry) -> CompactString {
    let length = entry.key_span.end.saturating_sub(entry.key_span.start) as usize;
    if length != entry.key.len() {
        // Quoted.
        return entry.key.clone();
    }
    match yaml::resolve(&entry.key) {
        ScalarKind::Bool(true) => "true".into(),
        ScalarKind::Bool(false) => "false".into(),
        ScalarKind::Int(int) => format::integer(int).into(),
        ScalarKind::Float(float) => format::float(float, 'g', None).into(),
        ScalarKind::Str | ScalarKind::Null | ScalarKind::NotJson => entry.key.clone(),
    }
}

/// What a node stands in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Context {
    Root,
    Item,
    Value,
}

/// How a scalar is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    Plain,
    Single,
    Double,
    Literal,
}

/// Beyond this column a line is folded at the next space.
const WIDTH: usize = 80;

struct Writer<'b> {
    out: Rope,
    budget: &'b Budget,
}

impl Writer<'_> {
    fn column(&self) -> usize {
        let text = self.out.as_str();
        let line = text.rfind('\n').map_or(text, |at| text.get(at + 1..).unwrap_or(""));
        line.chars().count()
    }

    fn break_line(&mut self, indent: i64) {
        self.out.push_str("\n");
        self.out.push_str(&" ".repeat(usize::try_from(indent).unwrap_or(0)));
    }

    fn node(
        &mut self,
        value: &Value,
        indent: i64,
        context: Context,
        depth: usize,
    ) -> Result<(), Exhausted> {
        self.budget.walk(depth)?;
        match &value.data {
            Data::Map(map) if map.is_empty() => self.word("{}", value.origin, context),
            Data::Map(map) => {
                let inner = if indent < 0 { 0 } else { indent + 2 };
                let mut entries = map.entries();
                entries.sort_by(|(a, _), (b, _)| natural(a, b));
                for (nth, (key, slot)) in entries.iter().enumerate() {
                    let is_inline = nth == 0 && context != Context::Value;
                    if !is_inline {
                        self.break_line(inner);
                    }
                    self.key(key, slot.key, inner)?;
                    self.out.push(":", slot.key);
                    self.node(&slot.value, inner, Context::Value, depth + 1)?;
                }
            }
            Data::List(list) if list.items.is_empty() => self.word("[]", value.origin, context),
            Data::List(list) => {
                let inner = match context {
                    Context::Root => 0,
                    Context::Value => indent,
                    Context::Item => indent + 2,
                };
                for (nth, item) in list.items.iter().enumerate() {
                    let is_inline = nth == 0 && context != Context::Value;
                    if !is_inline {
                        self.break_line(inner);
                    }
                    self.out.push("- ", item.source());
                    self.node(item, inner, Context::Item, depth + 1)?;
                }
            }
            Data::Nothing | Data::Nil => self.word("null", value.origin, context),
            Data::Bool(_) | Data::Int(..) => {
                let text = format::plain(value, self.budget)?;
                self.word(&text, value.origin, context);
            }
            Data::Float(float) => self.word(&number(*float), value.origin, context),
            Data::Str(text) => {
                if context == Context::Value {
                    self.out.push_str(" ");
                }
                self.scalar(text, value.source(), indent, false)?;
            }
            Data::Bytes(_) => {
                let text = json::encoded_bytes(value);
                self.word(&text, value.origin, context);
            }
            Data::Object(object) => {
                let inner = object.as_json().from_there(value.origin);
                self.node(&inner, indent, context, depth + 1)?;
            }
        }
        Ok(())
    }

    fn word(&mut self, word: &str, origin: Origin, context: Context) {
        if context == Context::Value {
            self.out.push_str(" ");
        }
        self.out.push(word, origin);
    }

    fn key(&mut self, key: &str, origin: Origin, indent: i64) -> Result<(), Exhausted> {
        if key.len() > 128 {
            self.out.push("? ", origin);
            self.scalar(key, origin, indent, false)?;
            self.break_line(indent);
            return Ok(());
        }
        self.scalar(key, origin, indent, true)
    }

    fn scalar(
        &mut self,
        text: &str,
        origin: Origin,
        parent: i64,
        is_key: bool,
    ) -> Result<(), Exhausted> {
        self.budget.room(text.len() * 2)?;
        let indent = if parent < 0 { 2 } else { parent + 2 };
        match style(text, is_key) {
            Style::Literal => self.literal(text, origin, indent),
            Style::Double => self.double(text, origin, indent, !is_key),
            Style::Plain if is_key || text.len() <= WIDTH / 2 => self.out.push(text, origin),
            style => self.folded(text, origin, indent, style, !is_key),
        }
        Ok(())
    }

    /// A plain text, or one in single quotes.
    fn folded(&mut self, text: &str, origin: Origin, indent: i64, style: Style, folds: bool) {
        let quote = if style == Style::Single { "'" } else { "" };
        self.out.push(quote, origin);
        let mut column = self.column();
        let mut line = String::new();
        let chars: Vec<char> = text.chars().collect();
        let (mut in_spaces, mut in_breaks) = (false, false);
        let is_quoted = style == Style::Single;
        for (nth, &c) in chars.iter().enumerate() {
            let is_next_space = chars.get(nth + 1) == Some(&' ');
            if c == ' ' {
                let is_inside = !is_quoted || (nth > 0 && nth + 1 < chars.len());
                if folds && !in_spaces && column > WIDTH && is_inside && !is_next_space {
                    self.out.push(&line, origin);
                    line.clear();
                    self.break_line(indent);
                    column = indent as usize;
                } else {
                    line.push(' ');
                    column += 1;
                }
                in_spaces = true;
            } else if is_break(c) {
                if !in_breaks && c == '\n' {
                    line.push('\n');
                }
                line.push(c);
                column = 0;
                in_breaks = true;
            } else {
                if in_breaks {
                    line.push_str(&" ".repeat(indent as usize));
                    column = indent as usize;
                }
                if is_quoted && c == '\'' {
                    line.push('\'');
                    column += 1;
                }
                line.push(c);
                column += 1;
                (in_spaces, in_breaks) = (false, false);
            }
        }
        self.out.push(&line, origin);
        self.out.push(quote, origin);
    }

    fn double(&mut self, text: &str, origin: Origin, indent: i64, folds: bool) {
        self.out.push("\"", origin);
        let mut column = self.column();
        let mut line = String::new();
        let chars: Vec<char> = text.chars().collect();
        let mut in_spaces = false;
        for (nth, &c) in chars.iter().enumerate() {
            if let Some(escape) = escape(c) {
                column += escape.chars().count();
                line.push_str(&escape);
                in_spaces = false;
            } else if c == ' ' {
                let is_inside = nth > 0 && nth + 1 < chars.len();
                if folds && !in_spaces && column > WIDTH && is_inside {
                    self.out.push(&line, origin);
                    line.clear();
                    self.break_line(indent);
                    column = indent as usize;
                    if chars.get(nth + 1) == Some(&' ') {
                        line.push('\\');
                        column += 1;
                    }
                } else {
                    line.push(' ');
                    column += 1;
                }
                in_spaces = true;
            } else {
                line.push(c);
                column += 1;
                in_spaces = false;
            }
        }
        self.out.push(&line, origin);
        self.out.push("\"", origin);
    }

    fn literal(&mut self, text: &str, origin: Origin, indent: i64) {
        self.out.push("|", origin);
        if text.starts_with([' ', '\n']) {
            self.out.push("2", origin);
        }
        let chomp = match text.strip_suffix('\n') {
            None => "-",
            Some(rest) if rest.is_empty() || rest.ends_with('\n') => "+",
            Some(_) => "",
        };
        self.out.push(chomp, origin);
        let pad = " ".repeat(usize::try_from(indent).unwrap_or(0));
        // A line break at the end is that of what comes next.
        for line in text.strip_suffix('\n').unwrap_or(text).split('\n') {
            self.out.push_str("\n");
            if !line.is_empty() {
                self.out.push_str(&pad);
                self.out.push(line, origin);
            }
        }
    }
}

/// A float as it comes back from JSON: without a point if it is whole.
fn number(float: f64) -> String {
    let is_whole = float.fract() == 0.0 && float.abs() < 18_446_744_073_709_551_616.0;
    match is_whole {
        true => format!("{float:.0}"),
        false => format::float(float, 'g', None),
    }
}

fn is_break(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// What libyaml calls printable: no tab, and nothing beyond the basic plane.
fn is_printable(c: char) -> bool {
    matches!(c, '\n' | ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fefe}' | '\u{ff00}'..='\u{fffd}')
}

fn escape(c: char) -> Option<String> {
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

/// The style that goyaml v2 asks for, and libyaml's emitter allows.
fn style(text: &str, is_key: bool) -> Style {
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

/// Whether a plain scalar of that text is read as a text again.
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

/// What goyaml takes for a time: a date, or one with a time behind it.
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
fn natural(a: &str, b: &str) -> Ordering {
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
                // Both go on a number that began before.
                (m, n) = (m.saturating_add(1), n.saturating_add(1));
            }
        }
        return m.cmp(&n).then(m_end.cmp(&n_end)).then(x.cmp(&y));
    }
    a.len().cmp(&b.len())
}
