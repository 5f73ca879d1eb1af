//! Requirements of selectors that nothing meets, or that nothing will meet after the next release.

use super::super::{
    Context, Finding, Rule, contradictory_selector, labels_on_workload_not_pod,
    orphaned_namespace_selector, volatile_label_selector,
};
use super::selectors::{selector, selects_nothing};
use super::{Tiered, spelling};
use crate::model::Requirement;
use crate::model::tiered::{Evaluator, Expr, LabelOf, NAMESPACE_NAME, PodTerm, Scope};
use crate::resolve::CALICO_NAME;

/// Whose labels selectors ask for.
const WHOSE: [LabelOf; 5] =
    [LabelOf::Pod, LabelOf::Namespace, LabelOf::Account, LabelOf::AccountName, LabelOf::Cluster];

/// What a selector asks of labels, and of those of the namespace.
fn conditions(term: &PodTerm) -> impl Iterator<Item = &Expr> {
    let scope = match &term.scope {
        Scope::Where(labels, _) => Some(labels),
        Scope::Own | Scope::Everywhere | Scope::Global => None,
    };
    std::iter::once(&term.labels).chain(scope)
}

/// `contradictory-selector`: requirements that exclude each other.
pub(crate) fn contradictory(
    cx: &Context<'_>,
    of: &Tiered<'_>,
    rule: &'static Rule,
    findings: &mut Vec<Finding>,
) {
    for at in of.selectors() {
        for whose in WHOSE {
            let all: Vec<&Requirement> =
                conditions(at.term).flat_map(|condition| condition.required(whose)).collect();
            let Some((earlier, later)) = contradictory_selector::contradiction(all) else {
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

/// `volatile-label-selector`: a label that changes by itself.
pub(crate) fn volatile(
    cx: &Context<'_>,
    of: &Tiered<'_>,
    rule: &'static Rule,
    findings: &mut Vec<Finding>,
) {
    for at in of.selectors() {
        for whose in [LabelOf::Pod, LabelOf::Namespace] {
            let required = conditions(at.term).flat_map(|condition| condition.required(whose));
            for requirement in required {
                let Some(why) = volatile_label_selector::why(requirement) else { continue };
                let written = spelling::requirement(of, whose, requirement);
                let message = format!("{written} will stop matching: {why}");
                let help = volatile_label_selector::HELP;
                let made = Finding::new(rule, requirement.key_span, message, help);
                findings.push(of.finding_at(cx, &at, made));
            }
        }
    }
}

/// `labels-on-workload-not-pod`: the labels of a Deployment or a Service themselves.
pub(crate) fn of_workloads(
    cx: &Context<'_>,
    of: &Tiered<'_>,
    _: &'static Rule,
    findings: &mut Vec<Finding>,
) {
    for at in of.selectors() {
        let Some(selector) = selector(at.term).filter(|_| selects_nothing(cx, of, at.term)) else {
            continue;
        };
        let asked = spelling::labels(cx, of, at.term);
        let namespaces = cx.cluster.term_namespaces(of.asker, at.term);
        let key = at.term.place.key;
        let found = labels_on_workload_not_pod::described(cx, &selector, &asked, key, &namespaces);
        findings.extend(found.map(|made| of.finding_at(cx, &at, made)));
    }
}

/// `orphaned-namespace-selector`: a namespace that nothing shows, where something like it is.
pub(crate) fn orphaned_namespaces(
    cx: &Context<'_>,
    of: &Tiered<'_>,
    _: &'static Rule,
    findings: &mut Vec<Finding>,
) {
    let name = |name: &str| spelling::namespace(of, name);
    let label = |key: &str, value: &str| spelling::namespace_label(of, key, value);
    let field = match of.project() {
        Evaluator::Cilium => "a label without `io.cilium.k8s.namespace.labels.`",
        Evaluator::Calico => "`selector`",
        Evaluator::NetworkPolicyApi => "`pods.podSelector`",
    };
    for at in of.selectors() {
        let covered = cx.cluster.term_namespaces(of.asker, at.term);
        let shown = covered.iter().any(|number| cx.cluster.namespace(*number).object.is_some());
        let required =
            conditions(at.term).flat_map(|condition| condition.required(LabelOf::Namespace));
        let found = required.map(by_name).find_map(|requirement| {
            let asked = orphaned_namespace_selector::Asked {
                requirement: &requirement,
                is_met: shown,
                name: &name,
                label: &label,
                field,
            };
            asked.orphaned(cx)
        });
        findings.extend(found.map(|made| of.finding_at(cx, &at, made)));
    }
}

/// Calico has a label of its own for the name of a Namespace.
pub(super) fn by_name(requirement: &Requirement) -> Requirement {
    let key = match requirement.key.as_str() {
        CALICO_NAME => NAMESPACE_NAME.into(),
        _ => requirement.key.clone(),
    };
    Requirement { key, ..requirement.clone() }
}
