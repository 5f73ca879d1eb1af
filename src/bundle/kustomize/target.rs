//! Which objects a patch or a replacement is for.

use compact_str::CompactString;
use regex::{Regex, RegexBuilder};

use crate::yaml::Node;

use super::edit;
use super::resource::{Id, Resource};

/// `target` of a patch: patterns of all parts of an identity, and selectors of labels and
/// annotations (api/types/selector.go).
#[derive(Debug)]
pub(super) struct Target {
    group: Option<Regex>,
    version: Option<Regex>,
    kind: Option<Regex>,
    name: Option<Regex>,
    namespace: Option<Regex>,
    labels: Vec<Requirement>,
    annotations: Vec<Requirement>,
}

/// Patterns are compiled into no more than this.
const PATTERN_BYTES: usize = 1 << 20;

impl Target {
    /// # Errors
    /// A pattern or a selector that is none, in words, and where it is.
    pub(super) fn read(node: &Node) -> Result<Self, (crate::text::Span, String)> {
        let pattern = |key: &str| -> Result<Option<Regex>, (crate::text::Span, String)> {
            let Some(value) = node.get(key) else { return Ok(None) };
            let Some(text) = edit::text(value).filter(|text| !text.is_empty()) else {
                return Ok(None);
            };
            let anchored = format!("^(?:{text})$");
            let built = RegexBuilder::new(&anchored).size_limit(PATTERN_BYTES).build();
            built.map(Some).map_err(|_| {
                let text = crate::text::visible(text);
                (value.span, format!("`{text}` is no pattern that can be used"))
            })
        };
        let selector = |key: &str| -> Result<Vec<Requirement>, (crate::text::Span, String)> {
            let Some(value) = node.get(key) else { return Ok(Vec::new()) };
            let text = edit::text(value).unwrap_or_default();
            requirements(text).ok_or_else(|| {
                (value.span, format!("`{}` is no selector", crate::text::visible(text)))
            })
        };
        Ok(Self {
            group: pattern("group")?,
            version: pattern("version")?,
            kind: pattern("kind")?,
            name: pattern("name")?,
            namespace: pattern("namespace")?,
            labels: selector("labelSelector")?,
            annotations: selector("annotationSelector")?,
        })
    }

    /// Whether it is for that object, by the name and namespace that it was born with or has now.
    pub(super) fn selects(&self, resource: &Resource) -> bool {
        let (now, born) = (resource.id(), resource.original_id());
        let fits = |pattern: &Option<Regex>, text: &str| {
            pattern.as_ref().is_none_or(|pattern| pattern.is_match(text))
        };
        (fits(&self.namespace, born.effective_namespace())
            || fits(&self.namespace, now.effective_namespace()))
            && (fits(&self.name, &born.name) || fits(&self.name, &now.name))
            && fits(&self.group, &now.group)
            && fits(&self.version, &now.version)
            && fits(&self.kind, &now.kind)
            && meets(&self.labels, resource.tree.at(&["metadata", "labels"]))
            && meets(&self.annotations, resource.tree.at(&["metadata", "annotations"]))
    }
}

/// `select` and `source` of a replacement: parts of an identity, word for word.
#[derive(Debug)]
pub(super) struct Select {
    group: CompactString,
    version: CompactString,
    kind: CompactString,
    name: CompactString,
    namespace: CompactString,
    labels: Vec<Requirement>,
    annotations: Vec<Requirement>,
}

impl Select {
    pub(super) fn read(node: &Node) -> Self {
        let text = |key: &str| {
            node.get(key).and_then(edit::text).map(CompactString::new).unwrap_or_default()
        };
        Self {
            group: text("group"),
            version: text("version"),
            kind: text("kind"),
            name: text("name"),
            namespace: text("namespace"),
            labels: requirements(&text("labelSelector")).unwrap_or_default(),
            annotations: requirements(&text("annotationSelector")).unwrap_or_default(),
        }
    }

