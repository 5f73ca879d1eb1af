//! YAML as `sigs.k8s.io/yaml` reads and writes it, byte for byte.

mod style;

use compact_str::CompactString;

use super::format;
use super::json;
use super::origin::{Origin, Origins};
use super::text::{Rope, Text};
use super::value::{Budget, Data, Exhausted, ItemKind, List, Map, MapKind, Slot, Value};
use crate::text::{SourceId, Span};
use crate::yaml::{self, Entry, Limits, Node, ProblemKind, ScalarKind};

use style::{Style, escape, is_break, natural, number, style};

/// A value as YAML without a final line break.
pub(crate) fn to_yaml(value: &Value, budget: &Budget) -> Result<Text, Exhausted> {
    let mut writer = Writer { out: Rope::default(), budget };
    writer.node(value, -1, Context::Root, 0)?;
    Ok(writer.out.into_text())
}

/// The value of a YAML text, or its error.
pub(crate) fn read(
    text: &Text,
    origins: &Origins,
    budget: &Budget,
) -> Result<Result<Value, String>, Exhausted> {
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
    let root = stream.documents.into_iter().next().map(|document| document.root);
    // Aliases make much of little.
    let mut count = 0;
    let mut origin = |span: Span| {
        count += 1;
        text.origin_of(span.start as usize, span.end as usize, origins)
    };
    let value = root.map_or(Value::nil(), |root| value_of(&root, &mut origin));
    budget.room(count * 128)?;
    Ok(Ok(value))
}

/// A tree as a value, converted through JSON, so that all numbers are floats.
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

/// A key in JSON: a plain `on` becomes `true`.
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

/// The context of a node.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Context {
    Root,
    Item,
    Value,
}

/// A line is folded at the next space after this column.
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
            Data::Bytes(bytes) => {
                self.budget.room(bytes.len().saturating_mul(2))?;
                let text = json::encoded_bytes(value);
                self.word(&text, value.origin, context);
            }
            Data::Object(object) => {
                self.budget.room(object.json_size())?;
                let inner = object.as_json().with_origin(value.origin);
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
        if key.len() > 128 || key.contains('\n') {
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

    /// A plain string, or one in single quotes.
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
        // A final line break belongs to what comes next.
        for line in text.strip_suffix('\n').unwrap_or(text).split('\n') {
            self.out.push_str("\n");
            if !line.is_empty() {
                self.out.push_str(&pad);
                self.out.push(line, origin);
            }
        }
    }
}
