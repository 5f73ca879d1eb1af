//! Selectors of these kinds that select nothing, or not what is meant.

use super::super::{Confidence, Context, Finding, Rule, words};
use super::spelling::{self, labels};
use super::{Statement, Tiered};
use crate::model::tiered::{Ends, Evaluator, Expr, LabelOf, PodTerm, Scope};
use crate::model::{Direction, Operator, Selector};
use crate::resolve::{SpecId, WorkloadId};

/// `orphaned-pod-selector`: a spec that selects no pod, where all pods are shown.
pub(crate) fn orphaned_subjects(
    cx: &Context<'_>,
    of: &Tiered<'_>,
    rule: &'static Rule,
    findings: &mut Vec<Finding>,
) {
    for at in of.selectors().filter(|at| at.of.is_none()) {
        let term = at.term;
        if !is_orphan(cx, of, term) || !on_host_network(cx, of, term).is_empty() {
            continue;
        }
        let message = format!(
            "{} selects no pod in {}, so the policy does nothing",
            labels(cx, of, term),
            places(cx, of, term)
        );
        let help = "compare the labels with those of the pod template that is meant";
        findings.push(of.finding_at(cx, &at, Finding::new(rule, place(term), message, help)));
    }
}

/// `orphaned-peer-selector`: a peer that selects no pod, where all pods are shown.
pub(crate) fn orphaned_peers(
    cx: &Context<'_>,
    of: &Tiered<'_>,
    rule: &'static Rule,
    findings: &mut Vec<Finding>,
) {
    for (_, at) in of.peers() {
        let term = at.term;
        let is_other = || is_meant_elsewhere(cx, term) || is_dns(cx, of, term);
        if !is_orphan(cx, of, term) || is_other() || !selects_nothing(cx, of, term) {
            continue;
        }
        let message = format!(
            "{} selects no pod in {}, so this peer matches nothing",
            labels(cx, of, term),
            places(cx, of, term)
        );
        let help = "compare the labels with those of the pod template that is meant";
        findings.push(of.finding_at(cx, &at, Finding::new(rule, place(term), message, help)));
    }
}

/// `missing-namespace-selector`: a peer for pods of another namespace that looks into its own.
pub(crate) fn missing_namespaces(
    cx: &Context<'_>,
    of: &Tiered<'_>,
    rule: &'static Rule,
    findings: &mut Vec<Finding>,
) {
    for (_, at) in of.peers() {
        let term = at.term;
        if term.scope != Scope::Own || is_dns(cx, of, term) || has_set(cx, of, term) {
            continue;
        }
        let Some(selector) = selector(term) else { continue };
        if !of.pods(cx, term).is_none() || !on_host_network(cx, of, term).is_empty() {
            continue;
        }
        let abroad: Vec<WorkloadId> = cx.cluster.pods_anywhere(&selector).yes.iter().collect();
        let Some(first) = abroad.first().map(|number| cx.cluster.workload(*number)) else {
            continue;
        };
        let home = cx.cluster.namespace(of.asker.home);
        let name = words::quoted(&first.namespace.name);
        let message = format!(
            "{} matches no pod in {}: a peer that names no namespace matches only its own, and {} \
             is in namespace {name}",
            labels(cx, of, term),
            words::namespace(home),
            words::workload(&first),
        );
        let help =
            format!("add `{}` to the same peer", spelling::namespace(of, &first.namespace.name));
        let made = Finding::new(rule, place(term), message, help)
            .related(first.head.name_span, format!("{} is here", words::workload(&first)));
        let finding = of.finding_at(cx, &at, made);
        findings.push(match home.open.is_some() || first.namespace.implicit {
            true => finding.confidence(Confidence::Low),
            false => finding,
        });
    }
}

