//! Which objects a patch or a replacement means.

use regex::Regex;

use super::id::{Id, text_at};
use super::object::Object;
use crate::text::Span;
use crate::yaml::Node;

/// A `target` or `select`: patterns for a patch, exact words for a replacement.
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
    /// Where it can't be understood, and why.
    pub fn read(node: &Node) -> Result<Self, (Span, String)> {
        let text = |key: &str| text_at(node, &[key]).to_owned();
        let requirements = |key: &str| match node.get(key).filter(|it| !it.is_null()) {
            None => Ok(Vec::new()),
            Some(value) => {
                let text = value.as_scalar().map_or("", |scalar| scalar.text.as_str());
                let read = requirements(text);
                read.ok_or_else(|| (value.span, format!("`{text}` is no label selector")))
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
    /// The pattern that is none.
    pub fn patterns(&self) -> Result<Patterns<'_>, String> {
        let pattern = |text: &str| match text {
            "" => Ok(None),
            // Most are plain names; a pattern is made for the others only.
            text => {
                let anchored = Regex::new(&format!("^(?:{text})$"));
                anchored.map(Some).map_err(|_| text.to_owned())
            }
        };
        Ok(Patterns {
            group: pattern(&self.group)?,
            version: pattern(&self.version)?,
            kind: pattern(&self.kind)?,
            name: pattern(&self.name)?,
            namespace: pattern(&self.namespace)?,
            selector: self,
        })
    }

    /// Whether one of an object's identities is the one meant, word for word.
    pub fn means(&self, object: &Object) -> bool {
        object.ids().any(|id| self.is(&id))
    }

    /// Whether no field that names an object is there.
    pub fn is_nameless(&self) -> bool {
        [&self.group, &self.version, &self.kind, &self.name, &self.namespace]
            .iter()
            .all(|field| field.is_empty())
    }

    /// Whether labels and annotations fit.
    pub fn fits(&self, tree: &Node) -> bool {
        fit(&self.labels, tree.at(&["metadata", "labels"]))
            && fit(&self.annotations, tree.at(&["metadata", "annotations"]))
    }

    /// Whether labels or annotations are asked for.
    pub fn asks_for_labels(&self) -> bool {
        !self.labels.is_empty() || !self.annotations.is_empty()
    }

    fn is(&self, id: &Id) -> bool {
        let is = |wanted: &str, there: &str| wanted.is_empty() || wanted == there;
        // Among identities that are compared word for word, kinds without a namespace count as
        // being in `default` (`MakeResIds`).
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

/// A selector with its patterns ready.
pub(super) struct Patterns<'a> {
    group: Option<Regex>,
    version: Option<Regex>,
    kind: Option<Regex>,
    name: Option<Regex>,
    namespace: Option<Regex>,
    selector: &'a Selector,
}

impl Patterns<'_> {
    /// Whether an object, by who it was first or is now, is selected.
    pub fn select(&self, object: &Object) -> bool {
        let fits = |pattern: &Option<Regex>, text: &str| {
            pattern.as_ref().is_none_or(|pattern| pattern.is_match(text))
        };
        let (first, now) = (object.original(), object.id());
        (fits(&self.namespace, &first.namespace) || fits(&self.namespace, &now.namespace))
            && (fits(&self.name, &first.name) || fits(&self.name, &now.name))
            && fits(&self.group, &now.group)
            && fits(&self.version, &now.version)
            && fits(&self.kind, &now.kind)
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
    fn label_selectors_are_read_as_kubernetes_reads_them() {
        let all = requirements("a=b, c!=d,e in (f, g),h notin (i),j,!k").unwrap();
        assert_eq!(all.len(), 6);
        assert_eq!(all[2], Requirement::In("e".into(), vec!["f".into(), "g".into()]));
        assert_eq!(all[5], Requirement::Absent("k".into()));
        assert_eq!(requirements("a b"), None);
        assert_eq!(requirements(""), Some(Vec::new()));
    }
}
