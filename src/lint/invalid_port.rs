//! A port that the API server rejects.

use super::edits::{New, Site};
use super::{Check, Confidence, Context, Finding, Fix, Rule, Safety, Severity, words};
use crate::model::tiered::RefusalKind;
use crate::model::{At, Direction, Field, Place, PolicyId, PortEntry, PortRef, Spot, Why};
use crate::text::Span;

/// The rule.
pub static RULE: Rule = Rule {
    id: "invalid-port",
    severity: Severity::Error,
    confidence: Confidence::High,
    pedantic: false,
    page: include_str!("../../rules/invalid-port.md"),
    check: Check::Refusals(check, RefusalKind::Port),
};

/// pkg/apis/networking/validation: `ValidateNetworkPolicyPort`.
fn check(cx: &Context<'_>, id: PolicyId, findings: &mut Vec<Finding>) {
    let policy = cx.cluster.policy(id);
    for direction in Direction::BOTH {
        for (rule, traffic) in (0u32..).zip(policy.rules(direction)) {
            for (index, entry) in (0u32..).zip(traffic.port_list()) {
                let at = At { policy: id, spot: Spot::Port(direction, rule, index) };
                findings.extend(port(cx, at, entry));
                findings.extend(end_port(cx, at, entry));
            }
        }
    }
}

fn port(cx: &Context<'_>, at: At, entry: &PortEntry) -> Option<Finding> {
    let Field::Wrong(place, why) = &entry.port else {
        return None;
    };
    let written = cx.text(place.value);
    let unquoted = numeric_in_quotes(written);
    if let Some((first, last)) = range(written) {
        return Some(as_range(cx, at, entry, *place, (first, last)));
    }
    let (message, help) = match (why, &unquoted) {
        (_, Some(number)) => (
            format!(
                "port {} is quoted, so it is a port name, and a port name needs a letter: the API \
                 server rejects it",
                words::quoted(number)
            ),
            format!("write `port: {number}` without quotes"),
        ),
        (Why::Type { found, .. }, _) => (
            format!("`port` must be a number or a name, not {found}"),
            "write the pod's port, 1 to 65535, or its name in the container".into(),
        ),
        (Why::Refused(reason), _) => (
            format!("the API server rejects port {}: it {reason}", words::quoted(written)),
            "write the pod's port, 1 to 65535, or its name in the container".into(),
        ),
        (Why::Unquoted(read_as), _) => (
            format!(
                "YAML reads port {} as {read_as}: the API server rejects it",
                words::quoted(written)
            ),
            "write the pod's port, 1 to 65535, or its name in quotes".into(),
        ),
    };
    let mut finding = Finding::new(&RULE, place.key, message, help).about(cx, at);
    let site = Site::of(cx, at.policy);
    finding
        .fixes
        .extend(site.zip(unquoted).map(|(site, number)| unquote(&site, place.value, number)));
    Some(finding)
}

/// The first and the last port of a range in one value: `"8888-8890"`.
fn range(written: &str) -> Option<(u16, u16)> {
    let inner = written.trim_matches(['"', '\'']);
    let (first, last) = inner.split_once(['-', ':', '–'])?;
    let (first, last): (u16, u16) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
    (0 < first && first <= last).then_some((first, last))
}

fn as_range(
    cx: &Context<'_>,
    at: At,
    entry: &PortEntry,
    place: Place,
    (first, last): (u16, u16),
) -> Finding {
    let message = format!(
        "port {} is a range, but `port` takes a single value: the API server rejects it",
        words::quoted(cx.text(place.value).trim_matches(['"', '\'']))
    );
    let help = format!("write `port: {first}` and `endPort: {last}`");
    let mut finding = Finding::new(&RULE, place.key, message, help).about(cx, at);
    finding.fixes.extend(write_range(cx, at, entry, place, (first, last)));
    finding
}

fn write_range(
    cx: &Context<'_>,
    at: At,
    entry: &PortEntry,
    place: Place,
    (first, last): (u16, u16),
) -> Option<Fix> {
    let site = Site::of(cx, at.policy)?;
    let node = site.node(at.spot)?;
    // An existing one conflicts, and a key must not occur twice.
    if node.get("endPort").is_some() || !entry.end_port.is_absent() {
        return None;
    }
    let end = site.key_below(node, "port", "endPort", &New::text(last.to_string()))?;
    let edits = vec![site.replace(place.value, first.to_string()), end];
    let title = format!("Write `port: {first}` and `endPort: {last}`");
    Some(Fix { title, safety: Safety::Safe, edits })
}

/// The number in a quoted scalar such as `"80"`, if it is a port.
fn numeric_in_quotes(written: &str) -> Option<String> {
    let inner = written.strip_prefix(['"', '\''])?.strip_suffix(['"', '\''])?;
    let number: u16 = inner.parse().ok()?;
    (number > 0 && number.to_string() == inner).then(|| inner.to_owned())
}

fn unquote(site: &Site<'_>, span: Span, number: String) -> Fix {
    Fix {
        title: format!("Write {number} without quotes"),
        safety: Safety::Safe,
        edits: vec![site.replace(span, number)],
    }
}

fn end_port(cx: &Context<'_>, at: At, entry: &PortEntry) -> Option<Finding> {
    let place = entry.end_port.place()?;
    let refuse = |place: Place, message: String, help: &str| {
        Some(Finding::new(&RULE, place.key, message, help).about(cx, at))
    };
    match (&entry.end_port, &entry.port) {
        (Field::Wrong(_, why), _) => {
            let written = words::quoted(cx.text(place.value));
            let message = match why {
                Why::Refused(reason) => {
                    format!("the API server rejects endPort {written}: it {reason}")
                }
                _ => format!("endPort {written} must be a plain number: the API server rejects it"),
            };
            refuse(place, message, "write the last port of the range, a number from 1 to 65535")
        }
        (_, Field::Absent) => refuse(
            place,
            "`endPort` has no `port`: a range needs its first port, so the API server rejects it"
                .into(),
            "add `port`, the first port of the range",
        ),
        (_, Field::Given(PortRef::Name(name), _)) => refuse(
            place,
            format!(
                "`endPort` needs a numeric `port`, but {} is a name: the API server rejects it",
                words::quoted(name)
            ),
            "write the first port of the range as a number, or delete `endPort`",
        ),
        (Field::Given(last, _), Field::Given(PortRef::Number(first), _)) if last < first => refuse(
            place,
            format!("endPort {last} is below port {first}: the API server rejects the range"),
            "write the lower number as `port` and the higher one as `endPort`",
        ),
        _ => None,
    }
}
