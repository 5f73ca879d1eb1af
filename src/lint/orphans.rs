//! Describes a selector that matches no pod: the nearest workload, and the difference.

use super::orphan::Orphan;
use super::{Confidence, Context, Related, doubts, twins, words};
use crate::bundle::{Head, Write};
use crate::model::{Label, Operator, Requirement, Selector};
use crate::resolve::{
    Labelled, NamespaceId, Nearest, Open, Why, WorkloadId, WorkloadRef, nearest, selects,
};
use crate::text::Span;
use crate::yaml::Node;

/// The confidence that a namespace has no more pods than the repository shows: none in an open one,
/// except that it is low if something is only not evaluated.
pub(super) fn namespace_confidence(namespace: &crate::resolve::Namespace) -> Option<Confidence> {
    match namespace.open {
        None => Some(Confidence::High),
        Some(_) => namespace.is_not_evaluated().then_some(Confidence::Low),
    }
}

/// The confidence that a selector matches nothing in a namespace. Something that is not evaluated
/// is probably unrelated if its name has no word in common with the selector, and in an open
/// namespace a similar label is evidence of its own.
pub(super) fn selector_confidence(
    cx: &Context<'_>,
    number: NamespaceId,
    selector: &Selector,
) -> Option<Confidence> {
    let namespace = cx.cluster.namespace(number);
    let sure = namespace_confidence(namespace);
    let is_unrelated = || match &namespace.open {
        Some(Open::NotEvaluated(_)) => {
            !cx.cluster.elsewhere().is_some_and(|it| it.left_out_shares_word(selector))
        }
        _ => false,
    };
    let has_evidence = || {
        matches!(
            namespace.open,
            Some(
                Open::NotEvaluated(_)
                    | Open::Unread(_)
                    | Open::Deployed(_)
                    | Open::Operator(_)
                    | Open::RunTime(_)
            )
        ) && twins::has_twin(cx, number, selector)
            || !matches!(namespace.open, Some(Open::System | Open::Placeholder))
                && twins::elsewhere(cx, number, selector).is_some()
    };
    if sure < Some(Confidence::Medium) && (is_unrelated() || has_evidence()) {
        return Some(Confidence::Medium);
    }
    sure
}

/// Describes a selector that matches no pod in those namespaces; `key` is its place.
pub(super) fn describe(
    cx: &Context<'_>,
    namespaces: &[NamespaceId],
    selector: &Selector,
    key: Span,
) -> Orphan {
    let selector = &as_written(selector, key);
    if let Some(relabelled) = Relabelled::find(cx, namespaces, selector) {
        return relabelled.describe(cx, namespaces, selector, key);
    }
    let near = nearest(cx.cluster, namespaces, selector);
    let twin = namespaces.iter().find_map(|number| twins::elsewhere(cx, *number, selector));
    let mut orphan = match (&near, &twin) {
        (Some(near), _) => near_miss(cx, namespaces, selector, near, key),
        (None, Some(twin)) => twin_elsewhere(cx, namespaces, selector, twin, key),
        (None, None) => no_near_miss(cx, namespaces, selector, key),
    };
    if let Some(place) = sole_culprit(cx, namespaces, selector) {
        orphan.place = place;
    }
    doubts::lower(cx, namespaces, selector, near.is_some(), &mut orphan);
    orphan.absent = doubts::absent(cx, namespaces, selector);
    orphan
}

/// A selector without the labels that an overlay adds to it: pods that the same overlay builds get
/// them too, so they say nothing about the intended pods.
pub(super) fn as_written(selector: &Selector, key: Span) -> Selector {
    let own = |requirement: &&Requirement| requirement.key_span.source == key.source;
    let requirements: Vec<Requirement> =
        selector.requirements.iter().filter(own).cloned().collect();
    if requirements.is_empty() {
        return selector.clone();
    }
    Selector { requirements, faults: selector.faults.clone() }
}

fn near_miss(
    cx: &Context<'_>,
    namespaces: &[NamespaceId],
    selector: &Selector,
    near: &Nearest<'_>,
    key: Span,
) -> Orphan {
    let who = words::workload(&near.workload);
    let has: Vec<String> = near.failed.iter().map(|r| what_it_has(cx, r, near)).collect();
    let has = words::list(&has, 3);
    let related = near
        .failed
        .iter()
        .filter_map(|r| near.counterpart(r))
        .map(|label| Related {
            span: label.value_span,
            message: format!("{who} has {} here", label_words(label)),
        })
        .collect();
    let advice: Vec<String> = near.failed.iter().filter_map(|r| advice(cx, r, near)).collect();
    let job = near.failed.iter().find(|r| near.workload.workload.never_job(r));
    let help = match job {
        Some(_) => {
            format!("Jobs of {who} have generated names: select a label of its pod template")
        }
        None if advice.is_empty() => {
            format!("select labels that the pods of {who} have, or add these to its pod template")
        }
        None => format!("if {who} is meant, write {}", words::list(&advice, 3)),
    };
    Orphan {
        place: key,
        message: format!(
            "{} matches no pod in {}; {who} {has}",
            words::selector(selector),
            places(cx, namespaces)
        ),
        help,
        related,
        confidence: Confidence::High,
        absent: Vec::new(),
    }
}

