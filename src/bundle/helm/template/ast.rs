//! A parsed template.

use std::rc::Rc;

use super::call::FunctionId;
use super::literal::Number;

/// A byte range of the template's text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Range {
    pub(crate) start: u32,
    pub(crate) end: u32,
}

/// Nodes in sequence.
pub(crate) type Block = Vec<Node>;

/// A text, or an action from `{{` to `}}`.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) range: Range,
    pub(crate) kind: NodeKind,
}

#[derive(Debug)]
pub(crate) enum NodeKind {
    Text,
    Action(Pipe),
    If(Branch),
    With(Branch),
    Range(Branch),
    Template { name: Rc<str>, data: Option<Pipe> },
    Break,
    Continue,
}

/// `if`, `with` or `range`.
#[derive(Debug)]
pub(crate) struct Branch {
    pub(crate) pipe: Pipe,
    pub(crate) body: Block,
    /// `None` if there is no `else`.
    pub(crate) otherwise: Option<Block>,
}

/// Commands, each of which gets the result of the one before it as its last argument.
#[derive(Debug)]
pub(crate) struct Pipe {
    pub(crate) range: Range,
    /// The variables that it declares or sets, with their `$`.
    pub(crate) variables: Vec<Rc<str>>,
    /// They are set (`=`), not declared (`:=`).
    pub(crate) is_assignment: bool,
    pub(crate) commands: Vec<Command>,
}

/// An operand and its arguments.
#[derive(Debug)]
pub(crate) struct Command {
    pub(crate) range: Range,
    pub(crate) first: Operand,
    pub(crate) arguments: Vec<Operand>,
}

#[derive(Debug)]
pub(crate) struct Operand {
    pub(crate) range: Range,
    pub(crate) kind: OperandKind,
}

#[derive(Debug)]
pub(crate) enum OperandKind {
    Dot,
    Nil,
    Bool(bool),
    Number(Number),
    Str(Rc<str>),
    /// `.a.b`
    Field(Vec<Rc<str>>),
    /// `$x.a.b`
    Variable(Rc<str>, Vec<Rc<str>>),
    Function(FunctionId),
    Pipe(Box<Pipe>),
    /// `(…).a.b`
    Chain(Box<Operand>, Vec<Rc<str>>),
}
