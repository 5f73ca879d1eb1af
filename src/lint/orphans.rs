//! What the rules about selectors without pods say of one: who is nearest, and what differs.

use super::{Confidence, Context, Related, words};
use crate::model::{Operator, Requirement, Selector};
use crate::resolve::{Nearest, Open, nearest};
use crate::text::Span;

/// A selector without pods, described.
pub(super) struct Orphan {
    /// The label that no candidate has, where it is one alone; else the selector's key.
    pub place: Span,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: String,
    /// The nearest workload's label.
    pub related: Vec<Related>,
    /// Low where another part of the repository has such pods.
    pub confidence: Confidence,
}

/// How sure it can be that a namespace has no more pods than the repository shows: not at all in
/// an open one, but for what is only not evaluated, which is a guess.
pub(super) fn sureness(namespace: &crate::resolve::Namespace) -> Option<Confidence> {
    match namespace.open {
        None => Some(Confidence::High),
        Some(_) => namespace.is_not_evaluated().then_some(Confidence::Low),
    }
}

/// How sure it can be that a selector selects nothing in a namespace. What is not evaluated is
/// likely something else where its name shares no word with what is asked for, and in an open
/// place a near twin is evidence of its own.
pub(super) fn sureness_of(
    cx: &Context<'_>,
    number: u32,
    selector: &Selector,
) -> Option<Confidence> {
    let namespace = cx.cluster.namespace(number);
    let sure = sureness(namespace);
    let is_told_apart = || match &namespace.open {
        Some(Open::NotEvaluated(_)) => {
            !cx.cluster.elsewhere().is_some_and(|it| it.left_out_shares_word(selector))
        }
        _ => false,
    };
    let has_evidence = || {
        matches!(
            namespace.open,
            Some(Open::NotEvaluated(_) | Open::Deployed(_) | Open::Operator(_) | Open::RunTime(_))
        ) && has_near_twin(cx, number, selector)
    };
    if sure < Some(Confidence::Medium) && (is_told_apart() || has_evidence()) {
        return Some(Confidence::Medium);
    }
    sure
}

/// Whether a workload of the namespace would be selected but for one value, which differs in one
/// segment, or by a slip of the pen: `metrics-bignas`, `metrics-nas`.
fn has_near_twin(cx: &Context<'_>, number: u32, selector: &Selector) -> bool {
    cx.cluster.namespace(number).workloads.clone().any(|number| {
        let workload = cx.cluster.workload(number).workload;
        let mut unmet =
            selector.requirements.iter().filter(|r| !crate::resolve::meets(r, workload).is_yes());
        let (Some(only), None) = (unmet.next(), unmet.next()) else { return false };
        let Some(has) = workload.label(&only.key).filter(|_| only.operator == Operator::In) else {
            return false;
        };
        only.values.iter().any(|(wanted, _)| are_near(wanted, &has.value))
    })
}

fn are_near(a: &str, b: &str) -> bool {
    let parts =
        |text: &str| -> Vec<String> { text.split(['-', '_', '.']).map(str::to_owned).collect() };
    let (a_parts, b_parts) = (parts(a), parts(b));
    let is_slip = a.len().min(b.len()) > 2 && strsim::osa_distance(a, b) == 1;
    let differing = a_parts.iter().zip(&b_parts).filter(|(a, b)| a != b);
    let is_number = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let differs_in_one = a_parts.len() == b_parts.len() && a_parts.len() > 1 && {
        let differing: Vec<_> = differing.collect();
        matches!(differing.as_slice(), [(a, b)] if !is_number(a) && !is_number(b))
    };
    is_slip || differs_in_one
}

/// Describes a selector that selects no pod in those namespaces; `key` is where it is written.
pub(super) fn describe(
    cx: &Context<'_>,
    namespaces: &[u32],
    selector: &Selector,
    key: Span,
) -> Orphan {
    let selector = &as_written(selector, key);
    let candidates = namespaces
        .iter()
        .flat_map(|number| cx.cluster.namespace(*number).workloads.clone())
        .filter(|number| *number < cx.cluster.workload_count());
    let near = nearest(cx.cluster, candidates, selector);
    let mut orphan = match &near {
        Some(near) => near_miss(cx, namespaces, selector, near, key),
        None => no_near_miss(cx, namespaces, selector, key),
    };
    if let Some(place) = sole_culprit(cx, namespaces, selector) {
        orphan.place = place;
    }
    if let Some(number) = maybe_moved(cx, namespaces, selector) {
        orphan.confidence = Confidence::Low;
        let who = words::workload(&cx.cluster.workload(number));
        let message = format!("{who} names no namespace, or the policy does not: it may be there");
        orphan.related.push(Related { span: cx.cluster.workload(number).head.name_span, message });
    }
    if let Some(head) = cx.cluster.selected_elsewhere(selector) {
        orphan.confidence = Confidence::Low;
        let message = format!(
            "{} {} of another part of the repository has these labels",
            head.kind,
            words::quoted(&head.name)
        );
        orphan.related.push(Related { span: head.name_span, message });
    }
    let template = cx.cluster.elsewhere().and_then(|it| it.templates_selected(selector));
    if let Some(head) = template.map(|id| cx.cluster.head(id)) {
        orphan.confidence = Confidence::Low;
        let message = format!(
            "ConfigMap {} holds a template of pods with these labels",
            words::quoted(&head.name)
        );
        orphan.related.push(Related { span: head.name_span, message });
    }
    if let Some(what) = cx.cluster.left_out_with_name(selector) {
        orphan.confidence = Confidence::Low;
        orphan.help = format!(
            "{} is not evaluated, and may make them; else {}",
            words::quoted(what),
            orphan.help
        );
    }
    orphan
}

