//! Pods that no policy isolates in a direction.

use std::collections::HashMap;

use super::{Check, Confidence, Context, Finding, Rule, Severity, words};
use crate::model::{Body, Direction, Selector};
use crate::resolve::{SelectorIndex, Subject, selects};

/// The rule.
pub static RULE: Rule = Rule {
    id: "unprotected-workload",
    severity: Severity::Note,
    confidence: Confidence::High,
    pedantic: true,
    page: include_str!("../../rules/unprotected-workload.md"),
    check: Check::Cluster(check),
};

fn check(cx: &Context<'_>, findings: &mut Vec<Finding>) {
    let mut others = Others::default();
    for number in 0..cx.cluster.workload_count() {
        let id = cx.cluster.object_id_of(number);
        let it = cx.cluster.workload(number);
        let home = cx.cluster.namespace_of(Subject::Workload(number));
        if !cx.cluster.is_reported(id)
            || it.workload.host_network
            || cx.cluster.may_have_other_policies(home)
        {
            continue;
        }
        let mut is_open = |direction: &Direction| {
            cx.reach.is_isolated(*direction, number).is_no()
                && !others.may_isolate(cx, number, *direction)
        };
        let open: Vec<Direction> = Direction::BOTH.into_iter().filter(|it| is_open(it)).collect();
        if !open.is_empty() {
            findings.push(finding(cx, number, &open));
        }
    }
}

/// The policies of other parts of the repository that isolate pods of each namespace.
#[derive(Default)]
struct Others {
    known: HashMap<u32, Isolating>,
}

/// Those of one namespace.
struct Isolating {
    /// Their selectors, by direction.
    selectors: [SelectorIndex; 2],
    /// A policy of a kind that is not evaluated is there too.
    is_unknown: bool,
}

impl Others {
    /// Whether one of them may isolate the pods of a workload.
    fn may_isolate(&mut self, cx: &Context<'_>, number: u32, direction: Direction) -> bool {
        let it = cx.cluster.workload(number);
        let home = cx.cluster.namespace_of(Subject::Workload(number));
        let of_home = self.known.entry(home).or_insert_with(|| Isolating::of(cx, home));
        let labels = Selector::of_labels(&it.workload.labels);
        of_home.is_unknown
            || of_home.selectors[direction as usize].covering(Some(&labels)).any(|id| {
                let Body::Policy(policy) = &cx.cluster.object(id).body else { return false };
                let selector = policy.pod_selector.get();
                selector.is_none_or(|selector| !selects(selector, it.workload).is_no())
            })
    }
}

impl Isolating {
    fn of(cx: &Context<'_>, home: u32) -> Self {
        let mut found = Self { selectors: Default::default(), is_unknown: false };
        let Some(elsewhere) = cx.cluster.elsewhere() else { return found };
        for id in elsewhere.objects_in(&cx.cluster.namespace(home).name) {
            match &cx.cluster.object(id).body {
                Body::Policy(policy) => {
                    for direction in Direction::BOTH.into_iter().filter(|d| policy.isolates(*d)) {
                        let selector = policy.pod_selector.get();
                        found.selectors[direction as usize].add(selector, id);
                    }
                }
                Body::OtherPolicy(_) => found.is_unknown = true,
                _ => {}
            }
        }
        found
    }
}

fn finding(cx: &Context<'_>, number: u32, open: &[Direction]) -> Finding {
    let it = cx.cluster.workload(number);
    let who = words::workload(&it);
    let (what, effect) = match open {
        [Direction::Ingress] => ("ingress", "everybody may connect to them"),
        [Direction::Egress] => ("egress", "they may connect to everything"),
        _ => ("ingress or egress", "everybody may connect to them, and they to everything"),
    };
    let message = format!("no policy isolates the pods of {who} for {what}: {effect}");
    let help = format!(
        "select them in a policy, or deny all traffic of {} by default",
        words::namespace(it.namespace)
    );
    let id = cx.cluster.object_id_of(number);
    Finding::new(&RULE, it.head.name_span, message, help).of_object(cx, id, "metadata.name")
}
