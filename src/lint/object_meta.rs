//! What the API server rejects in a policy's `metadata`, for `invalid-policy`: pkg/api/validation
//! `ValidateObjectMeta`, with `ValidateNetworkPolicyName` (a DNS subdomain) for the name.

use std::collections::HashMap;

use super::{Context, Edit, Finding, Fix, Rule, Safety, unknown_field, words};
use crate::model::{At, PolicyId, Spot, Why, is_placeholder, string, validate};
use crate::text::Span;
use crate::yaml::{Entry, Node};

/// `TotalAnnotationSizeLimitB`: 256 KiB of keys and values.
const ANNOTATIONS_MAX: usize = 256 << 10;

/// Checks the names, labels and annotations of a policy.
pub(super) fn check(
    cx: &Context<'_>,
    rule: &'static Rule,
    id: PolicyId,
    findings: &mut Vec<Finding>,
) {
    let tree = &cx.cluster.policy(id).tree;
    let mut meta = Meta { cx, rule, id, findings };
    let metadata = tree.entry("metadata").filter(|entry| !entry.value.is_null());
    match metadata {
        Some(entry) if entry.value.as_map().is_none() => {
            meta.wrong_type("metadata", entry, "a mapping");
        }
        _ => {
            let node = metadata.map(|entry| &entry.value);
            meta.names(node);
            meta.labels(node);
            meta.annotations(node);
        }
    }
}

struct Meta<'a> {
    cx: &'a Context<'a>,
    id: PolicyId,
    rule: &'static Rule,
    findings: &'a mut Vec<Finding>,
}

/// A field of a mapping; `null` is absent.
fn given<'a>(node: Option<&'a Node>, key: &str) -> Option<&'a Entry> {
    node?.entry(key).filter(|entry| !entry.value.is_null())
}

