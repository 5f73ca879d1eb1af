//! Laws of the engine on random clusters, with every form of selector and port.

use std::collections::BTreeMap;
use std::sync::Arc;

use netpol_lint::bundle::{ObjectId, heads};
use netpol_lint::model::{Object, Protocol, decode};
use netpol_lint::reach::{self, Allowed, Connections, End, Port, PortSet, Reach, connections};
use netpol_lint::resolve::{Cluster, Members, Settings, Tri, WorkloadId, World};
use netpol_lint::text::SourceId;
use netpol_lint::yaml::{Limits, read};
use proptest::prelude::*;

/// A selector over two keys and three values, as YAML flow.
fn selector() -> impl Strategy<Value = String> {
    let key = || prop_oneof!["a", "b"];
    let value = || prop_oneof!["p", "q", "r"];
    let expression = (key(), 0..4u8, prop::collection::vec(value(), 1..3)).prop_map(
        |(key, operator, values)| {
            let values = values.join(", ");
            match operator {
                0 => format!("{{key: {key}, operator: In, values: [{values}]}}"),
                1 => format!("{{key: {key}, operator: NotIn, values: [{values}]}}"),
                2 => format!("{{key: {key}, operator: Exists}}"),
                _ => format!("{{key: {key}, operator: DoesNotExist}}"),
            }
        },
    );
    prop_oneof![
        2 => Just("{}".to_owned()),
        3 => (key(), value()).prop_map(|(key, value)| format!("{{matchLabels: {{{key}: {value}}}}}")),
        2 => prop::collection::vec(expression, 1..3)
            .prop_map(|all| format!("{{matchExpressions: [{}]}}", all.join(", "))),
    ]
}

fn peer() -> impl Strategy<Value = String> {
    let namespace = prop_oneof![
        Just("{}".to_owned()),
        Just("{matchLabels: {kubernetes.io/metadata.name: one}}".to_owned()),
        Just("{matchLabels: {tier: back}}".to_owned()),
        Just("{matchExpressions: [{key: tier, operator: DoesNotExist}]}".to_owned()),
    ];
    prop_oneof![
        selector().prop_map(|pods| format!("{{podSelector: {pods}}}")),
        namespace.clone().prop_map(|ns| format!("{{namespaceSelector: {ns}}}")),
        (namespace, selector())
            .prop_map(|(ns, pods)| format!("{{namespaceSelector: {ns}, podSelector: {pods}}}")),
        Just("{ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16]}}".to_owned()),
    ]
}

fn port() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("{port: 80}".to_owned()),
        Just("{port: 53, protocol: UDP}".to_owned()),
        Just("{port: 8000, endPort: 9000}".to_owned()),
        Just("{port: web}".to_owned()),
        Just("{protocol: SCTP}".to_owned()),
        Just("{}".to_owned()),
    ]
}

fn rule(direction: &'static str) -> impl Strategy<Value = String> {
    let peers = prop::collection::vec(peer(), 0..3);
    let ports = prop::collection::vec(port(), 0..3);
    (peers, ports).prop_map(move |(peers, ports)| {
        format!("{{{direction}: [{}], ports: [{}]}}", peers.join(", "), ports.join(", "))
    })
}

#[derive(Clone, Debug)]
pub struct Policy {
    namespace: &'static str,
    pods: String,
    ingress: Vec<String>,
    egress: Vec<String>,
    types: &'static str,
}

impl Policy {
    fn text(&self, name: &str) -> String {
        format!(
            "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: {name}, namespace: {}}}\nspec: {{podSelector: {}, policyTypes: [{}], ingress: [{}], egress: [{}]}}\n",
            self.namespace,
            self.pods,
            self.types,
            self.ingress.join(", "),
            self.egress.join(", ")
        )
    }
}

