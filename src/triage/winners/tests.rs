//! Which of two findings remains.

use super::*;
use crate::bundle::ObjectId;
use crate::lint::{Check, Related, Severity};
use crate::model::PolicyId;
use crate::model::{At, Direction, Spot};
use crate::triage::sample_findings::{self, finding};
use Direction::{Egress, Ingress};
use Spot::{Peer, PeerNamespaces, PeerPods, PodSelector, PolicyTypes, Port, Rules as List, Spec};

fn policy(number: usize) -> PolicyId {
    PolicyId::of(ObjectId::at(number))
}

fn at(id: &'static str, spot: Spot) -> Finding {
    finding(id, Some(At { policy: policy(0), spot }), 0, "", &[])
}

/// Which of a winner and a loser remain.
fn left(winner: Finding, loser: Finding) -> Vec<&'static str> {
    apply(vec![loser, winner]).iter().map(|finding| finding.rule.id).collect()
}

#[track_caller]
fn overrides(winner: (&'static str, Spot), loser: (&'static str, Spot)) {
    let left = left(at(winner.0, winner.1), at(loser.0, loser.1));
    assert_eq!(left, [winner.0], "{winner:?} and {loser:?}");
}

#[track_caller]
fn leaves(winner: (&'static str, Spot), loser: (&'static str, Spot)) {
    let left = left(at(winner.0, winner.1), at(loser.0, loser.1));
    assert_eq!(left, [loser.0, winner.0], "{winner:?} and {loser:?}");
}

#[test]
fn a_rejected_field_has_no_other_finding() {
    overrides(("invalid-selector", PodSelector), ("orphaned-pod-selector", PodSelector));
    overrides(
        ("unknown-field", PeerPods(Egress, 0, 1)),
        ("orphaned-peer-selector", PeerPods(Egress, 0, 1)),
    );
    overrides(
        ("unknown-field", PeerPods(Egress, 0, 1)),
        ("half-open-connection", Peer(Egress, 0, 1)),
    );
    overrides(
        ("invalid-peer", Peer(Egress, 0, 1)),
        ("missing-namespace-selector", PeerPods(Egress, 0, 1)),
    );
    overrides(("invalid-port", Port(Ingress, 0, 1)), ("undeclared-port", Port(Ingress, 0, 1)));
    overrides(("invalid-policy", List(Egress)), ("missing-dns-egress", List(Egress)));
}

#[test]
fn findings_independent_of_the_rejected_field_are_reported() {
    leaves(("invalid-port", Port(Ingress, 0, 1)), ("undeclared-port", Port(Ingress, 0, 0)));
    leaves(
        ("invalid-peer", Peer(Egress, 0, 1)),
        ("orphaned-peer-selector", PeerPods(Egress, 0, 0)),
    );
    leaves(
        ("invalid-peer", Peer(Egress, 0, 0)),
        ("orphaned-peer-selector", PeerPods(Ingress, 0, 0)),
    );
    leaves(("unknown-field", Spec), ("missing-dns-egress", List(Egress)));
    leaves(
        ("invalid-selector", PeerPods(Egress, 0, 0)),
        ("orphaned-namespace-selector", PeerNamespaces(Egress, 0, 0)),
    );
}

#[test]
fn rejections_do_not_override_one_another_and_nothing_overrides_the_run() {
    leaves(("invalid-selector", PodSelector), ("invalid-policy", PodSelector));
    let mut run = at("unused-suppression", PodSelector);
    run.rule = sample_findings::rule("unused-suppression", Severity::Warning, false, Check::Run);
    assert_eq!(left(at("invalid-selector", PodSelector), run).len(), 2);
}

#[test]
fn wrong_policy_types_override_what_they_leave_out() {
    overrides(("invalid-policy", PolicyTypes), ("ignored-rules", List(Egress)));
    overrides(("unknown-field", Spec), ("implicit-ingress-isolation", List(Egress)));
    leaves(("invalid-policy", PolicyTypes), ("missing-dns-egress", List(Egress)));
}