/// `dns-wrong-target`: the labels of the cluster's DNS in a namespace where it is not.
pub(crate) fn wrong_dns(
    cx: &Context<'_>,
    of: &Tiered<'_>,
    rule: &'static Rule,
    findings: &mut Vec<Finding>,
) {
    let is_53 = |statement: &Statement<'_>| {
        statement.rule.flow.entries().iter().any(
            |entry| matches!(entry.term.range(), Some((first, last)) if (first..=last).contains(&53)),
        )
    };
    for (statement, at) in of.peers() {
        let term = at.term;
        if statement.rule.direction != Direction::Egress
            || !is_53(&statement)
            || !is_dns(cx, of, term)
            || !of.pods(cx, term).is_none()
        {
            continue;
        }
        let dns = cx.cluster.profile.dns_namespace();
        let message = format!(
            "{} is not the cluster's DNS here: the peer looks into {} only, and the DNS pods are in \
             `{dns}`",
            labels(cx, of, term),
            words::namespace(cx.cluster.namespace(of.asker.home)),
        );
        let help = format!("add `{}` to the same peer", spelling::namespace(of, dns));
        findings.push(of.finding_at(cx, &at, Finding::new(rule, place(term), message, help)));
    }
}

/// `host-network-target` and `host-network-peer`: pods on the node's network, which have no labels
/// for these plugins.
pub(crate) fn host_network_subjects(
    cx: &Context<'_>,
    of: &Tiered<'_>,
    rule: &'static Rule,
    findings: &mut Vec<Finding>,
) {
    for (spec, written) in of.specs() {
        let on_host = on_host_network(cx, of, &written.subject);
        let pods = cx.cluster.spec_pods(spec);
        if on_host.is_empty() || !pods.is_none() || selector(&written.subject).is_none() {
            continue;
        }
        let message = format!(
            "the policy does not apply to {}: pods on the node's network are part of the node",
            words::workloads(cx, &on_host)
        );
        let help = "use a policy for nodes, or take `hostNetwork: true` from the pods";
        let made = Finding::new(rule, written.subject.place.key, message, help);
        findings.push(of.finding(cx, made));
    }
}

/// See [`host_network_subjects`].
pub(crate) fn host_network_peers(
    cx: &Context<'_>,
    of: &Tiered<'_>,
    rule: &'static Rule,
    findings: &mut Vec<Finding>,
) {
    for (_, at) in of.peers() {
        let term = at.term;
        let on_host = on_host_network(cx, of, term);
        if on_host.is_empty() || !of.pods(cx, term).is_none() || selector(term).is_none() {
            continue;
        }
        let message = format!(
            "{} selects only {}, whose packets have the node's address and no labels: this peer \
             matches nothing",
            labels(cx, of, term),
            words::workloads(cx, &on_host)
        );
        let help = match of.project() {
            Evaluator::Cilium => "write the entities `host` and `remote-node`",
            _ => "write the addresses of the nodes",
        };
        findings.push(of.finding_at(cx, &at, Finding::new(rule, place(term), message, help)));
    }
}

/// Pods on the node's network whose labels a selector would match.
fn on_host_network(cx: &Context<'_>, of: &Tiered<'_>, term: &PodTerm) -> Vec<WorkloadId> {
    if selector(term).is_none() {
        return Vec::new();
    }
    cx.cluster.host_network_matches(of.asker, term)
}

/// Whether a selector matches an object that holds addresses.
fn has_set(cx: &Context<'_>, of: &Tiered<'_>, term: &PodTerm) -> bool {
    cx.cluster.matches_set(of.asker, term)
}

/// Whether a selector matches nothing that is shown, whatever else there may be: no pod, on the
/// node's network or not, and no set of addresses.
pub(in crate::lint) fn selects_nothing(cx: &Context<'_>, of: &Tiered<'_>, term: &PodTerm) -> bool {
    of.pods(cx, term).is_none()
        && on_host_network(cx, of, term).is_empty()
        && !has_set(cx, of, term)
        && cx.cluster.global_set_matching(term).is_none()
}

