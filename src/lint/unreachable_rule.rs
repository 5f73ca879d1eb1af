//! A rule behind one that decides everything that it could match.

use std::collections::HashMap;

use compact_str::CompactString;

use super::tiered::coverage::{ends_cover, term_covers};
use super::tiered::{self, Tiered};
use super::{Check, Confidence, Context, Finding, Rule, Severity, words};
use crate::model::tiered::{Action, Evaluator, Expr, LabelOf, PodTerm, Scope};
use crate::model::{Direction, Field, Operator, PolicyId};
use crate::reach::{Selecting, Stack, Stacks, Statement, flow_covers};
use crate::resolve::{Asker, NamespaceId, Plugin, SpecId, Tri};

/// The rule.
pub static RULE: Rule = Rule {
    id: "unreachable-rule",
    severity: Severity::Warning,
    confidence: Confidence::High,
    pedantic: false,
    page: include_str!("../../rules/unreachable-rule.md"),
    check: Check::Cluster(check),
};

/// How many policies of a kind of selector, and how many rules of them, a rule is compared with.
const MOST: usize = 64;

fn check(cx: &Context<'_>, findings: &mut Vec<Finding>) {
    let wide = Wide::of(cx);
    let stacks = Direction::BOTH.map(|direction| Stacks::new(cx.cluster, direction));
    // Cilium's rules have no order.
    for of in Tiered::reported(cx).filter(|of| of.project() != Evaluator::Cilium) {
        for (spec, written) in of.specs() {
            let selecting = wide.selecting(cx, &of, spec, &written.subject);
            for (direction, stacks) in Direction::BOTH.into_iter().zip(&stacks) {
                if of.policy.rules_of(spec.spec, direction).next().is_none() {
                    continue;
                }
                let stack = stacks.of(&selecting);
                let found = first(cx, of.id, &stack);
                findings.extend(found.map(|(earlier, later)| finding(cx, &of, earlier, later)));
            }
        }
    }
}

/// The policies that may come first for all pods of another one, by where they select pods and by a
/// label that these must have.
struct Wide(HashMap<(Option<NamespaceId>, Option<Label>), Vec<Candidate>>);

type Label = (CompactString, CompactString);

struct Candidate {
    /// The policy, and the position of its spec; none of a NetworkPolicy.
    policy: PolicyId,
    spec: Option<usize>,
    subject: PodTerm,
    asker: Asker,
}

impl Wide {
    fn of(cx: &Context<'_>) -> Self {
        let mut wide = Self(HashMap::new());
        for of in cx.cluster.tiered().iter().filter_map(|id| Tiered::of(cx, *id)) {
            if of.project() == Evaluator::Cilium {
                continue;
            }
            for (id, spec) in of.specs() {
                let subject = spec.subject.clone();
                wide.add(Candidate {
                    policy: of.id,
                    spec: Some(id.spec),
                    subject,
                    asker: of.asker,
                });
            }
        }
        // For all others Kubernetes' own policies are a tier without an end of its own.
        if cx.cluster.plugin == Some(Plugin::Calico) {
            for &policy in cx.cluster.policies() {
                let Some(subject) = subject(cx, policy) else { continue };
                let asker = cx.cluster.asker(policy);
                wide.add(Candidate { policy, spec: None, subject, asker });
            }
        }
        wide
    }

    fn add(&mut self, candidate: Candidate) {
        let home = (candidate.subject.scope == Scope::Own).then_some(candidate.asker.home);
        let label = labels(&candidate.subject).next();
        let same = self.0.entry((home, label)).or_default();
        if same.len() < MOST {
            same.push(candidate);
        }
    }

    /// A spec with those that select all of its pods.
    fn selecting(
        &self,
        cx: &Context<'_>,
        of: &Tiered<'_>,
        id: SpecId,
        subject: &PodTerm,
    ) -> Selecting {
        let mut selecting = Selecting { policies: Vec::new(), specs: vec![(id, Tri::Yes)] };
        let home = (subject.scope == Scope::Own).then_some(of.asker.home);
        let places = [None, home].into_iter().take(if home.is_some() { 2 } else { 1 });
        for place in places {
            for label in labels(subject).map(Some).chain([None]) {
                let same = self.0.get(&(place, label)).into_iter().flatten();
                for one in same.filter(|one| {
                    !replaces(cx, one.policy, of.id)
                        && term_covers(cx, (&one.subject, one.asker), (subject, of.asker))
                }) {
                    match one.spec {
                        Some(spec) => {
                            let spec = SpecId { policy: one.policy, spec };
                            selecting.specs.extend((spec != id).then_some((spec, Tri::Yes)));
                        }
                        None => selecting.policies.push((one.policy, Tri::Yes)),
                    }
                }
            }
        }
        selecting.specs.sort_unstable_by_key(|(id, _)| *id);
        selecting.policies.sort_unstable_by_key(|(id, _)| *id);
        selecting
    }
}

