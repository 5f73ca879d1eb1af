//! The tokens of a template, as in Go's `text/template/parse`.

use super::ast::Range;

/// The kind of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Bool,
    Char,
    CharConstant,
    Complex,
    Assign,
    Declare,
    End,
    Field,
    Identifier,
    LeftDelimiter,
    LeftParenthesis,
    Number,
    Pipe,
    RawString,
    RightDelimiter,
    RightParenthesis,
    Space,
    String,
    Text,
    Variable,
    Dot,
    Nil,
    Keyword(Keyword),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keyword {
    Block,
    Break,
    Continue,
    Define,
    Else,
    End,
    If,
    Range,
    Template,
    With,
}

/// A token and its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) kind: Kind,
    pub(crate) range: Range,
}

/// Why a text is not a valid template, and at which byte.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mistake {
    pub(crate) at: u32,
    pub(crate) message: String,
}

/// The tokens of a text, one after the other.
pub(crate) struct Lexer<'t> {
    text: &'t str,
    at: usize,
    start: usize,
    in_action: bool,
    parentheses: usize,
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n')
}

fn is_alphanumeric(c: char) -> bool {
    c == '_' || c.is_alphabetic() || c.is_numeric()
}

fn trims_left(rest: &str) -> bool {
    let mut chars = rest.chars();
    chars.next() == Some('-') && chars.next().is_some_and(is_space)
}

fn trims_right(rest: &str) -> bool {
    let mut chars = rest.chars();
    chars.next().is_some_and(is_space) && chars.next() == Some('-')
}

impl<'t> Lexer<'t> {
    pub(crate) fn new(text: &'t str) -> Self {
        Self { text, at: 0, start: 0, in_action: false, parentheses: 0 }
    }

