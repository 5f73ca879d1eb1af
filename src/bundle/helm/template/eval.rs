//! Executes templates as Go's `text/template` does, with helm's options: actions here, their
//! contents in `expression`.

mod expression;

use std::collections::HashMap;
use std::rc::Rc;

use super::ast::{Block, Branch, Node, NodeKind, Pipe, Range};
use super::call::Error;
use super::failure::{Failure, Reason};
use super::format;
use super::origin::{Origin, Origins, Trace};
use super::set::{Place, Template, TemplateSet};
use super::text::Rope;
use super::value::Object;
use super::value::{Budget, Data, Exhausted, Value};

/// The deepest nesting of template calls and expressions, together.
const DEEPEST: usize = 4000;
/// The most calls that a failure lists.
const LONGEST_CHAIN: usize = 64;
/// How often `include` may be nested, as in helm.
const RECURSION: usize = 1000;
/// What Go prints for no value, and helm removes again.
pub(crate) const NO_VALUE: &str = "<no value>";

/// One rendering: the state of all templates that are executed.
pub(crate) struct Renderer<'r> {
    pub(crate) origins: &'r mut Origins,
    pub(crate) budget: &'r Budget,
    /// How often each template is currently included.
    included: HashMap<Rc<str>, usize>,
    depth: usize,
    /// Missing `required` values and `fail` are replaced, so that the rest can be rendered.
    pub(crate) makes_up: bool,
}

/// One template that is being executed.
struct Frame {
    template: Rc<Template>,
    set: Rc<TemplateSet>,
    /// Later ones shadow earlier ones.
    variables: Vec<(Rc<str>, Value)>,
    /// The action that called it.
    caller: Origin,
    /// The current action, from `{{` to `}}`.
    action: Range,
}

/// How a block ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Flow {
    On,
    Break,
    Continue,
}

type Result<T> = std::result::Result<T, Box<Failure>>;

impl<'r> Renderer<'r> {
    pub(crate) fn new(origins: &'r mut Origins, budget: &'r Budget) -> Self {
        Self { origins, budget, included: HashMap::new(), depth: 0, makes_up: false }
    }

    /// Executes a file of a chart.
    pub(crate) fn file(
        &mut self,
        template: &Rc<Template>,
        set: &Rc<TemplateSet>,
        data: Value,
    ) -> Result<Rope> {
        let mut out = Rope::default();
        self.execute(template, set, data, Origin::NONE, &mut out)?;
        Ok(out.without(NO_VALUE))
    }

    fn execute(
        &mut self,
        template: &Rc<Template>,
        set: &Rc<TemplateSet>,
        data: Value,
        caller: Origin,
        out: &mut Rope,
    ) -> Result<()> {
        let mut frame = Frame {
            template: Rc::clone(template),
            set: Rc::clone(set),
            variables: vec![("$".into(), data.clone())],
            caller,
            action: Range::default(),
        };
        let body = Rc::clone(&template.body);
        self.block(&mut frame, &data, &body, out).map(|_| ())
    }

    fn block(
        &mut self,
        frame: &mut Frame,
        dot: &Value,
        block: &Block,
        out: &mut Rope,
    ) -> Result<Flow> {
        self.down(frame, block.first().map_or(Range::default(), |node| node.range))?;
        for node in block {
            let flow = self.node(frame, dot, node, out)?;
            if flow != Flow::On {
                self.depth -= 1;
                return Ok(flow);
            }
        }
        self.depth -= 1;
        Ok(Flow::On)
    }

    fn node(
        &mut self,
        frame: &mut Frame,
        dot: &Value,
        node: &Node,
        out: &mut Rope,
    ) -> Result<Flow> {
        self.step(frame, node.range)?;
        frame.action = node.range;
        match &node.kind {
            NodeKind::Text => self.literal(frame, node.range, out)?,
            NodeKind::Action(pipe) => {
                let value = self.pipe(frame, dot, pipe)?;
                if pipe.variables.is_empty() {
                    self.print(frame, node.range, &value, out)?;
                }
            }
            NodeKind::If(branch) | NodeKind::With(branch) => {
                let known = frame.variables.len();
                let value = self.pipe(frame, dot, &branch.pipe)?;
                let is_with = matches!(node.kind, NodeKind::With(_));
                let flow = match (value.is_true(), &branch.otherwise) {
                    (true, _) if is_with => self.block(frame, &value, &branch.body, out)?,
                    (true, _) => self.block(frame, dot, &branch.body, out)?,
                    (false, Some(otherwise)) => self.block(frame, dot, otherwise, out)?,
                    (false, None) => Flow::On,
                };
                frame.variables.truncate(known);
                return Ok(flow);
            }
            NodeKind::Range(branch) => return self.range(frame, dot, branch, out),
            NodeKind::Template { name, data } => {
                let Some(template) = frame.set.get(name) else {
                    return Err(self.wrong(
                        frame,
                        node.range,
                        format!("template {name:?} not defined"),
                    ));
                };
                let data = match data {
                    Some(pipe) => self.pipe(frame, dot, pipe)?,
                    None => Value::nothing(),
                };
                let caller = self.trace(frame, node.range, Origin::NONE);
                let set = Rc::clone(&frame.set);
                self.execute(&template, &set, data, caller, out)
                    .map_err(|failure| self.called(failure, frame, node.range))?;
            }
            NodeKind::Break => return Ok(Flow::Break),
            NodeKind::Continue => return Ok(Flow::Continue),
        }
        Ok(Flow::On)
    }