/// A selector without the labels that an overlay adds to it: pods that the same overlay builds get
/// them too, so they tell nothing of who is meant.
fn as_written(selector: &Selector, key: Span) -> Selector {
    let own = |requirement: &&Requirement| requirement.key_span.source == key.source;
    let requirements: Vec<Requirement> =
        selector.requirements.iter().filter(own).cloned().collect();
    if requirements.is_empty() {
        return selector.clone();
    }
    Selector { requirements, faults: selector.faults.clone() }
}

/// A workload that has the labels, and that `kubectl apply -n` may put into the selector's own
/// namespace: one of the two names none.
fn maybe_moved(cx: &Context<'_>, namespaces: &[u32], selector: &Selector) -> Option<u32> {
    let is_implicit = |number: u32| cx.cluster.namespace(number).implicit;
    let home_is_implicit = namespaces.iter().any(|number| is_implicit(*number));
    let others = cx.cluster.pods_anywhere(selector).yes;
    others.iter().find(|number| home_is_implicit || cx.cluster.workload(*number).namespace.implicit)
}

fn near_miss(
    cx: &Context<'_>,
    namespaces: &[u32],
    selector: &Selector,
    near: &Nearest<'_>,
    key: Span,
) -> Orphan {
    let who = words::workload(&near.workload);
    let has: Vec<String> = near.failed.iter().map(|r| what_it_has(r, near)).collect();
    let has = words::list(&has, 3);
    let related = near
        .failed
        .iter()
        .filter_map(|r| near.workload.workload.label(&r.key))
        .map(|label| Related {
            span: label.value_span,
            message: format!("{who} has {} here", label_words(label)),
        })
        .collect();
    let advice: Vec<String> = near.failed.iter().filter_map(|r| advice(r, near)).collect();
    let help = if advice.is_empty() {
        format!("select labels that the pods of {who} have, or give its pod template these")
    } else {
        format!("if {who} is meant, write {}", words::list(&advice, 3))
    };
    Orphan {
        place: key,
        message: format!(
            "{} selects no pod in {}; {who} {has}",
            words::selector(selector),
            places(cx, namespaces)
        ),
        help,
        related,
        confidence: Confidence::High,
    }
}

fn label_words(label: &crate::model::Label) -> String {
    words::quoted(&format!("{}: {}", label.key, label.value))
}

fn what_it_has(requirement: &Requirement, near: &Nearest<'_>) -> String {
    match near.workload.workload.label(&requirement.key) {
        Some(label) => format!("has {}", label_words(label)),
        None => format!("has no label {}", words::quoted(&requirement.key)),
    }
}

fn advice(requirement: &Requirement, near: &Nearest<'_>) -> Option<String> {
    let label = near.workload.workload.label(&requirement.key)?;
    (requirement.operator == Operator::In).then(|| label_words(label))
}

fn no_near_miss(cx: &Context<'_>, namespaces: &[u32], selector: &Selector, key: Span) -> Orphan {
    let known: u32 =
        namespaces.iter().map(|number| cx.cluster.namespace(*number).workloads.len() as u32).sum();
    let shown = match known {
        1 => "the only workload there has other labels".to_owned(),
        n => format!("none of the {n} workloads there has these labels"),
    };
    Orphan {
        place: key,
        message: format!(
            "{} selects no pod in {}: {shown}",
            words::selector(selector),
            places(cx, namespaces)
        ),
        help: "select labels of a pod template that exists, or delete what selects nothing".into(),
        related: Vec::new(),
        confidence: Confidence::High,
    }
}

/// The namespaces in words.
pub(super) fn places(cx: &Context<'_>, namespaces: &[u32]) -> String {
    match namespaces {
        [one] => words::namespace(cx.cluster.namespace(*one)),
        many => {
            let names: Vec<String> =
                many.iter().map(|n| words::quoted(&cx.cluster.namespace(*n).name)).collect();
            format!("namespaces {}", words::list(&names, 3))
        }
    }
}

/// The value of the one requirement that no pod of those namespaces meets, where all others are
/// met by some.
fn sole_culprit(cx: &Context<'_>, namespaces: &[u32], selector: &Selector) -> Option<Span> {
    let met_by_some = |requirement: &Requirement| {
        namespaces.iter().flat_map(|number| cx.cluster.namespace(*number).workloads.clone()).any(
            |number| {
                !crate::resolve::meets(requirement, cx.cluster.workload(number).workload).is_no()
            },
        )
    };
    let mut unmet = selector.requirements.iter().filter(|r| !met_by_some(r));
    let culprit = unmet.next()?;
    if unmet.next().is_some() {
        return None;
    }
    Some(match culprit.values.as_slice() {
        [(_, span)] => *span,
        _ => culprit.key_span,
    })
}
