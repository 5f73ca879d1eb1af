//! A name for a finding that survives edits elsewhere in the file.

use std::collections::HashMap;

use xxhash_rust::xxh3::xxh3_64;

use crate::lint::Finding;
use crate::text::Sources;

/// The fingerprints of settled findings, in their order: 16 hexadecimal digits of the rule, the
/// path, the object, the field path without list indices, the text of the primary token, and an
/// ordinal among those that are equal in all of this. No line numbers.
pub fn fingerprints(findings: &[Finding], sources: &Sources) -> Vec<String> {
    let mut seen: HashMap<String, u32> = HashMap::new();
    findings
        .iter()
        .map(|finding| {
            let key = key(finding, sources);
            let ordinal = seen.entry(key.clone()).or_default();
            *ordinal += 1;
            format!("{:016x}", xxh3_64(format!("{key}\0{ordinal}").as_bytes()))
        })
        .collect()
}

fn key(finding: &Finding, sources: &Sources) -> String {
    let subject = finding.subject.as_ref();
    let field = without_indices(&finding.field);
    [
        finding.rule.id,
        &sources.get(finding.place.source).path,
        subject.map_or("", |subject| &subject.kind),
        subject
            .and_then(|subject| subject.namespace.as_deref())
            .unwrap_or(""),
        subject.map_or("", |subject| &subject.name),
        &field,
        sources.slice(finding.place),
    ]
    .join("\0")
}

fn without_indices(field: &str) -> String {
    field
        .split('[')
        .map(|part| part.split_once(']').map_or(part, |(_, rest)| rest))
        .collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn indices_do_not_count() {
        assert_eq!(
            super::without_indices("spec.egress[0].to[12].podSelector"),
            "spec.egress.to.podSelector"
        );
    }
}