pub fn policy() -> impl Strategy<Value = Policy> {
    (
        prop_oneof![Just("one"), Just("two")],
        selector(),
        prop::collection::vec(rule("from"), 0..3),
        prop::collection::vec(rule("to"), 0..3),
        prop_oneof![Just(""), Just("Ingress"), Just("Egress"), Just("Ingress, Egress")],
    )
        .prop_map(|(namespace, pods, ingress, egress, types)| Policy {
            namespace,
            pods,
            ingress,
            egress,
            types,
        })
}

pub fn workloads() -> impl Strategy<Value = String> {
    let value = || prop_oneof![Just("p"), Just("q"), Just("r")];
    let labels = prop::collection::btree_map(prop_oneof![Just("a"), Just("b")], value(), 0..3);
    let namespace = prop_oneof![Just("one"), Just("two")];
    let pod = (namespace, labels, 0..4u8);
    prop::collection::vec(pod, 1..7).prop_map(|pods| {
        let mut text = "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: two, labels: {tier: back}}\n".to_owned();
        for (number, (namespace, labels, more)) in pods.iter().enumerate() {
            let labels: Vec<String> = labels.iter().map(|(k, v)| format!("{k}: {v}")).collect();
            let ports = match more {
                0 => "{name: web, containerPort: 8080}",
                1 => "{name: web, containerPort: 8080, protocol: UDP}, {containerPort: 80}",
                _ => "",
            };
            text.push_str(&format!(
                "---\napiVersion: v1\nkind: Pod\nmetadata: {{name: p{number}, namespace: {namespace}, labels: {{{}}}}}\nspec: {{containers: [{{name: c, ports: [{ports}]}}], hostNetwork: {}}}\n",
                labels.join(", "),
                *more == 3,
            ));
        }
        text
    })
}

fn cluster(text: &str) -> Cluster {
    let stream = read(SourceId(0), text, 0..text.len(), None, &Limits::default());
    assert_eq!(stream.problems, [], "{text}");
    let manifests = stream.documents.iter().flat_map(|document| heads(&document.root));
    let objects: Vec<Object> = manifests.map(|(head, tree)| decode(head, &tree)).collect();
    let members = Members {
        name: String::new(),
        is_trial: false,
        objects: (0..objects.len()).map(ObjectId::at).collect(),
        reported: Arc::new((0..objects.len()).collect()),
        elsewhere: None,
    };
    let settings = Settings { world: World::Closed, ..Settings::default() };
    Cluster::build(Arc::new(objects), members, settings)
}

/// What is allowed between workloads, by their names, and with addresses.
type Table = BTreeMap<(String, String), Allowed>;

fn table(cluster: &Cluster) -> Table {
    let Connections { classes, list } = connections(cluster);
    let names = |end: &End| -> Vec<String> {
        match end {
            End::Pods(class) => {
                let numbers = classes[*class].workloads.iter();
                numbers.map(|&number| cluster.workload(number).head.name.to_string()).collect()
            }
            End::Addresses(first, last) => vec![format!("{first}-{last}")],
        }
    };
    let mut table = Table::new();
    for connection in &list {
        for from in names(&connection.from) {
            for to in names(&connection.to).into_iter().filter(|to| *to != from) {
                table.insert((from.clone(), to), connection.allowed.clone());
            }
        }
    }
    table
}

pub fn texts(policies: &[Policy]) -> String {
    (0..).zip(policies).map(|(n, policy): (u32, _)| policy.text(&format!("n{n}"))).collect()
}

const ASKED: &[(Protocol, u16)] = &[
    (Protocol::Tcp, 80),
    (Protocol::Tcp, 8080),
    (Protocol::Tcp, 8500),
    (Protocol::Udp, 53),
    (Protocol::Udp, 8080),
    (Protocol::Sctp, 7),
];

