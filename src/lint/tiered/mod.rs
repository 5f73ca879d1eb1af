//! What rules share about policies of the kinds beside NetworkPolicy.

pub(super) mod conditions;
pub(super) mod connections;
pub(super) mod coverage;
pub(super) mod dns;
pub(super) mod ports;
pub(super) mod selectors;
pub(super) mod shape;
pub(super) mod spelling;

use super::{Context, Finding, Rule, edits, words};
use crate::bundle::ObjectId;
use crate::model::tiered::{
    Action, Advice, Ends, Evaluator, PodTerm, PolicyKind, PolicySpec, Refusal, RefusalKind,
    TieredPolicy, TieredRule,
};
use crate::model::{At, Body, PolicyId, Spot};
use crate::resolve::{Asker, Pods, SpecId, WorkloadId};
use crate::text::visible;

/// A policy of another kind that is evaluated and not refused.
#[derive(Clone, Copy)]
pub struct Tiered<'a> {
    /// Its number.
    pub id: PolicyId,
    /// Itself.
    pub policy: &'a TieredPolicy,
    /// Whose conditions its are.
    pub asker: Asker,
}

/// One rule of such a policy.
#[derive(Clone, Copy)]
pub struct Statement<'a> {
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
        (is_evaluated && !cx.cluster.rejects(policy)).then_some(Self { id, policy, asker })
    }

    /// All of them in the cluster that are reported on.
    pub fn reported(cx: &Context<'a>) -> impl Iterator<Item = Self> {
        let reported = cx.cluster.tiered().iter().filter(|id| cx.cluster.is_reported(**id));
        reported.filter_map(|id| Self::of(cx, *id))
    }

    /// Whose kind of policy it is.
    pub fn project(&self) -> Evaluator {
        self.policy.kind.evaluator()
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

    /// Its selectors: those for its own pods, and those that the ends of its rules must meet.
    pub fn selectors(&self) -> impl Iterator<Item = Selecting<'a>> {
        let subjects =
            self.specs().map(|(_, spec)| Selecting { term: &spec.subject, of: None, nth: 0 });
        subjects.chain(self.rules().flat_map(|of| of.selectors()))
    }

    /// Its peers that are selectors, each by itself enough to let somebody through.
    pub fn peers(&self) -> impl Iterator<Item = (Statement<'a>, Selecting<'a>)> {
        self.rules().flat_map(|of| of.peers().map(move |peer| (of, peer)))
    }

    /// A finding about one of its selectors.
    pub fn finding_at(&self, cx: &Context<'_>, at: &Selecting<'_>, made: Finding) -> Finding {
        let spot = match &at.of {
            Some(statement) => Spot::StatementPeer(statement.number, at.nth),
            None => Spot::Spec,
        };
        about(cx, made, At { policy: self.id, spot })
    }

    /// A finding about an entry for ports of one of its rules.
    pub fn finding_on(
        &self,
        cx: &Context<'_>,
        of: &Statement<'_>,
        nth: usize,
        made: Finding,
    ) -> Finding {
        about(cx, made, At { policy: self.id, spot: Spot::StatementPort(of.number, nth as u32) })
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

/// A selector for pods, and the rule that it is in; none where it selects the policy's own pods.
#[derive(Clone, Copy)]
pub struct Selecting<'a> {
    /// The selector.
    pub term: &'a PodTerm,
    /// The rule.
    pub of: Option<Statement<'a>>,
    /// Its position among the selectors of the rule.
    pub nth: u32,
}

impl Selecting<'_> {
    /// What comes of it when it matches nothing.
    pub fn consequence(&self) -> &'static str {
        match self.of {
            None => "the policy selects no pod and has no effect",
            Some(_) => "the peer matches nothing",
        }
    }
}

impl<'a> Statement<'a> {
    /// The selectors that its ends must meet, with their positions.
    pub fn selectors(self) -> impl Iterator<Item = Selecting<'a>> {
        let ends = self.rule.peer.required().into_iter().chain(self.rule.own.required());
        let terms = ends.filter_map(|end| match end {
            Ends::Pods(term) => Some(term),
            _ => None,
        });
        (0u32..).zip(terms).map(move |(nth, term)| Selecting { term, of: Some(self), nth })
    }

    /// The selectors of the other end that let somebody through by themselves.
    pub fn peers(self) -> impl Iterator<Item = Selecting<'a>> {
        let alternatives = self.rule.peer.alternatives();
        self.selectors().filter(move |at| {
            alternatives
                .iter()
                .any(|end| matches!(end, Ends::Pods(term) if std::ptr::eq(term, at.term)))
        })
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
    let is_asked = |refusal: &Refusal| match refusal.kind {
        RefusalKind::NodeLabels => kind == RefusalKind::Peer && cx.cluster.counts(refusal),
        other => other == kind,
    };
    for (number, refusal) in (0u32..).zip(refusals).filter(|(_, refusal)| is_asked(refusal)) {
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
        safety: match refusal.kind {
            // Other clients apply the object as it is.
            RefusalKind::Field => super::Safety::Unsafe,
            _ => super::Safety::Safe,
        },
        edits: vec![super::Edit { span: advice.span, text: in_quotes(cx, advice) }],
    }));
    finding
}

/// What to write, in the quotes of what is there.
fn in_quotes(cx: &Context<'_>, advice: &Advice) -> String {
    match advice.text.starts_with('"') {
        true => advice.text.clone(),
        false => edits::quoted_like(cx.text(advice.span), &advice.text),
    }
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
