//! Labels that kustomize adds to a selector, which then matches nothing although it did before.

use compact_str::CompactString;

use super::{Check, Confidence, Context, Finding, Rule, SelectorPeer, Severity, orphans, words};
use crate::bundle::{Write, Writer};
use crate::model::{At, Field, Operator, Peer, PolicyId, Requirement, Selector, Spot};
use crate::reach::peer_may_be_dns;
use crate::resolve::{NamespaceId, is_ingress_controller, selects};
use crate::yaml::Node;

/// The rule.
pub static RULE: Rule = Rule {
    id: "kustomize-rewrites-peer",
    severity: Severity::Error,
    confidence: Confidence::High,
    pedantic: false,
    page: include_str!("../../rules/kustomize-rewrites-peer.md"),
    check: Check::Policy(check),
};

fn check(cx: &Context<'_>, id: PolicyId, findings: &mut Vec<Finding>) {
    let Some(made) = &cx.cluster.object(id).made else { return };
    let is_label = |write: &&Write| write.writer == Writer::CommonLabels;
    let written: Vec<&Write> = made.writes.iter().filter(is_label).collect();
    if written.is_empty() {
        return;
    }
    let home = Rewritten::of(cx, id, Spot::PodSelector, &written);
    findings.extend(home.and_then(|rewritten| rewritten.own(cx, id)));
    for peer in cx.selector_peers() {
        let spot = Spot::PeerPods(peer.direction, peer.rule, peer.index);
        let rewritten = Rewritten::of(cx, id, spot, &written);
        findings.extend(rewritten.and_then(|rewritten| rewritten.peer(cx, id, peer)));
    }
}

/// A selector with labels that kustomize added.
struct Rewritten<'a> {
    spot: Spot,
    /// The labels, in the order in which they were written.
    writes: Vec<&'a Write>,
    before: Selector,
    after: &'a Selector,
}

/// The pods that a selector no longer matches.
struct Lost {
    who: String,
    confidence: Confidence,
}