impl Meta<'_> {
    fn push(&mut self, place: Span, field: &str, message: String, help: &str) -> &mut Finding {
        let at = At { policy: self.id, spot: Spot::Metadata };
        let mut finding = Finding::new(self.rule, place, message, help).about(self.cx, at);
        field.clone_into(&mut finding.field);
        self.findings.push(finding);
        let last = self.findings.len() - 1;
        &mut self.findings[last]
    }

    fn wrong_type(&mut self, field: &str, entry: &Entry, wanted: &str) {
        let message =
            format!("{} must be {wanted}: the API server rejects the policy", words::quoted(field));
        self.push(entry.key_span, field, message, &format!("write {wanted}"));
    }

    fn names(&mut self, metadata: Option<&Node>) {
        let name = self.text(given(metadata, "name"), "metadata.name");
        let generated = self.text(given(metadata, "generateName"), "metadata.generateName");
        let namespace = self.text(given(metadata, "namespace"), "metadata.namespace");
        let is_empty = |text: &Text<'_>| matches!(text, Text::Is(_, "") | Text::Absent);
        let written = metadata.and_then(|node| node.entry("name"));
        let is_template = written.is_some_and(|it| self.cx.is_template_comment(it.value.span));
        if is_empty(&name) && is_empty(&generated) && !self.has_stray() && !is_template {
            let place = self.cx.cluster.head(self.id).name_span;
            self.push(
                place,
                "metadata.name",
                "this policy has no name: the API server rejects it".into(),
                "add `name` under `metadata`",
            );
        }
        self.name(&name, "metadata.name", validate::dns_subdomain);
        // A dash at the end is followed by the random part (`maskTrailingDash`).
        let mask = |name: &str| match name.strip_suffix('-') {
            Some(rest) if !rest.is_empty() => validate::dns_subdomain(&format!("{rest}a")),
            _ => validate::dns_subdomain(name),
        };
        self.name(&generated, "metadata.generateName", mask);
        self.name(&namespace, "metadata.namespace", validate::dns_label);
    }

    /// Whether there is an unknown field, which may be the one that seems to be missing.
    fn has_stray(&self) -> bool {
        unknown_field::is_at(self.cx, self.id, Spot::Metadata)
    }

    fn name(&mut self, text: &Text<'_>, field: &str, check: impl Fn(&str) -> Result<(), String>) {
        let Text::Is(entry, text) = text else { return };
        if text.is_empty() || is_placeholder(text) {
            return;
        }
        if let Err(reason) = check(text) {
            let message = format!(
                "the API server rejects the {} {}: it {reason}",
                field.trim_start_matches("metadata."),
                words::quoted(text)
            );
            let help = "use only lowercase letters, digits and `-`";
            self.push(entry.value.span, field, message, help);
        }
    }

    /// A string field; a value of another type is reported here.
    fn text<'n>(&mut self, entry: Option<&'n Entry>, field: &str) -> Text<'n> {
        let Some(entry) = entry else { return Text::Absent };
        match string(&entry.value) {
            Err(why) => {
                self.not_a_string(entry, field, &why);
                Text::Wrong
            }
            Ok(_) => {
                let text = entry.value.as_scalar().map_or("", |scalar| scalar.text.as_str());
                Text::Is(entry, if entry.value.is_null() { "" } else { text })
            }
        }
    }

    fn not_a_string(&mut self, entry: &Entry, field: &str, why: &Why) {
        let Why::Unquoted(read_as) = why else {
            return self.wrong_type(field, entry, "a string");
        };
        let span = entry.value.span;
        let written = self.cx.text(span);
        let message = format!(
            "YAML reads {} as {read_as}, but {} must be a string: the API server rejects the policy",
            words::quoted(written),
            words::quoted(field)
        );
        let fix = Fix {
            title: format!("Quote {}", words::quoted(written)),
            safety: Safety::Safe,
            edits: vec![Edit { span, text: format!("\"{written}\"") }],
        };
        self.push(span, field, message, "quote it").fixes.push(fix);
    }

    /// The entries of a mapping of strings, whose keys and values are strings.
    fn strings<'n>(
        &mut self,
        metadata: Option<&'n Node>,
        field: &str,
    ) -> Vec<(&'n Entry, &'n str)> {
        let Some(entry) = given(metadata, field) else { return Vec::new() };
        let path = format!("metadata.{field}");
        let Some(map) = entry.value.as_map() else {
            self.wrong_type(&path, entry, "a mapping");
            return Vec::new();
        };
        // The last of duplicate keys counts.
        let last: HashMap<&str, usize> =
            map.entries.iter().enumerate().map(|(index, entry)| (&*entry.key, index)).collect();
        let mut found = Vec::new();
        for (index, entry) in map.entries.iter().enumerate() {
            if last.get(&*entry.key) != Some(&index) {
                continue;
            }
            if let Text::Is(entry, text) = self.text(Some(entry), &format!("{path}[{}]", entry.key))
            {
                found.push((entry, text));
            }
        }
        found
    }

    fn labels(&mut self, metadata: Option<&Node>) {
        for (entry, value) in self.strings(metadata, "labels") {
            let field = format!("metadata.labels[{}]", entry.key);
            self.key(entry, "label", &field, &entry.key);
            if is_placeholder(value) {
                continue;
            }
            if let Err(reason) = validate::label_value(value) {
                let message = format!(
                    "the API server rejects the label value {}: it {reason}",
                    words::quoted(value)
                );
                let help = "write a valid label value, or use an annotation";
                self.push(entry.value.span, &field, message, help);
            }
        }
    }

    fn key(&mut self, entry: &Entry, what: &str, field: &str, checked: &str) {
        if is_placeholder(&entry.key) {
            return;
        }
        if let Err(reason) = validate::label_key(checked) {
            let message = format!(
                "the API server rejects the {what} key {}: it {reason}",
                words::quoted(&entry.key)
            );
            self.push(entry.key_span, field, message, "write a key such as `example.com/team`");
        }
    }

    fn annotations(&mut self, metadata: Option<&Node>) {
        let mut size = 0;
        for (entry, value) in self.strings(metadata, "annotations") {
            size += entry.key.len() + value.len();
            let field = format!("metadata.annotations[{}]", entry.key);
            // Checked in lower case, because the prefix is a DNS name.
            self.key(entry, "annotation", &field, &entry.key.to_lowercase());
        }
        if size > ANNOTATIONS_MAX
            && let Some(entry) = given(metadata, "annotations")
        {
            let message = "the annotations are larger than 256 KiB in total: the API server \
                           rejects the policy";
            self.push(entry.key_span, "metadata.annotations", message.into(), "shorten them");
        }
    }
}

/// A string field as the API server's decoder reads it.
enum Text<'a> {
    Absent,
    Is(&'a Entry, &'a str),
    Wrong,
}
