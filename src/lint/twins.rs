//! Twins: a label that differs in one segment, or by a slip, from the one that is asked for. In a
//! place where more pods may be than are shown, a twin is evidence of its own.

use super::{Context, words};
use crate::bundle::Head;
use crate::model::{Label, Operator, Requirement, Selector, Workload};
use crate::resolve::{NamespaceId, Open, WorkloadId};

/// Whether a workload of the namespace would be selected but for one value that is a twin:
/// `metrics-bignas`, `metrics-nas`.
pub(super) fn has_twin(cx: &Context<'_>, namespace: NamespaceId, selector: &Selector) -> bool {
    let numbers = WorkloadId::all(&cx.cluster.namespace(namespace).workloads);
    let mut workloads = numbers.map(|number| cx.cluster.workload(number).workload);
    // An operator names what it makes as it is named itself: `rook-ceph-operator`, `rook-ceph-mgr`.
    let is_family = matches!(cx.cluster.namespace(namespace).open, Some(Open::Operator(_)));
    let are_near = if is_family { is_slip } else { are_near };
    workloads.any(|workload| twin(selector, workload, are_near).is_some())
}

/// A workload of the same namespace, in another part of the repository.
pub(super) struct Elsewhere<'a> {
    head: &'a Head,
    /// What it has.
    pub label: &'a Label,
    requirement: &'a Requirement,
}

/// A twin of the same namespace in another part of the repository: in an alternative only where
/// nothing that may run beside the policy makes pods there.
pub(super) fn elsewhere<'a>(
    cx: &Context<'a>,
    namespace: NamespaceId,
    selector: &'a Selector,
) -> Option<Elsewhere<'a>> {
    let namespace = cx.cluster.namespace(namespace);
    let elsewhere = cx.cluster.elsewhere()?;
    let is_bare = namespace.workloads.is_empty();
    let alternatives = is_bare.then(|| elsewhere.alternatives_in(&namespace.name));
    let mut all = elsewhere.workloads_in(&namespace.name).chain(alternatives.into_iter().flatten());
    all.find_map(|(id, workload)| {
        let (requirement, label) = twin(selector, workload, are_near)?;
        Some(Elsewhere { head: cx.cluster.head(id), label, requirement })
    })
}

impl Elsewhere<'_> {
    /// Who it is.
    pub(super) fn who(&self) -> String {
        format!("{} {}", self.head.kind, words::quoted(&self.head.name))
    }

    /// What to write in its place.
    pub(super) fn advice(&self) -> String {
        let label = words::quoted(&format!("{}: {}", self.requirement.key, self.label.value));
        format!("to match {}, write {label}", self.who())
    }
}

/// The one requirement that a workload does not meet, and its label that is a twin of it.
fn twin<'a>(
    selector: &'a Selector,
    workload: &'a Workload,
    are_near: fn(&str, &str) -> bool,
) -> Option<(&'a Requirement, &'a Label)> {
    let mut unmet =
        selector.requirements.iter().filter(|r| !crate::resolve::meets(r, workload).is_yes());
    let (Some(only), None) = (unmet.next(), unmet.next()) else { return None };
    let has = workload.label(&only.key).filter(|_| only.operator == Operator::In)?;
    let is_twin = only.values.iter().any(|(wanted, _)| are_near(wanted, &has.value));
    is_twin.then_some((only, has))
}

fn are_near(a: &str, b: &str) -> bool {
    let parts =
        |text: &str| -> Vec<String> { text.split(['-', '_', '.']).map(str::to_owned).collect() };
    let (a_parts, b_parts) = (parts(a), parts(b));
    let differing = a_parts.iter().zip(&b_parts).filter(|(a, b)| a != b);
    let is_number = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let differs_in_one = a_parts.len() == b_parts.len() && a_parts.len() > 1 && {
        let differing: Vec<_> = differing.collect();
        matches!(differing.as_slice(), [(a, b)] if !is_number(a) && !is_number(b))
    };
    is_slip(a, b) || differs_in_one
}

/// Whether one is the other with one letter changed, left out, added, or two in the wrong order.
fn is_slip(a: &str, b: &str) -> bool {
    a.len().min(b.len()) > 2 && strsim::osa_distance(a, b) == 1
}
