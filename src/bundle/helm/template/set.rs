//! The templates of a chart, by name.

use std::collections::HashMap;
use std::rc::Rc;

use super::ast::{Block, Range};
use super::failure::Spot;
use super::lexer::Mistake;
use super::parser;
use crate::text::{SourceId, Span};

/// The place of a template's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// In a file, from its first byte to its last.
    File(SourceId),
    /// Not in a file that could be shown: this place stands for all of it.
    Fixed(Span),
}

/// The text that contains a template.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) text: Rc<str>,
    pub(crate) place: Place,
}

/// A template: a file, or a `define` in it.
#[derive(Debug)]
pub(crate) struct Template {
    pub(crate) name: Rc<str>,
    pub(crate) source: Rc<Source>,
    pub(crate) body: Rc<Block>,
}

/// Templates that see one another.
#[derive(Debug, Default)]
pub(crate) struct TemplateSet {
    templates: HashMap<Rc<str>, Rc<Template>>,
    /// Those outside a `tpl`.
    around: Option<Rc<TemplateSet>>,
}

/// The bytes that a text takes once it is parsed, about: an action takes more than it has.
pub(crate) fn parsed_size(text: &str) -> usize {
    let actions = memchr::memmem::find_iter(text.as_bytes(), "{{").count();
    text.len().saturating_mul(16).saturating_add(actions.saturating_mul(512))
}

impl Template {
    pub(crate) fn slice(&self, range: Range) -> &str {
        self.source.text.get(range.start as usize..range.end as usize).unwrap_or("")
    }

    pub(crate) fn span(&self, range: Range) -> Span {
        match self.source.place {
            Place::File(source) => Span { source, start: range.start, end: range.end },
            Place::Fixed(span) => span,
        }
    }

    pub(crate) fn spot(&self, range: Range) -> Spot {
        Spot { span: self.span(range), expression: self.slice(range).to_owned() }
    }
}

impl TemplateSet {
    pub(crate) fn get(&self, name: &str) -> Option<Rc<Template>> {
        let own = self.templates.get(name).cloned();
        own.or_else(|| self.around.as_ref().and_then(|around| around.get(name)))
    }

    /// Adds the templates of a text. A later definition replaces an earlier one, unless it is
    /// blank.
    pub(crate) fn add(
        &mut self,
        name: &Rc<str>,
        text: &Rc<str>,
        place: Place,
    ) -> Result<Rc<Template>, Mistake> {
        let parsed = parser::parse(text)?;
        let source = Rc::new(Source { text: Rc::clone(text), place });
        let template = |name: &Rc<str>, body: Block| {
            Rc::new(Template {
                name: Rc::clone(name),
                source: Rc::clone(&source),
                body: Rc::new(body),
            })
        };
        let mut here: HashMap<Rc<str>, bool> = HashMap::new();
        for (name, body) in parsed.defined {
            let is_blank = parser::is_blank(&body, text);
            // Within one text a name may only be defined once.
            match here.get(&name) {
                Some(false) if !is_blank => {
                    let message = format!(
                        "template: multiple definition of template {}",
                        super::literal::quoted(&name)
                    );
                    return Err(Mistake { at: 0, message });
                }
                Some(false) => continue,
                _ => {}
            }
            here.insert(Rc::clone(&name), is_blank);
            if is_blank && self.get(&name).is_some() {
                continue;
            }
            let template = template(&name, body);
            self.templates.insert(name, template);
        }
        let whole = template(name, parsed.body);
        self.templates.insert(Rc::clone(name), Rc::clone(&whole));
        Ok(whole)
    }

    /// These templates with those of one more text, which nothing outside it sees.
    pub(crate) fn with(
        self: &Rc<Self>,
        name: &Rc<str>,
        text: &Rc<str>,
        place: Place,
    ) -> Result<(Rc<Template>, Rc<Self>), Mistake> {
        let mut inner = Self { templates: HashMap::new(), around: Some(Rc::clone(self)) };
        let template = inner.add(name, text, place)?;
        Ok((template, Rc::new(inner)))
    }
}
