//! Findings that exist when a repository adopts this linter: they are accepted until they are
//! fixed, so that only new ones are reported.
//!
//! An entry is identified by its fingerprint, which survives moved lines; its other fields are for
//! people who read diffs of the file.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::fingerprint::without_indices;
use crate::lint::{self, Finding};
use crate::text::{Sources, visible};
use crate::triage::Selection;

/// The version of the format that is read and written.
const VERSION: u32 = 1;

/// A parsed baseline file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Baseline {
    entries: Vec<Entry>,
    fingerprints: BTreeSet<String>,
}

/// One finding of a baseline.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Entry {
    /// The path of its file, relative to the repository's root.
    pub path: String,
    /// The rule's id.
    pub rule: String,
    /// Kind, namespace and name of the object; empty if there is none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub object: String,
    /// The field path without list indices.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub field: String,
    /// Its identity.
    pub fingerprint: String,
}

#[derive(Deserialize)]
struct File {
    version: u32,
    #[serde(default)]
    findings: Option<Vec<Entry>>,
}

impl Baseline {
    /// A baseline of `findings`, which have their fingerprints.
    pub fn of(findings: &[Finding], sources: &Sources) -> Self {
        Self::new(findings.iter().map(|finding| Entry::of(finding, sources)).collect())
    }

    fn new(mut entries: Vec<Entry>) -> Self {
        entries.sort_unstable();
        entries.dedup();
        let fingerprints = entries.iter().map(|entry| entry.fingerprint.clone()).collect();
        Self { entries, fingerprints }
    }

    /// Parses the text of a baseline file.
    ///
    /// # Errors
    /// Why it is not one, as the end of a sentence that begins with the file's name.
    pub fn parse(text: &str) -> Result<Self, String> {
        let file: File = serde_json::from_str(text)
            .map_err(|error| format!("is not a baseline file: {error}"))?;
        match (file.version, file.findings) {
            (VERSION, Some(findings)) => Ok(Self::new(findings)),
            (VERSION, None) => Err("is not a baseline file: it has no `findings`".to_owned()),
            (other, _) => Err(format!(
                "has baseline version {other}, but this netpol-lint reads version {VERSION}"
            )),
        }
    }

    /// The text of the file: one entry per line, sorted.
    pub fn text(&self) -> String {
        let lines: Vec<String> = self.entries.iter().map(|e| format!("    {}", e.line())).collect();
        let list = match lines.is_empty() {
            true => "[]".to_owned(),
            false => format!("[\n{}\n  ]", lines.join(",\n")),
        };
        format!("{{\n  \"version\": {VERSION},\n  \"findings\": {list}\n}}\n")
    }

    /// How many entries it has.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// A copy without those entries.
    pub fn without(&self, gone: &[Entry]) -> Self {
        let gone: BTreeSet<&Entry> = gone.iter().collect();
        Self::new(self.entries.iter().filter(|entry| !gone.contains(entry)).cloned().collect())
    }

    /// Whether `finding` is in it.
    pub(super) fn holds(&self, finding: &Finding) -> bool {
        self.fingerprints.contains(&finding.fingerprint)
    }

    /// The entries that match none of the findings `seen`, if this run would have found them: their
    /// rules ran (or no longer exist), and their files were checked.
    pub(super) fn stale(
        &self,
        seen: &BTreeSet<&str>,
        selection: &Selection,
        looked_at: &dyn Fn(&Entry) -> bool,
    ) -> Vec<Entry> {
        let would_be_seen = |entry: &&Entry| {
            lint::rule(&entry.rule).is_none_or(|rule| selection.is_on(rule)) && looked_at(entry)
        };
        let gone = |entry: &&Entry| !seen.contains(entry.fingerprint.as_str());
        self.entries.iter().filter(gone).filter(would_be_seen).cloned().collect()
    }
}

impl Entry {
    fn of(finding: &Finding, sources: &Sources) -> Self {
        let object = finding.subject.as_ref().map(|subject| match &subject.namespace {
            Some(namespace) => format!("{} {namespace}/{}", subject.kind, subject.name),
            None => format!("{} {}", subject.kind, subject.name),
        });
        Self {
            path: sources.get(finding.place.source).path.clone(),
            rule: finding.rule.id.to_owned(),
            object: object.unwrap_or_default(),
            field: without_indices(&finding.field),
            fingerprint: finding.fingerprint.clone(),
        }
    }

    /// The entry as JSON on one line. Characters that could control a terminal that shows a diff
    /// are escaped.
    fn line(&self) -> String {
        let json = serde_json::to_string(self).unwrap_or_default();
        let mut out = String::with_capacity(json.len());
        for c in json.chars() {
            let mut buffer = [0; 4];
            let text: &str = c.encode_utf8(&mut buffer);
            if visible(text) == text {
                out.push(c);
            } else {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    out.push_str(&format!("\\u{unit:04x}"));
                }
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample_findings;
    use super::*;

    #[test]
    fn a_written_baseline_can_be_read() {
        let sources = sample_findings::sources();
        let mut finding = sample_findings::finding("split-peer", None, 0, "words", &[]);
        finding.fingerprint = "0123456789abcdef".to_owned();
        finding.field = "spec.egress[3]".to_owned();
        finding.subject.as_mut().unwrap().name = "p\u{202e}".to_owned();
        let baseline = Baseline::of(&[finding], &sources);
        let text = baseline.text();
        assert_eq!(
            text,
            "{\n  \"version\": 1,\n  \"findings\": [\n    {\"path\":\"b.yaml\",\
             \"rule\":\"split-peer\",\"object\":\"NetworkPolicy shop/p\\u202e\",\
             \"field\":\"spec.egress[]\",\"fingerprint\":\"0123456789abcdef\"}\n  ]\n}\n"
        );
        assert_eq!(Baseline::parse(&text), Ok(baseline));
        assert_eq!(Baseline::parse(&Baseline::default().text()), Ok(Baseline::default()));
    }

    #[test]
    fn other_files_are_rejected_with_the_reason() {
        let error = |text: &str| Baseline::parse(text).unwrap_err();
        assert!(error("").starts_with("is not a baseline file: "));
        assert!(error("a: b\n").starts_with("is not a baseline file: "));
        assert_eq!(error(r#"{"version": 1}"#), "is not a baseline file: it has no `findings`");
        assert!(error(r#"{"version": 2, "findings": []}"#).contains("version 2"));
    }
}
