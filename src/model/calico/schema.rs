//! The fields of Calico's kinds (api/pkg/apis/projectcalico/v3).

use crate::model::tiered::Shape;

type Fields = &'static [(&'static str, Shape)];

/// The fields of a kind beside `apiVersion`, `kind` and `metadata`.
pub(super) fn of(kind: &str) -> Fields {
    match kind {
        "NetworkPolicy" => NETWORK_POLICY,
        "GlobalNetworkPolicy" => GLOBAL_NETWORK_POLICY,
        "Tier" => TIER,
        "NetworkSet" | "GlobalNetworkSet" => SET,
        // A staged policy has the fields of the kind that it stands for.
        _ => ANYTHING,
    }
}

const ANYTHING: Fields = &[("spec", Shape::Any), ("status", Shape::Any)];
const TIER: Fields = &[
    ("spec", Shape::Object(&[("order", Shape::Number), ("defaultAction", Shape::Text)])),
    ("status", Shape::Any),
];
const SET: Fields = &[("spec", Shape::Object(&[("nets", TEXTS)])), ("status", Shape::Any)];
const TEXTS: Shape = Shape::List(&Shape::Text);

const NETWORK_POLICY: Fields = &[
    (
        "spec",
        Shape::Object(&[
            ("egress", Shape::List(&RULE)),
            ("ingress", Shape::List(&RULE)),
            ("order", Shape::Number),
            ("performanceHints", TEXTS),
            ("selector", Shape::Text),
            ("serviceAccountSelector", Shape::Text),
            ("tier", Shape::Text),
            ("types", TEXTS),
        ]),
    ),
    ("status", Shape::Any),
];
const GLOBAL_NETWORK_POLICY: Fields = &[
    (
        "spec",
        Shape::Object(&[
            ("applyOnForward", Shape::Bool),
            ("doNotTrack", Shape::Bool),
            ("egress", Shape::List(&RULE)),
            ("ingress", Shape::List(&RULE)),
            ("namespaceSelector", Shape::Text),
            ("order", Shape::Number),
            ("performanceHints", TEXTS),
            ("preDNAT", Shape::Bool),
            ("selector", Shape::Text),
            ("serviceAccountSelector", Shape::Text),
            ("tier", Shape::Text),
            ("types", TEXTS),
        ]),
    ),
    ("status", Shape::Any),
];

const RULE: Shape = Shape::Object(&[
    ("action", Shape::Text),
    ("destination", ENTITY),
    (
        "http",
        Shape::Object(&[
            ("methods", TEXTS),
            (
                "paths",
                Shape::List(&Shape::Object(&[("exact", Shape::Text), ("prefix", Shape::Text)])),
            ),
        ]),
    ),
    ("icmp", ICMP),
    ("ipVersion", Shape::Integer),
    ("metadata", Shape::Object(&[("annotations", Shape::Strings)])),
    ("notICMP", ICMP),
    ("notProtocol", Shape::IntOrText),
    ("protocol", Shape::IntOrText),
    ("source", ENTITY),
]);
const ICMP: Shape = Shape::Object(&[("code", Shape::Integer), ("type", Shape::Integer)]);
const PORTS: Shape = Shape::List(&Shape::IntOrText);
const ENTITY: Shape = Shape::Object(&[
    ("namespaceSelector", Shape::Text),
    ("nets", TEXTS),
    ("notNets", TEXTS),
    ("notPorts", PORTS),
    ("notSelector", Shape::Text),
    ("ports", PORTS),
    ("selector", Shape::Text),
    ("serviceAccounts", Shape::Object(&[("names", TEXTS), ("selector", Shape::Text)])),
    ("services", Shape::Object(&[("name", Shape::Text), ("namespace", Shape::Text)])),
]);