fn label_words(label: &crate::model::Label) -> String {
    words::quoted(&format!("{}: {}", label.key, label.value))
}

fn what_it_has(cx: &Context<'_>, requirement: &Requirement, near: &Nearest<'_>) -> String {
    match near.counterpart(requirement) {
        Some(label) => {
            let from = added_by(cx, near.workload.head, label)
                .map(|path| format!(" (from {})", words::quoted(path)));
            format!("has {}{}", label_words(label), from.unwrap_or_default())
        }
        None => format!("has no label {}", words::quoted(&requirement.key)),
    }
}

/// The kustomization or patch that adds a label to what is written in another file.
fn added_by<'a>(cx: &Context<'a>, head: &Head, label: &Label) -> Option<&'a str> {
    let source = label.value_span.source;
    (source != head.source).then(|| cx.sources.get(source).path.as_str())
}

/// What to write instead, in the file of the selector: so not a label that an overlay only adds
/// later.
fn advice(cx: &Context<'_>, requirement: &Requirement, near: &Nearest<'_>) -> Option<String> {
    let label = near.counterpart(requirement)?;
    let is_added = added_by(cx, near.workload.head, label)
        .is_some_and(|_| label.value_span.source != requirement.key_span.source);
    (requirement.operator == Operator::In && !is_added).then(|| label_words(label))
}

/// A workload of the same namespace that another part of the repository has.
fn twin_elsewhere(
    cx: &Context<'_>,
    namespaces: &[NamespaceId],
    selector: &Selector,
    twin: &twins::Elsewhere<'_>,
    key: Span,
) -> Orphan {
    let (who, has) = (twin.who(), label_words(twin.label));
    Orphan {
        place: key,
        message: format!(
            "{} matches no pod in {}; {who} has {has}",
            words::selector(selector),
            places(cx, namespaces)
        ),
        help: twin.advice(),
        related: vec![Related {
            span: twin.label.value_span,
            message: format!("{who} has {has} here"),
        }],
        confidence: Confidence::Medium,
        absent: Vec::new(),
    }
}

fn no_near_miss(
    cx: &Context<'_>,
    namespaces: &[NamespaceId],
    selector: &Selector,
    key: Span,
) -> Orphan {
    let there: Vec<WorkloadRef<'_>> = namespaces
        .iter()
        .flat_map(|number| WorkloadId::all(&cx.cluster.namespace(*number).workloads))
        .map(|number| cx.cluster.workload(number))
        .collect();
    let (labels, of_key) = labels_there(cx, &there, selector);
    let labels_in_words = words::list(&labels, 3);
    let shown = match there.as_slice() {
        [only] if labels.is_empty() => {
            format!("{} there does not have these labels", words::workload(only))
        }
        [only] => format!("{} there has {labels_in_words}", words::workload(only)),
        _ if labels.is_empty() => "no workload there has any labels".to_owned(),
        _ if of_key => format!("the workloads there have {labels_in_words}"),
        _ => format!("the workloads there have other labels, such as {labels_in_words}"),
    };
    Orphan {
        place: key,
        message: format!(
            "{} matches no pod in {}; {shown}",
            words::selector(selector),
            places(cx, namespaces)
        ),
        help: "select labels that a pod template has, or delete the selector's policy or peer"
            .into(),
        related: Vec::new(),
        confidence: Confidence::High,
        absent: Vec::new(),
    }
}

/// The values that workloads have for the selector's keys, or else any of their labels; and which
/// of the two it is. Labels that an overlay adds are omitted if the base has labels of its own.
fn labels_there(
    cx: &Context<'_>,
    there: &[WorkloadRef<'_>],
    selector: &Selector,
) -> (Vec<String>, bool) {
    let is_own =
        |workload: &WorkloadRef<'_>, label: &Label| added_by(cx, workload.head, label).is_none();
    let collect = |wanted: &dyn Fn(&WorkloadRef<'_>, &Label) -> bool| -> Vec<String> {
        let mut found: Vec<String> = Vec::new();
        for workload in there {
            for label in workload.workload.labels.iter().filter(|label| wanted(workload, label)) {
                let label = label_words(label);
                if found.len() < LABELS_LISTED && !found.contains(&label) {
                    found.push(label);
                }
            }
        }
        found
    };
    let is_asked = |label: &Label| selector.requirements.iter().any(|r| r.key == label.key);
    let of_key = collect(&|workload, label| is_asked(label) && is_own(workload, label));
    if !of_key.is_empty() {
        return (of_key, true);
    }
    (collect(&|workload, label| is_own(workload, label)), false)
}

/// The most labels that are collected for a message, which shows fewer of them.
const LABELS_LISTED: usize = 20;

/// A workload whose pods a selector would match if an overlay had not changed a label.
struct Relabelled<'a> {
    workload: WorkloadRef<'a>,
    write: &'a Write,
}