    /// Writes text of the template.
    fn literal(&mut self, frame: &Frame, range: Range, out: &mut Rope) -> Result<()> {
        let text = frame.template.slice(range);
        self.room(frame, range, text.len())?;
        let is_literal = matches!(frame.template.source.place, Place::File(_));
        let trace = Trace { is_literal, ..self.trace_of(frame, range, Origin::NONE) };
        let origin = self.origins.add(trace);
        out.push(text, origin);
        Ok(())
    }

    /// Writes the result of an action.
    fn print(&mut self, frame: &Frame, range: Range, value: &Value, out: &mut Rope) -> Result<()> {
        match &value.data {
            Data::Nothing | Data::Nil => {
                let origin = self.trace(frame, range, value.origin);
                out.push(NO_VALUE, origin);
            }
            Data::Str(text) => {
                self.room(frame, range, text.len())?;
                let plain = self.trace(frame, range, value.origin);
                for (piece, mark) in text.pieces() {
                    let known = mark.filter(|mark| mark.origin != Origin::NONE);
                    match known.map(|mark| (mark, self.origins.get(mark.origin))) {
                        // A called template knows best where its output comes from.
                        Some((mark, trace)) if trace.template.is_some() => {
                            out.push_from(piece, mark.origin, mark.offset as usize);
                        }
                        Some((mark, _)) => {
                            let origin = self.trace(frame, range, mark.origin);
                            out.push(piece, origin);
                        }
                        None => out.push(piece, plain),
                    }
                }
            }
            _ => {
                let text = format::plain(value, self.budget)
                    .map_err(|limit| self.limit(frame, range, limit))?;
                let origin = self.trace(frame, range, value.origin);
                out.push(&text, origin);
            }
        }
        Ok(())
    }

    fn range(
        &mut self,
        frame: &mut Frame,
        dot: &Value,
        branch: &Branch,
        out: &mut Rope,
    ) -> Result<Flow> {
        let known = frame.variables.len();
        let value = self.pipe(frame, dot, &branch.pipe)?;
        let inner = frame.variables.len();
        let count = match &value.data {
            Data::Int(_, _) if branch.pipe.variables.len() > 1 => {
                let shown = format::plain(&value, self.budget).unwrap_or_default();
                let message = format!("can't use {shown} to iterate over more than one variable");
                return Err(self.wrong(frame, branch.pipe.range, message));
            }
            Data::Int(count, _) => *count,
            _ => 0,
        };
        let mut iteration = 0;
        let items = self.items(frame, &value, branch.pipe.range)?;
        let mut items = items.into_iter();
        loop {
            let next = match items.next() {
                Some(next) => Some(next),
                None if iteration < count => Some((Value::nothing(), Value::int(iteration))),
                None => None,
            };
            let Some((key, item)) = next else { break };
            iteration += 1;
            self.bind(frame, &branch.pipe, key, &item, inner);
            let flow = self.block(frame, &item, &branch.body, out)?;
            frame.variables.truncate(inner);
            if flow == Flow::Break {
                break;
            }
        }
        frame.variables.truncate(known);
        match &branch.otherwise {
            Some(otherwise) if iteration == 0 => {
                let flow = self.block(frame, dot, otherwise, out);
                frame.variables.truncate(known);
                flow
            }
            _ => Ok(Flow::On),
        }
    }

    /// Sets the variables of a `range` for one round.
    fn bind(&mut self, frame: &mut Frame, pipe: &Pipe, key: Value, item: &Value, inner: usize) {
        let count = pipe.variables.len();
        if pipe.is_assignment {
            let values = if count > 1 { vec![key, item.clone()] } else { vec![item.clone()] };
            for (name, value) in pipe.variables.iter().zip(values) {
                assign(frame, name, value);
            }
            return;
        }
        if let Some(top) = inner.checked_sub(1).and_then(|at| frame.variables.get_mut(at))
            && count > 0
        {
            top.1 = item.clone();
        }
        if let Some(second) = inner.checked_sub(2).and_then(|at| frame.variables.get_mut(at))
            && count > 1
        {
            second.1 = key;
        }
    }

