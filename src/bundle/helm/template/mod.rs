//! Go's `text/template` with helm's functions, in which every piece of output knows the action that
//! wrote it and the value behind it.
//!
//! `lexer` and `parser` turn the text of a template into a tree (`ast`), which `eval` executes with
//! `functions`. The output is a `text::Rope`; `origin` says where its pieces come from.

mod ast;
mod call;
mod check;
mod conversions;
mod date;
mod eval;
mod failure;
mod format;
mod functions;
#[cfg(test)]
mod fuzz;
mod glob;
mod json;
mod lexer;
mod literal;
mod object;
mod origin;
mod parser;
mod re2;
mod semver;
mod set;
#[cfg(test)]
mod tests;
mod text;
mod toml;
mod value;
mod yaml;

pub(crate) use ast::{Block, Branch, Node, NodeKind, Operand, OperandKind, Pipe, Range};
pub(crate) use eval::Renderer;
/// A float as Go prints it.
pub(crate) fn float_text(float: f64) -> String {
    format::float(float, 'g', None)
}

pub(crate) use failure::{Failure, Reason};
pub(crate) use origin::{Origin, Origins, Trace};
pub(crate) use semver::{Constraint, Version};
pub(crate) use set::{Place, Template, TemplateSet, parsed_size};
pub(crate) use text::Mark;
pub(crate) use value::{
    Budget, Data, Exhausted, Field, Files, ItemKind, List, Map, MapKind, Object, Slot, Struct,
    Value,
};
pub(crate) use yaml::value_of;
