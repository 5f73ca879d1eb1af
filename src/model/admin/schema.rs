//! The fields of these kinds, those of the experimental channel included.

use crate::model::tiered::{PolicyKind, SELECTOR, Shape};

type Fields = &'static [(&'static str, Shape)];

/// The fields of a kind beside `apiVersion`, `kind` and `metadata`.
pub(super) fn of(kind: PolicyKind) -> Fields {
    match kind {
        PolicyKind::AdminNetworkPolicy => ADMIN,
        PolicyKind::BaselineAdminNetworkPolicy => BASELINE,
        _ => CLUSTER,
    }
}

const ADMIN: Fields = &[
    (
        "spec",
        Shape::Object(&[
            ("priority", Shape::Integer),
            ("subject", SUBJECT),
            ("ingress", Shape::List(&INGRESS)),
            ("egress", Shape::List(&EGRESS)),
        ]),
    ),
    ("status", Shape::Any),
];

const BASELINE: Fields = &[
    (
        "spec",
        Shape::Object(&[
            ("subject", SUBJECT),
            ("ingress", Shape::List(&INGRESS)),
            ("egress", Shape::List(&BASELINE_EGRESS)),
        ]),
    ),
    ("status", Shape::Any),
];

const CLUSTER: Fields = &[
    (
        "spec",
        Shape::Object(&[
            ("tier", Shape::Text),
            ("priority", Shape::Integer),
            ("subject", SUBJECT),
            ("ingress", Shape::List(&CLUSTER_INGRESS)),
            ("egress", Shape::List(&CLUSTER_EGRESS)),
        ]),
    ),
    ("status", Shape::Any),
];

const PODS: Shape = Shape::Object(&[("namespaceSelector", SELECTOR), ("podSelector", SELECTOR)]);
const SUBJECT: Shape = Shape::Object(&[("namespaces", SELECTOR), ("pods", PODS)]);
const TEXTS: Shape = Shape::List(&Shape::Text);
const PEERS: Shape = Shape::List(&Shape::Object(&[("namespaces", SELECTOR), ("pods", PODS)]));
const EGRESS_PEERS: Shape = Shape::List(&Shape::Object(&[
    ("namespaces", SELECTOR),
    ("pods", PODS),
    ("nodes", SELECTOR),
    ("networks", TEXTS),
    ("domainNames", TEXTS),
]));
/// Without `domainNames`.
const BASELINE_PEERS: Shape = Shape::List(&Shape::Object(&[
    ("namespaces", SELECTOR),
    ("pods", PODS),
    ("nodes", SELECTOR),
    ("networks", TEXTS),
]));

const PORTS: Shape = Shape::List(&Shape::Object(&[
    ("portNumber", Shape::Object(&[("protocol", Shape::Text), ("port", Shape::Integer)])),
    (
        "portRange",
        Shape::Object(&[
            ("protocol", Shape::Text),
            ("start", Shape::Integer),
            ("end", Shape::Integer),
        ]),
    ),
    ("namedPort", Shape::Text),
]));

const DESTINATION: Shape = Shape::Object(&[(
    "destinationPort",
    Shape::Object(&[
        ("number", Shape::Integer),
        ("range", Shape::Object(&[("start", Shape::Integer), ("end", Shape::Integer)])),
    ]),
)]);
const PROTOCOLS: Shape = Shape::List(&Shape::Object(&[
    ("tcp", DESTINATION),
    ("udp", DESTINATION),
    ("sctp", DESTINATION),
    ("destinationNamedPort", Shape::Text),
]));

const INGRESS: Shape = Shape::Object(&[
    ("name", Shape::Text),
    ("action", Shape::Text),
    ("from", PEERS),
    ("ports", PORTS),
]);
const EGRESS: Shape = Shape::Object(&[
    ("name", Shape::Text),
    ("action", Shape::Text),
    ("to", EGRESS_PEERS),
    ("ports", PORTS),
]);
const BASELINE_EGRESS: Shape = Shape::Object(&[
    ("name", Shape::Text),
    ("action", Shape::Text),
    ("to", BASELINE_PEERS),
    ("ports", PORTS),
]);
const CLUSTER_INGRESS: Shape = Shape::Object(&[
    ("name", Shape::Text),
    ("action", Shape::Text),
    ("from", PEERS),
    ("protocols", PROTOCOLS),
]);
const CLUSTER_EGRESS: Shape = Shape::Object(&[
    ("name", Shape::Text),
    ("action", Shape::Text),
    ("to", EGRESS_PEERS),
    ("protocols", PROTOCOLS),
]);
