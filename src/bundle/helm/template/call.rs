//! A function of templates, and a call of one.

use super::format;
use super::origin::{Origin, Origins};
use super::text::{Rope, Text};
use super::value::{Budget, Data, Exhausted, ItemKind, List, Map, Value};

/// A function.
pub(crate) struct Function {
    pub(crate) name: &'static str,
    /// The types of its parameters, a letter for each: `s` string, `i` int, `u` uint32, `f`
    /// float64, `b` bool, `m` map, `l` slice, `t` time, `c` certificate, `a` any. With `*` after
    /// it, the last one may be repeated.
    pub(crate) parameters: &'static str,
    pub(crate) run: fn(&mut Call<'_>) -> Outcome,
    /// Set if the evaluator must do it itself.
    pub(crate) special: Option<Special>,
}

/// A function that evaluates, or calls a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Special {
    And,
    Or,
    Include,
    Tpl,
}

/// The number of a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FunctionId(pub(super) u16);

/// The result of a function.
pub(crate) type Outcome = Result<Value, Error>;

/// Why a function fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Error {
    /// A message in Go's words.
    Message(String),
    /// The message of `required` and `fail`.
    Asked(String),
    Limit(Exhausted),
}

impl From<String> for Error {
    fn from(message: String) -> Self {
        Self::Message(message)
    }
}

impl From<&str> for Error {
    fn from(message: &str) -> Self {
        Self::Message(message.to_owned())
    }
}

impl From<Exhausted> for Error {
    fn from(limit: Exhausted) -> Self {
        Self::Limit(limit)
    }
}

/// One call of a function. Its arguments have the types that it requires.
pub(crate) struct Call<'c> {
    pub(crate) args: Vec<Value>,
    pub(crate) origins: &'c mut Origins,
    pub(crate) budget: &'c Budget,
    /// Missing `required` values and `fail` are replaced.
    pub(crate) makes_up: bool,
}

impl Call<'_> {
    /// An argument; nil if it is not given.
    pub(crate) fn arg(&self, nth: usize) -> Value {
        self.args.get(nth).cloned().unwrap_or(Value::nil())
    }

    pub(crate) fn text(&self, nth: usize) -> Text {
        match self.args.get(nth).map(|value| &value.data) {
            Some(Data::Str(text)) => text.clone(),
            _ => "".into(),
        }
    }

    /// A text with all its origins: that of the value, for pieces without a better one.
    pub(crate) fn traced(&self, nth: usize) -> Text {
        let text = self.text(nth);
        let origin = self.arg(nth).origin;
        if text.origin() != Origin::NONE || origin == Origin::NONE {
            return text;
        }
        let mut rope = Rope::default();
        rope.push(&text, origin);
        rope.into_text()
    }

    pub(crate) fn str(&self, nth: usize) -> &str {
        match self.args.get(nth).map(|value| &value.data) {
            Some(Data::Str(text)) => text,
            _ => "",
        }
    }

    pub(crate) fn int(&self, nth: usize) -> i64 {
        match self.args.get(nth).map(|value| &value.data) {
            Some(Data::Int(int, _)) => *int,
            _ => 0,
        }
    }

    pub(crate) fn map(&self, nth: usize) -> Result<Map, Error> {
        let map = self.args.get(nth).and_then(Value::as_map).cloned();
        map.ok_or_else(|| "assignment to entry in nil map".into())
    }

    /// A slice as a value.
    pub(crate) fn list(&self, items: Vec<Value>, of: ItemKind) -> Outcome {
        self.budget.room(items.len() * 32)?;
        let list = List::new(items, of).ok_or(Exhausted::Depth)?;
        Ok(Data::List(list).into())
    }

    /// A value as text: sprig's `strval`.
    pub(crate) fn shown(&self, value: &Value) -> Result<Text, Error> {
        match &value.data {
            Data::Str(text) => Ok(text.clone()),
            Data::Bytes(bytes) => Ok(String::from_utf8_lossy(bytes).into_owned().into()),
            _ => Ok(format::plain(value, self.budget)?.into()),
        }
    }

    /// The items of anything that is a list to sprig; `None` otherwise.
    pub(crate) fn items(&self, value: &Value) -> Option<Vec<Value>> {
        match &value.data {
            Data::List(list) => Some(list.items.clone()),
            Data::Bytes(bytes) => {
                let byte = |b: &u8| Data::Int((*b).into(), super::value::IntKind::Uint8).into();
                Some(bytes.iter().map(byte).collect())
            }
            Data::Object(super::value::Object::Versions(all)) => {
                Some(all.iter().map(|version| Value::from(version.as_str())).collect())
            }
            _ => None,
        }
    }
}
