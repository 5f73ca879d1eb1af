//! What rules share about policies of the kinds beside NetworkPolicy.

pub(super) mod dns;
pub(super) mod ports;
pub(super) mod selectors;
pub(super) mod shape;

use super::{Context, Finding, Rule, words};
use crate::bundle::ObjectId;
use crate::model::tiered::{
    Action, Ends, Evaluator, PodTerm, PolicyKind, PolicySpec, Refusal, RefusalKind, TieredPolicy,
    TieredRule,
};
use crate::model::{At, Body, PolicyId, Spot};
use crate::resolve::{Asker, Pods, SpecId, WorkloadId};
use crate::text::{Span, visible};

/// A policy of another kind that is evaluated and not refused.
#[derive(Clone, Copy)]
pub(super) struct Tiered<'a> {
    /// Its number.
    pub id: PolicyId,
    /// Itself.
    pub policy: &'a TieredPolicy,
    /// Whose conditions its are.
    pub asker: Asker,
}

/// One rule of such a policy.
#[derive(Clone, Copy)]
pub(super) struct Statement<'a> {
    /// Its number in the policy.
    pub number: u32,
    /// Itself.
    pub rule: &'a TieredRule,
}

impl<'a> Tiered<'a> {
    /// The policy of that number, if rules may say something of it: one that is refused is the
    /// finding of another rule, and of one that may not be evaluated nothing is known.
    pub fn of(cx: &Context<'a>, id: impl Into<ObjectId>) -> Option<Self> {
        let id = id.into();
        let policy = cx.cluster.tiered_policy(id)?;
        let id = PolicyId::of(id);
        let is_evaluated = cx.cluster.tiered().binary_search(&id).is_ok();
        let asker = cx.cluster.asker(id);
        (is_evaluated && !policy.is_refused()).then_some(Self { id, policy, asker })
    }

    /// The same for policies of one project only.
    pub fn of_project(
        cx: &Context<'a>,
        id: impl Into<ObjectId>,
        project: Evaluator,
    ) -> Option<Self> {
        Self::of(cx, id).filter(|of| of.policy.kind.evaluator() == project)
    }

    /// Whether it is of that kind.
    pub fn is(&self, kind: PolicyKind) -> bool {
        self.policy.kind == kind
    }

    /// Its specs with their numbers, without those for nodes.
    pub fn specs(&self) -> impl Iterator<Item = (SpecId, &'a PolicySpec)> {
        let policy = self.id;
        let specs = self.policy.specs.iter().enumerate();
        specs
            .filter(|(_, spec)| !spec.is_for_nodes)
            .map(move |(spec, of)| (SpecId { policy, spec }, of))
    }

    /// Its rules, without those of specs for nodes.
    pub fn rules(&self) -> impl Iterator<Item = Statement<'a>> {
        let policy = self.policy;
        let rules = (0u32..).zip(policy.rules.iter());
        rules
            .filter(move |(_, rule)| !policy.specs[rule.spec].is_for_nodes)
            .map(|(number, rule)| Statement { number, rule })
    }

    /// The spec of a rule.
    pub fn spec_of(&self, rule: &TieredRule) -> SpecId {
        SpecId { policy: self.id, spec: rule.spec }
    }

    /// A finding about one of its rules.
    pub fn finding_in(&self, cx: &Context<'_>, of: &Statement<'_>, made: Finding) -> Finding {
        let at = At { policy: self.id, spot: Spot::Statement(of.number) };
        about(cx, made, at)
    }

    /// A finding about the whole of it, or one of its specs.
    pub fn finding(&self, cx: &Context<'_>, made: Finding) -> Finding {
        about(cx, made, At { policy: self.id, spot: Spot::Spec })
    }

    /// The pods that one of its selectors selects.
    pub fn pods(&self, cx: &Context<'_>, term: &PodTerm) -> Pods {
        cx.cluster.term_pods(self.asker, term)
    }

    /// Whether every namespace that a selector looks into is closed, and it may look into no other
    /// one.
    pub fn is_closed(&self, cx: &Context<'_>, term: &PodTerm) -> bool {
        let covered = cx.cluster.term_namespaces(self.asker, term);
        let all_shown = cx.cluster.is_within_shown(term);
        all_shown
            && !covered.is_empty()
            && covered.iter().all(|number| cx.cluster.namespace(*number).open.is_none())
    }
}