/// Whether a selector certainly selects nothing.
fn is_orphan(cx: &Context<'_>, of: &Tiered<'_>, term: &PodTerm) -> bool {
    let Some(selector) = selector(term) else { return false };
    of.pods(cx, term).is_none()
        && of.is_closed(cx, term)
        && cx.cluster.selected_elsewhere(&selector).is_none()
        && !is_reserved(term)
        && cx.cluster.left_out_with_name(&selector).is_none()
}

fn is_reserved(term: &PodTerm) -> bool {
    term.labels.requirements().iter().any(|(of, _)| *of == LabelOf::Reserved)
}

/// What a selector requires of pods, where it says anything of their own labels.
pub(in crate::lint) fn selector(term: &PodTerm) -> Option<Selector> {
    // A key that no pod can have is the finding of another rule.
    let is_impossible = term.labels.conjuncts().contains(&Expr::Never);
    let requirements: Vec<_> = term.labels.required(LabelOf::Pod).cloned().collect();
    if is_impossible || requirements.iter().any(|r| r.key.starts_with("projectcalico.org/")) {
        return None;
    }
    let is_positive =
        requirements.iter().any(|r| matches!(r.operator, Operator::In | Operator::Exists));
    is_positive.then_some(Selector { requirements, faults: Vec::new() })
}

/// Whether pods of another namespace have the labels, so that a namespace is missing.
fn is_meant_elsewhere(cx: &Context<'_>, term: &PodTerm) -> bool {
    term.scope == Scope::Own
        && selector(term).is_some_and(|selector| !cx.cluster.pods_anywhere(&selector).is_none())
}

/// Whether a selector in the own namespace has the labels of the cluster's DNS.
fn is_dns(cx: &Context<'_>, of: &Tiered<'_>, term: &PodTerm) -> bool {
    let home = &cx.cluster.namespace(of.asker.home).name;
    let selector = selector(term);
    term.scope == Scope::Own
        && !crate::resolve::is_dns_namespace(home)
        && selector.is_some_and(|selector| {
            crate::resolve::dns_labels(&selector, cx.cluster.profile).is_yes()
        })
}

/// The most telling token: the first label, else the key.
pub(super) fn place(term: &PodTerm) -> crate::text::Span {
    let first = term.labels.required(LabelOf::Pod).next();
    first.map_or(term.place.key, |requirement| requirement.key_span)
}

fn places(cx: &Context<'_>, of: &Tiered<'_>, term: &PodTerm) -> String {
    let numbers = cx.cluster.term_namespaces(of.asker, term);
    match numbers.as_slice() {
        [one] => words::namespace(cx.cluster.namespace(*one)),
        many => {
            let names: Vec<String> =
                many.iter().map(|n| words::quoted(&cx.cluster.namespace(*n).name)).collect();
            format!("namespaces {}", words::list(&names, 3))
        }
    }
}

/// The pods that a rule's connections go to, where all of them are shown.
pub(crate) fn destinations(
    cx: &Context<'_>,
    of: &Tiered<'_>,
    statement: &Statement<'_>,
) -> Option<Vec<WorkloadId>> {
    let terms: Vec<&PodTerm> = match statement.rule.direction {
        Direction::Ingress => {
            let spec: SpecId = of.spec_of(statement.rule);
            vec![&of.policy.specs[spec.spec].subject]
        }
        Direction::Egress => {
            let ends = statement.rule.peer.alternatives();
            let pods = ends.iter().map(|end| match end {
                Ends::Pods(term) => Some(term),
                _ => None,
            });
            pods.collect::<Option<Vec<_>>>()?
        }
    };
    let mut found = Vec::new();
    for term in terms {
        let pods = of.pods(cx, term);
        // Addresses have no ports that manifests show.
        let has_addresses = statement.rule.direction == Direction::Egress && has_set(cx, of, term);
        if !of.is_closed(cx, term) || !pods.is_sure() || has_addresses {
            return None;
        }
        found.extend(pods.yes.iter());
    }
    found.sort_unstable();
    found.dedup();
    (!found.is_empty()).then_some(found)
}
