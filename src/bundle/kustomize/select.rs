//! Which objects a patch or a replacement selects.

use regex::Regex;

use super::id::{Id, text_at};
use super::id::{Part, Sought};
use super::object::Object;
use crate::text::Span;
use crate::yaml::Node;

/// A `target` or `select`: patterns for a patch, literal words for a replacement.
#[derive(Clone, Debug, Default)]
pub(super) struct Selector {
    group: String,
    version: String,
    kind: String,
    name: String,
    namespace: String,
    labels: Vec<Requirement>,
    annotations: Vec<Requirement>,
}

/// One part of a label selector.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Requirement {
    In(String, Vec<String>),
    NotIn(String, Vec<String>),
    Exists(String),
    Absent(String),
}

impl Selector {
    /// Reads one; `apiVersion` stands for group and version.
    ///
    /// # Errors
    /// Where it is invalid, and why.
    pub fn read(node: &Node) -> Result<Self, (Span, String)> {
        let text = |key: &str| text_at(node, &[key]).to_owned();
        let requirements = |key: &str| match node.get(key).filter(|it| !it.is_null()) {
            None => Ok(Vec::new()),
            Some(value) => {
                let text = value.as_scalar().map_or("", |scalar| scalar.text.as_str());
                let read = requirements(text);
                read.ok_or_else(|| (value.span, format!("`{text}` is not a valid label selector")))
            }
        };
        Ok(Self {
            group: text("group"),
            version: text("version"),
            kind: text("kind"),
            name: text("name"),
            namespace: text("namespace"),
            labels: requirements("labelSelector")?,
            annotations: requirements("annotationSelector")?,
        })
    }

    /// Its fields as anchored patterns.
    ///
    /// # Errors
    /// The invalid pattern.
    pub fn patterns(&self) -> Result<Patterns<'_>, String> {
        Ok(Patterns {
            group: Pattern::read(&self.group)?,
            version: Pattern::read(&self.version)?,
            kind: Pattern::read(&self.kind)?,
            name: Pattern::read(&self.name)?,
            namespace: Pattern::read(&self.namespace)?,
            selector: self,
        })
    }

    /// What to look up for a selector whose fields are literal words.
    pub fn sought(&self) -> Sought<'_> {
        Sought {
            kind: Part::word(&self.kind),
            name: Part::word(&self.name),
            namespace: Part::word(&self.namespace),
        }
    }

    /// Whether one of an object's identities matches literally.
    pub fn means(&self, object: &Object) -> bool {
        object.ids().any(|id| self.is(&id))
    }

    /// Whether it has no field that identifies an object.
    pub fn is_nameless(&self) -> bool {
        [&self.group, &self.version, &self.kind, &self.name, &self.namespace]
            .iter()
            .all(|field| field.is_empty())
    }

    /// Whether labels and annotations match.
    pub fn fits(&self, tree: &Node) -> bool {
        fit(&self.labels, tree.at(&["metadata", "labels"]))
            && fit(&self.annotations, tree.at(&["metadata", "annotations"]))
    }

    /// Whether it selects by labels or annotations.
    pub fn asks_for_labels(&self) -> bool {
        !self.labels.is_empty() || !self.annotations.is_empty()
    }

    fn is(&self, id: &Id) -> bool {
        let is = |wanted: &str, there: &str| wanted.is_empty() || wanted == there;
        // In literal comparison, kinds without a namespace count as being in `default`
        // (`MakeResIds`).
        let namespace = match id.namespace.as_str() {
            super::id::NO_NAMESPACE => "default",
            namespace => namespace,
        };
        is(&self.group, &id.group)
            && is(&self.version, &id.version)
            && is(&self.kind, &id.kind)
            && is(&self.name, &id.name)
            && is(&self.namespace, namespace)
    }

    /// For messages.
    pub fn words(&self) -> String {
        let parts = [
            ("kind", &self.kind),
            ("name", &self.name),
            ("namespace", &self.namespace),
            ("group", &self.group),
            ("version", &self.version),
        ];
        let parts = parts.iter().filter(|(_, value)| !value.is_empty());
        let words: Vec<String> = parts.map(|(key, value)| format!("{key} `{value}`")).collect();
        if words.is_empty() { "any object".to_owned() } else { words.join(", ") }
    }
}

