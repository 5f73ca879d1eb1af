//! A selector with a label value that changes at the next rollout or release.

use super::tiered::conditions::conditions;
use super::tiered::{Tiered, spelling};
use super::{Check, Confidence, Context, Finding, Rule, Severity, words};
use crate::model::tiered::LabelOf;
use crate::model::{At, Field, Operator, PolicyId, Requirement, Selector, Spot, is_placeholder};

/// The rule.
pub static RULE: Rule = Rule {
    id: "volatile-label-selector",
    severity: Severity::Warning,
    confidence: Confidence::High,
    pedantic: false,
    page: include_str!("../../rules/volatile-label-selector.md"),
    check: Check::EachKind(check, check_tiered),
};

/// The labels, and what changes each.
const VOLATILE: &[(&str, &str)] = &[
    // Set by the Deployment controller (pkg/controller/deployment) on each ReplicaSet's pods.
    ("pod-template-hash", "each rollout of the Deployment changes it"),
    // Set by the StatefulSet and DaemonSet controllers (pkg/controller/history).
    ("controller-revision-hash", "each rollout of the StatefulSet or DaemonSet changes it"),
    // Name and version of the chart, by Helm's conventions for labels.
    ("helm.sh/chart", "each new version of the chart changes it"),
    ("app.kubernetes.io/version", "each release of the app changes it"),
];

/// What to do about it.
const HELP: &str = "select stable labels instead, such as `app.kubernetes.io/name` and \
                               `app.kubernetes.io/instance`";

fn check(cx: &Context<'_>, id: PolicyId, findings: &mut Vec<Finding>) {
    let policy = cx.cluster.policy(id);
    look(cx, At { policy: id, spot: Spot::PodSelector }, &policy.pod_selector, findings);
    for peer in cx.selector_peers() {
        let (direction, rule, index) = (peer.direction, peer.rule, peer.index);
        let pods = At { policy: id, spot: Spot::PeerPods(direction, rule, index) };
        look(cx, pods, &peer.peer.pod_selector, findings);
        let namespaces = At { policy: id, spot: Spot::PeerNamespaces(direction, rule, index) };
        look(cx, namespaces, &peer.peer.namespace_selector, findings);
    }
}

fn look(cx: &Context<'_>, at: At, selector: &Field<Selector>, findings: &mut Vec<Finding>) {
    for requirement in selector.get().map_or(&[][..], |selector| &selector.requirements) {
        findings.extend(why(requirement).map(|why| {
            let message =
                format!("{} will stop matching: {why}", words::quoted(&requirement.words()));
            let found = Finding::new(&RULE, requirement.key_span, message, HELP).about(cx, at);
            // The next rendering writes the new value into policies and pods alike.
            let most =
                if is_rendered(cx, requirement) { Confidence::Low } else { Confidence::High };
            found.confidence(most)
        }));
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
        for whose in [LabelOf::Pod, LabelOf::Namespace] {
            let required = conditions(at.term).flat_map(|condition| condition.required(whose));
            for requirement in required {
                let Some(why) = why(requirement) else { continue };
                let written = spelling::requirement(of, whose, requirement);
                let message = format!("{written} will stop matching: {why}");
                let made = Finding::new(rule, requirement.key_span, message, HELP);
                let made = match is_rendered(cx, requirement) {
                    true => made.confidence(Confidence::Low),
                    false => made,
                };
                findings.push(of.finding_at(cx, &at, made));
            }
        }
    }
}

/// What changes the label that a requirement asks for, where that breaks it.
fn why(requirement: &Requirement) -> Option<&'static str> {
    if is_only_tested(requirement) || is_filled_in(requirement) {
        return None;
    }
    VOLATILE.iter().find(|(key, _)| requirement.key == key).map(|(_, why)| *why)
}

/// `Exists` and `DoesNotExist` do not depend on the value.
fn is_only_tested(requirement: &Requirement) -> bool {
    matches!(requirement.operator, Operator::Exists | Operator::DoesNotExist)
}

/// A value that a tool fills in at each release changes along with the pods.
fn is_filled_in(requirement: &Requirement) -> bool {
    requirement.values.iter().any(|(value, _)| is_placeholder(value))
}

/// Whether a template computes the value, rather than anybody writing it.
fn is_rendered(cx: &Context<'_>, requirement: &Requirement) -> bool {
    requirement.values.iter().any(|(value, place)| !cx.text(*place).contains(value.as_str()))
}