#[test]
fn a_dns_rule_with_a_wrong_target_overrides_missing_dns() {
    for id in ["kustomize-rewrites-peer", "dns-wrong-target"] {
        overrides((id, PeerNamespaces(Egress, 2, 0)), ("missing-dns-egress", List(Egress)));
        leaves((id, PeerNamespaces(Ingress, 2, 0)), ("missing-dns-egress", List(Egress)));
    }
    overrides(("dns-single-protocol", Port(Egress, 1, 0)), ("missing-dns-egress", List(Egress)));
}

#[test]
fn a_label_by_name_overrides_missing_dns_where_it_is_evidence() {
    let by_name = at("namespace-label-by-name", PeerNamespaces(Egress, 1, 0));
    let mut missing = at("missing-dns-egress", List(Egress));
    assert_eq!(left(by_name.clone(), missing.clone()).len(), 2);
    missing.related.push(Related { span: by_name.place, message: String::new() });
    assert_eq!(left(by_name, missing), ["namespace-label-by-name"]);
}

#[test]
fn a_label_by_name_overrides_the_protocols_of_its_own_rule() {
    let by_name = ("namespace-label-by-name", PeerNamespaces(Egress, 1, 0));
    overrides(by_name, ("dns-single-protocol", Port(Egress, 1, 0)));
    leaves(by_name, ("dns-single-protocol", Port(Egress, 2, 0)));
}

#[test]
fn a_wrong_dns_target_overrides_the_empty_peers_of_its_rule() {
    overrides(
        ("dns-wrong-target", Port(Egress, 1, 0)),
        ("orphaned-peer-selector", PeerPods(Egress, 1, 3)),
    );
    leaves(
        ("dns-wrong-target", Port(Egress, 1, 0)),
        ("orphaned-peer-selector", PeerPods(Egress, 0, 3)),
    );
}

#[test]
fn a_split_peer_overrides_both_of_its_halves() {
    for loser in ["missing-namespace-selector", "orphaned-peer-selector"] {
        overrides(("split-peer", Peer(Ingress, 0, 1)), (loser, PeerPods(Ingress, 0, 0)));
        overrides(("split-peer", Peer(Ingress, 0, 1)), (loser, PeerPods(Ingress, 0, 1)));
        leaves(("split-peer", Peer(Ingress, 0, 1)), (loser, PeerPods(Ingress, 0, 2)));
        leaves(("split-peer", Peer(Ingress, 0, 1)), (loser, PeerPods(Ingress, 1, 0)));
    }
}

#[test]
fn the_reason_for_an_empty_selector_overrides_the_report_of_it() {
    for id in [
        "kustomize-rewrites-peer",
        "missing-namespace-selector",
        "labels-on-workload-not-pod",
        "contradictory-selector",
        "volatile-label-selector",
    ] {
        overrides((id, PeerPods(Egress, 0, 0)), ("orphaned-peer-selector", PeerPods(Egress, 0, 0)));
        leaves(
            (id, PeerPods(Egress, 0, 0)),
            ("orphaned-namespace-selector", PeerNamespaces(Egress, 0, 0)),
        );
        overrides((id, PodSelector), ("orphaned-pod-selector", PodSelector));
        leaves((id, PodSelector), ("orphaned-peer-selector", PeerPods(Egress, 0, 0)));
    }
    let by_name = ("namespace-label-by-name", PeerNamespaces(Egress, 0, 0));
    overrides(by_name, ("orphaned-namespace-selector", PeerNamespaces(Egress, 0, 0)));
    overrides(by_name, ("orphaned-peer-selector", PeerPods(Egress, 0, 0)));
    leaves(by_name, ("orphaned-peer-selector", PeerPods(Egress, 0, 1)));
}

