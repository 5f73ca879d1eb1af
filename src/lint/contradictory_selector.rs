//! A selector whose requirements no pod can meet together.

use compact_str::CompactString;

use std::collections::{HashMap, HashSet};

use super::tiered::conditions::{WHOSE, conditions};
use super::tiered::{Tiered, spelling};
use super::{Check, Confidence, Context, Finding, Rule, Severity, words};
use crate::model::tiered::LabelOf;
use crate::model::{At, Field, Operator, PolicyId, Requirement, Selector, Spot, is_placeholder};

/// The rule.
pub static RULE: Rule = Rule {
    id: "contradictory-selector",
    severity: Severity::Error,
    confidence: Confidence::High,
    pedantic: false,
    page: include_str!("../../rules/contradictory-selector.md"),
    check: Check::EachKind(check, check_tiered),
};

fn check(cx: &Context<'_>, id: PolicyId, findings: &mut Vec<Finding>) {
    let policy = cx.cluster.policy(id);
    let mut look = |spot: Spot, selector: &Field<Selector>, what: &str, effect: &str| {
        let accepted = selector.get().filter(|selector| !selector.is_refused());
        let requirements = accepted.map(|selector| selector.requirements.iter().collect());
        let Some((earlier, later)) = requirements.and_then(contradiction) else {
            return;
        };
        let message = format!(
            "no {what} can match both {} and {}: {effect}",
            words::quoted(&earlier.words()),
            words::quoted(&later.words())
        );
        let help = "remove one of the two; to match any of several values, write one expression \
                    with operator `In` that lists them";
        let at = At { policy: id, spot };
        let finding = Finding::new(&RULE, later.key_span, message, help).about(cx, at);
        findings.push(finding.related(earlier.key_span, "it contradicts this requirement"));
    };
    look(
        Spot::PodSelector,
        &policy.pod_selector,
        "pod",
        "the policy selects no pod and has no effect",
    );
    for peer in cx.selector_peers() {
        let (direction, rule, index) = (peer.direction, peer.rule, peer.index);
        let pods = Spot::PeerPods(direction, rule, index);
        look(pods, &peer.peer.pod_selector, "pod", "the peer matches nothing");
        let namespaces = Spot::PeerNamespaces(direction, rule, index);
        look(namespaces, &peer.peer.namespace_selector, "namespace", "the peer matches nothing");
    }
}

/// The same in policies of other kinds.
fn check_tiered(
    cx: &Context<'_>,
    of: &Tiered<'_>,
    rule: &'static Rule,
    findings: &mut Vec<Finding>,
) {
    for at in of.selectors() {
        for whose in WHOSE {
            let all: Vec<&Requirement> =
                conditions(at.term).flat_map(|condition| condition.required(whose)).collect();
            let Some((earlier, later)) = contradiction(all) else {
                continue;
            };
            let what = match whose {
                LabelOf::Namespace => "namespace",
                LabelOf::Account => "ServiceAccount",
                _ => "pod",
            };
            let message = format!(
                "no {what} can match both {} and {}: {}",
                spelling::requirement(of, whose, earlier),
                spelling::requirement(of, whose, later),
                at.consequence()
            );
            let help = "remove one of the two, or write one condition that lists both values";
            let made = Finding::new(rule, later.key_span, message, help)
                .related(earlier.key_span, "it contradicts this requirement");
            findings.push(of.finding_at(cx, &at, made));
        }
    }
}

/// The first two requirements, in the order in which they are written, that exclude every value.
fn contradiction(mut written: Vec<&Requirement>) -> Option<(&Requirement, &Requirement)> {
    written.sort_by_key(|requirement| requirement.span.start);
    let mut earlier: HashMap<&str, Vec<&Requirement>> = HashMap::new();
    for later in &written {
        let of_key = earlier.entry(&later.key).or_default();
        of_key.push(later);
        let of_key = &of_key[..of_key.len() - 1];
        let known = of_key.iter().chain([later]).all(|requirement| is_known(requirement));
        let Some(last) = of_key.last().filter(|_| known) else {
            continue;
        };
        if !can_hold(of_key.iter().copied().chain([*later])) {
            // The earlier requirement that contradicts it alone, or else the last of them.
            let culprit = of_key.iter().find(|earlier| !can_hold([**earlier, *later].into_iter()));
            return Some((culprit.unwrap_or(last), later));
        }
    }
    None
}

fn is_known(requirement: &Requirement) -> bool {
    let mut texts = requirement.values.iter().map(|(value, _)| value).chain([&requirement.key]);
    !texts.any(|text| is_placeholder(text))
}

/// Whether some value of the label, or its absence, meets all of them. `NotIn` is also true if the
/// key is absent (apimachinery pkg/labels/selector.go, `Requirement.Matches`).
fn can_hold<'a>(requirements: impl Iterator<Item = &'a Requirement> + Clone) -> bool {
    let is = |operator: Operator| move |r: &&Requirement| r.operator == operator;
    let must_be_there =
        requirements.clone().any(|r| matches!(r.operator, Operator::In | Operator::Exists));
    if !must_be_there {
        return true;
    }
    if requirements.clone().any(|r| r.operator == Operator::DoesNotExist) {
        return false;
    }
    let mut listed = requirements.clone().filter(is(Operator::In));
    // `Exists` with `NotIn`: there are always other values.
    let Some(first) = listed.next() else {
        return true;
    };
    let values = |r: &'a Requirement| r.values.iter().map(|(value, _)| value).collect();
    let allowed: Vec<HashSet<&CompactString>> = listed.map(values).collect();
    let refused: Vec<HashSet<&CompactString>> =
        requirements.clone().filter(is(Operator::NotIn)).map(values).collect();
    first.values.iter().any(|(value, _)| {
        allowed.iter().all(|values| values.contains(value))
            && !refused.iter().any(|values| values.contains(value))
    })
}
