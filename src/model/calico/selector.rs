//! Calico's selector language (libcalico-go/lib/selector: tokenizer and parser).
//!
//! ```text
//! or   = and { "||" and }
//! and  = one { "&&" one }
//! one  = "!" one | "(" or ")" | "all()" | "global()" | "has(" key ")" | key test
//! test = "==" text | "!=" text | "in" set | "not in" set | "contains" text
//!      | "starts with" text | "ends with" text
//! set  = "{" [ text { "," text } [ "," ] ] "}"
//! ```
//! White space is blank and tab. Texts are in either kind of quotes, without escapes.

use compact_str::CompactString;

use crate::model::selector::{Operator, Requirement};
use crate::model::tiered::{Expr, LabelOf, NAMESPACE_NAME, TextOperator, TextTest};
use crate::text::Span;

/// The longest selector that is accepted.
const LONGEST: usize = 1024;
/// How deep parentheses may be nested before nothing is said of a selector.
const DEEPEST: usize = 100;

/// A selector that was read.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Parsed {
    /// A condition.
    Condition(Expr),
    /// `global()`, alone.
    Global,
}

/// Why a selector is rejected, and where in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mistake {
    /// The end of a sentence whose subject is the selector.
    pub why: String,
    /// The bytes of the selector that are wrong.
    pub at: (usize, usize),
}

/// Whose labels a selector's keys are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keys {
    /// Of pods and sets: `selector`.
    Endpoints,
    /// Of Namespaces: `namespaceSelector`.
    Namespaces,
    /// Of ServiceAccounts: `serviceAccountSelector`.
    Accounts,
}

/// Where a selector is written: its bytes there, where they are as they are written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Written {
    /// The scalar.
    pub whole: Span,
    /// Where its text begins; none where escapes or line breaks move it.
    pub start: Option<u32>,
}

impl Written {
    /// The place of some bytes of the selector.
    pub(super) fn span(&self, from: usize, to: usize) -> Span {
        match self.start {
            Some(start) => {
                Span { start: start + from as u32, end: start + to as u32, ..self.whole }
            }
            None => self.whole,
        }
    }
}

/// Reads a selector.
pub(super) fn parse(text: &str, keys: Keys, written: Written) -> Result<Parsed, Mistake> {
    if text.len() > LONGEST {
        let why = format!("has more than {LONGEST} characters");
        return Err(Mistake { why, at: (0, text.len()) });
    }
    let mut parser = Parser { text, at: 0, keys, written, depth: 0, has_global: false };
    parser.blanks();
    if parser.rest().is_empty() {
        return Ok(Parsed::Condition(Expr::Always));
    }
    let expr = parser.any()?;
    parser.blanks();
    if !parser.rest().is_empty() {
        return Err(parser.unexpected());
    }
    match (parser.has_global, expr) {
        (false, expr) => Ok(Parsed::Condition(expr)),
        (true, Expr::Never) => Ok(Parsed::Global),
        (true, _) => {
            Err(Mistake { why: "has `global()`, which must be alone".into(), at: (0, text.len()) })
        }
    }
}

struct Parser<'t> {
    text: &'t str,
    at: usize,
    keys: Keys,
    written: Written,
    depth: usize,
    has_global: bool,
}

