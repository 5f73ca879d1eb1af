//! Pipelines, operands and calls.

use std::rc::Rc;

use super::{Frame, RECURSION, Renderer, Result, assign};
use crate::bundle::helm::template::ast::{Command, Operand, OperandKind, Pipe, Range};
use crate::bundle::helm::template::call::{Call, Function, FunctionId, Special};
use crate::bundle::helm::template::functions;
use crate::bundle::helm::template::origin::{Origin, Trace};
use crate::bundle::helm::template::set::Place;
use crate::bundle::helm::template::text::Rope;
use crate::bundle::helm::template::value::{Data, Value};
use crate::bundle::helm::template::{check, literal, set};

use super::NO_VALUE;

impl Renderer<'_> {
    pub(super) fn pipe(&mut self, frame: &mut Frame, dot: &Value, pipe: &Pipe) -> Result<Value> {
        self.down(frame, pipe.range)?;
        let mut value = None;
        for command in &pipe.commands {
            let mut made = self.command(frame, dot, command, value)?;
            if matches!(made.data, Data::Nil) {
                made.data = Data::Nothing;
            }
            value = Some(made);
        }
        self.depth -= 1;
        let value = value.unwrap_or(Value::nothing());
        for name in &pipe.variables {
            if pipe.is_assignment {
                self.look(frame, pipe.range, frame.variables.len())?;
                assign(frame, name, value.clone());
            } else {
                frame.variables.push((Rc::clone(name), value.clone()));
            }
        }
        Ok(value)
    }

    fn command(
        &mut self,
        frame: &mut Frame,
        dot: &Value,
        command: &Command,
        last: Option<Value>,
    ) -> Result<Value> {
        self.step(frame, command.range)?;
        let first = &command.first;
        let arguments = Arguments { of: &command.arguments, last };
        match &first.kind {
            OperandKind::Field(names) => {
                self.fields(frame, dot, dot.clone(), names, first.range, arguments)
            }
            OperandKind::Chain(inner, names) => {
                let receiver = self.chained(frame, dot, inner)?;
                self.fields(frame, dot, receiver, names, first.range, arguments)
            }
            OperandKind::Variable(name, names) if !names.is_empty() => {
                let receiver = self.variable(frame, first.range, name)?;
                self.fields(frame, dot, receiver, names, first.range, arguments)
            }
            OperandKind::Function(function) => {
                self.function(frame, dot, *function, command.range, arguments)
            }
            _ if !arguments.of.is_empty() || arguments.last.is_some() => {
                let name = frame.template.slice(first.range);
                let message = format!("can't give argument to non-function {name}");
                Err(self.wrong(frame, first.range, message))
            }
            OperandKind::Nil => {
                Err(self.wrong(frame, first.range, "nil is not a command".to_owned()))
            }
            _ => self.operand(frame, dot, first),
        }
    }

    /// The value of an operand if any type is accepted.
    fn operand(&mut self, frame: &mut Frame, dot: &Value, operand: &Operand) -> Result<Value> {
        self.step(frame, operand.range)?;
        let none = Arguments { of: &[], last: None };
        match &operand.kind {
            OperandKind::Dot => Ok(dot.clone()),
            OperandKind::Nil => Ok(Value::nil()),
            OperandKind::Bool(value) => Ok((*value).into()),
            OperandKind::Number(number) if number.is_float => {
                Ok(Value::float(number.float.unwrap_or(0.0)))
            }
            OperandKind::Number(number) => match number.int {
                Some(int) => Ok(Value::int(int)),
                None => {
                    let text = frame.template.slice(operand.range);
                    Err(self.wrong(frame, operand.range, format!("{text} overflows int")))
                }
            },
            OperandKind::Str(text) => Ok((&**text).into()),
            OperandKind::Field(names) => {
                self.fields(frame, dot, dot.clone(), names, operand.range, none)
            }
            OperandKind::Variable(name, names) => {
                let receiver = self.variable(frame, operand.range, name)?;
                match names.is_empty() {
                    true => Ok(receiver),
                    false => self.fields(frame, dot, receiver, names, operand.range, none),
                }
            }
            OperandKind::Function(function) => {
                self.function(frame, dot, *function, operand.range, none)
            }
            OperandKind::Pipe(pipe) => self.pipe(frame, dot, pipe),
            OperandKind::Chain(inner, names) => {
                let receiver = self.chained(frame, dot, inner)?;
                self.fields(frame, dot, receiver, names, operand.range, none)
            }
        }
    }

    /// The innermost variable of that name.
    fn variable(&self, frame: &Frame, at: Range, name: &str) -> Result<Value> {
        let all = &frame.variables;
        let found = all.iter().rposition(|(known, _)| **known == *name);
        self.look(frame, at, (all.len() - found.unwrap_or(0)).saturating_mul(8))?;
        Ok(found.and_then(|nth| all.get(nth)).map_or(Value::nothing(), |(_, value)| value.clone()))
    }

    fn chained(&mut self, frame: &mut Frame, dot: &Value, inner: &Operand) -> Result<Value> {
        self.down(frame, inner.range)?;
        let value = self.operand(frame, dot, inner)?;
        self.depth -= 1;
        Ok(value)
    }

    /// Follows fields; the last one may be a method.
    fn fields(
        &mut self,
        frame: &mut Frame,
        dot: &Value,
        mut receiver: Value,
        names: &[Rc<str>],
        at: Range,
        arguments: Arguments<'_>,
    ) -> Result<Value> {
        let mut arguments = Some(arguments);
        for (nth, name) in names.iter().enumerate() {
            let given = if nth + 1 == names.len() { arguments.take() } else { None };
            let given = given.unwrap_or(Arguments { of: &[], last: None });
            receiver = self.field(frame, dot, &receiver, name, at, given)?;
        }
        Ok(receiver)
    }

    fn field(
        &mut self,
        frame: &mut Frame,
        dot: &Value,
        receiver: &Value,
        name: &str,
        at: Range,
        arguments: Arguments<'_>,
    ) -> Result<Value> {
        let is_called = !arguments.of.is_empty() || arguments.last.is_some();
        match &receiver.data {
            Data::Nothing => return Ok(Value::nothing()),
            Data::Nil => {
                let message = format!("nil pointer evaluating interface {{}}.{name}");
                return Err(self.wrong(frame, at, message));
            }
            Data::Map(_) if is_called => {
                let message = format!("{name} is not a method but has arguments");
                return Err(self.wrong(frame, at, message));
            }
            Data::Map(map) => {
                // A map without the key is a place too: the mapping that lacks it.
                let nil = || Value::nil().with_origin(receiver.origin);
                return Ok(map.get(name).unwrap_or_else(nil));
            }
            Data::Object(object) => {
                let mut args = Vec::new();
                for argument in arguments.of {
                    args.push(self.operand(frame, dot, argument)?);
                }
                args.extend(arguments.last);
                let mut call = Call {
                    args,
                    origins: self.origins,
                    budget: self.budget,
                    makes_up: self.makes_up,
                };
                match object.method(name, &mut call) {
                    Some(Ok(value)) => return Ok(value),
                    Some(Err(error)) => return Err(self.of_call(frame, at, name, error)),
                    None => {}
                }
                if let Some(value) = object.field(name) {
                    if !is_called {
                        return Ok(value);
                    }
                    let message = format!("{name} has arguments but cannot be invoked as function");
                    return Err(self.wrong(frame, at, message));
                }
            }
            _ => {}
        }
        let of = receiver.type_name();
        Err(self.wrong(frame, at, format!("can't evaluate field {name} in type {of}")))
    }

    fn function(
        &mut self,
        frame: &mut Frame,
        dot: &Value,
        id: FunctionId,
        at: Range,
        arguments: Arguments<'_>,
    ) -> Result<Value> {
        let function = functions::get(id);
        let given = arguments.of.len() + usize::from(arguments.last.is_some());
        if let Err(message) = check::count(function, given, arguments.of.len()) {
            return Err(self.wrong(frame, at, message));
        }
        self.down(frame, at)?;
        let value = match function.special {
            Some(Special::And) => self.first(frame, dot, arguments, false),
            Some(Special::Or) => self.first(frame, dot, arguments, true),
            _ => self.call(frame, dot, function, at, arguments),
        };
        self.depth -= 1;
        value
    }

    /// `and`, `or`: the first argument that decides, or else the last.
    fn first(
        &mut self,
        frame: &mut Frame,
        dot: &Value,
        arguments: Arguments<'_>,
        deciding: bool,
    ) -> Result<Value> {
        let mut value = Value::nothing();
        for argument in arguments.of {
            value = self.operand(frame, dot, argument)?;
            if value.is_true() == deciding {
                return Ok(value);
            }
        }
        Ok(arguments.last.unwrap_or(value))
    }

    fn call(
        &mut self,
        frame: &mut Frame,
        dot: &Value,
        function: &'static Function,
        at: Range,
        arguments: Arguments<'_>,
    ) -> Result<Value> {
        let mut args = Vec::with_capacity(arguments.of.len() + 1);
        for (nth, argument) in arguments.of.iter().enumerate() {
            let wanted = check::parameter(function, nth);
            let value =
                match check::constant(wanted, argument, frame.template.slice(argument.range)) {
                    Some(Ok(value)) => value,
                    Some(Err(message)) => return Err(self.wrong(frame, argument.range, message)),
                    None => self.operand(frame, dot, argument)?,
                };
            let value = check::value(wanted, value);
            args.push(value.map_err(|message| self.wrong(frame, argument.range, message))?);
        }
        if let Some(last) = arguments.last {
            let wanted = check::parameter(function, args.len());
            let value = check::value(wanted, last);
            args.push(value.map_err(|message| self.wrong(frame, at, message))?);
        }
        match function.special {
            Some(Special::Include) => return self.include(frame, at, args),
            Some(Special::Tpl) => return self.tpl(frame, at, args),
            _ => {}
        }
        self.look(frame, at, args.iter().map(Value::size).sum())?;
        let given = args.clone();
        let mut call =
            Call { args, origins: self.origins, budget: self.budget, makes_up: self.makes_up };
        let mut made = (function.run)(&mut call)
            .map_err(|error| self.of_call(frame, at, function.name, error))?;
        if let Some(text) = made.as_text() {
            self.room(frame, at, text.len())?;
        }
        // A result comes from its argument, if nothing better is known.
        if made.source() == Origin::NONE {
            made.origin = self.source_of(&given);
        }
        Ok(made)
    }

    /// Where the result of these arguments comes from: unknown if one of them is unknown, otherwise
    /// the last known one.
    fn source_of(&self, args: &[Value]) -> Origin {
        let pieces = |value: &Value| -> Vec<Origin> {
            let marks = value.as_text().into_iter().flat_map(|text| text.pieces());
            let marks = marks.filter_map(|(_, mark)| mark.map(|mark| mark.origin));
            std::iter::once(value.origin).chain(marks).collect()
        };
        let all: Vec<Origin> = args.iter().rev().flat_map(pieces).collect();
        let traced = |is: fn(&Trace) -> bool| {
            all.iter().copied().find(|origin| is(&self.origins.get(*origin)))
        };
        let unknown = traced(|trace| trace.is_unknown);
        let of_value = || traced(|trace| trace.value.is_some());
        let any = || all.iter().copied().find(|origin| *origin != Origin::NONE);
        unknown.or_else(of_value).or_else(any).unwrap_or(Origin::NONE)
    }

    fn include(&mut self, frame: &mut Frame, at: Range, args: Vec<Value>) -> Result<Value> {
        let mut args = args.into_iter();
        let name = args.next().and_then(|name| name.as_text().map(|text| text.shared()));
        let name = name.unwrap_or_else(|| "".into());
        let data = args.next().unwrap_or(Value::nothing());
        let count = self.included.entry(Rc::clone(&name)).or_default();
        if *count > RECURSION {
            let message = format!(
                "rendering template has a nested reference name: {name}: unable to execute template"
            );
            return Err(self.of_call(frame, at, "include", message.into()));
        }
        *count += 1;
        let Some(template) = frame.set.get(&name) else {
            let message = format!(
                "template: no template {} associated with template \"gotpl\"",
                literal::quoted(&name)
            );
            return Err(self.of_call(frame, at, "include", message.into()));
        };
        let caller = self.trace(frame, frame.action, Origin::NONE);
        let set = Rc::clone(&frame.set);
        let mut out = Rope::default();
        self.execute(&template, &set, as_data(data), caller, &mut out)
            .map_err(|failure| self.called(failure, frame, at))?;
        if let Some(count) = self.included.get_mut(&name) {
            *count -= 1;
        }
        Ok(out.into_text().into())
    }

    /// Executes a text as a template: all of its output comes from where the text does.
    fn tpl(&mut self, frame: &mut Frame, at: Range, args: Vec<Value>) -> Result<Value> {
        let mut args = args.into_iter();
        let source = args.next().unwrap_or(Value::nothing());
        let text = source.as_text().map(|text| text.shared()).unwrap_or_else(|| "".into());
        let data = args.next().unwrap_or(Value::nothing());
        if !text.contains("{{") {
            return Ok(match source.as_text() {
                Some(text) if text.contains(NO_VALUE) => text.replace(NO_VALUE, "").into(),
                _ => source,
            });
        }
        self.room(frame, at, set::parsed_size(&text))?;
        let caller = self.trace(frame, frame.action, source.source());
        let span = self.origins.get(caller).template.unwrap_or(frame.template.span(at));
        let name: Rc<str> = "gotpl".into();
        let (template, set) = match frame.set.with(&name, &text, Place::Fixed(span)) {
            Ok(both) => both,
            Err(mistake) => {
                let line = 1 + text.get(..mistake.at as usize).unwrap_or("").matches('\n').count();
                let quoted = literal::quoted(&text);
                let message = mistake.message;
                let message =
                    format!("cannot parse template {quoted}: template: gotpl:{line}: {message}");
                return Err(self.of_call(frame, at, "tpl", message.into()));
            }
        };
        let mut out = Rope::default();
        self.execute(&template, &set, as_data(data), caller, &mut out)
            .map_err(|failure| self.called(failure, frame, at))?;
        Ok(out.without(NO_VALUE).into_text().into())
    }
}

/// The arguments of a command.
struct Arguments<'a> {
    of: &'a [Operand],
    /// The result of the previous command in the pipeline.
    last: Option<Value>,
}

/// A value that is passed as Go's `interface{}`, which drops nil.
fn as_data(value: Value) -> Value {
    match value.data {
        Data::Nil => Value { data: Data::Nothing, ..value },
        _ => value,
    }
}