impl<'a> Rewritten<'a> {
    /// `None` if no label was added, or only existing ones.
    fn of(cx: &Context<'a>, id: PolicyId, spot: Spot, written: &[&'a Write]) -> Option<Self> {
        let holder = format!("{spot}.matchLabels");
        let writes: Vec<&Write> =
            written.iter().copied().filter(|write| write.holder == holder).collect();
        let policy = cx.cluster.policy(id);
        let after = match spot {
            Spot::PeerPods(direction, rule, nth) => {
                policy.peer(direction, rule, nth)?.pod_selector.get()?
            }
            _ => policy.pod_selector.get()?,
        };
        let mut before = after.clone();
        for write in writes.iter().rev() {
            restore(&mut before, write);
        }
        let changed = crate::model::labels(&before) != crate::model::labels(after);
        (!writes.is_empty() && changed && !before.is_refused()).then_some(Self {
            spot,
            writes,
            before,
            after,
        })
    }

    /// `spec.podSelector`: pods that do not get the labels lose the policy.
    fn own(self, cx: &Context<'_>, id: PolicyId) -> Option<Finding> {
        let home = cx.cluster.home(id);
        if !cx.cluster.selected(id).is_none() {
            return None;
        }
        let pods = cx.cluster.pods_in(home, Some(&self.before));
        let first = pods.yes.iter().next()?;
        let confidence = orphans::namespace_confidence(cx.cluster.namespace(home))?;
        let who = words::workload(&cx.cluster.workload(first));
        Some(self.finding(cx, id, &Lost { who, confidence }))
    }

    fn peer(self, cx: &Context<'_>, id: PolicyId, peer: &SelectorPeer<'_>) -> Option<Finding> {
        let span = peer.peer.pod_selector.place()?;
        let before =
            Peer { pod_selector: Field::Given(self.before.clone(), span), ..peer.peer.clone() };
        let lost = self.lost_dns(cx, id, peer, &before).or_else(|| {
            if self.replaces_what_is_outside(cx) {
                let named = self.lost_pods(cx, id, &before).or_else(|| self.lost_anywhere(cx));
                let who = named.map(|lost| lost.who);
                let who = who.unwrap_or_else(|| "the pods that are meant".to_owned());
                return Some(Lost { who, confidence: Confidence::High });
            }
            let still = !peer.means.pods.is_none();
            let lost = || self.lost_pods(cx, id, &before).or_else(|| self.lost_elsewhere(cx, peer));
            if still { None } else { lost().or_else(|| self.lost_beyond(cx, peer)) }
        })?;
        Some(self.finding(cx, id, &lost))
    }

    /// Whether a label that the peer asks for is written over, and no pod of the bundle had its value:
    /// so the peer means pods of others, and now asks for this bundle's own.
    fn replaces_what_is_outside(&self, cx: &Context<'_>) -> bool {
        let mut numbers = cx.cluster.workload_ids();
        self.writes.iter().any(|write| self.is_replaced(write))
            && !numbers.any(|number| orphans::had(cx, number, &self.before))
    }

    fn is_replaced(&self, write: &Write) -> bool {
        let before = write.before.as_ref().and_then(Node::as_str);
        let after = self.after.requirements.iter().find(|it| it.key == write.key);
        let after = after.and_then(|it| it.values.first()).map(|(value, _)| value.as_str());
        before.is_some() && before != after
    }

    /// A workload of another part of the repository that the peer meant, whatever its namespace.
    fn lost_anywhere(&self, cx: &Context<'_>) -> Option<Lost> {
        let (id, _) = cx.cluster.elsewhere()?.selected(&self.before).next()?;
        let head = cx.cluster.head(id);
        let who = format!("{} {}", head.kind, words::quoted(&head.name));
        Some(Lost { who, confidence: Confidence::High })
    }

    fn lost_dns(
        &self,
        cx: &Context<'_>,
        id: PolicyId,
        peer: &SelectorPeer<'_>,
        before: &Peer,
    ) -> Option<Lost> {
        let was = peer_may_be_dns(cx.cluster, id, before);
        let is = peer_may_be_dns(cx.cluster, id, peer.peer);
        let lost = was.is_yes() && is.is_no();
        let who = "the cluster's DNS pods".to_owned();
        lost.then_some(Lost { who, confidence: Confidence::High })
    }

    /// A workload of the bundle, or of one beside it, that has only the labels of the base.
    fn lost_pods(&self, cx: &Context<'_>, id: PolicyId, before: &Peer) -> Option<Lost> {
        let means = cx.cluster.peer_pods(id, before);
        let first = cx.cluster.workload(means.pods.yes.iter().next()?);
        let sure = orphans::namespace_confidence(first.namespace).unwrap_or(Confidence::Medium);
        Some(Lost { who: words::workload(&first), confidence: sure })
    }

    /// A workload of another part of the repository. A peer without a namespaceSelector is meant
    /// for its own bundle.
    fn lost_elsewhere(&self, cx: &Context<'_>, peer: &SelectorPeer<'_>) -> Option<Lost> {
        if peer.peer.namespace_selector.is_absent() || self.before.is_empty() {
            return None;
        }
        let elsewhere = cx.cluster.elsewhere()?;
        let (id, _) = elsewhere
            .selected(&self.before)
            .find(|(_, workload)| selects(self.after, *workload).is_no())?;
        let head = cx.cluster.head(id);
        // Its own kustomization may add the label there too, so use the built workload.
        let who = format!("{} {}", head.kind, words::quoted(&head.name));
        Some(Lost { who, confidence: Confidence::Medium })
    }

    /// Pods in a namespace that the kustomization does not build (the ingress controller, the
    /// metrics scraper): whoever creates them does not add the label. The peer matched no pod in
    /// the repository, so it is meant for others.
    fn lost_beyond(&self, cx: &Context<'_>, peer: &SelectorPeer<'_>) -> Option<Lost> {
        let is_empty = |number: &NamespaceId| cx.cluster.namespace(*number).workloads.is_empty();
        let means = &peer.means;
        let reaches_beyond = !peer.peer.namespace_selector.is_absent()
            && (means.beyond || means.namespaces.iter().any(|(number, _)| is_empty(number)));
        let gets_label_elsewhere =
            || cx.cluster.elsewhere().is_some_and(|elsewhere| elsewhere.may_have(self.after));
        if self.before.is_empty() || !reaches_beyond || gets_label_elsewhere() {
            return None;
        }
        let who = if is_ingress_controller(&self.before) {
            "the ingress controller's pods".to_owned()
        } else {
            format!(
                "the pods of {}, which this kustomization does not build",
                self.where_beyond(cx, peer)
            )
        };
        Some(Lost { who, confidence: Confidence::Medium })
    }

    fn where_beyond(&self, cx: &Context<'_>, peer: &SelectorPeer<'_>) -> String {
        let selector = peer.peer.namespace_selector.get().filter(|selector| !selector.is_empty());
        let named =
            |(number, _): &(NamespaceId, _)| words::namespace(cx.cluster.namespace(*number));
        match (selector, &*peer.means.namespaces) {
            (_, [only]) if !peer.means.beyond => named(only),
            (Some(selector), _) => format!("namespaces with {}", words::selector(selector)),
            (None, _) => "other namespaces".to_owned(),
        }
    }

    fn finding(&self, cx: &Context<'_>, id: PolicyId, lost: &Lost) -> Finding {
        let replaced = self.writes.iter().rev().find(|write| self.is_replaced(write));
        let added = replaced.or(self.writes.last()).map_or(self.writes[0], |write| *write);
        let label = self.after.requirements.iter().find(|it| it.key == added.key);
        let label = words::quoted(&label.map(Requirement::words).unwrap_or_default());
        let head = cx.cluster.head(id);
        let whose = match self.spot {
            Spot::PodSelector => "`spec.podSelector`",
            _ => "a peer",
        };
        let (kind, name) = (&head.kind, words::quoted(&head.name));
        let message = match added.before.as_ref().and_then(Node::as_str) {
            Some(before) => format!(
                "kustomize replaces {} with {label} in {whose} of {kind} {name}, so it no longer \
                 matches {}",
                words::quoted(&format!("{}: {before}", added.key)),
                lost.who,
            ),
            None => format!(
                "kustomize also adds {label} to {whose} of {kind} {name}, so it no longer matches \
                 {}; without it, {} did",
                lost.who,
                words::selector(&self.before),
            ),
        };
        let help = "move the label to `labels:` with `includeTemplates: true` instead of \
                    `includeSelectors` or `commonLabels`, or select with `matchExpressions`, \
                    which kustomize does not change";
        let mut finding = Finding::new(&RULE, added.place, message, help)
            .about(cx, At { policy: id, spot: self.spot })
            .confidence(lost.confidence);
        let kept = self.before.requirements.first().map(|requirement| requirement.span);
        let selector = kept.or_else(|| self.spot.key_span(cx.cluster.policy(id)));
        if let Some(span) = selector {
            finding = finding.related(span, "added to this selector".to_owned());
            finding.suppression_spans.push(span);
        }
        finding
    }
}

/// Reverts a write.
fn restore(selector: &mut Selector, write: &Write) {
    let is_it = |requirement: &Requirement| requirement.is_label && requirement.key == write.key;
    let value = write.before.as_ref().and_then(Node::as_scalar);
    match (value, selector.requirements.iter_mut().find(|requirement| is_it(requirement))) {
        (Some(value), Some(requirement)) => {
            let span = write.before.as_ref().map_or(requirement.span, |node| node.span);
            requirement.values = vec![(CompactString::new(&value.text), span)];
            requirement.operator = Operator::In;
        }
        _ => selector.requirements.retain(|requirement| !is_it(requirement)),
    }
}