proptest! {
    #[test]
    fn classes_agree_with_asking_pod_by_pod(
        pods in workloads(),
        policies in prop::collection::vec(policy(), 0..5),
    ) {
        let reach = Reach::new(cluster(&(pods + &texts(&policies))));
        let cluster = reach.cluster();
        let table = table(cluster);
        let nothing = Allowed::default();
        for from in cluster.workload_ids() {
            for to in cluster.workload_ids().filter(|to| *to != from) {
                let name = |number| cluster.workload(number).head.name.to_string();
                let allowed = table.get(&(name(from), name(to))).unwrap_or(&nothing);
                for &(protocol, number) in ASKED {
                    let port = Port { protocol, number };
                    let one = reach::may(cluster, from, to, port);
                    let only = PortSet::range(protocol, number, number);
                    prop_assert_eq!(
                        std::mem::discriminant(&reach.connects(from, to, &only)),
                        std::mem::discriminant(&one),
                        "sides: {} => {} {:?}", name(from), name(to), port
                    );
                    prop_assert_eq!(
                        std::mem::discriminant(&allowed.allows(port)),
                        std::mem::discriminant(&one),
                        "{} => {} {:?}", name(from), name(to), port
                    );
                }
            }
        }
    }

    #[test]
    fn an_allow_rule_closes_nothing(
        pods in workloads(),
        policies in prop::collection::vec(policy(), 1..4),
        added in rule("from"),
    ) {
        let before = table(&cluster(&(pods.clone() + &texts(&policies))));
        let mut wider = policies;
        // A rule in a direction that the policy already has: in a new one it would isolate its pods
        // if `policyTypes` is empty, which happens for egress only.
        wider[0].ingress.push(added);
        let after = table(&cluster(&(pods + &texts(&wider))));
        for (pair, allowed) in &before {
            let Some(now) = after.get(pair) else {
                // Ranges of addresses may be cut at new points.
                prop_assert!(pair.0.contains('-') || pair.1.contains('-'), "{:?}", pair);
                continue;
            };
            prop_assert!(allowed.sure.without(&now.sure).is_empty(), "{:?}", pair);
        }
    }

    #[test]
    fn a_policy_that_selects_nothing_changes_nothing(
        pods in workloads(),
        policies in prop::collection::vec(policy(), 0..4),
        idle in policy(),
    ) {
        let before = table(&cluster(&(pods.clone() + &texts(&policies))));
        let mut all = policies;
        all.push(Policy {
            pods: "{matchLabels: {nobody: has-this}}".to_owned(),
            ingress: without_blocks(idle.ingress),
            egress: without_blocks(idle.egress),
            ..idle
        });
        prop_assert_eq!(before, table(&cluster(&(pods + &texts(&all)))));
    }

    #[test]
    fn names_and_order_of_policies_change_nothing(
        pods in workloads(),
        policies in prop::collection::vec(policy(), 0..5),
    ) {
        let before = table(&cluster(&(pods.clone() + &texts(&policies))));
        let renamed: Vec<String> =
            (0..).zip(policies.iter().rev()).map(|(n, p): (u32, _)| p.text(&format!("z{n}"))).collect();
        prop_assert_eq!(before, table(&cluster(&(renamed.concat() + &pods))));
    }
}

/// Rules that do not cut ranges of addresses.
fn without_blocks(rules: Vec<String>) -> Vec<String> {
    rules.into_iter().filter(|rule| !rule.contains("ipBlock")).collect()
}

#[test]
fn a_policy_without_pods_costs_no_lookups() {
    // The generator must reach both answers, or the laws are vacuous.
    let pods = "---\napiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: one}\nspec: {}\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: b, namespace: one}\nspec: {}\n";
    let open = table(&cluster(pods));
    assert!(open[&("a".to_owned(), "b".to_owned())].sure.is_all());
    let deny = "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: n, namespace: one}\nspec: {podSelector: {}}\n";
    let closed = cluster(&format!("{pods}{deny}"));
    assert!(!table(&closed).contains_key(&("a".to_owned(), "b".to_owned())));
    let port = Port { protocol: Protocol::Tcp, number: 80 };
    assert_eq!(reach::may(&closed, WorkloadId::at(0), WorkloadId::at(1), port), Tri::No);
}
