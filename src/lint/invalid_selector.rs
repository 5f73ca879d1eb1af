//! A selector that the API server rejects.

use super::edits::Site;
use super::{Check, Confidence, Context, Finding, Fix, Rule, Safety, Severity, words};
use crate::model::tiered::RefusalKind;
use crate::model::{At, Direction, Fault, Field, PolicyId, Selector, Spot, Why};

/// The rule.
pub static RULE: Rule = Rule {
    id: "invalid-selector",
    severity: Severity::Error,
    confidence: Confidence::High,
    pedantic: false,
    page: include_str!("../../rules/invalid-selector.md"),
    check: Check::Refusals(check, RefusalKind::Selector),
};

fn check(cx: &Context<'_>, id: PolicyId, findings: &mut Vec<Finding>) {
    let policy = cx.cluster.policy(id);
    let mut look = |spot: Spot, selector: &Field<Selector>| {
        let faults = selector.get().map_or(&[][..], |selector| &selector.faults);
        let at = At { policy: id, spot };
        findings.extend(faults.iter().map(|fault| finding(cx, at, fault)));
    };
    look(Spot::PodSelector, &policy.pod_selector);
    for direction in Direction::BOTH {
        for (rule, traffic) in (0u32..).zip(policy.rules(direction)) {
            for (index, peer) in (0u32..).zip(traffic.peer_list()) {
                look(Spot::PeerPods(direction, rule, index), &peer.pod_selector);
                look(Spot::PeerNamespaces(direction, rule, index), &peer.namespace_selector);
            }
        }
    }
}

fn finding(cx: &Context<'_>, at: At, fault: &Fault) -> Finding {
    let (message, help) = if fault.accepted { empty_value() } else { refusal(cx, fault) };
    let mut finding = Finding::new(&RULE, fault.span, message, help).about(cx, at);
    finding.field = format!("{}.{}", finding.field, fault.field);
    if fault.accepted {
        finding.severity = Severity::Warning;
    }
    if let (Why::Unquoted(_), Some(site)) = (&fault.why, Site::of(cx, at.policy)) {
        let written = cx.text(fault.span);
        finding.fixes.push(Fix {
            title: format!("Quote {}", words::quoted(written)),
            safety: Safety::Safe,
            edits: vec![site.replace(fault.span, format!("\"{written}\""))],
        });
    }
    finding
}

/// `null` decodes to the zero value of a string (encoding/json).
fn empty_value() -> (String, String) {
    (
        "a null label value means the empty string: this matches only pods where the label is \
         present and empty"
            .into(),
        "write the value, `\"\"` for the empty string, or an expression with `Exists`".into(),
    )
}

fn refusal(cx: &Context<'_>, fault: &Fault) -> (String, String) {
    let written = words::quoted(cx.text(fault.span));
    match &fault.why {
        Why::Unquoted(read_as) => (
            format!(
                "YAML reads {written} as {read_as}, but a {} must be a string: the API server \
                 rejects it",
                what(&fault.field)
            ),
            format!("quote it: `\"{}\"`", fault.text),
        ),
        Why::Type { wanted, found } => (
            format!(
                "{} must be {wanted}, not {found}: the API server rejects it",
                words::quoted(&fault.field)
            ),
            format!("write {wanted}"),
        ),
        Why::Refused(reason) => {
            let name = if fault.text.is_empty() {
                words::quoted(&fault.field)
            } else {
                format!("the {} {}", what(&fault.field), words::quoted(&fault.text))
            };
            (format!("the API server rejects {name}: it {reason}"), advice(&fault.field))
        }
    }
}

fn what(field: &str) -> &'static str {
    if field.ends_with(".key") {
        "label key"
    } else if field.ends_with(".operator") {
        "operator"
    } else {
        "label value"
    }
}

fn advice(field: &str) -> String {
    if field.ends_with(".operator") {
        "write one of `In`, `NotIn`, `Exists`, `DoesNotExist`".into()
    } else if field.ends_with(".values") {
        "`In` and `NotIn` need at least one value, `Exists` and `DoesNotExist` take none".into()
    } else {
        "write a valid label: see \
         https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set"
            .into()
    }
}
