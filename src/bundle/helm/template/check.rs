//! Whether arguments match a function, with Go's messages if they do not.

use super::ast::{Operand, OperandKind};
use super::call::{Call, Error, Function};
use super::value::Object;
use super::value::{Data, IntKind, ItemKind, Map, MapKind, Value};

/// The least number of arguments of a function, and whether it accepts more.
fn arity(function: &Function) -> (usize, bool) {
    match function.parameters.strip_suffix('*') {
        Some(fixed) => (fixed.len().saturating_sub(1), true),
        None => (function.parameters.len(), false),
    }
}

/// Whether the number of arguments is right. `written` does not count what a pipeline adds.
pub(crate) fn count(function: &Function, given: usize, written: usize) -> Result<(), String> {
    let (fixed, is_variadic) = arity(function);
    let name = function.name;
    if is_variadic && given < fixed {
        return Err(format!(
            "wrong number of args for {name}: want at least {fixed} got {written}"
        ));
    }
    if !is_variadic && given != fixed {
        return Err(format!("wrong number of args for {name}: want {fixed} got {given}"));
    }
    Ok(())
}

/// The type of a parameter, by its letter in [`Function::parameters`].
pub(crate) fn parameter(function: &Function, nth: usize) -> u8 {
    let letters = function.parameters.trim_end_matches('*').as_bytes();
    letters.get(nth).or(letters.last()).copied().unwrap_or(b'a')
}

fn type_of(wanted: u8) -> &'static str {
    match wanted {
        b's' => "string",
        b'i' => "int",
        b'u' => "uint32",
        b'f' => "float64",
        b'b' => "bool",
        b'm' => "map[string]interface {}",
        b'l' => "[]interface {}",
        b't' => "time.Time",
        b'c' => "sprig.certificate",
        _ => "interface {}",
    }
}

/// A constant as the type that a function requires; `None` if its own type is accepted.
pub(crate) fn constant(wanted: u8, operand: &Operand, text: &str) -> Option<Result<Value, String>> {
    if wanted == b'a' {
        return None;
    }
    let expected = |what: &str| Some(Err(format!("expected {what}; found {text}")));
    match (&operand.kind, wanted) {
        (OperandKind::Nil, b'm' | b'l') => Some(Ok(Value::nothing())),
        (OperandKind::Nil, _) => Some(Err(format!("cannot assign nil to {}", type_of(wanted)))),
        (OperandKind::Str(_), b's') | (OperandKind::Bool(_), b'b') => None,
        (OperandKind::Number(number), b'i' | b'u') if number.int.is_some() => {
            number.int.map(|int| Ok(Value::int(int)))
        }
        (OperandKind::Number(number), b'f') if number.float.is_some() => {
            number.float.map(|float| Ok(Value::float(float)))
        }
        (OperandKind::Str(_) | OperandKind::Bool(_) | OperandKind::Number(_), _) => match wanted {
            b's' => expected("string"),
            b'b' => expected("bool"),
            b'i' => expected("integer"),
            b'u' => expected("unsigned integer"),
            b'f' => expected("float"),
            _ => Some(Err(format!("can't handle {text} for arg of type {}", type_of(wanted)))),
        },
        _ => None,
    }
}

/// A value as the type that a function requires.
pub(crate) fn value(wanted: u8, value: Value) -> Result<Value, String> {
    let fits = match (&value.data, wanted) {
        (Data::Nothing, b'm') => {
            return Ok(Value { data: Map::new(MapKind::Any).into_data(), origin: value.origin });
        }
        (Data::Nothing, b'l') => {
            let list = super::value::List::new(Vec::new(), ItemKind::Any);
            let data = list.map_or(Data::Nil, Data::List);
            return Ok(Value { data, origin: value.origin });
        }
        (Data::Nothing, b'a') => return Ok(Value { data: Data::Nil, ..value }),
        (_, b'a') => true,
        (Data::Nothing, _) => return Err(format!("invalid value; expected {}", type_of(wanted))),
        (Data::Str(_), b's') | (Data::Bool(_), b'b') | (Data::Float(_), b'f') => true,
        (Data::Int(_, IntKind::Int), b'i' | b'u') => true,
        (Data::Map(map), b'm') => map.kind() != MapKind::Strings,
        (Data::List(list), b'l') => list.of == ItemKind::Any,
        (Data::Object(Object::Time(_)), b't') => true,
        (Data::Object(Object::Struct(it)), b'c') => it.type_name == "sprig.certificate",
        _ => false,
    };
    if fits {
        return Ok(value);
    }
    let (expected, got) = (type_of(wanted), value.type_name());
    Err(format!("wrong type for value; expected {expected}; got {got}"))
}

impl Call<'_> {
    /// Checks the arguments of a method, as those of a function already are.
    pub(crate) fn want(&mut self, parameters: &'static str) -> Result<(), Error> {
        if self.args.len() != parameters.len() {
            let (want, got) = (parameters.len(), self.args.len());
            return Err(format!("wrong number of args: want {want} got {got}").into());
        }
        for (argument, wanted) in self.args.iter_mut().zip(parameters.bytes()) {
            let value = std::mem::replace(argument, Value::nil());
            *argument = self::value(wanted, value)?;
        }
        Ok(())
    }
}