#[test]
fn pods_on_the_host_network_have_no_other_finding() {
    overrides(("host-network-target", PodSelector), ("missing-dns-egress", List(Egress)));
    overrides(("host-network-target", PodSelector), ("undeclared-port", Port(Ingress, 0, 0)));
    leaves(("host-network-target", PodSelector), ("invalid-port", Port(Ingress, 0, 0)));
    leaves(("host-network-target", PodSelector), ("duplicate-policy", Spot::Metadata));
    let elsewhere = finding(
        "missing-dns-egress",
        Some(At { policy: policy(1), spot: List(Egress) }),
        0,
        "",
        &[],
    );
    assert_eq!(left(at("host-network-target", PodSelector), elsewhere).len(), 2);
}

#[test]
fn a_deny_name_overrides_the_empty_rule() {
    let rule = |index| Spot::Rule(Ingress, index);
    overrides(("deny-policy-allows-all", rule(0)), ("empty-peer-list", rule(0)));
    leaves(("deny-policy-allows-all", rule(0)), ("empty-peer-list", rule(1)));
}

#[test]
fn a_wrong_port_overrides_its_consequences() {
    for id in ["service-port-not-pod-port", "port-protocol-mismatch"] {
        overrides((id, Port(Egress, 0, 1)), ("undeclared-port", Port(Egress, 0, 1)));
        leaves((id, Port(Egress, 0, 1)), ("undeclared-port", Port(Egress, 0, 0)));
        overrides((id, Port(Egress, 0, 1)), ("half-open-connection", PeerPods(Egress, 0, 0)));
        overrides((id, Port(Egress, 0, 1)), ("blocked-dependency", Spot::Rule(Egress, 0)));
        leaves((id, Port(Egress, 0, 1)), ("half-open-connection", PeerPods(Egress, 1, 0)));
    }
}

#[test]
fn implicit_ingress_isolation_overrides_the_connection_it_denies() {
    let isolation = at("implicit-ingress-isolation", List(Egress));
    overrides(
        ("implicit-ingress-isolation", List(Egress)),
        ("half-open-connection", PeerPods(Egress, 0, 0)),
    );

    let mut elsewhere = at("half-open-connection", PeerPods(Egress, 0, 0));
    elsewhere.at = Some(At { policy: policy(7), spot: PeerPods(Egress, 0, 0) });
    assert_eq!(left(isolation.clone(), elsewhere.clone()).len(), 2);
    elsewhere.related.push(Related { span: isolation.place, message: String::new() });
    assert_eq!(left(isolation, elsewhere), ["implicit-ingress-isolation"]);
}

#[test]
fn alternatives_with_the_same_index_are_not_the_same_policy() {
    let of = |id, spot, bundle| finding(id, Some(At { policy: policy(0), spot }), 0, "", &[bundle]);
    let winner = of("host-network-target", PodSelector, "dev");
    let loser = of("missing-dns-egress", List(Egress), "prod");
    assert_eq!(left(winner.clone(), loser.clone()).len(), 2);
    assert_eq!(left(winner, Finding { bundles: vec!["dev".into()], ..loser }).len(), 1);
}

/// No two rules override each other, over any number of steps: both would be dropped.
#[test]
fn the_table_has_no_cycles() {
    let ids = sample_findings::ids_in_the_table();
    let ids: Vec<_> = ids.into_iter().filter(|id| !id.ends_with('*')).collect();
    let samples: Vec<_> = ids.iter().map(|&id| finding(id, None, 0, "", &[])).collect();
    let mut open: Vec<usize> = (0..samples.len()).collect();
    // Kahn's algorithm: remove what nothing left overrides, until nothing is left.
    loop {
        let before = open.len();
        let free = |&loser: &usize| {
            !open.iter().any(|&winner| {
                TABLE.iter().any(|entry| {
                    entry.winners.contain(samples[winner].rule)
                        && entry.losers.contain(samples[loser].rule)
                })
            })
        };
        let rest: Vec<usize> = open.iter().copied().filter(|loser| !free(loser)).collect();
        open = rest;
        if open.is_empty() {
            return;
        }
        assert!(open.len() < before, "{:?}", open.iter().map(|&i| ids[i]).collect::<Vec<_>>());
    }
}