/// Whether two policies are versions of one object.
fn replaces(cx: &Context<'_>, one: PolicyId, other: PolicyId) -> bool {
    let identity = |id: PolicyId| {
        let head = cx.cluster.head(id);
        (&head.group, &head.kind, &head.namespace, &head.name)
    };
    one != other && identity(one) == identity(other)
}

/// The labels that a selector asks pods for.
fn labels(term: &PodTerm) -> impl Iterator<Item = Label> {
    term.labels.required(LabelOf::Pod).filter_map(|requirement| {
        match (requirement.operator, requirement.values.as_slice()) {
            (Operator::In, [(value, _)]) => Some((requirement.key.clone(), value.clone())),
            _ => None,
        }
    })
}

/// The pods of a NetworkPolicy.
fn subject(cx: &Context<'_>, policy: PolicyId) -> Option<PodTerm> {
    let policy = cx.cluster.policy(policy);
    let labels = match &policy.pod_selector {
        Field::Given(selector, _) => Expr::of_selector(LabelOf::Pod, selector),
        Field::Absent => Expr::Always,
        Field::Wrong(..) => return None,
    };
    Some(PodTerm { place: policy.spec?, scope: Scope::Own, labels })
}

/// The first rule of a policy that is never reached, behind the one that decides before it.
fn first<'s>(
    cx: &Context<'_>,
    policy: PolicyId,
    stack: &'s Stack,
) -> Option<(&'s Statement, &'s Statement)> {
    // The rules of earlier tiers that end there.
    let mut ended: Vec<&Statement> = Vec::new();
    for tier in &stack.tiers {
        let mut before = ended.clone();
        for batch in &tier.batches {
            for list in batch {
                let mut earlier = before.clone();
                for statement in list.iter().filter(|statement| statement.applies.is_yes()) {
                    if statement.at.policy == policy
                        && let Some(first) = earlier.iter().find(|it| decides(cx, it, statement))
                    {
                        return Some((*first, statement));
                    }
                    earlier.push(statement);
                    earlier.truncate(MOST);
                }
            }
            before.extend(batch.iter().flatten().filter(|statement| statement.applies.is_yes()));
            before.truncate(MOST);
        }
        let ends = before.into_iter().filter(|it| it.action() != Action::Pass);
        ended = ends.take(MOST).collect();
    }
    None
}

/// Whether every packet that the later rule could match has been decided by the earlier one. Where
/// both do the same, it makes no difference which of them does, unless the later one shows that
/// the earlier one was not meant to be for everything.
fn decides(cx: &Context<'_>, earlier: &Statement, later: &Statement) -> bool {
    let (first, second) = (earlier.rule(), later.rule());
    let is_same = earlier.action() == later.action();
    if is_same && (earlier.at.policy != later.at.policy || !first.flow.is_everything()) {
        return false;
    }
    ends_cover(cx, (&first.peer, earlier.asker), (&second.peer, later.asker))
        && ends_cover(cx, (&first.own, earlier.asker), (&second.own, later.asker))
        && flow_covers(cx.cluster, &first.flow, &second.flow)
}

fn finding(cx: &Context<'_>, of: &Tiered<'_>, earlier: &Statement, later: &Statement) -> Finding {
    let does = match earlier.action() {
        Action::Allow => "allows",
        Action::Pass => "passes on",
        Action::Deny | Action::Log => "denies",
    };
    let path = cx.cluster.place_of(earlier.at).map(|(_, path)| path).unwrap_or_default();
    let (who, help) = match earlier.at.policy == of.id {
        true => (String::new(), "put the narrower rule first, or delete it"),
        false => {
            let head = cx.cluster.head(earlier.at.policy);
            let kind = cx.cluster.tiered_policy(earlier.at.policy).map(|it| it.tier_and_kind());
            let kind = kind.unwrap_or_else(|| head.kind.to_string());
            let help = match of.project() {
                Evaluator::Calico => {
                    "give this policy a lower `order` (NetworkPolicies have 1000), or delete the rule"
                }
                _ => "give this policy a lower `priority` number, or delete the rule",
            };
            (format!(" of {} ({kind}), which comes first,", words::quoted(&head.name)), help)
        }
    };
    let message =
        format!("this rule is never reached: `{path}`{who} {does} everything that it could match");
    let made = Finding::new(&RULE, later.rule().span, message, help)
        .related(earlier.rule().span, format!("this rule {does} it before"));
    // Two policies may not be meant for one cluster, least of all in files that nothing builds
    // together.
    let (own, other) = (cx.cluster.object(of.id), cx.cluster.object(earlier.at.policy));
    let is_one_file = own.head.source == other.head.source;
    let made = match earlier.at.policy == of.id {
        true => made,
        false if is_one_file || own.made.is_some() => made.confidence(Confidence::Medium),
        false => made.confidence(Confidence::Low),
    };
    tiered::about(cx, made, later.at)
}
