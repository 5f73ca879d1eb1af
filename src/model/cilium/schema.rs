//! The fields of Cilium's policies (pkg/k8s/apis/cilium.io/client/crds/v2).

use crate::model::tiered::{SELECTOR, Shape};

/// The fields beside `apiVersion`, `kind` and `metadata`.
pub(super) const POLICY: &[(&str, Shape)] =
    &[("spec", SPEC), ("specs", Shape::List(&SPEC)), ("status", Shape::Any)];

const SPEC: Shape = Shape::Object(&[
    ("description", Shape::Text),
    ("egress", Shape::List(&EGRESS)),
    ("egressDeny", Shape::List(&EGRESS_DENY)),
    ("enableDefaultDeny", Shape::Object(&[("egress", Shape::Bool), ("ingress", Shape::Bool)])),
    ("endpointSelector", SELECTOR),
    ("ingress", Shape::List(&INGRESS)),
    ("ingressDeny", Shape::List(&INGRESS_DENY)),
    ("labels", Shape::List(&Shape::Any)),
    ("log", Shape::Object(&[("value", Shape::Text)])),
    ("nodeSelector", SELECTOR),
]);

const SELECTORS: Shape = Shape::List(&SELECTOR);
const TEXTS: Shape = Shape::List(&Shape::Text);
const CIDR_SETS: Shape = Shape::List(&Shape::Object(&[
    ("cidr", Shape::Text),
    ("cidrGroupRef", Shape::Text),
    ("cidrGroupSelector", SELECTOR),
    ("except", TEXTS),
]));
const GROUPS: Shape = Shape::List(&Shape::Any);
const ICMPS: Shape = Shape::List(&Shape::Object(&[(
    "fields",
    Shape::List(&Shape::Object(&[("family", Shape::Text), ("type", Shape::IntOrText)])),
)]));
const PORTS: Shape = Shape::List(&Shape::Object(&[
    ("endPort", Shape::Integer),
    ("port", Shape::Text),
    ("protocol", Shape::Text),
]));
const NAMES: Shape =
    Shape::List(&Shape::Object(&[("matchName", Shape::Text), ("matchPattern", Shape::Text)]));
const HTTP: Shape = Shape::List(&Shape::Object(&[
    ("headerMatches", Shape::List(&Shape::Any)),
    ("headers", TEXTS),
    ("host", Shape::Text),
    ("method", Shape::Text),
    ("path", Shape::Text),
]));
const TO_PORTS: Shape = Shape::List(&Shape::Object(&[
    ("listener", Shape::Any),
    ("originatingTLS", Shape::Any),
    ("ports", PORTS),
    (
        "rules",
        // `kafka`, `l7` and `l7proto` are gone in 1.20.
        Shape::Object(&[
            ("dns", NAMES),
            ("http", HTTP),
            ("kafka", Shape::Any),
            ("l7", Shape::Any),
            ("l7proto", Shape::Text),
        ]),
    ),
    ("serverNames", TEXTS),
    ("terminatingTLS", Shape::Any),
]));
const TO_PORTS_DENY: Shape = Shape::List(&Shape::Object(&[("ports", PORTS)]));
const SERVICES: Shape = Shape::List(&Shape::Object(&[
    ("k8sService", Shape::Object(&[("namespace", Shape::Text), ("serviceName", Shape::Text)])),
    ("k8sServiceSelector", Shape::Object(&[("namespace", Shape::Text), ("selector", SELECTOR)])),
]));
const AUTHENTICATION: Shape = Shape::Object(&[("mode", Shape::Text)]);

const INGRESS: Shape = Shape::Object(&[
    ("authentication", AUTHENTICATION),
    ("fromCIDR", TEXTS),
    ("fromCIDRSet", CIDR_SETS),
    ("fromEndpoints", SELECTORS),
    ("fromEntities", TEXTS),
    ("fromGroups", GROUPS),
    ("fromNodes", SELECTORS),
    ("fromRequires", SELECTORS),
    ("icmps", ICMPS),
    ("toPorts", TO_PORTS),
]);
const INGRESS_DENY: Shape = Shape::Object(&[
    ("fromCIDR", TEXTS),
    ("fromCIDRSet", CIDR_SETS),
    ("fromEndpoints", SELECTORS),
    ("fromEntities", TEXTS),
    ("fromGroups", GROUPS),
    ("fromNodes", SELECTORS),
    ("fromRequires", SELECTORS),
    ("icmps", ICMPS),
    ("toPorts", TO_PORTS_DENY),
]);
const EGRESS: Shape = Shape::Object(&[
    ("authentication", AUTHENTICATION),
    ("icmps", ICMPS),
    ("toCIDR", TEXTS),
    ("toCIDRSet", CIDR_SETS),
    ("toEndpoints", SELECTORS),
    ("toEntities", TEXTS),
    ("toFQDNs", NAMES),
    ("toGroups", GROUPS),
    ("toNodes", SELECTORS),
    ("toPorts", TO_PORTS),
    ("toRequires", SELECTORS),
    ("toServices", SERVICES),
]);
const EGRESS_DENY: Shape = Shape::Object(&[
    ("icmps", ICMPS),
    ("toCIDR", TEXTS),
    ("toCIDRSet", CIDR_SETS),
    ("toEndpoints", SELECTORS),
    ("toEntities", TEXTS),
    ("toGroups", GROUPS),
    ("toNodes", SELECTORS),
    ("toPorts", TO_PORTS_DENY),
    ("toRequires", SELECTORS),
    ("toServices", SERVICES),
]);
