//! Single questions of rules and of `why` agree with the list of connections, whatever kind the
//! policies are of; and what is said of many is so of each.

use std::collections::BTreeMap;
use std::fs;

use netpol_lint::connectivity::connectivity;
use netpol_lint::model::{Direction, Protocol};
use netpol_lint::reach::{self, Allowed, Party, Port, PortSet, Reach};
use netpol_lint::resolve::{Subject, Tri, WorkloadId, World};
use netpol_lint::why::{Question, why};
use netpol_lint::{Request, repo};
use proptest::prelude::*;

use crate::broken::Folder;
use crate::same_reach::{
    Policy, baseline, calico, cilium, cluster_in, kubernetes, policy, workloads,
};

/// Policies of up to two kinds: some tiers decide together.
fn manifests() -> impl Strategy<Value = String> {
    let kinds: Vec<fn(&Policy, usize) -> String> = vec![kubernetes, cilium, calico, baseline];
    let other = prop::sample::select(kinds);
    let policies = prop::collection::vec((policy(), any::<bool>()), 0..5);
    (workloads(), other, policies).prop_map(|(pods, other, policies)| {
        let mut text = pods;
        for (number, (policy, is_own)) in policies.iter().enumerate() {
            text.push_str(&if *is_own {
                kubernetes(policy, number)
            } else {
                other(policy, number)
            });
        }
        text
    })
}

fn reach_in(text: &str, world: World) -> Reach {
    Reach::new(cluster_in(text, world))
}

/// Every pair of workloads in both directions.
fn pairs(reach: &Reach) -> Vec<(Direction, WorkloadId, WorkloadId)> {
    let ids = reach.cluster().workload_ids();
    let all = ids.clone().flat_map(|own| ids.clone().map(move |other| (own, other)));
    let all = all.filter(|(own, other)| own != other);
    all.flat_map(|(own, other)| Direction::BOTH.map(|direction| (direction, own, other))).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn what_is_sure_with_little_shown_is_so_when_all_is(text in manifests()) {
        let (open, closed) = (reach_in(&text, World::Open), reach_in(&text, World::Closed));
        for (direction, own, other) in pairs(&open) {
            let party = Party::Workload(other);
            let [before, after] =
                [&open, &closed].map(|reach| reach.ports(direction, own, party).allowed);
            prop_assert!(before.sure.without(&after.sure).is_empty(), "{direction:?} {own:?} {other:?}");
            prop_assert!(
                after.possible.without(&before.possible).is_empty(),
                "{direction:?} {own:?} {other:?}: {:?} {:?}", before, after
            );
        }
    }

    #[test]
    fn what_is_closed_to_many_is_closed_to_each(text in manifests()) {
        let reach = reach_in(&text, World::Open);
        let cluster = reach.cluster();
        let everything = PortSet::all();
        for (direction, own, other) in pairs(&reach) {
            let home = cluster.namespace_of(Subject::Workload(own));
            let lets = |party| reach.lets(direction, own, party, &everything);
            let one = lets(Party::Workload(other));
            // Without labels and an address, a pod on the node's network is nobody that they name.
            if cluster.workload(other).workload.host_network {
                continue;
            }
            if lets(Party::Anybody).is_no() {
                prop_assert_eq!(one, Tri::No);
                prop_assert_eq!(lets(Party::Addresses), Tri::No);
            }
            let is_of_another = cluster.namespace_of(Subject::Workload(other)) != home;
            if is_of_another && lets(Party::NotOf(home)).is_no() {
                prop_assert_eq!(one, Tri::No);
                prop_assert_eq!(lets(Party::Addresses), Tri::No);
            }
        }
    }

    #[test]
    fn single_questions_agree_with_the_list(text in manifests()) {
        let reach = reach_in(&text, World::Closed);
        let cluster = reach.cluster();
        let found = reach::connections(cluster);
        let mut listed: BTreeMap<(WorkloadId, WorkloadId), &Allowed> = BTreeMap::new();
        for connection in &found.list {
            let (reach::End::Pods(from), reach::End::Pods(to)) = (&connection.from, &connection.to)
            else {
                continue;
            };
            for &from in &found.classes[*from].workloads {
                for &to in found.classes[*to].workloads.iter().filter(|to| **to != from) {
                    listed.insert((from, to), &connection.allowed);
                }
            }
        }
        for (_, from, to) in pairs(&reach) {
            let out = reach.ports(Direction::Egress, from, Party::Workload(to)).allowed;
            let into = reach.ports(Direction::Ingress, to, Party::Workload(from)).allowed;
            let expected = listed.get(&(from, to)).map_or_else(Allowed::default, |it| (*it).clone());
            prop_assert_eq!(&out & &into, expected, "{:?} => {:?}", from, to);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    #[test]
    fn why_says_what_reach_says(text in manifests()) {
        let folder = Folder::new();
        fs::write(folder.path("all.yaml"), &text).unwrap();
        let cwd = folder.path("").canonicalize().unwrap();
        let scope = repo::Scope { paths: vec![cwd.clone()], ..repo::Scope::default() };
        let request = Request { cwd, scope, ..Request::default() };
        let clusters = connectivity(&request).unwrap();
        let [cluster] = &clusters[..] else { panic!("{clusters:?}") };
        let pods: Vec<&String> = cluster.ends.iter().filter(|name| name.contains('[')).collect();
        for from in &pods {
            for to in pods.iter().filter(|to| *to != from) {
                let question = Question {
                    from: (*from).clone(), to: (*to).clone(), port: None, cluster: None,
                };
                let answer = why(&request, &question).unwrap().answers.remove(0);
                let mut rows = cluster.rows.iter();
                let row = rows.find(|row| cluster.end(row.from) == *from && cluster.end(row.to) == *to);
                let (sure, unknown) = row.map_or_else(Default::default, |row| {
                    let detail = cluster.detail(row.detail);
                    (detail.ports.clone(), detail.unknown.clone())
                });
                prop_assert_eq!(&answer.allowed.sure, &sure, "{} => {}", from, to);
                prop_assert_eq!(&answer.allowed.unsure(), &unknown, "{} => {}", from, to);
                let is_explained = answer.steps.iter().all(|step| !step.text.is_empty());
                prop_assert!(is_explained, "{:?}", answer.steps);
            }
        }
    }
}

#[test]
fn random_clusters_have_denied_and_unknown_connections() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let (mut denied, mut allowed, mut by_rule) = (0, 0, 0);
    for _ in 0..60 {
        let text = manifests().new_tree(&mut runner).unwrap().current();
        let reach = reach_in(&text, World::Closed);
        for (direction, own, other) in pairs(&reach) {
            let answer = reach.ports(direction, own, Party::Workload(other));
            let on = Port { protocol: Protocol::Tcp, number: 80 };
            match answer.allowed.allows(on) {
                Tri::Yes => allowed += 1,
                _ => denied += 1,
            }
            by_rule += usize::from(!answer.denied_by.is_empty());
        }
    }
    assert!(denied > 100 && allowed > 100 && by_rule > 10, "{denied} {allowed} {by_rule}");
}