/// A selector with its compiled patterns.
pub(super) struct Patterns<'a> {
    group: Pattern<'a>,
    version: Pattern<'a>,
    kind: Pattern<'a>,
    name: Pattern<'a>,
    namespace: Pattern<'a>,
    selector: &'a Selector,
}

/// An anchored pattern. Most are words, and the only special character of most others is a dot.
enum Pattern<'a> {
    Any,
    Word(&'a str),
    /// Only a dot matches another character.
    Dotted(&'a str),
    Regex(&'a str, Box<Regex>),
}

impl<'a> Pattern<'a> {
    fn read(text: &'a str) -> Result<Self, String> {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '/');
        if text.is_empty() {
            Ok(Self::Any)
        } else if text.chars().all(is_plain) {
            Ok(Self::Word(text))
        } else if text.chars().all(|c| is_plain(c) || c == '.') {
            Ok(Self::Dotted(text))
        } else {
            let regex = Regex::new(&format!("^(?:{text})$")).map_err(|_| text.to_owned())?;
            Ok(Self::Regex(text, Box::new(regex)))
        }
    }

    fn fits(&self, text: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Word(word) => *word == text,
            Self::Dotted(pattern) => {
                let same = |(wanted, there): (char, char)| {
                    wanted == there || (wanted == '.' && there != '\n')
                };
                let length = text.chars().count();
                pattern.len() == length && pattern.chars().zip(text.chars()).all(same)
            }
            Self::Regex(_, regex) => regex.is_match(text),
        }
    }

    /// The common prefix of all matches.
    fn part(&self) -> Part<'a> {
        match self {
            Self::Any => Part::Any,
            Self::Word(word) => Part::Word(word),
            Self::Dotted(text) => prefix(text, text.find('.')),
            Self::Regex(text, _) => {
                let special = text
                    .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '/')));
                // The character before one of these is optional; a bar makes everything before it
                // one of several alternatives.
                let optional = special
                    .and_then(|at| text.get(at..))
                    .is_some_and(|rest| rest.starts_with(['?', '*', '{']));
                let end = special.map(|at| at.saturating_sub(usize::from(optional)));
                if text.contains('|') { Part::Any } else { prefix(text, end) }
            }
        }
    }
}

fn prefix(text: &str, end: Option<usize>) -> Part<'_> {
    match end.and_then(|end| text.get(..end)) {
        None | Some("") => Part::Any,
        Some(prefix) => Part::Prefix(prefix),
    }
}

impl Patterns<'_> {
    /// What to look up.
    pub fn sought(&self) -> Sought<'_> {
        Sought { kind: self.kind.part(), name: self.name.part(), namespace: self.namespace.part() }
    }

    /// Whether an object is selected, by its first or its current identity.
    pub fn select(&self, object: &Object) -> bool {
        let (first, now) = (object.original(), object.id());
        (self.namespace.fits(&first.namespace) || self.namespace.fits(&now.namespace))
            && (self.name.fits(&first.name) || self.name.fits(&now.name))
            && self.group.fits(&now.group)
            && self.version.fits(&now.version)
            && self.kind.fits(&now.kind)
            && self.selector.fits(&object.tree)
    }
}