impl<'t> Parser<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn blanks(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start_matches([' ', '\t']).len();
    }

    /// Takes a token that is there.
    fn takes(&mut self, token: &str) -> bool {
        self.blanks();
        let is_there = self.rest().starts_with(token);
        if is_there {
            self.at += token.len();
        }
        is_there
    }

    fn mistake(&self, why: impl Into<String>, from: usize) -> Mistake {
        Mistake { why: why.into(), at: (from, self.at.max(from)) }
    }

    /// What stands where something else is expected.
    fn unexpected(&self) -> Mistake {
        let rest = self.rest();
        let next = |why: &str, length: usize| Mistake {
            why: why.to_owned(),
            at: (self.at, self.at + length),
        };
        match rest.chars().next() {
            None => next("ends too early", 0),
            Some('\n' | '\r') => next("has a line break, which is neither a blank nor a tab", 1),
            Some('&') => next("has a single `&`: write `&&`", 1),
            Some('|') => next("has a single `|`: write `||`", 1),
            Some('=') => next("has a single `=`: write `==`", 1),
            Some(c) if c.is_ascii_alphabetic() => {
                let word = rest.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or(rest);
                let why = match word.to_ascii_lowercase().as_str() {
                    "and" => "has the word `and`: write `&&`".to_owned(),
                    "or" => "has the word `or`: write `||`".to_owned(),
                    _ => format!("has `{word}` where an operator is expected"),
                };
                next(&why, word.len())
            }
            Some(c) => next(&format!("has `{c}` where it can't be"), c.len_utf8()),
        }
    }

    fn any(&mut self) -> Result<Expr, Mistake> {
        let mut list = vec![self.all()?];
        while self.takes("||") {
            list.push(self.all()?);
        }
        Ok(if list.len() == 1 { list.remove(0) } else { Expr::Any(list) })
    }

    fn all(&mut self) -> Result<Expr, Mistake> {
        let mut list = vec![self.one()?];
        while self.takes("&&") {
            list.push(self.one()?);
        }
        Ok(match list.len() {
            1 => list.remove(0),
            _ if self.has_global => Expr::All(list),
            _ => Expr::all(list),
        })
    }

    fn one(&mut self) -> Result<Expr, Mistake> {
        let mut negated = false;
        self.blanks();
        while self.rest().starts_with('!') && !self.rest().starts_with("!=") {
            self.at += 1;
            negated = !negated;
            self.blanks();
        }
        let expr = if self.takes("(") {
            self.depth += 1;
            if self.depth > DEEPEST {
                self.at = self.text.len();
                return Ok(Expr::Unknown);
            }
            let inner = self.any()?;
            self.depth -= 1;
            if inner != Expr::Unknown && !self.takes(")") {
                return Err(match self.rest() {
                    "" => self.mistake("has a `(` that is not closed", 0),
                    _ => self.unexpected(),
                });
            }
            inner
        } else if let Some(all) = self.call("all") {
            all?;
            match self.keys {
                // Anything that is in a namespace.
                Keys::Namespaces => {
                    Expr::exists(LabelOf::Namespace, NAMESPACE_NAME, self.written.whole)
                }
                _ => Expr::Always,
            }
        } else if let Some(global) = self.call("global") {
            global?;
            self.has_global = true;
            Expr::Never
        } else if self.rest().starts_with("has(") {
            self.has()?
        } else {
            self.test()?
        };
        Ok(if negated { expr.negated() } else { expr })
    }

    /// `all()` or `global()`.
    fn call(&mut self, name: &str) -> Option<Result<(), Mistake>> {
        let from = self.at;
        let rest = self.rest().strip_prefix(name)?.strip_prefix('(')?;
        let inside = rest.trim_start_matches([' ', '\t']);
        match inside.starts_with(')') {
            true => {
                self.at = self.text.len() - inside.len() + 1;
                Some(Ok(()))
            }
            false => Some(Err(Mistake {
                why: format!("has `{name}(` with something in its parentheses"),
                at: (from, self.text.len()),
            })),
        }
    }

    fn has(&mut self) -> Result<Expr, Mistake> {
        let from = self.at;
        self.at += "has(".len();
        self.blanks();
        let key = self.key().ok_or_else(|| self.mistake("has `has(` without a label", from))?;
        let end = self.at;
        if !self.takes(")") {
            let why = "has more than one label in `has(…)`: write `has(a) && has(b)`";
            return Err(Mistake { why: why.into(), at: (from, end.max(from + 1)) });
        }
        Ok(self.leaf(key, Operator::Exists, Vec::new(), from))
    }

    /// A label.
    fn key(&mut self) -> Option<(&'t str, usize)> {
        let from = self.at;
        let rest = self.rest();
        let is_in = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '/' | '-');
        let length = rest.find(|c: char| !is_in(c)).unwrap_or(rest.len());
        self.at += length;
        (1..=512).contains(&length).then(|| (&rest[..length], from))
    }

    fn test(&mut self) -> Result<Expr, Mistake> {
        let from = self.at;
        let Some(key) = self.key() else {
            if self.rest().starts_with(['"', '\'']) {
                let why = "begins a condition with a text: write the label first";
                return Err(self.mistake(why, from));
            }
            return Err(self.unexpected());
        };
        self.blanks();
        if self.takes("==") {
            let value = self.literal()?;
            return Ok(self.leaf(key, Operator::In, vec![value], from));
        }
        if self.takes("!=") {
            let value = self.literal()?;
            return Ok(self.leaf(key, Operator::NotIn, vec![value], from));
        }
        for (words, operator) in [
            (&["not", "in"][..], Operator::NotIn),
            (&["notin"], Operator::NotIn),
            (&["in"], Operator::In),
        ] {
            if self.words(words) {
                let values = self.set()?;
                return Ok(self.leaf(key, operator, values, from));
            }
        }
        for (words, operator) in [
            (&["contains"][..], TextOperator::Contains),
            (&["starts", "with"], TextOperator::StartsWith),
            (&["startswith"], TextOperator::StartsWith),
            (&["ends", "with"], TextOperator::EndsWith),
            (&["endswith"], TextOperator::EndsWith),
        ] {
            if self.words(words) {
                let (text, _) = self.literal()?;
                let (of, key) = self.meaning(key.0);
                let span = self.written.span(from, self.at);
                return Ok(Expr::Text(of, TextTest { key, operator, text, span }));
            }
        }
        match self.rest().is_empty() {
            true => {
                let why =
                    format!("has the label `{}` without a test: write `has({})`", key.0, key.0);
                Err(Mistake { why, at: (from, self.at.min(self.text.len())) })
            }
            false => Err(self.unexpected()),
        }
    }

    /// Words of an operator, that nothing of a label follows.
    fn words(&mut self, words: &[&str]) -> bool {
        let before = self.at;
        for word in words {
            self.blanks();
            let Some(rest) = self.rest().strip_prefix(word) else {
                self.at = before;
                return false;
            };
            self.at = self.text.len() - rest.len();
        }
        let goes_on = self.rest().starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
        if goes_on {
            self.at = before;
        }
        !goes_on
    }

    fn literal(&mut self) -> Result<(CompactString, Span), Mistake> {
        self.blanks();
        let from = self.at;
        let rest = self.rest();
        let Some(quote) = rest.chars().next().filter(|c| matches!(c, '"' | '\'')) else {
            let word = rest.split([' ', '\t', ')', '&', '|', ',', '}']).next().unwrap_or_default();
            let why = match word {
                "" => "has an operator without a text behind it".to_owned(),
                word => format!("has `{word}` without quotes: write `\"{word}\"`"),
            };
            return Err(Mistake { why, at: (from, from + word.len()) });
        };
        let Some(length) = rest[1..].find(quote) else {
            return Err(Mistake {
                why: "has a quote that is not closed".into(),
                at: (from, self.text.len()),
            });
        };
        self.at += length + 2;
        let span = self.written.span(from, self.at);
        Ok((CompactString::from(&rest[1..=length]), span))
    }

    fn set(&mut self) -> Result<Vec<(CompactString, Span)>, Mistake> {
        let from = self.at;
        if !self.takes("{") {
            return Err(self.mistake("needs a set in braces behind `in`", from));
        }
        let mut values = Vec::new();
        loop {
            if self.takes("}") {
                return Ok(values);
            }
            values.push(self.literal()?);
            if !self.takes(",") {
                return match self.takes("}") {
                    true => Ok(values),
                    false => Err(self.mistake("has a set that is not closed", from)),
                };
            }
        }
    }

    fn leaf(
        &self,
        key: (&str, usize),
        operator: Operator,
        values: Vec<(CompactString, Span)>,
        from: usize,
    ) -> Expr {
        let (written, start) = key;
        let (of, key) = self.meaning(written);
        let requirement = Requirement {
            key,
            operator,
            values,
            key_span: self.written.span(start, start + written.len()),
            span: self.written.span(from, self.at),
            is_label: false,
        };
        if written == ORCHESTRATOR && self.keys == Keys::Endpoints {
            return of_pods(requirement);
        }
        Expr::Is(of, requirement)
    }

    /// Whose label a key is (libcalico-go/lib/backend/k8s/conversion, and the prefixes that
    /// syncersv1/updateprocessors adds).
    fn meaning(&self, key: &str) -> (LabelOf, CompactString) {
        match self.keys {
            Keys::Namespaces => (LabelOf::Namespace, key.into()),
            Keys::Accounts => (LabelOf::Account, key.into()),
            Keys::Endpoints => match key {
                "projectcalico.org/namespace" => (LabelOf::Namespace, NAMESPACE_NAME.into()),
                "projectcalico.org/serviceaccount" => (LabelOf::AccountName, "".into()),
                key => match (key.strip_prefix("pcns."), key.strip_prefix("pcsa.")) {
                    (Some(key), _) => (LabelOf::Namespace, key.into()),
                    (_, Some(key)) => (LabelOf::Account, key.into()),
                    _ => (LabelOf::Pod, key.into()),
                },
            },
        }
    }
}

const ORCHESTRATOR: &str = "projectcalico.org/orchestrator";

/// Every pod has the orchestrator `k8s`, and nothing else has one: as with a ServiceAccount.
fn of_pods(requirement: Requirement) -> Expr {
    let has_value = requirement.values.iter().any(|(value, _)| value == "k8s");
    let is_pod = Expr::exists(LabelOf::AccountName, "", requirement.span);
    match (requirement.operator, has_value) {
        (Operator::Exists, _) | (Operator::In, true) => is_pod,
        (Operator::In, false) => Expr::Never,
        (Operator::NotIn, false) => Expr::Always,
        (Operator::NotIn, true) | (Operator::DoesNotExist, _) => Expr::Not(Box::new(is_pod)),
    }
}

#[cfg(test)]
mod tests;