    /// Whether any of the object's identities is selected.
    pub(super) fn selects(&self, resource: &Resource) -> bool {
        let is = |id: &Id| {
            let fits = |wanted: &CompactString, has: &str| wanted.is_empty() || wanted == has;
            let namespace = || {
                let wanted = Id { namespace: self.namespace.clone(), ..id.clone() };
                self.namespace.is_empty()
                    || wanted.effective_namespace() == id.effective_namespace()
            };
            fits(&self.name, &id.name)
                && fits(&self.group, &id.group)
                && fits(&self.version, &id.version)
                && fits(&self.kind, &id.kind)
                && namespace()
        };
        (is(&resource.id()) || resource.earlier.iter().any(is))
            && meets(&self.labels, resource.tree.at(&["metadata", "labels"]))
            && meets(&self.annotations, resource.tree.at(&["metadata", "annotations"]))
    }

    pub(super) fn words(&self) -> String {
        let parts = [&self.kind, &self.namespace, &self.name];
        let parts: Vec<&str> = parts.iter().map(|p| p.as_str()).filter(|p| !p.is_empty()).collect();
        crate::text::visible(&parts.join(" ")).into_owned()
    }
}

/// One part of a selector as kubectl's `-l` has it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Requirement {
    key: String,
    /// None asks only whether it is there.
    values: Option<Vec<String>>,
    negated: bool,
}

/// `a=b,c!=d,e in (f, g),h notin (i),j,!k`; none where it is not one.
fn requirements(text: &str) -> Option<Vec<Requirement>> {
    let mut found = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let end = match (rest.find(','), rest.find('(')) {
            (Some(comma), Some(open)) if open < comma => {
                let close = rest.find(')')?;
                rest.get(close..)?.find(',').map_or(rest.len(), |comma| close + comma)
            }
            (Some(comma), _) => comma,
            (None, _) => rest.len(),
        };
        found.push(requirement(rest.get(..end)?.trim())?);
        rest = rest.get(end..)?.trim_start_matches(',').trim();
    }
    Some(found)
}

fn requirement(text: &str) -> Option<Requirement> {
    let make = |key: &str, values: Option<Vec<String>>, negated| {
        let key = key.trim().to_owned();
        (!key.is_empty() && !key.contains(' ')).then_some(Requirement { key, values, negated })
    };
    if let Some((key, list)) = text.split_once('(') {
        let list = list.strip_suffix(')')?;
        let values = list.split(',').map(|value| value.trim().to_owned()).collect();
        let key = key.trim();
        return match key.strip_suffix(" notin") {
            Some(key) => make(key, Some(values), true),
            None => make(key.strip_suffix(" in")?, Some(values), false),
        };
    }
    for (mark, negated) in [("!=", true), ("==", false), ("=", false)] {
        if let Some((key, value)) = text.split_once(mark) {
            return make(key, Some(vec![value.trim().to_owned()]), negated);
        }
    }
    match text.strip_prefix('!') {
        Some(key) => make(key, None, true),
        None => make(text, None, false),
    }
}

fn meets(requirements: &[Requirement], map: Option<&Node>) -> bool {
    requirements.iter().all(|requirement| {
        let value = map.and_then(|map| map.get(&requirement.key)).and_then(edit::text);
        let is = match (&requirement.values, value) {
            (None, value) => value.is_some(),
            (Some(values), Some(value)) => values.iter().any(|wanted| wanted == value),
            (Some(_), None) => false,
        };
        is != requirement.negated
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selectors_are_those_of_kubectl() {
        let told = |text: &str| {
            requirements(text).map(|list| {
                let words =
                    list.into_iter().map(|r| (r.key, r.values.unwrap_or_default(), r.negated));
                words.collect::<Vec<_>>()
            })
        };
        let own = |list: &[&str]| list.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>();
        assert_eq!(
            told("a=b, c!=d,e in (f, g),h notin (i),j,!k"),
            Some(vec![
                ("a".into(), own(&["b"]), false),
                ("c".into(), own(&["d"]), true),
                ("e".into(), own(&["f", "g"]), false),
                ("h".into(), own(&["i"]), true),
                ("j".into(), own(&[]), false),
                ("k".into(), own(&[]), true),
            ])
        );
        assert_eq!(told(""), Some(vec![]));
        assert_eq!(told("a in (b"), None);
    }
}
