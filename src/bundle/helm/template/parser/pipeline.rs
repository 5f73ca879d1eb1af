//! The contents of an action: a pipeline of commands and their operands.

use std::rc::Rc;

use super::Parser;
use crate::bundle::helm::template::ast::{Command, Operand, OperandKind, Pipe, Range};
use crate::bundle::helm::template::lexer::{Kind, Mistake};
use crate::bundle::helm::template::{functions, literal};

impl Parser<'_> {
    pub(super) fn pipeline(&mut self, context: &str, end: Kind) -> Result<Pipe, Mistake> {
        let start = self.peek_word()?.range.start;
        let (variables, is_assignment) = self.variables_of(context)?;
        let mut commands: Vec<Command> = Vec::new();
        loop {
            let token = self.next_word()?;
            if token.kind == end {
                break;
            }
            if !starts_operand(token.kind) {
                return self.unexpected(token, context);
            }
            self.back(token);
            commands.push(self.command()?);
        }
        if commands.is_empty() {
            return self.mistake(format!("missing value for {context}"));
        }
        for (nth, command) in commands.iter().enumerate().skip(1) {
            use OperandKind::{Bool, Dot, Nil, Number, Str};
            if matches!(command.first.kind, Bool(_) | Dot | Nil | Number(_) | Str(_)) {
                let stage = nth + 1;
                return self.mistake(format!("non executable command in pipeline stage {stage}"));
            }
        }
        let end = commands.last().map_or(start, |command| command.range.end);
        Ok(Pipe { range: Range { start, end }, variables, is_assignment, commands })
    }

    /// The variables that a pipeline declares or sets.
    fn variables_of(&mut self, context: &str) -> Result<(Vec<Rc<str>>, bool), Mistake> {
        let mut variables: Vec<Rc<str>> = Vec::new();
        loop {
            let variable = self.peek_word()?;
            if variable.kind != Kind::Variable {
                return Ok((variables, false));
            }
            self.next_word()?;
            let after = self.next()?;
            let next = if after.kind == Kind::Space { self.next_word()? } else { after };
            let is_comma = next.kind == Kind::Char && self.slice(next.range) == ",";
            if matches!(next.kind, Kind::Assign | Kind::Declare) || is_comma {
                let name: Rc<str> = self.slice(variable.range).into();
                variables.push(Rc::clone(&name));
                self.variables.push(name);
                if !is_comma {
                    return Ok((variables, next.kind == Kind::Assign));
                }
                if context == "range" && variables.len() < 2 {
                    let follows = self.peek_word()?.kind;
                    use Kind::{RightDelimiter, RightParenthesis, Variable};
                    if matches!(follows, Variable | RightDelimiter | RightParenthesis) {
                        continue;
                    }
                    return self.mistake("range can only initialize variables");
                }
                return self.mistake(format!("too many declarations in {context}"));
            }
            self.back(next);
            if after.kind == Kind::Space {
                self.back(after);
            }
            self.back(variable);
            return Ok((variables, false));
        }
    }

    fn command(&mut self) -> Result<Command, Mistake> {
        let start = self.peek_word()?.range.start;
        let mut operands: Vec<Operand> = Vec::new();
        loop {
            self.peek_word()?;
            operands.extend(self.operand()?);
            let token = self.next()?;
            match token.kind {
                Kind::Space => continue,
                Kind::RightDelimiter | Kind::RightParenthesis => self.back(token),
                Kind::Pipe => {}
                _ => return self.unexpected(token, "operand"),
            }
            break;
        }
        let end = operands.last().map_or(start, |operand| operand.range.end);
        let mut operands = operands.into_iter();
        let Some(first) = operands.next() else { return self.mistake("empty command") };
        Ok(Command { range: Range { start, end }, first, arguments: operands.collect() })
    }

    fn operand(&mut self) -> Result<Option<Operand>, Mistake> {
        let Some(mut operand) = self.term()? else { return Ok(None) };
        let mut fields: Vec<Rc<str>> = Vec::new();
        while self.peek()?.kind == Kind::Field {
            let token = self.next()?;
            operand.range.end = token.range.end;
            fields.push(self.slice(token.range).get(1..).unwrap_or("").into());
        }
        if fields.is_empty() {
            return Ok(Some(operand));
        }
        match &mut operand.kind {
            OperandKind::Field(names) | OperandKind::Variable(_, names) => names.extend(fields),
            OperandKind::Function(_) | OperandKind::Pipe(_) | OperandKind::Chain(..) => {
                let range = operand.range;
                let kind = OperandKind::Chain(Box::new(operand), fields);
                operand = Operand { range, kind };
            }
            _ => {
                let start = operand.range.start;
                let first: usize = fields.iter().map(|field| field.len() + 1).sum();
                let range = Range { start, end: operand.range.end - first as u32 };
                let term = literal::quoted(self.slice(range));
                return self.mistake(format!("unexpected . after term {term}"));
            }
        }
        Ok(Some(operand))
    }

    fn term(&mut self) -> Result<Option<Operand>, Mistake> {
        let token = self.next_word()?;
        let text = self.slice(token.range);
        let mut range = token.range;
        let kind = match token.kind {
            Kind::Identifier => match functions::find(text) {
                Some(function) => OperandKind::Function(function),
                None => {
                    let name = literal::quoted(text);
                    return self.mistake(format!("function {name} not defined"));
                }
            },
            Kind::Dot => OperandKind::Dot,
            Kind::Nil => OperandKind::Nil,
            Kind::Variable => {
                let name: Rc<str> = text.into();
                if !self.variables.contains(&name) {
                    return self.mistake(format!("undefined variable {}", literal::quoted(&name)));
                }
                OperandKind::Variable(name, Vec::new())
            }
            Kind::Field => OperandKind::Field(vec![text.get(1..).unwrap_or("").into()]),
            Kind::Bool => OperandKind::Bool(text == "true"),
            Kind::CharConstant | Kind::Complex | Kind::Number => match literal::number(text) {
                Ok(number) => OperandKind::Number(number),
                Err(message) => return self.mistake(message),
            },
            Kind::LeftParenthesis => {
                self.down()?;
                let pipe = self.pipeline("parenthesized pipeline", Kind::RightParenthesis)?;
                self.up();
                range.end = self.last.range.end;
                OperandKind::Pipe(Box::new(pipe))
            }
            Kind::String | Kind::RawString => OperandKind::Str(self.string(token)?),
            _ => {
                self.back(token);
                return Ok(None);
            }
        };
        Ok(Some(Operand { range, kind }))
    }
}

fn starts_operand(kind: Kind) -> bool {
    use Kind::*;
    matches!(
        kind,
        Bool | CharConstant
            | Complex
            | Dot
            | Field
            | Identifier
            | Number
            | Nil
            | RawString
            | String
            | Variable
            | LeftParenthesis
    )
}