    /// The items of `range`; nothing for a number, which it counts to.
    fn items(&mut self, frame: &Frame, value: &Value, at: Range) -> Result<Vec<(Value, Value)>> {
        let pair = |(nth, item): (usize, Value)| (Value::int(nth as i64), item);
        let items: Vec<(Value, Value)> = match &value.data {
            Data::Nothing | Data::Nil | Data::Int(..) => Vec::new(),
            Data::List(list) => list.items.iter().cloned().enumerate().map(pair).collect(),
            Data::Bytes(bytes) => {
                let byte =
                    |byte: &u8| Data::Int((*byte).into(), super::value::IntKind::Uint8).into();
                bytes.iter().map(byte).enumerate().map(pair).collect()
            }
            Data::Map(map) => {
                let entries = map.entries().into_iter();
                let key = |key: &str, origin| Value::from(key).with_origin(origin);
                entries.map(|(name, slot)| (key(&name, slot.key), slot.value)).collect()
            }
            Data::Object(Object::Files(files)) => {
                let entry = |(name, bytes): (&String, &Rc<[u8]>)| {
                    (Value::from(name.as_str()), Data::Bytes(Rc::clone(bytes)).into())
                };
                files.iter().map(entry).collect()
            }
            Data::Object(Object::Versions(all)) => all
                .iter()
                .map(|version| Value::from(version.as_str()))
                .enumerate()
                .map(pair)
                .collect(),
            _ => {
                let shown = format::plain(value, self.budget).unwrap_or_default();
                return Err(self.wrong(frame, at, format!("range can't iterate over {shown}")));
            }
        };
        self.room(frame, at, items.len() * 16)?;
        Ok(items)
    }

    /// The trace of something written at `range`, of a value that comes from `from`.
    fn trace_of(&self, frame: &Frame, range: Range, from: Origin) -> Trace {
        let from = self.origins.get(from);
        let mut trace = Trace {
            template: Some(frame.template.span(range)),
            is_literal: false,
            value: from.value,
            caller: frame.caller,
            is_unknown: from.is_unknown,
        };
        if let Place::Fixed(span) = frame.template.source.place {
            // Its text is not available, only where it comes from.
            trace.template = Some(span);
            trace.value = trace.value.or(self.origins.get(frame.caller).value);
        }
        trace
    }

    fn trace(&mut self, frame: &Frame, range: Range, from: Origin) -> Origin {
        let trace = self.trace_of(frame, range, from);
        self.origins.add(trace)
    }

    fn down(&mut self, frame: &Frame, at: Range) -> Result<()> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(self.limit(frame, at, Exhausted::Depth));
        }
        self.step(frame, at)
    }

    fn step(&self, frame: &Frame, at: Range) -> Result<()> {
        self.budget.step(1).map_err(|limit| self.limit(frame, at, limit))
    }

    fn look(&self, frame: &Frame, at: Range, bytes: usize) -> Result<()> {
        self.budget.look(bytes).map_err(|limit| self.limit(frame, at, limit))
    }

    fn room(&self, frame: &Frame, at: Range, bytes: usize) -> Result<()> {
        self.budget.room(bytes).map_err(|limit| self.limit(frame, at, limit))
    }

    fn failure(&self, frame: &Frame, at: Range, reason: Reason) -> Box<Failure> {
        Box::new(Failure { reason, spots: vec![frame.template.spot(at)] })
    }

    fn limit(&self, frame: &Frame, at: Range, limit: Exhausted) -> Box<Failure> {
        self.failure(frame, at, Reason::Limit(limit))
    }

    fn wrong(&self, frame: &Frame, at: Range, message: String) -> Box<Failure> {
        self.failure(frame, at, Reason::Wrong(message))
    }

    fn of_call(&self, frame: &Frame, at: Range, name: &str, error: Error) -> Box<Failure> {
        let reason = match error {
            Error::Message(message) => Reason::Wrong(format!("error calling {name}: {message}")),
            Error::Asked(message) => Reason::Asked(message),
            Error::Limit(limit) => Reason::Limit(limit),
        };
        self.failure(frame, at, reason)
    }

    /// A failure in what was called from here.
    fn called(&self, mut failure: Box<Failure>, frame: &Frame, at: Range) -> Box<Failure> {
        // The ends of an endless chain are enough.
        if failure.spots.len() >= LONGEST_CHAIN {
            failure.spots.truncate(LONGEST_CHAIN - 1);
        }
        failure.spots.push(frame.template.spot(at));
        failure
    }
}

fn assign(frame: &mut Frame, name: &str, value: Value) {
    let found = frame.variables.iter_mut().rev().find(|(known, _)| **known == *name);
    if let Some((_, place)) = found {
        *place = value;
    }
}