impl<'a> Relabelled<'a> {
    fn find(cx: &Context<'a>, namespaces: &[NamespaceId], selector: &Selector) -> Option<Self> {
        let numbers = namespaces.iter();
        let numbers = numbers.flat_map(|n| WorkloadId::all(&cx.cluster.namespace(*n).workloads));
        numbers
            .filter_map(|number| {
                let writes = label_writes(cx, number);
                if writes.is_empty() || !had(cx, number, selector) {
                    return None;
                }
                let is_asked = |write: &&&Write| {
                    selector.requirements.iter().any(|requirement| requirement.key == write.key)
                };
                let write = writes.iter().rev().find(is_asked)?;
                Some(Self { workload: cx.cluster.workload(number), write })
            })
            .next()
    }

    fn describe(
        &self,
        cx: &Context<'_>,
        namespaces: &[NamespaceId],
        selector: &Selector,
        key: Span,
    ) -> Orphan {
        let who = words::workload(&self.workload);
        let now = self.workload.workload.label(&self.write.key).map(label_words);
        let now = now.unwrap_or_else(|| format!("no {}", words::quoted(&self.write.key)));
        let place = selector.requirements.first().map_or(key, |requirement| requirement.span);
        Orphan {
            place: self.write.place,
            message: format!(
                "{} matches no pod in {}: the overlay gives the pods of {who} {now} instead",
                words::selector(selector),
                places(cx, namespaces)
            ),
            help: "keep the label, or change it in the selectors too".into(),
            related: vec![Related {
                span: place,
                message: "this selector no longer matches its pods".into(),
            }],
            confidence: Confidence::High,
            absent: Vec::new(),
        }
    }
}

/// What overlays have written into the labels of a workload's pods.
fn label_writes<'a>(cx: &Context<'a>, number: WorkloadId) -> Vec<&'a Write> {
    let pod_labels = match cx.cluster.workload(number).head.kind.as_str() {
        "Pod" => "metadata.labels",
        _ => "template.metadata.labels",
    };
    let made = cx.cluster.object_of(number).made.as_ref();
    let writes = made.into_iter().flat_map(|made| &made.writes);
    writes.filter(|write| write.holder.ends_with(pod_labels)).collect()
}

/// Whether a selector selects a workload's pods by the labels that they had before overlays wrote
/// into them.
pub(super) fn had(cx: &Context<'_>, number: WorkloadId, selector: &Selector) -> bool {
    let writes = label_writes(cx, number);
    let before = Before { workload: cx.cluster.workload(number).workload, writes: &writes };
    selects(selector, &before).is_yes()
}

/// A workload's pods with the labels that they had before an overlay changed them.
struct Before<'a> {
    workload: &'a crate::model::Workload,
    writes: &'a [&'a Write],
}

impl Labelled for Before<'_> {
    fn value(&self, key: &str) -> Option<&str> {
        match self.writes.iter().find(|write| write.key == key) {
            Some(first) => first.before.as_ref().and_then(Node::as_str),
            None => self.workload.value(key),
        }
    }

    fn may_have(&self, key: &str) -> Option<Why> {
        let is_written = self.writes.iter().any(|write| write.key == key);
        self.workload.may_have(key).filter(|_| !is_written)
    }
}

/// The namespaces in words.
pub(super) fn places(cx: &Context<'_>, namespaces: &[NamespaceId]) -> String {
    match namespaces {
        [one] => words::namespace(cx.cluster.namespace(*one)),
        many => {
            let names: Vec<String> =
                many.iter().map(|n| words::quoted(&cx.cluster.namespace(*n).name)).collect();
            format!("namespaces {}", words::list(&names, 3))
        }
    }
}

/// The value of the one requirement that no pod in those namespaces meets, if each of the others is
/// met by some.
fn sole_culprit(cx: &Context<'_>, namespaces: &[NamespaceId], selector: &Selector) -> Option<Span> {
    let mut unmet =
        selector.requirements.iter().filter(|r| !cx.cluster.any_may_meet(namespaces, r));
    let culprit = unmet.next()?;
    if unmet.next().is_some() {
        return None;
    }
    Some(match culprit.values.as_slice() {
        [(_, span)] => *span,
        _ => culprit.key_span,
    })
}
