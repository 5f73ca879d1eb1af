//! Tokens to a tree, as Go's `text/template/parse` does it, with the same errors:
//! here the actions, in `pipeline` what stands in them.

mod pipeline;

use std::collections::HashMap;
use std::rc::Rc;

use super::ast::{Block, Branch, Node, NodeKind, Range};
use super::lexer::{Keyword, Kind, Lexer, Mistake, Token};
use super::literal;

/// No template is nested deeper.
const DEEPEST: usize = 200;

/// What one text defines.
#[derive(Debug, Default)]
pub(crate) struct Parsed {
    /// The text itself.
    pub(crate) body: Block,
    /// What `define` and `block` name in it, in order.
    pub(crate) defined: Vec<(Rc<str>, Block)>,
}

/// Parses the text of a template.
pub(crate) fn parse(text: &str) -> Result<Parsed, Mistake> {
    let mut parser = Parser {
        text,
        lexer: Lexer::new(text),
        ahead: Vec::new(),
        last: Token { kind: Kind::End, range: Range::default() },
        variables: Names::new(),
        ranges: 0,
        depth: 0,
        defined: Vec::new(),
    };
    let body = parser.whole()?;
    Ok(Parsed { body, defined: parser.defined })
}

/// Whether a block holds nothing but space.
pub(crate) fn is_blank(block: &Block, text: &str) -> bool {
    block.iter().all(|node| {
        let range = node.range.start as usize..node.range.end as usize;
        matches!(node.kind, NodeKind::Text)
            && text.get(range).is_some_and(|text| text.trim().is_empty())
    })
}

struct Parser<'t> {
    text: &'t str,
    lexer: Lexer<'t>,
    /// Tokens that were looked at; the next one is the last.
    ahead: Vec<Token>,
    last: Token,
    variables: Names,
    /// How many `range` are around here.
    ranges: usize,
    depth: usize,
    defined: Vec<(Rc<str>, Block)>,
}

/// The variables that are known, and how often each is.
struct Names {
    all: Vec<Rc<str>>,
    counts: HashMap<Rc<str>, usize>,
}

impl Names {
    fn new() -> Self {
        let mut names = Self { all: Vec::new(), counts: HashMap::new() };
        names.push("$".into());
        names
    }

    fn len(&self) -> usize {
        self.all.len()
    }

    fn push(&mut self, name: Rc<str>) {
        *self.counts.entry(Rc::clone(&name)).or_default() += 1;
        self.all.push(name);
    }

    fn truncate(&mut self, length: usize) {
        for name in self.all.drain(length.min(self.all.len())..) {
            if let Some(count) = self.counts.get_mut(&name) {
                *count -= 1;
            }
        }
    }

    fn contains(&self, name: &str) -> bool {
        self.counts.get(name).is_some_and(|count| *count > 0)
    }
}

/// What ends a block.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ending {
    End,
    /// `else`, up to its delimiter or its `if` or `with`.
    Else,
}

enum Item {
    Node(Node),
    Ending(Ending),
}