    /// The next token; [`Kind::End`] at the end, repeatedly.
    pub(crate) fn next(&mut self) -> Result<Token, Mistake> {
        if self.in_action { self.in_action() } else { self.in_text() }
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or("")
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn bump(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }

    fn token(&mut self, kind: Kind) -> Result<Token, Mistake> {
        let range = Range { start: self.start as u32, end: self.at as u32 };
        self.start = self.at;
        Ok(Token { kind, range })
    }

    fn mistake<T>(&self, message: impl Into<String>) -> Result<T, Mistake> {
        Err(Mistake { at: self.start as u32, message: message.into() })
    }

    fn in_text(&mut self) -> Result<Token, Mistake> {
        loop {
            let Some(found) = self.rest().find("{{") else {
                self.at = self.text.len();
                let kind = if self.at > self.start { Kind::Text } else { Kind::End };
                return self.token(kind);
            };
            let open = self.at + found;
            let after = self.text.get(open + 2..).unwrap_or("");
            let trims = trims_left(after);
            if found > 0 {
                let text = self.rest().get(..found).unwrap_or("");
                let kept = if trims { text.trim_end_matches(is_space) } else { text };
                self.at += kept.len();
                let token = self.token(Kind::Text);
                self.at = open;
                self.start = open;
                if !kept.is_empty() {
                    return token;
                }
            }
            let marker = if trims { 2 } else { 0 };
            if after.get(marker..).unwrap_or("").starts_with("/*") {
                self.comment(marker)?;
                continue;
            }
            self.at += 2;
            let token = self.token(Kind::LeftDelimiter);
            self.in_action = true;
            self.at += marker;
            self.start = self.at;
            self.parentheses = 0;
            return token;
        }
    }

    /// Skips `{{/* … */}}`.
    fn comment(&mut self, marker: usize) -> Result<(), Mistake> {
        self.start = self.at + 2 + marker;
        self.at = self.start + 2;
        let Some(end) = self.rest().find("*/") else { return self.mistake("unclosed comment") };
        self.at += end + 2;
        match self.right_delimiter() {
            None => self.mistake("comment ends before closing delimiter"),
            Some(trims) => {
                self.close(trims);
                self.start = self.at;
                Ok(())
            }
        }
    }

    /// Whether a right delimiter is next, and whether it trims.
    fn right_delimiter(&self) -> Option<bool> {
        let rest = self.rest();
        if trims_right(rest) && rest.get(2..).is_some_and(|rest| rest.starts_with("}}")) {
            return Some(true);
        }
        rest.starts_with("}}").then_some(false)
    }

    /// Skips a right delimiter with the space that it trims.
    fn close(&mut self, trims: bool) {
        self.at += if trims { 4 } else { 2 };
        if trims {
            let rest = self.rest();
            self.at += rest.len() - rest.trim_start_matches(is_space).len();
        }
    }

    fn in_action(&mut self) -> Result<Token, Mistake> {
        if let Some(trims) = self.right_delimiter() {
            if self.parentheses > 0 {
                return self.mistake("unclosed left paren");
            }
            return self.closing(trims);
        }
        let Some(c) = self.bump() else { return self.mistake("unclosed action") };
        match c {
            c if is_space(c) => self.space(),
            '=' => self.token(Kind::Assign),
            ':' => match self.bump() {
                Some('=') => self.token(Kind::Declare),
                _ => self.mistake("expected :="),
            },
            '|' => self.token(Kind::Pipe),
            '"' => self.quoted('"', Kind::String, "unterminated quoted string"),
            '\'' => self.quoted('\'', Kind::CharConstant, "unterminated character constant"),
            '`' => match self.rest().find('`') {
                Some(end) => {
                    self.at += end + 1;
                    self.token(Kind::RawString)
                }
                None => self.mistake("unterminated raw quoted string"),
            },
            '$' => self.field(Kind::Variable),
            '.' if !self.peek().is_some_and(|c| c.is_ascii_digit()) => {
                if self.peek().is_none() {
                    return self.number();
                }
                self.field(Kind::Field)
            }
            '.' | '+' | '-' | '0'..='9' => self.number(),
            c if is_alphanumeric(c) => self.identifier(),
            '(' => {
                self.parentheses += 1;
                self.token(Kind::LeftParenthesis)
            }
            ')' => match self.parentheses.checked_sub(1) {
                Some(left) => {
                    self.parentheses = left;
                    self.token(Kind::RightParenthesis)
                }
                None => self.mistake("unexpected right paren"),
            },
            ' '..='~' => self.token(Kind::Char),
            c => self.mistake(format!("unrecognized character in action: {}", code_point(c))),
        }
    }

    /// The right delimiter, from its braces on: the trimmed space is not part of it.
    fn closing(&mut self, trims: bool) -> Result<Token, Mistake> {
        self.start = self.at + if trims { 2 } else { 0 };
        let range = Range { start: self.start as u32, end: self.start as u32 + 2 };
        self.close(trims);
        self.start = self.at;
        self.in_action = false;
        Ok(Token { kind: Kind::RightDelimiter, range })
    }

    fn space(&mut self) -> Result<Token, Mistake> {
        let mut count = 1;
        while self.peek().is_some_and(is_space) {
            self.at += 1;
            count += 1;
        }
        // The last one may belong to ` -}}`.
        self.at -= 1;
        if self.right_delimiter() == Some(true) {
            if count == 1 {
                return self.closing(true);
            }
        } else {
            self.at += 1;
        }
        self.token(Kind::Space)
    }

    fn quoted(&mut self, quote: char, kind: Kind, open: &str) -> Result<Token, Mistake> {
        loop {
            match self.bump() {
                None | Some('\n') => return self.mistake(open),
                Some('\\') => match self.bump() {
                    None | Some('\n') => return self.mistake(open),
                    Some(_) => {}
                },
                Some(c) if c == quote => return self.token(kind),
                Some(_) => {}
            }
        }
    }

    fn at_terminator(&self) -> bool {
        match self.peek() {
            None => true,
            Some(c) if is_space(c) || matches!(c, '.' | ',' | '|' | ':' | ')' | '(') => true,
            Some(_) => self.rest().starts_with("}}"),
        }
    }

    fn word(&mut self) -> Result<(), Mistake> {
        while self.peek().is_some_and(is_alphanumeric) {
            self.bump();
        }
        if self.at_terminator() {
            return Ok(());
        }
        let c = self.peek().unwrap_or_default();
        self.mistake(format!("bad character {}", code_point(c)))
    }

    fn field(&mut self, kind: Kind) -> Result<Token, Mistake> {
        if self.at_terminator() {
            return self.token(if kind == Kind::Field { Kind::Dot } else { kind });
        }
        self.word()?;
        self.token(kind)
    }

    fn identifier(&mut self) -> Result<Token, Mistake> {
        self.word()?;
        let kind = match self.text.get(self.start..self.at).unwrap_or("") {
            "true" | "false" => Kind::Bool,
            "nil" => Kind::Nil,
            "block" => Kind::Keyword(Keyword::Block),
            "break" => Kind::Keyword(Keyword::Break),
            "continue" => Kind::Keyword(Keyword::Continue),
            "define" => Kind::Keyword(Keyword::Define),
            "else" => Kind::Keyword(Keyword::Else),
            "end" => Kind::Keyword(Keyword::End),
            "if" => Kind::Keyword(Keyword::If),
            "range" => Kind::Keyword(Keyword::Range),
            "template" => Kind::Keyword(Keyword::Template),
            "with" => Kind::Keyword(Keyword::With),
            _ => Kind::Identifier,
        };
        self.token(kind)
    }

    fn number(&mut self) -> Result<Token, Mistake> {
        self.at = self.start;
        let mut kind = Kind::Number;
        let mut is_number = self.scan_number();
        if is_number && matches!(self.peek(), Some('+' | '-')) {
            is_number = self.scan_number()
                && self.text.get(..self.at).is_some_and(|text| text.ends_with('i'));
            kind = Kind::Complex;
        }
        if is_number {
            return self.token(kind);
        }
        let text = self.text.get(self.start..self.at).unwrap_or("");
        self.mistake(format!("bad number syntax: {text:?}"))
    }

    fn accept(&mut self, any: &str) -> bool {
        let is_there = self.peek().is_some_and(|c| any.contains(c));
        if is_there {
            self.at += 1;
        }
        is_there
    }

    fn accept_all(&mut self, any: &str) {
        while self.accept(any) {}
    }

    fn scan_number(&mut self) -> bool {
        self.accept("+-");
        let (mut digits, mut exponent) = ("0123456789_", "eE");
        if self.accept("0") {
            if self.accept("xX") {
                (digits, exponent) = ("0123456789abcdefABCDEF_", "pP");
            } else if self.accept("oO") {
                (digits, exponent) = ("01234567_", "");
            } else if self.accept("bB") {
                (digits, exponent) = ("01_", "");
            }
        }
        self.accept_all(digits);
        if self.accept(".") {
            self.accept_all(digits);
        }
        if self.accept(exponent) {
            self.accept("+-");
            self.accept_all("0123456789_");
        }
        self.accept("i");
        if self.peek().is_some_and(is_alphanumeric) {
            self.bump();
            return false;
        }
        true
    }
}

/// In the format of Go's `%#U`.
fn code_point(c: char) -> String {
    format!("U+{:04X} '{c}'", c as u32)
}
