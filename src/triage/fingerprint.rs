//! What identifies a finding across runs, for baselines and for code scanning.
//!
//! A fingerprint survives changes that do not affect the finding: lines added above it, items moved
//! in a list, a reworded message. It is computed from the rule's id, the path, the object, the
//! field path without list indices, the text of the primary token, and an ordinal among findings
//! that agree in all of these. The result is 16 hexadecimal digits of FNV-1a (64 bits), which is
//! fixed by its definition and so the same for every version and platform; it need not resist an
//! attacker, because nothing depends on it for security.

use std::collections::BTreeMap;

use crate::lint::Finding;
use crate::text::Sources;

/// The fingerprint of each of `findings`, in their order. Equal ones are numbered in that order, so
/// pass them in the order of a report.
pub fn fingerprints(findings: &[Finding], sources: &Sources) -> Vec<String> {
    let mut seen: BTreeMap<u64, u64> = BTreeMap::new();
    findings
        .iter()
        .map(|finding| {
            let base = Fnv::START.parts(&parts(finding, sources));
            let ordinal = seen.entry(base.0).or_default();
            let Fnv(hash) = base.part(&ordinal.to_string());
            *ordinal += 1;
            format!("{hash:016x}")
        })
        .collect()
}

/// The fingerprint of each of `findings` without its ordinal: equal for findings that agree in
/// everything else.
pub fn identities(findings: &[Finding], sources: &Sources) -> Vec<u64> {
    findings.iter().map(|finding| Fnv::START.parts(&parts(finding, sources)).0).collect()
}

/// What identifies a finding; a finding without an object has three empty parts.
fn parts(finding: &Finding, sources: &Sources) -> [String; 7] {
    let subject = finding.subject.as_ref();
    [
        finding.rule.id.to_owned(),
        sources.get(finding.place.source).path.clone(),
        subject.map(|subject| subject.kind.clone()).unwrap_or_default(),
        subject.and_then(|subject| subject.namespace.clone()).unwrap_or_default(),
        subject.map(|subject| subject.name.clone()).unwrap_or_default(),
        without_indices(&finding.field),
        sources.slice(finding.place).to_owned(),
    ]
}

/// `spec.egress[0].to[1]` without its numbers; brackets around anything else stay.
pub(super) fn without_indices(field: &str) -> String {
    let mut out = String::with_capacity(field.len());
    for (i, part) in field.split('[').enumerate() {
        match part.split_once(']') {
            Some((index, rest)) if i > 0 && index.bytes().all(|b| b.is_ascii_digit()) => {
                out.push_str("[]");
                out.push_str(rest);
            }
            _ => {
                out.push_str(if i > 0 { "[" } else { "" });
                out.push_str(part);
            }
        }
    }
    out
}

/// FNV-1a, 64 bits (<http://www.isthe.com/chongo/tech/comp/fnv/>).
#[derive(Clone, Copy)]
struct Fnv(u64);

impl Fnv {
    const START: Self = Self(0xcbf2_9ce4_8422_2325);

    fn byte(self, byte: u8) -> Self {
        Self((self.0 ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3))
    }

    /// One part and its end: 0xFF never occurs in UTF-8, so `ab`, `c` differs from `a`, `bc`.
    fn part(self, part: &str) -> Self {
        part.bytes().fold(self, Self::byte).byte(0xFF)
    }

    fn parts(self, parts: &[String]) -> Self {
        parts.iter().fold(self, |hash, part| hash.part(part))
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample_findings;
    use super::*;

    #[test]
    fn the_hash_is_the_published_one() {
        let of = |text: &str| text.bytes().fold(Fnv::START, Fnv::byte).0;
        // From the test vectors of draft-eastlake-fnv.
        assert_eq!(of(""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(of("a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(of("foobar"), 0x8594_4171_f739_67e8);
    }

    #[test]
    fn only_numbers_leave_the_field_path() {
        assert_eq!(
            without_indices("spec.egress[0].to[12].podSelector"),
            "spec.egress[].to[].podSelector"
        );
        assert_eq!(without_indices("metadata.annotations[a/b]"), "metadata.annotations[a/b]");
        assert_eq!(without_indices(""), "");
    }

    #[test]
    fn the_fingerprint_never_changes() {
        let sources = sample_findings::sources();
        let finding = sample_findings::finding("split-peer", None, 0, "words", &[]);
        assert_eq!(fingerprints(&[finding], &sources), ["21984868479dd984"]);
    }

    #[test]
    fn messages_and_list_indices_do_not_matter_and_equal_findings_are_numbered() {
        let sources = sample_findings::sources();
        let mut one = sample_findings::finding("split-peer", None, 0, "words", &[]);
        one.field = "spec.egress[0].to[1]".to_owned();
        let mut moved = sample_findings::finding("split-peer", None, 0, "other words", &["dev"]);
        moved.field = "spec.egress[3].to[0]".to_owned();
        let mut other = one.clone();
        other.field = "spec.ingress[0].from[1]".to_owned();

        let alone = fingerprints(&[moved.clone()], &sources);
        let all = fingerprints(&[one, moved, other], &sources);
        assert_eq!(all[0], alone[0]);
        assert_ne!(all[0], all[1]);
        assert_ne!(all[0], all[2]);
    }
}
