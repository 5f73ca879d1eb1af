//! Properties of the foundations: selectors, ports, addresses.

use std::sync::Arc;

use ipnet::IpNet;
use netpol_lint::bundle::{ObjectId, heads};
use netpol_lint::model::{Body, Object, Policy, Protocol, Selector, decode};
use netpol_lint::reach::{Destination, Port, entry_allows};
use netpol_lint::resolve::{
    Cluster, Members, Settings, Tri, WorkloadId, World, covers, is_dns_address, selects,
};
use netpol_lint::text::SourceId;
use netpol_lint::yaml::{Limits, read};
use proptest::prelude::*;

/// A selector over three keys and three values, as YAML flow.
fn selector() -> impl Strategy<Value = String> {
    let key = prop_oneof!["a", "b", "c"];
    let value = prop_oneof!["x", "y", "z"];
    let expression = (key.clone(), 0..4u8, prop::collection::vec(value.clone(), 1..3)).prop_map(
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
    let labels = prop::collection::btree_map(key, value, 0..3);
    (labels, prop::collection::vec(expression, 0..3)).prop_map(|(labels, expressions)| {
        let labels: Vec<String> = labels.iter().map(|(k, v)| format!("{k}: {v}")).collect();
        format!(
            "{{matchLabels: {{{}}}, matchExpressions: [{}]}}",
            labels.join(", "),
            expressions.join(", ")
        )
    })
}

fn labels() -> impl Strategy<Value = std::collections::BTreeMap<&'static str, &'static str>> {
    let key = prop_oneof![Just("a"), Just("b"), Just("c")];
    let value = prop_oneof![Just("x"), Just("y"), Just("z"), Just("w")];
    prop::collection::btree_map(key, value, 0..4)
}

fn objects(text: &str) -> Vec<Object> {
    let stream = read(SourceId(0), text, 0..text.len(), None, &Limits::default());
    assert_eq!(stream.problems, [], "{text}");
    let manifests = stream.documents.iter().flat_map(|document| heads(&document.root));
    manifests.map(|(head, tree)| decode(head, &tree)).collect()
}

fn policy(spec: &str) -> Policy {
    let text = format!(
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: p}}\nspec: {spec}\n"
    );
    match objects(&text).remove(0).body {
        Body::Policy(policy) => *policy,
        other => panic!("{other:?}"),
    }
}

fn parsed(selector: &str) -> Selector {
    policy(&format!("{{podSelector: {selector}}}")).pod_selector.get().unwrap().clone()
}

fn pod(name: usize, labels: &std::collections::BTreeMap<&str, &str>) -> String {
    let labels: Vec<String> = labels.iter().map(|(k, v)| format!("{k}: {v}")).collect();
    format!(
        "---\napiVersion: v1\nkind: Pod\nmetadata: {{name: p{name}, labels: {{{}}}}}\nspec: {{containers: []}}\n",
        labels.join(", ")
    )
}

fn cluster(text: &str) -> Cluster {
    let objects = objects(text);
    let members = Members {
        name: String::new(),
        is_trial: false,
        objects: (0..objects.len()).map(ObjectId::at).collect(),
        reported: Arc::new((0..objects.len()).collect()),
        elsewhere: None,
    };
    Cluster::build(
        Arc::new(objects),
        members,
        Settings { world: World::Closed, ..Settings::default() },
    )
}

proptest! {
    #[test]
    fn what_covers_a_selector_selects_all_that_it_selects(
        wide in selector(),
        narrow in selector(),
        labels in labels(),
    ) {
        let (wide, narrow) = (parsed(&wide), parsed(&narrow));
        let covered = covers(Some(&wide), Some(&narrow));
        let cluster = cluster(&pod(0, &labels));
        let pod = cluster.workload(WorkloadId::at(0)).workload;
        if selects(&narrow, pod).is_yes() {
            match covered {
                Tri::Yes => prop_assert!(selects(&wide, pod).is_yes()),
                Tri::No => prop_assert!(selects(&wide, pod).is_no()),
                Tri::Unknown(_) => {}
            }
        }
        prop_assert!(covers(None, Some(&narrow)).is_yes());
    }

    #[test]
    fn the_index_selects_what_looking_at_every_pod_selects(
        selector in selector(),
        pods in prop::collection::vec(labels(), 0..12),
    ) {
        let text: String = pods.iter().enumerate().map(|(n, labels)| pod(n, labels)).collect();
        let cluster = cluster(&text);
        let selector = parsed(&selector);
        let indexed = cluster.pods_anywhere(&selector);
        for number in cluster.workload_ids() {
            let one = selects(&selector, cluster.workload(number).workload);
            prop_assert_eq!(indexed.yes.contains(number), one.is_yes());
            prop_assert_eq!(indexed.maybe.contains(number), matches!(one, Tri::Unknown(_)));
        }
    }

    #[test]
    fn a_port_entry_holds_its_range_and_nothing_else(
        first in 1..=u16::MAX,
        length in 0..2000u16,
        asked in 1..=u16::MAX,
        udp in any::<bool>(),
    ) {
        let last = first.saturating_add(length);
        let policy = policy(&format!(
            "{{podSelector: {{}}, ingress: [{{ports: [{{port: {first}, endPort: {last}, protocol: UDP}}]}}]}}"
        ));
        let entry = &policy.rules(netpol_lint::model::Direction::Ingress)[0].port_list()[0];
        let protocol = if udp { Protocol::Udp } else { Protocol::Tcp };
        let allowed = entry_allows(
            &cluster(""),
            entry,
            Port { protocol, number: asked },
            Destination::Outside,
        );
        prop_assert_eq!(allowed, Tri::from(udp && (first..=last).contains(&asked)));
    }

    #[test]
    fn an_address_of_dns_is_one_however_wide_the_block(length in 0..=32u8) {
        let node_local: IpNet = format!("169.254.20.10/{length}").parse().unwrap();
        prop_assert!(is_dns_address(node_local.trunc(), &[], []).is_yes());
        let host: IpNet = "169.254.20.10/32".parse().unwrap();
        // A shorter one also contains the node's resolver of other kinds of cluster.
        if length > 20 && length < 32 {
            prop_assert!(is_dns_address(node_local.trunc(), &[host], []).is_no());
        }
    }

    #[test]
    fn only_public_addresses_are_surely_not_dns(a in any::<[u8; 4]>()) {
        let address = std::net::Ipv4Addr::from(a);
        let block = IpNet::new(address.into(), 32).unwrap();
        let private = address.is_private() || (a[0] == 100 && a[1] & 0xc0 == 64);
        if private {
            prop_assert!(!is_dns_address(block, &[], []).is_no());
        } else if !address.is_link_local() && a[..2] != [34, 118] {
            prop_assert!(is_dns_address(block, &[], []).is_no());
        }
    }
}