impl Parser<'_> {
    fn next(&mut self) -> Result<Token, Mistake> {
        let token = match self.ahead.pop() {
            Some(token) => token,
            None => self.lexer.next()?,
        };
        self.last = token;
        Ok(token)
    }

    fn back(&mut self, token: Token) {
        self.ahead.push(token);
    }

    fn peek(&mut self) -> Result<Token, Mistake> {
        let token = self.next()?;
        self.back(token);
        Ok(token)
    }

    fn next_word(&mut self) -> Result<Token, Mistake> {
        loop {
            let token = self.next()?;
            if token.kind != Kind::Space {
                return Ok(token);
            }
        }
    }

    fn peek_word(&mut self) -> Result<Token, Mistake> {
        let token = self.next_word()?;
        self.back(token);
        Ok(token)
    }

    fn slice(&self, range: Range) -> &str {
        self.text.get(range.start as usize..range.end as usize).unwrap_or("")
    }

    fn mistake<T>(&self, message: impl Into<String>) -> Result<T, Mistake> {
        Err(Mistake { at: self.last.range.start, message: message.into() })
    }

    fn unexpected<T>(&self, token: Token, context: &str) -> Result<T, Mistake> {
        let text = self.slice(token.range);
        let told = match token.kind {
            Kind::End => "EOF".to_owned(),
            Kind::Keyword(_) => format!("<{text}>"),
            _ if text.len() > 10 => format!("{}...", literal::quoted(&cut(text, 10))),
            _ => literal::quoted(text),
        };
        Err(Mistake { at: token.range.start, message: format!("unexpected {told} in {context}") })
    }

    fn expect(&mut self, kind: Kind, context: &str) -> Result<Token, Mistake> {
        let token = self.next_word()?;
        if token.kind == kind { Ok(token) } else { self.unexpected(token, context) }
    }

    /// Goes one level down; what is called there comes up again with [`Parser::up`].
    fn down(&mut self) -> Result<(), Mistake> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return self.mistake("max expression depth exceeded");
        }
        Ok(())
    }

    fn up(&mut self) {
        self.depth -= 1;
    }

    fn whole(&mut self) -> Result<Block, Mistake> {
        let mut body = Vec::new();
        loop {
            let token = self.next()?;
            match token.kind {
                Kind::End => return Ok(body),
                Kind::LeftDelimiter => {
                    let word = self.next_word()?;
                    if word.kind == Kind::Keyword(Keyword::Define) {
                        self.definition()?;
                        continue;
                    }
                    self.back(word);
                }
                _ => {}
            }
            self.back(token);
            match self.item()? {
                Item::Node(node) => body.push(node),
                Item::Ending(Ending::End) => return self.mistake("unexpected {{end}}"),
                Item::Ending(Ending::Else) => return self.mistake("unexpected {{else}}"),
            }
        }
    }

    fn definition(&mut self) -> Result<(), Mistake> {
        const CONTEXT: &str = "define clause";
        let token = self.next_word()?;
        let name = self.name(token, CONTEXT)?;
        self.expect(Kind::RightDelimiter, CONTEXT)?;
        let body = self.inner_body(CONTEXT)?;
        self.defined.push((name, body));
        Ok(())
    }

    /// The body of a template within this one: no variable and no `range` reaches into it.
    fn inner_body(&mut self, context: &str) -> Result<Block, Mistake> {
        let variables = std::mem::replace(&mut self.variables, Names::new());
        let ranges = std::mem::take(&mut self.ranges);
        let (body, ending) = self.block()?;
        self.variables = variables;
        self.ranges = ranges;
        match ending {
            Ending::End => Ok(body),
            Ending::Else => self.mistake(format!("unexpected {{{{else}}}} in {context}")),
        }
    }

    fn name(&mut self, token: Token, context: &str) -> Result<Rc<str>, Mistake> {
        if !matches!(token.kind, Kind::String | Kind::RawString) {
            return self.unexpected(token, context);
        }
        self.string(token)
    }

    fn string(&self, token: Token) -> Result<Rc<str>, Mistake> {
        match literal::unquote(self.slice(token.range)) {
            Some(text) => Ok(text.into()),
            None => self.mistake("invalid syntax"),
        }
    }

    fn block(&mut self) -> Result<(Block, Ending), Mistake> {
        self.down()?;
        let mut body = Vec::new();
        while self.peek_word()?.kind != Kind::End {
            match self.item()? {
                Item::Node(node) => body.push(node),
                Item::Ending(ending) => {
                    self.up();
                    return Ok((body, ending));
                }
            }
        }
        self.last = self.peek_word()?;
        self.mistake("unexpected EOF")
    }

    fn item(&mut self) -> Result<Item, Mistake> {
        let token = self.next_word()?;
        match token.kind {
            Kind::Text => Ok(Item::Node(Node { range: token.range, kind: NodeKind::Text })),
            Kind::LeftDelimiter => self.action(token.range.start),
            _ => self.unexpected(token, "input"),
        }
    }

    fn action(&mut self, start: u32) -> Result<Item, Mistake> {
        let token = self.next_word()?;
        let Kind::Keyword(keyword) = token.kind else {
            self.back(token);
            let pipe = self.pipeline("command", Kind::RightDelimiter)?;
            return Ok(self.node(start, NodeKind::Action(pipe)));
        };
        let kind = match keyword {
            Keyword::Block => return self.block_control(start),
            Keyword::Break => self.jump("break", NodeKind::Break)?,
            Keyword::Continue => self.jump("continue", NodeKind::Continue)?,
            Keyword::Else => {
                let next = self.peek_word()?.kind;
                if !matches!(next, Kind::Keyword(Keyword::If | Keyword::With)) {
                    self.expect(Kind::RightDelimiter, "else")?;
                }
                return Ok(Item::Ending(Ending::Else));
            }
            Keyword::End => {
                self.expect(Kind::RightDelimiter, "end")?;
                return Ok(Item::Ending(Ending::End));
            }
            Keyword::If | Keyword::Range | Keyword::With => self.control(keyword)?,
            Keyword::Template => self.template()?,
            Keyword::Define => return self.unexpected(token, "command"),
        };
        Ok(self.node(start, kind))
    }

    /// A node from `start` to the last delimiter.
    fn node(&self, start: u32, kind: NodeKind) -> Item {
        Item::Node(Node { range: Range { start, end: self.last.range.end }, kind })
    }

    fn jump(&mut self, word: &str, kind: NodeKind) -> Result<NodeKind, Mistake> {
        self.expect(Kind::RightDelimiter, &format!("{{{{{word}}}}}"))?;
        if self.ranges == 0 {
            return self.mistake(format!("{{{{{word}}}}} outside {{{{range}}}}"));
        }
        Ok(kind)
    }

    fn control(&mut self, keyword: Keyword) -> Result<NodeKind, Mistake> {
        self.down()?;
        let context = match keyword {
            Keyword::If => "if",
            Keyword::With => "with",
            _ => "range",
        };
        let known = self.variables.len();
        let pipe = self.pipeline(context, Kind::RightDelimiter)?;
        let is_range = keyword == Keyword::Range;
        self.ranges += usize::from(is_range);
        let (body, ending) = self.block()?;
        self.ranges -= usize::from(is_range);
        let otherwise = match ending {
            Ending::End => None,
            Ending::Else => Some(self.otherwise(keyword)?),
        };
        self.variables.truncate(known);
        self.up();
        let branch = Branch { pipe, body, otherwise };
        Ok(match keyword {
            Keyword::If => NodeKind::If(branch),
            Keyword::With => NodeKind::With(branch),
            _ => NodeKind::Range(branch),
        })
    }

    /// What follows `else`, up to the `end`, which `else if` and `else with` share.
    fn otherwise(&mut self, keyword: Keyword) -> Result<Block, Mistake> {
        let next = self.peek()?;
        if next.kind == Kind::Keyword(keyword) && keyword != Keyword::Range {
            self.next()?;
            let kind = self.control(keyword)?;
            let range = Range { start: next.range.start, end: self.last.range.end };
            return Ok(vec![Node { range, kind }]);
        }
        let (body, ending) = self.block()?;
        match ending {
            Ending::End => Ok(body),
            Ending::Else => self.mistake("expected end; found {{else}}"),
        }
    }

    fn block_control(&mut self, start: u32) -> Result<Item, Mistake> {
        const CONTEXT: &str = "block clause";
        let token = self.next_word()?;
        let name = self.name(token, CONTEXT)?;
        let pipe = self.pipeline(CONTEXT, Kind::RightDelimiter)?;
        let end = self.last.range.end;
        let body = self.inner_body(CONTEXT)?;
        self.defined.push((Rc::clone(&name), body));
        let kind = NodeKind::Template { name, data: Some(pipe) };
        Ok(Item::Node(Node { range: Range { start, end }, kind }))
    }

    fn template(&mut self) -> Result<NodeKind, Mistake> {
        const CONTEXT: &str = "template clause";
        let token = self.next_word()?;
        let name = self.name(token, CONTEXT)?;
        let next = self.next_word()?;
        if next.kind == Kind::RightDelimiter {
            return Ok(NodeKind::Template { name, data: None });
        }
        self.back(next);
        let data = Some(self.pipeline(CONTEXT, Kind::RightDelimiter)?);
        Ok(NodeKind::Template { name, data })
    }
}

fn cut(text: &str, bytes: usize) -> String {
    let mut end = bytes.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or("").to_owned()
}