fn fit(requirements: &[Requirement], map: Option<&Node>) -> bool {
    let value = |key: &str| {
        let scalar = map.and_then(|map| map.get(key)).and_then(Node::as_scalar);
        scalar.map(|scalar| scalar.text.as_str())
    };
    requirements.iter().all(|requirement| match requirement {
        Requirement::In(key, values) => {
            value(key).is_some_and(|there| values.iter().any(|it| it == there))
        }
        Requirement::NotIn(key, values) => {
            value(key).is_none_or(|there| values.iter().all(|it| it != there))
        }
        Requirement::Exists(key) => value(key).is_some(),
        Requirement::Absent(key) => value(key).is_none(),
    })
}

/// Kubernetes' own syntax: `a=b,c!=d,e in (f,g),h notin (i),j,!k`.
fn requirements(text: &str) -> Option<Vec<Requirement>> {
    let mut parts: Vec<String> = vec![String::new()];
    let mut in_brackets = false;
    for char in text.chars() {
        match char {
            '(' => in_brackets = true,
            ')' => in_brackets = false,
            ',' if !in_brackets => {
                parts.push(String::new());
                continue;
            }
            _ => {}
        }
        parts.last_mut()?.push(char);
    }
    let parts = parts.iter().map(|part| part.trim());
    parts.filter(|part| !part.is_empty()).map(requirement).collect()
}

fn requirement(part: &str) -> Option<Requirement> {
    let key = |text: &str| {
        let text = text.trim();
        (!text.is_empty() && !text.contains([' ', '(', ')', '='])).then(|| text.to_owned())
    };
    if let Some((name, value)) = part.split_once("!=") {
        return Some(Requirement::NotIn(key(name)?, vec![value.trim().to_owned()]));
    }
    if let Some((name, value)) = part.split_once("==").or_else(|| part.split_once('=')) {
        return Some(Requirement::In(key(name)?, vec![value.trim().to_owned()]));
    }
    if let Some(name) = part.strip_prefix('!') {
        return Some(Requirement::Absent(key(name)?));
    }
    if let Some((head, values)) = part.strip_suffix(')').and_then(|part| part.split_once('(')) {
        let values = values.split(',').map(|value| value.trim().to_owned()).collect();
        let head = head.trim();
        if let Some(name) = head.strip_suffix(" notin") {
            return Some(Requirement::NotIn(key(name)?, values));
        }
        return Some(Requirement::In(key(head.strip_suffix(" in")?)?, values));
    }
    Some(Requirement::Exists(key(part)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_index_omits_no_match() {
        let patterns = [
            "web",
            "web.*",
            "web-?[0-9]+",
            "a|web",
            "web(-a)?",
            "(?i)WEB",
            "we?b",
            "w{2}",
            ".*",
            "a.b",
            "x.y.z",
            "[ab]",
            "web|",
            "we*",
            "",
            "a+b",
            r"\.a",
            "é.*",
            "web$",
            "^web",
        ];
        let texts =
            ["web", "web-1", "web1", "a", "WEB", "wb", "ww", "a.b", "acb", "x.y.z", "xayaz", "ab"];
        for pattern in patterns {
            let read = Pattern::read(pattern).unwrap();
            let regex = Regex::new(&format!("^(?:{pattern})$")).unwrap();
            for text in texts {
                let fits = pattern.is_empty() || regex.is_match(text);
                assert_eq!(read.fits(text), fits, "{pattern} {text}");
                let is_found = match read.part() {
                    Part::Any => true,
                    Part::Word(word) => word == text,
                    Part::Prefix(prefix) => text.starts_with(prefix),
                };
                assert!(is_found || !fits, "{pattern} {text}");
            }
        }
    }

    #[test]
    fn label_selectors_are_read_as_kubernetes_reads_them() {
        let all = requirements("a=b, c!=d,e in (f, g),h notin (i),j,!k").unwrap();
        assert_eq!(all.len(), 6);
        assert_eq!(all[2], Requirement::In("e".into(), vec!["f".into(), "g".into()]));
        assert_eq!(all[5], Requirement::Absent("k".into()));
        assert_eq!(requirements("a b"), None);
        assert_eq!(requirements(""), Some(Vec::new()));
    }
}