impl<'a> Statement<'a> {
    /// The selectors of the other end: each by itself lets somebody in.
    pub fn peers(&self) -> Vec<&'a PodTerm> {
        let ends = self.rule.peer.alternatives().iter();
        ends.filter_map(|end| match end {
            Ends::Pods(term) => Some(term),
            _ => None,
        })
        .collect()
    }

    /// Whether it allows.
    pub fn allows(&self) -> bool {
        self.rule.action == Action::Allow
    }
}

/// Says which policy a finding is about, and where in it.
pub(super) fn about(cx: &Context<'_>, made: Finding, at: At) -> Finding {
    let mut finding = made.about(cx, at);
    if let Some((span, field)) = cx.cluster.place_of(at) {
        finding.field = field;
        finding.suppression_spans.push(span);
    }
    finding
}

/// What the API server, an agent or a validating client refuses, for the rule that reports it.
pub(super) fn refused(
    cx: &Context<'_>,
    id: ObjectId,
    rule: &'static Rule,
    kind: RefusalKind,
    findings: &mut Vec<Finding>,
) {
    let refusals = match &cx.cluster.object(id).body {
        Body::Tiered(policy) => &policy.refusals,
        Body::Network(entry) => &entry.refusals,
        _ => return,
    };
    for (number, refusal) in (0u32..).zip(refusals).filter(|(_, refusal)| refusal.kind == kind) {
        findings.push(of_refusal(cx, id, rule, number, refusal));
    }
}

fn of_refusal(
    cx: &Context<'_>,
    id: ObjectId,
    rule: &'static Rule,
    number: u32,
    refusal: &Refusal,
) -> Finding {
    let message = visible(&refusal.message).into_owned();
    let help = visible(&refusal.help).into_owned();
    // Each is a place of its own: none takes the place of another.
    let at = At { policy: PolicyId::of(id), spot: Spot::Statement(number) };
    let mut finding = Finding::new(rule, refusal.span, message, help).about(cx, at);
    finding.field = refusal.field.clone();
    finding.fixes.extend(refusal.advice.as_ref().map(|advice| super::Fix {
        title: advice.title.clone(),
        safety: super::Safety::Safe,
        edits: vec![super::Edit { span: advice.span, text: advice.text.clone() }],
    }));
    finding
}

/// A selector as it is written, on one line.
pub(super) fn written(cx: &Context<'_>, span: Span) -> String {
    let text = cx.text(span);
    let line: Vec<&str> = text.split_whitespace().collect();
    words::quoted(&line.join(" "))
}

/// The requirements of a selector in words: `app: web, tier in (a, b)`.
pub(super) fn labels(term: &PodTerm) -> String {
    let requirements = term.labels.requirements();
    let all: Vec<String> =
        requirements.iter().map(|(_, requirement)| requirement.words()).collect();
    if all.is_empty() { "`{}`".to_owned() } else { words::quoted(&all.join(", ")) }
}

/// The pods of a spec in words.
pub(super) fn pods_of(cx: &Context<'_>, id: SpecId) -> String {
    let numbers: Vec<WorkloadId> = cx.cluster.spec_pods(id).yes.iter().take(4).collect();
    match numbers.as_slice() {
        [] => "its pods".to_owned(),
        _ => {
            let names = numbers.iter().map(|number| words::workload(&cx.cluster.workload(*number)));
            let count = cx.cluster.spec_pods(id).yes.len() as usize;
            format!("the pods of {}", words::first_of(names, count, 3))
        }
    }
}
